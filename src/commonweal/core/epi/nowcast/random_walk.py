"""A nowcast whose epidemic curve is a random walk and whose delays are one distribution, sampled by Gibbs steps.

Source: McGough et al. 2020 (PLoS Comput Biol 16:e1007735). Model: n_{t,d} ~ Poisson(exp(a_t) b_d), or negative binomial
of size r; a random walk in t; b a Dirichlet with weight 0.1 a delay. Here b is kept unnormalised (independent gammas;
their sum is absorbed by a), which makes every step but those of a_t and r conjugate.
"""

from __future__ import annotations

import numpy as np

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray, Seed
from commonweal.core.epi.compiled import compiled
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.nowcast.triangle import Triangle

DELAY_WEIGHT = 0.1
WEAK = 0.001
"""Shape and rate of the gamma priors of the walk's precision (and of r): next to nothing is assumed."""


def random_walk(
    triangle: Triangle,
    *,
    negative_binomial: bool = False,
    draws: int = 4000,
    burn_in: int = 1000,
    support: int = 2000,
    seed: Seed,
) -> Nowcast:
    """Sample the final counts; areas are independent of each other. Slow beside the conjugate methods (seconds)."""
    checks.at_least("draws", draws, 100)
    rng = checks.generator(seed)
    reported = triangle.reported
    probability = np.zeros((*reported.shape, support + 1))
    share = np.empty(reported.shape)
    for area in range(reported.shape[0]):
        total = np.zeros((draws, reported.shape[1]))
        share[area] = _sample(triangle.count[area], negative_binomial, burn_in, rng, total)
        for event in range(reported.shape[1]):
            found = np.bincount(np.minimum(total[:, event], support).astype(np.int64), minlength=support + 1)
            probability[area, event] = found / draws
    event_steps = triangle.first_event + np.arange(reported.shape[1], dtype=np.int64)
    return Nowcast(event_steps, reported, share, probability)


@compiled
def _sample(count: FloatArray, binomial: bool, burn_in: int, rng: np.random.Generator, total: FloatArray) -> FloatArray:
    """Fill `total[draw, event]`; returns the mean share already reported of each event step."""
    events, delays = count.shape
    seen = np.zeros(events, np.int64)
    by_event, by_delay = np.zeros(events), np.zeros(delays)
    for t in range(events):
        for d in range(delays):
            if not np.isnan(count[t, d]):
                seen[t] = d + 1
                by_event[t] += count[t, d]
                by_delay[d] += count[t, d]
    level = np.log((by_event + 1.0) * delays / np.maximum(seen, 1))
    width = 2.4 / np.sqrt(by_event + 2.0)
    share = np.maximum(by_delay, 0.05) / max(by_delay.sum(), 1.0)
    heterogeneity = np.ones((events, delays))
    precision, size = 10.0, 5.0
    reported_share = np.zeros(events)
    for iteration in range(burn_in + total.shape[0]):
        if binomial:
            _draw_heterogeneity(count, seen, level, share, size, rng, heterogeneity)
            size = _draw_size(count, seen, level, share, size, rng)
        for d in range(delays):
            exposure = 1.0
            for t in range(events):
                if d < seen[t]:
                    exposure += np.exp(level[t]) * heterogeneity[t, d]
            share[d] = max(rng.standard_gamma(DELAY_WEIGHT + by_delay[d]) / exposure, 1e-300)
        for t in range(events):
            exposure = 0.0
            for d in range(seen[t]):
                exposure += share[d] * heterogeneity[t, d]
            for _ in range(3):
                level[t] = _draw_level(level, t, by_event[t], exposure, precision, width[t], rng)
        square = 0.0
        for t in range(1, events):
            square += (level[t] - level[t - 1]) ** 2
        precision = rng.standard_gamma(WEAK + 0.5 * (events - 1)) / (WEAK + 0.5 * square)
        draw = iteration - burn_in
        if draw >= 0:
            whole = share.sum()
            for t in range(events):
                total[draw, t] = by_event[t]
                for d in range(seen[t], delays):
                    mean = np.exp(level[t]) * share[d]
                    if binomial:
                        mean *= rng.standard_gamma(size) / size
                    total[draw, t] += rng.poisson(mean)
                reported_share[t] += share[: seen[t]].sum() / whole / total.shape[0]
    return reported_share


@compiled
def _draw_level(
    level: FloatArray, t: int, cases: float, exposure: float, precision: float, width: float, rng: np.random.Generator
) -> float:
    """One Metropolis step of a_t given its neighbours."""
    here = level[t]
    moved = here + width * rng.standard_normal()
    change = cases * (moved - here) - exposure * (np.exp(moved) - np.exp(here))
    if t > 0:
        change -= 0.5 * precision * ((moved - level[t - 1]) ** 2 - (here - level[t - 1]) ** 2)
    else:
        change -= 0.5 * WEAK * (moved**2 - here**2)
    if t + 1 < level.size:
        change -= 0.5 * precision * ((level[t + 1] - moved) ** 2 - (level[t + 1] - here) ** 2)
    return float(moved) if np.log(rng.random()) < change else float(here)


@compiled
def _draw_heterogeneity(
    count: FloatArray,
    seen: IntArray,
    level: FloatArray,
    share: FloatArray,
    size: float,
    rng: np.random.Generator,
    heterogeneity: FloatArray,
) -> None:
    for t in range(count.shape[0]):
        for d in range(seen[t]):
            mean = np.exp(level[t]) * share[d]
            heterogeneity[t, d] = rng.standard_gamma(size + count[t, d]) / (size + mean)


@compiled
def _draw_size(
    count: FloatArray, seen: IntArray, level: FloatArray, share: FloatArray, size: float, rng: np.random.Generator
) -> float:
    """Metropolis step of log r, the cells' own gammas integrated out."""
    moved = size * np.exp(0.3 * rng.standard_normal())
    change = WEAK * (np.log(moved) - np.log(size)) - WEAK * (moved - size)
    for t in range(count.shape[0]):
        for d in range(seen[t]):
            mean = np.exp(level[t]) * share[d]
            change += _log_nb(count[t, d], mean, moved) - _log_nb(count[t, d], mean, size)
    return moved if np.log(rng.random()) < change else size


@compiled
def _log_nb(n: float, mean: float, size: float) -> float:
    value = size * np.log(size / (size + mean))
    for k in range(int(n)):
        value += np.log((size + k) * mean / ((size + mean) * (k + 1.0)))
    return float(value)
