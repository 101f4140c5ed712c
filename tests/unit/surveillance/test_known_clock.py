"""By when what somebody told us is answered: one working day, over weekends, public holidays and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.desk import configuration
from commonweal.apps.surveillance import known
from commonweal.web import times


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ("2020-06-16T14:00", "2020-06-17T14:00"),
        ("2020-06-19T16:30", "2020-06-22T16:30"),  # Friday to Monday
        ("2020-06-20T10:00", "2020-06-22T10:00"),  # on a Saturday
        ("2020-04-09T15:00", "2020-04-14T15:00"),  # before Good Friday to after Easter Monday
        ("2020-12-24T09:00", "2020-12-29T09:00"),  # Christmas on a Friday, Boxing Day moved to Monday
        ("2020-12-31T23:59", "2021-01-04T23:59"),
        ("2020-10-23T08:00", "2020-10-26T08:00"),  # the clocks went back on Sunday
        ("2020-03-27T08:00", "2020-03-30T08:00"),  # and forward
        ("2027-12-24T09:00", "2027-12-29T09:00"),  # Boxing Day's substitute, the last of the calendar
        ("2031-08-22T09:00", "2031-08-25T09:00"),  # after the calendar: nobody is turned away
    ],
)
def test_an_answer_is_due_after_one_working_day(told: str, due: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if told.startswith("2027"):
        monkeypatch.setattr(configuration, "holidays", lambda until: CALENDAR)
    said, by = (datetime.fromisoformat(each).replace(tzinfo=times.LONDON) for each in (told, due))
    assert known.due_at(said.astimezone(UTC)) == by


CALENDAR = configuration.holidays(datetime(2027, 12, 31, tzinfo=UTC).date())


@given(st.datetimes(datetime(2019, 1, 1), datetime(2027, 12, 10)))  # noqa: DTZ001 - the zone is given below
def test_the_day_that_an_answer_is_due_is_a_working_day_and_soon(moment: datetime) -> None:
    told = moment.replace(tzinfo=UTC)
    due = known.due_at(told)
    day = times.local(due).date()
    assert told < due <= told + timedelta(days=6)
    assert day.weekday() < 5
    assert day not in CALENDAR
