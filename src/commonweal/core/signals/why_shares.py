"""To which cause each case of a rise is given: shares of one for every case, so that nothing is counted twice.

The order is fixed: a late result is reporting, whatever else it is; then settings in common, arrivals from outside,
households in common; what is left is either more testing or spread. A case whose setting is not known is shared out as
the cases of its window and age with a known one are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.chains import false_discovery
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.distributions import poisson_cdf
from commonweal.core.signals.why_data import AFTER, BEFORE, EARLIER, SETTING_KINDS, UNKNOWN, Cases
from commonweal.core.signals.why_setting import Common, WhySetting

CAUSES = ("reporting", *SETTING_KINDS, "arrivals", "household", "rest")
ARRIVALS, HOUSEHOLD, REST = (CAUSES.index(name) for name in ("arrivals", "household", "rest"))


@dataclass(frozen=True)
class CommonPlaces:
    """Cases of each place in both windows, the number expected after, the adjusted p-value, and which are in common.

    Expected goes by both windows before the later one.
    """

    before: FloatArray
    after: FloatArray
    expected: FloatArray
    adjusted: FloatArray
    chosen: BoolArray


def places_in_common(cases: Cases, rule: Common) -> CommonPlaces:
    """Places whose cases passed what their earlier cases and the growth of all other known cases would give."""
    count, asked = len(cases.places.names), cases.setting != UNKNOWN
    on_time = ~cases.late

    def seen(*windows: int) -> tuple[FloatArray, float]:
        mine = asked & on_time & np.isin(cases.window, windows)
        named = cases.setting[mine & (cases.setting >= 0)]
        return np.bincount(named, minlength=count).astype(np.float64), float(mine.sum())

    (usual, known_usual), (after, known_after) = seen(EARLIER, BEFORE), seen(AFTER)
    growth = (known_after - after + rule.prior) / (known_usual - usual + rule.prior)
    expected = (usual + rule.prior) * growth
    here = after > 0
    adjusted = np.ones(count)
    if here.any():
        adjusted[here] = false_discovery(1 - poisson_cdf(after[here] - 1, expected[here]))
    chosen = (after >= rule.least_cases) & (adjusted < rule.false_discovery)
    return CommonPlaces(seen(BEFORE)[0], after, expected, adjusted, chosen)


def household_in_common(cases: Cases, least: int) -> BoolArray:
    """Cases that live with another case of the same window or the one before it (`least` cases in all)."""
    found = np.zeros(cases.window.size, dtype=bool)
    known = cases.household != UNKNOWN
    for window in (BEFORE, AFTER):
        near = known & ((cases.window == window) | (cases.window == window - 1))
        numbers, back, count = np.unique(cases.household[near], return_inverse=True, return_counts=True)
        common = np.zeros(cases.window.size, dtype=bool)
        common[np.flatnonzero(near)] = count[back] >= least if numbers.size else False
        found |= common & (cases.window == window)
    return found


@dataclass(frozen=True)
class Shares:
    """To which cause each case belongs, and what that rests on.

    share: `[case, cause]` in the order of CAUSES; each row adds up to 1. unasked: cases that are shared out because
    their setting is not known. asked: those by which they are. hit: `[case, kind of setting]`, 1 where the case is of a
    setting in common. otherwise: `[case, cause]`, to which cause a case belongs if it has no setting in common.
    """

    share: FloatArray
    unasked: BoolArray
    asked: BoolArray
    hit: FloatArray
    otherwise: FloatArray


def shares_of_cases(cases: Cases, common: CommonPlaces, setting: WhySetting) -> Shares:
    """The shares of every case: late, then settings in common, arrivals, households in common, the rest."""
    left = ~cases.late
    hit = _in_places(cases, common)
    known = cases.setting != UNKNOWN
    in_places = np.stack(
        [_shared_out(cases, hit[:, kind] > 0, known, left) for kind in range(len(SETTING_KINDS))], axis=1
    )
    otherwise = np.zeros((cases.window.size, len(CAUSES)))
    otherwise[:, ARRIVALS] = _shared_out(cases, cases.arrived == 1, cases.arrived != UNKNOWN, left)
    otherwise[:, HOUSEHOLD] = (1 - otherwise[:, ARRIVALS]) * household_in_common(cases, setting.least_household)
    otherwise[:, REST] = 1 - otherwise.sum(axis=1)
    shares = otherwise * (1 - in_places.sum(axis=1))[:, None]
    shares[:, 1 : 1 + len(SETTING_KINDS)] = in_places
    shares *= left[:, None]
    shares[cases.late, 0] = 1.0
    return Shares(np.clip(shares, 0.0, 1.0), left & ~known, left & known, hit, otherwise)


def _in_places(cases: Cases, common: CommonPlaces) -> FloatArray:
    """`[case, kind of setting]`: 1 where the case is of a setting in common of that kind."""
    inside = np.zeros((cases.window.size, len(SETTING_KINDS)))
    named = np.flatnonzero(cases.setting >= 0)
    places = cases.setting[named]
    inside[named, cases.places.kinds[places]] = common.chosen[places]
    return inside


def _shared_out(cases: Cases, hit: BoolArray, known: BoolArray, usable: BoolArray) -> FloatArray:
    """1 for hits, 0 for other known cases; for unknown ones the share of hits among known of their window and age."""
    share = hit.astype(np.float64)
    group: IntArray = (cases.window - EARLIER) * 3 + cases.age_group
    size = 9
    of_known = np.bincount(group[known & usable], minlength=size).astype(np.float64)
    of_hits = np.bincount(group[hit & usable], minlength=size).astype(np.float64)
    ratio = np.divide(of_hits, of_known, out=np.zeros(size), where=of_known > 0)
    share[~known] = ratio[group[~known]]
    return share
