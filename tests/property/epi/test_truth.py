"""Truth is recovered: who infected whom, cases given tests, planted steps and batches, planted causes."""

from __future__ import annotations

import numpy as np

from commonweal.core.epi.chains import backward_candidates, common_exposures, links
from commonweal.core.epi.decomposition import CAUSES, split_change
from commonweal.core.epi.reproduction.serial_interval import discretised
from commonweal.core.epi.series import shared_breaks
from commonweal.core.epi.testing import cases_given_tests, surge_or_spread

WEIGHTS = discretised(4.0, 1.5, 10) / discretised(4.0, 1.5, 10).sum()


def tree(seed: int, cases: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Onset days, true infectors (-1: from outside) and places; the infected live near their infectors."""
    rng = np.random.default_rng(seed)
    onset, infector, point = [0], [-1], [rng.uniform(0, 20, 2)]
    for _ in range(cases - 1):
        if rng.random() < 0.1:
            onset.append(int(rng.integers(0, 30)))
            infector.append(-1)
            point.append(rng.uniform(0, 20, 2))
            continue
        source = int(rng.integers(len(onset)))
        onset.append(onset[source] + int(rng.choice(WEIGHTS.size, p=WEIGHTS)))
        infector.append(source)
        point.append(point[source] + rng.normal(0, 0.5, 2))
    return np.array(onset), np.array(infector), np.array(point)


def test_the_true_infector_has_the_probability_it_is_given():
    stated, right, found_first = [], [], []
    for seed in range(12):
        onset, infector, point = tree(seed)
        found = links(onset, WEIGHTS, points=point, distance_scale=0.5, outside_weight=0.002)
        stated += found.weight.tolist()
        right += (infector[found.infectee] == found.infector).tolist()
        for case in np.flatnonzero(infector >= 0)[:40]:
            candidates, _ = backward_candidates(found, int(case), most=3)
            found_first.append(infector[case] in candidates)
    strong = np.array(stated) > 0.5
    assert np.mean(np.array(right)[strong]) > 0.5
    assert abs(np.mean(stated) - np.mean(right)) < 0.3 * np.mean(right)
    assert np.mean(found_first) > 0.6


def test_evidence_of_a_contact_moves_the_probability():
    onset = np.array([0, 0, 4])
    plain = links(onset, WEIGHTS)
    told = links(onset, WEIGHTS, evidence=([2], [1], [10.0]))
    weight = {(int(i), int(j)): w for i, j, w in zip(told.infectee, told.infector, told.weight, strict=True)}
    assert plain.weight[0] == plain.weight[1]
    assert weight[2, 1] / weight[2, 0] == 10


def test_a_shared_setting_stands_out_and_ordinary_ones_do_not():
    rng = np.random.default_rng(4)
    settings = 30
    usual = rng.uniform(0.02, 0.3, settings)
    onset = rng.integers(20, 40, 40)
    who, where, when = [], [], []
    for case in range(40):
        visited = set(np.flatnonzero(rng.random(settings) < usual)) | ({7} if case < 15 else set())
        for setting in visited:
            who.append(case)
            where.append(setting)
            when.append(onset[case] - int(rng.integers(1, 15)))
    found = common_exposures(onset, (who, where, when), usual)
    assert np.flatnonzero(found.adjusted < 0.01).tolist() == [7]


def test_beta_is_recovered_and_its_interval_is_honest():
    rng = np.random.default_rng(6)
    inside = []
    for _ in range(60):
        tests = rng.integers(200, 3000, (12, 30)).astype(float)
        level = rng.lognormal(-2, 0.3, (12, 1))
        cases = rng.poisson(np.minimum(level * tests**0.7, tests))
        found = cases_given_tests(cases, tests)
        inside.append(found.beta_lower <= 0.7 <= found.beta_upper)
    assert abs(found.beta - 0.7) < 0.05
    assert np.mean(inside) >= 0.85


def test_three_times_the_tests_is_no_alarm_and_twice_the_positivity_is():
    rng = np.random.default_rng(2)
    tests = rng.integers(300, 900, (20, 40)).astype(float)
    tests[3, -1] *= 3
    share = np.full((20, 40), 0.05)
    share[8, -1] = 0.12
    cases = rng.binomial(tests.astype(int), share).astype(float)
    given = cases_given_tests(cases, tests, baseline=slice(0, 39))
    count_p = np.ones(20)
    count_p[[3, 8]] = 1e-4  # both counts are far above their usual ones
    verdict = surge_or_spread(count_p, given.p_value[:, -1])
    assert verdict[3] == 1
    assert verdict[8] == 2


def test_a_step_shared_by_areas_is_found_and_growth_is_not():
    rng = np.random.default_rng(5)
    days = np.arange(90)
    mean = rng.lognormal(3, 0.4, (40, 1)) * np.exp(0.02 * days) * np.where(days >= 50, 1.6, 1.0)
    found = shared_breaks(rng.poisson(mean))
    assert np.flatnonzero(found.flagged).tolist() == [50]
    assert abs(found.step[50] - np.log(1.6)) < 0.1
    growth = shared_breaks(rng.poisson(rng.lognormal(3, 0.4, (40, 1)) * np.exp(0.05 * days)))
    assert not growth.flagged.any()


def test_planted_causes_get_their_share_inside_their_limits():
    rng = np.random.default_rng(7)
    held = []
    for _ in range(40):
        tests = rng.integers(2_000, 6_000, 10).astype(float)
        risk = rng.uniform(0.02, 0.15, 10)
        after = np.floor(tests * 1.5)
        cases = (rng.binomial(tests.astype(int), risk), rng.binomial(after.astype(int), risk * 1.3))
        split = split_change(cases, (tests, after), draws=300, seed=1)
        # the planted split of the expected counts
        truth = split_change((np.round(tests * risk), np.round(after * risk * 1.3)), (tests, after)).total
        k = CAUSES.index("positivity")
        held.append(split.total_lower[k] <= truth[k] <= split.total_upper[k])
    assert np.mean(held) >= 0.85
