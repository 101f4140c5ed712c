"""Aberration detection for many areas together: one season and calendar for all, a level for each.

Fitting every area alone spends its few cases on the season. Here areas of a group share the seasonal curve, the trend
and (daily) the day-of-week and holiday effects; each keeps its own level, and dispersions are drawn to the group's.
Past outbreaks are weighted down as in Farrington et al. 1996; the latest steps are left out as in Noufaily et al. 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.distributions import poisson_cdf
from commonweal.core.errors import Refused

MOST_STEPS = 30
PRECISION = 1e-6
RIDGE = 1e-6
LEAST_EXCESS_DISPERSION = 1e-3


@dataclass(frozen=True)
class PooledOptions:
    """How to compare.

    years, period: history used, and steps a year (52 weekly, 365 daily). harmonics: sine-cosine pairs of the season.
    left_out: latest steps not used. alpha: one-sided rate of the mid-p value; 0.008 gives 1 % of weeks on overdispersed
    series. threshold: Anscombe residual from which a past step is weighted down. own_dispersion: weight of an area's
    own dispersion beside the group's.
    """

    years: int = 7
    period: float = 52.0
    harmonics: int = 2
    left_out: int = 26
    alpha: float = 0.008
    threshold: float = 2.0
    own_dispersion: float = 0.15


@dataclass(frozen=True)
class PooledResult:
    """`[area, step]` for the evaluated `steps`: expectation, variance/mean, mid-p value of the count, alarm."""

    steps: IntArray
    expected: FloatArray
    dispersion: FloatArray
    p_value: FloatArray
    alarm: BoolArray


def pooled(
    counts: ArrayLike,
    *,
    steps: ArrayLike,
    groups: ArrayLike | None = None,
    options: PooledOptions | None = None,
    weekday: ArrayLike | None = None,
    holiday: ArrayLike | None = None,
) -> PooledResult:
    """Evaluate steps of all areas; areas with the same number in `groups` share a curve (default: all).

    counts: `[area, time]`. weekday (0-6) and holiday (0/1) of each step add shared effects. At least one full year must
    lie between the left-out steps and the start; fewer than `years` are used as they are. Raises `Refused` otherwise.
    """
    chosen = options or PooledOptions()
    checks.proportion("alpha", chosen.alpha)
    y, _ = checks.series("counts", counts, least=2)
    evaluated = np.atleast_1d(np.asarray(steps, dtype=np.int64))
    needed = int(chosen.period) + chosen.left_out
    if evaluated.size == 0 or evaluated.min() < needed or evaluated.max() >= y.shape[1]:
        raise Refused(
            f"steps must lie in {needed}..{y.shape[1] - 1}: one year of history and {chosen.left_out} left-out steps "
            "come before. Load more history, or use a method for new diseases."
        )
    member = np.zeros(y.shape[0], dtype=np.int64) if groups is None else np.asarray(groups)
    columns = _columns(y.shape[1], chosen, weekday, holiday)
    expected, dispersion = np.empty((y.shape[0], evaluated.size)), np.empty((y.shape[0], evaluated.size))
    for group in np.unique(member):
        own = np.flatnonzero(member == group)
        start: _Fit | None = None
        for k, step in enumerate(evaluated):
            rows = np.arange(max(0, int(step - chosen.left_out - chosen.years * chosen.period)), step - chosen.left_out)
            start = _fit(y[np.ix_(own, rows)], _at(columns, rows, int(step), chosen), chosen, start)
            now = _at(columns, np.array([step]), int(step), chosen)[0]
            expected[own, k], dispersion[own, k] = np.exp(start.level + now @ start.shared), start.dispersion
    p_value = _mid_p(y[:, evaluated], expected, dispersion)
    return PooledResult(evaluated, expected, dispersion, p_value, p_value < chosen.alpha)


@dataclass(frozen=True)
class _Fit:
    level: FloatArray
    shared: FloatArray
    dispersion: FloatArray


def _columns(length: int, chosen: PooledOptions, weekday: ArrayLike | None, holiday: ArrayLike | None) -> FloatArray:
    """Season, weekday and holiday of every step (the trend is added relative to the evaluated step)."""
    angle = 2 * np.pi * np.arange(length) / chosen.period
    parts = [f(k * angle) for k in range(1, chosen.harmonics + 1) for f in (np.sin, np.cos)]
    if weekday is not None:
        day = np.asarray(weekday, dtype=np.int64)
        checks.same_shape("weekday", day, "time", np.arange(length))
        parts += [(day == number).astype(np.float64) for number in range(1, 7)]
    if holiday is not None:
        free = checks.non_negative("holiday", holiday)
        checks.same_shape("holiday", free, "time", np.arange(length))
        parts.append(free)
    return np.stack(parts, axis=1)


def _at(columns: FloatArray, rows: IntArray, step: int, chosen: PooledOptions) -> FloatArray:
    trend = (rows - step) / chosen.period
    return np.concatenate([columns[rows], trend[:, None]], axis=1)


def _fit(y: FloatArray, shared: FloatArray, chosen: PooledOptions, start: _Fit | None) -> _Fit:
    """Two rounds of weighted quasi-Poisson: all steps alike, then past outbreaks weighted down."""
    coefficient = np.zeros(shared.shape[1]) if start is None else start.shared
    level = np.log((y.sum(axis=1) + 0.5) / np.exp(shared @ coefficient).sum())
    weight = np.ones(y.shape)
    for _ in range(2):
        level, coefficient, mean = _converge(y, shared, weight, level, coefficient)
        freedom = y.shape[1] - 1 - shared.shape[1] / y.shape[0]
        own = (weight * (y - mean) ** 2 / mean).sum(axis=1) / freedom
        group = max(1.0, float(own.mean()))
        dispersion = np.maximum(1.0, chosen.own_dispersion * own + (1 - chosen.own_dispersion) * group)
        residual = 1.5 * (np.cbrt(y) ** 2 * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(dispersion)[:, None]
        weight = np.where(residual > chosen.threshold, np.maximum(residual, 1e-9) ** -2.0, 1.0)
        weight *= weight.size / weight.sum()
    return _Fit(level, coefficient, dispersion)


def _converge(
    y: FloatArray, shared: FloatArray, weight: FloatArray, level: FloatArray, coefficient: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Newton steps with the areas' levels eliminated from the normal equations."""
    for _ in range(MOST_STEPS):
        eta = level[:, None] + shared @ coefficient
        mean = np.exp(np.clip(eta, -20.0, 20.0))
        working, score = weight * mean, weight * (y - mean)
        total = working.sum(axis=1) + RIDGE
        by_area = working @ shared
        information = (shared * working.sum(axis=0)[:, None]).T @ shared - (by_area / total[:, None]).T @ by_area
        information[np.diag_indices_from(information)] += RIDGE
        pull = shared.T @ score.sum(axis=0) - (score.sum(axis=1) / total) @ by_area
        step = np.clip(np.linalg.solve(information, pull), -1.0, 1.0)
        moved = np.clip((score.sum(axis=1) - by_area @ step) / total, -2.0, 2.0)
        level, coefficient = level + moved, coefficient + step
        if max(float(np.abs(step).max()), float(np.abs(moved).max())) < PRECISION:
            break
    mean = np.exp(np.clip(level[:, None] + shared @ coefficient, -20.0, 20.0))
    return level, coefficient, mean


def _mid_p(y: FloatArray, expected: FloatArray, dispersion: FloatArray) -> FloatArray:
    """P(Y > y) + P(Y = y)/2 for a negative binomial of variance dispersion * mean."""
    excess = np.maximum(dispersion - 1, LEAST_EXCESS_DISPERSION)
    size, rest = expected / excess, excess / (1 + excess)
    above = special.betainc(y + 1, size, rest)
    reached = np.where(y > 0, special.betainc(np.maximum(y, 1), size, rest), 1.0)
    binomial = 0.5 * (above + reached)
    poisson = 1 - 0.5 * (poisson_cdf(y, expected) + poisson_cdf(y - 1, expected))
    return np.asarray(np.where(dispersion > 1 + LEAST_EXCESS_DISPERSION, binomial, poisson))
