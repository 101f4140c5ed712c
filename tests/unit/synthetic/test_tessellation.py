"""The cells fill the plane without gaps or overlaps, at every level, whatever the sites."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.synthetic.geojson import contains
from commonweal.synthetic.regions import bisect, join_strays, pieces
from commonweal.synthetic.tessellation import SEA, Tessellation, relax, ring_area, tessellate
from commonweal.synthetic.world import World


def some_cells(seed: int, count: int) -> Tessellation:
    rng = np.random.default_rng(seed)
    angle = np.arange(40) * 2 * np.pi / 40
    sea = np.concatenate([r * np.stack([np.cos(angle), np.sin(angle)], axis=1) for r in (1_500.0, 9_000.0)])
    land = rng.uniform(-700, 700, (count, 2))
    return tessellate(land, sea + rng.uniform(-5, 5, sea.shape), rng)


def area(tiles: Tessellation, groups: np.ndarray) -> float:
    return sum(ring_area(ring) for rings in tiles.rings(groups).values() for ring in rings)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 60))
def test_areas_of_cells_groups_and_the_whole_are_equal(seed: int, count: int) -> None:
    tiles = some_cells(seed, count)
    cells = np.arange(count)
    whole = area(tiles, np.zeros(count, dtype=np.int64))
    assert whole > 0
    assert area(tiles, cells) == pytest.approx(whole, rel=1e-9)
    assert area(tiles, cells % 3) == pytest.approx(whole, rel=1e-9)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 40))
def test_every_point_lies_in_exactly_one_cell(seed: int, count: int) -> None:
    tiles = some_cells(seed, count)
    rings = tiles.rings(np.arange(count))
    coast = tiles.rings(np.zeros(count, dtype=np.int64))[0]
    for point in np.random.default_rng(seed).uniform(-900, 900, (60, 2)) + 0.03:
        inside = sum(contains(ring, point) for cell in rings.values() for ring in cell)
        assert inside == int(sum(contains(ring, point) for ring in coast) % 2)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 40))
def test_each_cell_holds_its_site_and_is_one_ring(seed: int, count: int) -> None:
    tiles = some_cells(seed, count)
    for cell, rings in tiles.rings(np.arange(count)).items():
        assert len(rings) == 1
        assert (rings[0][0] == rings[0][-1]).all()
        assert ring_area(rings[0]) > 0
        assert contains(rings[0], tiles.sites[cell])


def test_neighbours_share_their_border_point_for_point() -> None:
    tiles = some_cells(3, 30)
    rings = tiles.rings(np.arange(30))
    for a, b in tiles.neighbours():
        shared = {tuple(p) for p in rings[int(a)][0]} & {tuple(p) for p in rings[int(b)][0]}
        assert len(shared) >= 2


def test_sea_sites_that_do_not_surround_the_land_are_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="surround"):
        tessellate(rng.uniform(0, 1, (5, 2)), rng.uniform(2, 3, (3, 2)), rng)


def test_relaxing_moves_sites_to_the_middle_of_square_cells() -> None:
    grid = np.array([[x, y] for x in range(5) for y in range(5)], dtype=float)
    sea = np.array(
        [[x, y] for x in (-1, 5) for y in range(-1, 6)] + [[x, y] for x in range(5) for y in (-1, 5)], dtype=float
    )
    far = np.array([[-90, -90], [95, -90], [-90, 95], [95, 95]], dtype=float)
    assert relax(grid, np.concatenate([sea, far]), 1) == pytest.approx(grid)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(8, 80), parts=st.integers(1, 8))
def test_groups_are_in_one_piece_and_of_like_size(seed: int, count: int, parts: int) -> None:
    tiles = some_cells(seed, count)
    pairs = tiles.neighbours()
    groups = bisect(tiles.sites, pairs, parts, turn=0.4)
    found, _ = pieces(groups, pairs)
    whole, _ = pieces(np.zeros(count, dtype=np.int64), pairs)
    assert found - (whole - 1) <= len(np.unique(groups)) <= parts
    assert np.bincount(groups).max() <= 2 * count / parts + 3


def test_a_cell_cut_off_joins_the_group_around_it() -> None:
    pairs = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    assert join_strays(np.array([0, 0, 1, 0, 0]), pairs).tolist() in ([0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 0, 0])


def test_the_county_has_one_piece_an_area_at_every_level(world: World) -> None:
    layout = world.geography.layout
    pairs = layout.cells.neighbours()
    for groups in (layout.district, layout.middle, layout.ward):
        assert pieces(groups, pairs)[0] == len(np.unique(groups))
    upper = layout.cells.rings((layout.district > 0).astype(np.int64))
    assert len(upper[0]) == 1  # the city: no hole
    assert sorted(np.sign([ring_area(ring) for ring in upper[1]])) == [-1, 1]  # the county around it: one hole


def test_the_river_runs_along_borders_from_coast_to_coast(world: World) -> None:
    layout = world.geography.layout
    tiles = layout.cells
    inner = (tiles.left != SEA) & (tiles.right != SEA)
    borders = {tuple(p) for p in tiles.points[inner].reshape(-1, 2)}
    coast = {tuple(p) for p in tiles.points[~inner].reshape(-1, 2)}
    assert all(tuple(p) in borders for p in layout.river)
    assert tuple(layout.river[0]) in coast
    assert tuple(layout.river[-1]) in coast
