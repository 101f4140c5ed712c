"""Data sets under the null hypothesis, as lists of cases by replicate and day.

All draws of a batch come from one generator before any thread starts, so results do not depend on the threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.compiled import compiled
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Cases:
    """Sites of simulated cases sorted by replicate and day: those of replicate r on day t lie at
    `site[first[r, t] : first[r, t + 1]]`."""

    site: NDArray[np.int32]
    first: IntArray

    def only(self, replicates: IntArray) -> Cases:
        """The same data sets, fewer of them."""
        return Cases(self.site, np.ascontiguousarray(self.first[replicates]))


@dataclass(frozen=True)
class Null:
    """How to draw: the kind, the observed cells, and the cell weights (expectation or number of people tested).

    kind: `multinomial` (all cases over cells by weight), `within_day` (each day's cases over sites), `poisson`
    (independent cells), `permutation` (dates shuffled among cases, within strata), `sample` (cases among the tested).
    """

    kind: str
    count: IntArray
    weight: FloatArray


def draw(null: Null, replicates: int, rng: np.random.Generator) -> Cases:
    """Simulate this many data sets."""
    if null.kind == "permutation":
        return _permuted(null.count, replicates, rng)
    if null.kind == "sample":
        return _sampled(null.count, null.weight, replicates, rng)
    if null.kind == "within_day":
        return _within_day(null.count[0], null.weight, replicates, rng)
    if null.kind in ("multinomial", "poisson"):
        return _multinomial(null, replicates, rng)
    raise Refused(f"null kind is {null.kind!r}; choose multinomial, within_day, poisson, permutation or sample.")


def _multinomial(null: Null, replicates: int, rng: np.random.Generator) -> Cases:
    weight = null.weight
    _sites, days = weight.shape
    total = int(null.count.sum())
    by_day = weight.sum(axis=0)
    share = by_day / by_day.sum()
    if null.kind == "poisson":
        day_count = rng.poisson(by_day, size=(replicates, days))
    else:
        day_count = rng.multinomial(total, share, size=replicates)
    return _placed(weight, day_count.astype(np.int64), rng)


def _within_day(count: IntArray, weight: FloatArray, replicates: int, rng: np.random.Generator) -> Cases:
    day_count = np.repeat(count.sum(axis=0)[None, :], replicates, axis=0)
    return _placed(weight, day_count, rng)


def _placed(weight: FloatArray, day_count: IntArray, rng: np.random.Generator) -> Cases:
    """Give each simulated case of a day a site, by that day's weights (Walker's alias tables)."""
    keep, other = _alias_tables(np.ascontiguousarray(weight.T))
    first = np.zeros((day_count.shape[0], day_count.shape[1] + 1), dtype=np.int64)
    flat = np.concatenate([[0], np.cumsum(day_count.ravel())])
    first[:, :-1] = flat[:-1].reshape(day_count.shape)
    first[:, -1] = flat[day_count.shape[1] :: day_count.shape[1]]
    site = np.empty(int(flat[-1]), dtype=np.int32)
    _place(keep, other, first, rng.random(site.size), site)
    return Cases(site, first)


def _permuted(count: IntArray, replicates: int, rng: np.random.Generator) -> Cases:
    """Shuffle dates among the cases of each stratum; `count` is `[stratum, site, day]`."""
    strata = [np.nonzero(table) for table in count]
    parts_site, parts_day = [], []
    for table, (where_site, where_day) in zip(count, strata, strict=True):
        times = table[where_site, where_day]
        parts_site.append(np.repeat(where_site, times).astype(np.int32))
        parts_day.append(np.repeat(where_day, times).astype(np.int32))
    sizes = np.array([part.size for part in parts_site], dtype=np.int64)
    site, day = np.concatenate(parts_site), np.concatenate(parts_day)
    by_day = count.sum(axis=(0, 1))
    start = np.concatenate([[0], np.cumsum(by_day)]).astype(np.int64)
    first = start[None, :] + site.size * np.arange(replicates)[:, None]
    out = np.empty(site.size * replicates, dtype=np.int32)
    _shuffle(site, day, sizes, start, rng.random((replicates, max(1, site.size))), out)
    return Cases(out, first)


def _sampled(count: IntArray, tested: FloatArray, replicates: int, rng: np.random.Generator) -> Cases:
    """Choose which of the tested are cases: C of N without replacement."""
    where_site, where_day = np.nonzero(tested)
    times = tested[where_site, where_day].astype(np.int64)
    site, day = np.repeat(where_site, times).astype(np.int32), np.repeat(where_day, times).astype(np.int32)
    total = int(count.sum())
    first = np.zeros((replicates, tested.shape[1] + 1), dtype=np.int64)
    out = np.empty(total * replicates, dtype=np.int32)
    _sample(site, day, rng.random((replicates, total)), first, out)
    return Cases(out, first)


@compiled
def _alias_tables(weight: FloatArray) -> tuple[FloatArray, NDArray[np.int32]]:
    """Walker's tables for each row of weights; rows without weight are never drawn from."""
    rows, n = weight.shape
    keep, other = np.ones((rows, n)), np.zeros((rows, n), np.int32)
    small, large = np.empty(n, np.int32), np.empty(n, np.int32)
    for row in range(rows):
        total = weight[row].sum()
        if total <= 0:
            continue
        few = many = 0
        for i in range(n):
            keep[row, i] = weight[row, i] * n / total
            other[row, i] = i
            if keep[row, i] < 1:
                small[few] = i
                few += 1
            else:
                large[many] = i
                many += 1
        while few > 0 and many > 0:
            few -= 1
            i, j = small[few], large[many - 1]
            other[row, i] = j
            keep[row, j] -= 1 - keep[row, i]
            if keep[row, j] < 1:
                many -= 1
                small[few] = j
                few += 1
    return keep, other


