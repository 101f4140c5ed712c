"""Boundaries as GeoJSON: outlines, what lies in what, neighbours, and lighter outlines for pictures.

Degrees (WGS84) only. Which area a feature is stands in a property found by pattern ("lsoa11cd", "LAD19CD"); when a
feature names several levels it is the smallest of them, and the others are what it lies in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.ons.checks import LATITUDES, LONGITUDES
from commonweal.core.formats.ons.tables import AreaTables, shaped
from commonweal.core.places import codes
from commonweal.core.places.neighbours import TOUCHING, touching
from commonweal.core.places.shapes import Ring, drawn, ring_area

LARGEST_TEXT = 300 * 1024 * 1024
DECIMALS = 5  # of a degree: about a metre
SMALLEST_RING_M2 = 1.0

# Metres by which a border in a picture may be off; a picture of larger areas is looked at from farther away.
TOLERANCE_M = {"oa": 10.0, "lsoa": 20.0, "msoa": 40.0, "ward": 40.0, "ltla": 100.0, "utla": 150.0, "region": 400.0}
_TOLERANCE_OTHER_M = 800.0

_PREFIX = {
    "oa": "oa",
    "lsoa": "lsoa",
    "msoa": "msoa",
    "wd": "ward",
    "lad": "ltla",
    "utla": "utla",
    "ctyua": "utla",
    "rgn": "region",
    "ctry": "country",
}
_CODE = re.compile(rf"({'|'.join(_PREFIX)})(\d\d)cd")
_GRID_METRES = 180.0  # beyond any longitude: the coordinates are metres


@dataclass(frozen=True)
class _Key:
    """A property that names an area: "lsoa11cd" -> level lsoa, vintage 2011."""

    heading: str
    level: str
    vintage: int
    stem: str


def is_geojson(head: bytes) -> bool:
    """Whether a plain file that begins so can only be JSON."""
    return head.lstrip()[:1] == b"{"


def read_boundaries(pieces: Iterable[bytes], label: str) -> AreaTables:
    """Boundaries, areas, what they lie in, and touching neighbours. Raises `Refused` naming feature and value."""
    features = _features(_parsed(pieces, label), label)
    keys = _keys(features[0], label)
    shapes, rows = {}, []
    for number, feature in enumerate(features, start=1):
        row = _row(feature, keys, f"{label}, feature {number}")
        code = row[keys[0].heading]
        if code in shapes:
            raise Refused(f"{label}, feature {number}, property {keys[0].heading}: {code!r} stands twice; it is a key.")
        shapes[code] = _shape(feature, f"{label}, feature {number} ({code})")
        rows.append(row)
    own = keys[0]
    light = drawn(shapes, TOLERANCE_M.get(own.level, _TOLERANCE_OTHER_M))
    near = touching({code: [ring for polygon in shape for ring in polygon] for code, shape in shapes.items()})
    about = {"level": pl.lit(own.level), "vintage": pl.lit(own.vintage)}
    outlines = pl.DataFrame(
        [(code, _geometry(shapes[code]), _geometry(light[code])) for code in shapes],
        schema=["code", "outline", "drawn"],
        orient="row",
    )
    table = pl.DataFrame(rows, infer_schema_length=None)
    return AreaTables(
        areas=shaped("areas", [_areas(table, key, shapes if key is own else {}) for key in keys]),
        parents=shaped("parents", [_parents(table, own, key) for key in keys[1:]]),
        boundaries=shaped("boundaries", [outlines.with_columns(**about)]),
        neighbours=shaped("neighbours", [near.with_columns(**about, basis=pl.lit(TOUCHING))]),
    )


def _parsed(pieces: Iterable[bytes], label: str) -> dict[str, Any]:
    gathered, size = [], 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size > LARGEST_TEXT:
            raise Refused(
                f"{label}: over {LARGEST_TEXT >> 20} MiB of text. Load the generalised boundaries (BGC, BSC)."
            )
    try:
        read = json.loads(b"".join(gathered))
    except (ValueError, RecursionError) as fault:
        raise Refused(f"{label}: not whole JSON ({fault}). The file may be cut off; fetch it again.") from None
    if not isinstance(read, dict):
        raise Refused(f"{label}: the JSON is no FeatureCollection.")
    return read


def _features(read: dict[str, Any], label: str) -> list[dict[str, Any]]:
    crs = str(((read.get("crs") or {}).get("properties") or {}).get("name", ""))
    if crs and not re.search(r"CRS84|4326", crs):
        raise Refused(f"{label}: the coordinates are in {crs!r}. Export the file in degrees (WGS84, EPSG:4326).")
    features = read.get("features")
    if read.get("type") != "FeatureCollection" or not isinstance(features, list) or not features:
        raise Refused(
            f"{label}: a FeatureCollection with at least one feature is needed, this is {read.get('type')!r}."
        )
    return features


def _keys(feature: dict[str, Any], label: str) -> list[_Key]:
    """The properties that name areas, smallest level first."""
    found = []
    for heading in feature.get("properties") or {}:
        if match := _CODE.fullmatch(heading.lower()):
            found.append(_Key(heading, _PREFIX[match[1]], 2000 + int(match[2]), heading.lower().removesuffix("cd")))
    if not found:
        shown = ", ".join(list(feature.get("properties") or {})[:8])
        raise Refused(
            f"{label}: no property such as lsoa11cd or LAD19CD names the areas; there are: {shown or 'none'}."
        )
    return sorted(found, key=lambda key: codes.LEVELS.index(key.level))


def _row(feature: dict[str, Any], keys: list[_Key], where: str) -> dict[str, Any]:
    row = dict(feature.get("properties") or {})
    for key in keys:
        value = row.get(key.heading)
        if not isinstance(value, str) or not codes.is_level(value, key.level):
            raise Refused(f"{where}, property {key.heading}: {value!r} is not a code of level {key.level}.")
    return row


def _shape(feature: dict[str, Any], where: str) -> list[list[Ring]]:
    geometry = feature.get("geometry") or {}
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon") or not coordinates:
        raise Refused(f"{where}: the geometry is {kind!r}; a Polygon or MultiPolygon is needed.")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    rings = [[_ring(ring, f"{where}, ring {i + 1}") for i, ring in enumerate(polygon)] for polygon in polygons]
    shape = [kept for polygon in rings if (kept := _with_ground(polygon))]
    if not shape:
        raise Refused(f"{where}: the ring at {rings[0][0][0].tolist()} encloses no ground.")
    return shape


def _with_ground(polygon: list[Ring]) -> list[Ring]:
    """The rings of a polygon that enclose any ground; none when its outer ring does not (a sliver of generalising)."""
    outer, *holes = polygon
    if ring_area(outer) < SMALLEST_RING_M2:
        return []
    return [outer, *(hole for hole in holes if ring_area(hole) >= SMALLEST_RING_M2)]


def _ring(positions: Any, where: str) -> Ring:
    try:
        ring = np.array([position[:2] for position in positions], dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError, IndexError):
        raise Refused(f"{where}: a position is not a pair of numbers.") from None
    if not np.isfinite(ring).all():
        raise Refused(f"{where}: a position is not a pair of finite numbers.")
    if np.abs(ring).max(initial=0.0) > _GRID_METRES:
        raise Refused(
            f"{where}: {ring[0].tolist()} looks like metres of the National Grid; degrees (WGS84) are needed."
        )
    outside = (
        (ring[:, 0] < LONGITUDES[0])
        | (ring[:, 0] > LONGITUDES[1])
        | (ring[:, 1] < LATITUDES[0])
        | (ring[:, 1] > LATITUDES[1])
    )
    if outside.any():
        raise Refused(f"{where}: {ring[outside][0].tolist()} is not longitude and latitude in or near Great Britain.")
    if len(ring) < 4 or not np.array_equal(ring[0], ring[-1]):
        raise Refused(
            f"{where}: {len(ring)} positions, from {ring[:1].tolist()} to {ring[-1:].tolist()}; a ring needs at "
            "least 4 and ends where it begins."
        )
    return ring


def _areas(table: pl.DataFrame, key: _Key, shapes: dict[str, list[list[Ring]]]) -> pl.DataFrame:
    """One row an area of this level, with its names, and a point inside or near the middle of its largest part."""
    columns = {"code": pl.col(key.heading), "level": pl.lit(key.level), "vintage": pl.lit(key.vintage)}
    for ending, ours in (("nm", "name"), ("hclnm", "name_people_use")):
        if heading := next((c for c in table.columns if c.lower() == key.stem + ending), None):
            columns[ours] = pl.col(heading).cast(pl.String)
    areas = table.select(**columns).unique("code", keep="first", maintain_order=True)
    if not shapes:
        return areas
    middles = [_middle(shapes[code]) for code in areas["code"]]
    long, lat = zip(*middles, strict=True)
    return areas.with_columns(pl.Series("lat", lat, pl.Float64), pl.Series("long", long, pl.Float64))


def _middle(shape: list[list[Ring]]) -> tuple[float, float]:
    """Longitude and latitude of the centre of gravity of the largest part, rounded."""
    ring = max((polygon[0] for polygon in shape), key=ring_area)
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    area = cross.sum()
    cx = ((x[:-1] + x[1:]) * cross).sum() / (3 * area) + ring[0, 0]
    cy = ((y[:-1] + y[1:]) * cross).sum() / (3 * area) + ring[0, 1]
    return round(float(cx), DECIMALS), round(float(cy), DECIMALS)


def _parents(table: pl.DataFrame, own: _Key, parent: _Key) -> pl.DataFrame:
    return table.select(
        code=pl.col(own.heading),
        level=pl.lit(own.level),
        vintage=pl.lit(own.vintage),
        parent_code=pl.col(parent.heading),
        parent_level=pl.lit(parent.level),
        parent_vintage=pl.lit(parent.vintage),
    )


def _geometry(shape: Iterable[Iterable[Ring]]) -> str:
    polygons = [[np.round(ring, DECIMALS).tolist() for ring in polygon] for polygon in shape]
    return json.dumps({"type": "MultiPolygon", "coordinates": polygons}, separators=(",", ":"))
