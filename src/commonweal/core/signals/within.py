"""Where inside a place: a prospective scan over small areas of the place and its neighbours, told in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.scan import analysis, prepare

DIRECTIONS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
CENTRAL_KM = 1.0
METRES = 1000.0
LEAST_CASES = 2  # of all small areas together; with fewer there is nothing that could cluster


@dataclass(frozen=True)
class Small:
    """Small areas: codes, names, the authority of each, residents, and `[area, 2]` eastings and northings in metres."""

    codes: list[str]
    names: list[str]
    authority: list[str]
    population: FloatArray
    points: FloatArray


@dataclass(frozen=True)
class Cluster:
    """The strongest cluster of a morning: positions of its areas, first day, counts, p-value, and where it lies."""

    members: IntArray
    first: int
    cases: float
    expected: float
    p_value: float
    direction: str


def strongest(
    counts: FloatArray,
    share: FloatArray,
    small: Small,
    area: str,
    *,
    longest: int,
    radius_km: float,
    replicates: int,
    seed: int,
) -> Cluster | None:
    """The strongest cluster that ends on the last day and touches `area`, or None without one.

    counts: `[small area, day]` as seen; share: completeness of each day. Expected counts go by residents and
    completeness (Poisson). The direction is that of the cluster's residents from those of the area.
    """
    if counts.sum() < LEAST_CASES:
        return None
    prepared = prepare.poisson(
        counts,
        small.population,
        small.points / METRES,
        prepare.Windows(period="prospective", longest=longest, max_radius=radius_km),
        completeness=np.maximum(share, 1e-3),
    )
    found = analysis.run(prepared, analysis.Inference(method="auto", replicates=replicates), seed=seed)
    inside = np.array([code == area for code in small.authority])
    for number, sites in enumerate(found.members):
        members = np.flatnonzero(np.isin(prepared.sites.of_place, sites))
        if inside[members].any():
            where = direction(small, members, inside)
            return Cluster(
                members, int(found.first[number]), float(found.cases[number]), float(found.expected[number]),
                float(found.p_value[number]), where,
            )  # fmt: skip
    return None


def direction(small: Small, members: IntArray, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    """In which part of the place a cluster lies: one of eight directions, or the centre."""
    middle = np.average(small.points[inside], axis=0, weights=small.population[inside])
    away = np.average(small.points[members], axis=0, weights=small.population[members]) - middle
    if math.hypot(*away) < CENTRAL_KM * METRES:
        return "centre"
    angle = math.degrees(math.atan2(away[0], away[1])) % 360
    return DIRECTIONS[round(angle / 45) % 8]


def beside(one: str, other: str) -> bool:
    """Whether two parts of a place are the same or next to each other in the circle of directions."""
    if one == other:
        return True
    if one not in DIRECTIONS or other not in DIRECTIONS:
        return False
    return abs(DIRECTIONS.index(one) - DIRECTIONS.index(other)) in (1, len(DIRECTIONS) - 1)


def spread_over_days(weekly: IntArray, daily: FloatArray, rng: np.random.Generator) -> IntArray:
    """Weekly counts of small areas `[area, week]` as daily ones, by the authority's own days `[7 x weeks]`.

    Published weekly tables do not say the day; each area's week is dealt out in proportion to the authority's days.
    """
    out = np.zeros((weekly.shape[0], daily.size), dtype=np.int64)
    for week in range(weekly.shape[1]):
        days = slice(7 * week, 7 * week + 7)
        weight = daily[days] + 1e-9
        out[:, days] = rng.multinomial(weekly[:, week], weight / weight.sum())
    return out
