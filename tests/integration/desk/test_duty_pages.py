"""On duty: the pages for rota, absences, succession and how one is reached; and the checks of the room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from tests.integration.access.build import act, authorities, browser

from commonweal.apps.access import actions
from commonweal.apps.access.signin.models import User
from commonweal.apps.desk import around, checks, contact, duty, duty_queries
from commonweal.web import db, times

from . import build
from .build import ANALYST, DIRECTOR, LEADER, OFFICER, TRACING, actor, tell

OURS, OTHERS = "authority-e06000016", "authority-e06000017"


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    build.leicester()
    authorities(E06000017="Rutland")
    build.person("analyst", ANALYST)
    with build.named_space(space):
        yield


def visitor(name: str, office: str) -> Client:
    client = browser(f"{name}@desk.example")
    act(client, office, "outbreak_control")
    return client


def said(client: Client, path: str = "/on-duty") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def words(client: Client, path: str = "/on-duty") -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", said(client, path)).split())


def test_offices_that_nobody_holds_are_named_with_since_when() -> None:
    page = said(visitor("director-of-public-health", DIRECTOR))
    today = times.wording.day_and_year(times.local(build.now()).date())
    assert f"Contact tracing lead, Leicester: nobody holds it since {today} (nobody has held it yet)" in page
    assert "Nobody holds 2 offices." in page
    assert "Rutland" not in page, "another authority's offices are its own affair"


def test_check_fails_for_a_vacant_office_and_says_which_since_when_and_why() -> None:
    build.person("leaves", TRACING)
    build.person("closed", OFFICER)
    found = " ".join(checks.CHECKS[0].run())
    assert "Contact tracing lead, Leicester" not in found
    actions.end_appointment("leaves@desk.example", TRACING, "moved on")
    User.objects.using("authn").filter(email="closed@desk.example").update(is_active=False)
    found = checks.CHECKS[0].run()
    today = times.wording.day_and_year(times.local(build.now()).date())
    (left,) = [line for line in found if TRACING in line]
    assert f"has no living holder since {today}: its holder's appointment ended" in left
    (closed,) = [line for line in found if OFFICER in line]
    assert "the account of its holder is closed" in closed


def test_a_rota_is_made_filled_shared_and_its_holes_are_shown_and_checked() -> None:
    client = visitor("director-of-public-health", DIRECTOR)
    client.post("/on-duty/rota", {"name": "City on call"})
    page = said(client)
    assert "City on call, kept by Leicester" in page
    assert "nobody: a hole" in page
    assert checks.CHECKS[1].run() != []
    officer = actor("analyst", ANALYST)
    weeks = duty_queries.weeks(f"rota-{OURS}", 8)
    for start, _, _ in weeks[:4]:
        day = times.local(start).date().isoformat()
        answer = client.post("/on-duty/week", {"duty-week": day, "duty-person": f"{officer.person_id}|{ANALYST}"})
        assert answer.status_code == 302, answer.content.decode()
    assert checks.CHECKS[1].run() == []
    # somebody takes one night of it: the newest line counts, and the rest of the week stays
    keeper = actor("director-of-public-health", DIRECTOR)
    start = weeks[1][0] + timedelta(days=2)
    duty.put_on_duty(keeper, f"rota-{OURS}", start, start + timedelta(hours=12), keeper.person_id, DIRECTOR)
    stretches = duty_queries.weeks(f"rota-{OURS}", 2)[1][2]
    assert [stretch.name for stretch in stretches] == ["Analyst", "Director Of Public Health", "Analyst"]
    assert "Rutland</option>" in said(client)
    assert client.post("/on-duty/offer", {"organisation": "nobody"}).status_code == 400
    client.post("/on-duty/offer", {"organisation": OTHERS})
    assert "Rutland</option>" not in said(client), "what was offered is not offered again"
    build.person("small", "director-of-public-health-e06000017")
    small = visitor("small", "director-of-public-health-e06000017")
    assert "Go by the rota City on call, kept by Leicester" in said(small)
    small.post("/on-duty/rota", {"rota": f"rota-{OURS}"})
    assert "City on call, kept by Leicester, shared with Rutland" in said(small)
    assert "Put somebody on duty" not in said(small), "the keeper fills it"
    assert "Analyst" in said(small, "/today")


def test_a_week_is_cleared_and_a_wrong_choice_is_refused_on_the_page() -> None:
    client = visitor("director-of-public-health", DIRECTOR)
    day = times.local(duty_queries.weeks(f"rota-{OURS}", 8)[0][0]).date().isoformat()
    assert client.post("/on-duty/week", {"duty-week": "1999-01-01", "duty-person": ""}).status_code == 400
    client.post("/on-duty/week", {"duty-week": day, "duty-person": ""})
    assert any("has a hole from" in line for line in checks.CHECKS[1].run())


def test_absences_are_entered_by_oneself_or_by_who_keeps_the_rota() -> None:
    client, analyst = visitor("analyst", ANALYST), actor("analyst", ANALYST)
    tomorrow = times.local(build.now()).date() + timedelta(days=1)
    parts = {"day": tomorrow.day, "month": tomorrow.month, "year": tomorrow.year}
    given = {f"away-{which}-{part}": value for which in ("first", "last") for part, value in parts.items()}
    leader = actor("leader", LEADER)
    assert client.post("/on-duty/absence", {**given, "away-person": leader.person_id}).status_code == 400
    assert client.post("/on-duty/absence", {**given, "away-person": analyst.person_id}).status_code == 302
    page = said(client)
    assert "Analyst: " in page
    wrong = {**given, "away-person": analyst.person_id, "away-last-year": 2020}
    answer = client.post("/on-duty/absence", wrong)
    assert answer.status_code == 400
    assert "An absence ends after it begins" in answer.content.decode()
    number = duty_queries.away([OURS])[0]["id"]
    visitor("director-of-public-health", DIRECTOR).post(f"/on-duty/absence/{number}/end")
    assert "Nobody is entered as away." in said(client)


def test_the_order_of_succession_is_the_usual_one_until_it_is_set() -> None:
    client = visitor("director-of-public-health", DIRECTOR)
    assert "Not set yet: this is the usual order." in said(client)
    before = [row["id"] for row in duty_queries.succession(OURS)]
    assert before == [DIRECTOR, OFFICER, LEADER]
    client.post("/on-duty/succession", {"up": LEADER})
    assert [row["id"] for row in duty_queries.succession(OURS)] == [DIRECTOR, LEADER, OFFICER]
    assert "Set by your organisation." in said(client)


def test_a_person_sets_how_they_are_reached_and_nobody_elses_page_shows_it() -> None:
    client, director = visitor("director-of-public-health", DIRECTOR), actor("director-of-public-health", DIRECTOR)
    answer = client.post("/on-duty/me", {"phone": "0116 496 0001", "email": "", "sms": "none", "call": ""})
    assert answer.status_code == 400
    assert "is not a telephone number, like" in answer.content.decode()
    client.post("/on-duty/me", {"phone": "0116 496 0001", "email": "", "sms": "07700 900123", "call": "07700 900124"})
    assert contact.of_person(director.person_id).addresses == {"sms": "07700 900123", "call": "07700 900124"}
    other = visitor("analyst", ANALYST)
    assert "0116 496 0001" in said(other)
    assert "900123" not in said(other) + said(other, "/on-duty/me")
    with db.transaction("queue") as cursor:
        cursor.execute("select desk.bounced(%s, 'sms', 'the receiver answered 422')", [director.person_id])
    assert "The last message by sms did not arrive" in said(client, "/on-duty/me")
    client.post("/on-duty/me", {"phone": "0116 496 0001", "email": "", "sms": "07700 900125", "call": ""})
    assert contact.of_person(director.person_id).bounced == ()


def test_checks_find_messages_that_do_not_leave_and_notices_nobody_answers() -> None:
    assert checks.CHECKS[2].run() == []
    assert checks.CHECKS[3].run() == []
    notice = tell(DIRECTOR)
    with db.transaction("queue") as cursor:
        cursor.execute(
            "update desk.pending_step set due_at = due_at - interval '6 minutes' where notice_id = %s", [notice]
        )
    assert checks.CHECKS[2].run() == ["1 steps are more than five minutes late: is `commonweal worker` running?"]
    build.work()
    with db.transaction("queue") as cursor:
        cursor.execute("delete from desk.pending_step where notice_id = %s", [notice])
    (line,) = checks.CHECKS[3].run()
    assert f"notice {notice} to {DIRECTOR}" in line


def test_whoever_is_not_signed_in_is_told_whom_to_call_too_and_check_says_when_nobody_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (named,) = [each for each in checks.CHECKS if "telephone number" in each.name]
    assert "set COMMONWEAL_HELP_NAME and COMMONWEAL_HELP_PHONE" in named.run()[0]
    monkeypatch.setenv("COMMONWEAL_HELP_NAME", "The night desk")
    monkeypatch.setenv("COMMONWEAL_HELP_PHONE", "0116 496 0999")
    assert named.run() == []
    stranger = Client(headers={"host": "localhost"})
    for path in ("/", "/account/login/", "/balance", "/practise", "/nothing-here"):
        page = stranger.get(path).content.decode()
        assert "Now: The night desk" in page, path
        assert 'href="tel:01164960999"' in page, path
        assert 'href="/practise"' in page, path


def test_a_duty_officer_who_is_away_is_not_named_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_HELP_PHONE", "0116 496 0999")
    stand_in = build.person("stand-in", LEADER, deputy=True)
    duty.set_work_phone(stand_in, "0116 496 0123")
    director = actor("director-of-public-health", DIRECTOR)
    duty.make_rota(director, "asked", "To be asked")
    duty.put_on_duty(director, "asked", build.now(), build.now() + timedelta(hours=1), stand_in.person_id, LEADER)
    organisation = db.value("app", "select organisation_id from access.office where id = %s", [DIRECTOR])
    assert around.whom_to_ask(organisation).phone == "0116 496 0123"
    duty.enter_absence(stand_in, stand_in.person_id, build.now(), build.now() + timedelta(days=1))
    assert around.whom_to_ask(organisation).phone != "0116 496 0123"


def test_whoever_is_on_the_rota_and_has_left_or_is_away_is_a_hole_on_every_page_and_in_the_check() -> None:
    duty_role = "duty-officer-e06000016"
    actions.add_office(actions.office_from_role("duty-officer", OURS, ["E06000016"]))
    night, keeper = build.person("night", duty_role), actor("director-of-public-health", DIRECTOR)
    rota, now = "nights", build.now()
    duty.make_rota(keeper, rota, "Nights")
    client = visitor("director-of-public-health", DIRECTOR)
    duty.put_on_duty(keeper, rota, now, now + timedelta(days=42), night.person_id, duty_role)
    assert "Leicester: Night , until " in words(client, "/today")
    mine = [hole for hole in checks.CHECKS[1].run() if rota in hole]
    assert mine == []

    away = duty.enter_absence(night, night.person_id, now, now + timedelta(days=2))
    hole = "Leicester: nobody , this is a hole in the rota: Night is down for it and has left, or is away. See the rota"
    assert hole in words(client, "/today")
    assert "nobody: a hole, because Night has left or is away" in words(client)
    ahead = [part for _, _, parts in duty_queries.weeks(rota, 2) for part in parts if part.ends_at > now]
    holes = [part.ends_at - max(part.starts_at, now) for part in ahead if part.missing == "Night" and not part.name]
    assert sum(holes, timedelta()) == timedelta(days=2)
    assert {part.name for part in ahead if not part.missing} == {"Night"}
    duty.end_absence(night, away)
    assert "Leicester: Night , until " in words(client, "/today")

    actions.end_appointment("night@desk.example", duty_role, "left")
    assert hole in words(client, "/today")
    (found,) = [each for each in checks.CHECKS[1].run() if f"the rota {rota} has" in each][:1]
    assert "Night is down for it and has left, or is away" in found
    assert around.whom_to_ask(OURS).name != "Night"
