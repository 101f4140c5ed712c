"""Directly and indirectly standardised rates with their limits.

Sources: Dobson et al. 1991 (Stat Med 10:457), Fay and Feuer 1997 (Stat Med 16:791).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.rates.intervals import Interval, byar, byar_or_exact, exact_poisson

LEAST_EVENTS = 10
"""No limits are given for a directly standardised rate on fewer events."""


@dataclass(frozen=True)
class DirectRate:
    """A directly standardised rate for each area: `value` with Dobson and Fay-Feuer limits, all per `per` people.

    `variance` is that of `value`; `events` the unweighted count. Limits are NaN below ten events when so asked.
    """

    value: FloatArray
    crude: FloatArray
    variance: FloatArray
    events: FloatArray
    dobson: Interval
    fay_feuer: Interval
    per: float


def direct(
    events: ArrayLike,
    population: ArrayLike,
    standard: ArrayLike,
    *,
    per: float = 100_000,
    level: float = 0.95,
    event_variance: ArrayLike | None = None,
    least_events: int = 0,
) -> DirectRate:
    """Standardise over strata (last axis): rate = sum_k w_k O_k/n_k, w = standard/sum(standard).

    `event_variance` replaces the Poisson variance O_k of each stratum's count where events come in bundles (one
    person, several events): sum over bundle size f of f^2 times the number of such bundles. Limits are left NaN below
    `least_events` (English practice: 10). Strata without population are refused.
    """
    observed = checks.non_negative("events", events)
    people = checks.positive("population", population)
    weight = checks.non_negative("standard", standard)
    checks.same_shape("events", observed, "population", people)
    share = weight / weight.sum(axis=-1, keepdims=True)
    factor = share / people
    spread = observed if event_variance is None else checks.non_negative("event_variance", event_variance)
    value, variance = (factor * observed).sum(-1), (factor**2 * spread).sum(-1)
    total = observed.sum(-1)
    crude = total / people.sum(-1)
    few = total < least_events
    dobson = _dobson(value, variance, total, level, few, event_variance is not None)
    fay = _fay_feuer(value, variance, factor, level, few)
    return DirectRate(
        value * per, crude * per, variance * per**2, total, _scaled(dobson, per), _scaled(fay, per), float(per)
    )


def indirect(
    events: ArrayLike,
    population: ArrayLike,
    reference_rate: ArrayLike,
    *,
    level: float = 0.95,
) -> StandardisedRatio:
    """Observed over expected, expected = sum_k n_k * reference rate_k over strata (last axis of population).

    `events` is the total of each area. Limits are those of the count divided by the expectation.
    """
    observed = checks.non_negative("events", events)
    expected = np.asarray(
        (checks.non_negative("population", population) * checks.non_negative("reference_rate", reference_rate)).sum(-1)
    )
    checks.positive("expected (population x reference_rate)", expected)
    ratio = observed / expected
    return StandardisedRatio(
        ratio,
        expected,
        _over(byar(observed, level=level), expected),
        _over(exact_poisson(observed, level=level), expected),
        _over(byar_or_exact(observed, level=level), expected),
    )


@dataclass(frozen=True)
class StandardisedRatio:
    """Observed/expected for each area (1 = as in the reference), with Byar, exact and mixed (exact below 10) limits."""

    ratio: FloatArray
    expected: FloatArray
    byar: Interval
    exact: Interval
    mixed: Interval


def _dobson(
    value: FloatArray, variance: FloatArray, total: FloatArray, level: float, few: FloatArray, bundled: bool
) -> Interval:
    # With bundles the count's own variance is no longer Poisson: the ratio Var/O keeps the unbundled O below it.
    count = byar_or_exact(total, level=level) if bundled else byar(total, level=level)
    scale = np.sqrt(variance / np.where(total > 0, total, np.nan))
    lower, upper = value + scale * (count.lower - total), value + scale * (count.upper - total)
    return Interval(value, np.where(few, np.nan, lower), np.where(few, np.nan, upper), level, "Dobson")


def _fay_feuer(value: FloatArray, variance: FloatArray, factor: FloatArray, level: float, few: FloatArray) -> Interval:
    tail = (1 - level) / 2
    largest = factor.max(-1)
    known = np.where(variance > 0, variance, np.nan)
    lower = variance / np.where(value > 0, value, np.nan) * special.gammaincinv(value**2 / known, tail)
    above, spread = value + largest, variance + largest**2
    upper = spread / above * special.gammainccinv(above**2 / spread, tail)
    lower = np.where(value > 0, lower, 0.0)
    return Interval(value, np.where(few, np.nan, lower), np.where(few, np.nan, upper), level, "Fay-Feuer")


def _scaled(interval: Interval, per: float) -> Interval:
    return Interval(interval.value * per, interval.lower * per, interval.upper * per, interval.level, interval.method)


def _over(count: Interval, expected: FloatArray) -> Interval:
    return Interval(count.value / expected, count.lower / expected, count.upper / expected, count.level, count.method)
