"""What people know of a signal and what offices decided about it, as a part of its page, as known at its moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import known, slots
from commonweal.apps.surveillance.pages import known as pages
from commonweal.core import wording
from commonweal.web import times

SHOWN = 3
Row = Mapping[str, Any]


def what_people_know(asked: slots.Asked) -> slots.Part | None:
    """Judgements, notes and hypotheses of the signal, the newest first; those said later than the moment left out."""
    if asked.signal is None:
        return None
    number, actor = asked.signal["number"], common.actor(asked.request)
    judged = known.judgements(actor, number, as_of=asked.as_of)
    notes = known.notes(actor, None, number, as_of=asked.as_of)
    supposed = known.hypotheses(actor, None, number, as_of=asked.as_of)
    names = places.names([row["place_code"] for row in notes])
    context = {
        "sentences": judgement_sentences(judged, number, asked.as_of),
        "notes": tuple(pages.note_of(row, names, asked.as_of) for row in notes[:SHOWN]),
        "statements": tuple(f"{row['statement']} ({row['office']})" for row in supposed[:SHOWN]),
        "address": f"/signals/{number}/judgements",
        "all": wording.joined(
            [wording.counted(len(notes), "note", "notes"), wording.counted(len(supposed), "hypothesis", "hypotheses")]
        ),
    }
    return slots.Part("offices-say", "What people know and offices say", "surveillance/signal_known.html", context)


def judgement_sentences(rows: Sequence[Row], signal: int, as_of: datetime) -> tuple[str, ...]:
    """What offices said of a signal, the newest first; what was taken back says so, and by whom."""
    return tuple(
        f"{pages.heading(row, signal)}{' (taken back)' if row['recalled_at'] else ''}: {row['reason']} "
        f"{row['office']}, {times.when(row['at'], as_of)}."
        for row in reversed(rows)
    )


def register_all() -> None:
    """Called once at start-up."""
    slots.register(slots.SIGNAL, "known", what_people_know, 20)
