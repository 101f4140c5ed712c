"""The in-control mean of a series: log-linear with harmonics and an optional trend, Poisson or negative binomial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused

MOST_STEPS = 50


@dataclass(frozen=True)
class HarmonicMean:
    """Coefficients of intercept, trend (if any), sine and cosine pairs; variance mu + `overdispersion` mu^2."""

    coefficient: FloatArray
    overdispersion: float
    period: float
    harmonics: int
    trend: bool

    def at(self, steps: FloatArray) -> FloatArray:
        """The mean at positions of the series (0-based)."""
        return np.asarray(np.exp(_columns(steps, self.period, self.harmonics, self.trend) @ self.coefficient))


def fit(
    counts: FloatArray, *, period: float, harmonics: int = 1, trend: bool = True, negative_binomial: bool = False
) -> HarmonicMean:
    """Maximum likelihood on the counts at positions 0..n-1 of one series.

    The negative binomial alternates between the mean (weighted least squares) and alpha (Newton's steps on 1/alpha).
    """
    x = _columns(np.arange(counts.size, dtype=np.float64), period, harmonics, trend)
    if counts.size <= x.shape[1] + 1:
        raise Refused(f"counts has {counts.size} steps of history for {x.shape[1]} coefficients; load more history.")
    coefficient, mean = _weighted(x, counts, counts + 0.1, np.inf)
    if not negative_binomial:
        return HarmonicMean(coefficient, 0.0, period, harmonics, trend)
    size = _size(counts, mean, _moment_size(counts, mean))
    for _ in range(MOST_STEPS):
        coefficient, mean = _weighted(x, counts, mean, size)
        before, size = size, _size(counts, mean, size)
        if not np.isfinite(size) or abs(size - before) < 1e-10 * before:
            break
    return HarmonicMean(coefficient, 1 / size, period, harmonics, trend)


def _columns(steps: FloatArray, period: float, harmonics: int, trend: bool) -> FloatArray:
    angle = 2 * np.pi * steps / period
    columns = [np.ones_like(steps)]
    if trend:
        columns.append(steps)
    for k in range(1, harmonics + 1):
        columns += [np.sin(k * angle), np.cos(k * angle)]
    return np.stack(columns, axis=1)


def _weighted(x: FloatArray, y: FloatArray, mean: FloatArray, size: float) -> tuple[FloatArray, FloatArray]:
    """Iteratively reweighted least squares with variance mean + mean^2/size."""
    eta = np.log(mean)
    scale = np.maximum(np.abs(x).max(axis=0), 1.0)
    coefficient = np.zeros(x.shape[1])
    for _ in range(MOST_STEPS):
        weight = mean / (1 + mean / size)
        root = np.sqrt(weight)[:, None]
        response = eta + (y - mean) / mean
        solved, *_ = np.linalg.lstsq(x / scale * root, response * root[:, 0], rcond=None)
        step = np.max(np.abs(solved / scale - coefficient))
        coefficient = solved / scale
        eta = x @ coefficient
        mean = np.exp(eta)
        if step < 1e-13 * max(1.0, float(np.max(np.abs(coefficient)))):
            break
    return coefficient, mean


def _moment_size(y: FloatArray, mean: FloatArray) -> float:
    return float(y.size / np.sum((y / mean - 1) ** 2))


def _size(y: FloatArray, mean: FloatArray, start: float) -> float:
    """Maximum likelihood of the negative-binomial size for given means; infinite without overdispersion."""
    size = start
    for _ in range(200):
        score = np.sum(
            special.digamma(size + y)
            - special.digamma(size)
            + np.log(size)
            + 1
            - np.log(size + mean)
            - (y + size) / (mean + size)
        )
        information = np.sum(
            special.polygamma(1, size)
            - special.polygamma(1, size + y)
            - 1 / size
            + 2 / (mean + size)
            - (y + size) / (mean + size) ** 2
        )
        if information <= 0 or size > 1e7:
            return float("inf")
        step = score / information
        size = size + step if size + step > 0 else size / 2
        if abs(step) < 1e-12 * size:
            break
    return float(size)
