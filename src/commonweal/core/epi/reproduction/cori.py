"""Instantaneous reproduction numbers over sliding windows, all areas at once.

Sources: Cori et al. 2013 (AJE 178:1505); Thompson et al. 2019 (imported cases).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.distributions import gamma_quantile
from commonweal.core.epi.reproduction.serial_interval import checked
from commonweal.core.errors import Refused

LEAST_CASES = 11
"""Windows with fewer local cases have a coefficient of variation above 0.3 whatever the prior (Cori et al. 2013)."""


@dataclass(frozen=True)
class Reproduction:
    """Posterior of R for windows `first..last` (0-based days, both inside), `[area, window]`.

    NaN where the window ends before the mean serial interval has passed. `reliable` is False below eleven local cases,
    where the prior speaks louder than the data. `quantiles` is `[area, window, level]`.
    """

    first: IntArray
    last: IntArray
    mean: FloatArray
    sd: FloatArray
    quantiles: FloatArray
    levels: FloatArray
    shape: FloatArray
    scale: FloatArray
    reliable: BoolArray


def cori(
    incidence: ArrayLike,
    serial_interval: ArrayLike,
    *,
    window: int = 7,
    windows: tuple[ArrayLike, ArrayLike] | None = None,
    imported: ArrayLike | None = None,
    prior: tuple[float, float] = (1.0, 5.0),
    levels: Sequence[float] = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975),
) -> Reproduction:
    """Gamma posterior of R in each window.

    Lambda_t = sum_s w_s I_{t-s} over all cases; R | data ~ Gamma(a + sum local I, 1/(1/b + sum Lambda)), prior mean a b
    and sd sqrt(a) b. incidence: all cases `[area, day]`; imported: those infected elsewhere (default: the first day's).
    windows: first and last days (0-based) instead of all windows of `window` days from day 1. Default prior mean 1.
    Raises `Refused` for imported cases above all cases or bad windows.
    """
    y, single = checks.series("incidence", incidence, least=2)
    w = checked(serial_interval)
    outside = _imported(y, imported)
    first, last = _windows(y.shape[1], window, windows)
    shape0, scale0 = _gamma(prior)
    force = infectiousness(y, w)
    local = _sums(y - outside, first, last)
    shape = shape0 + local
    scale = 1 / (1 / scale0 + _sums(force, first, last))
    known = last + 1 > (np.arange(w.size) * w).sum()
    shape, scale = np.where(known, shape, np.nan), np.where(known, scale, np.nan)
    p = np.asarray(levels, dtype=np.float64)
    quantiles = _quantiles(p, shape, scale)
    result = Reproduction(
        first, last, shape * scale, np.sqrt(shape) * scale, quantiles, p, shape, scale, np.asarray(local >= LEAST_CASES)
    )
    return _first(result) if single else result


def infectiousness(incidence: FloatArray, weights: FloatArray) -> FloatArray:
    """Lambda_t = sum over s >= 1 of w_s I_{t-s}, `[area, day]`."""
    total = np.zeros_like(incidence)
    for lag in range(1, min(weights.size, incidence.shape[1])):
        total[:, lag:] += weights[lag] * incidence[:, :-lag]
    return total


def mixture(results: Sequence[Reproduction], draws: int, seed: checks.Seed) -> Reproduction:
    """Combine estimates under several serial intervals or nowcast draws, each given the same weight."""
    if not results:
        raise Refused("results is empty; pass at least one estimate to mix.")
    rng = checks.generator(seed)
    shape, scale = np.stack([r.shape for r in results]), np.stack([r.scale for r in results])
    known = ~np.isnan(shape)
    sample = rng.standard_gamma(np.where(known, shape, 1.0), size=(draws, *shape.shape)) * np.where(known, scale, 1.0)
    flat = np.where(known.all(axis=0), sample.reshape(-1, *shape.shape[1:]), np.nan)
    levels = results[0].levels
    quantiles = np.moveaxis(np.quantile(flat, levels, axis=0), 0, -1)
    mean, sd = flat.mean(axis=0), flat.std(axis=0)
    reliable = np.logical_and.reduce([r.reliable for r in results])
    return Reproduction(
        results[0].first, results[0].last, mean, sd, quantiles, levels, mean**2 / sd**2, sd**2 / mean, reliable
    )


def _quantiles(p: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    known = np.nan_to_num(shape, nan=1.0)
    # few distinct shapes (counts are whole): invert each once
    distinct, place = np.unique(known, return_inverse=True)
    table = gamma_quantile(p[None, :], distinct[:, None])
    return np.asarray(table[place.reshape(known.shape)] * scale[..., None])


def _sums(daily: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    running = np.concatenate([np.zeros((daily.shape[0], 1)), np.cumsum(daily, axis=1)], axis=1)
    return np.asarray(running[:, last + 1] - running[:, first])


def _imported(y: FloatArray, imported: ArrayLike | None) -> FloatArray:
    if imported is None:
        outside = np.zeros_like(y)
        outside[:, 0] = y[:, 0]
        return outside
    outside = np.atleast_2d(checks.counts("imported", imported))
    checks.same_shape("incidence", y, "imported", outside)
    if (outside > y).any():
        area, day = (int(i) for i in np.argwhere(outside > y)[0])
        raise Refused(
            f"imported[{area}, {day}] = {outside[area, day]:g} exceeds incidence {y[area, day]:g}; "
            "incidence counts all cases, imported ones included."
        )
    return outside


def _windows(length: int, window: int, windows: tuple[ArrayLike, ArrayLike] | None) -> tuple[IntArray, IntArray]:
    if windows is None:
        checks.at_least("window", window, 1)
        first = np.arange(1, length - window + 1)
        return first, first + window - 1
    first, last = (np.asarray(side, dtype=np.int64) for side in windows)
    if first.shape != last.shape or (first < 1).any() or (last < first).any() or (last >= length).any():
        raise Refused(f"windows must run first <= last inside days 1..{length - 1} (day 0 has no earlier cases).")
    return first, last


def _gamma(prior: tuple[float, float]) -> tuple[float, float]:
    mean, sd = prior
    if not (mean > 0 and sd > 0):
        raise Refused(f"prior mean {mean} and sd {sd} must be above 0.")
    return (mean / sd) ** 2, sd**2 / mean


def _first(result: Reproduction) -> Reproduction:
    shared = ("first", "last", "levels")
    return Reproduction(**{name: value if name in shared else value[0] for name, value in vars(result).items()})
