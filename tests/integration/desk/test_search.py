"""Search: in scope only, whatever is typed; people on purpose; what one keeps; what one is told of."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from html import escape
from uuid import uuid4

import pytest
from django.test import Client
from tests.integration.access import build as people
from tests.integration.intake import ground
from tests.integration.intake import world as records
from tests.integration.places.build import saved
from tests.unit.places.build import csv_bytes

from commonweal.apps.access import agreements, queries
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import own, search
from commonweal.apps.desk.own import Measure
from commonweal.apps.desk.pages import search as pages
from commonweal.apps.places.actions import load_files
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db

from . import build
from .build import ANALYST, DIRECTOR, LEADER, MINISTER, actor

INSIDE = {"LE1 1AA", "LE1 1AB", "LE2 0AA"}
NHS = "9434765919"
SETTING_TABLE = ["setting_id", "kind", "name", "postcode", "closed"]
SETTINGS = [
    ["1-101", "care_home", "Rosebank Court", "LE1 1AA", ""],
    ["1-102", "care_home", "Rosebank Lodge", "LE18 1AA", ""],
    ["s-1", "school", "Rosebank Primary", "LE1 1AB", "2019-07-31"],
]


@pytest.fixture(scope="module", autouse=True)
def world(space: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    records.make_places()
    ground.offices()
    ground.lay()
    for name, office in (("director", DIRECTOR), ("leader", LEADER), ("analyst", ANALYST), ("minister", MINISTER)):
        build.person(name, office)
    for name, office in (("director", DIRECTOR), ("minister", MINISTER)):
        agreements.accept("public-health-e06000016-1", actor(name, office))
    folder = tmp_path_factory.mktemp("registers")
    load_files([saved(folder, "settings.csv", csv_bytes(SETTING_TABLE, SETTINGS))])
    records.make_laboratory("lighthouse")
    records.send(
        records.as_csv(
            records.record(record_id="P1", nhs_number=NHS, result="positive"),
            records.record(record_id="P2", nhs_number=NHS, postcode="LE18 1AA"),
        ),
        feed="lighthouse",
    )
    db.value("app", "select desk.refresh_search_keys()")
    with build.named_space(space):
        yield


def test_settings_are_found_by_the_offices_of_their_authority_while_they_are_open() -> None:
    hits = search.places(asked("director", DIRECTOR, "rosebank"))
    assert [(hit.title, hit.about.split(" in ")[0]) for hit in hits] == [("Rosebank Court", "Care home")]
    assert found("rosebank", "minister", MINISTER) == ["Rosebank Court", "Rosebank Lodge"]
    assert found("1-101") == ["Rosebank Court"]


def asked(name: str, office: str, text: str) -> search.Asked:
    who = actor(name, office)
    (seat,) = (seat for seat in queries.seats_of(who.person_id) if seat.office_id == office)
    return search.Asked(text, who, seat)


def found(text: str, name: str = "director", office: str = DIRECTOR) -> list[str]:
    return [hit.title for hit in search.places(asked(name, office, text))]


def visitor(name: str, office: str, purpose: str = "outbreak_control") -> Client:
    client = people.browser(f"{name}@desk.example")
    people.act(client, office, purpose)
    return client


def test_places_are_found_by_name_code_postcode_and_the_beginning_of_one() -> None:
    assert found("belgr") == ["Belgrave North West"]
    assert found("north belgrave") == ["Belgrave North West"]
    assert found("Leicester")[0] == "Leicester"
    assert found("e02002803") == ["Belgrave North West"]
    assert found("le1 1aa") == ["LE1 1AA"]
    assert found("LE1") == ["LE1 1AA", "LE1 1AB"]
    assert found("x") == []
    assert found("%_\\'\"") == []


def test_a_hit_leads_to_the_page_of_its_place() -> None:
    (hit,) = search.places(asked("director", DIRECTOR, "belgrave"))
    assert (hit.link, hit.about) == ("/places/E02002803", "Neighbourhood in Leicester")


def test_what_lies_outside_is_found_by_those_who_answer_for_it_only() -> None:
    assert found("Wigston") == []
    assert found("LE18 1AA") == []
    assert found("Wigston", "minister", MINISTER)[0] == "Oadby and Wigston"
    assert found("LE18 1AA", "minister", MINISTER) == ["LE18 1AA"]


OBVIOUS = """
select p.pcd from places.postcode_now p
 where starts_with(p.pcd, %s) and (p.doterm is null or p.pcd = %s) and p.scope_code = any (desk.codes_of(%s, %s))
 order by p.pcd limit %s
