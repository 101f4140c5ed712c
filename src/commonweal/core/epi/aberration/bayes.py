"""Bounds from a few comparison weeks: the Bayesian algorithms 1-3 and the RKI rule.

Sources: Riebler 2004 as implemented in R's `surveillance`; Crow and Gardner 1959 (confidence limits of a Poisson mean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.distributions import negative_binomial_quantile
from commonweal.core.errors import Refused

# Upper 95 % limits of a Poisson mean for counts 0..20 (Crow and Gardner 1959, table 1).
CROW_GARDNER = (
    3.285, 5.323, 6.686, 8.102, 9.598, 11.177, 12.817, 13.765, 14.921, 16.768, 17.633,
    19.050, 20.335, 21.364, 22.945, 23.762, 25.400, 26.306, 27.735, 28.966, 30.017,
)  # fmt: skip


@dataclass(frozen=True)
class BoundResult:
    """`[area, step]` for the evaluated steps: the bound and whether the count exceeds it."""

    upper: FloatArray
    alarm: BoolArray


def comparison_steps(step: int, *, years: int, half_window: int, this_year: bool, period: int = 52) -> IntArray:
    """Positions compared with `step`: the `half_window` steps before it (if `this_year` or without earlier years), and
    the windows of 2 half_window + 1 steps round the same step in earlier years."""
    picked = []
    if this_year or years == 0:
        picked.append(np.arange(step - half_window, step))
    for year in range(1, years + 1):
        centre = step - year * period
        picked.append(np.arange(centre - half_window, centre + half_window + 1))
    positions = np.sort(np.concatenate(picked))
    if positions[0] < 0:
        raise Refused(f"step {step} needs {-positions[0]} more steps of history. Load more, or ask for fewer years.")
    return positions


def bayes(
    counts: ArrayLike,
    steps: ArrayLike,
    *,
    years: int,
    half_window: int,
    this_year: bool = True,
    alpha: float = 0.05,
    period: int = 52,
) -> BoundResult:
    """Quantile 1 - alpha of the posterior predictive under Jeffreys' prior; alarm when the count exceeds it.

    With n comparison counts x: negative binomial, size sum x + 1/2, probability n/(n + 1).
    """
    y, single = checks.series("counts", counts, least=2)
    level = 1 - checks.proportion("alpha", alpha)
    chosen = np.atleast_1d(np.asarray(steps, dtype=np.int64))
    upper = np.empty((y.shape[0], chosen.size))
    for i, step in enumerate(chosen):
        past = y[
            :, comparison_steps(int(step), years=years, half_window=half_window, this_year=this_year, period=period)
        ]
        n = past.shape[1]
        upper[:, i] = negative_binomial_quantile(level, past.sum(axis=1) + 0.5, n / (n + 1))
    return _bounded(y, chosen, upper, single)


def rki(
    counts: ArrayLike, steps: ArrayLike, *, years: int, half_window: int, this_year: bool = True, period: int = 52
) -> BoundResult:
    """Bound from the mean of the comparison counts: up to 20 its Crow-Gardner limit, above it mean + 2 sd."""
    y, single = checks.series("counts", counts, least=2)
    chosen = np.atleast_1d(np.asarray(steps, dtype=np.int64))
    upper = np.empty((y.shape[0], chosen.size))
    table = np.array(CROW_GARDNER)
    for i, step in enumerate(chosen):
        past = y[
            :, comparison_steps(int(step), years=years, half_window=half_window, this_year=this_year, period=period)
        ]
        mean = past.mean(axis=1)
        few = table[np.minimum(np.floor(mean).astype(int), table.size - 1)]
        upper[:, i] = np.where(mean > table.size - 1, mean + 2 * past.std(axis=1, ddof=1), few)
    return _bounded(y, chosen, upper, single)


def _bounded(y: FloatArray, steps: IntArray, upper: FloatArray, single: bool) -> BoundResult:
    alarm = y[:, steps] > upper
    return BoundResult(upper[0], alarm[0]) if single else BoundResult(upper, alarm)
