"""A plane cut into cells without gaps or overlaps, and the outline of any group of cells.

Cells are the Voronoi cells of sites on land; sites in the sea around them give the coast. Each border between two cells
is one *arc*, kept once and used by both sides, so neighbours share it point for point. The outline of a group is made
of the arcs that have the group on one side only: dissolving needs no geometry, and no level of areas can disagree
with another.

Why arcs may bend without crossing: the triangle between an arc's two ends and the site on one side lies inside that
site's cell (cells are convex), and these triangles fill the cell without overlap. Each arc stays inside its own two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Voronoi

from commonweal.synthetic.chance import Floats, Ints

SEA = -1
BENDS = (0.25, 0.5, 0.75)  # where an arc bends, as shares of its length
STEEPEST = np.radians(14.0)
Ring = NDArray[np.float64]


@dataclass(frozen=True)
class Tessellation:
    """Land cells and their borders; coordinates in metres on the National Grid, one decimal.

    sites: (cells, 2). starts, ends: (arcs,) vertex numbers. left, right: (arcs,) cell numbers, SEA for the sea.
    points: (arcs, 2 + bends, 2), each arc from its start to its end. corners: (vertices, 2).
    """

    sites: Floats
    corners: Floats
    starts: Ints
    ends: Ints
    left: Ints
    right: Ints
    points: Floats

    def renumbered(self, order: Ints) -> Tessellation:
        """The same cells in another order: cell `order[0]` becomes cell 0, and so on."""
        number = np.empty(len(order) + 1, dtype=np.int64)
        number[order] = np.arange(len(order))
        number[SEA] = SEA
        return replace(self, sites=self.sites[order], left=number[self.left], right=number[self.right])

    def neighbours(self) -> Ints:
        """Pairs of land cells that share a border of some length, (pairs, 2), the smaller number first, sorted."""
        inner = (self.left != SEA) & (self.right != SEA) & (np.ptp(self.points, axis=1).max(axis=1) > 0)
        pairs = np.sort(np.stack([self.left[inner], self.right[inner]], axis=1), axis=1)
        return np.unique(pairs, axis=0)

    def rings(self, groups: Ints) -> dict[int, list[Ring]]:
        """The outlines of groups of cells.

        Parameters: groups, (cells,) the group of each cell, not negative.
        Returns: per group its closed rings (first point repeated last), the group always on the left hand: outer
        rings run anticlockwise, holes clockwise.
        """
        left = np.where(self.left == SEA, SEA, groups[self.left])
        right = np.where(self.right == SEA, SEA, groups[self.right])
        following: dict[int, dict[int, tuple[int, Ring]]] = {int(group): {} for group in np.unique(groups)}
        for arc in np.flatnonzero(left != right):
            start, end, points = int(self.starts[arc]), int(self.ends[arc]), self.points[arc]
            if left[arc] != SEA:
                following[int(left[arc])][start] = (end, points)
            if right[arc] != SEA:
                following[int(right[arc])][end] = (start, points[::-1])
        return {group: _chains(arcs) for group, arcs in following.items()}


def tessellate(land: Floats, sea: Floats, rng: np.random.Generator) -> Tessellation:
    """Cut the land into one cell a site.

    Parameters: land, sea: (n, 2) sites in metres; the sea sites must surround the land. rng bends the borders.
    """
    diagram = Voronoi(np.concatenate([land, sea]))
    sides = np.asarray(diagram.ridge_points, dtype=np.int64)
    ends = np.asarray(diagram.ridge_vertices, dtype=np.int64)
    wanted = (sides < len(land)).any(axis=1)
    if (ends[wanted] < 0).any():
        raise ValueError("The sea sites do not surround the land: a land cell has no end. Add sites further out.")
    sides, ends = sides[wanted], ends[wanted]
    order = np.lexsort((sides.max(axis=1), sides.min(axis=1)))
    sides, ends = sides[order], ends[order]
    first, last = diagram.vertices[ends[:, 0]], diagram.vertices[ends[:, 1]]
    on_left = _cross(last - first, diagram.points[sides[:, 0]] - first) > 0
    left, right = np.where(on_left, sides[:, 0], sides[:, 1]), np.where(on_left, sides[:, 1], sides[:, 0])
    points = _bend(first, last, diagram.points[left], diagram.points[right], rng)
    return Tessellation(
        sites=land,
        corners=np.round(diagram.vertices, 1),
        starts=ends[:, 0],
        ends=ends[:, 1],
        left=np.where(left < len(land), left, SEA),
        right=np.where(right < len(land), right, SEA),
        points=np.round(points, 1),
    )


def relax(land: Floats, sea: Floats, times: int) -> Floats:
    """Move each land site to the middle of its cell, `times` times (Lloyd): rounder cells, kinder to read on a map."""
    for _ in range(times):
        diagram = Voronoi(np.concatenate([land, sea]))
        land = np.array([_middle(diagram.vertices[diagram.regions[diagram.point_region[i]]]) for i in range(len(land))])
    return land


def ring_area(ring: Ring) -> float:
    """The area inside a closed ring in square units of its coordinates; negative where the ring runs clockwise."""
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def _cross(a: Floats, b: Floats) -> Floats:
    crossed: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return crossed


def _middle(corners: Floats) -> Floats:
    """The centre of a convex polygon's corners taken by area; corners in either order of turning."""
    following = np.roll(corners, -1, axis=0)
    weight = _cross(corners - corners[0], following - corners[0])
    triangle = (corners[0] + corners + following) / 3
    middle: Floats = (triangle * weight[:, None]).sum(axis=0) / weight.sum()
    return middle


