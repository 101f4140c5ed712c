"""What the desk adds around every page: 'For you: 2', leading to what waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from commonweal.apps.access import acting
from commonweal.apps.desk import waiting
from commonweal.apps.desk.waiting import Who
from commonweal.web import db
from commonweal.web.pages import Shell, Waiting


def who(request: HttpRequest) -> Who:
    """The person with every office they hold now: what waits for one of them waits for the person."""
    seats = acting.seats(request)
    person = UUID(seats[0].person_id) if seats else None
    return Who(tuple(seat.office_id for seat in seats), person, now())


def now() -> datetime:
    """The space's clock."""
    found = db.value("app", "select commonweal.now()")
    if not isinstance(found, datetime):
        raise TypeError(f"The database's clock gave {found!r} instead of a timestamp.")
    return found


def add(request: HttpRequest, shell: Shell) -> Shell:
    """The shell with what waits counted in."""
    if not acting.seats(request):
        return shell
    count = len(waiting.for_offices(who(request)))
    return replace(
        shell,
        waiting=Waiting(count, reverse("desk:today") + "#waiting"),
        search=reverse("desk:search"),
        search_words=request.GET.get("q", "")[:100] if request.path == reverse("desk:search") else "",
    )
