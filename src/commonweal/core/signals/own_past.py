"""Whether a place's newest week of a loaded series is more than its own weeks before lead one to expect.

For series that the rate rule does not speak of: admissions, absence, waste water, weekly counts. The newest 7 days (or
the newest value, where one covers 7 days or more, or is a count of several) are held against the same days of earlier
weeks, the one just before left out; values that cover more than 7 days are held against those that do not overlap them.
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
    numbers averaged). window_days: what a value covers.
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


def span(kind: str, window_days: int) -> int:
    """How many days the newest value that is held covers: one of several days as it stands, else a week of values."""
    return window_days if window_days >= WEEK.days or (kind == "count" and window_days > 1) else WEEK.days


def step(window_days: int) -> timedelta:
    """How far apart the values of the past are: whole weeks, so that days of the week are the same and none overlap."""
    return math.ceil(window_days / WEEK.days) * WEEK


def why_not(cells: Mapping[date, Cell], kind: str, window_days: int, rule: PastRule) -> str:
    """Why nothing can be said of a place's newest values; "" where it can, and where only few were counted."""
    last, apart = max(cells), step(window_days)
    needed = apart.days * (1 + rule.skipped_weeks + rule.least_weeks)
    known = (last - min(cells)).days + window_days
    if known < needed:
        return f"{known} days of values; its past is read over {needed}"
    week = _week(cells, last, kind, window_days, rule)
    if week is None:
        days = [last - timedelta(days=back) for back in range(WEEK.days)]
        of = sum(day in cells for day in days)
        missing = f", none of {max(day for day in days if day not in cells):%-d %B}"
        wanted = "all 7 are needed" if kind == "count" else f"{_needed(cells, last, rule)} are needed"
        return f"{of} of the 7 days to {last:%-d %B %Y} have a value{missing}; {wanted}"
    if kind == "count" and week[0] < rule.least_count:
        return ""
    past = len(_past(cells, last, kind, window_days, rule))
    return "" if past >= rule.least_weeks else (
        f"{past} of the {rule.weeks} spans of {span(kind, window_days)} days before have their values; at least "
        f"{rule.least_weeks} are needed"
    )  # fmt: skip


def _held(
    cells: Mapping[date, Cell], last: date, week: Cell, kind: str, window_days: int, rule: PastRule
) -> Departure | None:
    """A week against its past; None where the past holds too few weeks."""
    past = _past(cells, last, kind, window_days, rule)
    if len(past) < rule.least_weeks:
        return None
    before = np.array([high for _, high in past])
    return _count(last, week[0], before) if kind == "count" else _number(last, week[0], before, rule.least_spread)


def _past(cells: Mapping[date, Cell], last: date, kind: str, window_days: int, rule: PastRule) -> list[Cell]:
    apart = step(window_days)
    found = (_week(cells, last - k * apart, kind, window_days, rule) for k in _reach(rule))
    return [each for each in found if each is not None]


def _reach(rule: PastRule) -> range:
    return range(1 + rule.skipped_weeks, 1 + rule.skipped_weeks + rule.weeks)


def _week(cells: Mapping[date, Cell], last: date, kind: str, window_days: int, rule: PastRule) -> Cell | None:
    if span(kind, window_days) == window_days:
        return cells.get(last)
    some = _values(cells, last)
    if len(some) < (WEEK.days if kind == "count" else _needed(cells, last, rule)):
        return None  # a day without a value is unknown, not 0
    low, high = (math.fsum(cell[side] for cell in some) for side in (0, 1))
    return (low, high) if kind == "count" else (low / len(some), high / len(some))


def _values(cells: Mapping[date, Cell], last: date) -> list[Cell]:
    return [cells[day] for back in range(WEEK.days) if (day := last - timedelta(days=back)) in cells]


def _needed(cells: Mapping[date, Cell], last: date, rule: PastRule) -> int:
    """How many values a week of shares or other numbers needs: what is measured twice a week has two and no more."""
    usual = [number for k in _reach(rule) if (number := len(_values(cells, last - k * WEEK)))]
    return min(rule.least_days, max(1, math.floor(np.median(usual)))) if usual else rule.least_days


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
