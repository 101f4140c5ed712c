"""What every view of the room needs: who acts, what they may, the clock."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from commonweal.apps.access import acting
from commonweal.apps.access.scope import Actor, ScopeMissing
from commonweal.core.access.permissions import Seat, may
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import asking, db


def actor(request: HttpRequest) -> Actor:
    """Who acts, as what, for what."""
    found = acting.actor(request)
    if found is None:
        raise ScopeMissing("Choose the office you act for first.")
    return found


def seat(request: HttpRequest) -> Seat:
    """The office that acts."""
    found = acting.seat(request)
    if found is None:
        raise ScopeMissing("Choose the office you act for first.")
    return found


def require(request: HttpRequest, permission: str, described_as: str) -> None:
    """Raises `NotAllowed` with the sentence when the acting office lacks a permission."""
    answer = may(acting.seat(request), permission, described_as)
    if not answer:
        raise NotAllowed(answer.sentence)


def has(request: HttpRequest, permission: str) -> bool:
    """Whether the acting office has a permission."""
    return bool(may(acting.seat(request), permission, ""))


def now() -> datetime:
    """The space's clock."""
    found = db.value("app", "select commonweal.now()")
    if not isinstance(found, datetime):
        raise TypeError(f"The database's clock gave {found!r} instead of a timestamp.")
    return found


def as_of(request: HttpRequest) -> tuple[datetime, bool]:
    """The moment a page shows (frozen, so that it stays the same for ever), and whether it was asked for."""
    frozen = db.freeze()
    wanted = asking.moment(request)
    if wanted is None:
        return frozen, False
    if wanted > frozen:
        raise Refused(f"{wanted.isoformat()} has not happened yet; the newest moment is {frozen.isoformat()}.")
    return wanted, True
