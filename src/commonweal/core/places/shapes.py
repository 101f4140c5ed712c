"""Outlines with fewer points for pictures, without gaps between neighbours.

Each border between two areas is simplified once: rings are cut where three or more borders meet, and every stretch in
between is simplified in one fixed direction, so that both neighbours get the same line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]  # (n, 2): longitude, latitude in degrees; first = last
Polygon = Sequence[Ring]  # outer ring, then holes
Shape = Sequence[Polygon]

METRES_A_DEGREE = 111_195.0  # of latitude, on the mean sphere
_FEWEST_POINTS = 4  # of a closed ring

_Point = tuple[float, float]


def drawn(shapes: Mapping[str, Shape], tolerance_m: float) -> dict[str, list[list[Ring]]]:
    """The same shapes with points left out that lie within `tolerance_m` metres of the line that remains.

    Points where borders of several areas meet always stay. Holes and islands that shrink below a triangle are left
    out; the largest part of an area never is.
    """
    meeting = _meeting_points(ring for shape in shapes.values() for polygon in shape for ring in polygon)
    return {code: _draw(shape, meeting, tolerance_m) for code, shape in shapes.items()}


def ring_area(ring: Ring) -> float:
    """Area of a ring in square metres, on a plane that touches at its mean latitude."""
    x = ring[:, 0] * np.cos(np.radians(ring[:-1, 1].mean())) * METRES_A_DEGREE
    y = ring[:, 1] * METRES_A_DEGREE
    x, y = x - x[0], y - y[0]
    return abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))) / 2


def _draw(shape: Shape, meeting: set[_Point], tolerance_m: float) -> list[list[Ring]]:
    largest = max(range(len(shape)), key=lambda index: ring_area(shape[index][0]))
    polygons = []
    for index, polygon in enumerate(shape):
        outer = _thinned(polygon[0], meeting, tolerance_m)
        if outer is None and index == largest:
            outer = polygon[0]
        if outer is not None:
            holes = (_thinned(ring, meeting, tolerance_m) for ring in polygon[1:])
            polygons.append([outer, *(hole for hole in holes if hole is not None)])
    return polygons


def _meeting_points(rings: Iterable[Ring]) -> set[_Point]:
    """Vertices where more than two lines come together."""
    around: dict[_Point, set[_Point]] = {}
    for ring in rings:
        points = _points(ring)[:-1]
        for index, point in enumerate(points):
            around.setdefault(point, set()).update((points[index - 1], points[(index + 1) % len(points)]))
    return {point for point, others in around.items() if len(others) > 2}


def _thinned(ring: Ring, meeting: set[_Point], tolerance_m: float) -> Ring | None:
    points = _points(ring)[:-1]
    cuts = [index for index, point in enumerate(points) if point in meeting] or _anchors(points)
    turned = points[cuts[0] :] + points[: cuts[0]]
    stops = [cut - cuts[0] for cut in cuts] + [len(turned)]
    turned.append(turned[0])
    kept: list[_Point] = []
    for start, stop in pairwise(stops):
        kept += _stretch(turned[start : stop + 1], tolerance_m)[:-1]
    kept.append(kept[0])
    return np.array(kept) if len(kept) >= _FEWEST_POINTS else None


def _anchors(points: list[_Point]) -> list[int]:
    """Two fixed points of a ring that meets no other border: its smallest point and the one farthest from that."""
    first = min(range(len(points)), key=lambda index: points[index])
    x, y = points[first]
    far = max(range(len(points)), key=lambda i: ((points[i][0] - x) ** 2 + (points[i][1] - y) ** 2, points[i]))
    return sorted({first, far})


def _stretch(points: list[_Point], tolerance_m: float) -> list[_Point]:
    """One stretch of border simplified, the same whichever way round it is given."""
    backwards = points[::-1] < points
    line = points[::-1] if backwards else points
    array = np.array(line)
    kept = [line[index] for index in _douglas_peucker(array, tolerance_m)]
    return kept[::-1] if backwards else kept


def _douglas_peucker(line: NDArray[np.float64], tolerance_m: float) -> list[int]:
    """Indices of the points that stay (Douglas and Peucker 1973), first and last always."""
    plane = line * METRES_A_DEGREE
    plane[:, 0] *= np.cos(np.radians(line[:, 1].mean()))
    keep, pending = {0, len(line) - 1}, [(0, len(line) - 1)]
    while pending:
        start, stop = pending.pop()
        if stop - start < 2:
            continue
        gaps = _from_chord(plane[start + 1 : stop], plane[start], plane[stop])
        worst = int(np.argmax(gaps))
        if gaps[worst] > tolerance_m:
            middle = start + 1 + worst
            keep.add(middle)
            pending += [(start, middle), (middle, stop)]
    return sorted(keep)


def _from_chord(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    along = end - start
    squared = float(along @ along)
    share = np.clip((points - start) @ along / squared, 0.0, 1.0) if squared else np.zeros(len(points))
    distances: NDArray[np.float64] = np.linalg.norm(points - (start + share[:, None] * along), axis=1)
    return distances


def _points(ring: Ring) -> list[_Point]:
    return [(float(x), float(y)) for x, y in ring]
