"""What the desk is given of what people know: what somebody told us waits, with its clock of one working day."""

from __future__ import annotations

from datetime import timedelta

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import around, brief
from commonweal.apps.desk.waiting import Open, Who, register
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import known
from commonweal.core import wording
from commonweal.core.signals.told import TOLD_BY
from commonweal.web import db

LATELY = timedelta(days=7)
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


def of_notes(actor: Actor) -> list[str]:
    """How much is written down about the office's places, and that one can add to it."""
    now = around.now()
    lately = sum(row["said_at"] > now - LATELY for row in known.notes(actor))
    written = wording.counted(lately, "note was", "notes were") if lately else "Nothing was"
    return [
        f"{written} written down about your places in the last seven days.",
        "Do you know of something that matters there? Write it down.",
    ]


def register_all() -> None:
    """Called once at start-up."""
    brief.register("surveillance.known", "What people know", of_notes, "/known", weekly=False)
    register("surveillance.told_us", told_us)
