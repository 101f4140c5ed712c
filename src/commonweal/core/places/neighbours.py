"""Which areas are neighbours: by touching outlines, or by distance where there are no outlines.

Outlines of one publication share their vertices along a common border, but not always: borders are simplified and
rounded, so areas count as touching when their outlines come within a few metres. Corners count (queen contiguity).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
Rings = Sequence[Points]  # each ring (n, 2): longitude and latitude in degrees, first = last

TOUCHING, DISTANCE = "touching", "distance"
TOUCH_WITHIN_M = 10.0
EARTH_RADIUS_M = 6_371_008.8  # mean radius; within 0.3 % of the ellipsoid, far below what 10 m needs

_PIECE_M = 200.0  # segments are cut to this length, so that a search around their middles stays local
_SPARE_FOR_TIES = 4
_SAME_DISTANCE = 1e-12  # relative: distances closer than this are a tie
_CHUNK = 20_000  # vertices searched at a time, to bound memory


def touching(outlines: Mapping[str, Rings], within_m: float = TOUCH_WITHIN_M) -> pl.DataFrame:
    """Pairs of areas whose outlines come within `within_m` metres of each other, in both directions.

    Columns: code, neighbour, metres (smallest gap found between a vertex of one and the outline of the other, which
    for outlines that do not cross is the smallest gap there is). Sorted by code, neighbour.
    """
    codes = sorted(outlines)
    vertices, owners, starts, ends, piece_owners = _geometry([outlines[code] for code in codes])
    gaps: dict[tuple[int, int], float] = {}
    if len(vertices):
        pieces = cKDTree((starts + ends) / 2)
        reach = _PIECE_M / 2 + within_m
        for first in range(0, len(vertices), _CHUNK):
            some, owner = vertices[first : first + _CHUNK], owners[first : first + _CHUNK]
            near = cKDTree(some).sparse_distance_matrix(pieces, reach, output_type="ndarray")
            v, p = near["i"], near["j"]
            foreign = owner[v] != piece_owners[p]
            v, p = v[foreign], p[foreign]
            metres = _point_to_segment(some[v], starts[p], ends[p])
            close = metres <= within_m
            _keep_smallest(gaps, owner[v[close]], piece_owners[p[close]], metres[close])
    return _both_ways([(codes[a], codes[b], metres) for (a, b), metres in gaps.items()])


def nearest(codes: Sequence[str], eastings: Points, northings: Points, how_many: int = 6) -> pl.DataFrame:
    """The `how_many` nearest areas of each (more when distances tie), made mutual; distances between points in metres.

    Columns as in `touching`. For areas without outlines, and for a first picture of who is near whom.
    """
    if len(codes) < 2:
        return _both_ways([])
    points = np.column_stack([eastings, northings]).astype(np.float64)
    tree = cKDTree(points)
    wanted = min(how_many, len(codes) - 1)
    looked_at = min(wanted + 1 + _SPARE_FOR_TIES, len(codes))
    distances, others = tree.query(points, k=looked_at)  # itself is among them
    radius = distances[:, wanted] * (1 + _SAME_DISTANCE)
    one, place = np.nonzero(distances <= radius[:, None])
    pairs = list(zip(one.tolist(), others[one, place].tolist(), distances[one, place].tolist(), strict=True))
    for index in np.flatnonzero(distances[:, -1] <= radius):  # more ties than were looked at
        more = tree.query_ball_point(points[index], radius[index])
        pairs += [(int(index), other, float(np.hypot(*(points[index] - points[other])))) for other in more]
    return _both_ways([(codes[a], codes[b], metres) for a, b, metres in pairs if a != b])


def on_sphere(degrees: Points) -> Points:
    """Longitude and latitude (n, 2) in degrees as (n, 3) metres from the middle of the earth."""
    longitude, latitude = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    around = np.cos(latitude)
    return EARTH_RADIUS_M * np.column_stack([around * np.cos(longitude), around * np.sin(longitude), np.sin(latitude)])


def _geometry(outlines: Sequence[Rings]) -> tuple[Points, NDArray[np.int64], Points, Points, NDArray[np.int64]]:
    """Vertices with their owners, and segments cut into pieces with their owners."""
    vertices, owners, starts, ends, piece_owners = [], [], [], [], []
    for owner, rings in enumerate(outlines):
        for ring in rings:
            points = on_sphere(np.asarray(ring, dtype=np.float64))
            vertices.append(points[:-1])
            owners.append(np.full(len(points) - 1, owner))
            start, end = _cut(points[:-1], points[1:])
            starts.append(start)
            ends.append(end)
            piece_owners.append(np.full(len(start), owner))
    if not vertices:
        nothing, nobody = np.empty((0, 3)), np.empty(0, dtype=np.int64)
        return nothing, nobody, nothing, nothing, nobody
    return (
        np.concatenate(vertices),
        np.concatenate(owners),
        np.concatenate(starts),
        np.concatenate(ends),
        np.concatenate(piece_owners),
    )


def _cut(start: Points, end: Points) -> tuple[Points, Points]:
    """Segments cut into equal pieces no longer than `_PIECE_M`."""
    length = np.linalg.norm(end - start, axis=1)
    parts = np.maximum(1, np.ceil(length / _PIECE_M)).astype(np.int64)
    which = np.repeat(np.arange(len(start)), parts)
    step = np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)
    direction = (end - start)[which] / parts[which][:, None]
    begin = start[which] + step[:, None] * direction
    return begin, begin + direction


def _point_to_segment(point: Points, start: Points, end: Points) -> Points:
    along = end - start
    squared = np.einsum("ij,ij->i", along, along)
    share = np.einsum("ij,ij->i", point - start, along) / np.where(squared > 0, squared, 1.0)
    closest = start + np.clip(share, 0.0, 1.0)[:, None] * along
    distances: Points = np.linalg.norm(point - closest, axis=1)
    return distances


def _keep_smallest(
    gaps: dict[tuple[int, int], float], one: NDArray[np.int64], other: NDArray[np.int64], metres: Points
) -> None:
    low, high = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((metres, high, low))
    low, high, metres = low[order], high[order], metres[order]
    first = np.ones(len(low), dtype=bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    for a, b, gap in zip(low[first].tolist(), high[first].tolist(), metres[first].tolist(), strict=True):
        gaps[a, b] = min(gap, gaps.get((a, b), gap))


def _both_ways(pairs: list[tuple[str, str, float]]) -> pl.DataFrame:
    schema = {"code": pl.String(), "neighbour": pl.String(), "metres": pl.Float64()}
    one_way = pl.DataFrame(pairs, schema=schema, orient="row")
    other_way = one_way.select(code="neighbour", neighbour="code", metres="metres")
    both = pl.concat([one_way, other_way]).group_by("code", "neighbour").agg(pl.col("metres").min().round(1))
    return both.sort("code", "neighbour")
