"""What demonstrations say of themselves: mornings that were swept are mornings on which something was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from commonweal.site.demo.story import HISTORY_STEPS, SWEPT_DAYS_BEFORE, Leicester2020

DAY = timedelta(days=1)


def test_swept_mornings_lie_among_those_of_the_history_and_two_hours_are_left_to_answer() -> None:
    days = {Leicester2020.daily_from + k * DAY for k in range(1, (Leicester2020.opens - Leicester2020.daily_from).days)}
    assert Leicester2020.swept <= days
    assert min(Leicester2020.swept) <= datetime(2020, 6, 5, 6, tzinfo=UTC), "June is seen from its beginning"
    assert all(0 < day < HISTORY_STEPS for day in SWEPT_DAYS_BEFORE)