"""


@pytest.mark.parametrize(("name", "office"), [("director", DIRECTOR), ("minister", MINISTER)])
@pytest.mark.parametrize("start", ["L", "LE", "LE1", "LE11", "LE11AA", "LE18", "LE2", "SW1", "ZZ"])
@pytest.mark.parametrize("most", [1, 2, 50])
def test_postcodes_found_authority_by_authority_are_those_of_all_postcodes(
    name: str, office: str, start: str, most: int
) -> None:
    who = [office, actor(name, office).person_id]
    found = db.rows("app", "select code from desk.find_postcodes(%s, %s, %s, %s::integer)", [*who, start, most])
    with db.transaction("migrate") as cursor:
        every = db.fetch(cursor, OBVIOUS, [start, start, *who, most])
    assert [row["code"] for row in found] == [row["pcd"] for row in every]


def test_of_ten_thousand_attempts_none_finds_anything_out_of_scope() -> None:
    """Names, codes, postcodes, fragments and noise as offices that hold nothing there; the database is asked directly."""
    chance = random.Random(3)
    outside = [
        "South Wigston",
        "wigston",
        "E02005360",
        "e07000135",
        "Oadby and Wigston",
        "LE18 1AA",
        "LE18",
        "LE181",
        "county",
    ]
    director = actor("director", DIRECTOR)
    stranger = uuid4()
    inside = {
        row["code"]
        for row in db.rows(
            "app", "select * from desk.find_places(%s, %s, array['le'], 1000)", [DIRECTOR, director.person_id]
        )
    }
    inside |= {
        row["code"]
        for row in db.rows("backup", "select distinct code from desk.search_key where scope_code = 'E06000016'")
    }
    leaks = tried = 0
    with db.transaction("app") as cursor:
        while tried < 10_000:
            text = chance.choice(outside)
            cut = sorted(chance.sample(range(len(text) + 1), 2))
            typed = chance.choice(
                [text, text[cut[0] : cut[1]], text[: cut[1]], f"{text}' or true --", f"{text} leicester"]
            )
            who = chance.choice([(DIRECTOR, director.person_id), (DIRECTOR, stranger), (MINISTER, director.person_id)])
            words = [word.lower() for word in search.WORD.findall(typed)] or ["le"]
            rows = db.fetch(cursor, "select * from desk.find_places(%s, %s, %s::text[], 50)", [*who, words])
            bare = "".join(typed.upper().split())
            rows += db.fetch(cursor, "select * from desk.find_postcodes(%s, %s, %s, 50)", [*who, bare])
            allowed = who == (DIRECTOR, director.person_id)
            leaks += sum(
                not allowed
                or (row["kind"] != "postcode" and row["code"] not in inside)
                or row["scope_code"] != "E06000016"
                for row in rows
            )
            tried += 1
    assert (tried, leaks) == (10_000, 0)


def test_the_application_cannot_read_the_keys_past_the_scope() -> None:
    with pytest.raises(Exception, match="permission denied"), db.transaction("app") as cursor:
        cursor.execute("select * from desk.search_key")


def test_the_box_answers_on_its_page_with_pages_and_notices_too() -> None:
    build.tell(DIRECTOR, subject="Belgrave library is a test site", severity=2)
    client = visitor("director", DIRECTOR)
    page = client.get("/search?q=belgrave").content.decode()
    assert "2 answers for “belgrave”." in page
    assert "Belgrave library is a test site" in page
    assert 'value="belgrave"' in page
    assert "Why was this late?" in client.get("/search?q=late").content.decode()
    assert (
        "Nothing called “wigston” is among what your office may see."
        in client.get("/search?q=wigston").content.decode()
    )
    assert (
        "Belgrave library"
        not in visitor("leader", LEADER)
        .get("/search?q=library")
        .content.decode()
        .split("<main")[1]
        .split("What you keep")[0]
    )


def test_a_list_that_was_cut_does_not_say_that_it_is_all() -> None:
    hits = tuple(search.Hit(f"Tidewater Dairy {number}", "") for number in range(search.LIMIT))
    assert "there may be more" in pages.sentence("tidewater", [search.Group("Places", hits)])
    assert pages.sentence("tidewater", [search.Group("Places", hits[:3])]) == "3 answers for “tidewater”."


def test_a_person_is_found_by_number_in_scope_on_purpose_and_the_asking_is_entered() -> None:
    client = visitor("director", DIRECTOR, "contact_tracing")
    assert "Look for records of a person" in client.get("/search").content.decode()
    page = client.post("/search/people", {"person": "943 476 5919"}).content.decode()
    assert "Positive, pcr, Friday 26 June 2020" in page
    assert page.count('<li><a class="govuk-link" href="/my-area?place=E06000016">') == 1, (
        "the one outside is not among them"
    )
    entry = db.one(
        "backup", "select purpose, class, query, filters::text from access.read_record order by at desc limit 1"
    )
    assert entry == {
        "purpose": "contact_tracing",
        "class": "L3",
        "query": "look for a person",
        "filters": '{"by": "nhs_number"}',
    }
    assert NHS not in str(entry)
    wrong = client.post("/search/people", {"person": "9434765918"})
    assert wrong.status_code == 400
    assert "This is no NHS number" in wrong.content.decode()
    nobody = client.post("/search/people", {"person": "4010232137"}).content.decode()
    assert "No record of this person lies in the places you answer for." in nobody
    empty = client.post("/search/people", {"person": ""})
    assert empty.status_code == 400


def test_an_office_without_identifiable_data_does_not_look_for_people() -> None:
    client = visitor("analyst", ANALYST)
    assert "Look for records of a person" not in client.get("/search").content.decode()
    assert client.post("/search/people", {"person": NHS}).status_code == 403
    assert client.get("/search/people", {"person": NHS}).status_code == 405, "a number never stands in an address"


def test_views_are_kept_under_a_name_by_their_person_alone() -> None:
    director, leader = actor("director", DIRECTOR), actor("leader", LEADER)
    own.save_view(director, "Belgrave", "/search?q=belgrave")
    with pytest.raises(Refused, match="already"):
        own.save_view(director, "Belgrave", "/search?q=x")
    for link in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        with pytest.raises(Refused, match="no page of this site"):
            own.save_view(director, "Bad", link)
    (kept,) = own.views_of(director)
    assert own.views_of(leader) == []
    with pytest.raises(NotThere):
        own.drop_view(leader, kept["id"])
    assert "Belgrave" in visitor("director", DIRECTOR).get("/search").content.decode()
    own.drop_view(director, kept["id"])
    assert own.views_of(director) == []


def test_every_page_can_be_kept_with_what_is_chosen_on_it_and_odd_words_too() -> None:
    client = visitor("director", DIRECTOR)
    foot = client.get("/my-area?place=E06000016&days=14").content.decode()
    (path,) = re.findall(r'href="(/search\?keep=[^"]+)"', foot)
    form = client.get(path).content.decode()
    assert 'name="link" value="/my-area?place=E06000016&amp;days=14"' in form
    assert "Keep the page you came from" not in client.get("/search?keep=//elsewhere.example").content.decode()
    client.post("/search/keep", {"name": "Fortnight", "link": "/my-area?place=E06000016&days=14"})
    assert 'href="/my-area?place=E06000016&amp;days=14">Fortnight' in client.get("/search").content.decode()
    found = client.get("/search", {"q": "balance & more"}).content.decode()
    assert "q=balance+%26+more" in found or "Nothing called" in found


def test_a_place_that_is_not_found_costs_nobody_what_was_typed() -> None:
    client = visitor("director", DIRECTOR)
    answer = client.post("/search/told", {"measure": "seven_day_rate", "place": "Belgrvae", "threshold": "50.5"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "No area called" in page
    assert 'value="Belgrvae"' in page
    assert 'value="50.5"' in page
    assert "people per 100,000 residents" in page


def test_a_page_that_cannot_be_kept_keeps_its_address_and_name() -> None:
    client = visitor("director", DIRECTOR)
    client.post("/search/keep", {"name": "In use", "link": "/today"})
    for name, sentence in (("", "1 to 100 letters"), ("In use", "already"), ("a\x00b", "cannot be kept")):
        answer = client.post("/search/keep", {"name": name, "link": "/my-area?place=E06000016&days=21"})
        page = answer.content.decode()
        assert answer.status_code == 400, name
        assert sentence in page
        assert 'name="link" value="/my-area?place=E06000016&amp;days=21"' in page
    assert 'value="In use"' in client.post("/search/keep", {"name": "In use", "link": "/today"}).content.decode()


def test_a_number_is_watched_of_one_area_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    director = actor("director", DIRECTOR)
    monkeypatch.setattr(own, "_measures", {"cups": Measure("cups", "Cups", lambda *_: 60.0, lambda code: f"/{code}")})
    with pytest.raises(Refused, match="several names: .*Type the one that you mean"):
        own.subscribe(director, "cups", "e0200", "7")
    with pytest.raises(NotThere, match="No area called"):
        own.subscribe(director, "cups", "Rosebank Primary", "7")
    for number in ("1e400000", "-1"):
        with pytest.raises(Refused, match="no number that can be passed"):
            own.subscribe(director, "cups", "belgrave", number)
    made = own.subscribe(director, "cups", "belgrave", "50")
    (kept,) = [row for row in own.subscriptions_of(director) if row["id"] == made]
    assert kept["is_above"] is True, "the page says at once how it stands"
    own.unsubscribe(director, made)


def test_a_number_that_is_passed_is_told_once_and_again_only_after_it_fell(monkeypatch: pytest.MonkeyPatch) -> None:
    director = actor("director", DIRECTOR)
    values = iter([40.0, 60.0, 70.0, 30.0, 51.0, None, 80.0])
    monkeypatch.setattr(
        own,
        "_measures",
        {"cups": Measure("cups", "The number of cups", lambda _who, _code: next(values), lambda code: f"/cups/{code}")},
    )
    own.subscribe(director, "cups", "belgrave", "50")
    told = [own.look() for _ in range(6)]
    assert told == [1, 0, 0, 1, 0, 0], (
        "how it stood when it was asked for counts: what passes before the first look is told"
    )
    subjects = db.rows(
        "backup", "select subject, link, severity from desk.notice where kind = 'desk.subscription' order by told_at"
    )
    assert (
        subjects
        == [
            {"subject": "The number of cups of Belgrave North West passed 50", "link": "/cups/E02002803", "severity": 3}
        ]
        * 2
    )
    with pytest.raises(NotThere, match="No area called 'wigston'"):
        own.subscribe(director, "cups", "wigston", "50")
    for number in ("many", "nan", ""):
        with pytest.raises(Refused, match="is no number"):
            own.subscribe(director, "cups", "belgrave", number)
    with pytest.raises(Refused, match="no measure 'plates'"):
        own.subscribe(director, "plates", "belgrave", "50")


def test_the_seven_day_rate_of_a_neighbourhood_can_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    from commonweal.apps.intake import at_the_desk

    monkeypatch.setattr(at_the_desk, "last_complete_day", lambda *_: date(2020, 6, 30))
    director = actor("director", DIRECTOR)
    assert at_the_desk.seven_day_rate(director, "E02002803") == pytest.approx(100_000 * 1 / 1500)
    assert at_the_desk.seven_day_rate(director, "E02002810") == 0
    monkeypatch.setattr(at_the_desk, "last_complete_day", lambda *_: date(2020, 5, 30))
    assert at_the_desk.seven_day_rate(director, "E06000016") == 0


def test_an_ended_appointment_is_told_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    from commonweal.apps.access import actions
    from commonweal.apps.intake import at_the_desk
    from commonweal.core.errors import NotAllowed

    leaver = build.person("leaver", DIRECTOR)
    monkeypatch.setattr(at_the_desk, "last_complete_day", lambda *_: date(2020, 5, 30))
    own.subscribe(leaver, "seven_day_rate", "belgrave", "1")
    actions.end_appointment("leaver@desk.example", DIRECTOR, "moved on")
    with pytest.raises(NotAllowed):
        own._measures["seven_day_rate"].read(Actor(leaver.person_id, DIRECTOR, "outbreak_control"), "E02002803")
    monkeypatch.setattr(at_the_desk, "last_complete_day", lambda *_: date(2020, 6, 30))
    own.look()
    above = "select is_above from desk.subscription where person_id = %s"
    assert db.value("backup", above, [leaver.person_id]) is False, "who left is told nothing of what passed meanwhile"


def test_intake_tells_what_waits() -> None:
    from commonweal.apps.desk import waiting
    from commonweal.apps.desk.waiting import Who

    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.office values ('lab-office', 'lab', 'Laboratory office', %s, %s, %s)",
            [["manage_feeds", "explain_delay"], ["result_delivery"], write.tick],
        )
    records.send(records.as_csv(records.record(record_id="Z9", postcode="LE9 9ZZ")), feed="lighthouse")
    (one,) = waiting.for_offices(Who(("lab-office",), None, build.now()))
    assert (one.subject, one.link) == ("1 record has no place", "/orphans")
    assert one.due_at is not None


def test_a_leader_of_a_quiet_area_gets_a_brief_once_a_week() -> None:
    from datetime import timedelta

    from commonweal.apps.desk import brief
    from commonweal.web import times

    here = times.local(build.now())
    monday = (here - timedelta(days=here.weekday())).replace(hour=8, minute=5)
    assert not brief.due(monday.replace(hour=9))
    assert not brief.due(monday + timedelta(days=1))
    build.tell(DIRECTOR, subject="Something urgent", severity=1)
    assert brief.send(monday) >= 1
    assert brief.send(monday) == 0
    told = {
        row["office_id"]
        for row in db.rows(
            "backup",
            "select t.office_id from desk.notice n join desk.told t on t.notice_id = n.id where n.kind = 'desk.brief'",
        )
    }
    assert LEADER in told
    assert DIRECTOR not in told, "an area with something urgent needs no brief"
    page = visitor("leader", LEADER).get("/brief").content.decode()
    assert f"This week's question: {escape(brief.question(here.date()))}" in page
    assert "Leicester: " in page
    assert re.search(
        r"people per 100,000 residents tested positive in the seven days to \w+ \d+ \w+, [\d,]+ of [\d,]+\.", page
    )
    assert 'href="/my-area">More' in page, "a brief is no dead end"


def test_each_week_has_the_next_question() -> None:
    from datetime import date, timedelta

    from commonweal.apps.desk import brief, configuration

    weeks = [date(2026, 11, 2) + timedelta(weeks=n) for n in range(len(configuration.questions()))]
    assert {brief.question(week) for week in weeks} == set(configuration.questions())
    assert brief.question(weeks[0]) == brief.question(weeks[0] + timedelta(days=6))
