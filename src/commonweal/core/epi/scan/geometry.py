"""Circles: places sorted by distance from each centre, up to the largest allowed circle.

Places with the same coordinates always enter together, so they are first joined into one site.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.errors import Refused

EARTH_RADIUS_KM = 6367.0
ROWS_AT_ONCE = 512
ROUNDING = 1e-9


@dataclass(frozen=True)
class Sites:
    """Distinct coordinates. `of_place` gives each place's site; `points` are Cartesian (kilometres for lat/lon)."""

    points: FloatArray
    of_place: IntArray
    first_place: IntArray


@dataclass(frozen=True)
class Circles:
    """For each centre the sites by distance: circle j of centre c holds `order[c, :j]`, 1 <= j <= `stop[c]`.

    `distance[c, j]` is the distance of the j-th site; `stop` is the number of sites in the largest circle.
    """

    order: NDArray[np.int32]
    distance: NDArray[np.float32]
    stop: NDArray[np.int32]


def sites(coordinates: ArrayLike, *, geographic: bool = False) -> Sites:
    """Join places that share coordinates `[place, 2]` (x, y in any unit, or latitude, longitude in degrees).

    Raises `Refused` for missing coordinates, or a latitude or longitude out of range.
    """
    given = checks.finite("coordinates", coordinates)
    if given.ndim != 2 or given.shape[1] < 2:
        raise Refused(f"coordinates has shape {given.shape}; pass one row of x, y (or latitude, longitude) a place.")
    distinct, first, of_place = np.unique(given, axis=0, return_index=True, return_inverse=True)
    # keep sites in the order in which they first appear
    rank = np.argsort(np.argsort(first))
    order = np.argsort(first)
    points = _on_sphere(distinct[order]) if geographic else distinct[order]
    return Sites(points, rank[of_place.ravel()].astype(np.int64), first[order].astype(np.int64))


def circles(
    points: FloatArray,
    weight: FloatArray,
    *,
    max_share: float = 0.5,
    max_radius: float = np.inf,
    max_sites: int | None = None,
    centres: FloatArray | None = None,
) -> Circles:
    """Sort sites round each centre and stop at the first that would pass a limit.

    weight: expectation (or cases + controls) of each site; a circle holds at most `max_share` of the sum. Locations
    after the first refused one are not considered even if they would fit. Equal distances keep the order of the sites.
    """
    if not 0 < max_share <= 1:
        raise Refused(
            f"max_share is {max_share}; it is a share of the whole, above 0 and at most 1. For 50 % pass 0.5."
        )
    middle = points if centres is None else centres
    limit = max_share * weight.sum() * (1 + ROUNDING)
    orders, distances, stops = [], [], []
    for start in range(0, middle.shape[0], ROWS_AT_ONCE):
        order, distance = _by_distance(middle[start : start + ROWS_AT_ONCE], points, max_radius * (1 + ROUNDING))
        allowed = (np.cumsum(weight[order], axis=1) <= limit) & (distance <= max_radius * (1 + ROUNDING))
        stop = np.where(allowed.all(axis=1), allowed.shape[1], np.argmin(allowed, axis=1))
        if max_sites is not None:
            stop = np.minimum(stop, max_sites)
        widest = max(1, int(stop.max()))
        orders.append(order[:, :widest].astype(np.int32))
        distances.append(distance[:, :widest].astype(np.float32))
        stops.append(stop.astype(np.int32))
    return Circles(_stacked(orders), _stacked(distances), np.concatenate(stops))


def _by_distance(middle: FloatArray, points: FloatArray, reach: float) -> tuple[IntArray, FloatArray]:
    """Sites by distance from each centre, as many as the fullest circle within `reach` holds and one more.

    Equal distances in the order of the sites.
    """
    gap = np.zeros((middle.shape[0], points.shape[0]))
    for axis in range(points.shape[1]):
        gap += (middle[:, axis, None] - points[None, :, axis]) ** 2
    gap = np.sqrt(gap)
    wanted = int((gap <= reach).sum(axis=1).max()) + 1
    if wanted < points.shape[0]:
        nearest = np.sort(np.argpartition(gap, wanted - 1, axis=1)[:, :wanted], axis=1)
        gap = np.take_along_axis(gap, nearest, axis=1)
    else:
        nearest = np.broadcast_to(np.arange(points.shape[0]), gap.shape)
    order = np.argsort(gap, axis=1)
    distance = np.take_along_axis(gap, order, axis=1)
    # The fast sort leaves ties in any order: only rows that hold some are sorted again, stably.
    tied = (np.diff(distance, axis=1) == 0).any(axis=1)
    if tied.any():
        order[tied] = np.argsort(gap[tied], axis=1, kind="stable")
    return np.take_along_axis(nearest, order, axis=1), distance


Entry = TypeVar("Entry", bound=np.generic)


def _stacked(parts: list[NDArray[Entry]]) -> NDArray[Entry]:
    """Rows of all parts, padded with zeros to the widest."""
    width = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts])


def _on_sphere(degrees: FloatArray) -> FloatArray:
    latitude, longitude = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    if (np.abs(degrees[:, 0]) > 90).any() or (np.abs(degrees[:, 1]) > 360).any():
        wrong = int(np.argmax((np.abs(degrees[:, 0]) > 90) | (np.abs(degrees[:, 1]) > 360)))
        raise Refused(
            f"coordinates ({degrees[wrong, 0]:g}, {degrees[wrong, 1]:g}) are no latitude and longitude in degrees; "
            "check the order of the columns, or pass geographic=False for a plane grid."
        )
    flat = np.cos(latitude)
    unit = np.stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)], axis=1)
    return np.asarray(EARTH_RADIUS_KM * unit, dtype=np.float64)
