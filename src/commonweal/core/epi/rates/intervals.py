"""Confidence limits for counts and proportions.

Sources: Breslow and Day 1987 (Byar's approximation), Garwood 1936 (exact Poisson limits by chi-square), Wilson 1927.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.distributions import normal_quantile
from commonweal.core.errors import Refused

EXACT_BELOW = 10
"""Byar's approximation is replaced by the exact limits below this count (convention of English public health)."""


@dataclass(frozen=True)
class Interval:
    """A value with its limits, elementwise; `level` is the two-sided coverage, `method` says how the limits came."""

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float
    method: str


def byar(events: ArrayLike, *, level: float = 0.95) -> Interval:
    """Byar's approximate limits of a Poisson count O.

    lower = O (1 - 1/(9 O) - z/(3 sqrt O))^3, upper the same at O + 1 with + z; the lower limit of 0 is 0.
    Raises `Refused` for negative or missing counts (weighted counts need not be whole).
    """
    observed = checks.non_negative("events", events)
    z = _z(level)
    safe = np.where(observed > 0, observed, 1.0)
    lower = np.where(observed > 0, safe * (1 - 1 / (9 * safe) - z / (3 * np.sqrt(safe))) ** 3, 0.0)
    above = observed + 1
    upper = above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3
    return Interval(observed, lower, upper, level, "Byar")


def exact_poisson(events: ArrayLike, *, level: float = 0.95) -> Interval:
    """Exact (chi-square) limits of a Poisson count; the lower limit of 0 is 0."""
    observed = checks.non_negative("events", events)
    checks.proportion("level", level)
    tail = (1 - level) / 2
    lower = np.where(observed > 0, special.gammaincinv(np.maximum(observed, 1e-300), tail), 0.0)
    upper = special.gammainccinv(observed + 1, tail)
    return Interval(observed, lower, upper, level, "Exact")


def byar_or_exact(events: ArrayLike, *, level: float = 0.95) -> Interval:
    """Exact limits below ten events, Byar's from ten on."""
    approximate, exact = byar(events, level=level), exact_poisson(events, level=level)
    few = approximate.value < EXACT_BELOW
    lower, upper = np.where(few, exact.lower, approximate.lower), np.where(few, exact.upper, approximate.upper)
    return Interval(approximate.value, lower, upper, level, "Exact below 10, Byar from 10")


def wilson(events: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Interval:
    """Wilson's score limits of a proportion events/trials.

    Raises `Refused` where trials are not above 0 or events exceed trials.
    """
    x, n = np.broadcast_arrays(checks.non_negative("events", events), checks.positive("trials", trials))
    if (x > n).any():
        place = int(np.argmax(x > n))
        raise Refused(
            f"events {x.flat[place]:g} exceed trials {n.flat[place]:g} at position {place}; "
            "a proportion needs events <= trials. Use a rate if one person may count twice."
        )
    z = _z(level)
    p = x / n
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    lower = np.where(x == 0, 0.0, np.maximum((centre - half) / scale, 0.0))
    upper = np.where(x == n, 1.0, np.minimum((centre + half) / scale, 1.0))
    return Interval(p, lower, upper, level, "Wilson")


def crude_rate(events: ArrayLike, population: ArrayLike, *, per: float = 100_000, level: float = 0.95) -> Interval:
    """Events per `per` residents with exact (below 10) or Byar limits."""
    count = byar_or_exact(events, level=level)
    people = checks.positive("population", population)
    scale = per / people
    return Interval(count.value * scale, count.lower * scale, count.upper * scale, level, count.method)


def _z(level: float) -> float:
    return float(normal_quantile((1 + checks.proportion("level", level)) / 2))
