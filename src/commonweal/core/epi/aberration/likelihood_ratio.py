"""Likelihood-ratio CUSUMs for counts: a shift of known size (LR) or of the size that fits best (GLR).

Sources: Hoehle and Paul 2008 (CSDA 52:4357); Lai 1995.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.epi.compiled import compiled


@dataclass(frozen=True)
class LikelihoodRatioResult:
    """`[area, step]`: the statistic (from 0 again after an alarm) and the alarm."""

    statistic: FloatArray
    alarm: BoolArray


def likelihood_ratio(
    counts: ArrayLike, mean: ArrayLike, *, shift: float, limit: float = 5.0, overdispersion: ArrayLike = 0.0
) -> LikelihoodRatioResult:
    """LR CUSUM for a jump of the mean by the factor exp(shift): S_t = max(0, S_{t-1} + log f1(y_t)/f0(y_t)).

    Poisson: y shift - m (e^shift - 1). Negative binomial with variance m + a m^2:
    y shift + (y + 1/a) log((1 + a m)/(1 + a m e^shift)). Alarm at S >= limit, then restart.
    """
    y, m, a, single = _inputs(counts, mean, overdispersion)
    growth = np.exp(shift)
    poisson = y * shift - m * (growth - 1)
    safe = np.where(a > 0, a, 1.0)
    binomial = y * shift + (y + 1 / safe) * np.log((1 + safe * m) / (1 + safe * m * growth))
    step = np.where(a > 0, binomial, poisson)
    statistic = np.empty(y.shape)
    total = np.zeros(y.shape[0])
    for t in range(y.shape[1]):
        total = np.maximum(0.0, total + step[:, t])
        statistic[:, t] = total
        total = np.where(total >= limit, 0.0, total)
    return _result(statistic, limit, single)


def generalised_likelihood_ratio(
    counts: ArrayLike, mean: ArrayLike, *, limit: float = 5.0, overdispersion: ArrayLike = 0.0, least_shift: float = 0.0
) -> LikelihoodRatioResult:
    """GLR: the largest likelihood ratio over change points since the last alarm and upward shifts >= least_shift.

    The best shift of a Poisson window is log(sum y/sum m); of a negative-binomial one it is found by Newton's method.
    """
    y, m, a, single = _inputs(counts, mean, overdispersion)
    statistic = np.empty(y.shape)
    _glr(y, np.ascontiguousarray(m), np.ascontiguousarray(a), limit, least_shift, statistic)
    return _result(statistic, limit, single)


def _inputs(
    counts: ArrayLike, mean: ArrayLike, overdispersion: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
    y, single = checks.series("counts", counts, least=1)
    m = np.broadcast_to(checks.positive("mean", mean), y.shape).astype(np.float64)
    a = np.asarray(checks.non_negative("overdispersion", overdispersion))
    return y, m, np.broadcast_to(a[:, None] if a.ndim == 1 else a, y.shape).astype(np.float64), single


def _result(statistic: FloatArray, limit: float, single: bool) -> LikelihoodRatioResult:
    alarm = statistic >= limit
    return LikelihoodRatioResult(statistic[0], alarm[0]) if single else LikelihoodRatioResult(statistic, alarm)


@compiled
def _glr(y: FloatArray, m: FloatArray, a: FloatArray, limit: float, least_shift: float, statistic: FloatArray) -> None:
    for area in range(y.shape[0]):
        start = 0
        for t in range(y.shape[1]):
            best = 0.0
            cases, expected = 0.0, 0.0
            for k in range(t, start - 1, -1):
                cases += y[area, k]
                expected += m[area, k]
                shift = max(least_shift, np.log(cases / expected) if cases > 0 else 0.0)
                if a[area, t] > 0:
                    shift = _best_shift(y[area], m[area], a[area, t], k, t, shift, least_shift)
                    value = _nb_ratio(y[area], m[area], a[area, t], k, t, shift)
                else:
                    value = cases * shift - expected * (np.exp(shift) - 1)
                best = max(best, value)
            statistic[area, t] = best
            if best >= limit:
                start = t + 1


@compiled
def _best_shift(
    y: FloatArray, m: FloatArray, a: float, first: int, last: int, start: float, least_shift: float
) -> float:
    shift = start
    for _ in range(50):
        score, information = 0.0, 0.0
        for i in range(first, last + 1):
            shifted = a * m[i] * np.exp(shift)
            share = shifted / (1 + shifted)
            score += y[i] - (y[i] + 1 / a) * share
            information += (y[i] + 1 / a) * share * (1 - share)
        step = max(-1.0, min(1.0, score / information))
        shift += step
        if abs(step) < 1e-12:
            break
    return max(shift, least_shift)


@compiled
def _nb_ratio(y: FloatArray, m: FloatArray, a: float, first: int, last: int, shift: float) -> float:
    total = 0.0
    for i in range(first, last + 1):
        total += y[i] * shift + (y[i] + 1 / a) * np.log((1 + a * m[i]) / (1 + a * m[i] * np.exp(shift)))
    return total
