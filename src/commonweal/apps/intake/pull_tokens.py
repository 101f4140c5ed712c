"""Tokens with which an office's own systems take results: for a person in an office, for one purpose, for a time."""

from __future__ import annotations

import hashlib
import secrets

from commonweal.apps.access.scope import Actor
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db

LONGEST_DAYS = 365
PERMISSION = "export_records"


def give(actor: Actor, label: str, days: int = 90, *, may_write: bool = False) -> str:
    """A new token for the acting office; shown once, stored as a checksum. Each read is entered for this person.

    may_write: the token also writes what the person may write in this office (notes, hypotheses, judgements).

    Raises `NotAllowed` when the person does not hold the office now or the office may not export, `Refused` for a time
    that is too long.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"A token lasts 1 to {LONGEST_DAYS} days, not {days}.")
    if not label.strip():
        raise Refused("Say with a label which system will use the token.")
    seat = db.one(
        "authn",
        "select o.title, o.permissions, o.purposes from access.current_appointment c"
        " join access.office o on o.id = c.office_id where c.person_id = %s and c.office_id = %s",
        [actor.person_id, actor.office_id],
    )
    if seat is None:
        raise NotAllowed(f"This person does not hold the office {actor.office_id!r} now.")
    if PERMISSION not in seat["permissions"] or actor.purpose not in seat["purposes"]:
        raise NotAllowed(f'The office "{seat["title"]}" may not take records out for the purpose "{actor.purpose}".')
    token = secrets.token_urlsafe(32)
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into intake.pull_token"
            " (token_sha256, person_id, office_id, purpose, label, ends_at, may_write, tick_id)"
            " values (%s, %s, %s, %s, %s, commonweal.now() + make_interval(days => %s), %s, %s)",
            [hashlib.sha256(token.encode()).digest(), actor.person_id, actor.office_id, actor.purpose, label.strip(),
             days, may_write, write.tick],
        )  # fmt: skip
    return token
