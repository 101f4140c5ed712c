"""What stands around every page for the person who opens it: the acting office, the pages it may open, the account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from commonweal.apps.access import acting
from commonweal.core.access.permissions import Seat
from commonweal.web import shell
from commonweal.web.pages import Acting, Link, Shell


@dataclass(frozen=True)
class Entry:
    """A page in the navigation; shown to offices that have one of the permissions (to all when there are none)."""

    text: str
    name: str
    permissions: frozenset[str] = frozenset()
    place: int = 50


_entries: list[Entry] = []
Around = Callable[[HttpRequest, Shell], Shell]
_around: list[Around] = []


def register(text: str, name: str, *permissions: str, place: int = 50) -> None:
    """A room calls this at start-up for a page that belongs in the navigation; `name` is a URL name without parts.

    Pages stand in the order of `place`, 10 for what people open first.
    """
    entry = Entry(text, name, frozenset(permissions), place)
    if entry not in _entries:
        _entries.append(entry)
        _entries.sort(key=lambda each: each.place)


def register_around(addition: Around) -> None:
    """A room calls this at start-up to add to what stands around every page, also before anybody has signed in."""
    if addition not in _around:
        _around.append(addition)


def attach(request: HttpRequest) -> None:
    """Set `request.shell` from what `acting.attach` found."""
    user = request.user
    made = _of_person(request) if user.is_authenticated else Shell(stripe=shell.stripe())
    for addition in _around:
        made = addition(request, made)
    request.shell = made  # type: ignore[attr-defined]


def entries_for(seat: Seat) -> list[tuple[str, str]]:
    """(name, address) of every page of the navigation that an office opens."""
    return [(entry.text, reverse(entry.name)) for entry in _entries if _opens(entry, seat)]


def _of_person(request: HttpRequest) -> Shell:
    seat = acting.seat(request)
    choices = sum(len(held.purposes) for held in acting.seats(request))
    return Shell(
        acting=Acting(acting.acting_label(request), reverse("access:acting") if choices > 1 else "") if seat else None,
        stripe=shell.stripe(),
        nav=tuple(_link(request, entry) for entry in _entries if seat and _opens(entry, seat)),
        account=(Link("Your account", reverse("access:account")), Link("Sign out", reverse("account_logout"))),
    )


def titles() -> dict[str, str]:
    """What every page of the navigation is called, by its address."""
    return {reverse(entry.name): entry.text for entry in _entries}


def _opens(entry: Entry, seat: Seat) -> bool:
    return not entry.permissions or bool(entry.permissions & seat.permissions)


def _link(request: HttpRequest, entry: Entry) -> Link:
    address = reverse(entry.name)
    return Link(entry.text, address, current=request.path.startswith(address) and address != "/")
