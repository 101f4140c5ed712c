"""Neighbours found fast against a slow, obvious search."""

import itertools
import math

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.places.neighbours import nearest, on_sphere, touching

METRE = 1 / 111_195


@st.composite
def outlines(draw):
    """A few triangles near each other, corners on a grid of 4 m so that gaps of all sizes come up."""
    count = draw(st.integers(2, 5))
    made = {}
    for index in range(count):
        corners = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=3, unique=True))
        shift = draw(st.integers(0, 3)) * 90
        points = np.array([*corners, corners[0]], dtype=float) * 4 + [shift, 0]
        made[f"a{index}"] = [np.array([-1.1, 52.6]) + points * [METRE / math.cos(math.radians(52.6)), METRE]]
    return made


def slow_gap(one, other) -> float:
    """Smallest distance from a vertex of either to a side of the other, point by point."""
    return min(_vertex_to_sides(one, other), _vertex_to_sides(other, one))


def _vertex_to_sides(points, sides) -> float:
    best = math.inf
    corners = on_sphere(sides[0])
    for p in on_sphere(points[0])[:-1]:
        for a, b in itertools.pairwise(corners):
            squared = float((b - a) @ (b - a))
            t = max(0.0, min(1.0, float((p - a) @ (b - a)) / squared)) if squared else 0.0
            best = min(best, float(np.linalg.norm(p - (a + t * (b - a)))))
    return best


@given(outlines())
@settings(max_examples=60, deadline=None)
def test_touching_is_what_the_slow_search_finds(shapes):
    found = {(row[0], row[1]): row[2] for row in touching(shapes).rows()}
    for one, other in itertools.permutations(shapes, 2):
        gap = slow_gap(shapes[one], shapes[other])
        if abs(gap - 10.0) > 0.01:  # at the limit itself rounding decides
            assert ((one, other) in found) == (gap < 10.0)
        if (one, other) in found:
            assert abs(found[one, other] - gap) <= 0.06


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=0, max_size=25),
    st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_nearest_is_what_sorting_all_distances_gives(points, how_many):
    codes = [f"c{i}" for i in range(len(points))]
    east, north = np.array([p[0] for p in points], float), np.array([p[1] for p in points], float)
    expected = set()
    for i, a in enumerate(points):
        distances = sorted(math.dist(a, b) for j, b in enumerate(points) if j != i)
        if distances:
            limit = distances[min(how_many, len(distances)) - 1]
            for j, b in enumerate(points):
                if j != i and math.dist(a, b) <= limit * (1 + 1e-9):
                    expected |= {(codes[i], codes[j]), (codes[j], codes[i])}
    found = nearest(codes, east, north, how_many)
    assert set(found.select("code", "neighbour").rows()) == expected
    assert found.filter(pl.col("code") == pl.col("neighbour")).height == 0
