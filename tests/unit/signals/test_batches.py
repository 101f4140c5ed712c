"""Late batches by place: what is one, and counts as they would be without it; against a slow and obvious count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from commonweal.core.errors import Refused
from commonweal.core.signals import batches
from commonweal.core.signals.batches import PlaceBatches
from commonweal.core.signals.setting import Batches

RULE = Batches(least_delay=4, least_ratio=3.0, least_cases=200, held_days=2)
PUBLISHED = [8, 9, 11, 12, 13, 14, 15, 17, 18, 19]  # of 20 days
ADDED = arrays(np.int64, (len(PUBLISHED), 2, 20), elements=st.integers(0, 6))


def cumulative(added: np.ndarray) -> np.ndarray:
    """Publications that never take back, and that know nothing of days to come."""
    known = added.copy()
    for number, on in enumerate(PUBLISHED):
        known[number, :, on + 1 :] = 0
    return np.cumsum(known, axis=0)


@pytest.mark.parametrize(
    ("added", "number"),
    [([3, 2, 4, 30], 30), ([3, 2, 4, 30, 2], 30), ([3, 2, 4, 30, 2, 1], None), ([3, 2, 4, 19], None),
     ([15, 12, 14, 30], None), ([3, 30], None), ([], None)],
)  # fmt: skip
def test_a_batch_is_many_old_cases_against_what_is_usual_and_is_held_two_days(
    added: list[float], number: float
) -> None:
    assert batches.newest_batch(added, least=20, rule=RULE) == number


@given(ADDED)
def test_old_additions_and_what_is_left_without_them_are_those_counted_one_by_one(added: np.ndarray) -> None:
    counts = cumulative(added)
    found = batches.old_additions(counts, PUBLISHED, RULE.least_delay)
    places = np.array([True, False])
    less = batches.without(counts, PUBLISHED, places, RULE)
    for place in range(2):
        for day in range(20):
            taken = 0
            for number, on in enumerate(PUBLISHED):
                if number == 0:
                    continue
                news = counts[number, place, day] - counts[number - 1, place, day]
                old = news if on - day >= 4 else 0
                assert found[number - 1, place, day] == old
                taken += old if on > 19 - 2 and place == 0 else 0
                assert less[number, place, day] == counts[number, place, day] - taken


def test_places_are_told_apart_and_one_that_joins_has_no_batch() -> None:
    counts = np.zeros((len(PUBLISHED), 3, 20), dtype=np.int64)
    counts[:, :2, 2] = 5
    counts[-1, 0, 10] = 30
    counts[-1, 2, :10] = 30
    assert batches.places_with_one(counts, PUBLISHED, 20, RULE) == [30, None, None]


def test_settings_count_against_their_own_days_before() -> None:
    row = {"late": [3, 2], "late_before": 0, "cases": [4, 2]}
    assert batches.of_setting(row, 5, RULE) == 5
    assert batches.of_setting({**row, "late_before": 7}, 5, RULE) is None
    assert batches.without_late(row)["cases"] == [1, 0]


@pytest.mark.parametrize("part", [{}, {"least_cases": 20, "neighbourhood": 0, "setting": 5}])
def test_numbers_that_are_none_are_refused(part: dict[str, int]) -> None:
    with pytest.raises(Refused, match="whole numbers of cases"):
        PlaceBatches.from_document({"batches": part})
