"""Chain ladder: development factors between delays, with Mack's standard errors.

Sources: Mack 1993 (ASTIN 23:213).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class ChainLadder:
    """factor, sigma2 `[area, delay - 1]`; latest, ultimate, se `[area, event]`; total and its se `[area]`.

    A latest count of 0 gives 0 (se NaN): the method has nothing to multiply. Use a Bayesian method there.
    """

    factor: FloatArray
    sigma2: FloatArray
    latest: FloatArray
    ultimate: FloatArray
    se: FloatArray
    total: FloatArray
    total_se: FloatArray


def chain_ladder(cumulative: ArrayLike) -> ChainLadder:
    """Project cumulative counts `[event, delay]` or `[area, event, delay]` (NaN = not yet seen) to the last delay.

    f_j = sum C_{j+1}/sum C_j over events where both are seen; sigma2_j = sum C_j (C_{j+1}/C_j - f_j)^2/(n_j - 1) over
    the n_j events with C_j > 0, the last extrapolated as min(sigma2_{-2}^2/sigma2_{-3}, sigma2_{-2}, sigma2_{-3}) where
    only one event is left. Development from a column without counts is taken as 1.
    A falling count is a correction and is taken as it is.
    """
    cells = np.asarray(cumulative, dtype=np.float64)
    if cells.ndim == 2:
        cells = cells[None]
    if cells.ndim != 3 or cells.shape[2] < 2:
        raise Refused(f"cumulative has shape {cells.shape}; pass [event, delay] with at least two delays.")
    both = ~np.isnan(cells[:, :, 1:]) & ~np.isnan(cells[:, :, :-1])
    before, after = np.where(both, cells[:, :, :-1], 0.0), np.where(both, cells[:, :, 1:], 0.0)
    base = before.sum(axis=1)
    factor = np.divide(after.sum(axis=1), base, out=np.ones_like(base), where=base > 0)
    sigma2 = _spread(before, after, factor)
    return _projected(cells, factor, sigma2, base)


def _spread(before: FloatArray, after: FloatArray, factor: FloatArray) -> FloatArray:
    used = before > 0
    ratio = np.divide(after, before, out=np.zeros_like(after), where=used)
    square = np.where(used, before * (ratio - factor[:, None, :]) ** 2, 0.0).sum(axis=1)
    number = used.sum(axis=1)
    sigma2 = np.divide(square, number - 1, out=np.full_like(square, np.nan), where=number > 1)
    last = sigma2.shape[1] - 1
    for area in range(sigma2.shape[0]):
        if np.isnan(sigma2[area, last]) and last >= 2:
            a, b = sigma2[area, last - 1], sigma2[area, last - 2]
            sigma2[area, last] = min(a * a / b if b > 0 else 0.0, a, b)
    return np.asarray(np.nan_to_num(sigma2))


def _projected(cells: FloatArray, factor: FloatArray, sigma2: FloatArray, base: FloatArray) -> ChainLadder:
    areas, events, delays = cells.shape
    seen = (~np.isnan(cells)).sum(axis=2) - 1
    latest = np.take_along_axis(cells, np.maximum(seen, 0)[..., None], axis=2)[..., 0]
    growth = np.concatenate([np.cumprod(factor[:, ::-1], axis=1)[:, ::-1], np.ones((areas, 1))], axis=1)
    area = np.arange(areas)[:, None]
    ultimate = latest * growth[area, seen]
    per_step = np.divide(sigma2, factor**2, out=np.zeros_like(sigma2), where=factor > 0)
    variance = np.zeros((areas, events))
    total_variance = np.zeros(areas)
    projected = latest.copy()
    for j in range(delays - 1):
        open_ = seen <= j
        started = np.where(seen == j, latest, projected)
        with np.errstate(divide="ignore", invalid="ignore"):
            process = np.where(started > 0, per_step[:, j, None] / started, np.inf)
            estimate = np.where(base[:, j] > 0, per_step[:, j] / base[:, j], 0.0)
        variance = np.where(open_, variance + process + estimate[:, None], variance)
        projected = np.where(open_, started * factor[:, j, None], projected)
        # the estimation error of a factor is shared by all events that still need it
        shared = np.where(open_, ultimate, 0.0).sum(axis=1)
        own = np.where(open_ & (ultimate > 0), ultimate**2 * np.where(ultimate > 0, process, 0.0), 0.0).sum(axis=1)
        total_variance += own + shared**2 * estimate
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.where(latest > 0, ultimate**2 * variance, np.where(seen == delays - 1, 0.0, np.nan)))
    return ChainLadder(factor, sigma2, latest, ultimate, se, ultimate.sum(axis=1), np.sqrt(total_variance))
