"""Which office acts. The session keeps ids only; what they give is looked up for every request."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from commonweal.apps.access import queries
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin.models import User
from commonweal.core.access.permissions import Answer, Seat, may_act_for
from commonweal.core.errors import NotAllowed

OFFICE, PURPOSE = "acting_office", "acting_purpose"


def attach(request: HttpRequest, *, as_nobody: bool = False) -> None:
    """Set `seats`, `seat` and `actor` on the request; empty `as_nobody` (signed in, the second factor not passed)."""
    user = request.user
    held = queries.seats_of(user.person_id) if isinstance(user, User) and not as_nobody else ()
    seat, purpose = _chosen(request, held)
    request.seats = held  # type: ignore[attr-defined]
    request.seat = seat  # type: ignore[attr-defined]
    request.actor = Actor(UUID(seat.person_id), seat.office_id, purpose) if seat and purpose else None  # type: ignore[attr-defined]


def seats(request: HttpRequest) -> tuple[Seat, ...]:
    """The offices the signed-in person holds now."""
    return getattr(request, "seats", ())


def seat(request: HttpRequest) -> Seat | None:
    """The office that acts, or None."""
    return getattr(request, "seat", None)


def actor(request: HttpRequest) -> Actor | None:
    """Who acts, as what, for what: what `scoped_read` asks for."""
    return getattr(request, "actor", None)


def acting_label(request: HttpRequest) -> str:
    """For the head of every page: "Director of Public Health, Leicester"; empty when nobody acts."""
    acting = seat(request)
    return acting.label if acting else ""


def choose(request: HttpRequest, office_id: str, purpose: str, purposes: frozenset[str]) -> None:
    """Act as an office for a purpose from now on. Raises `NotAllowed` when the person does not hold it, or it has not
    that purpose."""
    wanted = next((held for held in seats(request) if held.office_id == office_id), None)
    answer = may_act_for(wanted, purpose, purposes)
    if wanted is None:
        answer = Answer(False, "not_held", f"You do not hold the office {office_id!r} today.")
    if not answer:
        raise NotAllowed(answer.sentence)
    request.session[OFFICE], request.session[PURPOSE] = office_id, purpose
    attach(request)


def _chosen(request: HttpRequest, held: tuple[Seat, ...]) -> tuple[Seat | None, str | None]:
    office_id, purpose = request.session.get(OFFICE), request.session.get(PURPOSE)
    for one in held:
        if one.office_id == office_id and purpose in one.purposes:
            return one, purpose
    # Whoever chose an office they no longer hold chooses again: nobody acts as another one without knowing.
    if office_id is None and len(held) == 1 and len(held[0].purposes) == 1:
        return held[0], held[0].purposes[0]
    return None, None
