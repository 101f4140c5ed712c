"""The pages around intake: sums that close, clocks that run on working days, words for codes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.apps.intake.pages import balance, feeds, late, orphans, reasons
from commonweal.apps.intake.pages import outcomes as said
from commonweal.core.intake.balance import Balance
from commonweal.core.pictures import DelayRow
from commonweal.web.pages import Pager

ROOT = Path(__file__).parents[3]
NOW = datetime(2020, 6, 13, 6, 2, tzinfo=UTC)
# A machine that is busy with other tests is slow for reasons that say nothing about these.
UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
COUNT = st.integers(0, 10**6)
TALLIES = st.builds(lambda *parts: Balance(sum(parts), *parts), COUNT, COUNT, COUNT, COUNT, COUNT)


def test_a_tally_is_said_with_every_outcome_that_occurs() -> None:
    assert said.sentence(Balance(12, 7, 2, 1, 1, 1)) == (
        "12 records received: 7 accepted, 2 duplicates, 1 correction of an earlier record, 1 rejected with a reason "
        "and 1 waiting for a place. They add up."
    )
    assert said.sentence(Balance(12, 7)).endswith("They do not add up: 5 records without an outcome.")
    assert said.sentence(Balance()) == "No record was received."


@UNHURRIED
@given(st.lists(st.tuples(st.dates(date(2020, 1, 1), date(2020, 1, 9)), st.sampled_from("abc"), TALLIES), max_size=30))
def test_merging_small_feeds_keeps_every_sum(rows: list[tuple[date, str, Balance]]) -> None:
    given_rows = [balance.BalanceRow(*row) for row in rows]
    found = balance.merged(given_rows, 500_000)
    assert sum((row.tally for row in found), Balance()) == sum((row.tally for row in given_rows), Balance())
    for row in found:
        assert row.tally.received >= 500_000 or row.feed == balance.OTHERS.format(500_000)


def test_a_sheet_that_does_not_close_names_where() -> None:
    rows = [balance.BalanceRow(date(2020, 6, 12), "lighthouse", Balance(10, 9))]
    built = balance.build(rows, NOW, smallest=0)
    assert not built.closes
    assert built.sentence.startswith("The sheet does not add up for lighthouse on Friday 12 June.")
    assert built.table is not None
    assert built.table.table.rows[0][-1] == "no"


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (datetime(2020, 6, 8, 9, 30, tzinfo=UTC), datetime(2020, 6, 10, 9, 30, tzinfo=UTC)),  # Monday -> Wednesday
        (datetime(2020, 6, 12, 9, 30, tzinfo=UTC), datetime(2020, 6, 16, 9, 30, tzinfo=UTC)),  # Friday -> Tuesday
        (datetime(2020, 6, 13, 9, 30, tzinfo=UTC), datetime(2020, 6, 16, 9, 30, tzinfo=UTC)),  # Saturday -> Tuesday
        (
            datetime(2020, 10, 23, 9, 30, tzinfo=UTC),
            datetime(2020, 10, 27, 10, 30, tzinfo=UTC),
        ),  # over the clock change
        (datetime(2020, 4, 9, 9, 0, tzinfo=UTC), datetime(2020, 4, 15, 9, 0, tzinfo=UTC)),  # over Easter
    ],
)
def test_two_working_days(asked: datetime, due: datetime) -> None:
    easter = frozenset({date(2020, 4, 10), date(2020, 4, 13)})
    assert late.due_at(asked, easter) == due


@UNHURRIED
@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
)
def test_two_working_days_agree_with_counting_them(asked: datetime) -> None:
    due = late.due_at(asked, frozenset())
    start, end = late.times.local(asked).date(), late.times.local(due).date()
    days = [start + timedelta(days=step) for step in range(1, (end - start).days + 1)]
    assert sum(day.weekday() < 5 for day in days) == 2
    assert end.weekday() < 5


def question(**changes: object) -> late.Question:
    asked = NOW - timedelta(days=4)
    values = {
        "number": 1,
        "feed": "f",
        "day": date(2020, 6, 8),
        "stage": 2,
        "holder": "h",
        "asked_by": "a",
        "asked_at": asked,
        "due": NOW - timedelta(days=1),
    }
    return late.Question(**{**values, **changes})  # type: ignore[arg-type]


def test_an_unanswered_question_says_so_and_comes_first() -> None:
    answered = question(number=2, answer="A van broke down.", answered_at=NOW)
    rows = (DelayRow("lighthouse", 10, (1, 2, 30, 1), ("c", "l", "National store", "p")),)
    built = late.build("Fernleigh", "week", rows, (), (answered, question()), NOW, may_ask=True)
    assert [one.number for one in built.questions] == [1, 2]
    assert built.said[1] == "unanswered, was due yesterday 7:02am"
    assert built.said[2] == "answered today 7:02am, after its due time"
    assert built.sentence == (
        "Results from lighthouse took 34 hours on average; National store held them longest, 30 hours. 1 reason is overdue."
    )


def test_submission_leads_to_what_can_be_mended() -> None:
    row = feeds.SubmissionRow(7, "lighthouse", "june.csv", "file", NOW, "", Balance(3, 2, rejected=1))
    outcomes = [{"row_number": 3, "outcome": "rejected", "reasons": ["age_years:out_of_range"], "notes": ["odd"]}]
    built = feeds.build_submission(row, outcomes, Pager(""), NOW, may_mend={"rejected", "pending"})
    assert [(link.text, link.href) for link in built.mend] == [
        ("Download 1 row rejected with a reason", "/submissions/7/rejected-rows.csv")
    ]
    assert feeds.build_submission(row, outcomes, Pager(""), NOW).mend == ()
    assert built.rows is not None
    assert built.rows.table.rows == (
        (3, "rejected", "Age years is out of range. Mend it and send the record again. odd"),
    )
    assert [link.text for link in built.filters] == ["All (3)", "Accepted (2)", "Rejected (1)"]


def test_feeds_put_the_silent_ones_first() -> None:
    rows = [
        feeds.FeedRow("b", "B", "open", "", NOW, Balance(5, 5)),
        feeds.FeedRow("a", "A", "paused", "moving house", NOW - timedelta(days=2), Balance(9, 7, rejected=2)),
        feeds.FeedRow("c", "C", "open", "", None, Balance()),
    ]
    built = feeds.build_feeds(rows, NOW)
    assert built.sentence == "1 of 3 feeds sent today. 2 records were rejected in seven days and can be mended."
    assert built.table is not None
    assert [row[0] for row in built.table.table.rows] == ["c", "a", "b"]
    assert built.table.table.rows[1][2] == "paused: moving house"
    assert built.next_step is not None
    assert built.next_step.href == "/feeds/a"


def test_overdue_orphans_are_said() -> None:
    row = orphans.OrphanRow(
        7, 3, "f", "postcode:not_known", NOW - timedelta(days=9), NOW - timedelta(hours=2), "National orphan desk"
    )
    built = orphans.build([row], 1, {"resolved": 4}, Pager(""), NOW)
    assert (
        built.sentence
        == "1 record waits for a place; the first was due today 5:02am and is overdue, with National orphan desk."
    )
    assert built.table is not None
    assert built.table.table.rows[0][2] == "Postcode is not on the list of postcodes."


def test_every_reason_that_intake_gives_has_words() -> None:
    """Codes are written as text in the rules and the SQL; each that ends a `field:code` there has a sentence."""
    folders = (ROOT / "src/commonweal/core/intake", ROOT / "src/commonweal/apps/intake/sql")
    texts = [path.read_text() for folder in folders for path in folder.glob("*.*") if path.suffix in {".py", ".sql"}]
    written = {
        code for text in texts for code in re.findall(r"[\"'](?:\{[a-z_.]+\}|[a-z_]+)(?:_at)?:([a-z_]{4,})[\"']", text)
    }
    internal = {"text", "offset", "written", "difference", "repeated", "skipped"}  # names of columns, not reasons
    assert written - internal - set(reasons.SENTENCES) == set()
    assert len(written - internal) > 15
