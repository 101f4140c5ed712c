"""Why is it rising: the change in cases between two windows, given to causes whose parts add up to it exactly.

Late results are taken out first. The rest is split into more testing, testing turned to where more is found, and
spread (`core.epi.decomposition.netted_parts`), for each reason for being tested. Every case belongs to a setting in
common, to arrivals, to a household in common or to none of them by shares that add up to one (`why_shares`); what is
not testing of a reason's change goes to these in proportion to theirs. Intervals are those of a bootstrap by
households; the label follows one rule, which `parameters/signals/why.yaml` states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.core.epi import decomposition
from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.errors import Refused
from commonweal.core.signals.why_data import AFTER, BEFORE, SETTING_KINDS, UNKNOWN, Cases, Field, Tested
from commonweal.core.signals.why_draws import Drawn
from commonweal.core.signals.why_label import Label, label_of
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_shares import CAUSES, REST, CommonPlaces, Shares, places_in_common, shares_of_cases

VOLUME, TARGETING, SPREAD, UNTOLD = "more_testing", "targeted_testing", "spread", "testing_or_spread"
OF_TESTING = (VOLUME, TARGETING)
SPREAD_OR_HOUSEHOLD = "spread_or_household"
NOT_KNOWN, FEW = "not known", "others, few each"


@dataclass(frozen=True)
class Part:
    """Cases of the change with one cause or value, with limits; share is of the change (NaN when nothing changed).

    before, after: the cases of each window that have the cause or value; None for testing, which has none of its own.
    """

    name: str
    before: float | None
    after: float | None
    cases: float
    lower: float
    upper: float
    share: float


@dataclass(frozen=True)
class FieldTable:
    """The change by one attribute: parts that add up to it, and the share of later cases with the attribute known."""

    name: str
    completeness: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class CommonPlace:
    """A workplace, care home or school in common: cases as named (not shared out), the number expected after."""

    name: str
    kind: str
    before: int
    after: int
    expected: float
    adjusted_p: float


@dataclass(frozen=True)
class Testing:
    """All of the change that is not testing (`spread`; no late results), tests and positivity of both windows."""

    spread: Part
    tests: tuple[float, float]
    positivity: tuple[float, float]


@dataclass(frozen=True)
class Why:
    """An explanation. `parts` add up to `change.cases`; so do the parts of each of `tables`.

    testing: None where no tests are known. completeness: share of later cases with a household, setting and origin
    known.
    """

    change: Part
    parts: tuple[Part, ...]
    testing: Testing | None
    tables: tuple[FieldTable, ...]
    places: tuple[CommonPlace, ...]
    completeness: dict[str, float]
    label: Label

    def part(self, name: str) -> Part | None:
        """The part of one cause, None where the data cannot tell it."""
        return next((part for part in self.parts if part.name == name), None)


def explain(cases: Cases, tested: Tested | None, setting: WhySetting, rng: np.random.Generator) -> Why:
    """Explain the change from the window before to the window after.

    tested: None, or all 0 in a window, where negatives are not known: testing and spread are then one part that cannot
    be told apart. Raises `Refused` without any case in the later window.
    """
    if not (cases.window == AFTER).any():
        raise Refused("There is no case in the later window, so there is no rise to explain. Choose other days.")
    if tested is not None and min(tested.before.sum(), tested.after.sum()) <= 0:
        tested = None
    drawn = Drawn.of(cases, setting.draws, rng)
    common = places_in_common(cases, setting.common)
    shares = shares_of_cases(cases, common, setting)
    whole = drawn.by_code(cases, np.zeros(cases.window.size, dtype=np.int64), 1)[:, :, 0]
    limits = _Limits(setting.level, float(whole[0, 1] - whole[0, 0]))
    testing: Testing | None = None
    if tested is None:
        parts = _without_tests(drawn, cases, shares, limits)
    else:
        parts, testing = _with_tests(drawn, cases, tested, shares, limits)
    completeness = {
        "household": _known(cases, cases.household),
        "setting": _known(cases, cases.setting),
        "arrived": _known(cases, cases.arrived),
    }
    (change,) = limits.parts(["change"], whole[:, :, None])
    named = {part.name: part for part in parts}
    return Why(
        change,
        tuple(parts),
        testing,
        tuple(_table(drawn, cases, field, limits) for field in cases.fields),
        _places(cases, common),
        completeness,
        label_of(change, named, None if testing is None else testing.spread, completeness, setting),
    )


def not_comparable(why: Why) -> Why:
    """The same where nothing at all is known of the window before: what is known after it is no rise."""
    return replace(why, label=Label("cannot_tell", "nothing_before"))


def without_addresses(why: Why) -> Why:
    """The same where nobody looked at who lives together: living together is part of the spread, and not told from it.

    What was not looked at has no completeness; a rise that would be called general spread cannot be told.
    """
    parts = (replace(part, name=SPREAD_OR_HOUSEHOLD) if part.name == SPREAD else part for part in why.parts)
    label = Label("cannot_tell", "no_addresses") if why.label.name == "general_spread" else why.label
    known = {name: share for name, share in why.completeness.items() if name != "household"}
    return replace(
        why, parts=tuple(part for part in parts if part.name != "household"), completeness=known, label=label
    )


def tables_of(cases: Cases, setting: WhySetting, rng: np.random.Generator, *, change: float) -> tuple[FieldTable, ...]:
    """Only the tables: of the same cases as counted elsewhere by other attributes. Shares are of `change`."""
    drawn = Drawn.of(cases, setting.draws, rng)
    return tuple(_table(drawn, cases, field, _Limits(setting.level, change)) for field in cases.fields)


@dataclass(frozen=True)
class _Limits:
    level: float
    change: float

    def parts(self, names: Sequence[str], sums: FloatArray) -> list[Part]:
        """From sums of every draw `[draw, before and after, part]`, the first draw of which is what was observed."""
        before, after = sums[0]
        return [
            self._part(name, float(before[at]), float(after[at]), float(cases), low, high)
            for at, (name, cases, low, high) in enumerate(self._told(names, sums[:, 1] - sums[:, 0]))
        ]

    def of_differences(self, names: Sequence[str], differences: FloatArray) -> list[Part]:
        """From differences of every draw `[draw, part]` that have no windows of their own."""
        return [self._part(name, None, None, cases, low, high) for name, cases, low, high in
                self._told(names, differences)]  # fmt: skip

    def of_difference(self, name: str, before: float, after: float, difference: FloatArray) -> Part:
        """From the difference of every draw, and the windows as observed."""
        ((_, cases, low, high),) = self._told([name], difference[:, None])
        return self._part(name, before, after, cases, low, high)

    def _told(self, names: Sequence[str], differences: FloatArray) -> list[tuple[str, float, float, float]]:
        tail = (1 - self.level) / 2
        lower, upper = np.quantile(differences[1:], [tail, 1 - tail], axis=0)
        return list(zip(names, differences[0].tolist(), lower.tolist(), upper.tolist(), strict=True))

    def _part(
        self, name: str, before: float | None, after: float | None, cases: float, lower: float, upper: float
    ) -> Part:
        share = cases / self.change if self.change else float("nan")
        return Part(name, before, after, cases, min(lower, cases), max(upper, cases), share)


def _without_tests(drawn: Drawn, cases: Cases, shares: Shares, limits: _Limits) -> list[Part]:
    return limits.parts((*CAUSES[:REST], UNTOLD), drawn.by_cause(cases, shares))


def _with_tests(
    drawn: Drawn, cases: Cases, tested: Tested, shares: Shares, limits: _Limits
) -> tuple[list[Part], Testing]:
    split = _split(drawn, cases, tested)
    reason = tested.reason[cases.stratum]
    change = split.sum(axis=2)
    # how much of a reason's change is no testing; in a reason without change nothing is taken away
    kept = np.divide(split[:, :, 2], change, out=np.ones_like(change), where=np.abs(change) > 1e-9)
    count = len(CAUSES)
    sums = drawn.by_cause(cases, shares, reason, change.shape[1])
    parts = limits.parts(CAUSES[:1], sums[:, :, :1])
    parts += limits.of_differences(OF_TESTING, split[:, :, : len(OF_TESTING)].sum(axis=1))
    of_reasons = (sums[:, 1] - sums[:, 0])[:, count:].reshape(-1, change.shape[1], count)
    left = (of_reasons * kept[:, :, None]).sum(axis=1)
    for at, name in enumerate((*CAUSES[1:REST], SPREAD), start=1):
        parts.append(limits.of_difference(name, float(sums[0, 0, at]), float(sums[0, 1, at]), left[:, at]))
    found = [float((cases.window == window).sum()) for window in (BEFORE, AFTER)]
    tests = float(tested.before.sum()) + found[0], float(tested.after.sum()) + found[1]
    (spread,) = limits.of_differences([SPREAD], split[:, :, 2].sum(axis=1)[:, None])
    return parts, Testing(spread, tests, (found[0] / tests[0], found[1] / tests[1]))


def _split(drawn: Drawn, cases: Cases, tested: Tested) -> FloatArray:
    """`[draw, reason, 3]`: more testing, targeted testing, spread, of all cases that are not late."""
    found = drawn.by_code(cases, cases.stratum, tested.before.size, ~cases.late)
    return decomposition.netted_parts(found[:, 0], found[:, 1], tested.before, tested.after, tested.reason)


def _known(cases: Cases, column: IntArray) -> float:
    return float((column[cases.window == AFTER] != UNKNOWN).mean())


def _table(drawn: Drawn, cases: Cases, field: Field, limits: _Limits) -> FieldTable:
    size = len(field.labels) + 1
    code = np.where(field.code == UNKNOWN, size - 1, field.code)
    there = np.flatnonzero(np.bincount(code, minlength=size))
    names = (*field.labels, NOT_KNOWN)
    parts = limits.parts([names[at] for at in there], drawn.by_code(cases, code, size)[:, :, there])
    return FieldTable(field.name, _known(cases, field.code), tuple(parts))


def _places(cases: Cases, common: CommonPlaces) -> tuple[CommonPlace, ...]:
    order = sorted(np.flatnonzero(common.chosen).tolist(), key=lambda at: (-common.after[at], cases.places.names[at]))
    return tuple(
        CommonPlace(
            cases.places.names[at], SETTING_KINDS[int(cases.places.kinds[at])], int(common.before[at]),
            int(common.after[at]), float(common.expected[at]), float(common.adjusted[at]),
        )
        for at in order
    )  # fmt: skip
