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
    """Smallest whole k with P(X <= k) >= p, searched from the normal approximation outwards."""
    p, size, prob = np.broadcast_arrays(
        np.asarray(p, np.float64), np.asarray(size, np.float64), np.asarray(prob, np.float64)
    )
    mean, variance = size * (1 - prob) / prob, size * (1 - prob) / prob**2
    upper = np.ceil(np.maximum(mean + normal_quantile(p) * np.sqrt(variance), 0)) + 1
    while True:
        short = negative_binomial_cdf(upper, size, prob) < p
        if not short.any():
            break
        upper = np.where(short, upper * 2 + 1, upper)
    lower = np.full(upper.shape, -1.0)
    while (upper - lower > 1).any():
        middle = np.floor((upper + lower) / 2)
        enough = negative_binomial_cdf(middle, size, prob) >= p
        upper, lower = np.where(enough, middle, upper), np.where(enough, lower, middle)
    return np.asarray(upper, dtype=np.float64)


def _settle(guess: FloatArray, cdf: Callable[[FloatArray], FloatArray], p: FloatArray) -> FloatArray:
    """Move a guessed quantile to the smallest whole number whose distribution function reaches p."""
    k = np.maximum(guess, 0.0)
    while True:
        low = cdf(k) < p
        high = (k > 0) & (cdf(k - 1) >= p)
        if not (low | high).any():
            return np.asarray(k, dtype=np.float64)
        k = np.where(low, k + 1, np.where(high, k - 1, k))
