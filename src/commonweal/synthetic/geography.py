"""Codes, names, kinds of neighbourhood, deprivation and postcodes of the fictional county.

Codes have the shape of ONS codes and cannot be real ones: every number lies in the 999-thousands, which ONS has never
reached (its newest small areas are below E01036000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonweal.synthetic import placenames as names
from commonweal.synthetic.chance import Floats, Ints, stream
from commonweal.synthetic.grid import to_longitude_latitude
from commonweal.synthetic.identifiers import UNITS_A_SECTOR, postcode
from commonweal.synthetic.layout import Layout, lay_out
from commonweal.synthetic.tessellation import ring_area

CITY_CODE, COUNTY_CODE = "E06999901", "E10999901"
DISTRICT_CODES = tuple(f"E0799990{number}" for number in range(1, len(names.DISTRICTS) + 1))
REGION_CODE, COUNTRY_CODE = "E12999901", "E92999901"
NO_COUNTY_CODE = "E99999999"  # what official files give where there is no county council
LTLA_CODES = (CITY_CODE, *DISTRICT_CODES)
LTLA_NAMES = (names.CITY, *names.DISTRICTS)
MIDDLE_AREAS_A_POSTCODE_DISTRICT = 5

# kinds of neighbourhood, by distance from the middle of the city or town (metres)
KINDS = ("inner city", "terraces", "suburb", "town", "village")
INNER_CITY, TERRACES, SUBURB, TOWN, VILLAGE = range(len(KINDS))
RURAL_CLASS = ("C1", "C1", "C1", "D1", "E1")  # ONS rural-urban classes of 2011


@dataclass(frozen=True)
class Geography:
    """The county's areas. Position i in every table of small areas is cell i of the layout.

    lsoas: one row a small area: index, lsoa11cd, lsoa11nm, msoa11cd, msoa11nm, msoa11hclnm, ward_code, ward_name,
    lad_code, lad_name, utla_code, utla_name, bng_e, bng_n (metres), long, lat (degrees), area_m2, kind (position in
    KINDS), deprivation (score 0 to 1, 1 most deprived), decile (1 most deprived).
    postcodes: one row a postcode: pcds, lsoa (index), oa11cd, dointr, doterm (yyyymm, 0 = live), usertype, bng_e,
    bng_n, long, lat.
    """

    seed: int
    layout: Layout
    lsoas: pl.DataFrame
    postcodes: pl.DataFrame

    def column(self, name: str) -> Ints:
        """A whole-number column of `lsoas` as an array."""
        return self.lsoas[name].to_numpy().astype(np.int64)


def make_geography(seed: int, scale: float = 1.0) -> Geography:
    """The fictional county at a scale (1 is about 700,000 people); same seed and scale, same county."""
    layout = lay_out(seed, scale)
    lsoas = _small_areas(seed, layout)
    return Geography(seed, layout, lsoas, _postcodes(seed, layout, lsoas["kind"].to_numpy()))


def _small_areas(seed: int, layout: Layout) -> pl.DataFrame:
    rng = stream(seed, "small areas")
    count = len(layout.district)
    kind = _kinds(layout)
    deprivation = _deprivation(rng, layout, kind)
    site = np.round(layout.cells.sites)
    longitude, latitude = to_longitude_latitude(site[:, 0], site[:, 1])
    rings = layout.cells.rings(np.arange(count))
    lad_names = [LTLA_NAMES[d] for d in layout.district]
    local_middle = _number_within(layout.middle, layout.district)
    letters = [chr(ord("A") + k) for k in _place_within(layout.middle)]
    frame = {
        "index": np.arange(count),
        "lsoa11cd": [f"E01999{i + 1:03d}" for i in range(count)],
        "lsoa11nm": [f"{lad} {m + 1:03d}{x}" for lad, m, x in zip(lad_names, local_middle, letters, strict=True)],
        "msoa11cd": [f"E02999{m + 1:03d}" for m in layout.middle],
        "msoa11nm": [f"{lad} {m + 1:03d}" for lad, m in zip(lad_names, local_middle, strict=True)],
        "msoa11hclnm": _spread(_area_names(rng, layout), layout.middle),
        "ward_code": [f"E05999{w + 1:03d}" for w in layout.ward],
        "ward_name": [
            f"{lad} Ward {w + 1}"
            for lad, w in zip(lad_names, _number_within(layout.ward, layout.district), strict=True)
        ],
        "lad_code": [LTLA_CODES[d] for d in layout.district],
        "lad_name": lad_names,
        "utla_code": [CITY_CODE if d == 0 else COUNTY_CODE for d in layout.district],
        "utla_name": [names.CITY if d == 0 else names.COUNTY for d in layout.district],
        "bng_e": site[:, 0].astype(np.int64),
        "bng_n": site[:, 1].astype(np.int64),
        "long": np.round(longitude, 5),
        "lat": np.round(latitude, 5),
        "area_m2": [round(sum(ring_area(ring) for ring in rings[i])) for i in range(count)],
        "kind": kind,
        "deprivation": np.round(deprivation, 4),
        "decile": _deciles(deprivation),
    }
    return pl.DataFrame(frame)


def _spread(labels: list[str], groups: Ints) -> list[str]:
    return [labels[group] for group in groups]


def _number_within(groups: Ints, districts: Ints) -> Ints:
    """The number of each group inside its district, 0 for the first that appears there."""
    numbers = np.zeros(len(groups), dtype=np.int64)
    for district in np.unique(districts):
        here = districts == district
        _, numbers[here] = np.unique(groups[here], return_inverse=True)
    return numbers


def _place_within(groups: Ints) -> Ints:
    """The place of each cell inside its group, in order."""
    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], groups[order], side="left")
    place = np.empty(len(groups), dtype=np.int64)
    place[order] = np.arange(len(groups)) - first
    return place


def _area_names(rng: np.random.Generator, layout: Layout) -> list[str]:
    middle, first = np.unique(layout.middle, return_index=True)
    in_city = layout.district[first] == 0
    city = names.small_area_names(rng, True, int(in_city.sum()))
    county = names.small_area_names(rng, False, int((~in_city).sum()))
    return [city.pop(0) if here else county.pop(0) for here, _ in zip(in_city, middle, strict=True)]


def _kinds(layout: Layout) -> Ints:
    """The city's inner 1.6 km, its terraces to 3.4 km, suburbs beyond; towns to 3 km around their middle; villages."""
    away = layout.town_distance
    city = np.select([away < 1_600, away < 3_400], [INNER_CITY, TERRACES], SUBURB)
    to_city = np.hypot(*(layout.cells.sites - layout.cells.sites[layout.district == 0].mean(axis=0)).T)
    county = np.select([away < 3_000, to_city < 8_500], [TOWN, SUBURB], VILLAGE)
    return np.where(layout.district == 0, city, county)


