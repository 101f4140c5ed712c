"""How sure the parts of a change are: cases are drawn again and again by household, and counted by what they have.

A bootstrap with Poisson weights. The first draw is what was observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.signals.why_data import AFTER, BEFORE, SETTING_KINDS, UNKNOWN, Cases
from commonweal.core.signals.why_shares import Shares

AGE_GROUPS = 3
SETTINGS = slice(1, 1 + len(SETTING_KINDS))


@dataclass(frozen=True)
class Drawn:
    """How often each case stands in each draw, `[1 + draws, case]`: once, then Poisson numbers, the same for those who
    live together. Small whole numbers, so that sums of them are exact in whatever order."""

    times: NDArray[np.uint8]

    @classmethod
    def of(cls, cases: Cases, draws: int, rng: np.random.Generator) -> Drawn:
        """Draw for some cases."""
        unit = np.where(cases.household == UNKNOWN, -2 - np.arange(cases.window.size), cases.household)
        _, unit = np.unique(unit, return_inverse=True)
        drawn = rng.poisson(1.0, size=(draws, int(unit.max()) + 1)).astype(np.uint8)[:, unit]
        return cls(np.concatenate([np.ones((1, unit.size), dtype=np.uint8), drawn]))

    def by_code(self, cases: Cases, code: IntArray, size: int, among: BoolArray | None = None) -> FloatArray:
        """Cases of every draw `[draw, before and after, code]`; a code below 0 is left out, as are those not among."""
        placed = (code >= 0) & (cases.window >= BEFORE)
        mine = np.flatnonzero(placed if among is None else placed & among)
        group = cases.window[mine] * size + code[mine]
        order = np.argsort(group, kind="stable")
        there, starts = np.unique(group[order], return_index=True)
        sums = np.zeros((self.times.shape[0], 2 * size))
        if there.size:
            sums[:, there] = np.add.reduceat(self.times[:, mine[order]], starts, axis=1, dtype=np.int64)
        return sums.reshape(-1, 2, size)

    def by_cause(self, cases: Cases, shares: Shares, reason: IntArray | None = None, reasons: int = 0) -> FloatArray:
        """The same where a case belongs to each cause by a share, `[draw, before and after, cause]`; then the same of
        each reason's cases alone, where `reason` gives one of so many `reasons` for each case.

        Cases whose setting is not known are shared out in each draw as those known in that draw: who was asked is
        chance too, and where few were asked it is most of what is uncertain.
        """
        among = [np.ones(cases.window.size, dtype=bool)]
        among += [reason == code for code in range(reasons)] if reason is not None else []
        whole = [shares.share * (cases.window == window)[:, None] for window in (BEFORE, AFTER)]
        known = self._sums(whole, among, ~shares.unasked)
        found = known.copy()
        for window in (BEFORE, AFTER):
            for age in range(AGE_GROUPS):
                here = (cases.window == window) & (cases.age_group == age)
                if (here & shares.unasked).any():
                    found[:, window] += self._unasked(shares, here, among)
        found[0] = self._observed(whole, among)
        return found.reshape(found.shape[0], 2, -1)

    def _unasked(self, shares: Shares, here: BoolArray, among: Sequence[BoolArray]) -> FloatArray:
        """Cases of one window and age that were not asked, `[draw, among, cause]`."""
        asked = self.times[:, here & shares.asked].sum(axis=1, dtype=np.float64)
        hits = self._weighted(shares.hit[here & shares.asked], here & shares.asked)
        observed = np.divide(hits[0], asked[0], out=np.zeros_like(hits[0]), where=asked[0] > 0)
        ratio = np.where(asked[:, None] > 0, hits / np.maximum(asked, 1.0)[:, None], observed)
        out = np.zeros((self.times.shape[0], len(among), shares.share.shape[1]))
        for at, some in enumerate(among):
            mine = here & shares.unasked & some
            many = self.times[:, mine].sum(axis=1, dtype=np.float64)
            out[:, at] = self._weighted(shares.otherwise[mine], mine) * (1 - ratio.sum(axis=1))[:, None]
            out[:, at, SETTINGS] += ratio * many[:, None]
        return out

    def _weighted(self, columns: FloatArray, mine: BoolArray) -> FloatArray:
        sums: FloatArray = self.times[:, mine].astype(np.float64) @ columns
        return sums

    def _sums(self, whole: Sequence[FloatArray], among: Sequence[BoolArray], which: BoolArray) -> FloatArray:
        """`[draw, before and after, among, cause]` of some cases."""
        columns = [each[which] * some[which][:, None] for each in whole for some in among]
        sums = self._weighted(np.concatenate(columns, axis=1), which)
        return sums.reshape(-1, len(whole), len(among), whole[0].shape[1])

    def _observed(self, whole: Sequence[FloatArray], among: Sequence[BoolArray]) -> FloatArray:
        """What was observed, each case once."""
        return np.array([[(each * some[:, None]).sum(axis=0) for some in among] for each in whole])
