"""What is scanned: cases and sizes in every site and time step, the time windows, the model and the direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.scan.likelihood import EXPECTATION


@dataclass(frozen=True)
class Problem:
    """Ready for the kernels.

    count, size: `[site, time]`; size is the expectation, or cases + controls (Bernoulli). start, end: half-open time
    windows. window_cases, window_size: `[site, window]` sums. cases, total_size: the totals that each window is
    compared with (the same for all, or those of the window's own days if time is stratified). expected: `[site,
    time]` the expectation that is reported (differs from `size` for Bernoulli).
    """

    count: FloatArray
    size: FloatArray
    expected: FloatArray
    start: IntArray
    end: IntArray
    window_cases: FloatArray
    window_size: FloatArray
    cases: FloatArray
    total_size: FloatArray
    model: int
    direction: int
    least_cases: int
    stratified: bool


def problem(
    count: FloatArray,
    size: FloatArray,
    windows: tuple[IntArray, IntArray],
    *,
    model: int,
    direction: int,
    least_cases: int = 2,
    stratified: bool = False,
    expected: FloatArray | None = None,
) -> Problem:
    """Sum cells over windows; `stratified` compares each window only with its own days."""
    start, end = windows
    window_cases, window_size = _window_sums(count, start, end), _window_sums(size, start, end)
    if stratified:
        cases, total = window_cases.sum(axis=0), window_size.sum(axis=0)
    else:
        cases, total = np.full(start.size, count.sum()), np.full(start.size, size.sum())
    shown = size if expected is None else expected
    if model == EXPECTATION:
        total = np.full(start.size, np.inf)
    return Problem(
        count,
        size,
        shown,
        start,
        end,
        window_cases,
        window_size,
        cases,
        total,
        model,
        direction,
        least_cases,
        stratified,
    )


def _window_sums(cells: FloatArray, start: IntArray, end: IntArray) -> FloatArray:
    running = np.zeros((cells.shape[0], cells.shape[1] + 1))
    np.cumsum(cells, axis=1, out=running[:, 1:])
    return np.ascontiguousarray(running[:, end] - running[:, start])


def prospective_windows(length: int, shortest: int, longest: int, *, ends: int = 1) -> tuple[IntArray, IntArray]:
    """Windows that end on the last day, or (`ends` > 1) on any of the last days: the analyses made so far."""
    pairs = [
        (last - duration, last)
        for last in range(length - ends + 1, length + 1)
        for duration in range(shortest, longest + 1)
        if last - duration >= 0
    ]
    return _arrays(pairs)


def retrospective_windows(length: int, shortest: int, longest: int) -> tuple[IntArray, IntArray]:
    """Every start and end with a duration in bounds, ordered so that most windows extend the one before."""
    pairs = [
        (start, start + duration)
        for start in range(length)
        for duration in range(shortest, min(longest, length - start) + 1)
    ]
    return _arrays(pairs)


def whole_period(length: int) -> tuple[IntArray, IntArray]:
    """The single window of a purely spatial scan."""
    return _arrays([(0, length)])


def _arrays(pairs: list[tuple[int, int]]) -> tuple[IntArray, IntArray]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
