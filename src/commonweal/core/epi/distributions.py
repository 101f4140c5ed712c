"""Quantiles and tails from `scipy.special` (importing `scipy.stats` costs two seconds)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi.checks import FloatArray


def normal_quantile(p: ArrayLike) -> FloatArray:
    """z with P(Z <= z) = p for the standard normal."""
    return np.asarray(special.ndtri(p), dtype=np.float64)


def gamma_quantile(p: ArrayLike, shape: ArrayLike, scale: ArrayLike = 1.0) -> FloatArray:
    """x with P(G <= x) = p for a gamma of this shape and scale; shape 0 is a point mass at 0."""
    shape = np.asarray(shape, dtype=np.float64)
    value = special.gammaincinv(np.where(shape > 0, shape, 1.0), p) * scale
    return np.asarray(np.where(shape > 0, value, 0.0), dtype=np.float64)


def poisson_cdf(k: ArrayLike, mean: ArrayLike) -> FloatArray:
    """P(X <= k) for a Poisson with this mean; 0 below 0."""
    k = np.floor(np.asarray(k, dtype=np.float64))
    return np.asarray(np.where(k < 0, 0.0, special.pdtr(np.maximum(k, 0), mean)), dtype=np.float64)


def poisson_quantile(p: ArrayLike, mean: ArrayLike) -> FloatArray:
    """Smallest whole k with P(X <= k) >= p."""
    p, mean = np.broadcast_arrays(np.asarray(p, np.float64), np.asarray(mean, np.float64))
    guess = np.ceil(np.nan_to_num(special.pdtrik(p, np.maximum(mean, 1e-300)), nan=0.0))
    return _settle(guess, lambda k: poisson_cdf(k, mean), p)


def negative_binomial_cdf(k: ArrayLike, size: ArrayLike, prob: ArrayLike) -> FloatArray:
    """P(X <= k) for a negative binomial with density ∝ prob^size (1-prob)^x; `size` may be fractional."""
    k = np.floor(np.asarray(k, dtype=np.float64))
    return np.asarray(np.where(k < 0, 0.0, special.betainc(size, np.maximum(k, 0) + 1, prob)), dtype=np.float64)


def negative_binomial_quantile(p: ArrayLike, size: ArrayLike, prob: ArrayLike) -> FloatArray:
    """Smallest whole k with P(X <= k) >= p, searched from the Cornish-Fisher approximation outwards."""
    p, size, prob = np.broadcast_arrays(
        np.asarray(p, np.float64), np.asarray(size, np.float64), np.asarray(prob, np.float64)
    )
    shape = p.shape
    p, size, prob = p.ravel(), size.ravel(), prob.ravel()
    mean, sd = size * (1 - prob) / prob, np.sqrt(size * (1 - prob)) / prob
    skewness = (2 - prob) / np.sqrt(size * (1 - prob))
    z = normal_quantile(p)
    # (lower, upper]: the answer lies above lower and not above upper, once both are known to
    upper = np.ceil(np.maximum(mean + sd * (z + (z * z - 1) * skewness / 6), 0))
    lower = np.maximum(upper - 2, -1)
    step = np.ones(upper.shape)
    active = np.arange(upper.size)
    while active.size:
        i = active
        short = negative_binomial_cdf(upper[i], size[i], prob[i]) < p[i]
        beyond = ~short & (lower[i] >= 0) & (negative_binomial_cdf(lower[i], size[i], prob[i]) >= p[i])
        lower[i] = np.where(short, upper[i], np.where(beyond, np.maximum(lower[i] - step[i], -1), lower[i]))
        upper[i] = np.where(short, upper[i] + step[i], np.where(beyond, lower[i] + step[i], upper[i]))
        step[i] *= 2
        active = i[short | beyond]
    active = np.flatnonzero(upper - lower > 1)
    while active.size:
        i = active
        middle = np.floor((upper[i] + lower[i]) / 2)
        enough = negative_binomial_cdf(middle, size[i], prob[i]) >= p[i]
        upper[i], lower[i] = np.where(enough, middle, upper[i]), np.where(enough, lower[i], middle)
        active = i[upper[i] - lower[i] > 1]
    return np.asarray(upper.reshape(shape), dtype=np.float64)


def _settle(guess: FloatArray, cdf: Callable[[FloatArray], FloatArray], p: FloatArray) -> FloatArray:
    """Move a guessed quantile to the smallest whole number whose distribution function reaches p."""
    k = np.maximum(guess, 0.0)
    while True:
        low = cdf(k) < p
        high = (k > 0) & (cdf(k - 1) >= p)
        if not (low | high).any():
            return np.asarray(k, dtype=np.float64)
        k = np.where(low, k + 1, np.where(high, k - 1, k))