def _deprivation(rng: np.random.Generator, layout: Layout, kind: Ints) -> Floats:
    """A score that neighbours share: high in the inner city and one side of it, low in suburbs and villages."""
    base = np.array([0.62, 0.60, 0.36, 0.40, 0.22])[kind]
    away = (layout.cells.sites - layout.cells.sites.mean(axis=0)) / 6_000.0
    waves = sum(np.sin(away @ rng.normal(0, 1.2, 2) + rng.uniform(0, 6.28)) for _ in range(4))
    score: Floats = np.clip(base + 0.07 * waves + rng.normal(0, 0.05, len(kind)), 0.01, 0.99)
    return score


def _deciles(deprivation: Floats) -> Ints:
    """1 for the most deprived. Fixed cuts, so that a poor county has many small areas in its first deciles."""
    cuts = np.array([0.12, 0.19, 0.26, 0.32, 0.38, 0.44, 0.51, 0.58, 0.66])
    return 10 - np.searchsorted(cuts, deprivation, side="right")


def _postcodes(seed: int, layout: Layout, kind: Ints) -> pl.DataFrame:
    """15 to 20 live postcodes a small area, a large user or two, and some that have ended."""
    rng = stream(seed, "postcodes")
    cells = len(layout.district)
    live, large = rng.integers(15, 21, cells), rng.integers(1, 3, cells)
    ended = rng.binomial(18, 0.14, cells)
    counts = live + large + ended
    cell = np.repeat(np.arange(cells), counts)
    place = np.arange(len(cell)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_live, is_large = place < (live + large)[cell], (place >= live[cell]) & (place < (live + large)[cell])
    easting, northing = np.round(_points_inside(rng, layout, cell)).T
    longitude, latitude = to_longitude_latitude(easting, northing)
    introduced = rng.choice(np.array([198001, 199306, 200003, 200609, 201205, 201704]), len(cell))
    terminated = rng.integers(2010, 2020, len(cell)) * 100 + rng.integers(1, 13, len(cell))
    introduced = np.where(is_live, introduced, 198001)
    return pl.DataFrame(
        {
            "pcds": _postcode_texts(rng, layout.middle[cell], cell),
            "lsoa": cell,
            "oa11cd": pl.select(pl.lit("E00") + pl.Series(990_001 + cell * 5 + place % 5).cast(pl.String)).to_series(),
            "dointr": introduced,
            "doterm": np.where(is_live, 0, terminated),
            "usertype": is_large.astype(np.int64),
            "bng_e": easting.astype(np.int64),
            "bng_n": northing.astype(np.int64),
            "long": np.round(longitude, 6),
            "lat": np.round(latitude, 6),
        }
    )


def _points_inside(rng: np.random.Generator, layout: Layout, cell: Ints) -> Floats:
    """A point a postcode, inside its cell: in a triangle from the site to a border, well short of the bends."""
    tiles = layout.cells
    arcs_of: list[list[int]] = [[] for _ in range(len(layout.district))]
    for number, (left, right) in enumerate(zip(tiles.left, tiles.right, strict=True)):
        for side in (left, right):
            if side >= 0:
                arcs_of[side].append(number)
    which = rng.random(len(cell))
    arc = np.array([arcs_of[c][int(w * len(arcs_of[c]))] for c, w in zip(cell, which, strict=True)])
    out, along = 0.75 * np.sqrt(rng.random(len(cell)))[:, None], rng.random(len(cell))[:, None]
    border = tiles.points[arc, 0] * (1 - along) + tiles.points[arc, -1] * along
    points: Floats = tiles.sites[cell] + out * (border - tiles.sites[cell])
    return points


def _postcode_texts(rng: np.random.Generator, middle: Ints, cell: Ints) -> list[str]:
    """Five middle areas share a postcode district; each has two sectors of its own; units come in mixed order."""
    units = rng.permutation(UNITS_A_SECTOR)
    used: dict[tuple[int, int], int] = {}
    texts = []
    for m, c in zip(middle, cell, strict=True):
        district, local = divmod(int(m), MIDDLE_AREAS_A_POSTCODE_DISTRICT)
        sector = 2 * local + int(c) % 2
        number = used.get((district, sector), 0)
        used[district, sector] = number + 1
        texts.append(postcode(district + 1, sector, int(units[number]) if number < UNITS_A_SECTOR else number))
    return texts
