"""Empirical Bayes rates (Marshall 1991): pull small areas towards the mean of all, or of their neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.rates.neighbours import Neighbours


@dataclass(frozen=True)
class SmoothedRates:
    """Raw and smoothed rates (events per head), with the prior mean and variance each area was pulled towards."""

    raw: FloatArray
    smoothed: FloatArray
    prior_mean: FloatArray
    prior_variance: FloatArray


def global_rates(events: ArrayLike, population: ArrayLike) -> SmoothedRates:
    """Marshall's global estimator.

    m = sum x / sum n, s2 = sum n (r - m)^2 / sum n, A = max(0, s2 - m / mean n),
    smoothed_i = m + A / (A + m/n_i) (r_i - m).
    """
    x, n = _pair(events, population)
    raw = x / n
    mean, variance = _moments(x, n, np.ones((1, x.size)))
    return SmoothedRates(raw, _pulled(raw, n, mean, variance), mean, variance)


def local_rates(
    events: ArrayLike, population: ArrayLike, neighbours: Neighbours, *, compat: str = "marshall"
) -> SmoothedRates:
    """The same with mean and variance taken over each area and its neighbours.

    `compat="spdep"` reproduces R's `EBlocal`, where each neighbour's deviation is taken from that neighbour's own local
    mean instead of the mean of the area being smoothed.
    """
    checks.one_of("compat", compat, ("marshall", "spdep"))
    x, n = _pair(events, population)
    member = neighbours.adjacency().toarray() + np.eye(neighbours.size)
    mean, variance = _moments(x, n, member, own_mean=compat == "spdep")
    raw = x / n
    return SmoothedRates(raw, _pulled(raw, n, mean, variance), mean, variance)


def _moments(
    x: FloatArray, n: FloatArray, member: FloatArray, *, own_mean: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Mean and between-area variance over the members of each row of a 0/1 matrix."""
    people = member @ n
    mean = (member @ x) / people
    centre = mean[None, :] if own_mean else mean[:, None]
    spread = (member * (n * (x / n - centre) ** 2)).sum(axis=1) / people
    variance = spread - mean / (people / member.sum(axis=1))
    return mean, np.maximum(variance, 0.0)


def _pulled(raw: FloatArray, n: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    within = mean / n
    total = variance + within
    share = np.divide(variance, total, out=np.zeros_like(total), where=total > 0)
    return mean + share * (raw - mean)


def _pair(events: ArrayLike, population: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, n = checks.counts("events", events), checks.positive("population", population)
    checks.same_shape("events", x, "population", n)
    return x, n
