"""The two windows of a comparison: equally long runs of whole days, the later one after the earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.signals.why_data import AFTER, BEFORE, EARLIER

LENGTHS = (7, 14, 21, 28)
FIRST_DAY = date(1900, 1, 1)  # before every record: days that calendars have and nobody means


@dataclass(frozen=True)
class Windows:
    """`days` days that end with `last`, against as many that end with `against`. Both ends count."""

    last: date
    days: int
    against: date

    @property
    def first(self) -> date:
        """First day of the later window."""
        return self.last - timedelta(days=self.days - 1)

    @property
    def against_first(self) -> date:
        """First day of the window before."""
        return self.against - timedelta(days=self.days - 1)

    @property
    def earliest(self) -> date:
        """First day of the cases that are read only to know who lives with whom: as many days again."""
        return self.against_first - timedelta(days=self.days)

    def window_of(self, day: date) -> int | None:
        """EARLIER, BEFORE or AFTER; None for a day in none of them."""
        if self.first <= day <= self.last:
            return AFTER
        if self.against_first <= day <= self.against:
            return BEFORE
        return EARLIER if self.earliest <= day < self.against_first else None

    def said(self) -> tuple[str, str]:
        """Both windows in words, the earlier one first: 'from Monday 1 June to Sunday 14 June 2020'."""
        return (
            f"from {wording.day(self.against_first)} to {wording.day_and_year(self.against)}",
            f"from {wording.day(self.first)} to {wording.day_and_year(self.last)}",
        )


def windows(last: date, days: int, against: date | None, newest: date) -> Windows:
    """The windows asked for; without `against` the one just before.

    newest: the last day that may be asked about. Raises `Refused` for a length that is none of LENGTHS, windows that
    overlap or stand the wrong way round, days to come and days long before all records.
    """
    if days not in LENGTHS:
        raise Refused(f"{days} days are no window here; choose {wording.joined([str(each) for each in LENGTHS])} days.")
    if last > newest:
        raise Refused(f"{wording.day_and_year(last)} is after the newest day, {wording.day_and_year(newest)}.")
    early = next((day for day in (last, against) if day is not None and day < FIRST_DAY), None)
    if early is not None:
        raise Refused(f"{early} lies before every record; no window ends before {FIRST_DAY.year}.")
    before = against if against is not None else last - timedelta(days=days)
    if before > last:
        raise Refused(
            f"The days to compare with end on {wording.day_and_year(before)}, after the {days} days to "
            f"{wording.day_and_year(last)}. Exchange the two, or choose an earlier day to compare with."
        )
    if before > last - timedelta(days=days):
        raise Refused(
            f"A window of {days} days to {wording.day_and_year(before)} overlaps the one to "
            f"{wording.day_and_year(last)}. Choose an earlier day to compare with."
        )
    return Windows(last, days, before)


def compared(then: tuple[date, date], now: tuple[date, date], newest: date) -> Windows:
    """The windows from first to last day, both ends counted. Raises `Refused` as `windows` does, and for a window that
    ends before it begins or is as long as the other one is not."""
    for first, last in (then, now):
        if first > last:
            raise Refused(f"The days end ({last}) before they begin ({first}). Give the earlier one first.")
    lengths = [(last - first).days + 1 for first, last in (then, now)]
    if lengths[0] != lengths[1]:
        raise Refused(
            f"The windows have {lengths[0]} and {lengths[1]} days. Only windows of one length can be compared: "
            f"{', '.join(str(each) for each in LENGTHS[:-1])} or {LENGTHS[-1]} days each."
        )
    return windows(now[1], lengths[1], then[1], newest)
