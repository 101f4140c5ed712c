"""From the best window of every centre to a list of clusters that do not repeat each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import IntArray
from commonweal.core.epi.scan.geometry import Circles
from commonweal.core.epi.scan.observed import BestWindows
from commonweal.core.epi.scan.problem import Problem

LEAST_RATIO = 0.001
SAME_RATIO = 1e-9


RULES = (
    "space_time",
    "space",
    "centre_in_either",
    "centre_in_stronger",
    "centre_in_weaker",
    "centre_in_both",
    "none",
)


@dataclass(frozen=True)
class _Taken:
    """A cluster on the list: its sites, the site at its centre, first step and step after the last."""

    members: frozenset[int]
    centre: int
    start: int
    end: int


def strongest_first(best: BestWindows) -> IntArray:
    """Positions of `best` by falling ratio; of equal ratios the one with fewer sites, then the first centre."""
    rounded = np.round(best.ratio / SAME_RATIO)
    return np.lexsort((best.centre, best.sites, -rounded))


def apart(problem: Problem, circles: Circles, best: BestWindows, *, rule: str, most: int) -> list[int]:
    """Accept the strongest, then each next that does not overlap any accepted one.

    rule: what counts as overlap. `space_time`: a shared site *and* day; `space`: a shared site; `centre_in_either`,
    `centre_in_stronger`, `centre_in_weaker`, `centre_in_both`: a centre that lies inside the other cluster (of either,
    of the stronger, of the weaker, of both); `none`: keep all.
    """
    # windows that all end together share their last day: then a shared site is a shared site and day
    if rule == "space" or (rule == "space_time" and (problem.end == problem.end[0]).all()):
        return _sharing_no_site(circles, best, most)
    accepted: list[int] = []
    taken: list[_Taken] = []
    for position in strongest_first(best):
        if best.sites[position] == 0 or best.ratio[position] < LEAST_RATIO or len(accepted) == most:
            break
        members = frozenset(members_of(circles, best, int(position)).tolist())
        window = best.window[position]
        span = (int(problem.start[window]), int(problem.end[window]))
        mine = _Taken(members, int(circles.order[best.centre[position], 0]), *span)
        if rule != "none" and any(_overlap(mine, other, rule) for other in taken):
            continue
        accepted.append(int(position))
        taken.append(mine)
    return accepted


def _sharing_no_site(circles: Circles, best: BestWindows, most: int) -> list[int]:
    """The strongest, then each next of which no site is in one before."""
    covered = np.zeros(circles.order.max() + 1, dtype=bool)
    accepted: list[int] = []
    for position in strongest_first(best):
        if best.sites[position] == 0 or best.ratio[position] < LEAST_RATIO or len(accepted) == most:
            break
        members = members_of(circles, best, int(position))
        if not covered[members].any():
            accepted.append(int(position))
            covered[members] = True
    return accepted


def members_of(circles: Circles, best: BestWindows, position: int) -> IntArray:
    """Sites of one best window, nearest to its centre first."""
    return circles.order[best.centre[position], : best.sites[position]].astype(np.int64)


def _overlap(weaker: _Taken, stronger: _Taken, rule: str) -> bool:
    inside_stronger, inside_weaker = weaker.centre in stronger.members, stronger.centre in weaker.members
    by_centre = {
        "centre_in_either": inside_stronger or inside_weaker,
        "centre_in_stronger": inside_stronger,
        "centre_in_weaker": inside_weaker,
        "centre_in_both": inside_stronger and inside_weaker,
    }
    if rule in by_centre:
        return by_centre[rule]
    if weaker.members.isdisjoint(stronger.members):
        return False
    return rule == "space" or (weaker.start < stronger.end and stronger.start < weaker.end)
