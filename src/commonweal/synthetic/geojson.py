"""Boundaries of the fictional county as GeoJSON in longitude and latitude (RFC 7946), each level from the same arcs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Floats, Ints
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.grid import to_longitude_latitude
from commonweal.synthetic.placenames import RIVER
from commonweal.synthetic.tessellation import Ring, ring_area

DECIMALS = 6  # of a degree: about a tenth of a metre, finer than the grid coordinates


def boundaries(geography: Geography, level: str) -> dict[str, object]:
    """A FeatureCollection of one level: "lsoa", "msoa", "ward", "lad" or "utla".

    Property names are those of the official files; neighbours share their border point for point, and every level is
    the union of the level below.
    """
    columns = LEVELS[level]
    groups, table = _groups(geography, columns)
    rings = geography.layout.cells.rings(groups)
    features = [_feature(_polygons(rings[number]), row) for number, row in enumerate(table.iter_rows(named=True))]
    return {"type": "FeatureCollection", "features": features}


# level -> (official property name, column of Geography.lsoas), the code first
LEVELS: dict[str, tuple[tuple[str, str], ...]] = {
    "lsoa": (("lsoa11cd", "lsoa11cd"), ("lsoa11nm", "lsoa11nm"), ("msoa11cd", "msoa11cd"), ("lad19cd", "lad_code")),
    "msoa": (
        ("msoa11cd", "msoa11cd"), ("msoa11nm", "msoa11nm"), ("msoa11hclnm", "msoa11hclnm"), ("lad19cd", "lad_code"),
    ),
    "ward": (("wd19cd", "ward_code"), ("wd19nm", "ward_name"), ("lad19cd", "lad_code")),
    "lad": (("lad19cd", "lad_code"), ("lad19nm", "lad_name")),
    "utla": (("ctyua19cd", "utla_code"), ("ctyua19nm", "utla_name")),
}  # fmt: skip


def river(geography: Geography) -> dict[str, object]:
    """The river as a FeatureCollection with one line, along borders of small areas."""
    line = {"type": "LineString", "coordinates": _positions(geography.layout.river)}
    feature = {"type": "Feature", "properties": {"name": RIVER}, "geometry": line}
    return {"type": "FeatureCollection", "features": [feature]}


def text(collection: dict[str, object]) -> str:
    """Compact JSON, the same bytes for the same collection."""
    return json.dumps(collection, separators=(",", ":"), ensure_ascii=False) + "\n"


def _groups(geography: Geography, columns: Sequence[tuple[str, str]]) -> tuple[Ints, pl.DataFrame]:
    """The area of each cell as a number, and one row of properties an area, in order of code."""
    table = geography.lsoas.select(pl.col(column).alias(name) for name, column in columns)
    areas = table.unique(maintain_order=True).sort(columns[0][0])
    codes = areas[columns[0][0]].to_list()
    place = {code: number for number, code in enumerate(codes)}
    return np.array([place[code] for code in table[columns[0][0]]], dtype=np.int64), areas


def _feature(polygons: list[list[list[list[float]]]], properties: dict[str, object]) -> dict[str, object]:
    geometry: dict[str, object] = {"type": "MultiPolygon", "coordinates": polygons}
    if len(polygons) == 1:
        geometry = {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _polygons(rings: list[Ring]) -> list[list[list[list[float]]]]:
    """Outer rings (anticlockwise) with the holes (clockwise) that lie in them."""
    outer = [ring for ring in rings if ring_area(ring) > 0]
    holes = [ring for ring in rings if ring_area(ring) < 0]
    return [[_positions(ring), *(_positions(hole) for hole in holes if contains(ring, hole[0]))] for ring in outer]


def _positions(line: Floats) -> list[list[float]]:
    longitude, latitude = to_longitude_latitude(line[:, 0], line[:, 1])
    positions: list[list[float]] = np.round(np.stack([longitude, latitude], axis=1), DECIMALS).tolist()
    return positions


def contains(ring: Ring, point: Floats) -> bool:
    """Whether a point lies inside a closed ring (crossings of a ray to the right, odd means inside)."""
    x, y = ring[:, 0] - point[0], ring[:, 1] - point[1]
    above = y > 0
    crossing = np.flatnonzero(above[:-1] != above[1:])
    at = x[crossing] - y[crossing] * (x[crossing + 1] - x[crossing]) / (y[crossing + 1] - y[crossing])
    return bool((at > 0).sum() % 2)
