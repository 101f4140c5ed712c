"""Signals that go on: each sweep's findings join those that are the same thing, open new ones, and let others fade.

The same thing is: the same place again; small areas of which at least half of the smaller set is shared (with a
setting: of the larger, so that a care home is not lost in a district's rise); an authority's rise with the only cluster
inside it. A county's or region's rise is a signal of its own. Two settings are never one signal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from commonweal.core.signals.found import EVENTS, LOCAL, Found, Key, Measured, in_order
from commonweal.core.signals.life import CLOSED, GROWING, OPENED, REOPEN_WITHIN, when_found, when_quiet
from commonweal.core.signals.setting import Life

SHARED = 0.5  # of the small areas: from here on two findings are one thing


@dataclass(frozen=True)
class Step:
    """A change of state. level, place, rate, observed, strength, recurrence: those of its surest finding."""

    morning: date
    state: str
    level: str
    place: str
    rate: float | None = None
    observed: float | None = None
    strength: float | None = None
    recurrence: float | None = None
    evidence: tuple[str, ...] = ()


@dataclass
class Running:
    """A signal as it stands. members: small areas of its local findings. rates: the highest that was found of each
    place and metric since it was last opened (cases, where a method tells no rate); told: as of the newest change."""

    number: int
    kind: str
    scope: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    keys: frozenset[Key] = frozenset()
    last_found: date = date.min
    rates: dict[Measured, float] = field(default_factory=dict)
    told: dict[Measured, float] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The present state; empty before the first step."""
        return self.steps[-1].state if self.steps else ""

    def was_found_in(self, metric: str) -> bool:
        """Whether it was found in a loaded series, or (empty) in the results that intake holds."""
        return any(each[3] == metric for each in (*self.rates, *self.told))

    def take(self, found: Found, morning: date) -> None:
        """Take a finding in."""
        self.scope |= found.scope
        self.keys |= {found.key}
        self.last_found = max(self.last_found, morning)
        if found.level in LOCAL:
            self.members |= found.members
        size = found.observed if found.rate is None else found.rate
        self.rates[found.measured] = max(size, self.rates.get(found.measured, 0.0))

    def add(self, step: Step) -> None:
        """Tell a change: growth is measured from here on."""
        self.steps.append(step)
        self.told = dict(self.rates)


@dataclass(frozen=True)
class Advanced:
    """What one sweep did: which signal each finding joined, and the changes by signal."""

    homes: list[tuple[Found, int]]
    changes: list[tuple[int, Step]]


def advance(
    signals: list[Running],
    found: Iterable[Found],
    morning: date,
    rule: Life,
    *,
    next_number: int,
    whole: bool,
    metric: str = "",
) -> Advanced:
    """One sweep: `signals` (by number) are changed in place, new ones added from `next_number` on.

    whole: every place was looked at, so that signals which were not found grow old; a narrowed sweep only finds.
    metric: of the loaded series that was swept; signals that were never found in it do not grow old by this sweep.
    """
    ordered = in_order(list(found))
    groups: dict[int, list[Found]] = {}
    before = {signal.number: signal.scope for signal in signals}
    homes = []
    for each in ordered:
        signal = _home(each, signals, morning, rule)
        if signal is None:
            signal = Running(next_number, each.kind)
            signals.append(signal)
            next_number += 1
        if signal.state == CLOSED and signal.number not in groups:
            signal.rates = {}  # what was told before it closed is no measure of growth
        signal.take(each, morning)
        groups.setdefault(signal.number, []).append(each)
        homes.append((each, signal.number))
    changes = []
    for signal in signals:
        if signal.number in groups:
            step = _told(signal, groups[signal.number], morning, rule, before.get(signal.number, signal.scope))
        else:
            step = _older(signal, morning, rule) if whole and signal.was_found_in(metric) else None
        if step is not None:
            signal.add(step)
            changes.append((signal.number, step))
    return Advanced(homes, changes)


