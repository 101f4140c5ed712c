"""The largest log likelihood ratio of each simulated data set: the loop that costs the time of a scan.

Lanes of replicates are walked together. For one time window and one centre, the cases of the sites are added outwards
in segments, and after each segment the counts of all lanes are compared with one number: the smallest count that
could reach a floor L0 anywhere in the segment (a count never falls, a size never falls, so the count at the segment's
end and the size at its beginning bound the rest). Only lanes that reach it are looked at one by one. The floor is a
low quantile of a pilot; replicates whose maximum lies below it are walked again with a lower floor, so the maxima are
exact.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.compiled import compiled
from commonweal.core.epi.scan.geometry import Circles
from commonweal.core.epi.scan.likelihood import (
    EXPECTATION,
    HIGH,
    LOW,
    POISSON,
    high_limits,
    is_high,
    log_likelihood_ratio,
    low_limits,
)
from commonweal.core.epi.scan.problem import Problem
from commonweal.core.epi.scan.randomise import Cases

Counts = NDArray[np.int16]
LONGEST_SEGMENT = 32
SLACK = 0.35
"""A segment ends before its expected cases pass this many standard deviations of the count so far."""
CACHE_BYTES = 1_200_000
"""Bytes of one block of site rows: it has to stay in a core's second-level cache."""


SHARED_FROM = 0.5
"""A window at least this large, compared with another, may use its segments."""
MOST_KEPT = 400_000_000
"""Bytes of segments that are kept for further windows and floors; beyond it they are cut again."""
PILOT = 32
PILOT_FLOOR = 2.0
LEAST_FLOOR = 1e-6
ROUNDING = 1e-6
"""More than the rounding of a ratio put together from a table: a bound that is too large only costs a look."""


def exact_maxima(
    problem: Problem, circles: Circles, cases: Cases, *, threads: int = 1, plans: Plans | None = None
) -> FloatArray:
    """The maximum of each replicate (0 where no window qualifies).

    A pilot with a low floor gives the floor of the rest; replicates that stay below it are walked again, lower.
    """
    best = np.zeros(cases.first.shape[0])
    plans = plans or Plans(problem, circles)
    waiting = np.arange(best.size)
    floor = PILOT_FLOOR
    pilot = waiting[:PILOT]
    best[pilot] = maxima(problem, circles, cases.only(pilot), floor, threads=threads, plans=plans)
    if best[pilot].min() > 0:
        floor = float(best[pilot].min())
    waiting = waiting[PILOT:]
    while True:
        if waiting.size:
            best[waiting] = maxima(problem, circles, cases.only(waiting), floor, threads=threads, plans=plans)
        waiting = np.flatnonzero(best == 0)
        if waiting.size == 0 or floor <= LEAST_FLOOR:
            return best
        floor = floor * 0.6 if floor > PILOT_FLOOR / 2 else max(LEAST_FLOOR, floor / 100)


@dataclass(frozen=True)
class Segments:
    """Where every centre's walk is cut, for windows whose sizes are in proportion.

    end: site after the last of each segment; number: of segments; first, last: size of the reference window after a
    segment's first and last site.
    """

    end: NDArray[np.int32]
    number: NDArray[np.int32]
    first: FloatArray
    last: FloatArray

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return self.end.nbytes + self.first.nbytes + self.last.nbytes


class Plans:
    """Segments of each window, cut once for all floors; windows of like size share the cuts of the largest."""

    def __init__(self, problem: Problem, circles: Circles) -> None:
        self.problem, self.circles = problem, circles
        self.found: dict[int, Segments] = {}
        self.reference = _references(problem)

    def of(self, w: int) -> tuple[Segments, float]:
        """The segments of a window and what its sizes are as a multiple of the reference window's."""
        reference, ratio = self.reference[w]
        if reference not in self.found:
            if sum(segments.bytes for segments in self.found.values()) > MOST_KEPT:
                self.found.clear()
            self.found[reference] = _segments_of(self.problem, self.circles, reference)
        return self.found[reference], ratio


