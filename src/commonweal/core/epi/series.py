"""What is not an outbreak: steps shared by many areas on one day, and batches of late reports.

A change of definition, a new laboratory or a data fault moves many areas at once between two days; an epidemic grows
over several. A late batch is a report day that adds unusually many old events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.distributions import normal_quantile

CONTINUITY = 0.5
MAD_TO_SD = 1.4826
HELD_BACK = 2 / 3
"""Days before a batch with less than this share of the usual number are counted as its part."""


@dataclass(frozen=True)
class SharedBreaks:
    """Evidence of a common step between days t - 1 and t, for each t (NaN too near the ends).

    step: pooled log ratio of the level after to before, growth taken off; z: its strength; share: part of the areas
    that move the same way; flagged: the days that pass both limits and are the strongest within a window.
    """

    step: FloatArray
    z: FloatArray
    share: FloatArray
    flagged: BoolArray


def shared_breaks(
    counts: ArrayLike, *, window: int = 7, alpha: float = 1e-4, least_share: float = 0.75
) -> SharedBreaks:
    """Look for steps shared by areas, `[area, time]`; windows of whole weeks keep the weekday pattern out.

    With sums B2, B1 of the two windows before and A1, A2 after day t, an area's jump is
    log(A1/B1) - (log(B1/B2) + log(A2/A1))/2: 0 under any constant growth. Jumps are pooled with Poisson weights; their
    spread over time (median absolute deviation) scales z, so that ordinary days are standard normal.
    """
    y, _ = checks.series("counts", counts, least=4 * window + 1)
    checks.at_least("window", window, 1)
    running = np.concatenate([np.zeros((y.shape[0], 1)), np.cumsum(y, axis=1)], axis=1)
    days = np.arange(2 * window, y.shape[1] - 2 * window + 1)

    def total(first: IntArray) -> FloatArray:
        return np.asarray(running[:, first + window] - running[:, first]) + CONTINUITY

    b2, b1, a1, a2 = total(days - 2 * window), total(days - window), total(days), total(days + window)
    jump = np.log(a1 / b1) - 0.5 * (np.log(b1 / b2) + np.log(a2 / a1))
    weight = 1 / (2.25 / a1 + 2.25 / b1 + 0.25 / a2 + 0.25 / b2)
    pooled = (weight * jump).sum(axis=0) / weight.sum(axis=0)
    raw = pooled * np.sqrt(weight.sum(axis=0))
    usual = max(1.0, MAD_TO_SD * float(np.median(np.abs(raw - np.median(raw)))))
    z = raw / usual
    share = np.where(pooled > 0, (jump > 0).mean(axis=0), (jump < 0).mean(axis=0))
    limit = float(normal_quantile(1 - checks.proportion("alpha", alpha) / 2))
    strongest = np.abs(z) >= ndimage.maximum_filter1d(np.abs(z), 2 * window + 1)
    flagged = (np.abs(z) > limit) & (share >= least_share) & strongest
    length = y.shape[1]
    return SharedBreaks(
        step=_padded(pooled, days, length),
        z=_padded(z, days, length),
        share=_padded(share, days, length),
        flagged=_days(days[flagged], length),
    )


@dataclass(frozen=True)
class LateBatches:
    """For each report day: old events reported, what is usual for that day, the excess, and whether it is a batch.

    shared: part of the areas that had more old events than usual. held_back: days in a row right before a batch with
    unusually few old events, as if they were the batch's. events: for each flagged day the event days whose additions
    exceed three times their usual number.
    """

    old: FloatArray
    usual: FloatArray
    excess: FloatArray
    shared: FloatArray
    flagged: BoolArray
    held_back: BoolArray
    events: tuple[IntArray, ...]


def late_batches(
    added: ArrayLike, *, least_delay: int = 5, half_window: int = 7, alpha: float = 1e-4, least_ratio: float = 2.0
) -> LateBatches:
    """Find report days that bring unusually many old events; `added[area, report, delay]` counts new events.

    Old means a delay of `least_delay` or more. Usual is the median of the `half_window` report days before and after; a
    batch exceeds it `least_ratio` times and by more than chance (variance = dispersion x usual, dispersion from all
    days, at least 1). Delays below `least_delay` are left out because they grow with the epidemic itself.
    """
    cells = np.nan_to_num(checks.counts("added", added, missing_allowed=True))
    if cells.ndim == 2:
        cells = cells[None]
    by_area = cells[:, :, least_delay:].sum(axis=2)
    old = by_area.sum(axis=0)
    usual = _median_around(old[None], half_window)[0]
    spread = (old - usual) ** 2 / np.maximum(usual, 1.0)
    dispersion = max(1.0, float(np.median(spread) / 0.455))  # 0.455: median of chi-square with one degree of freedom
    limit = float(normal_quantile(1 - checks.proportion("alpha", alpha)))
    excess = old - usual
    flagged = (excess > limit * np.sqrt(dispersion * np.maximum(usual, 1.0))) & (
        old >= least_ratio * np.maximum(usual, 1.0)
    )
    shared = (by_area > _median_around(by_area, half_window)).mean(axis=0)
    events = tuple(_events_of(cells.sum(axis=0), int(day), least_delay, half_window) for day in np.flatnonzero(flagged))
    return LateBatches(old, usual, excess, shared, flagged, _held_back(old, usual, flagged), events)


def _held_back(old: FloatArray, usual: FloatArray, flagged: BoolArray) -> BoolArray:
    held = np.zeros(flagged.shape, dtype=bool)
    for day in np.flatnonzero(flagged):
        before = int(day) - 1
        while before >= 0 and not flagged[before] and old[before] < HELD_BACK * usual[before]:
            held[before] = True
            before -= 1
    return held


def _events_of(total: FloatArray, day: int, least_delay: int, half_window: int) -> IntArray:
    usual = _median_around(total.T, half_window)[:, day]
    delay = np.flatnonzero(total[day] > 3 * np.maximum(usual, 1.0))
    return np.asarray(day - delay[delay >= least_delay], dtype=np.int64)


def _median_around(values: FloatArray, half: int) -> FloatArray:
    """Median over the neighbouring days along the last axis, the day itself left out; shorter at the ends."""
    days = values.shape[1]
    out = np.empty(values.shape)
    for day in range(days):
        near = [i for i in range(max(0, day - half), min(days, day + half + 1)) if i != day]
        out[:, day] = np.median(values[:, near], axis=1) if near else 0.0
    return out


def _padded(values: FloatArray, days: IntArray, length: int) -> FloatArray:
    whole = np.full(length, np.nan)
    whole[days[days < length]] = values[days < length]
    return whole


def _days(chosen: IntArray, length: int) -> BoolArray:
    whole = np.zeros(length, dtype=bool)
    whole[chosen[chosen < length]] = True
    return whole
