"""The lie of the land: where city, river and districts are, and the small areas as cells of a tessellation.

Sizes are those of an English county with a city in its middle: about 1,800 square kilometres, 46 km
across, the city 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from commonweal.core.errors import Refused
from commonweal.synthetic.chance import Flags, Floats, Ints, round_to_total, stream
from commonweal.synthetic.placenames import DISTRICTS
from commonweal.synthetic.regions import bisect, join_strays
from commonweal.synthetic.tessellation import SEA, Tessellation, relax, tessellate

CENTRE = np.array([620_000.0, 520_000.0])  # National Grid, metres: in the North Sea
COUNTY_RADIUS, CITY_RADIUS = 25_500.0, 4_900.0
TOWN_SPREAD, VILLAGE_SPREAD = 1_700.0, 1_000.0
SMALL_AREAS_CITY, SMALL_AREAS_COUNTY = 234, 233  # at scale 1, of about 1,500 people each
SMALL_AREAS_A_MIDDLE_AREA, SMALL_AREAS_A_WARD = 5, 6.5
LARGEST_SCALE = 1.25


@dataclass(frozen=True)
class Layout:
    """Cells with their places in the hierarchy; cells are in order of district, then middle area.

    district: 0 is the city, 1 to 7 the county's districts. middle, ward: numbers over the whole county.
    town_distance: metres from the cell's site to the middle of the city or of the nearest town.
    river: the (n, 2) line of the river, along borders of cells.
    """

    cells: Tessellation
    district: Ints
    middle: Ints
    ward: Ints
    town_distance: Floats
    river: Floats


def lay_out(seed: int, scale: float) -> Layout:
    """Draw the county. `scale` multiplies the number of small areas; the size on the ground stays."""
    if not 0 < scale <= LARGEST_SCALE:
        raise Refused(
            f"The scale {scale} is not allowed: give a number above 0 and at most {LARGEST_SCALE} "
            "(1 is about 700,000 people; more than 900,000 would run out of test NHS numbers)."
        )
    rng = stream(seed, "layout")
    coast, wall = _wobble(rng, COUNTY_RADIUS, 0.07), _wobble(rng, CITY_RADIUS, 0.10)
    towns = _towns(rng)
    city = _city_sites(rng, wall, max(5, round(SMALL_AREAS_CITY * scale)))
    counts = np.maximum(3, round_to_total(rng.uniform(0.7, 1.3, len(towns)), round(SMALL_AREAS_COUNTY * scale)))
    county = np.concatenate([_district_sites(rng, coast, wall, towns, i, int(n)) for i, n in enumerate(counts)])
    home = np.concatenate([np.zeros(len(city), dtype=np.int64), np.repeat(np.arange(1, len(towns) + 1), counts)])
    land = np.concatenate([city, county])
    sea = _sea_sites(rng, coast)
    cells = tessellate(relax(land, sea, 1), sea, rng)
    district = join_strays(home, cells.neighbours())
    return _arrange(cells, district, towns, rng)


def _arrange(cells: Tessellation, district: Ints, towns: Floats, rng: np.random.Generator) -> Layout:
    """Group the cells into middle areas and wards inside each district, and put them in that order."""
    pairs = cells.neighbours()
    middle = _grouped(cells, district, pairs, SMALL_AREAS_A_MIDDLE_AREA, 0.0)
    ward = _grouped(cells, district, pairs, SMALL_AREAS_A_WARD, 0.9)
    order = np.lexsort((cells.sites[:, 0], middle, district))
    cells, district = cells.renumbered(order), district[order]
    middle, ward = _in_order(middle[order]), _in_order(ward[order])
    to_towns = np.hypot(*(cells.sites[:, None, :] - towns[None]).transpose(2, 0, 1)).min(axis=1)
    to_city = np.hypot(*(cells.sites - CENTRE).T)
    return Layout(cells, district, middle, ward, np.where(district == 0, to_city, to_towns), _river(cells, rng))


def _grouped(cells: Tessellation, district: Ints, pairs: Ints, size: float, turn: float) -> Ints:
    groups = np.zeros(len(district), dtype=np.int64)
    for number in np.unique(district):
        members = np.flatnonzero(district == number)
        place = np.full(len(district), -1)
        place[members] = np.arange(len(members))
        inside = place[pairs[(place[pairs] >= 0).all(axis=1)]]
        groups[members] = int(number) * 10_000 + bisect(
            cells.sites[members], inside, max(1, round(len(members) / size)), turn=turn
        )
    return groups


def _in_order(groups: Ints) -> Ints:
    """The same groups numbered 0, 1, 2 … in order of first appearance."""
    _, first, back = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[back]


class _Outline:
    """A closed curve around the middle: its distance from the middle in each direction."""

    def __init__(self, radius: float, sizes: Floats, phases: Floats) -> None:
        self.radius, self.sizes, self.phases = radius, sizes, phases

    def at(self, angle: Floats) -> Floats:
        waves = np.arange(2, len(self.sizes) + 2)
        bent: Floats = self.radius * (
            1 + (self.sizes * np.cos(np.multiply.outer(angle, waves) + self.phases)).sum(axis=-1)
        )
        return bent

    def inside(self, points: Floats, room: float = 0.0) -> Flags:
        away = points - CENTRE
        within: Flags = np.hypot(away[:, 0], away[:, 1]) + room < self.at(np.arctan2(away[:, 1], away[:, 0]))
        return within


def _wobble(rng: np.random.Generator, radius: float, most: float) -> _Outline:
    sizes = most * rng.uniform(0.3, 1.0, 5) / np.arange(1, 6)
    return _Outline(radius, sizes, rng.uniform(0, 2 * np.pi, 5))


def _towns(rng: np.random.Generator) -> Floats:
    turn = rng.uniform(0, 2 * np.pi)
    angle = turn + 2 * np.pi * (np.arange(len(DISTRICTS)) + rng.uniform(-0.12, 0.12, len(DISTRICTS))) / len(DISTRICTS)
    away = COUNTY_RADIUS * rng.uniform(0.50, 0.66, len(DISTRICTS))
    return CENTRE + np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)


def _city_sites(rng: np.random.Generator, wall: _Outline, count: int) -> Floats:
    """Closer together in the middle of the city than at its edge."""
    angle = rng.uniform(0, 2 * np.pi, count)
    away = wall.at(angle) * 0.96 * rng.random(count) ** 0.56
    return CENTRE + np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)


def _district_sites(
    rng: np.random.Generator, coast: _Outline, wall: _Outline, towns: Floats, number: int, count: int
) -> Floats:
    """About two fifths in the main town, the rest in suburbs of the city, a second town, and over the countryside."""
    town = towns[number]
    kept = np.empty((0, 2))
    second = None
    while len(kept) < count:
        draws = 40 * count
        wide = CENTRE + rng.uniform(-COUNTY_RADIUS, COUNTY_RADIUS, (draws, 2)) * 1.2
        if second is None:
            mine = wide[_belongs(wide, coast, wall, towns, number)]
            if not len(mine):
                continue
            second = mine[0]
        near_town = town + rng.normal(0, TOWN_SPREAD, (draws, 2))
        near_second = second + rng.normal(0, VILLAGE_SPREAD, (draws, 2))
        suburb = _ring_around(rng, wall, draws)
        choice = rng.random(draws)[:, None]
        places = [near_town, near_second, suburb]
        sites = np.select([choice < 0.40, choice < 0.55, choice < 0.80], places, wide)
        kept = np.concatenate([kept, sites[_belongs(sites, coast, wall, towns, number)]])
    return kept[:count]


def _ring_around(rng: np.random.Generator, wall: _Outline, count: int) -> Floats:
    """Suburbs: just outside the wall, so that the city ends where its houses end."""
    angle = rng.uniform(0, 2 * np.pi, count)
    away = wall.at(angle) * 1.04 + rng.exponential(700, count)
    return CENTRE + np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)


def _belongs(points: Floats, coast: _Outline, wall: _Outline, towns: Floats, number: int) -> Flags:
    nearest = np.hypot(*(points[:, None, :] - towns[None]).transpose(2, 0, 1)).argmin(axis=1)
    mine: Flags = coast.inside(points, 300.0) & ~wall.inside(points, -100.0) & (nearest == number)
    return mine


def _sea_sites(rng: np.random.Generator, coast: _Outline) -> Floats:
    """A ring of cells just beyond the coast, uneven as coasts are; a far ring ends the plane."""
    around = np.arange(150) * 2 * np.pi / 150
    directions = np.stack([np.cos(around), np.sin(around)], axis=1)
    beyond = coast.at(around) * rng.uniform(1.07, 1.15, len(around))
    near = CENTRE + beyond[:, None] * directions
    far = CENTRE + 4 * COUNTY_RADIUS * directions
    return np.concatenate([near, far + rng.uniform(-20, 20, far.shape)])


def _river(cells: Tessellation, rng: np.random.Generator) -> Floats:
    """The cheapest way along borders of cells from coast to coast, near a curve through the city."""
    at_sea = (cells.left == SEA) | (cells.right == SEA)
    inner = np.flatnonzero(~at_sea)
    turn = rng.uniform(0, 2 * np.pi)
    direction, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    middle = cells.points[inner].mean(axis=1) - CENTRE
    aside = middle @ across - 2_500 * np.sin(3 * (middle @ direction) / COUNTY_RADIUS)
    length = np.hypot(*(cells.points[inner, 0] - cells.points[inner, -1]).T) + 1.0
    cost = length * (1 + (aside / 1_200) ** 2)
    count = len(cells.corners)
    graph = coo_matrix((cost, (cells.starts[inner], cells.ends[inner])), shape=(count, count)).tocsr()
    coastal = _landings(cells, at_sea, graph)
    sides = (cells.corners[coastal] - CENTRE) @ direction
    source, mouth = int(coastal[sides.argmin()]), int(coastal[sides.argmax()])
    _, before = dijkstra(graph, directed=False, indices=source, return_predecessors=True)
    by_ends = {frozenset((int(cells.starts[arc]), int(cells.ends[arc]))): arc for arc in inner}
    pieces, at = [], mouth
    while at != source:
        arc = by_ends[frozenset((at, int(before[at])))]
        pieces.append(cells.points[arc] if cells.starts[arc] == at else cells.points[arc][::-1])
        at = int(before[at])
    return np.concatenate(pieces)[::-1]


def _landings(cells: Tessellation, at_sea: Flags, graph: csr_matrix) -> Ints:
    """Corners where a border between land cells meets the coast, in the largest connected net of such borders.

    In a county of very few cells a border may run from coast to coast by itself, with no way on.
    """
    ends = np.stack([cells.starts, cells.ends])
    landings = np.intersect1d(ends[:, at_sea], ends[:, ~at_sea])
    _, net = connected_components(graph, directed=False)
    usable: Ints = landings[net[landings] == np.bincount(net).argmax()]
    return usable
