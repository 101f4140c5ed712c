"""Middle-area totals leave what was published by the least possible: proved against an integer programme."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from commonweal.synthetic.leicester.history import capped_shares
from commonweal.synthetic.leicester.reconcile import capped_draw, lay_out, row_totals

intervals = st.lists(
    st.one_of(st.just((0, 2)), st.integers(3, 9).map(lambda n: (n, n))), min_size=1, max_size=5
)  # suppressed, or published
week = st.lists(st.integers(0, 8), min_size=2, max_size=7)


def least_miss(low: list[int], high: list[int], days: list[int]) -> int:
    """The whole transport problem: cells x[i, d] >= 0 with the days' totals, minimising the sum of |row - interval|."""
    areas, count = len(low), len(days)
    cells = areas * count
    cost = np.concatenate([np.zeros(cells), np.ones(2 * areas)])  # below[i], above[i]
    by_day = np.zeros((count, len(cost)))
    by_area = np.zeros((areas, len(cost)))
    for i in range(areas):
        for d in range(count):
            by_day[d, i * count + d] = 1
            by_area[i, i * count + d] = 1
    lower, upper = by_area.copy(), by_area.copy()
    lower[:, cells : cells + areas] = np.eye(areas)
    upper[:, cells + areas :] = -np.eye(areas)
    rules = [
        LinearConstraint(by_day, days, days),
        LinearConstraint(lower, low, np.inf),
        LinearConstraint(upper, -np.inf, high),
    ]
    solved = milp(cost, constraints=rules, integrality=np.ones(len(cost)))
    assert solved.success
    return round(solved.fun)


@settings(deadline=None, max_examples=40)
@given(areas=intervals, days=week, seed=st.integers(0, 1000))
def test_row_totals_miss_by_the_least_of_the_integer_programme(
    areas: list[tuple[int, int]], days: list[int], seed: int
) -> None:
    low, high = np.array([a for a, _ in areas]), np.array([b for _, b in areas])
    rng = np.random.default_rng(seed)
    rows = row_totals(rng, low, high, sum(days), np.ones(len(areas)))
    table = lay_out(rng, rows, np.array(days))
    assert table.sum(axis=0).tolist() == days
    assert (table >= 0).all()
    missed = np.maximum(low - rows, 0).sum() + np.maximum(rows - high, 0).sum()
    assert missed == least_miss(low.tolist(), high.tolist(), days)


def test_units_go_first_to_the_likelier_area() -> None:
    rng = np.random.default_rng(1)
    drawn = capped_draw(rng, np.array([1e-9, 1.0, 1e-9]), np.array([2, 2, 2]), 2)
    assert drawn.tolist() == [0, 2, 0]


@settings(deadline=None)
@given(caps=st.lists(st.integers(0, 5), min_size=1, max_size=6), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_shares_and_draws_fill_the_total_and_respect_the_caps(caps: list[int], share: float, seed: int) -> None:
    total = int(sum(caps) * share)
    weights = np.random.default_rng(seed).random(len(caps))
    for given_out in (
        capped_shares(weights, np.array(caps), total),
        capped_draw(np.random.default_rng(seed), weights, np.array(caps), total),
    ):
        assert given_out.sum() == total
        assert (given_out <= np.array(caps)).all()


def test_shares_follow_the_weights() -> None:
    assert capped_shares(np.array([6.0, 3.0, 1.0]), np.array([99, 99, 99]), 10).tolist() == [6, 3, 1]


def test_what_cannot_be_is_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="add up to"):
        lay_out(rng, np.array([1]), np.array([2]))
    with pytest.raises(ValueError, match="caps"):
        capped_draw(rng, np.ones(1), np.array([1]), 2)
    with pytest.raises(ValueError, match="caps"):
        capped_shares(np.ones(1), np.array([1]), 2)