def _told(signal: Running, group: list[Found], morning: date, rule: Life, scope: frozenset[str]) -> Step | None:
    grown = any(
        rate >= rule.growing_by * signal.told[key] > 0 for key, rate in signal.rates.items() if key in signal.told
    )
    state = when_found(signal.state, has_grown=grown or signal.scope != scope) if signal.state else OPENED
    if state is None:
        return None
    head = max(group, key=lambda f: (bool(f.setting), f.recurrence or 0.0, f.strength))
    evidence = [each.evidence for each in group]
    if state == GROWING and signal.scope != scope:
        evidence.insert(0, f"It now touches {', '.join(sorted(signal.scope - scope))} as well.")
    return Step(morning, state, head.level, head.place, head.rate, head.observed, head.strength, head.recurrence,
                tuple(evidence))  # fmt: skip


def _older(signal: Running, morning: date, rule: Life) -> Step | None:
    quiet = (morning - signal.last_found).days
    if signal.kind in EVENTS:
        state = CLOSED if signal.state != CLOSED and quiet >= rule.fading_after_days else None
    else:
        state = when_quiet(signal.state, quiet, rule)
    if state is None:
        return None
    last = signal.steps[-1]
    text = f"Nothing was found for {quiet} days."
    return Step(morning, state, last.level, last.place, evidence=(text,))


def _home(found: Found, signals: Sequence[Running], morning: date, rule: Life) -> Running | None:
    """The signal that a finding belongs to, or None."""
    if found.kind in EVENTS:
        goes_on = [s for s in signals if s.kind == found.kind and found.key in s.keys and s.state != CLOSED]
        return goes_on[0] if goes_on else None
    oldest = REOPEN_WITHIN * rule.closed_after_days
    near = [s for s in signals if (morning - s.last_found).days <= oldest and s.kind not in EVENTS]
    again = [s for s in near if found.key in s.keys]
    if again:
        return min(again, key=lambda s: (s.state == CLOSED, s.number))
    if found.level in LOCAL:
        shared = [(share, -s.number, s) for s in near if (share := _shared(found, s)) >= SHARED]
        if shared:
            return max(shared, key=lambda each: each[:2])[2]
        around = (
            [] if found.setting else [s for s in near if not s.members and s.scope == found.scope and s.kind == "rise"]
        )
        return min(around, key=lambda s: s.number) if len(found.scope) == 1 and around else None
    inside = [s for s in near if s.members and s.kind != "setting" and s.state != CLOSED and found.scope & s.scope]
    return inside[0] if len(found.scope) == 1 and len(inside) == 1 else None


def _shared(found: Found, signal: Running) -> float:
    """Which part of their small areas a finding and a signal share; 0 for two settings."""
    settings = {key[2] for key in signal.keys} - {""}
    if found.setting and settings:
        return 0.0
    both = len(found.members & signal.members)
    sizes = len(found.members), len(signal.members)
    whole = max(sizes) if found.setting or settings else min(sizes)
    return both / whole if whole else 0.0


@dataclass(frozen=True)
class Kept:
    """A finding as it was written: the signal it joined and its morning. order: that of the sweeps."""

    order: int
    signal: int
    morning: date
    found: Found


@dataclass(frozen=True)
class Written:
    """A change as it was written. order: that of the sweeps."""

    order: int
    signal: int
    step: Step


def restored(kinds: dict[int, str], kept: Iterable[Kept], written: Iterable[Written]) -> list[Running]:
    """Signals as their facts tell them: what `advance` would have left behind."""
    events = sorted([(each.order, 0, each) for each in kept] + [(each.order, 1, each) for each in written],
                    key=lambda event: event[:2])  # fmt: skip
    signals = {number: Running(number, kind) for number, kind in sorted(kinds.items())}
    begun: dict[int, int] = {}
    for order, _, event in events:
        signal = signals[event.signal]
        if isinstance(event, Written):
            signal.add(event.step)
            continue
        if signal.state == CLOSED and begun.get(signal.number) != order:
            signal.rates = {}
        begun[signal.number] = order
        signal.take(event.found, event.morning)
    return list(signals.values())