def _bend(first: Floats, last: Floats, left: Floats, right: Floats, rng: np.random.Generator) -> Floats:
    """Arcs that wander a little between their ends, each inside the triangles described above."""
    along = last - first
    length = np.hypot(along[:, 0], along[:, 1])
    safe = np.maximum(length, 1e-9)
    sideways = np.stack([-along[:, 1], along[:, 0]], axis=1) / safe[:, None]
    slopes = np.tan(0.8 * np.minimum(_angles(first, last, left, right), STEEPEST))
    back = np.tan(0.8 * np.minimum(_angles(last, first, left, right), STEEPEST))
    height = np.minimum(np.abs(_cross(along, left - first)), np.abs(_cross(along, right - first))) / safe
    points = [first]
    for share in BENDS:
        room = np.minimum(np.minimum(share * length * slopes, (1 - share) * length * back), 0.15 * height)
        points.append(first + share * along + (rng.uniform(-1, 1, len(length)) * room)[:, None] * sideways)
    return np.stack([*points, last], axis=1)


def _angles(corner: Floats, other: Floats, left: Floats, right: Floats) -> Floats:
    """At each corner, the smaller of the angles between the arc and the directions of the sites on both sides."""
    arc = other - corner
    to_left, to_right = left - corner, right - corner
    angle_left = np.arctan2(np.abs(_cross(arc, to_left)), (arc * to_left).sum(axis=1))
    angle_right = np.arctan2(np.abs(_cross(arc, to_right)), (arc * to_right).sum(axis=1))
    smaller: Floats = np.minimum(angle_left, angle_right)
    return smaller


def _chains(following: dict[int, tuple[int, Ring]]) -> list[Ring]:
    """Closed rings from arcs that each know the vertex where they end."""
    rings = []
    while following:
        start = next(iter(following))
        at, pieces = start, []
        while True:
            at, points = following.pop(at)
            pieces.append(points[:-1])
            if at == start:
                break
        ring = np.concatenate(pieces)
        moved = np.any(ring != np.roll(ring, 1, axis=0), axis=1)
        rings.append(np.concatenate([ring[moved], ring[moved][:1]]))
    return rings
