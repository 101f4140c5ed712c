"""What happened while a curve was drawn, as its numbered marks: notes that name a day, changes in what is counted, late
batches. Whoever sees the curve sees the notes that its office reads, as known at the same moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from commonweal.apps.access.scope import Actor, Scope
from commonweal.apps.surveillance import known, signal_reads
from commonweal.apps.surveillance import signals as reads
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.signals import Wanted
from commonweal.core import wording
from commonweal.core.pictures import CurveEvent
from commonweal.core.signals.told import TOLD_BY

MOST = 9  # marks that a phone's curve has room for: of more, those of the newest days
LONGEST = 160  # letters of a note below the curve; the note itself has them all

Row = Mapping[str, Any]


def breaks(scope: Scope, codes: Sequence[str], as_of: datetime) -> list[CurveEvent]:
    """Changes of definition and late batches that touched some authorities."""
    rows = reads.signals(scope, Wanted(None, words.EVENTS, None, tuple(codes)), as_of=as_of)
    names = signal_reads.names_for(rows)
    return [CurveEvent(row["opened_on"], f"{words.title(row, names)}.") for row in rows]


def notes(
    actor: Actor, places: Sequence[str] | None, names: Mapping[str, str], as_of: datetime, *, signal: int | None = None
) -> list[CurveEvent]:
    """Notes that name their first day, about some places or a signal; names: of the places that are said with it."""
    rows = known.notes(actor, places, signal, as_of=as_of)
    return [CurveEvent(row["first_day"], _said(row, names)) for row in rows if _stands(row)]


def within(events: Sequence[CurveEvent], first: date, last: date) -> tuple[CurveEvent, ...]:
    """Those of the days drawn, in order of days; of too many the newest."""
    inside = sorted((each for each in events if first <= each.day <= last), key=lambda each: (each.day, each.text))
    return tuple(inside[-MOST:])


def _stands(row: Row) -> bool:
    """Whether a note names a day and is neither taken back, put right by a later one, hidden, nor (told by somebody
    outside) still unread or set aside by the office that answers for it."""
    gone = row["recalled_at"] or row["corrected_by"] or row["hidden_at"]
    taken_in = row["told_by"] is None or row["outcome"] not in (None, "set_aside")
    return row["first_day"] is not None and not gone and taken_in


def _said(row: Row, names: Mapping[str, str]) -> str:
    text = " ".join(row["words"].split())
    text = text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"
    place = names.get(row["place_code"], "")
    by = row["office"] or f"told by {wording.lower_first(TOLD_BY[row['told_by']])}"
    return f"{f'{place}: ' if place else ''}{text} ({by}, note {row['id']})"
