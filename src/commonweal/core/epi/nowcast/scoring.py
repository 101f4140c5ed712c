"""How good forecasts of counts were: sharpness and honesty, by horizon.

Sources: Gneiting and Raftery 2007 (JASA 102:359), CRPS; Bracher et al. 2021 (PLoS Comput Biol 17:e1008618), weighted
interval score; Czado, Gneiting and Held 2009 (Biometrics 65:1254), probability integral transform of counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.errors import Refused

WIS_LEVELS = (0.5, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Scores:
    """Mean scores of each horizon (steps before now), one entry a horizon.

    crps, wis: in cases, smaller is better. coverage: part of the truths inside the interval of `level`. fair_coverage:
    the same for intervals with randomised ends, which counts can meet exactly (a plain interval of small counts holds
    more than its level because its ends are whole). bias: mean of forecast mean minus truth, in cases.
    """

    horizon: FloatArray
    number: FloatArray
    crps: FloatArray
    wis: FloatArray
    coverage: FloatArray
    fair_coverage: FloatArray
    bias: FloatArray
    level: float


def crps(probability: ArrayLike, truth: ArrayLike) -> FloatArray:
    """Continuous ranked probability score of distributions on 0, 1, ..., `[..., n]` against truths `[...]`.

    sum over k of (F(k) - 1{truth <= k})^2, plus the distance of a truth beyond the last n. In the unit of the counts.
    """
    p, y = checks.non_negative("probability", probability), checks.counts("truth", truth)
    checks.same_shape("probability without its last axis", p[..., 0], "truth", y)
    k = np.arange(p.shape[-1])
    step = (y[..., None] <= k).astype(np.float64)
    beyond = np.maximum(y - p.shape[-1], 0.0)
    return np.asarray(((np.cumsum(p, axis=-1) - step) ** 2).sum(axis=-1) + beyond)


def weighted_interval_score(
    quantiles: ArrayLike, levels: Sequence[float], median: ArrayLike, truth: ArrayLike
) -> FloatArray:
    """Weighted interval score of central intervals `[..., level, 2]` (lower, upper) and a median against truths.

    (|y - m|/2 + sum_k a_k/2 IS_k)/(K + 1/2) with a_k = 1 - level and IS = width + 2/a (distance outside).
    """
    ends, y = checks.finite("quantiles", quantiles), checks.finite("truth", truth)
    middle = checks.finite("median", median)
    if ends.shape[-2:] != (len(levels), 2):
        raise Refused(f"quantiles has shape {ends.shape}; pass [..., {len(levels)} levels, lower and upper].")
    total = 0.5 * np.abs(y - middle)
    for k, level in enumerate(levels):
        a = 1 - checks.proportion("level", level)
        lower, upper = ends[..., k, 0], ends[..., k, 1]
        outside = np.maximum(lower - y, 0.0) + np.maximum(y - upper, 0.0)
        total = total + a / 2 * (upper - lower) + outside
    return np.asarray(total / (len(levels) + 0.5))


def fair_cover(probability: ArrayLike, truth: ArrayLike, level: float) -> FloatArray:
    """Chance that an interval with randomised ends holds each truth: the overlap of [F(y - 1), F(y)] with the centre.

    Its mean is `level` for honest forecasts, however small the counts.
    """
    p, y = checks.non_negative("probability", probability), checks.counts("truth", truth)
    tail = (1 - checks.proportion("level", level)) / 2
    cumulative = np.concatenate([np.zeros((*p.shape[:-1], 1)), np.cumsum(p, axis=-1)], axis=-1)
    position = np.minimum(y, p.shape[-1] - 1).astype(np.int64)[..., None]
    below = np.take_along_axis(cumulative, position, axis=-1)[..., 0]
    mass = np.take_along_axis(cumulative, position + 1, axis=-1)[..., 0] - below
    inside = np.clip(np.minimum(below + mass, 1 - tail) - np.maximum(below, tail), 0.0, None)
    beyond = y > p.shape[-1] - 1
    held = np.divide(inside, mass, out=((below >= tail) & (below <= 1 - tail)).astype(np.float64), where=mass > 1e-300)
    return np.asarray(np.where(beyond, 0.0, held))


def score(nowcast: Nowcast, truth: ArrayLike, *, level: float = 0.9, now: int | None = None) -> Scores:
    """Scores of a nowcast against final counts `[area, event]`, averaged over areas for each horizon.

    now: the step up to which reports were seen (default: the last event step). Horizon = now - event step.
    """
    y = np.atleast_2d(checks.counts("truth", truth))
    checks.same_shape("reported", nowcast.reported, "truth", y)
    horizon = (nowcast.event[-1] if now is None else now) - nowcast.event
    tails = [(1 - x) / 2 for x in WIS_LEVELS]
    lower, upper = nowcast.quantile(tails), nowcast.quantile([1 - tail for tail in tails])
    ends = np.stack([lower, upper], axis=-1)
    inner = nowcast.interval(level)
    held = (y >= inner[..., 0]) & (y <= inner[..., 1])
    return Scores(
        horizon=horizon.astype(np.float64),
        number=np.full(horizon.size, float(y.shape[0])),
        crps=crps(nowcast.probability, y).mean(axis=0),
        wis=weighted_interval_score(ends, WIS_LEVELS, nowcast.quantile([0.5])[..., 0], y).mean(axis=0),
        coverage=held.mean(axis=0),
        fair_coverage=fair_cover(nowcast.probability, y, level).mean(axis=0),
        bias=(nowcast.mean() - y).mean(axis=0),
        level=level,
    )


def pooled(scores: Sequence[Scores]) -> Scores:
    """Scores of several nowcasts averaged by horizon, weighted by their numbers of truths."""
    if not scores:
        raise Refused("scores is empty; pass at least one.")
    horizons = np.unique(np.concatenate([s.horizon for s in scores]))
    which = np.concatenate([s.horizon for s in scores])[None, :] == horizons[:, None]
    number = np.concatenate([s.number for s in scores])
    total = which @ number

    def mean(name: str) -> FloatArray:
        return np.asarray(which @ (number * np.concatenate([getattr(s, name) for s in scores])) / total)

    names = ("crps", "wis", "coverage", "fair_coverage", "bias")
    return Scores(horizon=horizons, number=total, level=scores[0].level, **{name: mean(name) for name in names})
