"""How many events to expect on a step before its reports are in: a discounted gamma filter over earlier steps.

Source: West and Harrison 1997, Bayesian Forecasting and Dynamic Models (power discounting).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.compiled import compiled

SOLID = 0.5
"""Steps with at least this share reported speak on weekdays and growth."""
WEEKDAY_CASES = 30.0
"""Cases of prior weight behind a weekday factor of 1."""
GROWTH_SD = 0.05
"""Prior standard deviation of an area's own growth a step around the common one, on the log scale."""
LARGEST_GROWTH = 0.15
RECENT = 14


@dataclass(frozen=True)
class Level:
    """Gamma distribution of the expected events of each step before its own reports, `[area, event]`.

    shape, rate: of the level; weekday: `[event]` factor on the level.
    """

    shape: FloatArray
    rate: FloatArray
    weekday: FloatArray


def weekday_factors(reported: FloatArray, share: FloatArray, weekday: IntArray) -> FloatArray:
    """Factor of each weekday of the event, common to all areas, mean 1, from steps that are mostly reported.

    Each step is compared with the seven steps around it, so that a trend leaves no trace.
    """
    total, solid = reported.sum(axis=0), share.mean(axis=0) > SOLID
    corrected = np.where(solid, total / np.maximum(share.mean(axis=0), SOLID), np.nan)
    usual = np.full(corrected.size, np.nan)
    for t in range(3, corrected.size - 3):
        usual[t] = corrected[t - 3 : t + 4].mean()
    known = ~np.isnan(usual) & ~np.isnan(corrected)
    up = np.bincount(weekday[known], weights=corrected[known], minlength=7) + WEEKDAY_CASES
    down = np.bincount(weekday[known], weights=usual[known], minlength=7) + WEEKDAY_CASES
    factor = up / down
    return np.asarray(factor / factor.mean())


def growth(reported: FloatArray, share: FloatArray, factor: FloatArray) -> FloatArray:
    """Growth a step of each area on the log scale: the common slope of recent steps, plus the area's own, shrunk."""
    events = reported.shape[1]
    recent = np.flatnonzero((share.mean(axis=0) > SOLID) & (np.arange(events) >= events - 2 * RECENT))[-RECENT:]
    if recent.size < 7:
        return np.zeros(reported.shape[0])
    x = recent - recent.mean()
    exposure = share[:, recent] * factor[recent]
    common = _slope(reported[:, recent].sum(axis=0)[None], exposure.mean(axis=0)[None], x, np.zeros(1), np.inf)
    own = _slope(reported[:, recent], exposure, x, np.full(reported.shape[0], common[0]), GROWTH_SD)
    return np.clip(own, -LARGEST_GROWTH, LARGEST_GROWTH)


def _slope(y: FloatArray, exposure: FloatArray, x: FloatArray, centre: FloatArray, sd: float) -> FloatArray:
    """Poisson slope of log y/exposure on x with a normal prior, levels eliminated."""
    slope = centre.copy()
    cases = y.sum(axis=1)
    for _ in range(12):
        weight = exposure * np.exp(np.clip(slope[:, None] * x[None], -20, 20))
        share = weight / weight.sum(axis=1, keepdims=True)
        mean = (share * x).sum(axis=1)
        spread = (share * (x[None] - mean[:, None]) ** 2).sum(axis=1)
        # counts of places vary more than Poisson: half the information is believed
        score = 0.5 * ((y * x).sum(axis=1) - cases * mean) - (slope - centre) / sd**2
        curve = 0.5 * cases * spread + 1 / sd**2
        slope = slope + np.divide(score, curve, out=np.zeros_like(score), where=curve > 0)
    return np.asarray(slope)


def filtered(reported: FloatArray, share: FloatArray, factor: FloatArray, slope: FloatArray, discount: float) -> Level:
    """Run the filter: a step multiplies shape and rate by `discount`, moves the mean by the growth, adds its data."""
    events = reported.shape[1]
    start = max(1, min(7, events))
    usual = (reported[:, :start].sum(axis=1) + 0.5) / ((share[:, :start] * factor[:start]).sum(axis=1) + 1e-9)
    rate = 1.0 / np.maximum(usual, 1e-3)
    shape, rate = _filter(np.ascontiguousarray(reported), share, factor, np.exp(slope), rate, discount)
    return Level(shape, rate, factor)


@compiled
def _filter(
    reported: FloatArray,
    share: FloatArray,
    factor: FloatArray,
    step: FloatArray,
    first_rate: FloatArray,
    discount: float,
) -> tuple[FloatArray, FloatArray]:
    """Shape and rate before each step, area by area; the shape begins with 1. A page runs this 85 times."""
    areas, events = reported.shape
    out_shape, out_rate = np.empty((areas, events)), np.empty((areas, events))
    for area in range(areas):
        shape, rate = 1.0, first_rate[area]
        for t in range(events):
            # never less than half a case of belief, so that quiet places can rise
            kept = max(discount * shape, 0.5)
            mean = max(shape / rate * step[area], 1e-3)
            out_shape[area, t], out_rate[area, t] = kept, kept / mean
            shape = kept + reported[area, t]
            rate = kept / mean + share[area, t] * factor[t]
    return out_shape, out_rate