def _references(problem: Problem) -> list[tuple[int, float]]:
    """For each window the window that it takes its segments from, and the ratio of sizes.

    Windows whose site sizes are in proportion (population does not change, or dates are permuted) and at least half as
    large share segments; others keep their own.
    """
    size = problem.window_size
    total = size.sum(axis=0)
    out: list[tuple[int, float]] = [(w, 1.0) for w in range(total.size)]
    if problem.stratified or problem.model == EXPECTATION:
        return out
    reference = -1
    for w in np.argsort(-total, kind="stable").tolist():
        ratio = float(total[w] / total[reference]) if reference >= 0 and total[reference] > 0 else 0.0
        shared = ratio >= SHARED_FROM and np.allclose(size[:, w], ratio * size[:, reference], rtol=1e-12, atol=0.0)
        if shared:
            out[w] = (reference, ratio)
        else:
            reference = w
    return out


def _segments_of(problem: Problem, circles: Circles, w: int) -> Segments:
    centres, widest = circles.order.shape
    share = 1.0 if problem.model == EXPECTATION else problem.cases[w] / problem.total_size[w]
    size = np.ascontiguousarray(problem.window_size[:, w])
    # segments grow with the square root of the expectation; more room is made where that guess is short
    most = min(widest, int(2 * np.sqrt(size.sum() * share) / SLACK) + widest // LONGEST_SEGMENT + 16)
    while True:
        shape = (centres, most)
        found = Segments(np.empty(shape, np.int32), np.zeros(centres, np.int32), np.empty(shape), np.empty(shape))
        if _segments(size, circles.order, circles.stop, share, found.end, found.number, found.first, found.last):
            return found
        most = min(widest, 2 * most)


def _critical(found: Segments, ratio: float, limits: tuple[FloatArray, FloatArray], low: bool) -> _Critical:
    """Smallest count that reaches the floor at each segment's first size; if asked the largest that is low enough."""
    high = np.empty(found.end.shape, np.int32)
    least = np.empty(found.end.shape if low else (1, 1), np.int32)
    _critical_counts(found.number, found.first, found.last, ratio, limits[0], limits[1], low, high, least)
    return high, least


_Critical = tuple[NDArray[np.int32], NDArray[np.int32]]


def maxima(
    problem: Problem,
    circles: Circles,
    cases: Cases,
    floor: float,
    *,
    threads: int = 1,
    plans: Plans | None = None,
) -> FloatArray:
    """The maximum of each replicate if it reaches the floor, else 0. plans: kept from an earlier call."""
    plans = plans or Plans(problem, circles)
    replicates = cases.first.shape[0]
    sites = problem.count.shape[0]
    best = np.zeros(replicates)
    lanes = max(32, min(replicates, CACHE_BYTES // (2 * sites) // 32 * 32))
    blocks = [(a, min(a + lanes, replicates)) for a in range(0, replicates, lanes)]
    rows = [np.zeros((sites, stop - start), dtype=np.int16) for start, stop in blocks]
    limits: tuple[FloatArray, FloatArray] | None = None
    before = (0, 0)
    entropy = np.empty(0)
    with ThreadPoolExecutor(threads) as pool:
        for w in _by_extension(problem):
            if limits is None or problem.stratified:
                limits = _limits(problem, w, floor)
            plan, ratio = plans.of(int(w))
            critical = _critical(plan, ratio, limits, problem.direction != HIGH)
            window = (int(problem.start[w]), int(problem.end[w]))
            total = (float(problem.cases[w]), float(problem.total_size[w]))
            if entropy.size != int(total[0]) + 1:
                entropy = _entropy(int(total[0]))

            def walk(
                i: int,
                plan: Segments = plan,
                ratio: float = ratio,
                critical: _Critical = critical,
                window: tuple[int, int] = window,
                w: int = w,
                limits: tuple[FloatArray, FloatArray] = limits,
                before: tuple[int, int] = before,
                total: tuple[float, float] = total,
                entropy: FloatArray = entropy,
            ) -> None:
                start, stop = blocks[i]
                _add_days(rows[i], cases.site, cases.first, start, *before, *window)
                _walk(
                    rows[i],
                    problem.window_size[:, w].copy(),
                    circles.order,
                    plan.end,
                    plan.number,
                    plan.last,
                    ratio,
                    critical[0],
                    critical[1],
                    limits[0],
                    limits[1],
                    problem.model,
                    problem.direction,
                    problem.least_cases,
                    *total,
                    entropy,
                    best[start:stop],
                )

            # with one thread, handing blocks over to it costs more than small ones do
            list((map if threads == 1 else pool.map)(walk, range(len(blocks))))
            before = window
    return best


def _by_extension(problem: Problem) -> IntArray:
    """Windows in an order in which most only add days to the one before."""
    if (problem.end == problem.end[0]).all():
        return np.argsort(-problem.start, kind="stable")
    return np.lexsort((problem.end, problem.start))


def _limits(problem: Problem, w: int, floor: float) -> tuple[FloatArray, FloatArray]:
    cases, size = int(problem.cases[w]), float(problem.total_size[w])
    if problem.model == EXPECTATION:
        cases = int(problem.size.sum() * 2 + 100)
    high = high_limits(problem.model, floor, cases, size, problem.least_cases)
    if problem.direction == HIGH:
        return high, np.full(1, np.inf)
    return high, low_limits(problem.model, floor, cases, size)


def _entropy(cases: int) -> FloatArray:
    """c ln c + (C - c) ln(C - c) for every count c: the part of the Poisson ratio that no size enters."""
    count = np.arange(cases + 1, dtype=np.float64)
    return np.asarray(special.xlogy(count, count) + special.xlogy(cases - count, cases - count))


@compiled
def _segments(
    size: FloatArray,
    order: NDArray[np.int32],
    stop: NDArray[np.int32],
    share: float,
    ends: NDArray[np.int32],
    number: NDArray[np.int32],
    first_size: FloatArray,
    last_size: FloatArray,
) -> bool:
    """Cut each centre's walk into segments; whether they had room."""
    for centre in range(stop.size):
        total = 0.0
        j, segment = 0, 0
        while j < stop[centre]:
            if segment == ends.shape[1]:
                return False
            total += size[order[centre, j]]
            first = total
            most = first + SLACK * np.sqrt(first * share) / share
            j += 1
            furthest = min(stop[centre], j + LONGEST_SEGMENT - 1)
            while j < furthest:
                more = size[order[centre, j]]
                if total + more > most:
                    break
                total += more
                j += 1
            first_size[centre, segment] = first
            last_size[centre, segment] = total
            ends[centre, segment] = j
            segment += 1
        number[centre] = segment
    return True


@compiled
def _critical_counts(
    number: NDArray[np.int32],
    first_size: FloatArray,
    last_size: FloatArray,
    ratio: float,
    high_limit: FloatArray,
    low_limit: FloatArray,
    with_low: bool,
    high: NDArray[np.int32],
    low: NDArray[np.int32],
) -> None:
    """Sizes grow along a walk, and so do critical counts: both are found by stepping up."""
    most = high_limit.size - 1
    # sizes as multiples of another window's are right to rounding: leave a hair
    shrunk, grown = ratio * (1 - 1e-9), ratio * (1 + 1e-9)
    for centre in range(number.size):
        above, below = 0, -1
        for segment in range(number[centre]):
            first = first_size[centre, segment] * shrunk
            while above <= most and high_limit[above] < first:
                above += 1
            high[centre, segment] = above
            if with_low:
                last = last_size[centre, segment] * grown
                while below + 1 < low_limit.size and low_limit[below + 1] <= last:
                    below += 1
                low[centre, segment] = below


@compiled
def _add_days(
    rows: Counts,
    site: NDArray[np.int32],
    first: IntArray,
    offset: int,
    old_start: int,
    old_end: int,
    start: int,
    end: int,
) -> None:
    """Turn the rows of window [old_start, old_end) into those of [start, end)."""
    fresh = start > old_start or end < old_end or old_start == old_end
    if fresh:
        rows[:] = 0
        old_start, old_end = start, start
    for lane in range(rows.shape[1]):
        r = offset + lane
        for k in range(first[r, start], first[r, old_start]):
            rows[site[k], lane] += 1
        for k in range(first[r, old_end], first[r, end]):
            rows[site[k], lane] += 1


@compiled
def _walk(
    rows: Counts,
    size: FloatArray,
    order: NDArray[np.int32],
    ends: NDArray[np.int32],
    number: NDArray[np.int32],
    last_size: FloatArray,
    ratio: float,
    high: NDArray[np.int32],
    low: NDArray[np.int32],
    high_limit: FloatArray,
    low_limit: FloatArray,
    model: int,
    direction: int,
    least_cases: int,
    cases: float,
    total_size: float,
    entropy: FloatArray,
    best: FloatArray,
) -> None:
    """Walk every centre for one window and one block of lanes; raises `best` where a ratio beats it."""
    lanes = rows.shape[1]
    count = np.empty(lanes, np.int16)
    for centre in range(number.size):
        count[:] = 0
        j = 0
        for segment in range(number[centre]):
            end = ends[centre, segment]
            start_size = last_size[centre, segment - 1] * ratio if segment > 0 else 0.0
            if direction != HIGH:
                least = np.int16(low[centre, segment])
                for lane in range(lanes):
                    if count[lane] <= least:
                        _look(
                            rows,
                            size,
                            order[centre],
                            j,
                            end,
                            start_size,
                            lane,
                            count[lane],
                            high_limit,
                            low_limit,
                            model,
                            direction,
                            least_cases,
                            cases,
                            total_size,
                            best,
                        )
            first = j
            while j + 4 <= end:
                a, b = rows[order[centre, j]], rows[order[centre, j + 1]]
                c, d = rows[order[centre, j + 2]], rows[order[centre, j + 3]]
                for lane in range(lanes):
                    count[lane] += a[lane] + b[lane] + c[lane] + d[lane]
                j += 4
            while j < end:
                a = rows[order[centre, j]]
                for lane in range(lanes):
                    count[lane] += a[lane]
                j += 1
            if direction == LOW:
                continue
            critical = np.int16(min(high[centre, segment], 32767))
            hit = False
            for lane in range(lanes):
                hit |= count[lane] >= critical
            if hit:
                least_size = start_size + size[order[centre, first]]
                if model == POISSON:
                    inside, outside = least_size * cases / total_size, (total_size - least_size) * cases / total_size
                    slope = np.log(inside) - np.log(outside)
                    base = cases * np.log(outside) - ROUNDING
                for lane in range(lanes):
                    if count[lane] >= critical:
                        before = int(count[lane])
                        # nothing in the segment can beat its last count on its first size
                        if model == POISSON and before < entropy.size:
                            bound = entropy[before] - base - before * slope
                        else:
                            bound = log_likelihood_ratio(model, before, least_size, cases, total_size)
                        if bound <= best[lane]:
                            continue
                        for k in range(first, end):
                            before -= rows[order[centre, k], lane]
                        _look(
                            rows,
                            size,
                            order[centre],
                            first,
                            end,
                            start_size,
                            lane,
                            before,
                            high_limit,
                            low_limit,
                            model,
                            direction,
                            least_cases,
                            cases,
                            total_size,
                            best,
                        )


@compiled
def _look(
    rows: Counts,
    size: FloatArray,
    order: NDArray[np.int32],
    first: int,
    end: int,
    start_size: float,
    lane: int,
    count: int,
    high_limit: FloatArray,
    low_limit: FloatArray,
    model: int,
    direction: int,
    least_cases: int,
    cases: float,
    total_size: float,
    best: FloatArray,
) -> None:
    """Evaluate one lane in one segment window by window."""
    c, s = int(count), start_size
    most = high_limit.size - 1
    for k in range(first, end):
        c += rows[order[k], lane]
        s += size[order[k]]
        near = c > most or (c >= least_cases and s <= high_limit[c]) or (direction != HIGH and s >= low_limit[c])
        if not near or s <= 0:
            continue
        above = is_high(model, c, s, cases, total_size)
        if (above and (direction == LOW or c < least_cases)) or (not above and direction == HIGH):
            continue
        ratio = log_likelihood_ratio(model, c, s, cases, total_size)
        if ratio > best[lane]:
            best[lane] = ratio
