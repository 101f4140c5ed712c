"""The log likelihood ratios of the scan models, and the sizes at which they reach a floor.

A window holds c of C cases and a size s of S. The size is the expectation (Poisson, permutation, expectation-based)
or the number of cases and controls (Bernoulli). Sources: Kulldorff 1997; Kulldorff et al. 2005; Neill 2009.
"""

from __future__ import annotations

import numpy as np

from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.compiled import compiled

POISSON, BERNOULLI, EXPECTATION = range(3)
HIGH, LOW, BOTH = range(3)
HALVINGS = 60


@compiled
def log_likelihood_ratio(model: int, c: float, s: float, cases: float, size: float) -> float:
    """How much better a rate of its own inside fits than one rate for all; 0 ln 0 = 0.

    Poisson: c ln(c/s') + (C - c) ln((C - c)/(C - s')) with s' = s C/S. Bernoulli: the binomial form with c of s inside
    and C - c of S - s outside against C of S. Expectation-based: c ln(c/s) + s - c. The direction is not judged here.
    """
    if model == EXPECTATION:
        return (c * np.log(c / s) if c > 0 else 0.0) + s - c
    out_c, out_s = cases - c, size - s
    if model == POISSON:
        scale = cases / size
        inside = c * np.log(c / (s * scale)) if c > 0 else 0.0
        return inside + (out_c * np.log(out_c / (out_s * scale)) if out_c > 0 else 0.0)
    total = _binomial(c, s) + _binomial(out_c, out_s)
    return total - _binomial(cases, size)


@compiled
def _binomial(c: float, n: float) -> float:
    first = c * np.log(c / n) if c > 0 else 0.0
    return first + ((n - c) * np.log((n - c) / n) if n > c else 0.0)


@compiled
def is_high(model: int, c: float, s: float, cases: float, size: float) -> bool:
    """Whether there are more cases inside than expected."""
    return c > s if model == EXPECTATION else c * size > s * cases


@compiled
def high_limits(model: int, floor: float, cases: int, size: float, least: int) -> FloatArray:
    """For each count c the largest window size at which it still reaches the floor from above (0: it never does)."""
    limits = np.zeros(cases + 1)
    for c in range(least, cases + 1):
        top = float(c) if model == EXPECTATION else c * size / cases
        low, high = max(0.0, limits[c - 1]), top
        if model == BERNOULLI:
            low = max(low, float(c) * 0.999999)
            if log_likelihood_ratio(model, c, float(c), cases, size) < floor:
                continue
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            if log_likelihood_ratio(model, c, middle, cases, size) >= floor:
                low = middle
            else:
                high = middle
        # a hair of slack, so that rounding never hides a window that lies on the floor
        limits[c] = low * (1 + 1e-9)
    return limits


@compiled
def low_limits(model: int, floor: float, cases: int, size: float) -> FloatArray:
    """For each count c the smallest window size at which it reaches the floor from below (infinite: never)."""
    limits = np.full(cases + 1, np.inf)
    for c in range(cases + 1):
        low = float(c) if model == EXPECTATION else c * size / cases
        high = low + floor + 10 * np.sqrt((low + 1) * (floor + 1)) + 10 if model == EXPECTATION else size * (1 - 1e-12)
        if model == BERNOULLI:
            high = size - (cases - c)
        if high <= low or log_likelihood_ratio(model, c, high, cases, size) < floor:
            continue
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            if log_likelihood_ratio(model, c, middle, cases, size) >= floor:
                high = middle
            else:
                low = middle
        limits[c] = high * (1 - 1e-9)
    return limits
