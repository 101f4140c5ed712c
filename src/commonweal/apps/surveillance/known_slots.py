"""What this part of the room adds to the pages of signals: why it is rising, and what people know and judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from commonweal.apps.desk import configuration
from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import known, slots, why_explaining, why_keeping
from commonweal.apps.surveillance.pages import known as known_page
from commonweal.apps.surveillance.pages import why as why_page
from commonweal.apps.surveillance.slots import Asked, Part

WRITE, JUDGE = "write_local_knowledge", "judge_signals"


def why(asked: Asked) -> Part | None:
    """Why a signal is rising, in words and a picture, as known to its sweep."""
    row = asked.signal
    if row is None:
        return None
    kept = why_keeping.of_signal(
        common.actor(asked.request), row, asked.codes, asked.as_of if asked.pinned else None,
        records=common.has(asked.request, "read_records"), addresses=common.has(asked.request, "read_identifiable"),
    )  # fmt: skip
    shown = None
    if kept is not None:
        shown = why_page.of_signal(kept.name, kept.why, kept.span, kept.as_of, why_explaining.setting(), kept.place)
    context = {"shown": shown, "by": kept.office if kept else "", "place": kept.place if kept else asked.place}
    return Part("why", "Why is it rising?", "surveillance/part_why.html", context)


def people(asked: Asked) -> Part | None:
    """Judgements, notes and hypotheses of a signal; nothing can be written on a page of a past moment."""
    row = asked.signal
    if row is None:
        return None
    actor, request, number = common.actor(asked.request), asked.request, row["number"]
    notes = until(known.notes(actor, None, number), "said_at", asked)
    code = row["place_code"] or row["scope"][0]
    names = places.names([code, *(each["place_code"] for each in notes)])
    built = known_page.build(
        "", code, number, notes, until(known.hypotheses(actor, None, number), "said_at", asked),
        until(known.judgements(actor, number), "at", asked), names,
        common.now(), actor.person_id, configuration.rules().recall_minutes,
        may_write=not asked.pinned and common.has(request, WRITE),
        may_judge=not asked.pinned and common.has(request, JUDGE),
    )  # fmt: skip
    return Part("people", "What people know and say", "surveillance/part_known.html", {"known": built})


def until(rows: Sequence[Mapping[str, Any]], time: str, asked: Asked) -> list[Mapping[str, Any]]:
    """What was said up to the moment of a page that shows a past one; what came of it later was not there yet."""
    if not asked.pinned:
        return list(rows)
    return [_as_it_was(row, asked) for row in rows if row[time] <= asked.as_of]


def _as_it_was(row: Mapping[str, Any], asked: Asked) -> Mapping[str, Any]:
    """A row without what came after the moment: the answer to a note, the taking back of a judgement."""
    changes: dict[str, None] = {}
    for at, fields in {"recalled_at": ("recalled_at",), "answered_at": ("answered_at", "outcome")}.items():
        if row.get(at) is not None and row[at] > asked.as_of:
            changes |= dict.fromkeys(fields)
    return {**row, **changes}


def register_all() -> None:
    """Called once at start-up."""
    slots.register(slots.SIGNAL, "why", why, 10)
    slots.register(slots.SIGNAL, "people", people, 20)
