"""Areas as polygons, from GeoJSON, and their projection onto a drawing.

The projection is equirectangular with the cosine of the middle latitude: for a city or a county its error is far below
the width of a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from commonweal.core.errors import Refused
from commonweal.core.pictures.svg import figure

MANY_POINTS = 10_000  # a map of a nation: whole units then, which neighbours share as they share their border
Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class AreaShape:
    """An area: its code, the name people use, and its rings (longitude, latitude; holes included) in degrees."""

    code: str
    name: str
    rings: tuple[Ring, ...]

    def __hash__(self) -> int:
        # of the names alone: what was laid out for these shapes is found again without walking along every border
        return hash((self.code, self.name, len(self.rings)))


@dataclass(frozen=True)
class MapLine:
    """Something to find one's way by: a river, a railway, a main road."""

    name: str
    points: Ring


def shapes_from_geojson(features: Iterable[Mapping[str, Any]], code: str, name: str) -> tuple[AreaShape, ...]:
    """Areas from GeoJSON features, ``code`` and ``name`` being the names of their properties.

    Raises Refused for a feature that is not a Polygon or MultiPolygon, or lacks a property.
    """
    return tuple(shape_from_geojson(feature, code, name) for feature in features)


def shape_from_geojson(feature: Mapping[str, Any], code: str, name: str) -> AreaShape:
    properties = feature.get("properties") or {}
    missing = [key for key in (code, name) if key not in properties]
    if missing:
        raise Refused(f"A boundary lacks the property {missing[0]!r}; it has {sorted(properties)}.")
    geometry = feature.get("geometry") or {}
    kind, coordinates = geometry.get("type"), geometry.get("coordinates", [])
    if kind not in ("Polygon", "MultiPolygon"):
        raise Refused(f"The boundary of {properties[code]} is a {kind}; only Polygon and MultiPolygon are drawn.")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    rings = tuple(tuple((float(at[0]), float(at[1])) for at in ring) for polygon in polygons for ring in polygon)
    return AreaShape(str(properties[code]), str(properties[name]), rings)


@dataclass(frozen=True)
class Projection:
    """Degrees to drawing units: x grows east, y grows south."""

    west: float
    north: float
    across: float
    scale: float
    left: float
    top: float
    steps: int = 10  # of points in a unit

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = self.left + (longitude - self.west) * self.across * self.scale
        return x, self.top + (self.north - latitude) * self.scale

    def path(self, rings: Iterable[Ring], *, close: bool = True) -> str:
        """Path data with points rounded to the projection's steps and repeated points left out."""
        return "".join(self.subpath(ring, close=close) for ring in rings)

    def subpath(self, ring: Ring, *, close: bool) -> str:
        points: list[tuple[float, float]] = []
        for longitude, latitude in ring:
            x, y = self.at(longitude, latitude)
            point = (round(x * self.steps) / self.steps, round(y * self.steps) / self.steps)
            if not points or points[-1] != point:
                points.append(point)
        inner = "L".join(f"{figure(x)} {figure(y)}" for x, y in points)
        return f"M{inner}{'Z' if close else ''}"


def fit(shapes: Iterable[AreaShape], left: float, top: float, width: float, tallest: float) -> tuple[Projection, float]:
    """The projection that fits all shapes into a box, centred, and the height that they need."""
    points = [point for shape in shapes for ring in shape.rings for point in ring]
    if not points:
        raise Refused("A map was given no boundary. Load boundaries for this place, or show the table alone.")
    for longitude, latitude in points:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise Refused(f"A boundary has the point ({longitude}, {latitude}): give longitude, latitude in degrees.")
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    across = max(math.cos(math.radians((south + north) / 2)), 0.01)
    wide, high = max((east - west) * across, 1e-6), max(north - south, 1e-6)
    scale = min(width / wide, tallest / high)
    shift = (width - wide * scale) / 2
    steps = 1 if len(points) > MANY_POINTS else 10
    return Projection(west, north, across, scale, left + shift, top, steps), high * scale


@dataclass(frozen=True)
class Layout:
    """Shapes on a drawing: their projection, the height they need, path data and the place of the name by code."""

    projection: Projection
    height: float
    paths: Mapping[str, str]
    middles: Mapping[str, tuple[float, float]]


@lru_cache(maxsize=32)
def lay_out(shapes: tuple[AreaShape, ...], left: float, top: float, width: float, tallest: float) -> Layout:
    """Shapes fitted into a box. Kept: borders do not change from one picture to the next."""
    projection, height = fit(shapes, left, top, width, tallest)
    paths = {shape.code: projection.path(shape.rings) for shape in shapes}
    return Layout(projection, height, paths, {shape.code: projection.at(*middle(shape)) for shape in shapes})


def together(rings: Iterable[Ring]) -> tuple[Ring, ...]:
    """The border around areas side by side: what two of them share is left out.

    Areas that share a border share its points (as boundaries of one set do); where they do not, both borders stay.
    """
    sides: dict[frozenset[tuple[float, float]], tuple[tuple[float, float], tuple[float, float]]] = {}
    for ring in rings:
        for first, last in zip(ring, ring[1:] + ring[:1], strict=True):
            if first != last and sides.pop(frozenset((first, last)), None) is None:
                sides[frozenset((first, last))] = (first, last)
    return tuple(_chained(sides.values()))


def _chained(sides: Iterable[tuple[tuple[float, float], tuple[float, float]]]) -> Iterable[Ring]:
    """Sides end to end, each once, as closed rings."""
    leads: dict[tuple[float, float], list[tuple[float, float]]] = {}
    for first, last in sides:
        leads.setdefault(first, []).append(last)
        leads.setdefault(last, []).append(first)
    for start in list(leads):
        while leads[start]:
            ring, at = [start], start
            while leads[at]:
                onward = leads[at].pop()
                leads[onward].remove(at)
                ring.append(onward)
                at = onward
            yield tuple(ring)


def ring_area(ring: Ring) -> float:
    """Signed area of a ring in square degrees."""
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


def middle(shape: AreaShape) -> tuple[float, float]:
    """Where a name goes: the centre of gravity of the largest ring, or its mean point where it has no area."""
    ring = max(shape.rings, key=lambda ring: abs(ring_area(ring)))
    # Relative to the first point, so that the small areas of a city do not drown in rounding.
    x0, y0 = ring[0]
    local = tuple((x - x0, y - y0) for x, y in ring)
    area = ring_area(local)
    if abs(area) < 1e-14:
        return sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)
    x = y = 0.0
    for (x1, y1), (x2, y2) in zip(local, local[1:] + local[:1], strict=True):
        cross = x1 * y2 - x2 * y1
        x, y = x + (x1 + x2) * cross, y + (y1 + y2) * cross
    return x0 + x / (6 * area), y0 + y / (6 * area)
