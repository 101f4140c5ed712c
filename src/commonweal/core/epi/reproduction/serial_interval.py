"""Serial intervals on whole days.

Source: Cori et al. 2013 (AJE 178:1505), web appendix 11.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused

SUM_TOLERANCE = 0.01


def discretised(mean: float, sd: float, longest: int) -> FloatArray:
    """Weights of lags 0..longest of a gamma shifted by one day (`mean` above 1 day, `sd` in days).

    With a = ((mean - 1)/sd)^2, b = sd^2/(mean - 1) and F_a the gamma distribution function of shape a and scale b:
    w_k = k F_a(k) + (k - 2) F_a(k - 2) - 2 (k - 1) F_a(k - 1) + a b (2 F_{a+1}(k - 1) - F_{a+1}(k - 2) - F_{a+1}(k)),
    floored at 0 and not rescaled.
    """
    if not (mean > 1 and sd > 0):
        raise Refused(
            f"serial interval mean {mean}, sd {sd}; the shifted gamma needs a mean above 1 day and an sd above 0."
        )
    checks.at_least("longest", longest, 1)
    shape, scale = ((mean - 1) / sd) ** 2, sd**2 / (mean - 1)
    k = np.arange(longest + 1, dtype=np.float64)

    def cdf(x: FloatArray, a: float) -> FloatArray:
        return np.asarray(special.gammainc(a, np.maximum(x, 0.0) / scale))

    first = k * cdf(k, shape) + (k - 2) * cdf(k - 2, shape) - 2 * (k - 1) * cdf(k - 1, shape)
    tail = 2 * cdf(k - 1, shape + 1) - cdf(k - 2, shape + 1) - cdf(k, shape + 1)
    return np.asarray(np.maximum(first + shape * scale * tail, 0.0))


def checked(weights: ArrayLike) -> FloatArray:
    """Weights of lags 0, 1, ...: none negative, none at lag 0, adding up to 1 within 1 %."""
    w = checks.non_negative("serial_interval", weights)
    if w.ndim != 1 or w.size < 2:
        raise Refused(f"serial_interval has shape {w.shape}; pass weights of lags 0, 1, 2, ... in one row.")
    if w[0] != 0:
        raise Refused(f"serial_interval[0] = {w[0]:g}; nobody infects on the day of their own onset. Start with 0.")
    if abs(w.sum() - 1) > SUM_TOLERANCE:
        raise Refused(f"serial_interval adds up to {w.sum():g}; weights must add up to 1. Divide by their sum.")
    return w


def uncertain(
    mean: tuple[float, float, float, float],
    sd: tuple[float, float, float, float],
    longest: int,
    draws: int,
    seed: checks.Seed,
) -> FloatArray:
    """Weights `[draw, lag]` for means and sds drawn from normals cut to ranges: (mean, sd, least, most) each.

    A draw whose sd exceeds its mean is drawn again, as in EpiEstim.
    """
    rng = checks.generator(seed)
    rows: list[FloatArray] = []
    while len(rows) < draws:
        m, s = _cut_normal(mean, rng), _cut_normal(sd, rng)
        if m > 1 and s <= m:
            rows.append(discretised(m, s, longest))
    return np.stack(rows)


def _cut_normal(spec: tuple[float, float, float, float], rng: np.random.Generator) -> float:
    centre, spread, least, most = spec
    if not least <= centre <= most:
        raise Refused(f"range {least}..{most} does not hold its centre {centre}; widen the range.")
    low, high = special.ndtr((least - centre) / spread), special.ndtr((most - centre) / spread)
    return float(centre + spread * special.ndtri(low + rng.random() * (high - low)))
