"""Nowcasts by delay distribution: Lawless, and the Bayesian ones with and without correction for truncation.

Sources: Lawless 1994 (Can J Stat 22:15); Hoehle and an der Heiden 2014 (Biometrics 70:993).

Notation: n_x reports with delay x, N_x reports with delay at most x among events for which delay x can have been seen;
reverse hazard g_x = n_x/N_x; completeness at delay x is F(x) = prod over y > x of (1 - g_y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, Seed
from commonweal.core.epi.compiled import compiled
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.nowcast.triangle import Triangle
from commonweal.core.errors import Refused

KAPPA = 0.1
"""Dirichlet weight of each delay before any report."""


@dataclass(frozen=True)
class Prior:
    """A negative-binomial prior of the final count of one step, by mean and variance (variance > mean)."""

    mean: float
    variance: float

    def shape_and_prob(self) -> tuple[float, float]:
        """Size and probability of the negative binomial."""
        if not self.variance > self.mean > 0:
            raise Refused(
                f"prior mean {self.mean}, variance {self.variance}; a gamma-Poisson needs variance > mean > 0."
            )
        return self.mean**2 / (self.variance - self.mean), self.mean / self.variance


def reverse_hazards(triangle: Triangle) -> tuple[FloatArray, FloatArray]:
    """n_x and N_x, `[area, delay]`."""
    seen = ~np.isnan(triangle.count)
    cells = np.nan_to_num(triangle.count)
    running = np.cumsum(cells, axis=2)
    return np.asarray(cells.sum(axis=1)), np.asarray(np.where(seen, running, 0.0).sum(axis=1))


def completeness(triangle: Triangle) -> FloatArray:
    """F(x) for each delay x, `[area, delay]`, by Lawless's estimate."""
    n, total = reverse_hazards(triangle)
    hazard = np.divide(n, total, out=np.zeros_like(n), where=total > 0)
    return _completeness(hazard)


def lawless(triangle: Triangle, *, support: int = 1000, compat: str = "corrected") -> Nowcast:
    """Normal predictive distribution around reported/F(seen delay), from the reported count up.

    Variance: (estimate)^2 Var(F)/F^2 + estimate (1 - F)/F, Var(F)/F^2 = sum of g_y/(N_y (1 - g_y)). With
    `compat="surveillance"` only the second term is used, and the left tail is lumped onto the reported count without
    rescaling, as R's `surveillance` 1.20 does (its probabilities sum to more than 1).
    """
    checks.one_of("compat", compat, ("corrected", "surveillance"))
    n, total = reverse_hazards(triangle)
    hazard = np.divide(n, total, out=np.zeros_like(n), where=total > 0)
    share, delay = _seen(triangle, _completeness(hazard))
    reported = triangle.reported
    estimate = reported / share
    variance = estimate * (1 - share) / share
    if compat == "corrected":
        term = np.divide(hazard, total * (1 - hazard), out=np.zeros_like(n), where=(total > 0) & (hazard < 1))
        tail = np.cumsum(term[:, ::-1], axis=1)[:, ::-1] - term
        variance = variance + estimate**2 * np.take_along_axis(tail, delay, axis=1)
    return Nowcast(_events(triangle), reported, share, _normal_from(reported, estimate, variance, support, compat))


def beta_negative_binomial(triangle: Triangle, *, support: int = 1000, kappa: float = KAPPA) -> Nowcast:
    """Delays from all reports so far (not corrected for truncation: too low while an outbreak grows), closed form.

    F ~ Beta(a, b) with a the sum of kappa + n_d up to the seen delay and b of the rest; the unreported number is
    beta-negative-binomial with parameters reported + 1, a, b.
    """
    n, _ = reverse_hazards(triangle)
    weight = n + kappa
    running = np.cumsum(weight, axis=1)
    delay = _delays(triangle)
    a = np.take_along_axis(running, delay, axis=1)
    b = np.maximum(running[:, -1:] - a, 0.0)
    reported = triangle.reported
    k = np.arange(support + 1) - reported[..., None]
    complete = delay == triangle.count.shape[2] - 1
    safe_b = np.where(complete, 1.0, b)[..., None]
    missing = np.maximum(k, 0.0)
    size = reported[..., None] + 1
    logs = (
        special.gammaln(size + missing)
        - special.gammaln(size)
        - special.gammaln(missing + 1)
        + special.betaln(a[..., None] + size, safe_b + missing)
        - special.betaln(a[..., None], safe_b)
    )
    probability = np.where(k < 0, 0.0, np.exp(logs))
    probability = np.where(complete[..., None], (k == 0).astype(np.float64), probability)
    return Nowcast(_events(triangle), reported, a / (a + b), probability)


