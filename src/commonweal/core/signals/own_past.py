"""Whether a place's newest week of a loaded series is more than its own weeks before lead one to expect.

For series that the rate rule does not speak of: admissions, absence, waste water, weekly counts. The newest 7 days (or
the newest value that covers 7 days) are held against the same 7 days of earlier weeks, the one just before left out.
Counts: negative binomial with the mean and variance of those weeks, wider by the uncertainty of the mean. Shares and
other numbers: Student's t. A suppressed cell counts as its lowest value in the newest week and as its highest in the
past, so that it never makes a finding by itself. What is still to be reported makes the newest week too low, never too
high.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from scipy import special

from commonweal.core.epi.distributions import negative_binomial_quantile
from commonweal.core.errors import Refused

WEEK = timedelta(days=7)
TAIL = 0.05
Cell = tuple[float, float]


@dataclass(frozen=True)
class PastRule:
    """late_days: by which a publication may be late until nothing is said; weeks of the past, of which at least
    least_weeks must be there; skipped_weeks: just before the newest one, not held against it; least_count: of people,
    in the newest week; least_days: of 7 that must have a value, of shares and other numbers; least_spread: of those, as
    a part of their mean."""

    late_days: int
    weeks: int
    skipped_weeks: int
    least_weeks: int
    least_count: int
    least_days: int
    least_spread: float

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> PastRule:
        """From `parameters/signals/sweep.yaml`. Raises `Refused` for what is missing or cannot be."""
        part = document.get("series", {})
        missing = [name for name in cls.__dataclass_fields__ if name not in part]
        if missing:
            raise Refused(f"parameters/signals/sweep.yaml, series: lacks {', '.join(missing)}.")
        rule = cls(**part)
        if not 3 <= rule.least_weeks <= rule.weeks:
            raise Refused(
                f"parameters/signals/sweep.yaml, series: least_weeks is {rule.least_weeks}; from 3 to {rule.weeks} "
                "weeks can be asked for."
            )
        return rule


@dataclass(frozen=True)
class Departure:
    """The newest week: its last day, value (the lowest that it can be), what was expected with its 90 % range, and P(so
    much or more)."""

    last: date
    value: float
    expected: float
    low: float
    high: float
    p_value: float


def departure(cells: Mapping[date, Cell], kind: str, window_days: int, rule: PastRule) -> Departure | None:
    """Hold the newest week of a place against its past; None where too little is known, or nobody was counted.

    cells: day -> lowest and highest value, as published. kind: of the metric (counts are added up over a week, other
    numbers averaged). window_days: what a value covers, 1 or 7.
    """
    if not cells:
        return None
    last = max(cells)
    newest = _week(cells, last, kind, window_days, rule)
    if newest is None or (kind == "count" and newest[0] < rule.least_count):
        return None
    return _held(cells, last, newest, kind, window_days, rule)


@dataclass(frozen=True)
class Week:
    """The seven days to a day as published, from ``low`` to ``high`` (the same number where nothing is kept back), and
    what the weeks before led to expect of them; None where the past holds too few weeks."""

    last: date
    low: float
    high: float
    held: Departure | None

    @property
    def above(self) -> bool:
        """Whether even the lowest that it can be lies above the 90 % range."""
        return self.held is not None and self.held.value > self.held.high


def weeks(cells: Mapping[date, Cell], kind: str, window_days: int, rule: PastRule, first: date) -> tuple[Week, ...]:
    """Every week that ends from `first` on, each held against its own past by the rule of `departure`.

    What was expected of a day rests on the weeks before that day alone, in today's publication of them. Weeks of few
    people are held as well: the least count bears on what is told, not on what was to be expected.
    """
    found = []
    for last in sorted(day for day in cells if day >= first):
        week = _week(cells, last, kind, window_days, rule)
        if week is not None:
            found.append(Week(last, *week, _held(cells, last, week, kind, window_days, rule)))
    return tuple(found)


def _held(
    cells: Mapping[date, Cell], last: date, week: Cell, kind: str, window_days: int, rule: PastRule
) -> Departure | None:
    """A week against its past; None where the past holds too few weeks."""
    reach = range(1 + rule.skipped_weeks, 1 + rule.skipped_weeks + rule.weeks)
    past = [each for k in reach if (each := _week(cells, last - k * WEEK, kind, window_days, rule)) is not None]
    if len(past) < rule.least_weeks:
        return None
    before = np.array([high for _, high in past])
    return _count(last, week[0], before) if kind == "count" else _number(last, week[0], before, rule.least_spread)


def _week(cells: Mapping[date, Cell], last: date, kind: str, window_days: int, rule: PastRule) -> Cell | None:
    if window_days >= WEEK.days:
        return cells.get(last)
    some = [cells[day] for back in range(WEEK.days) if (day := last - timedelta(days=back)) in cells]
    if len(some) < (WEEK.days if kind == "count" else rule.least_days):
        return None  # a day without a value is unknown, not 0
    low, high = (math.fsum(cell[side] for cell in some) for side in (0, 1))
    return (low, high) if kind == "count" else (low / len(some), high / len(some))


def _count(last: date, value: float, before: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Departure:
    mean = max(float(before.mean()), 0.5)
    spread = max(float(before.var(ddof=1)), mean)
    variance = spread * (1 + 1 / before.size)
    size = mean**2 / (variance - mean)
    prob = size / (size + mean)
    p_value = float(special.betainc(value, size, 1 - prob))
    low, high = (float(negative_binomial_quantile(np.array([q]), np.array([size]), np.array([prob]))[0])
                 for q in (TAIL, 1 - TAIL))  # fmt: skip
    return Departure(last, value, mean, low, high, p_value)


def _number(
    last: date, value: float, before: np.ndarray[tuple[int, ...], np.dtype[np.float64]], least_spread: float
) -> Departure:
    mean, freedom = float(before.mean()), before.size - 1
    error = max(float(before.std(ddof=1)), least_spread * abs(mean), 1e-9) * math.sqrt(1 + 1 / before.size)
    p_value = float(special.stdtr(freedom, -(value - mean) / error))
    reach = float(special.stdtrit(freedom, 1 - TAIL)) * error
    return Departure(last, value, mean, mean - reach, mean + reach, p_value)
