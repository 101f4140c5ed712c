"""Case reproduction numbers: how many each case infects, from who probably infected whom.

Sources: Wallinga and Teunis 2004 (AJE 160:509); Cauchemez et al. 2006 (correction for cases not yet seen).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.reproduction.serial_interval import checked
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class CaseReproduction:
    """Mean number infected by the cases of each day `[area, day]`, and of each window `first..last`.

    NaN on days without cases. `observed_share` is the part of a day's infections that can have been seen by the last
    day; with censoring corrected, days below the asked share are NaN.
    """

    by_day: FloatArray
    window_mean: FloatArray
    first: IntArray
    last: IntArray
    observed_share: FloatArray


def wallinga_teunis(
    incidence: ArrayLike,
    serial_interval: ArrayLike,
    *,
    window: int = 7,
    windows: tuple[ArrayLike, ArrayLike] | None = None,
    correct_censoring: bool = True,
    least_share: float = 0.5,
) -> CaseReproduction:
    """R of day t = sum over later days u of I_u w_{u-t} / sum_s w_s I_{u-s}.

    Window means weight days by their cases (all windows of `window` days from day 1 by default). With
    `correct_censoring` each day is divided by the share of the serial interval that has passed, and days with less than
    `least_share` are NaN instead of low.
    """
    y, single = checks.series("incidence", incidence, least=2)
    w = checked(serial_interval)
    days = y.shape[1]
    lags = min(w.size, days)
    force = np.zeros_like(y)
    for lag in range(1, lags):
        force[:, lag:] += w[lag] * y[:, :-lag]
    per_force = np.divide(y, force, out=np.zeros_like(y), where=force > 0)
    by_day = np.zeros_like(y)
    for lag in range(1, lags):
        by_day[:, :-lag] += w[lag] * per_force[:, lag:]
    passed = np.cumsum(w)[np.minimum(np.arange(days)[::-1], w.size - 1)] / w.sum()
    if correct_censoring:
        checks.proportion("least_share", least_share)
        by_day = np.where(passed >= least_share, by_day / np.maximum(passed, 1e-300), np.nan)
    by_day = np.where(y > 0, by_day, np.nan)
    first, last = _windows(days, window, windows)
    mean = _window_means(by_day, y, first, last)
    if single:
        return CaseReproduction(by_day[0], mean[0], first, last, passed)
    return CaseReproduction(by_day, mean, first, last, passed)


def _window_means(by_day: FloatArray, y: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    def running(values: FloatArray) -> FloatArray:
        return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)

    hidden = np.isnan(by_day) & (y > 0)
    infected, cases, lost = running(np.nan_to_num(by_day) * y), running(y), running(hidden.astype(np.float64))
    total = cases[:, last + 1] - cases[:, first]
    mean = np.divide(
        infected[:, last + 1] - infected[:, first], total, out=np.full(total.shape, np.nan), where=total > 0
    )
    return np.where(lost[:, last + 1] - lost[:, first] > 0, np.nan, mean)


def _windows(length: int, window: int, windows: tuple[ArrayLike, ArrayLike] | None) -> tuple[IntArray, IntArray]:
    if windows is None:
        first = np.arange(1, length - checks.at_least("window", window, 1) + 1)
        return first, first + window - 1
    first, last = (np.asarray(side, dtype=np.int64) for side in windows)
    if first.shape != last.shape or (first < 0).any() or (last < first).any() or (last >= length).any():
        raise Refused(f"windows must run first <= last inside days 0..{length - 1}.")
    return first, last
