"""Funnel limits: which areas differ from a target by more than chance.

Sources: Spiegelhalter 2005 (Stat Med 24:1185) for interpolated exact limits and over-dispersion; the form that
inverts the count is that used for English public-health indicators.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.distributions import normal_quantile, poisson_cdf, poisson_quantile
from commonweal.core.epi.rates.intervals import exact_poisson


@dataclass(frozen=True)
class Funnel:
    """Limits of a ratio around its target, `[limit, area]` in the order of `levels` (lower-tail probabilities)."""

    levels: FloatArray
    exact: FloatArray
    normal: FloatArray


@dataclass(frozen=True)
class Overdispersion:
    """z-scores against a target and what over-dispersion makes of them.

    `naive` = (ratio - target)/se; `root` on the square-root scale; `winsorised_phi` from z's pulled in at the given
    share on each side; `tau2` is the additive variance between areas and `additive` the z with it.
    """

    naive: FloatArray
    root: FloatArray
    winsorised_phi: float
    tau2: float
    additive: FloatArray


def ratio_limits(expected: ArrayLike, *, levels: ArrayLike = (0.001, 0.025, 0.975, 0.999), target: float = 1) -> Funnel:
    """Spiegelhalter's interpolated exact Poisson limits of observed/expected, and their normal approximation.

    For probability p and mean m = target * expected: r = smallest count with P(X <= r) >= p,
    alpha = (P(X <= r) - p)/(P(X <= r) - P(X <= r-1)), limit = (r - alpha)/expected.
    """
    e = checks.positive("expected", expected)
    p = np.atleast_1d(checks.finite("levels", levels))[:, None]
    mean = target * e
    r = poisson_quantile(p, mean)
    at, below = poisson_cdf(r, mean), poisson_cdf(r - 1, mean)
    exact = (r - (at - p) / (at - below)) / e
    normal = target + normal_quantile(p) * np.sqrt(target / e)
    return Funnel(p[:, 0], exact, normal)


def overdispersion(
    observed: ArrayLike, expected: ArrayLike, *, target: float = 1.0, winsorise: float = 0.1
) -> Overdispersion:
    """How far the areas spread beyond Poisson: phi from winsorised z's and additive tau^2 by moments.

    Quantiles for winsorising interpolate linearly between order statistics (type 7). With w = 1/variance and k areas
    tau^2 = max(0, (k phi - (k - 1)) / (sum w - sum w^2/sum w)): DerSimonian and Laird's form on the winsorised z's.
    """
    o, e = checks.non_negative("observed", observed), checks.positive("expected", expected)
    checks.same_shape("observed", o, "expected", e)
    ratio, variance = o / e, target / e
    naive = (ratio - target) / np.sqrt(variance)
    root = 2 * (np.sqrt(o) - np.sqrt(target * e))
    low, high = np.quantile(naive, [winsorise, 1 - winsorise])
    pulled = np.clip(naive, low, high)
    phi = float(np.mean(pulled**2))
    tau2 = _between_variance(ratio, variance, phi)
    return Overdispersion(naive, root, phi, tau2, (ratio - target) / np.sqrt(variance + tau2))


def inverted_limits(events: ArrayLike, *, level: float) -> tuple[FloatArray, FloatArray]:
    """Expected counts whose funnel limits pass through `events`: the exact limits of the count (lower, upper)."""
    interval = exact_poisson(events, level=level)
    return interval.lower, interval.upper


def _between_variance(ratio: FloatArray, variance: FloatArray, phi: float) -> float:
    weight = 1 / variance
    k = ratio.size
    room = weight.sum() - (weight**2).sum() / weight.sum()
    return float(max(0.0, (k * phi - (k - 1)) / room))


def proportion_limits(trials: ArrayLike, target: float, *, level: float) -> tuple[FloatArray, FloatArray]:
    """Limits of a proportion around its target: target ± z sqrt(target (1 - target)/trials), kept inside [0, 1]."""
    n = checks.positive("trials", trials)
    checks.proportion("target", target)
    half = normal_quantile((1 + checks.proportion("level", level)) / 2) * np.sqrt(target * (1 - target) / n)
    return np.maximum(target - half, 0.0), np.minimum(target + half, 1.0)
