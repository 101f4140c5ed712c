"""Telling offices, opening and acknowledging: all writes of notices. `tell` is the one way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DataError, Error

from commonweal.apps.access.scope import Actor, refusal
from commonweal.apps.places.queries import names as names_of
from commonweal.core.errors import Refused
from commonweal.web import db

LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Acknowledged:
    """Who acknowledged first; `mine` when it was this call."""

    mine: bool
    person_id: UUID
    as_office: str
    capacity: str
    at: datetime


def tell(
    write: db.Recorded,
    offices: str | Sequence[str],
    subject: str,
    link: str,
    severity: int,
    acknowledge_by: datetime | None = None,
    *,
    kind: str,
    places: Sequence[str] = (),
    by: Actor | None = None,
    event: str | None = None,
) -> UUID:
    """Tell one or many offices, in the event's own transaction; returns the notice's id.

    `severity` is 1 (now, also at night), 2 (today) or 3 (for information, `acknowledge_by` None). `link` is a page of
    this site. `kind` ("intake.delay_asked") chooses how a page shows it. A notice about `places` (codes) is refused
    unless an office of each place's own authority is among `offices`. `event` is the teller's own name for what
    happened: told twice under one name it is one notice. Nothing of `subject` leaves the pages. Raises `Refused`.
    """
    wanted = [offices] if isinstance(offices, str) else list(offices)
    if not 0 < len(subject.strip()) <= LONGEST_SUBJECT:
        raise Refused(f"A notice's subject has 1 to {LONGEST_SUBJECT} letters; this one has {len(subject.strip())}.")
    if severity not in (1, 2, 3) or (severity == 3) != (acknowledge_by is None):
        raise Refused(
            f"Severity {severity} with acknowledge_by {acknowledge_by}: severities are 1, 2 and 3, "
            "and all but 3 say by when they are to be acknowledged."
        )
    try:
        found = db.fetch(
            write.cursor,
            "select desk.tell(%s::text[], %s, %s, %s, %s::integer, %s::timestamptz, %s::text[], %s, %s::uuid, %s)"
            " as id",
            [
                wanted, kind, subject.strip(), link, severity, acknowledge_by, list(places),
                by.office_id if by else None, by.person_id if by else None, event,
            ],
        )  # fmt: skip
    except Error as error:
        raise as_refused(error) from error
    return UUID(str(found[0]["id"]))


def offices_for(places: Sequence[str], permission: str) -> list[str]:
    """Every office of both tiers that answers for one of these places and has a permission, by id."""
    rows = db.rows(
        "app",
        "select distinct o.id from access.office o join access.mandate m on m.office_id = o.id"
        " where %s = any (o.permissions) and places.resolve_scope(m.place_code) && array("
        "   select unnest(places.resolve_scope(p)) from unnest(%s::text[]) p) order by 1",
        [permission, list(places)],
    )
    return [row["id"] for row in rows]


def authorities(actor: Actor) -> list[tuple[str, str]]:
    """(code, name) of every authority that the office answers for, by name."""
    rows = db.rows("app", "select unnest(desk.codes_of(%s, %s)) as code", [actor.office_id, actor.person_id])
    names = names_of([row["code"] for row in rows])
    return sorted(((row["code"], names.get(row["code"], row["code"])) for row in rows), key=lambda each: each[1])


def open_notice(actor: Actor, notice: UUID, office: str) -> str:
    """Record that the person opened a notice of `office`, acting as `actor.office_id`; returns in what capacity.

    Raises `NotAllowed` when it was not told to them or was recalled.
    """
    try:
        with db.transaction("app") as cursor:
            cursor.execute(
                "select desk.open_notice(%s, %s, %s, %s)", [notice, office, actor.person_id, actor.office_id]
            )
            return str(cursor.fetchone()[0])
    except Error as error:
        raise refusal(error) from error


def acknowledge(actor: Actor, notice: UUID, office: str) -> Acknowledged:
    """Acknowledge a notice of `office`, acting as `actor.office_id`. The first one counts; a second learns who it was.

    Raises `NotAllowed` when it was not told to them or was recalled.
    """
    try:
        with db.recorded("app") as write:
            found = db.fetch(
                write.cursor,
                "select * from desk.acknowledge(%s, %s, %s, %s)",
                [notice, office, actor.person_id, actor.office_id],
            )[0]
    except Error as error:
        raise refusal(error) from error
    return Acknowledged(found["first"], found["person_id"], found["as_office"], found["capacity"], found["at"])


def as_refused(error: Error) -> Exception:
    """The database's own sentence as `Refused` when a rule of telling refused; another refusal or error as it is."""
    if isinstance(error, DataError):
        return Refused(
            "One of the values is too large or holds a sign that cannot be kept; nothing was changed. Type it anew."
        )
    state = getattr(error.__cause__, "sqlstate", None) or ""
    if state.startswith("CW5"):
        return Refused(str(refusal(error)))
    return refusal(error)
