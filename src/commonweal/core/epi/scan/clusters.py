"""From the best window of every centre to a list of clusters that do not repeat each other."""

from __future__ import annotations

import numpy as np

from commonweal.core.epi.checks import IntArray
from commonweal.core.epi.scan.geometry import Circles
from commonweal.core.epi.scan.observed import BestWindows
from commonweal.core.epi.scan.problem import Problem

LEAST_RATIO = 0.001
SAME_RATIO = 1e-9


def strongest_first(best: BestWindows) -> IntArray:
    """Positions of `best` by falling ratio; of equal ratios the one with fewer sites, then the first centre."""
    rounded = np.round(best.ratio / SAME_RATIO)
    return np.lexsort((best.centre, best.sites, -rounded))


def apart(problem: Problem, circles: Circles, best: BestWindows, *, rule: str, most: int) -> list[int]:
    """Accept the strongest, then each next that does not overlap any accepted one.

    rule: `space_time` (share a site *and* a day), `space` (share a site), `none` (keep all).
    """
    accepted: list[int] = []
    taken: list[tuple[frozenset[int], int, int]] = []
    for position in strongest_first(best):
        if best.sites[position] == 0 or best.ratio[position] < LEAST_RATIO or len(accepted) == most:
            break
        members = frozenset(members_of(circles, best, int(position)).tolist())
        window = best.window[position]
        span = (int(problem.start[window]), int(problem.end[window]))
        if rule != "none" and any(_overlap(members, span, other, rule) for other in taken):
            continue
        accepted.append(int(position))
        taken.append((members, *span))
    return accepted


def members_of(circles: Circles, best: BestWindows, position: int) -> IntArray:
    """Sites of one best window, nearest to its centre first."""
    return circles.order[best.centre[position], : best.sites[position]].astype(np.int64)


def _overlap(members: frozenset[int], span: tuple[int, int], other: tuple[frozenset[int], int, int], rule: str) -> bool:
    if members.isdisjoint(other[0]):
        return False
    return rule == "space" or (span[0] < other[2] and other[1] < span[1])
