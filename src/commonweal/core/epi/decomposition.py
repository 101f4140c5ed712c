"""Why is it rising: an exact split of a change in cases into how much, whom and what was found.

Cases in stratum s (an age group in a place, say) are total tests T x the stratum's share m_s of tests x its positivity
p_s. A change between two windows is split by Shapley's rule (the mean over all orders in which T, m and p could have
changed), which is symmetric and leaves no remainder:

* volume: more people tested altogether,
* targeting: tests moved towards strata with a higher (or lower) positivity,
* positivity: a larger share of those tested is infected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray, Seed
from commonweal.core.errors import Refused

CAUSES = ("volume", "targeting", "positivity")


@dataclass(frozen=True)
class Split:
    """Parts of the change in cases: `part[stratum, cause]` adds up to `change` exactly.

    lower, upper: limits of each part (same shape) and `total_lower`, `total_upper` of each cause's sum, at `level`;
    NaN if no draws were asked for. explaining: the smallest set of strata whose parts reach `share` of the change.
    """

    change: float
    part: FloatArray
    total: FloatArray
    lower: FloatArray
    upper: FloatArray
    total_lower: FloatArray
    total_upper: FloatArray
    explaining: IntArray
    share: float

    def by(self, labels: Sequence[str]) -> dict[str, FloatArray]:
        """Parts added up over strata with the same label (a place, an age group)."""
        if len(labels) != self.part.shape[0]:
            raise Refused(f"labels has {len(labels)} entries for {self.part.shape[0]} strata; pass one for each.")
        names = np.asarray(labels)
        return {str(name): self.part[names == name].sum(axis=0) for name in dict.fromkeys(labels)}


def split_change(
    cases: tuple[ArrayLike, ArrayLike],
    tests: tuple[ArrayLike, ArrayLike],
    *,
    share: float = 0.8,
    draws: int = 0,
    level: float = 0.95,
    seed: Seed = 0,
) -> Split:
    """Split the change in cases from the first to the second window, `[stratum]` arrays each.

    With `draws` > 0 limits come from a parametric bootstrap: positives of each stratum and window are redrawn as
    binomial from its tests (the number of tests is known, not sampled). A stratum without tests in one window takes the
    positivity of the other there. Raises `Refused` for cases above tests or a window without tests.
    """
    before, after = (checks.counts("cases", side) for side in cases)
    tested = tuple(checks.counts("tests", side) for side in tests)
    for y, n in zip((before, after), tested, strict=True):
        checks.same_shape("cases", y, "tests", n)
        if (y > n).any():
            i = int(np.argmax(y > n))
            raise Refused(f"cases[{i}] = {y[i]:g} exceed tests {n[i]:g}; every case is a test.")
        if n.sum() == 0:
            raise Refused("tests of a window add up to 0; choose windows in which somebody was tested.")
    checks.proportion("share", share)
    part = _parts(before, after, *tested)
    change = float(after.sum() - before.sum())
    lower = upper = np.full(part.shape, np.nan)
    total_lower = total_upper = np.full(3, np.nan)
    if draws > 0:
        sample = _bootstrap(before, after, tested[0], tested[1], draws, checks.generator(seed))
        tail = (1 - checks.proportion("level", level)) / 2
        lower, upper = np.quantile(sample, [tail, 1 - tail], axis=0)
        total_lower, total_upper = np.quantile(sample.sum(axis=1), [tail, 1 - tail], axis=0)
    return Split(
        change, part, part.sum(axis=0), lower, upper, total_lower, total_upper, _smallest(part, change, share), share
    )


def _parts(y0: FloatArray, y1: FloatArray, n0: FloatArray, n1: FloatArray) -> FloatArray:
    """Shapley values of T, m_s and p_s in T m_s p_s, `[..., stratum, cause]`."""
    p0 = np.divide(y0, n0, out=np.full(y0.shape, np.nan), where=n0 > 0)
    p1 = np.divide(y1, n1, out=np.full(y1.shape, np.nan), where=n1 > 0)
    p0, p1 = np.where(np.isnan(p0), p1, p0), np.where(np.isnan(p1), p0, p1)
    p0, p1 = np.nan_to_num(p0), np.nan_to_num(p1)
    t0, t1 = n0.sum(), n1.sum()
    m0, m1 = n0 / t0, n1 / t1
    volume = (t1 - t0) * _pair(m0, m1, p0, p1)
    positivity = (p1 - p0) * _pair(m0, m1, t0, t1)
    # Shares add up to 1, so any constant can be taken off their partner: measured against the average positivity,
    # a stratum's targeting part says whether tests moved to where more is found.
    average = (_pair(t0, t1, p0, p1) * (m0 + m1) / 2).sum(axis=-1, keepdims=True)
    targeting = (m1 - m0) * (_pair(t0, t1, p0, p1) - average)
    return np.stack([volume, targeting, positivity], axis=-1)


def netted_parts(
    y0: FloatArray, y1: FloatArray, effort0: FloatArray, effort1: FloatArray, reason: IntArray
) -> FloatArray:
    """More testing, targeted testing and spread where tests are taken for several reasons, `[..., reason, 3]`.

    Cases y of a stratum (a place and a reason for testing) are testing effort x yield. Effort is the number of tests
    that found nothing (plus a half): cases themselves add tests, so a rise of cases would otherwise look like more
    testing. More testing is what tests of a reason grew by everywhere, targeted testing what moved between its places.
    Both, and spread, are added up over places, shrunk by what chance alone moves tests; where testing and spread
    offset each other they are netted: tests of people with no cause to be tested find fewer among more, which is no
    fall of infection. So are more and targeted testing. No part of a reason then passes its change while another goes
    the other way.

    y0, y1: `[..., stratum]`, whole or weighted. effort0, effort1, reason: `[stratum]`; reason is a code from 0.
    Everything adds up to the change exactly.
    """
    e0, e1 = effort0 + 0.5, effort1 + 0.5
    mean_yield = (y0 / e0 + y1 / e1) / 2
    into = np.eye(int(reason.max()) + 1)[reason]
    growth = ((e1 @ into) / np.maximum(e0 @ into, 0.5))[reason]
    volume = ((growth - 1) * e0 * mean_yield) @ into
    testing = ((e1 - e0) * mean_yield) @ into
    # numbers of tests vary by chance (Poisson); so much of the sum is shrunk away (James and Stein, positive part)
    chance = ((e0 + e1) * mean_yield**2) @ into
    certain = 1 - np.divide(chance, testing**2, out=np.ones_like(testing), where=testing**2 > chance)
    volume, testing = volume * certain, testing * certain
    change = (y1 - y0) @ into
    offset = testing * (change - testing) < 0
    kept = np.where(offset, np.where(testing * change > 0, change, 0.0), testing)
    scale = np.divide(kept, testing, out=np.zeros_like(testing), where=testing != 0)
    volume, targeting = volume * scale, (testing - volume) * scale
    apart = volume * targeting < 0
    volume = np.where(apart, np.where(np.abs(volume) > np.abs(targeting), kept, 0.0), volume)
    return np.stack([volume, kept - volume, change - kept], axis=-1)


def _pair(a0: ArrayLike, a1: ArrayLike, b0: ArrayLike, b1: ArrayLike) -> FloatArray:
    """Mean of a b over the orders of change: (2 a0 b0 + a0 b1 + a1 b0 + 2 a1 b1)/6."""
    x0, x1, z0, z1 = (np.asarray(v, dtype=np.float64) for v in (a0, a1, b0, b1))
    return np.asarray((2 * x0 * z0 + x0 * z1 + x1 * z0 + 2 * x1 * z1) / 6)


def _bootstrap(
    y0: FloatArray, y1: FloatArray, n0: FloatArray, n1: FloatArray, draws: int, rng: np.random.Generator
) -> FloatArray:
    size = (draws, y0.size)

    def redrawn(y: FloatArray, n: FloatArray) -> FloatArray:
        rate = np.divide(y, n, out=np.zeros_like(y), where=n > 0)
        return rng.binomial(n.astype(np.int64), rate, size=size).astype(np.float64)

    return _parts(redrawn(y0, n0), redrawn(y1, n1), np.broadcast_to(n0, size)[:1], np.broadcast_to(n1, size)[:1])


def _smallest(part: FloatArray, change: float, share: float) -> IntArray:
    """Strata by falling part in the direction of the change, until they reach the share of it."""
    if change == 0:
        return np.empty(0, dtype=np.int64)
    aligned = part.sum(axis=1) * np.sign(change)
    order = np.argsort(-aligned, kind="stable")
    reached = np.cumsum(aligned[order]) >= share * abs(change) - 1e-9
    return np.asarray(order[: int(np.argmax(reached)) + 1], dtype=np.int64)
