"""Times as readers see them: instants are UTC inside, Europe/London on every page."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from commonweal.core import wording

LONDON = ZoneInfo("Europe/London")


def local(instant: datetime) -> datetime:
    """The instant on a London clock. Raises ValueError for a time without a zone: nothing says when it was."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone, so it cannot be shown as a London time; pass an aware datetime.")
    return instant.astimezone(LONDON)


def moment(instant: datetime) -> str:
    """'1:04am on Monday 29 June 2020'."""
    return wording.moment(local(instant))


def clock(instant: datetime) -> str:
    """'1:04am'."""
    return wording.clock(local(instant))


def exact(instant: datetime) -> str:
    """'1:04:59am on Monday 29 June 2020': for an as-of, where the second matters."""
    here = local(instant)
    half = "am" if here.hour < 12 else "pm"
    return f"{here.hour % 12 or 12}:{here.minute:02d}:{here.second:02d}{half} on {wording.day_and_year(here.date())}"


def when(instant: datetime, now: datetime) -> str:
    """'today 1:04am', 'yesterday 6:10pm', else 'Friday 12 June 6:10pm' (with the year when it is another one)."""
    here, today = local(instant), local(now).date()
    if here.date() == today:
        day = "today"
    elif here.date() == today - timedelta(days=1):
        day = "yesterday"
    elif here.year == today.year:
        day = wording.day(here.date())
    else:
        day = wording.day_and_year(here.date())
    return f"{day} {wording.clock(here)}"


def link_form(instant: datetime) -> str:
    """The instant as it stands in an address: UTC, to the microsecond, so that the link stays the same for ever."""
    return instant.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
