"""Cumulative sums of standardised counts, and a negative-binomial CUSUM for diseases with four weeks of history.

Sources: Rossi, Lampugnani and Marchi 1999 (Stat Med 18:2111); Pierce and Schafer 1986 (Anscombe residuals); Sparks et
al. 2010 for the negative-binomial form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.errors import Refused

TRANSFORMS = ("standard", "rossi", "anscombe", "anscombe2nd", "pearson_nb", "none")


@dataclass(frozen=True)
class CusumResult:
    """`[area, step]`: the cumulative sum after each step, the count at which it alarms, and the alarm itself."""

    statistic: FloatArray
    upper: FloatArray
    alarm: BoolArray


def cusum(
    counts: ArrayLike,
    mean: ArrayLike,
    *,
    reference: float = 1.04,
    limit: float = 2.26,
    transform: str = "standard",
    overdispersion: float = 0.1,
    restart: bool = False,
) -> CusumResult:
    """S_t = max(0, S_{t-1} + z_t - reference), alarm when S_t >= limit; `restart` sets S to 0 after an alarm.

    mean: in-control mean of each step (or one value an area). z by `transform`: standard (y - m)/sqrt m; rossi
    (y - 3m + 2 sqrt(m y))/(2 sqrt m); anscombe 1.5 (y^(2/3) - m^(2/3))/m^(1/6), anscombe2nd its second-order form;
    pearson_nb (y - m)/sqrt(m + overdispersion m^2); none y. `upper` is the smallest count that alarms (rounded up for
    standard; where the scale has no inverse here, NaN).
    """
    y, single = checks.series("counts", counts, least=1)
    checks.one_of("transform", transform, TRANSFORMS)
    m = np.broadcast_to(_columnwise(checks.positive("mean", mean), y), y.shape)
    z = _standardised(y, m, transform, overdispersion)
    total = np.zeros(y.shape[0])
    statistic, before = np.empty(y.shape), np.empty(y.shape)
    for t in range(y.shape[1]):
        before[:, t] = total
        total = np.maximum(0.0, total + z[:, t] - reference)
        statistic[:, t] = total
        if restart:
            total = np.where(total >= limit, 0.0, total)
    upper = np.maximum(np.nan_to_num(_upper(m, limit + reference - before, transform), nan=0.0), 0.0)
    if transform in ("anscombe2nd", "pearson_nb"):
        upper = np.full(y.shape, np.nan)
    result = CusumResult(statistic, upper, statistic >= limit)
    return CusumResult(result.statistic[0], result.upper[0], result.alarm[0]) if single else result


def recent_negative_binomial(
    counts: ArrayLike,
    *,
    baseline: int = 28,
    gap: int = 2,
    reference: float = 0.5,
    limit: float = 4.0,
    least_mean: float = 0.1,
) -> CusumResult:
    """Negative-binomial CUSUM from four weeks of daily history: for a new disease.

    Mean and variance come from the `baseline` days that end `gap` days before each day; z = (y - m)/sd with
    sd^2 = max(m, variance); S as in `cusum`, restarted after an alarm. NaN until there is a full baseline.
    """
    y, single = checks.series("counts", counts, least=baseline + gap + 1)
    windows = np.lib.stride_tricks.sliding_window_view(y, baseline, axis=1)[:, : y.shape[1] - baseline - gap]
    m = np.maximum(windows.mean(axis=2), least_mean)
    sd = np.sqrt(np.maximum(windows.var(axis=2, ddof=1), m))
    first = baseline + gap
    statistic, upper = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    alarm = np.zeros(y.shape, dtype=bool)
    total = np.zeros(y.shape[0])
    for k in range(m.shape[1]):
        upper[:, first + k] = np.ceil(m[:, k] + sd[:, k] * (limit + reference - total))
        total = np.maximum(0.0, total + (y[:, first + k] - m[:, k]) / sd[:, k] - reference)
        statistic[:, first + k] = total
        alarm[:, first + k] = total >= limit
        total = np.where(total >= limit, 0.0, total)
    if single:
        return CusumResult(statistic[0], upper[0], alarm[0])
    return CusumResult(statistic, upper, alarm)


def _standardised(y: FloatArray, m: FloatArray, transform: str, overdispersion: float) -> FloatArray:
    if transform == "standard":
        return np.asarray((y - m) / np.sqrt(m))
    if transform == "rossi":
        return np.asarray((y - 3 * m + 2 * np.sqrt(y * m)) / (2 * np.sqrt(m)))
    if transform == "anscombe":
        return 1.5 * (y ** (2 / 3) - m ** (2 / 3)) / m ** (1 / 6)
    if transform == "anscombe2nd":
        return 1.5 * (y ** (2 / 3) - (m ** (2 / 3) - m ** (-1 / 3) / 9)) / m ** (1 / 6)
    if transform == "pearson_nb":
        return (y - m) / np.sqrt(m + overdispersion * m**2)
    return y


def _upper(m: FloatArray, room: FloatArray, transform: str) -> FloatArray:
    """The count whose standardised value equals `room` (what is missing to the limit)."""
    if transform == "standard":
        return np.asarray(np.ceil(np.sqrt(m) * room + m))
    if transform == "rossi":
        inner = np.maximum(4 * m**2 + 2 * m**1.5 * room, np.where(room < 0, 0.0, -np.inf))
        return np.asarray(2 * np.sqrt(m) * room + 5 * m - 2 * np.sqrt(inner))
    if transform == "anscombe":
        return np.asarray(np.maximum(2 / 3 * m ** (1 / 6) * room + m ** (2 / 3), 0.0) ** 1.5)
    return room


def _columnwise(mean: FloatArray, y: FloatArray) -> FloatArray:
    if mean.ndim == 1 and mean.size == y.shape[0] and mean.size != y.shape[1]:
        return mean[:, None]
    if mean.ndim > 2 or (mean.ndim == 1 and mean.size not in (1, y.shape[1])):
        raise Refused(f"mean has shape {mean.shape} for counts {y.shape}; pass one mean, one an area, or one a step.")
    return mean
