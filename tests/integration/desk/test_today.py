"""Today: what waits for each office of a person, by clock; what is new; what others owe; who is on duty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from tests.integration.access.build import act, browser

from commonweal.apps.access import actions, shell
from commonweal.apps.desk import around, duty, telling, waiting
from commonweal.apps.desk.waiting import Open, Running, Who
from commonweal.site.demo import desks
from commonweal.web import db

from . import build
from .build import DIRECTOR, FIVE, LEADER, MINISTER, PLACE, actor, receipts, tell


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    build.leicester()
    build.person("five", *FIVE)
    build.person("quiet", build.ANALYST)
    with build.named_space(space):
        yield


def visitor(name: str, office: str, purpose: str = "outbreak_control") -> Client:
    client = browser(f"{name}@desk.example")
    act(client, office, purpose)
    return client


def text(client: Client, path: str = "/today") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (answer.status_code, answer.headers.get("Location"))
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1].split("</main>")[0])
    return " ".join(unescape(bare).split())


def test_the_empty_state_says_so() -> None:
    said = text(visitor("quiet", build.ANALYST))
    assert "Nothing waits for you." in said
    assert "Your organisation goes by no rota yet." in said


def test_signing_in_leads_to_today() -> None:
    client = visitor("director-of-public-health", DIRECTOR)
    assert client.get("/").headers["Location"] == "/today"
    answer = client.post("/acting/", {"acting": f"{DIRECTOR}|outbreak_control"})
    assert answer.headers["Location"] == "/today"


def test_things_stand_by_clock_and_agreements_wait_too() -> None:
    tell(LEADER, subject="Later", severity=2, within=300)
    tell(LEADER, subject="Sooner", severity=2, within=30)
    client = visitor("leader", LEADER)
    said = text(client)
    assert said.index("Sooner") < said.index("Later")
    assert "Two things wait for you; the first by " in said
    director = text(visitor("director-of-public-health", DIRECTOR))
    assert "Accept or refuse: " in director
    assert "no clock" in director.lower()
    assert "For you: 2" in client.get("/account/").content.decode()


def test_an_overdue_clock_is_said_first() -> None:
    with db.transaction("authn"):
        actions.invite("late@desk.example", "Late", [build.TRACING])
    who = Who((build.TRACING,), None, build.now() + timedelta(hours=3))
    tell(build.TRACING, subject="Was due", severity=2, within=60)
    from commonweal.apps.desk.pages import today

    assert today.sentence(waiting.for_offices(who), who.now) == "One thing waits for you and is overdue."


def test_one_person_sees_what_waits_for_each_office_and_acknowledges_for_it() -> None:
    notices = {office: tell(office, subject=f"Something for {office}", severity=2) for office in FIVE}
    client = visitor("five", build.ANALYST)
    page = client.get("/today").content.decode()
    for office, notice in notices.items():
        assert f"Something for {office}" in page
        assert client.post(f"/told/{notice}/{office}/acknowledge").headers["Location"] == "/today#waiting"
        (row,) = receipts(notice, "acknowledged")
        assert (row["as_office"], row["capacity"]) == (office, "holder")
        assert row["person_id"] == actor("five", office).person_id
    assert all(
        str(notice) not in client.get("/today").content.decode().split('id="since"')[0] for notice in notices.values()
    )


def test_one_event_told_to_two_offices_of_a_person_is_one_line_and_one_press_for_both() -> None:
    both = [build.ANALYST, build.TRACING]
    notice = tell(*both, subject="Cases are rising", severity=2)
    client = visitor("five", build.ANALYST)
    today = client.get("/today").content.decode()
    waiting_part = today.split('id="waiting"')[1].split("</section>")[0]
    assert waiting_part.count(f"/told/{notice}/") == 2, "the link and the button, once"
    assert today.split('id="since"')[1].split("</ul>")[0].count(f"/told/{notice}/") == 1, "and one piece of news"
    assert "Acknowledge for both offices" in waiting_part
    for office in both:
        assert len([row for row in receipts(notice, "delivered") if row["office_id"] == office]) == 1
    first, other = re.findall(
        rf'action="/told/{notice}/([a-z0-9-]+)/acknowledge".*?name="also" value="([^"]+)"', waiting_part
    )[0]
    assert sorted([first, other]) == sorted(both)
    somebody = visitor("leader", LEADER)
    assert somebody.post(f"/told/{notice}/{first}/acknowledge", {"also": other}).status_code == 403
    assert receipts(notice, "acknowledged") == []
    client.post(f"/told/{notice}/{first}/acknowledge", {"also": other})
    assert sorted(row["office_id"] for row in receipts(notice, "acknowledged")) == sorted(both)
    assert {row["as_office"] for row in receipts(notice, "acknowledged")} == set(both), "each office by its own name"


def test_acknowledging_on_the_notices_own_page_is_for_that_office_alone() -> None:
    notice = tell(build.ANALYST, build.TRACING, subject="Cases are rising", severity=2)
    visitor("five", build.ANALYST).post(f"/told/{notice}/{build.TRACING}/acknowledge")
    assert [row["office_id"] for row in receipts(notice, "acknowledged")] == [build.TRACING]


def test_showing_delivers_reading_opens_and_the_page_says_what_happened() -> None:
    notice = tell(LEADER, MINISTER, subject="A school is closed", places=[PLACE])
    client = visitor("leader", LEADER)
    client.get("/today")
    assert len([row for row in receipts(notice, "delivered") if row["way"] == "page"]) == 1
    assert receipts(notice, "opened") == []
    said = text(client, f"/told/{notice}/{LEADER}")
    assert "Nobody has acknowledged this yet." in said
    assert "National decision maker, National health protection" in said, "told in the same moment"
    assert len(receipts(notice, "opened")) == 1
    client.post(f"/told/{notice}/{LEADER}/acknowledge", {"stay": "yes"})
    assert "acknowledged this as Mayor or leader, Leicester" in text(client, f"/told/{notice}/{LEADER}")


def test_nobody_else_sees_a_notice() -> None:
    notice = tell(LEADER, subject="Ours alone")
    other = visitor("director-of-public-health", DIRECTOR)
    assert other.get(f"/told/{notice}/{LEADER}").status_code == 404
    assert other.get(f"/told/{notice}/{DIRECTOR}").status_code == 404
    assert other.post(f"/told/{notice}/{LEADER}/acknowledge").status_code == 403
    assert "Ours alone" not in text(other)


def test_what_others_owe_is_shown_to_the_office_that_told_them() -> None:
    minister = actor("national-decision-maker", MINISTER)
    with db.recorded("app") as write:
        telling.tell(
            write, [MINISTER, LEADER], "Please confirm the plan", "/", 2, build.now() + timedelta(hours=2),
            kind="test.event", by=minister, places=[PLACE],
        )  # fmt: skip
    said = text(visitor("national-decision-maker", MINISTER)).split("Running against others")[1]
    assert "Please confirm the plan : Mayor or leader, Leicester, by " in said


def test_who_is_on_duty_is_named_with_a_number_and_a_hole_is_said() -> None:
    keeper, officer = actor("director-of-public-health", DIRECTOR), actor("quiet", build.ANALYST)
    duty.make_rota(keeper, "town", "Town on call")
    client = visitor("director-of-public-health", DIRECTOR)
    assert "nobody , this is a hole in the rota. See the rota" in text(client)
    duty.put_on_duty(keeper, "town", build.now(), build.now() + timedelta(days=1), officer.person_id, build.ANALYST)
    duty.set_work_phone(officer, "0116 496 0000")
    said = text(client)
    assert "Leicester: Quiet , 0116 496 0000 , until " in said
    on_duty = text(visitor("quiet", build.ANALYST))
    order = ("Waiting for you, by clock", "Running against others", "On duty now", "Since you last looked")
    assert sorted(order, key=on_duty.index) == list(order), "whoever is on duty sees first who else owes an answer"


def test_since_you_last_looked_has_what_a_deputy_did() -> None:
    client = visitor("leader", LEADER)
    client.get("/today")
    deputy = build.person("leader-deputy", LEADER, deputy=True)
    notice = tell(LEADER, subject="While you were away")
    telling.acknowledge(deputy, notice, LEADER)
    page = text(client)
    assert "Leader Deputy acknowledged for Mayor or leader, Leicester (deputy): While you were away" in page
    assert page.count("While you were away") == 1, "what was told and acknowledged meanwhile is one piece of news"


def test_rooms_add_what_waits_what_runs_and_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_open", "_running", "_cards"):
        monkeypatch.setattr(waiting, name, dict(getattr(waiting, name)))
    since = build.now()
    waiting.register(
        "kitchen", lambda who: [Open("k:1", who.offices[0], "Kitchen", "Wash up", "/sink", since, kind="kitchen.sink")]
    )
    waiting.register_running("kitchen", lambda who: [Running("k:2", "Shopping", "/shop", "Somebody else")])
    waiting.register_card("kitchen.sink", lambda one: (f"Twelve cups for {one.office}.",))
    said = text(visitor("leader", LEADER))
    assert "Wash up" in said
    assert "Twelve cups for Kitchen." in said
    assert "Shopping : Somebody else" in said


def test_the_number_in_the_head_is_put_there_by_the_desk() -> None:
    assert around.add in shell._around


def test_each_kind_of_work_has_its_own_first_section() -> None:
    from commonweal.apps.access.configuration import roles
    from commonweal.apps.desk import configuration

    jobs = {role: configuration.job_of(found.permissions, on_duty=False) for role, found in roles().roles.items()}
    assert {role: jobs[role].id for role in ("director-of-public-health", "leader", "analyst", "tracer-lead", "national-decision-maker")} == {
        "director-of-public-health": "director", "leader": "leader", "analyst": "analyst", "tracer-lead": "tracer-lead",
        "national-decision-maker": "national-desk",
    }  # fmt: skip
    assert configuration.job_of((), on_duty=True).id == "duty-officer"
    assert jobs["laboratory"].id == "other"


def test_each_kind_of_work_sees_what_it_looks_at_first() -> None:
    from commonweal.apps.desk import brief, configuration

    listed, duty_officer = configuration.jobs()
    assert {name for job in (*listed, duty_officer) for name in job.parts} <= set(brief._parts), "no part is misspelt"
    director = actor("director-of-public-health", DIRECTOR)
    duty.set_work_phone(actor("leader", LEADER), "0116 496 0007")
    duty.make_rota(director, "own-parts", "Own parts")
    seen = {
        job: text(visitor(name, office))
        for job, name, office in (("director", "director-of-public-health", DIRECTOR), ("leader", "leader", LEADER),
                                  ("analyst", "quiet", build.ANALYST))
    }  # fmt: skip
    assert "This week's question" in seen["leader"]
    assert "This week's question" not in seen["director"]
    assert "Your area" in seen["director"]
    assert "Your area" not in seen["analyst"]
    assert seen["analyst"].index("Signals") < seen["analyst"].index("Waiting for you"), "an analyst begins with signals"
    duty.put_on_duty(director, "own-parts", build.now(), build.now() + timedelta(hours=1), director.person_id, DIRECTOR)
    on_call = text(visitor("director-of-public-health", DIRECTOR))
    assert "Whom you can call" in on_call
    assert "Leader, 0116 496 0007: Mayor or leader, Leicester" in on_call
    assert on_call.index("Whom you can call") < on_call.index("Your area"), "and after it what the own office looks at"


def test_a_first_visit_shows_the_last_seven_days_and_a_later_one_says_when() -> None:
    build.person("first", build.OFFICER)
    client = visitor("first", build.OFFICER, "audit")
    assert "This is your first visit: these are the last seven days." in text(client)
    with db.transaction("migrate") as cursor:
        cursor.execute("update desk.look set last_at = last_at - interval '1 hour'")
    assert "That was today " in text(client) or "That was yesterday " in text(client)


def test_what_no_way_carries_is_on_the_list_to_carry_by_hand() -> None:
    client = visitor("leader", LEADER)
    assert "Every message found a way." in text(client, "/on-paper")
    leader = actor("leader", LEADER)
    build.way(leader, email="gone@desk.example")
    with db.transaction("queue") as cursor:
        cursor.execute("select desk.bounced(%s, 'email', 'nobody there')", [leader.person_id])
    notice = tell(LEADER, subject="By hand please")
    build.work()
    said = text(client, "/on-paper")
    assert "Leader" in said
    assert "By hand please" not in said, "what is carried on paper says no more than what leaves by mail"
    telling.acknowledge(leader, notice, LEADER)
    assert f"{notice}" not in text(client, "/on-paper")


def test_the_short_address_in_an_sms_leads_to_the_notice_and_only_for_whoever_was_told() -> None:
    director = actor("director-of-public-health", DIRECTOR)
    build.way(director, sms="+44 7700 900123")
    notice = tell(DIRECTOR, subject="A short way")
    build.work()
    sms = build.outgoing("sms")[-1]
    assert sms["key"].endswith(str(notice))
    path = re.search(r"/n/\d+$", sms["message"]["text"])
    assert path is not None
    found = visitor("director-of-public-health", DIRECTOR).get(path[0])
    assert (found.status_code, found.headers["Location"]) == (302, f"/told/{notice}/{DIRECTOR}")
    assert visitor("quiet", build.ANALYST).get(path[0], follow=True).status_code == 404
    assert visitor("quiet", build.ANALYST).get("/n/999999999999999999999").status_code == 404
    assert Client(headers={"host": "127.0.0.1"}).get(path[0]).headers["Location"].startswith("/account/login/")


def test_the_office_that_told_recalls_it_on_the_page() -> None:
    minister = actor("national-decision-maker", MINISTER)
    with db.recorded("app") as write:
        notice = telling.tell(
            write,
            [DIRECTOR],
            "Sent by mistake",
            "/",
            2,
            build.now() + timedelta(hours=2),
            kind="test.event",
            by=minister,
        )
    client = visitor("national-decision-maker", MINISTER)
    assert "Recall it for everybody who has not opened it" in text(client, f"/told/{notice}/{DIRECTOR}")
    answer = client.post(f"/told/{notice}/recall")
    assert answer.headers["Location"] == f"/told/{notice}/{DIRECTOR}", "the page that says what became of it"
    assert "This notice was recalled" in text(client, f"/told/{notice}/{DIRECTOR}")
    assert "Recall it" not in text(client, f"/told/{notice}/{DIRECTOR}")
    assert "Sent by mistake" not in text(visitor("director-of-public-health", DIRECTOR))


def test_whoever_told_several_offices_sees_how_it_stands_with_each_and_recalls_while_one_has_not_opened_it() -> None:
    minister = actor("national-decision-maker", MINISTER)
    notice = tell(DIRECTOR, LEADER, subject="To both by mistake", severity=2, by=minister)
    telling.open_notice(actor("leader", LEADER), notice, LEADER)
    client, path = visitor("national-decision-maker", MINISTER), f"/told/{notice}/{LEADER}"
    said = text(client, path)
    assert "0 of 2 offices acknowledged this." in said
    assert "Director of Public Health, Leicester On its way Mayor or leader, Leicester Opened" in said
    assert "Who was told" not in text(visitor("leader", LEADER), path), "only whoever told it sees the others' states"
    client.post(f"/told/{notice}/recall")
    said = text(client, path)
    assert "Director of Public Health, Leicester Recalled Mayor or leader, Leicester Opened" in said
    assert "0 of 1 office acknowledged this. It was recalled for 1 office." in said
    assert "Recall it" not in said, "nobody is left who has not opened it"


def test_whoever_stands_in_for_several_offices_acknowledges_one_event_for_all_of_them_in_one_press() -> None:
    stand_in = build.person("stand-in", build.OFFICER)
    notice = tell(DIRECTOR, LEADER, subject="One event at night", severity=1)
    with db.transaction("queue") as cursor:
        for office in (DIRECTOR, LEADER):
            cursor.execute(
                "insert into desk.reached (notice_id, office_id, number, capacity, person_id, as_office)"
                " values (%s, %s, 3, 'succession', %s, %s)", [notice, office, stand_in.person_id, build.OFFICER],
            )  # fmt: skip
    client = browser("stand-in@desk.example")
    act(client, build.OFFICER, "audit")
    said = text(client)
    assert said.count("One event at night") == 2, "the line and what its button says of it"
    named = "for Director of Public Health, Leicester and Mayor or leader, Leicester, told to you as next in line"
    assert named in said
    assert "Acknowledge for both offices" in said
    client.post(f"/told/{notice}/{DIRECTOR}/acknowledge", {"also": LEADER})
    done = receipts(notice, "acknowledged")
    assert {(row["office_id"], row["as_office"], row["capacity"]) for row in done} == {
        (DIRECTOR, build.OFFICER, "succession"), (LEADER, build.OFFICER, "succession"),
    }  # fmt: skip


def test_in_a_demonstration_those_who_were_told_have_acknowledged_as_themselves() -> None:
    notice = tell(build.ANALYST, LEADER, subject="A while ago", severity=2)
    information = tell(LEADER, subject="To know", severity=3)
    assert desks.acknowledge_what_waits() >= 2
    by_office = {row["office_id"]: row for row in receipts(notice, "acknowledged")}
    assert set(by_office) == {build.ANALYST, LEADER}
    for office, row in by_office.items():
        held = db.rows("app", "select person_id from access.current_appointment where office_id = %s", [office])
        assert row["person_id"] in {each["person_id"] for each in held}
    assert len(receipts(notice, "opened")) == 2, "it was read first"
    assert receipts(information, "acknowledged") == []
    assert desks.acknowledge_what_waits() == 0
