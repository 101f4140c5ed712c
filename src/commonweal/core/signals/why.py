"""Why is it rising: the change in cases between two windows, given to causes whose parts add up to it exactly.

Late results are taken out first. The rest is split into more testing, testing turned to where more is found, and
spread (`core.epi.decomposition.netted_parts`), for each reason for being tested. Every case belongs to a setting in
common, to arrivals, to a household in common or to none of them by shares that add up to one (`why_shares`); what is
not testing of a reason's change goes to these in proportion to theirs. Intervals are those of a bootstrap by
households; the label follows one rule, which `parameters/signals/why.yaml` states.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi import decomposition
from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.errors import Refused
from commonweal.core.signals.why_data import AFTER, BEFORE, SETTING_KINDS, UNKNOWN, Cases, Field, Tested
from commonweal.core.signals.why_label import Label, label_of
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_shares import CAUSES, REST, CommonPlaces, places_in_common, shares_of_cases

VOLUME, TARGETING, SPREAD, UNTOLD = "more_testing", "targeted_testing", "spread", "testing_or_spread"
OF_TESTING = (VOLUME, TARGETING)
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
    weights = _weights(cases, setting.draws, rng)
    common = places_in_common(cases, setting.common)
    shares = shares_of_cases(cases, common, setting)
    limits = _Limits(setting.level, float(_sums(weights, cases, AFTER)[0] - _sums(weights, cases, BEFORE)[0]))
    testing: Testing | None = None
    if tested is None:
        parts = _without_tests(weights, cases, shares, limits)
    else:
        parts, testing = _with_tests(weights, cases, tested, shares, limits)
    completeness = {
        "household": _known(cases, cases.household),
        "setting": _known(cases, cases.setting),
        "arrived": _known(cases, cases.arrived),
    }
    change = limits.part("change", _sums(weights, cases, BEFORE), _sums(weights, cases, AFTER))
    named = {part.name: part for part in parts}
    return Why(
        change,
        tuple(parts),
        testing,
        tuple(_table(weights, cases, field, limits) for field in cases.fields),
        _places(cases, common),
        completeness,
        label_of(change, named, None if testing is None else testing.spread, completeness, setting),
    )


def tables_of(cases: Cases, setting: WhySetting, rng: np.random.Generator, *, change: float) -> tuple[FieldTable, ...]:
    """Only the tables: of the same cases as counted elsewhere by other attributes. Shares are of `change`."""
    weights = _weights(cases, setting.draws, rng)
    return tuple(_table(weights, cases, field, _Limits(setting.level, change)) for field in cases.fields)


@dataclass(frozen=True)
class _Limits:
    level: float
    change: float

    def part(self, name: str, before: FloatArray, after: FloatArray) -> Part:
        """From values of every draw, the first of which is what was observed."""
        return self.of_difference(name, float(before[0]), float(after[0]), after - before)

    def of_difference(self, name: str, before: float | None, after: float | None, difference: FloatArray) -> Part:
        tail = (1 - self.level) / 2
        lower, upper = np.quantile(difference[1:], [tail, 1 - tail])
        cases = float(difference[0])
        return Part(
            name, before, after, cases, min(float(lower), cases), max(float(upper), cases),
            cases / self.change if self.change else float("nan"),
        )  # fmt: skip


def _weights(cases: Cases, draws: int, rng: np.random.Generator) -> FloatArray:
    """`[1 + draws, case]`: ones, then Poisson weights, the same for those who live together."""
    unit = np.where(cases.household == UNKNOWN, -2 - np.arange(cases.window.size), cases.household)
    _, unit = np.unique(unit, return_inverse=True)
    drawn = rng.poisson(1.0, size=(draws, int(unit.max()) + 1))[:, unit].astype(np.float64)
    return np.concatenate([np.ones((1, unit.size)), drawn])


def _sums(weights: FloatArray, cases: Cases, window: int, share: FloatArray | None = None) -> FloatArray:
    mine = (cases.window == window).astype(np.float64)
    total: FloatArray = weights @ (mine if share is None else mine * share)
    return total


def _differences(weights: FloatArray, cases: Cases, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    return _sums(weights, cases, BEFORE, share), _sums(weights, cases, AFTER, share)


def _without_tests(weights: FloatArray, cases: Cases, shares: FloatArray, limits: _Limits) -> list[Part]:
    names = (*CAUSES[:REST], UNTOLD)
    return [limits.part(name, *_differences(weights, cases, shares[:, at])) for at, name in enumerate(names)]


def _with_tests(
    weights: FloatArray, cases: Cases, tested: Tested, shares: FloatArray, limits: _Limits
) -> tuple[list[Part], Testing]:
    split = _split(weights, cases, tested)
    reason = tested.reason[cases.stratum]
    change = split.sum(axis=2)
    # how much of a reason's change is no testing; in a reason without change nothing is taken away
    kept = np.divide(split[:, :, 2], change, out=np.ones_like(change), where=np.abs(change) > 1e-9)
    parts = [limits.part(CAUSES[0], *_differences(weights, cases, shares[:, 0]))]
    parts += [limits.of_difference(name, None, None, split[:, :, at].sum(axis=1)) for at, name in enumerate(OF_TESTING)]
    for at, name in enumerate((*CAUSES[1:REST], SPREAD), start=1):
        before, after = _differences(weights, cases, shares[:, at])
        left = np.zeros(weights.shape[0])
        for code in range(change.shape[1]):
            first, second = _differences(weights, cases, shares[:, at] * (reason == code))
            left += (second - first) * kept[:, code]
        parts.append(limits.of_difference(name, float(before[0]), float(after[0]), left))
    found = [float((cases.window == window).sum()) for window in (BEFORE, AFTER)]
    tests = float(tested.before.sum()) + found[0], float(tested.after.sum()) + found[1]
    spread = limits.of_difference(SPREAD, None, None, split[:, :, 2].sum(axis=1))
    return parts, Testing(spread, tests, (found[0] / tests[0], found[1] / tests[1]))


def _split(weights: FloatArray, cases: Cases, tested: Tested) -> FloatArray:
    """`[draw, reason, 3]`: more testing, targeted testing, spread, of all cases that are not late."""
    strata, on_time = tested.before.size, (~cases.late).astype(np.float64)
    found = [_by_stratum(weights, cases, window, on_time, strata) for window in (BEFORE, AFTER)]
    return decomposition.netted_parts(found[0], found[1], tested.before, tested.after, tested.reason)


def _by_stratum(weights: FloatArray, cases: Cases, window: int, share: FloatArray, strata: int) -> FloatArray:
    mine = np.flatnonzero(cases.window == window)
    placed = np.zeros((mine.size, strata))
    placed[np.arange(mine.size), cases.stratum[mine]] = share[mine]
    found: FloatArray = weights[:, mine] @ placed
    return found


def _known(cases: Cases, column: IntArray) -> float:
    return float((column[cases.window == AFTER] != UNKNOWN).mean())


def _table(weights: FloatArray, cases: Cases, field: Field, limits: _Limits) -> FieldTable:
    parts = []
    for code, name in [*enumerate(field.labels), (UNKNOWN, NOT_KNOWN)]:
        here = (field.code == code).astype(np.float64)
        if here.any():
            parts.append(limits.part(name, _sums(weights, cases, BEFORE, here), _sums(weights, cases, AFTER, here)))
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
