"""The life of a signal: many findings about one thing, on many mornings, told once.

Findings belong to one signal when they touch a common authority and lie within the time after which a signal closes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from commonweal.core.signals.setting import Life

OPENED, GROWING, FADING, CLOSED, REOPENED = "opened", "growing", "fading", "closed", "reopened"

# state -> states that can follow; a signal begins as opened
FOLLOWS: dict[str, tuple[str, ...]] = {
    OPENED: (GROWING, FADING),
    GROWING: (GROWING, FADING),
    FADING: (GROWING, CLOSED),
    CLOSED: (REOPENED,),
    REOPENED: (GROWING, FADING),
}
REOPEN_WITHIN = 2  # times the days after which a signal closes: later findings are something new


@dataclass(frozen=True)
class Finding:
    """What one method says of one place on one morning. scope: the authorities that the place touches."""

    morning: int
    place: str
    level: str
    method: str
    scope: frozenset[str]
    strength: float
    rate: float
    evidence: str


@dataclass(frozen=True)
class Change:
    """A change of state with the findings that made it (none where it is their absence)."""

    morning: int
    state: str
    rate: float
    evidence: tuple[str, ...]


@dataclass
class Signal:
    """One thing, with every change that it went through."""

    number: int
    scope: frozenset[str]
    changes: list[Change] = field(default_factory=list)
    last_found: int = -1
    methods: set[str] = field(default_factory=set)

    @property
    def state(self) -> str:
        """The present state."""
        return self.changes[-1].state

    @property
    def opened(self) -> int:
        """The morning of the newest opening."""
        return max(change.morning for change in self.changes if change.state in (OPENED, REOPENED))

    @property
    def told_rate(self) -> float:
        """The rate at the newest change that told one; 0 where none did (a scan tells no rate)."""
        return next((change.rate for change in reversed(self.changes) if change.rate > 0), 0.0)


def lives(findings: Iterable[Finding], mornings: Sequence[int], rule: Life) -> list[Signal]:
    """All signals of a time, in order of their first opening; `mornings` in order, also those without findings."""
    by_morning: dict[int, list[Finding]] = {}
    for finding in findings:
        by_morning.setdefault(finding.morning, []).append(finding)
    signals: list[Signal] = []
    for morning in mornings:
        for group in _together(by_morning.get(morning, [])):
            _found(signals, group, morning, rule)
        for signal in signals:
            _grow_old(signal, morning, rule)
    return signals


def _together(findings: list[Finding]) -> list[list[Finding]]:
    """Findings of one morning in groups that share authorities, directly or through others."""
    groups: list[tuple[set[str], list[Finding]]] = []
    for finding in findings:
        touching = [group for group in groups if group[0] & finding.scope]
        scope: set[str] = set(finding.scope).union(*(group[0] for group in touching))
        members = [each for group in touching for each in group[1]] + [finding]
        groups = [group for group in groups if group not in touching] + [(scope, members)]
    return [members for _, members in groups]


def _found(signals: list[Signal], group: list[Finding], morning: int, rule: Life) -> None:
    scope = frozenset().union(*(finding.scope for finding in group))
    rate = max(finding.rate for finding in group)
    evidence = tuple(finding.evidence for finding in group)
    oldest = REOPEN_WITHIN * rule.closed_after_days
    known = [each for each in signals if each.scope & scope and morning - each.last_found <= oldest]
    if not known:
        signals.append(Signal(len(signals) + 1, scope, [Change(morning, OPENED, rate, evidence)]))
        known = signals[-1:]
    signal = known[0]
    if changed := when_found(signal.state, has_grown=rate >= rule.growing_by * signal.told_rate > 0):
        signal.changes.append(Change(morning, changed, rate, evidence))
    signal.scope |= scope
    signal.last_found = morning
    signal.methods |= {finding.method for finding in group}


def _grow_old(signal: Signal, morning: int, rule: Life) -> None:
    if changed := when_quiet(signal.state, morning - signal.last_found, rule):
        signal.changes.append(Change(morning, changed, 0.0, ()))


def when_found(state: str, *, has_grown: bool) -> str | None:
    """The state that a finding brings a signal to; None where nothing is to be told."""
    if state == CLOSED:
        return REOPENED
    return GROWING if state == FADING or has_grown else None


def when_quiet(state: str, days: int, rule: Life) -> str | None:
    """The state that so many days without a finding bring a signal to; None where nothing is to be told."""
    if state == FADING and days >= rule.closed_after_days:
        return CLOSED
    return FADING if state not in (FADING, CLOSED) and days >= rule.fading_after_days else None
