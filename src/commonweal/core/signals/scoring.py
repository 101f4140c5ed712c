"""How flags fare against rises: found, in time, lead, and false flags that are raised again every fortnight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.rates.intervals import exact_poisson, wilson
from commonweal.core.signals.rises import FORTNIGHT, Rise

YEAR = 365.25
FEWEST_FOR_A_MEDIAN = 6  # the least and the greatest of five values miss their median in 6 % of samples
QUANTITIES = ("false_flags_per_authority_year", "found", "in_time", "lead_days")


@dataclass(frozen=True)
class Fate:
    """What became of one rise: the day of the first fresh flag that finds it, or None."""

    rise: Rise
    flag: int | None

    @property
    def in_time(self) -> bool:
        """Flagged by the first rise day."""
        return self.flag is not None and self.flag <= self.rise.first

    @property
    def lead(self) -> int | None:
        """Days from the flag to the doubling; negative when the flag came after it."""
        return None if self.flag is None or self.rise.doubling is None else self.rise.doubling - self.flag


@dataclass(frozen=True)
class Score:
    """Fates of the rises of a period, and the number of false flags of each area."""

    fates: tuple[Fate, ...]
    false_flags: IntArray
    years: float

    @property
    def false_per_year(self) -> float:
        """False flags per authority and year."""
        return float(self.false_flags.mean() / self.years)

    @property
    def found(self) -> float:
        """Share of rises that were found; NaN without rises."""
        return _share([fate.flag is not None for fate in self.fates])

    @property
    def in_time(self) -> float:
        """Share of rises flagged by their first day."""
        return _share([fate.in_time for fate in self.fates])

    @property
    def lead(self) -> float:
        """Median lead in days of the rises that were found."""
        leads = [fate.lead for fate in self.fates if fate.lead is not None]
        return float(np.median(leads)) if leads else float("nan")


def score(flags: BoolArray, rises: Sequence[Rise], first: int, last: int) -> Score:
    """Score the mornings `first..last` of `flags` `[area, day]`.

    rises: all rises of the series, also those before and after, so that a flag in their days is no false one; only
    those whose first day lies in the period are to be found. A fresh flag is one without a flag the morning before.
    """
    right = np.zeros(flags.shape, dtype=bool)
    for rise in rises:
        right[rise.area, rise.right().start : rise.right().stop] = True
    fresh = flags.copy()
    fresh[:, 1:] &= ~flags[:, :-1]
    fates = tuple(Fate(rise, _first_in(fresh[rise.area], rise)) for rise in rises if first <= rise.first <= last)
    wrong = (flags & ~right)[:, first : last + 1]
    return Score(fates, raised_again(wrong), (last - first + 1) / YEAR)


def raised_again(wrong: BoolArray) -> IntArray:
    """Flags of each area where each one blocks the 14 days from it, then counts again."""
    number = np.zeros(wrong.shape[0], dtype=np.int64)
    blocked = np.full(wrong.shape[0], -1)
    for day in range(wrong.shape[1]):
        counts = wrong[:, day] & (day > blocked)
        number += counts
        blocked = np.where(counts, day + FORTNIGHT - 1, blocked)
    return number


def pooled(scores: Sequence[Score]) -> Score:
    """Several runs over the same areas as one: all fates, and the years added up."""
    fates = tuple(fate for each in scores for fate in each.fates)
    return Score(fates, np.sum([each.false_flags for each in scores], axis=0), sum(each.years for each in scores))


def interval(
    scores: Sequence[Score], rng: np.random.Generator, *, draws: int = 500, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Intervals of the four numbers: the wider of two, NaN where nothing can be told.

    One draws areas with their rises again and again, all runs of an area together. It is empty where every rise was
    found, or where one area has all of them, so that each is held against what the bare number of rises (Wilson) and
    of flags (Poisson) of one run leaves open: seeds draw delays again, never the epidemic. A median of fewer than six
    rises has none.
    """
    whole = pooled(scores)
    low, high = _by_areas(scores, whole, rng, draws, level)
    least, most = _by_number(whole, len(scores), level)
    if len(whole.fates) / len(scores) < FEWEST_FOR_A_MEDIAN:
        low[-1] = high[-1] = np.nan
    low, high = np.fmin(low, least), np.fmax(high, most)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate(QUANTITIES)}


def _by_areas(
    scores: Sequence[Score], whole: Score, rng: np.random.Generator, draws: int, level: float
) -> tuple[FloatArray, FloatArray]:
    """Limits of the four numbers over areas drawn with replacement."""
    areas = scores[0].false_flags.size
    by_area: list[list[Fate]] = [[] for _ in range(areas)]
    for fate in whole.fates:
        by_area[fate.rise.area].append(fate)
    drawn: list[FloatArray] = []
    for _ in range(draws):
        chosen = rng.integers(0, areas, areas)
        again = Score(tuple(fate for area in chosen for fate in by_area[area]), whole.false_flags[chosen], whole.years)
        drawn.append(_four(again))
    table = np.array(drawn)
    known = ~np.isnan(table).all(axis=0)
    low, high = np.full(table.shape[1], np.nan), np.full(table.shape[1], np.nan)
    low[known], high[known] = np.nanquantile(table[:, known], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _by_number(whole: Score, runs: int, level: float) -> tuple[FloatArray, FloatArray]:
    """Limits of the four numbers from how many rises and flags a single run has; NaN for the lead."""
    low, high = np.full(len(QUANTITIES), np.nan), np.full(len(QUANTITIES), np.nan)
    flags = exact_poisson(whole.false_flags.sum() / runs, level=level)
    years = whole.years / runs * whole.false_flags.size
    low[0], high[0] = float(flags.lower) / years, float(flags.upper) / years
    rises = len(whole.fates) / runs
    if rises:
        shares = wilson(np.array([whole.found, whole.in_time]) * rises, rises, level=level)
        low[1:3], high[1:3] = shares.lower, shares.upper
    return low, high


def _four(found: Score) -> FloatArray:
    return np.array([found.false_per_year, found.found, found.in_time, found.lead])


def _first_in(fresh: BoolArray, rise: Rise) -> int | None:
    days = np.flatnonzero(fresh[rise.findable().start : rise.findable().stop])
    return rise.findable().start + int(days[0]) if days.size else None


def _share(held: list[bool]) -> float:
    return sum(held) / len(held) if held else float("nan")
