"""Predictive distributions over whole counts: the common result of every nowcast, and its summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray, Seed
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Nowcast:
    """Predicted final counts of each area and event step.

    probability: `[area, event, n]` for n = 0, 1, ...; reported: so far; completeness: estimated share already reported
    (NaN where a method gives none). `event` numbers the event steps.
    """

    event: IntArray
    reported: FloatArray
    completeness: FloatArray
    probability: FloatArray

    def mean(self) -> FloatArray:
        """Expected final count (sum of n p(n): a distribution that does not sum to 1 is not rescaled)."""
        return np.asarray(self.probability @ np.arange(self.probability.shape[-1]))

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """Smallest n whose cumulative probability reaches each level, `[area, event, level]`."""
        cumulative = np.cumsum(self.probability, axis=-1)
        last = self.probability.shape[-1] - 1
        return np.stack(
            [np.where((cumulative >= p).any(-1), np.argmax(cumulative >= p, axis=-1), last) for p in levels], axis=-1
        ).astype(np.float64)

    def interval(self, level: float) -> FloatArray:
        """Lower and upper end of the interval whose probability comes closest to `level`, `[area, event, 2]`.

        Between the central quantiles, an end's own count is left out where that brings the probability nearer to the
        level: whole ends at quantiles would hold too much, most of all of small counts.
        """
        tail = (1 - checks.proportion("level", level)) / 2
        ends = self.quantile([tail, 1 - tail]).astype(np.int64)
        cumulative = np.concatenate(
            [np.zeros((*self.reported.shape, 1)), np.cumsum(self.probability, axis=-1)], axis=-1
        )
        best = np.full(self.reported.shape, np.inf)
        chosen = ends.copy()
        for from_low, from_high in ((0, 0), (1, 0), (0, 1), (1, 1)):
            low, high = ends[..., 0] + from_low, ends[..., 1] - from_high
            inside = np.take_along_axis(cumulative, high[..., None] + 1, -1)[..., 0]
            inside = inside - np.take_along_axis(cumulative, low[..., None], -1)[..., 0]
            off = np.where(low <= high, np.abs(inside - level), np.inf)
            nearer = off < best - 1e-12
            best = np.where(nearer, off, best)
            chosen = np.where(nearer[..., None], np.stack([low, high], axis=-1), chosen)
        return np.asarray(chosen, dtype=np.float64)

    def draws(self, number: int, seed: Seed, *, correlation: float = 0.0) -> FloatArray:
        """Random final counts `[draw, area, event]`, independent between events.

        correlation: of the areas' normal scores on one event step (a laboratory's bad day is everybody's); 0: none.
        """
        if not 0 <= correlation < 1:
            raise Refused(f"correlation is {correlation}; pass a number from 0 to below 1.")
        rng = checks.generator(seed)
        areas, events = self.reported.shape
        shared, own = rng.standard_normal((number, 1, events)), rng.standard_normal((number, areas, events))
        uniform = special.ndtr(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own)
        cumulative = np.cumsum(self.probability, axis=-1)
        flat = (cumulative / cumulative[..., -1:]).reshape(-1, cumulative.shape[-1])
        picked = [np.searchsorted(row, u) for row, u in zip(flat, uniform.reshape(number, -1).T, strict=True)]
        return np.asarray(np.array(picked, dtype=np.float64).T.reshape(uniform.shape))
