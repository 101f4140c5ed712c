"""What is found around an authority: what was planted, whole, once; and by chance no more than the budget allows."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from commonweal.core.errors import Refused
from commonweal.core.signals.budget import YEAR, Budget
from commonweal.core.signals.in_settings import Definition, outbreaks
from commonweal.core.signals.running import Running, advance
from commonweal.core.signals.setting import Life
from commonweal.core.signals.small_counts import clumping_of, judged, relative_risk
from commonweal.core.signals.surroundings import blocks, look_around
from tests.integration.surveillance import grids
from tests.integration.surveillance.grids import MORNING, rules

BUDGET = Budget(1.0, {"lsoa": 0.5, "poisson": 0.5})


def test_a_recurrence_interval_counts_places_and_shares_in():
    alone = float(BUDGET.recurrence("poisson", 0.001))
    assert alone == pytest.approx(500)
    assert float(BUDGET.recurrence("lsoa", 0.001, 100)) == pytest.approx(0.5 / (1 - 0.999**100))
    assert float(BUDGET.recurrence("lsoa", 1e-30, 100)) == pytest.approx(0.5e28, rel=1e-6)
    assert BUDGET.limit_days == YEAR
    assert BUDGET.limit_of("poisson") == 2 * YEAR
    with pytest.raises(Refused, match="must add up to 1"):
        Budget.from_document({"a_year": 1, "shares": {"lsoa": 0.5}})


def test_p_values_of_small_counts_are_those_of_a_negative_binomial_and_hold_in_simulations():
    rng = np.random.default_rng(4)
    people = rng.uniform(1000, 2000, 400)
    reached = np.zeros(3)
    for _ in range(100):
        risk = rng.gamma(8, 1 / 8, 400)
        past, week = rng.poisson(people / 1500 * risk * 6), rng.poisson(people / 1500 * risk)
        found = judged(week.astype(float), past.astype(float), people, 1.0)
        reached += [(found.p_value <= level).mean() for level in (0.1, 0.01, 0.001)]
    assert (reached / 100 <= np.array([0.1, 0.012, 0.0015])).all(), reached / 100
    risk, shape = relative_risk(past.astype(float), people)
    mean = people[0] * risk[0] * (week.sum() - week[0] + 0.5) / ((people * risk).sum() - people[0] * risk[0])
    spread = mean + mean**2 * (1 / shape[0] + 1 / (week.sum() - week[0] + 0.5))
    size = mean**2 / (spread - mean)
    assert found.p_value[0] == pytest.approx(stats.nbinom.sf(week[0] - 1, size, size / (size + mean)), rel=1e-4)


def test_clumps_are_told_by_the_variance_around_rows_and_columns():
    rng = np.random.default_rng(1)
    mean = rng.gamma(4, 0.2, (300, 1)) * np.array([[1.0, 2.0, 3.0, 2.0, 1.0, 1.0]])
    assert clumping_of(rng.poisson(mean).astype(float)) == pytest.approx(1.0, abs=0.12)
    assert clumping_of(2.0 * rng.poisson(mean / 2)) == pytest.approx(2.0, abs=0.3)
    assert clumping_of(np.zeros((5, 4))) == 1.0


def test_a_cluster_on_the_boundary_is_found_whole_from_either_side():
    (looked,) = look_around(blocks([grids.surroundings(1, planted=3)], rules().how)[0])
    assert looked.not_done == ()
    scans = [each for each in looked.found if each.level == "cluster"]
    heart = {f"E01{12 * row + column:06d}" for row in (3, 4) for column in (2, 3)}
    assert scans
    for each in scans:
        assert heart <= each.members
        assert each.scope == {"E06000001", "E06009999"}
        assert each.recurrence is not None
        assert each.recurrence > rules().how.budget.limit_days


def test_more_tests_at_the_same_positivity_are_no_bernoulli_cluster_and_standing_positivity_is_no_news():
    area = grids.surroundings(2, mean=1.0)
    inside = [12 * row + column for row in (5, 6) for column in (5, 6)]
    area.positives[inside, -7:] *= 3
    area.negatives[inside, -7:] *= 3
    (looked,) = look_around(blocks([area], rules().how)[0])
    assert not [each for each in looked.found if each.method == "bernoulli scan"]
    area = grids.surroundings(3, mean=1.0)
    area.positives[inside] += np.random.default_rng(5).poisson(2.0, (4, area.positives.shape[1])).astype(np.int32)
    (looked,) = look_around(blocks([area], rules().how)[0])
    assert not [each for each in looked.found if each.method == "bernoulli scan"]


@pytest.mark.parametrize("clumps", [1, 2])
def test_by_chance_alone_no_more_is_told_than_the_budget_allows(clumps: int):
    """Two years of one authority without any outbreak, looked at once a week. The budget counts each day as a look
    of its own, so that it allows a seventh of it here; tolerance: what a Poisson count with that mean (2 in 7 for two
    years) exceeds once in 200 (2 signals)."""
    how, life = rules().how, Life(3, 14, 1.25)
    rng = np.random.default_rng(clumps)
    length = 730 + how.history
    cases = clumps * rng.poisson(0.25 / clumps * rng.gamma(10, 0.1, (100, 1)), (100, length))
    told: list[Running] = []
    for end in range(how.history, length, 7):
        window = cases[:, end - how.history : end]
        area = grids.surroundings(7, side=10, inner=(2, 8), counts=window, morning=MORNING + timedelta(days=end))
        (looked,) = look_around(blocks([area], how)[0])
        advance(told, looked.found, area.morning, life, next_number=len(told) + 1, whole=True)
    assert len(told) <= stats.poisson.isf(0.005, 2 / 7)


def test_settings_meet_their_definition_by_linked_cases_within_days():
    rule = {"care_home": Definition(2, 14), "school": Definition(2, 14)}
    home = {"setting_type": "care_home", "setting_id": "H", "scope": ["A", "A"], "small": ["a1", "a1"],
            "days": [MORNING - timedelta(days=13), MORNING], "cases": [1, 1]}  # fmt: skip
    (each,) = outbreaks([home], rule, MORNING)
    assert (each.setting, each.observed, each.members, each.kind) == ("care_home:H", 2.0, {"a1"}, "setting")
    late = {**home, "days": [MORNING - timedelta(days=14), MORNING]}
    assert outbreaks([late], rule, MORNING) == []
    school = {"setting_type": "school", "setting_id": "S", "scope": ["A", "B", "B"], "small": ["a1", "b1", "b2"],
              "days": [MORNING] * 3, "cases": [1, 1, 1]}  # fmt: skip
    (each,) = outbreaks([school], rule, MORNING)
    assert (each.scope, each.members) == ({"A", "B"}, frozenset()), "where pupils live is not where the school is"
