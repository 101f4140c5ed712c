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

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.compiled import compiled
from commonweal.core.epi.scan.geometry import Circles
from commonweal.core.epi.scan.likelihood import (
    EXPECTATION,
    HIGH,
    LOW,
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


PILOT = 32
PILOT_FLOOR = 2.0
LEAST_FLOOR = 1e-6


def exact_maxima(problem: Problem, circles: Circles, cases: Cases, *, threads: int = 1) -> FloatArray:
    """The maximum of each replicate (0 where no window qualifies).

    A pilot with a low floor gives the floor of the rest; replicates that stay below it are walked again, lower.
    """
    best = np.zeros(cases.first.shape[0])
    waiting = np.arange(best.size)
    floor = PILOT_FLOOR
    pilot = waiting[:PILOT]
    best[pilot] = maxima(problem, circles, cases.only(pilot), floor, threads=threads)
    if best[pilot].min() > 0:
        floor = float(best[pilot].min())
    waiting = waiting[PILOT:]
    while True:
        if waiting.size:
            best[waiting] = maxima(problem, circles, cases.only(waiting), floor, threads=threads)
        waiting = np.flatnonzero(best == 0)
        if waiting.size == 0 or floor <= LEAST_FLOOR:
            return best
        floor = floor * 0.6 if floor > PILOT_FLOOR / 2 else max(LEAST_FLOOR, floor / 100)


@dataclass(frozen=True)
class Plan:
    """Segments of every centre's walk for one window: ends, the size at each start and the critical counts."""

    end: NDArray[np.int32]
    number: NDArray[np.int32]
    size: FloatArray
    high: NDArray[np.int32]
    low: NDArray[np.int32]


def maxima(problem: Problem, circles: Circles, cases: Cases, floor: float, *, threads: int = 1) -> FloatArray:
    """The maximum of each replicate if it reaches the floor, else 0."""
    replicates = cases.first.shape[0]
    sites = problem.count.shape[0]
    best = np.zeros(replicates)
    lanes = max(32, min(replicates, CACHE_BYTES // (2 * sites) // 32 * 32))
    blocks = [(a, min(a + lanes, replicates)) for a in range(0, replicates, lanes)]
    rows = [np.zeros((sites, stop - start), dtype=np.int16) for start, stop in blocks]
    limits: tuple[FloatArray, FloatArray] | None = None
    before = (0, 0)
    with ThreadPoolExecutor(threads) as pool:
        for w in _by_extension(problem):
            if limits is None or problem.stratified:
                limits = _limits(problem, w, floor)
            plan = _plan(problem, circles, w, limits)
            window = (int(problem.start[w]), int(problem.end[w]))
            total = (float(problem.cases[w]), float(problem.total_size[w]))

            def walk(
                i: int,
                plan: Plan = plan,
                window: tuple[int, int] = window,
                w: int = w,
                limits: tuple[FloatArray, FloatArray] = limits,
                before: tuple[int, int] = before,
                total: tuple[float, float] = total,
            ) -> None:
                start, stop = blocks[i]
                _add_days(rows[i], cases.site, cases.first, start, *before, *window)
                _walk(
                    rows[i],
                    problem.window_size[:, w].copy(),
                    circles.order,
                    plan.end,
                    plan.number,
                    plan.size,
                    plan.high,
                    plan.low,
                    limits[0],
                    limits[1],
                    problem.model,
                    problem.direction,
                    problem.least_cases,
                    *total,
                    best[start:stop],
                )

            list(pool.map(walk, range(len(blocks))))
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


def _plan(problem: Problem, circles: Circles, w: int, limits: tuple[FloatArray, FloatArray]) -> Plan:
    centres, widest = circles.order.shape
    shape = (centres, widest)
    plan = Plan(
        np.zeros(shape, np.int32),
        np.zeros(centres, np.int32),
        np.zeros(shape),
        np.zeros(shape, np.int32),
        np.zeros(shape, np.int32),
    )
    share = 1.0 if problem.model == EXPECTATION else problem.cases[w] / problem.total_size[w]
    # critical counts are looked up along the growing size, so both limits must rise with the count
    _segments(
        np.ascontiguousarray(problem.window_size[:, w]),
        circles.order,
        circles.stop,
        limits[0],
        limits[1],
        share,
        plan.end,
        plan.number,
        plan.size,
        plan.high,
        plan.low,
    )
    return plan


@compiled
def _segments(
    size: FloatArray,
    order: NDArray[np.int32],
    stop: NDArray[np.int32],
    high_limit: FloatArray,
    low_limit: FloatArray,
    share: float,
    ends: NDArray[np.int32],
    number: NDArray[np.int32],
    start_size: FloatArray,
    high: NDArray[np.int32],
    low: NDArray[np.int32],
) -> None:
    """Cut each centre's walk into segments; critical counts per segment (high: at least; low: at most)."""
    most = high_limit.size - 1
    for centre in range(stop.size):
        total = 0.0
        j, segment, above, below = 0, 0, 0, -1
        while j < stop[centre]:
            start_size[centre, segment] = total
            total += size[order[centre, j]]
            first = total
            # smallest count that reaches the floor at the size after the segment's first site
            while above <= most and high_limit[above] < first:
                above += 1
            high[centre, segment] = above
            room = SLACK * np.sqrt(first * share)
            j += 1
            length = 1
            while j < stop[centre] and length < LONGEST_SEGMENT:
                more = size[order[centre, j]]
                if (total + more - first) * share > room:
                    break
                total += more
                j += 1
                length += 1
            # largest count that is low enough at the size of the segment's end
            while below + 1 < low_limit.size and low_limit[below + 1] <= total:
                below += 1
            low[centre, segment] = below
            ends[centre, segment] = j
            segment += 1
        number[centre] = segment


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
    start_size: FloatArray,
    high: NDArray[np.int32],
    low: NDArray[np.int32],
    high_limit: FloatArray,
    low_limit: FloatArray,
    model: int,
    direction: int,
    least_cases: int,
    cases: float,
    total_size: float,
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
                            start_size[centre, segment],
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
                least_size = start_size[centre, segment] + size[order[centre, first]]
                for lane in range(lanes):
                    if count[lane] >= critical:
                        before = int(count[lane])
                        # nothing in the segment can beat its last count on its first size
                        if log_likelihood_ratio(model, before, least_size, cases, total_size) <= best[lane]:
                            continue
                        for k in range(first, end):
                            before -= rows[order[centre, k], lane]
                        _look(
                            rows,
                            size,
                            order[centre],
                            first,
                            end,
                            start_size[centre, segment],
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
