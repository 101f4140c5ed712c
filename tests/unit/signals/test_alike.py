"""Places alike, and what days were expected to count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.signals.alike import Traits, expected, most_alike


def test_the_nearest_in_every_trait_comes_first() -> None:
    traits = {
        "here": Traits(8_000, 2.0, 0.15),
        "twin": Traits(8_100, 2.1, 0.15),
        "rich": Traits(8_000, 9.5, 0.15),
        "old": Traits(8_000, 2.0, 0.45),
        "nobody": Traits(0, 2.0, 0.15),
    }
    found = most_alike("here", traits, 3)
    assert found[0] == "twin"
    assert set(found) == {"twin", "rich", "old"}
    assert most_alike("here", traits, 1, without={"twin"}) == ("old",)
    assert most_alike("nobody", traits, 3) == ()
    assert most_alike("elsewhere", traits, 3) == ()


def test_a_trait_that_one_place_lacks_is_left_out_for_all() -> None:
    traits = {
        "here": Traits(8_000, None, 0.2), "near": Traits(8_100, 9.0, 0.2), "far": Traits(20_000, 2.0, 0.2)
    }  # fmt: skip
    assert most_alike("here", traits, 2) == ("near", "far")


@given(st.lists(st.integers(0, 60), min_size=14, max_size=28))
def test_the_band_holds_its_mean_and_most_of_its_days(before: list[int]) -> None:
    found = expected(before)
    assert found is not None
    assert found.mean == pytest.approx(np.mean(before))
    assert 0 <= found.low <= found.high
    assert found.low <= found.mean + 1
    if sum(before):
        assert found.high >= found.mean - 1


def test_the_band_is_that_of_poisson_days_where_they_vary_no_more() -> None:
    rng = np.random.default_rng(8)
    inside = total = 0
    for _ in range(60):
        days = rng.poisson(12, 29)
        found = expected([int(n) for n in days[:28]])
        assert found is not None
        inside += found.low <= days[28] <= found.high
        total += 1
    assert inside / total > 0.85
    assert expected([3] * 13) is None
