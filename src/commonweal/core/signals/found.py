"""What a sweep over counts finds: one method's word on one place, with what it was held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

Key = tuple[str, str, str]
Measured = tuple[str, str, str, str]

LOCAL = ("cluster", "lsoa", "msoa", "ward", "setting")
WIDE = ("ltla", "utla", "region")
SCANS = ("poisson scan", "permutation scan", "bernoulli scan")
EVENTS = ("definition_break", "late_batch")


@dataclass(frozen=True)
class Found:
    """One finding.

    scope: every authority that the place touches. members: the small areas of a cluster; of a larger area or a setting
    those that hold more than half of its cases; none for an authority and more. observed, expected: cases of
    first..last; low, high: the range that chance leaves them in. rate: cases in 7 days per 100,000 residents, once all
    is reported. strength: the method's own measure. p_value: the method's own; recurrence: days, adjusted for places,
    families and their shares. metric: of the loaded series that it was found in; empty for results that intake holds.
    """

    level: str
    place: str
    method: str
    scope: frozenset[str]
    members: frozenset[str]
    first: date
    last: date
    observed: float
    expected: float | None
    low: float | None
    high: float | None
    rate: float | None
    strength: float
    p_value: float | None
    recurrence: float | None
    evidence: str
    setting: str = ""
    metric: str = ""

    @property
    def key(self) -> Key:
        """By what the same place is known again: a setting by itself, wherever most of its cases live."""
        return self.level, "" if self.setting else self.place, self.setting

    @property
    def measured(self) -> Measured:
        """The same, and what is counted there: only sizes of one metric are compared."""
        return *self.key, self.metric

    @property
    def kind(self) -> str:
        """The kind of signal that it opens."""
        if self.method in EVENTS:
            return self.method
        if self.setting:
            return "setting"
        return "cluster" if self.method in SCANS else "rise"


def in_order(found: list[Found]) -> list[Found]:
    """Narrow before wide, and of one level the surest first: the same order however the work was dealt out."""
    rank = {level: number for number, level in enumerate((*LOCAL, *WIDE))}
    return sorted(found, key=lambda f: (rank.get(f.level, len(rank)), -(f.recurrence or 0.0), f.place, f.setting,
                                        f.method, sorted(f.members)))  # fmt: skip


def each_once(found: list[Found]) -> list[Found]:
    """Of one cluster that several authorities' scans found, the least sure telling; the rest as they are."""
    kept: dict[tuple[str, str, str, str, date, frozenset[str]], Found] = {}
    for each in found:
        name = (each.level, "" if each.level == "cluster" else each.place, each.setting, each.method, each.first,
                each.members)  # fmt: skip
        before = kept.get(name)
        if before is None or (each.recurrence or 0.0, each.place) < (before.recurrence or 0.0, before.place):
            kept[name] = each
    return in_order(list(kept.values()))
