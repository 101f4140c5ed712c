"""Records that were not taken: opened by those who may mend them, given a place, or dropped with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import Error

from commonweal.apps.access.scope import Actor, refusal
from commonweal.apps.intake import actions, rulebook
from commonweal.apps.intake.pages.reasons import explained, sentence
from commonweal.apps.intake.sources import Provenance, from_body
from commonweal.apps.intake.writing import held_binding
from commonweal.apps.places import queries as places
from commonweal.core.errors import NotThere, Refused
from commonweal.core.intake.mending import HeldRow, as_csv, one_record, values_of
from commonweal.core.intake.sealing import Sealed
from commonweal.web import db

LONGEST_REASON = 1000
PENDING = "pending"
OUTCOMES = ("rejected", PENDING)


@dataclass(frozen=True)
class Held:
    """Records of one submission that were not taken. `columns` as `core.intake.mending` has them."""

    submission: int
    rows: tuple[HeldRow, ...]
    columns: tuple[str, ...] | None

    def csv(self) -> bytes:
        """The records to mend and send again."""
        return as_csv(self.rows, self.columns)


def may_mend(actor: Actor, submission: int, outcome: str) -> bool:
    """Whether this office may open the rejected or pending records of a submission."""
    values = [actor.person_id, actor.office_id, submission, outcome]
    return bool(db.value("authn", "select intake.may_mend(%s::uuid, %s, %s, %s)", values))


def opened(actor: Actor, submission: int, outcome: str, *, row: int | None = None, exported: bool = False) -> Held:
    """What was received of records that were not taken. The access record says so first, in its own transaction.

    Raises `NotAllowed` with the database's sentence, `NotThere` when nothing is kept of them any more.
    """
    try:
        with db.transaction("authn") as cursor:
            cursor.execute(
                "select intake.open_held(%s::uuid, %s, %s, %s, %s, %s)",
                [actor.person_id, actor.office_id, actor.purpose, submission, outcome, row],
            )
            read_id = cursor.fetchone()[0]
    except Error as error:
        raise refusal(error) from error
    with db.transaction("authn") as cursor:
        found = db.fetch(cursor, "select * from intake.held_rows(%s::uuid)", [read_id])
        cursor.execute("select access.count_rows(%s::uuid, %s, %s)", [read_id, len(found), exported])
    if not found:
        raise NotThere(
            f"Nothing is kept of {outcome} records of submission {submission}: they were mended, or their time has "
            "passed. Ask the sender for them."
        )
    rows = tuple(
        HeldRow(each["row_number"], _raw(submission, each), explained(outcome, each["reasons"])) for each in found
    )
    columns = found[0]["columns"]
    return Held(submission, rows, None if columns is None else tuple(columns))


def _raw(submission: int, row: dict[str, object]) -> bytes:
    sealed = Sealed(bytes(row["wrapped_key"]), bytes(row["payload"]))  # type: ignore[call-overload]
    key_id, number = int(str(row["key_id"])), int(str(row["row_number"]))
    return rulebook.sealer(key_id).open(sealed, held_binding(submission, number))


def give_place(actor: Actor, submission: int, row: int, postcode: str) -> actions.Receipt:
    """Send a record that waits for a place again with a postcode; the new record resolves the waiting one.

    Raises `Refused` for a postcode that is not on the list, or where the record cannot be read; like `opened` else.
    """
    why = places.why_no_place(postcode)
    if why:
        raise Refused(sentence(f"postcode:{why}") + " Enter one like LE1 1AA; a new one comes with the newest list.")
    held = opened(actor, submission, PENDING, row=row)
    values = values_of(held.rows[0], held.columns)
    if not values:
        raise Refused(f"Row {row} cannot be read column by column. Download it, mend it and send it again.")
    body = one_record(values | {"postcode": postcode.strip()})
    feed = db.value("app", "select feed from intake.submission where id = %s", [submission])
    label = f"row {row} of submission {submission}, given a place"
    source = from_body(body, Provenance("mend", label, sent_by=f"office {actor.office_id}"), is_json=False)
    return actions.take_in(feed, source)


def drop(actor: Actor, submission: int, row: int, reason: str) -> None:
    """End the wait of a record whose place nobody can find. The reason is shown. Raises `Refused` or `NotAllowed`."""
    text = reason.strip()
    if not text or len(text) > LONGEST_REASON:
        raise Refused(
            f"The reason has {len(text):,} letters; it needs 1 to {LONGEST_REASON:,}. Say why no place can be found."
        )
    try:
        with db.recorded("authn") as write:
            write.cursor.execute(
                "select intake.drop_orphan(%s::uuid, %s, %s, %s, %s)",
                [actor.person_id, actor.office_id, submission, row, text],
            )
    except Error as error:
        raise refusal(error) from error
