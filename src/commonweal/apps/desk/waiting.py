"""What waits for an office, and what it waits for: asked of sources that rooms register at start-up.

A source is given `Who` and answers with rows of its own room; the desk knows none of them. It must be quick (one
indexed query), because the number in the head of every page is a count of what the sources give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Who:
    """For whom something may wait: offices, the person behind them (None when offices are asked for as such), now."""

    offices: tuple[str, ...]
    person_id: UUID | None
    now: datetime


@dataclass(frozen=True)
class Open:
    """One thing that waits for an office.

    `key` stays the same as long as it waits ("agreement:…"). `due_at` is its clock, None without one. `notice` is set
    where it can be acknowledged, acting as `as_office`. `kind` chooses the card. `lines` are what the card adds. `also`
    are the other offices (id, title) that were told the same notice in the same moment and that the person answers for
    in the same capacity.
    """

    key: str
    office_id: str
    office: str
    subject: str
    link: str
    since: datetime
    due_at: datetime | None = None
    severity: int = 2
    kind: str = ""
    notice: UUID | None = None
    as_office: str = ""
    capacity: str = "holder"
    lines: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Running:
    """One thing that somebody else owes: `owner` in words."""

    key: str
    subject: str
    link: str
    owner: str
    due_at: datetime | None = None


OpenSource = Callable[[Who], Iterable[Open]]
RunningSource = Callable[[Who], Iterable[Running]]
Card = Callable[[Open], tuple[str, ...]]
_open: dict[str, OpenSource] = {}
_running: dict[str, RunningSource] = {}
_cards: dict[str, Card] = {}


def register(name: str, source: OpenSource) -> None:
    """A room calls this at start-up: what waits for offices, by its own rows."""
    _open[name] = source


def register_running(name: str, source: RunningSource) -> None:
    """A room calls this at start-up: what offices wait for."""
    _running[name] = source


def register_card(kind: str, card: Card) -> None:
    """A room calls this at start-up: the sentences that Today adds below a thing of this kind."""
    _cards[kind] = card


def for_offices(who: Who) -> list[Open]:
    """Everything that waits, once each, the nearest clock first, then the gravest, then the oldest.

    A notice that was told to several offices for which one person answers, as their holder or standing in, is one thing
    with all of them; asked for offices as such, it is one for each.
    """
    found: dict[str, Open] = {}
    for source in _open.values():
        for one in source(who):
            found.setdefault(one.key, one)
    ordered = sorted(found.values(), key=lambda one: (one.due_at or FAR, one.severity, one.since, one.key))
    if who.person_id is not None:
        ordered = _told_once(ordered)
    return [replace(one, lines=_cards[one.kind](one)) if one.kind in _cards else one for one in ordered]


def _told_once(ordered: Iterable[Open]) -> list[Open]:
    """Of one notice to several offices that the person answers for in one capacity, the first with the others beside
    it: at night one event is one line, also for whoever stands in for ten offices."""
    out: list[Open] = []
    place: dict[tuple[UUID, str], int] = {}
    for one in ordered:
        if one.notice is None:
            out.append(one)
            continue
        at = place.setdefault((one.notice, one.capacity), len(out))
        if at == len(out):
            out.append(one)
        else:
            out[at] = replace(out[at], also=(*out[at].also, (one.office_id, one.office)))
    return out


def against_others(who: Who) -> list[Running]:
    """Everything that others owe these offices, the nearest clock first."""
    found = {one.key: one for source in _running.values() for one in source(who)}
    return sorted(found.values(), key=lambda one: (one.due_at or FAR, one.key))
