"""What addresses ask for, always read the same way: moments, days, numbers. A wrong one is refused by example."""

from __future__ import annotations

from datetime import date, datetime, time

from django.http import HttpRequest, QueryDict

from commonweal.core.errors import Refused
from commonweal.web import times

PARTS = ("at-day", "at-month", "at-year")


def moment(request: HttpRequest, name: str = "as_of") -> datetime | None:
    """The instant in an address (ISO 8601 with a zone), or None."""
    given = request.GET.get(name, "").strip()
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(f"{given[:60]!r} is no moment; write it like 2020-06-29T00:04:00Z, with its zone.")
    return found


def typed_moment(request: HttpRequest) -> datetime | None:
    """The London moment typed into the as-of form (day, month, year, a time like 18:10), or None when it is empty."""
    typed = [request.GET.get(part, "").strip() for part in PARTS]
    clock = request.GET.get("at-time", "").strip()
    if not any(typed) and not clock:
        return None
    said = f"{' '.join(typed)} {clock}".strip()
    try:
        day, month, year = (int(part) for part in typed)
        hour, _, minute = (clock or "23:59").replace(".", ":").partition(":")
        chosen = datetime.combine(date(year, month, day), time(int(hour), int(minute or 0)))
    except ValueError:
        raise Refused(
            f"There is no moment {said!r}; write day, month, year and a time, like 29 6 2020 18:10."
        ) from None
    return chosen.replace(tzinfo=times.LONDON)


def day(request: HttpRequest, name: str) -> date | None:
    """A day in an address (2020-06-29), or None."""
    given = request.GET.get(name, "").strip()
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Refused(f"{given[:60]!r} is no day; write it like 2020-06-29.") from None


def number(request: HttpRequest, name: str, otherwise: int = 0) -> int:
    """A whole number that is not negative in an address."""
    given = request.GET.get(name, "").strip()
    if not given:
        return otherwise
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Refused(f"{given[:60]!r} is no number for {name!r}; leave it out to begin at the start.")
    return int(given)


def with_changed(request: HttpRequest, **changes: str | int | None) -> str:
    """The address's query with some values changed (None takes one out), beginning with '?'."""
    query: QueryDict = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else request.path
