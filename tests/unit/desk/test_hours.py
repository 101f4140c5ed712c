"""Waking hours, working days and duty weeks, also on days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.desk.hours import Waking, after_working_days, week_of
from commonweal.core.errors import Refused

LONDON = ZoneInfo("Europe/London")
WAKING = Waking(time(7), time(22), LONDON)
# a week around each change of the clocks in 2026, and around Christmas
INSTANTS = st.builds(
    lambda start, minutes: start + timedelta(minutes=minutes),
    st.sampled_from([datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 26), (10, 22), (12, 22))]),
    st.integers(0, 7 * 24 * 60),
)


def slowly_later(instant: datetime, minutes: int) -> datetime:
    """Count minute by minute those that lie in waking hours."""
    now = instant
    while not WAKING.holds(now):
        now += timedelta(minutes=1)
    while minutes:
        now += timedelta(minutes=1)
        while not WAKING.holds(now):
            now += timedelta(minutes=1)
        minutes -= 1
    return now


@given(INSTANTS, st.integers(0, 2000))
def test_waking_minutes_are_those_counted_one_by_one(instant: datetime, minutes: int) -> None:
    assert WAKING.later(instant, minutes) == slowly_later(instant, minutes)


@given(INSTANTS)
def test_the_next_waking_instant_is_never_before_and_always_awake(instant: datetime) -> None:
    found = WAKING.at_or_after(instant)
    assert found >= instant
    assert WAKING.holds(found)
    assert found - instant < timedelta(hours=11)


def test_hours_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(Refused, match="end .* before they begin"):
        Waking(time(22), time(7), LONDON)


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_duty_weeks_leave_no_gap_and_hold_their_day(day: date) -> None:
    start, stop = week_of(day, time(9), LONDON)
    assert week_of(day + timedelta(days=7), time(9), LONDON)[0] == stop
    assert start.astimezone(LONDON).time() == stop.astimezone(LONDON).time() == time(9)
    assert start.astimezone(LONDON).weekday() == 0
    noon = datetime.combine(day, time(12), LONDON)
    assert start <= noon < stop or day.weekday() == 0


def test_weeks_in_which_the_clocks_change_are_an_hour_shorter_and_longer() -> None:
    lengths = [
        (b - a) / timedelta(hours=1)
        for a, b in (week_of(d, time(9), LONDON) for d in (date(2026, 3, 25), date(2026, 10, 21)))
    ]
    assert lengths == [167, 169]


def test_two_working_days_skip_weekends_and_holidays() -> None:
    christmas_eve = datetime(2026, 12, 24, 15, tzinfo=UTC)  # a Thursday; 25 and 28 December are holidays
    due = after_working_days(christmas_eve, 2, {date(2026, 12, 25), date(2026, 12, 28)}, LONDON)
    assert due == datetime(2026, 12, 30, 15, tzinfo=LONDON)
