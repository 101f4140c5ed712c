"""The best window of every centre in the observed data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.compiled import compiled
from commonweal.core.epi.scan.geometry import Circles
from commonweal.core.epi.scan.likelihood import BERNOULLI, EXPECTATION, HIGH, LOW, is_high, log_likelihood_ratio
from commonweal.core.epi.scan.problem import Problem


@dataclass(frozen=True)
class BestWindows:
    """One entry a centre: the ratio, the number of sites, the window's position in the problem, cases and size inside.

    `ratio` is 0 and `sites` 0 where no window of the centre qualifies.
    """

    centre: IntArray
    ratio: FloatArray
    sites: IntArray
    window: IntArray
    cases: FloatArray
    size: FloatArray


def best_windows(problem: Problem, circles: Circles) -> BestWindows:
    """The best window of each centre over all durations."""
    found = np.zeros((circles.stop.size, 5))
    chosen = np.ones(problem.start.size, dtype=np.bool_)
    _best_everywhere(*_plain(problem), circles.order, circles.stop, chosen, found)
    return _packed(np.arange(circles.stop.size), found)


def best_windows_apart(problem: Problem, circles: Circles, *, least: float = 1.0) -> BestWindows:
    """The best window of each centre and, again and again in the time before and after it, the best that is apart.

    At least one step lies free between two windows of a centre (without it they are one wave), and a further window
    has to reach a ratio of `least`. This is how a second wave in the same place is found.
    """
    rows: list[FloatArray] = []
    owners: list[int] = []
    for centre in range(circles.stop.size):
        waiting = [(int(problem.start.min()), int(problem.end.max()), 0.0)]
        while waiting:
            first, last, needed = waiting.pop(0)
            chosen = (problem.start >= first) & (problem.end <= last)
            found = np.zeros(5)
            if chosen.any():
                _best_at(centre, *_plain(problem), circles.order, circles.stop, chosen, found)
            if found[1] == 0 or found[0] <= needed:
                continue
            rows.append(found)
            owners.append(centre)
            window = int(found[2])
            waiting.append((first, int(problem.start[window]) - 1, least))
            waiting.append((int(problem.end[window]) + 1, last, least))
    return _packed(np.array(owners, dtype=np.int64), np.array(rows).reshape(-1, 5))


_Plain = tuple[NDArray[np.float64], NDArray[np.float64], FloatArray, FloatArray, int, int, int]


def _plain(problem: Problem) -> _Plain:
    return (
        problem.window_cases,
        problem.window_size,
        problem.cases,
        problem.total_size,
        problem.model,
        problem.direction,
        problem.least_cases,
    )


def _packed(centre: IntArray, found: FloatArray) -> BestWindows:
    return BestWindows(
        centre, found[:, 0], found[:, 1].astype(np.int64), found[:, 2].astype(np.int64), found[:, 3], found[:, 4]
    )


@compiled
def _best_everywhere(
    window_cases: FloatArray,
    window_size: FloatArray,
    cases: FloatArray,
    total_size: FloatArray,
    model: int,
    direction: int,
    least_cases: int,
    order: NDArray[np.int32],
    stop: NDArray[np.int32],
    chosen: NDArray[np.bool_],
    found: FloatArray,
) -> None:
    for centre in range(stop.size):
        _best_at(
            centre,
            window_cases,
            window_size,
            cases,
            total_size,
            model,
            direction,
            least_cases,
            order,
            stop,
            chosen,
            found[centre],
        )


@compiled
def _best_at(
    centre: int,
    window_cases: FloatArray,
    window_size: FloatArray,
    cases: FloatArray,
    total_size: FloatArray,
    model: int,
    direction: int,
    least_cases: int,
    order: NDArray[np.int32],
    stop: NDArray[np.int32],
    chosen: NDArray[np.bool_],
    found: FloatArray,
) -> None:
    """Walk outwards from a centre; found = ratio, sites, window, cases, size of the best window."""
    windows = window_cases.shape[1]
    c, s = np.zeros(windows), np.zeros(windows)
    # With the window's expectation e = s * share no ratio exceeds chi-square: (c - e)^2 / (e (1 - e/C) scale).
    share, inverse, scale = np.ones(windows), np.zeros(windows), np.ones(windows)
    if model != EXPECTATION:
        share, inverse = cases / total_size, 1 / np.maximum(cases, 1.0)
    if model == BERNOULLI:
        scale = 1 - share
    best = 0.0
    for j in range(stop[centre]):
        site = order[centre, j]
        for w in range(windows):
            c[w] += window_cases[site, w]
            s[w] += window_size[site, w]
        # Most circles end at this bound, which needs neither logarithm nor division; without a branch in the loop
        # several windows are looked at together.
        above = 0
        for w in range(windows):
            expected = s[w] * share[w]
            excess = c[w] - expected
            above += excess * excess > best * expected * (1 - expected * inverse[w]) * scale[w]
        if not above:
            continue
        for w in range(windows):
            expected = s[w] * share[w]
            excess = c[w] - expected
            if excess * excess <= best * expected * (1 - expected * inverse[w]) * scale[w]:
                continue
            if not chosen[w] or cases[w] == 0 or s[w] <= 0:
                continue
            high = is_high(model, c[w], s[w], cases[w], total_size[w])
            if (high and (direction == LOW or c[w] < least_cases)) or (not high and direction == HIGH):
                continue
            ratio = log_likelihood_ratio(model, c[w], s[w], cases[w], total_size[w])
            # A difference within rounding is a tie: the smaller and earlier window stays.
            if ratio > best * (1 + 1e-12) + 1e-13:
                best = ratio
                found[0], found[1], found[2], found[3], found[4] = ratio, j + 1, w, c[w], s[w]