def bayes(
    triangle: Triangle, prior: Prior, *, truncated: bool = True, support: int = 1000, draws: int = 1000, seed: Seed
) -> Nowcast:
    """Average of the posterior of the final count over draws of the delay distribution.

    truncated: reverse hazards Beta(n_x, N_x - n_x) (generalised Dirichlet, right under stable delays); otherwise
    Dirichlet(kappa + n) from all reports so far. Given F the final count less the reported one is negative binomial
    with size r + reported and probability 1 - (1 - p)(1 - F), r and p from the prior.
    """
    rng = checks.generator(seed)
    share = _drawn_completeness(triangle, truncated, checks.at_least("draws", draws, 10), rng)
    delay = _delays(triangle)
    by_event = np.take_along_axis(share, np.repeat(delay[None], draws, axis=0), axis=2)
    reported = triangle.reported
    probability = np.zeros((*reported.shape, support + 1))
    size, prob = prior.shape_and_prob()
    _mix(by_event, reported, size, prob, probability)
    complete = delay == triangle.count.shape[2] - 1
    probability[complete] = np.arange(support + 1) == reported[complete][:, None]
    return Nowcast(_events(triangle), reported, by_event.mean(axis=0), probability)


def _drawn_completeness(triangle: Triangle, truncated: bool, draws: int, rng: np.random.Generator) -> FloatArray:
    """F `[draw, area, delay]`."""
    n, total = reverse_hazards(triangle)
    if truncated:
        rest = total - n
        # Without reports at a delay its hazard is 0; with nothing but reports there it is 1.
        drawn = rng.beta(np.where(n > 0, n, 1.0), np.where(rest > 0, rest, 1.0), size=(draws, *n.shape))
        hazard = np.where(n == 0, 0.0, np.where(rest <= 0, 1.0, drawn))
        return _completeness(hazard)
    gamma = rng.gamma(n + KAPPA, size=(draws, *n.shape))
    share = np.cumsum(gamma, axis=2) / gamma.sum(axis=2, keepdims=True)
    return np.asarray(np.minimum(share, 1.0))


@compiled
def _mix(share: FloatArray, reported: FloatArray, size: float, prob: float, probability: FloatArray) -> None:
    """Add up negative-binomial probabilities over draws by their recursion, normalised on the support."""
    draws, areas, events = share.shape
    last = probability.shape[2] - 1
    for area in range(areas):
        for event in range(events):
            n = int(reported[area, event])
            row = probability[area, event]
            if n > last:
                continue
            shape = size + n
            for draw in range(draws):
                q = (1 - prob) * (1 - share[draw, area, event])
                term = np.exp(shape * np.log1p(-q)) / draws
                k = 0
                peak = False
                while n + k <= last:
                    row[n + k] += term
                    following = term * q * (shape + k) / (k + 1)
                    peak = peak or following < term
                    term = following
                    k += 1
                    if peak and term * draws < 1e-12:
                        break
            total = row.sum()
            if total > 0:
                row /= total


def _completeness(hazard: FloatArray) -> FloatArray:
    """F(x) = prod over y > x of (1 - g_y), along the last axis."""
    kept = np.cumprod((1 - hazard)[..., ::-1], axis=-1)[..., ::-1]
    ones = np.ones((*hazard.shape[:-1], 1))
    return np.concatenate([kept[..., 1:], ones], axis=-1)


def _delays(triangle: Triangle) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    areas = triangle.count.shape[0]
    return np.repeat(triangle.seen_delay[None].astype(np.int64), areas, axis=0)


def _seen(triangle: Triangle, share: FloatArray) -> tuple[FloatArray, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    delay = _delays(triangle)
    return np.take_along_axis(share, delay, axis=1), delay


def _events(triangle: Triangle) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return triangle.first_event + np.arange(triangle.count.shape[1], dtype=np.int64)


def _normal_from(reported: FloatArray, mean: FloatArray, variance: FloatArray, support: int, compat: str) -> FloatArray:
    """Whole-number probabilities of a normal from the reported count up; a point where nothing is missing."""
    n = np.arange(support + 1, dtype=np.float64)
    sd = np.sqrt(variance)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = special.ndtr((n - mean[..., None]) / sd)
        floor = special.ndtr((reported[..., None] - mean[..., None]) / sd)
        below = special.ndtr((reported[..., None] - 0.5 - mean[..., None]) / sd)
        upper = special.ndtr((n + 0.5 - mean[..., None]) / sd)
    if compat == "surveillance":
        cumulative = np.where(n < reported[..., None], 0.0, at / (1 - floor))
    else:
        cumulative = np.where(n < reported[..., None], 0.0, (upper - below) / (1 - below))
    probability = np.diff(cumulative, axis=-1, prepend=0.0)
    point = (variance <= 0) | ~np.isfinite(variance)
    probability[point] = n == reported[point][:, None]
    return np.asarray(probability)
