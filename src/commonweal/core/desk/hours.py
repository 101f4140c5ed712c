"""Waking hours and weeks on a local clock, worked out as instants: a change of the clocks moves no deadline.

Every instant is an aware datetime; the zone is given by the caller.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from commonweal.core.errors import Refused

SATURDAY = 5


@dataclass(frozen=True)
class Waking:
    """The local hours in which a telephone may ring for what is not urgent: from `start` until just before `stop`."""

    start: time
    stop: time
    zone: tzinfo

    def __post_init__(self) -> None:
        if self.start >= self.stop:
            raise Refused(
                f"Waking hours end ({self.stop}) before they begin ({self.start}); give the earlier one first."
            )

    def holds(self, instant: datetime) -> bool:
        """Whether the instant lies in them."""
        return self.start <= instant.astimezone(self.zone).time() < self.stop

    def at_or_after(self, instant: datetime) -> datetime:
        """The instant itself when it lies in them, else their next beginning (UTC)."""
        here = instant.astimezone(self.zone)
        if self.holds(instant):
            return instant.astimezone(UTC)
        day = here.date() if here.time() < self.start else here.date() + timedelta(days=1)
        return datetime.combine(day, self.start, self.zone).astimezone(UTC)

    def later(self, instant: datetime, minutes: float) -> datetime:
        """The instant at which so many waking minutes have passed since `instant` (UTC)."""
        now = self.at_or_after(instant)
        left = timedelta(minutes=minutes)
        while True:
            evening = datetime.combine(now.astimezone(self.zone).date(), self.stop, self.zone).astimezone(UTC)
            if now + left < evening or not left:
                return now + left
            left -= evening - now
            now = self.at_or_after(evening)


def after_working_days(instant: datetime, days: int, holidays: Collection[date], zone: tzinfo) -> datetime:
    """The same local time so many working days later: Saturdays, Sundays and the given holidays do not count."""
    here = instant.astimezone(zone)
    left = days
    while left:
        here += timedelta(days=1)
        if here.weekday() < SATURDAY and here.date() not in holidays:
            left -= 1
    return here.replace(fold=0)


def week_of(day: date, changeover: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """The duty week that holds a day: from its Monday at `changeover` (local) until the next one's (UTC instants).

    A week in which the clocks change has 167 or 169 hours and leaves no gap to the next.
    """
    monday = day - timedelta(days=day.weekday())
    start, stop = (datetime.combine(monday + timedelta(days=7 * n), changeover, zone) for n in (0, 1))
    return start.astimezone(UTC), stop.astimezone(UTC)
