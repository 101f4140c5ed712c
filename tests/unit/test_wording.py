"""How dates, times and numbers are said."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from commonweal.core import wording


def test_days() -> None:
    assert wording.day(date(2020, 6, 12)) == "Friday 12 June"
    assert wording.day_and_year(date(2020, 6, 29)) == "Monday 29 June 2020"
    assert wording.short_day(date(2020, 9, 1)) == "1 Sep"


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [
        (1, 4, "1:04am"),
        (0, 0, "midnight"),
        (0, 5, "12:05am"),
        (12, 0, "12 noon"),
        (12, 30, "12:30pm"),
        (18, 10, "6:10pm"),
        (9, 0, "9am"),
    ],
)
def test_times(hour: int, minute: int, said: str) -> None:
    assert wording.clock(datetime(2020, 6, 29, hour, minute)) == said  # noqa: DTZ001 (a time of day has no zone)


def test_numbers() -> None:
    assert wording.thousands(15841) == "15,841"
    assert wording.thousands(-3) == "\N{MINUS SIGN}3"
    assert wording.thousands(-0.04, 1) == "0.0"
    assert [wording.rate(value) for value in (None, 9.96, 97.44, 99.96, 1234.5)] == [
        "not known",
        "10.0",
        "97.4",
        "100",
        "1,234",
    ]
    assert wording.share_of(49, 1000) == "4.9% (49 of 1,000)"
    assert wording.share_of(0, 0) == "0 of 0"
    assert wording.counted(1, "person", "people") == "1 person"
    assert wording.counted(1204, "person", "people") == "1,204 people"


def test_lists_and_lengths_of_time() -> None:
    assert [wording.joined(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [wording.hours(value) for value in (None, 0.5, 1, 31, 72, 84)] == [
        "not known", "30 minutes", "1 hour", "31 hours", "3 days", "3.5 days",
    ]  # fmt: skip
