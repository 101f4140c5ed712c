"""Predictive distributions over whole counts: the common result of every nowcast, and its summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray, Seed


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

    def draws(self, number: int, seed: Seed) -> FloatArray:
        """Random final counts `[draw, area, event]`, independent between events."""
        uniform = checks.generator(seed).random((number, *self.reported.shape))
        cumulative = np.cumsum(self.probability, axis=-1)
        cumulative = cumulative / cumulative[..., -1:]
        flat = cumulative.reshape(-1, cumulative.shape[-1])
        picked = [np.searchsorted(row, u) for row, u in zip(flat, uniform.reshape(number, -1).T, strict=True)]
        return np.asarray(np.array(picked, dtype=np.float64).T.reshape(uniform.shape))
