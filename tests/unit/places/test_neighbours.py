"""Neighbours by touching outlines and by distance."""

import numpy as np
import pytest

from commonweal.core.places.neighbours import EARTH_RADIUS_M, nearest, on_sphere, touching

METRE = 1 / 111_195  # of latitude, in degrees


def box(west: float, south: float, east: float, north: float) -> list[np.ndarray]:
    """A closed box; sides in metres from a corner at 52.6 N, 1.1 W."""
    scale = np.array([METRE / np.cos(np.radians(52.6)), METRE])
    corners = np.array([(west, south), (east, south), (east, north), (west, north), (west, south)], dtype=float)
    return [np.array([-1.1, 52.6]) + corners * scale]


def pairs(outlines, **options) -> set[tuple[str, str]]:
    return set(touching(outlines, **options).select("code", "neighbour").rows())


def both(*names: tuple[str, str]) -> set[tuple[str, str]]:
    return {*names, *((b, a) for a, b in names)}


def test_a_shared_side_and_a_shared_corner_touch():
    outlines = {
        "a": box(0, 0, 100, 100),
        "b": box(100, 0, 200, 100),
        "c": box(200, 100, 300, 200),
        "d": box(500, 0, 600, 100),
    }
    assert pairs(outlines) == both(("a", "b"), ("b", "c"))


@pytest.mark.parametrize(("gap", "touch"), [(0, True), (9, True), (11, False), (60, False)])
def test_a_gap_counts_up_to_ten_metres(gap, touch):
    found = touching({"a": box(0, 0, 100, 100), "b": box(100 + gap, 0, 200, 100)})
    assert (found.height == 2) is touch
    if touch:
        assert found["metres"].to_list() == pytest.approx([gap, gap], abs=0.1)


def test_a_corner_against_the_middle_of_a_long_side_touches():
    """No vertex of the long side is near; and the side is longer than the pieces that are searched."""
    assert pairs({"long": box(-3000, 0, 3000, 100), "corner": box(0, 105, 50, 200)}) == both(("corner", "long"))


def test_a_hole_touches_what_fills_it():
    inner = box(40, 40, 60, 60)
    assert pairs({"ring": [*box(0, 0, 100, 100), *inner], "core": inner}) == both(("core", "ring"))


def test_no_area_is_its_own_neighbour_and_none_is_fine():
    assert touching({}).height == 0
    assert touching({"a": [*box(0, 0, 50, 50), *box(52, 0, 90, 50)]}).height == 0


def test_nearest_is_mutual_and_takes_ties():
    east, north = np.array([0.0, 10.0, -10.0, 200.0]), np.zeros(4)
    found = nearest(["m", "e", "w", "far"], east, north, how_many=1)
    assert set(found.rows()) == {
        ("m", "e", 10.0),
        ("e", "m", 10.0),
        ("m", "w", 10.0),
        ("w", "m", 10.0),
        ("far", "e", 190.0),
        ("e", "far", 190.0),
    }


def test_nearest_of_one_or_none():
    assert nearest(["a"], np.array([0.0]), np.array([0.0])).height == 0
    assert nearest([], np.array([]), np.array([])).height == 0


def test_distances_on_the_sphere():
    points = on_sphere(np.array([[0.0, 0.0], [0.0, 1.0]]))
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(np.pi / 180 * EARTH_RADIUS_M, rel=1e-4)
