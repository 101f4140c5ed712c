"""p-values and recurrence intervals of scan clusters from simulated maxima.

Sources: Dwass 1957; Besag and Clifford 1991 (sequential); Abrams et al. 2010 (Gumbel tail); Kleinman et al. 2004
(recurrence intervals).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused

EULER = 0.57721566490153286
TIE = 1e-9
"""A simulated maximum this near below the observed ratio counts as equal, and equal counts against."""
BATCH = 128
"""Replicates simulated between two looks at a sequential test."""

Simulate = Callable[[int, float], FloatArray]
"""(replicates, floor) -> the maximum of each further replicate that reaches the floor, else 0."""


@dataclass(frozen=True)
class Gumbel:
    """A Gumbel distribution fitted to maxima by moments."""

    mu: float
    beta: float

    def tail(self, ratio: ArrayLike) -> FloatArray:
        """P(maximum >= ratio), precise far out in the tail."""
        scaled = (self.mu - np.asarray(ratio, dtype=np.float64)) / self.beta
        return np.asarray(-np.expm1(-np.exp(scaled)))


def fit_gumbel(maxima: FloatArray) -> Gumbel:
    """beta = sd sqrt(6)/pi, mu = mean - Euler's constant * beta."""
    if maxima.size < 10:
        raise Refused(f"{maxima.size} simulated maxima are too few for a Gumbel tail; simulate at least 99.")
    beta = float(maxima.std(ddof=1) * np.sqrt(6) / np.pi)
    return Gumbel(float(maxima.mean() - EULER * beta), beta)


def monte_carlo(ratio: ArrayLike, maxima: FloatArray) -> FloatArray:
    """(1 + number of maxima at or above the ratio)/(1 + number of maxima)."""
    ordered = np.sort(maxima)
    below = np.searchsorted(ordered, np.asarray(ratio, dtype=np.float64) - TIE, side="left")
    return np.asarray((1 + ordered.size - below) / (1 + ordered.size))


@dataclass(frozen=True)
class Sequential:
    """Outcome of sequential simulation: replicates run, their maxima (0 if below the observed), exceedances."""

    replicates: int
    maxima: FloatArray
    exceedances: int
    stopped: bool


def sequential(simulate: Simulate, observed: float, *, most: int, stop_after: int) -> Sequential:
    """Simulate until `stop_after` maxima reach the observed ratio, or `most` replicates are done (Besag-Clifford)."""
    collected = np.empty(0)
    while collected.size < most:
        collected = np.concatenate([collected, simulate(min(BATCH, most - collected.size), observed - TIE)])
        reached = np.flatnonzero(collected >= observed - TIE)
        if reached.size >= stop_after:
            last = int(reached[stop_after - 1]) + 1
            return Sequential(last, collected[:last], stop_after, True)
    return Sequential(most, collected, int((collected >= observed - TIE).sum()), False)


def sequential_p(ratio: ArrayLike, run: Sequential) -> FloatArray:
    """Stopped: exceedances/replicates for each ratio (at least the first); else the standard rule.

    Simulated maxima below the most likely cluster's ratio are not kept, so a secondary cluster's p-value is an upper
    bound: that of its rank among the maxima that are, never below the first cluster's.
    """
    if not run.stopped:
        return monte_carlo(ratio, run.maxima)
    values = np.asarray(ratio, dtype=np.float64)
    reached = (run.maxima[None, :] >= values.reshape(-1, 1) - TIE).sum(axis=1).reshape(values.shape)
    return np.asarray(np.maximum(reached, run.exceedances) / run.replicates)


@dataclass(frozen=True)
class Decision:
    """Outcome of `decide`: replicates run, how many reached the observed ratio, the maxima that were worked out.

    tail: fitted to the maxima when the exceedances alone could not tell, else None.
    """

    replicates: int
    exceedances: int
    maxima: FloatArray
    tail: Gumbel | None

    def gumbel_p(self, ratio: FloatArray) -> FloatArray:
        """P-values from the tail; NaN without one."""
        return np.full(ratio.shape, np.nan) if self.tail is None else self.tail.tail(ratio)

    def p_value(self, ratio: FloatArray) -> FloatArray:
        """From the tail; else the first cluster's for all, which for weaker ones is the least it can be."""
        if self.tail is not None:
            return self.tail.tail(ratio)
        return np.full(ratio.shape, (1 + self.exceedances) / (1 + self.replicates))


LOOKS = (32, 96, 192, 448)
"""Replicates after which exceedances are looked at."""
SURE = 1e-3
"""A decision may be wrong this often, were the true p-value on the limit."""
TAIL_REPLICATES = 128
TAIL_ERRORS = 3.0


def p_limit(limit_days: float, *, days_per_step: float = 1.0, earlier_analyses: int = 1) -> float:
    """The p-value whose recurrence interval is `limit_days`."""
    p = days_per_step / limit_days
    return float(-np.expm1(earlier_analyses * np.log1p(-p))) if p < 1 else 1.0


def decide(
    reaching: Simulate, exact: Callable[[int], FloatArray], observed: float, *, limit: float, most: int
) -> Decision:
    """Simulate as little as it takes to tell whether the p-value lies below the limit.

    Too many exceedances for a p-value at the limit (binomial tail below `SURE`): above it. None or few at the first
    look: a Gumbel tail of 128 maxima decides if it is three standard errors from the limit on the log scale
    (Var log p ~ (1.11 + 0.52 y + 0.61 y^2)/n at y = (x - mu)/beta). Else go on, at last with all replicates.
    """
    found = np.empty(0)
    tail = np.empty(0)
    for look in (*[look for look in LOOKS if look < most], most):
        found = np.concatenate([found, reaching(look - found.size, observed - TIE)])
        above = int((found >= observed - TIE).sum())
        if special.bdtrc(above - 1, found.size, limit) < SURE:
            return Decision(found.size, above, found, None)
        if tail.size == 0 and most >= TAIL_REPLICATES:
            tail = exact(TAIL_REPLICATES)
            fit = fit_gumbel(tail)
            y = (observed - fit.mu) / fit.beta
            error = np.sqrt((1.11 + 0.52 * y + 0.61 * y * y) / tail.size)
            if abs(np.log(fit.tail(observed) / limit)) > TAIL_ERRORS * error:
                return Decision(found.size + tail.size, above, tail, fit)
    return Decision(found.size, above, found, None)


def recurrence_days(p_value: ArrayLike, *, days_per_step: float = 1.0, earlier_analyses: int = 1) -> FloatArray:
    """Expected days between clusters this strong if nothing ever happens: days/p, or days/(1 - (1 - p)^(1/analyses)).

    `days_per_step` is the time between analyses; `earlier_analyses` the number of analyses the p-value is adjusted for.
    """
    p = np.asarray(p_value, dtype=np.float64)
    if earlier_analyses > 1:
        with np.errstate(divide="ignore"):
            p = -np.expm1(np.log1p(-np.minimum(p, 1.0)) / earlier_analyses)
    return np.asarray(days_per_step / p)