@compiled
def _place(
    keep: FloatArray, other: NDArray[np.int32], first: IntArray, uniform: FloatArray, site: NDArray[np.int32]
) -> None:
    n = keep.shape[1]
    for r in range(first.shape[0]):
        for t in range(first.shape[1] - 1):
            for k in range(first[r, t], first[r, t + 1]):
                scaled = uniform[k] * n
                i = min(int(scaled), n - 1)
                site[k] = i if scaled - i < keep[t, i] else other[t, i]


@compiled
def _shuffle(
    site: NDArray[np.int32],
    day: NDArray[np.int32],
    sizes: IntArray,
    start: IntArray,
    uniform: FloatArray,
    out: NDArray[np.int32],
) -> None:
    """Fisher-Yates within strata; the shuffled sites are filed under the fixed days."""
    n = site.size
    mixed = site.copy()
    place = np.empty(start.size, np.int64)
    for r in range(uniform.shape[0]):
        place[:] = start + r * n
        offset = 0
        for k in range(sizes.size):
            for i in range(sizes[k] - 1, 0, -1):
                j = min(int(uniform[r, offset + i] * (i + 1)), i)
                mixed[offset + i], mixed[offset + j] = mixed[offset + j], mixed[offset + i]
            offset += sizes[k]
        for i in range(n):
            out[place[day[i]]] = mixed[i]
            place[day[i]] += 1


@compiled
def _sample(
    site: NDArray[np.int32], day: NDArray[np.int32], uniform: FloatArray, first: IntArray, out: NDArray[np.int32]
) -> None:
    """Partial Fisher-Yates over all people tested; the first `total` are the cases."""
    n, total = site.size, uniform.shape[1]
    person = np.arange(n)
    days = first.shape[1] - 1
    place = np.empty(days, np.int64)
    for r in range(uniform.shape[0]):
        place[:] = 0
        for i in range(total):
            j = min(i + int(uniform[r, i] * (n - i)), n - 1)
            person[i], person[j] = person[j], person[i]
            place[day[person[i]]] += 1
        first[r, 0] = r * total
        for t in range(days):
            first[r, t + 1] = first[r, t] + place[t]
            place[t] = first[r, t]
        for i in range(total):
            t = day[person[i]]
            out[place[t]] = site[person[i]]
            place[t] += 1
