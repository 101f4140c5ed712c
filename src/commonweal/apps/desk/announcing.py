"""A notice written by hand: words that every office of the place can read, and offices told to acknowledge them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import Error

from commonweal.apps.access import actions as access
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import talk, telling
from commonweal.core.errors import Refused
from commonweal.web import db

TELL_OFFICES = "tell_offices"
KIND = "desk.announced"
FOR_INFORMATION = 3


def announce(
    actor: Actor,
    places: Sequence[str],
    subject: str,
    words: str,
    offices: Sequence[str],
    severity: int,
    acknowledge_by: datetime | None,
) -> UUID:
    """Say words about places and tell offices of them, local and national together; returns the notice's id.

    The words stand in the talk of the places, so that no office of a place is left out of what others were told about
    it. Raises `NotAllowed` without the permission `tell_offices` or about places of others, `Refused` when an office
    would not see the words, when none of a place's own offices is told, or for a clock that has run out.
    """
    access.require_permission(actor.office_id, actor.person_id, TELL_OFFICES)
    if not offices:
        raise Refused("Choose at least one office to tell.")
    talk.check(words)
    if acknowledge_by is not None and acknowledge_by <= db.value("app", "select commonweal.now()"):
        raise Refused("The time by which to acknowledge has passed already; give a later one.")
    try:
        with db.recorded("app") as write:
            number = talk.enter(write, actor, talk.Said("/talk", places, f"{subject.strip()}: {words.strip()}"))
            return telling.tell(
                write, offices, subject, f"/talk/{number}", severity,
                None if severity == FOR_INFORMATION else acknowledge_by, kind=KIND, places=places, by=actor,
            )  # fmt: skip
    except Error as error:
        raise telling.as_refused(error) from error
