"""What the desk is given of what people know: what somebody told us waits, with its clock of one working day."""

from __future__ import annotations

from commonweal.apps.desk.waiting import Open, Who, register
from commonweal.apps.places import queries as places
from commonweal.core.signals.told import TOLD_BY
from commonweal.web import db

WAITING = "select * from surveillance.notes_waiting(%s)"


def told_us(who: Who) -> list[Open]:
    """What somebody told us about places of these offices' own authority, and nobody has answered."""
    rows = db.rows("app", WAITING, [list(who.offices)])
    names = places.names([row["place_code"] for row in rows]) if rows else {}
    return [
        Open(
            f"surveillance.told_us:{row['id']}", row["office_id"], row["office"],
            f"{TOLD_BY[row['told_by']]} told us something about {names.get(row['place_code'], row['place_code'])}",
            f"/known/notes/{row['id']}", row["said_at"], row["due_at"], kind="surveillance.told_us",
        )
        for row in rows
    ]  # fmt: skip


def register_all() -> None:
    """Called once at start-up."""
    register("surveillance.told_us", told_us)
