"""Spatial autocorrelation: Moran's I (global, local, for rates) and Getis and Ord's Gi*.

Sources: Cliff and Ord 1981; Anselin 1995; Sokal, Oden and Thomson 1998 (conditional variance of the local statistic);
Ord and Getis 1995; Assuncao and Reis 1999 (rates).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.rates.neighbours import Neighbours
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Moran:
    """Moran's I with its expectation and variance under random permutation of values over areas; one-sided p."""

    statistic: float
    expectation: float
    variance: float
    z: float
    p_greater: float


@dataclass(frozen=True)
class LocalMoran:
    """I_i of each area, its conditional expectation and variance, and z = (I_i - E)/sd."""

    statistic: FloatArray
    expectation: FloatArray
    variance: FloatArray
    z: FloatArray


def moran(values: ArrayLike, neighbours: Neighbours) -> Moran:
    """Global Moran's I with row-standardised weights and the randomisation variance."""
    x = _checked(values, neighbours)
    n = x.size
    z = x - x.mean()
    w = neighbours.weights()
    s0 = w.sum()
    both = w + w.T
    s1 = 0.5 * (both.multiply(both)).sum()
    s2 = ((np.asarray(w.sum(axis=1)).ravel() + np.asarray(w.sum(axis=0)).ravel()) ** 2).sum()
    square = (z**2).sum()
    statistic = n / s0 * (z @ (w @ z)) / square
    kurtosis = n * (z**4).sum() / square**2
    expectation = -1 / (n - 1)
    first = n * (s1 * (n * n - 3 * n + 3) - n * s2 + 3 * s0 * s0)
    second = kurtosis * (s1 * (n * n - n) - 2 * n * s2 + 6 * s0 * s0)
    variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0 * s0) - expectation**2
    score = (statistic - expectation) / np.sqrt(variance)
    return Moran(float(statistic), expectation, float(variance), float(score), float(special.ndtr(-score)))


def moran_of_rates(events: ArrayLike, population: ArrayLike, neighbours: Neighbours) -> float:
    """Moran's I of rates standardised by their own variance (small areas no longer make noise look like pattern)."""
    x, n = checks.counts("events", events), checks.positive("population", population)
    mean = x.sum() / n.sum()
    spread = (n * (x / n - mean) ** 2).sum() / n.sum() - mean / n.mean()
    variance = spread + mean / n
    z = (x / n - mean) / np.sqrt(np.where(variance > 0, variance, mean / n))
    z = z - z.mean()
    w = neighbours.weights()
    return float(x.size / w.sum() * (z @ (w @ z)) / (z**2).sum())


def local_moran(values: ArrayLike, neighbours: Neighbours) -> LocalMoran:
    """I_i = z_i/m2 * sum_j w_ij z_j, m2 = sum z^2/n, with moments conditional on z_i."""
    x = _checked(values, neighbours)
    n = x.size
    z = x - x.mean()
    m2 = (z**2).sum() / n
    w = neighbours.weights()
    row, square = np.asarray(w.sum(axis=1)).ravel(), np.asarray(w.multiply(w).sum(axis=1)).ravel()
    statistic = z / m2 * (w @ z)
    expectation = -(z**2) * row / ((n - 1) * m2)
    variance = (z / m2) ** 2 * (n / (n - 2)) * (square - row**2 / (n - 1)) * (m2 - z**2 / (n - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (statistic - expectation) / np.sqrt(variance)
    return LocalMoran(statistic, expectation, variance, score)


def gi_star(values: ArrayLike, neighbours: Neighbours) -> FloatArray:
    """Getis and Ord's Gi* as a z-score: each area with its neighbours (itself included) against all areas."""
    x = _checked(values, neighbours)
    n = x.size
    w = neighbours.weights(with_self=True)
    row, square = np.asarray(w.sum(axis=1)).ravel(), np.asarray(w.multiply(w).sum(axis=1)).ravel()
    mean = x.mean()
    sd = np.sqrt((x**2).mean() - mean**2)
    return np.asarray((w @ x - row * mean) / (sd * np.sqrt((n * square - row**2) / (n - 1))))


def _checked(values: ArrayLike, neighbours: Neighbours) -> FloatArray:
    x = checks.finite("values", values)
    if x.shape != (neighbours.size,):
        raise Refused(f"values has shape {x.shape} for {neighbours.size} areas; pass one value for each area.")
    if x.size < 4:
        raise Refused(f"values has {x.size} areas; spatial autocorrelation needs at least 4.")
    if np.ptp(x) == 0:
        raise Refused(f"all values are {x[0]:g}; autocorrelation is not defined without variation.")
    return x
