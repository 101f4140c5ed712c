"""The reads of pages against records that were really taken in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.intake import area, delay_reasons, page_reads
from commonweal.apps.intake.delay_reasons import Asked
from commonweal.apps.intake.pages import from_rows, late
from commonweal.apps.places.actions import load_files
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db
from tests.integration.access import build
from tests.integration.places.build import saved
from tests.unit.places.build import csv_bytes

from .world import as_csv, known_at, record, send

CITY, COUNTY = "E06000016", "E07000135"


@pytest.fixture(scope="module")
def offices(tokens: dict[str, str]) -> dict[str, Actor]:
    """A city, its county neighbour and a laboratory office; one agreement for the city."""
    found = {
        "city": build.office("city", [CITY], "unitary_authority"),
        "nation": build.office("nation", [CITY, COUNTY]),
    }
    agreement = build.agreement(CITY, ["city", "nation"])
    for organisation in ("city", "nation"):
        build.accept(agreement, found[organisation])
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.office values ('lab-office', 'lab', 'Head of the laboratory', '{}', %s, %s)",
            [[build.PURPOSE], write.tick],
        )
    found["lab"] = build.appoint("lab-office", "Head of lab")
    return found


@pytest.fixture(scope="module")
def sent(offices: dict[str, Actor]) -> datetime:
    """Three submissions: late ones with times, one elsewhere, one with a mistake and one without a place."""
    late_times = {"lab_received_at": "2020-06-26T20:05:00Z", "reported_at": "2020-06-27T09:05:00Z"}
    base = {
        "specimen_date": "2020-06-26T14:05:00Z",
        "setting_type": "care_home",
        "setting_id": "elm-house",
        **late_times,
    }
    send(
        as_csv(
            record(record_id="L1", person_id="P1", result="positive", **base),
            record(record_id="L2", person_id="P2", **base),
        )
    )
    send(as_csv(record(record_id="L3", person_id="P3", result="positive", postcode="LE18 1AA")), feed="lab-two")
    send(as_csv(record(record_id="L4", age_years="x"), record(record_id="L5", postcode="LE9 9ZZ")), feed="lab-two")
    return known_at()


@pytest.fixture
def city(offices: dict[str, Actor], sent: datetime) -> Iterator[page_reads.Scope]:
    with scoped_read(offices["city"], query="my area", data_class="L2") as scope:
        yield scope


def test_latest_arrivals_are_those_of_the_scope(city: page_reads.Scope, sent: datetime) -> None:
    rows = page_reads.latest_arrivals(city, sent)
    assert [(row["positive"], row["negative"], row["void"], row["places"]) for row in rows] == [(1, 1, 0, 1)]
    assert page_reads.latest_arrivals(city, sent - timedelta(hours=1)) == []


def test_freshness_names_every_open_feed(sent: datetime) -> None:
    rows = dict(page_reads.feed_freshness(sent))
    assert set(rows) == {"lab-one", "lab-two"}
    assert all(newest is not None and newest <= sent for newest in rows.values())
    assert dict(page_reads.feed_freshness(datetime(2020, 1, 1, tzinfo=UTC))) == {"lab-one": None, "lab-two": None}


def test_new_care_homes_are_new_once(city: page_reads.Scope, sent: datetime) -> None:
    quiet = date(2020, 6, 1)
    assert page_reads.new_care_homes(city, sent - timedelta(hours=1), sent, quiet) == ("elm-house",)
    assert page_reads.new_care_homes(city, sent, sent, quiet) == ()


def test_a_care_home_has_the_name_of_its_register(city: page_reads.Scope, sent: datetime, tmp_path: Path) -> None:
    header = ["setting_id", "kind", "name", "postcode"]
    load_files([saved(tmp_path, "homes.csv", csv_bytes(header, [["elm-house", "care home", "Elm House", "LE1 1AA"]]))])
    assert page_reads.new_care_homes(city, sent - timedelta(hours=1), sent, date(2020, 6, 1)) == ("Elm House",)


def test_last_looked_leaves_the_present_sitting_out(offices: dict[str, Actor], city: page_reads.Scope) -> None:
    assert page_reads.last_looked(city, offices["city"].person_id, "my area") is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_reads, "ANOTHER_LOOK", timedelta(0))
        assert page_reads.last_looked(city, offices["city"].person_id, "my area") is not None
        assert page_reads.last_looked(city, offices["nation"].person_id, "my area") is None


def test_feeds_and_submissions_add_up(sent: datetime) -> None:
    rows = {row["name"]: from_rows.feed_row(row) for row in page_reads.feeds()}
    assert rows["lab-two"].week.as_dict() == {
        "received": 3,
        "accepted": 1,
        "duplicate": 0,
        "superseded": 0,
        "rejected": 1,
        "pending": 1,
    }
    assert all(row.week.closes for row in rows.values())
    found = [from_rows.submission_row(row) for row in page_reads.submissions(feed="lab-two")]
    assert [row.tally.received for row in found] == [2, 1]
    assert page_reads.submissions(feed="lab-two", before=found[0].number)[0]["id"] == found[1].number
    outcomes = page_reads.outcomes(found[0].number)
    assert [(row["outcome"], row["reasons"]) for row in outcomes] == [
        ("rejected", ["age_years:not_a_number"]),
        ("pending", ["postcode:not_known"]),
    ]
    assert page_reads.outcomes(found[0].number, outcome="pending") == outcomes[1:]
    assert page_reads.outcomes(found[0].number, after=1) == outcomes[1:]


def test_records_without_a_place_wait_with_an_owner(sent: datetime) -> None:
    (row,) = [from_rows.orphan_row(row) for row in page_reads.orphans_waiting()]
    assert (row.owner, row.reason, row.row_number) == ("The laboratory", "postcode:not_known", 2)
    assert row.due > row.since


def test_delays_are_means_of_stated_times(city: page_reads.Scope, sent: datetime) -> None:
    (row,) = page_reads.delays(
        city, sent - timedelta(days=1), sent + timedelta(days=1), db.value("backup", "select commonweal.now()")
    )
    assert (row["feed"], row["results"]) == ("lab-one", 2)
    assert row["to_laboratory"] == pytest.approx(6)
    assert row["to_sender"] == pytest.approx(13)
    hours = (sent - datetime(2020, 6, 27, 9, 5, tzinfo=UTC)).total_seconds() / 3600
    assert row["to_platform"] == pytest.approx(hours, abs=0.1)
    assert 0 <= row["to_opened"] < 0.2, "the scope that reads it now is entered before its rows leave"
    feeds, days = from_rows.delay_rows([row], "Leicester")
    assert feeds[0].longest() == 2
    assert days[0][1].holders[2] == "The laboratory"


def asked(**changes: object) -> Asked:
    values = {
        "feed": "lab-one",
        "day": date(2020, 6, 27),
        "stage": 2,
        "mean_hours": 31.0,
        "holder_id": "lab",
        "place_codes": [CITY],
    }
    return Asked(**{**values, **changes})  # type: ignore[arg-type]


def test_a_reason_is_asked_answered_once_and_shown(offices: dict[str, Actor], sent: datetime) -> None:
    due = late.due_at(db.value("app", "select commonweal.now()"), frozenset())
    number = delay_reasons.ask(offices["city"], asked(), due)
    with pytest.raises(Refused, match=f"question {number}"):
        delay_reasons.ask(offices["nation"], asked(), due)
    with pytest.raises(NotAllowed, match="only an office of lab can give this reason"):
        delay_reasons.answer(offices["city"], number, "It was not us.")
    with pytest.raises(Refused, match="empty"):
        delay_reasons.answer(offices["lab"], number, "  ")
    day = asked().day
    (open_one,) = [from_rows.question(row) for row in page_reads.questions([CITY], "city", day, day)]
    assert open_one.state(open_one.due + timedelta(minutes=1)).startswith("unanswered, was due ")
    delay_reasons.answer(offices["lab"], number, " One file a night; from Monday every hour. ")
    with pytest.raises(Refused, match="given already"):
        delay_reasons.answer(offices["lab"], number, "Another one.")
    (shown,) = [from_rows.question(row) for row in page_reads.questions([], "lab", day, day)]
    assert (shown.answer, shown.answered_by) == ("One file a night; from Monday every hour.", "Head of the laboratory")
    assert page_reads.questions([COUNTY], "nation", day, day) == []


def test_a_clock_below_its_minimum_and_an_unknown_question_are_refused(offices: dict[str, Actor]) -> None:
    soon = db.value("app", "select commonweal.now()") + timedelta(hours=3)
    with pytest.raises(Exception, match="delay_question_check"):
        delay_reasons.ask(offices["city"], asked(stage=1), soon)
    with pytest.raises(NotThere, match="no question 999"):
        delay_reasons.answer(offices["lab"], 999, "A reason.")


def test_nobody_asks_for_an_office_they_do_not_hold(offices: dict[str, Actor]) -> None:
    impostor = Actor(offices["lab"].person_id, offices["city"].office_id, build.PURPOSE)
    due = late.due_at(db.value("app", "select commonweal.now()"), frozenset())
    with pytest.raises(NotAllowed, match="does not hold office city-office now"):
        delay_reasons.ask(impostor, asked(stage=0), due)


def test_changes_read_tick_by_tick_or_in_one_go_are_the_same(offices: dict[str, Actor], sent: datetime) -> None:
    """Before, at and after a snapshot, for a place and for several: each row of each count."""
    base = db.value("app", "select counts.make_snapshot(1)")
    send(as_csv(*(record(record_id=f"W{n}", person_id=f"W{n}", result="positive") for n in range(3))))
    counts = (area.daily_counts, area.age_counts, area.authority_counts)
    for who in ("city", "nation"):
        found = {}
        for few in (10**6, -1):
            with (
                pytest.MonkeyPatch.context() as patch,
                scoped_read(offices[who], query="my area", data_class="L1") as scope,
            ):
                patch.setattr(area, "FEW_TICKS", few)
                windows = [
                    area.Window(scope.codes, date(2020, 1, 1), date(2030, 1, 1), as_of)
                    for as_of in (sent - timedelta(hours=1), sent, base, known_at())
                ]
                found[few] = [count(scope, window) for window in windows for count in counts]
        assert found[10**6] == found[-1]
        assert all(found[-1][-3:]), "the newest instant has rows of each"
        assert sum(row["n"] for row in found[-1][-3] if row["result"] == "case") == 4
