"""Why a place is rising, from records to the page: read in scope, entered, the same for local and national."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import Error
from django.test import Client

from commonweal.apps.access import actions
from commonweal.apps.access.scope import scoped_read
from commonweal.apps.surveillance import signal_reads, why_counts, why_explaining, why_households, why_reads
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.why_households import Households, sentence
from commonweal.cli.why import why as why_command
from commonweal.core.errors import NotAllowed
from commonweal.site import installation
from commonweal.web import db, times

from . import outbreak
from . import test_place as places

PAGE = f"/places/{outbreak.CITY}/why"


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    outbreak.lay()


@pytest.fixture
def director() -> Client:
    return outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE)


def shown(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()[:3000]
    return answer.content.decode()


def test_the_page_names_the_workplace_first_and_adds_up(director: Client) -> None:
    page = shown(director)
    assert "Most likely an outbreak at work: about 30 of the 32 more." in page
    assert "Otter Foundry (workplace), named by 30 people, by 0 before" in page
    assert "Households in common" in page
    table = director.get(f"{PAGE}/parts.csv").content.decode().splitlines()
    rows = [line.split(",") for line in table if line and line[0].isalpha() and line.count(",") >= 6][1:]
    parts = {row[0]: float(row[3]) for row in rows}
    assert parts.pop("All together") == pytest.approx(sum(parts.values()))
    assert parts["Workplaces in common"] == pytest.approx(30)
    assert parts["Households in common"] == pytest.approx(6)


def test_local_and_national_analysts_read_the_same_and_no_addresses() -> None:
    moment = db.freeze().isoformat().replace("+00:00", "Z")
    analysts = [outbreak.browser(email, office) for email, office in outbreak.ANALYSTS]
    ours, theirs = (shown(each, f"{PAGE}?as_of={moment}") for each in analysts)
    begin, end = "<h1", "Compare other days"
    assert ours[ours.index(begin) : ours.index(end)] == theirs[theirs.index(begin) : theirs.index(end)]
    assert "does not read addresses here" in ours
    assert "Households in common" not in ours[: ours.index("How was this computed")]


def test_how_many_live_together_is_told_to_whoever_reads_no_addresses_once_somebody_looked(director: Client) -> None:
    """The number, from the moment on at which it was left; the windows must be the same."""
    before = times.link_form(db.freeze())
    other = f"{PAGE}?days=7"
    analysts = [outbreak.browser(email, office) for email, office in outbreak.ANALYSTS]
    assert "stands here once an office that reads them has looked" in shown(analysts[0], other)
    shown(director, other)
    for analyst in analysts:
        page = shown(analyst, other)
        assert "live with another one and have no setting in common" in page
        assert "Director of Public Health, Leicester, as known today" in page
        assert "Mill Lane" not in page
        assert "stands here once" in shown(analyst, f"{other}&as_of={before}"), "not there yet at that moment"
    rows = "select count(*) from surveillance.household_share"
    kept = db.value("backup", rows)
    shown(director, other)
    assert db.value("backup", rows) == kept, "the same number is left once"


NOW = datetime(2020, 6, 13, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("people", "together", "with_address", "words"),
    [
        (40, 6, 38, "6 live with another one"),
        (40, 5, 38, "5 live with another one"),
        (40, 4, 38, "fewer than 5 live"),
        (40, 1, 38, "fewer than 5 live"),
        (40, 0, 38, "0 live with another one"),
        (40, 37, 40, "all but fewer than 5 live"),
        (40, 40, 40, "40 live with another one"),
        (40, 6, 3, "of too few people an address is known"),
    ],
)
def test_small_numbers_are_not_told(people: int, together: int, with_address: int, words: str) -> None:
    found = Households(people, together, with_address, NOW, "director of Public Health, Leicester")
    said = sentence(found, 5, 0.3, NOW)
    assert words in said
    assert "cannot be told" in said if with_address == 3 else "cannot be told" not in said
    if "fewer than" in words:
        assert f"{together} live" not in said


def test_cheat_nobody_without_addresses_leaves_a_number() -> None:
    analyst = places.actor(*outbreak.ANALYSTS[0])
    with (
        pytest.raises(Error, match="row-level security"),
        scoped_read(analyst, query="x", filters={}, data_class="L2"),
        db.recorded("app") as write,
    ):
        values: list[Any] = [
            outbreak.CITY,
            [outbreak.CITY],
            "2020-06-10",
            14,
            "2020-05-27",
            NOW,
            9,
            8,
            9,
            analyst.office_id,
        ]
        write.cursor.execute(why_households.KEEP, [*values, analyst.person_id, write.tick])
    assert db.rows("app", "select * from surveillance.household_share") == [], "nothing without a scope"


def test_the_reading_is_entered_with_its_purpose(director: Client) -> None:
    shown(director)
    entry = db.rows(
        "backup",
        "select purpose, class, query, filters from access.read_record where query = 'why it is rising'"
        " order by at desc limit 1",
    )[0]
    assert entry["purpose"] == "outbreak_control"
    assert entry["class"] == "L3"
    assert entry["filters"]["place"] == outbreak.CITY


def test_smaller_places_and_other_windows(director: Client) -> None:
    assert "named by 30 people" in shown(director, f"/places/{outbreak.SMALL}/why")
    assert "named by 30 people" in shown(director, f"/places/{outbreak.NEIGHBOURHOOD}/why")
    assert "named by 30 people" in shown(director, "/places/E05010458/why"), "a ward"
    week = shown(director, f"{PAGE}?last={outbreak.newest()}&days=7&by=report")
    assert "tested positive from" in week


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"/places/{outbreak.DISTRICT}/why", 404, "not among the places"),
        ("/places/E06999999/why", 404, "There is no place"),
        ("/places/nonsense/why", 404, "There is no place"),
        (f"{PAGE}?days=5", 400, "are no window here"),
        (f"{PAGE}?last=2999-01-01", 400, "after the newest day"),
        (f"{PAGE}?last=2020-06-20&amp;against=2020-06-19", 400, "overlaps"),
        (f"{PAGE}?last=2020-06-20&amp;against=2020-06-28", 400, "Exchange the two"),
        (f"{PAGE}?last=2020-06-20&amp;against=0001-01-01", 400, "lies before every record"),
        (f"{PAGE}?last=0001-01-05", 400, "lies before every record"),
        (f"{PAGE}?days=1", 400, "are no window here"),
        (f"{PAGE}?days=-7", 400, "is no number"),
        (f"{PAGE}?last=29.6.2020", 400, "is no day"),
        (f"{PAGE}?by=moon", 400, "is no axis"),
        (f"{PAGE}/nothing.csv", 404, "shows no"),
    ],
)
def test_what_cannot_be_answered_says_why(director: Client, path: str, status: int, said: str) -> None:
    answer = director.get(path.replace("&amp;", "&"))
    assert answer.status_code == status
    assert said in answer.content.decode()


def test_days_without_a_case_are_an_empty_state(director: Client) -> None:
    before_data = shown(director, f"{PAGE}?last=2020-03-20")
    assert "Nothing is known of tests in Leicester from" in before_data
    assert "not the same as nobody being infected" in before_data


def test_a_window_of_which_nothing_is_known_is_no_rise(director: Client, leader: Client) -> None:
    """Days before the first result hold no positive test either; that is no zero to rise from."""
    first = db.value("backup", "select min(specimen_date) from record.result")
    path = f"{PAGE}?last={outbreak.newest()}&days=14&against={first - timedelta(days=1)}"
    for reader in (director, leader):
        assert "of the days to compare with not one result is known" in shown(reader, path)
        assert "Most likely" not in shown(reader, path)


def test_programs_are_told_what_the_page_says(director: Client, leader: Client) -> None:
    path = f"/api/v1/places/{outbreak.CITY}/why"
    moment = times.link_form(db.freeze())
    told = director.get(f"{path}?as_of={moment}").json()
    assert told["result"]["label"]["name"] == "workplace"
    assert sum(part["cases"] for part in told["result"]["parts"]) == pytest.approx(told["result"]["change"]["cases"])
    assert told["sentences"][0] in shown(director, f"{PAGE}?as_of={moment}")
    assert (told["from_counts"], told["heard"]) == (False, [True, True])
    counts = leader.get(f"{path}?as_of={moment}").json()
    assert counts["from_counts"]
    assert counts["result"]["change"]["cases"] == told["result"]["change"]["cases"]
    assert "Mill Lane" not in json.dumps([told, counts])
    nothing = director.get(f"{path}?last=2020-03-20").json()
    assert (nothing["result"], nothing["heard"]) == (None, [False, False])


@pytest.mark.parametrize(
    ("query", "status"),
    [("days=1", 400), ("last=2999-01-01", 400), ("against=2999-01-01", 400), ("last=0001-01-05", 400), ("by=x", 400)],
)
def test_programs_are_refused_in_words(director: Client, query: str, status: int) -> None:
    answer = director.get(f"/api/v1/places/{outbreak.CITY}/why?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert director.get("/api/v1/places/E06999999/why").status_code == 404
    assert director.get(f"/api/v1/places/{outbreak.DISTRICT}/why").status_code == 404


LEADER = ("leader@leicester.example", "leader-e06000016")


@pytest.fixture(scope="module")
def leader(world: None) -> Client:
    actions.invite(LEADER[0], "Leader", [LEADER[1]])
    return outbreak.browser(*LEADER)


def test_an_office_that_reads_counts_is_told_what_counts_tell_and_who_can_tell_the_rest(leader: Client) -> None:
    page = shown(leader)
    assert "In Leicester, 40 people tested positive" in page
    assert "More infection of any kind" in page
    assert "Tests went from" in page
    for title in ("Age: known for", "Sex: known for", "Pillar: known for", "Small area: known for", "Days from swab"):
        assert title in page
    assert "Your office reads counts. They are read by: Director of Public Health, Leicester" in page
    for told in ("Otter", "Foundry", "Mill Lane", "An address", "director@", "Analyst,"):
        assert told not in page, "no setting, household or person"
    assert "Households are not known" in page or "households are not known" in page
    table = leader.get(f"{PAGE}/parts.csv").content.decode().splitlines()
    rows = [line.split(",") for line in table if line and line[0].isalpha() and line.count(",") >= 6][1:]
    parts = {row[0]: float(row[3]) for row in rows}
    assert parts.pop("All together") == pytest.approx(sum(parts.values())) == 32


def test_it_says_the_same_change_as_records(leader: Client, director: Client) -> None:
    for query in ("", "?days=7"):
        told = [re.search(r"In Leicester, [^(]*(more|fewer)", shown(each, PAGE + query)) for each in (director, leader)]
        assert told[0] is not None
        assert told[1] is not None
        assert told[0][0] == told[1][0]
    by_report = shown(leader, f"{PAGE}?by=report")
    assert "no result came" in by_report, "all of them became known today, after the last complete day"


def test_what_was_taken_away_later_takes_from_the_newest() -> None:
    day = datetime(2020, 6, 1, tzinfo=UTC).date()
    cell = {"scope_ltla": "A", "lsoa_code": "a", "day": day, "pillar": "pillar2"}
    changes = [{**cell, "known": day + timedelta(days=n), "n": number} for n, number in ((1, 3), (9, 2), (12, -2))]
    gone = [{**cell, "lsoa_code": "b", "known": day, "n": 1}, {**cell, "lsoa_code": "b", "known": day, "n": -1}]
    assert [(each.small, (each.known - day).days, each.n) for each in why_counts.netted([*changes, *gone])] == [
        ("a", 1, 3)
    ]


def test_smaller_places_are_told_without_ages(leader: Client) -> None:
    for place in (outbreak.SMALL, outbreak.NEIGHBOURHOOD, "E05010458"):
        page = shown(leader, f"/places/{place}/why")
        assert "people tested positive" in page
        assert "Age: known for" not in page
    assert leader.get(f"/places/{outbreak.DISTRICT}/why").status_code == 404


def test_the_reading_of_counts_is_entered_as_counts_and_answered_once(leader: Client) -> None:
    moment = db.freeze().isoformat().replace("+00:00", "Z")
    shown(leader, f"{PAGE}?as_of={moment}")
    sql = (
        "select r.class, r.purpose, n.row_count from access.read_record r join access.read_rows n on n.read_id = r.id"
        " where r.query = 'why it is rising, from counts' order by r.at desc limit 1"
    )
    (entry,) = db.rows("backup", sql)
    assert (entry["class"], entry["purpose"]) == ("L1", "outbreak_control")
    shown(leader, f"{PAGE}?as_of={moment}")
    assert db.rows("backup", sql)[0]["row_count"] == entry["row_count"] > 0


def test_cheat_a_reader_of_counts_is_given_no_record_by_the_database() -> None:
    with (
        pytest.raises(NotAllowed, match="no permission to read L2"),
        scoped_read(places.actor(*LEADER), query="x", filters={}, data_class="L2"),
    ):
        pass


def test_the_same_question_at_the_same_moment_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = db.freeze().isoformat().replace("+00:00", "Z")
    ours, theirs = (outbreak.browser(email, office) for email, office in outbreak.ANALYSTS)
    path = f"/places/{outbreak.NEIGHBOURHOOD}/why?as_of={moment}"
    first, counted = shown(ours, path), rows_counted()
    worked = []
    monkeypatch.setattr(why_reads, "read", lambda *args, **options: worked.append(args))
    second = shown(theirs, path)
    begin, end = "<h1", "Compare other days"
    assert second[second.index(begin) : second.index(end)] == first[first.index(begin) : first.index(end)]
    assert worked == []
    assert rows_counted() == counted > 0, "it counts as read all the same"
    why_explaining.answers.clear()
    with pytest.raises(AttributeError):
        shown(theirs, path)


def rows_counted() -> int:
    """How many rows the newest explanation was entered with."""
    sql = (
        "select n.row_count from access.read_record r join access.read_rows n on n.read_id = r.id"
        " where r.query = 'why it is rising' order by r.at desc limit 1"
    )
    return int(db.value("backup", sql))


def test_the_page_begins_with_its_number_and_leads_on_and_back_in_time(director: Client) -> None:
    page = shown(director, f"/places/{outbreak.SMALL}/why")
    number = page.index('class="cw-number"')
    assert number < page.index("What people know here") < page.index("<figure")
    assert "more people tested positive than in the 14 days before (allowing for chance, " in page
    assert f'href="/places/{outbreak.SMALL}"' in page
    assert "<strong>Not complete:</strong> results of the days compared may still come." in page
    asked = {"at-day": "20", "at-month": "6", "at-year": "2020", "at-time": "18:10"}
    moved = director.get(f"/places/{outbreak.SMALL}/why", asked)
    assert moved.status_code == 302
    assert "as_of=2020-06-20T17" in moved["Location"]


def test_a_setting_stands_where_its_register_says_not_where_its_people_live() -> None:
    row = {
        "setting_id": "workplace:OTT-1", "place_code": "E01013601", "members": [], "level": "setting",
        "scope": [outbreak.CITY], "kind": "setting",
    }  # fmt: skip
    kind = db.one(
        "app", "select kind || ':' || setting_id as id, lsoa_code from places.setting_now where name = 'Otter Foundry'"
    )
    assert kind is not None
    names = signal_reads.names_for([{**row, "setting_id": kind["id"]}])
    assert names.standing == {kind["id"]: kind["lsoa_code"]}
    stands = names.of(names.neighbourhood_of[kind["lsoa_code"]])
    assert words.title({**row, "setting_id": kind["id"]}, names) == f"Outbreak in a workplace: Otter Foundry, {stands}"
    unlisted = {**row, "setting_id": "workplace:Mill Street 4"}
    assert (
        words.title(unlisted, signal_reads.names_for([unlisted])) == "Outbreak in a workplace: Mill Street 4, Leicester"
    )


def test_programs_are_told_that_addresses_were_not_looked_at_and_no_share_that_is_known(director: Client) -> None:
    moment = db.freeze().isoformat().replace("+00:00", "Z")
    answer = director.get(f"/api/v1/places/{outbreak.CITY}/why?as_of={moment}").json()
    assert answer["with_addresses"] is False
    assert "household" not in answer["result"]["completeness"]
    assert "an address is known" not in " ".join(answer["sentences"])
    assert "household" not in {part["name"] for part in answer["result"]["parts"]}
    assert "does not read addresses here" in answer["sentences"][-1]
    assert sum(part["cases"] for part in answer["result"]["parts"]) == pytest.approx(
        answer["result"]["change"]["cases"]
    )


def test_the_command_says_what_the_page_says(director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "open_existing", lambda name: None)
    shown(director)
    moment = db.freeze().isoformat().replace("+00:00", "Z")
    page = html.unescape(shown(director, f"{PAGE}?as_of={moment}"))
    span = re.search(r'name="last"[^>]*value="([0-9-]+)"', page)
    assert span
    last = date.fromisoformat(span[1])
    runs = [f"{last - timedelta(days=far + 13)}..{last - timedelta(days=far)}" for far in (14, 0)]

    def run(office: str, *more: str, email: str = outbreak.DIRECTOR, area: str = outbreak.CITY) -> tuple[int, str]:
        given = ["--as", email, "--office", office, "--area", area, "--then", runs[0], "--now", runs[1], *more]
        answer = CliRunner().invoke(why_command, given)
        if answer.exception and not isinstance(answer.exception, SystemExit):
            return 1, str(answer.exception)
        return answer.exit_code, answer.output

    code, said = run(outbreak.OFFICE, "--as-of", moment)
    assert code == 0
    lines = said.splitlines()
    assert len(lines) > 4
    assert lines[-1].startswith("As known at ")
    for line in lines[:-1]:
        assert line in page, line
    values = json.loads(run(outbreak.OFFICE, "--as-of", moment, "--json")[1])
    assert values["sentences"] == lines[:-1]
    assert values["with_addresses"]
    assert "Mill Lane" not in json.dumps(values)
    email, office = outbreak.ANALYSTS[0]
    assert "does not read addresses here" in run(office, email=email)[1]
    assert "without one you may not see" in run(outbreak.OFFICE, email=email)[1], "not their office"
    assert "There is no place" in run(outbreak.OFFICE, area="E09999999")[1]
    reads = db.rows(
        "backup", "select * from access.read_record where query = 'why it is rising' order by at desc limit 1"
    )
    assert reads, "the reading is entered"
