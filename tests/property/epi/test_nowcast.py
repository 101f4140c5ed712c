"""The pooled nowcast, its parts against slow and obvious versions, its intervals against truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from commonweal.core.epi.nowcast import event_level, hazards, scoring
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.nowcast.reverse_hazard import _fill, reverse_hazard
from commonweal.core.epi.nowcast.triangle import from_publications, masked
from commonweal.core.epi.series import late_batches
from commonweal.core.errors import Refused


def reported_city(
    seed: int, areas: int = 40, days: int = 60, delays: int = 9, size: float = 2.5
) -> tuple[np.ndarray, np.ndarray]:
    """Counts `[area, day, delay]` and their sums: weekday effects, areas that are slower, a drift."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(size, 0.6, (areas, 1)) * np.exp(np.cumsum(rng.normal(0, 0.05, (1, days)), axis=1))
    weekday = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.8, 0.7])[np.arange(days) % 7]
    final = rng.negative_binomial(10, 10 / (10 + level * weekday))
    report = np.arange(days)[:, None] + np.arange(delays)[None, :]
    eta = 1.5 - 0.9 * np.arange(delays) + np.array([0.2, 0.2, 0, 0, 0, -0.3, -0.4])[report % 7]
    eta = eta[None] + 0.3 * np.sin(report / 20) + rng.normal(0, 0.2, (areas, 1, 1))
    count, left = np.zeros((areas, days, delays)), final.copy()
    for d in range(delays - 1, 0, -1):
        count[:, :, d] = rng.binomial(left, special.expit(eta[:, :, d]))
        left = left - count[:, :, d].astype(int)
    count[:, :, 0] = left
    return count, final


def test_ninety_per_cent_intervals_hold_the_truth_nine_times_in_ten():
    scores = []
    for seed in range(6):
        count, final = reported_city(seed)
        nowcast = reverse_hazard(masked(count, first_event=0, now=59))
        scores.append(scoring.score(nowcast, final[:, nowcast.event]))
    total = scoring.pooled(scores)
    near = (total.horizon >= 1) & (total.horizon <= 5)
    assert np.abs(total.fair_coverage[near] - 0.9).max() < 0.05
    assert (np.abs(total.bias[near]) < 1.0).all()


def test_it_beats_counts_as_reported_and_a_nowcast_of_each_small_area_alone():
    of_all, of_each, as_reported = [], [], []
    for seed in range(3):
        count, final = reported_city(seed, size=1.0)
        together = reverse_hazard(masked(count, first_event=0, now=59))
        truth = final[:, together.event]
        of_all.append(scoring.crps(together.probability[:6], truth[:6])[:, -3:].mean())
        for a in range(6):
            alone = reverse_hazard(masked(count[a], first_event=0, now=59))
            of_each.append(scoring.crps(alone.probability, truth[[a]])[:, -3:].mean())
        as_reported.append(np.abs(together.reported - truth)[:6, -3:].mean())
    assert np.mean(of_all) < np.mean(of_each) < np.mean(as_reported)


def test_a_batch_that_is_flagged_teaches_nothing():
    count, _ = reported_city(3)
    held = count.copy()
    # what was reported on steps 50-53 at delays above 1 comes in one go on step 54
    for t in range(46, 53):
        for d in range(2, 9):
            if 50 <= t + d <= 53 and 54 - t < 9:
                held[:, t, 54 - t] += held[:, t, d]
                held[:, t, d] = 0
    plain = reverse_hazard(masked(count, first_event=0, now=59))
    told = reverse_hazard(
        masked(held, first_event=0, now=59), unusual_reports=range(50, 55), unusual_events=range(46, 53)
    )
    untold = reverse_hazard(masked(held, first_event=0, now=59))

    def off(nowcast: Nowcast) -> float:
        return float(np.abs(np.log(nowcast.completeness[:, -4:] / plain.completeness[:, -4:])).mean())

    assert off(told) < off(untold)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_the_ridge_fit_is_at_the_top_of_its_objective(seed: int):
    rng = np.random.default_rng(seed)
    delays, rows = 3, 60
    delay, weekday = rng.integers(0, delays, rows), rng.integers(0, 7, rows)
    age = rng.uniform(0, 30, rows)
    column, value, penalty = hazards._design(delay, weekday, age, delays)
    total = rng.integers(1, 40, rows).astype(float)
    n = rng.binomial(total.astype(int), 0.3).astype(float)
    weight = rng.uniform(0.2, 1.0, rows)
    beta = np.zeros(penalty.size)
    hazards._ridge(column, value, penalty, n, total, weight, beta)

    design = np.zeros((rows, penalty.size))
    for i in range(rows):
        for a in range(5):
            design[i, column[i, a]] += value[i, a]

    def loss(b: np.ndarray) -> float:
        eta = design @ b
        return float(-(weight * (n * eta - total * np.logaddexp(0, eta))).sum() + 0.5 * (penalty * b**2).sum())

    slow = optimize.minimize(loss, np.zeros(penalty.size), method="BFGS")
    assert loss(beta) <= slow.fun + 1e-5
    assert np.allclose(design @ beta, design @ slow.x, atol=2e-2)


def test_area_shifts_are_posterior_modes():
    rng = np.random.default_rng(4)
    at_risk = rng.integers(0, 30, (5, 12, 3)).astype(float)
    p = rng.uniform(0.1, 0.6, (12, 3))
    added = rng.binomial(at_risk.astype(int), np.clip(p * np.array([0.6, 0.8, 1, 1.2, 1.5])[:, None, None], 0, 1))
    weight = rng.uniform(0.3, 1.0, (12, 3))
    shift = np.zeros((5, 3))
    hazards._areas(added.astype(float), at_risk, p, weight, shift)
    for d in range(3):
        n, expected = (weight[:, d] * added[:, :, d]).sum(1), (weight[:, d] * at_risk[:, :, d] * p[:, d]).sum(1)
        spread = at_risk[:, :, d] * p[:, d] * (1 - p[:, d])
        noise, information = (weight[:, d] ** 2 * spread).sum(1), (weight[:, d] * spread).sum(1)
        variance = np.clip(((n - expected) ** 2 - noise).sum() / (information**2).sum(), 1e-6, 1.0)
        for a in range(5):

            def slope(u: float, a: int = a, d: int = d, n: np.ndarray = n, variance: float = variance) -> float:
                q = special.expit(special.logit(p[:, d]) + u)
                return float(n[a] - (weight[:, d] * at_risk[a, :, d] * q).sum() - u / variance)

            assert shift[a, d] == pytest.approx(optimize.brentq(slope, -10, 10), abs=1e-3)


def test_small_systems_are_solved():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(7, 7))
    matrix, vector = root @ root.T + np.eye(7), rng.normal(size=7)
    answer = vector.copy()
    hazards._solve(matrix.copy(), answer)
    assert np.allclose(answer, np.linalg.solve(matrix, vector))


def test_distributions_are_withdrawals_plus_additions():
    reported, mean, size, lost = np.array([[6.0]]), np.array([[3.0]]), np.array([[2.5]]), np.array([0.05])
    out = np.zeros((1, 1, 200))
    _fill(out, reported, mean, size, lost)
    kept = stats.binom.pmf(np.arange(7), 6, 0.95)
    more = stats.nbinom.pmf(np.arange(200), 2.5, 2.5 / 5.5)
    assert np.allclose(out[0, 0], np.convolve(kept, more)[:200], atol=1e-10)


def test_the_level_filter_follows_a_steady_count():
    reported = np.full((1, 60), 20.0)
    level = event_level.filtered(reported, np.ones((1, 60)), np.ones(60), np.zeros(1), 0.9)
    assert level.shape[0, -1] / level.rate[0, -1] == pytest.approx(20.0, rel=0.01)
    # the effective number of steps is 1/(1 - discount), less the one that is not in yet
    assert level.shape[0, -1] == pytest.approx(20 * 0.9 / 0.1, rel=0.02)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=12), st.integers(0, 15), st.floats(0.5, 0.95))
def test_scores_are_what_they_say(weights: list[float], truth: int, level: float):
    p = np.array(weights) / sum(weights)
    k = np.arange(p.size)
    pairs = (p[:, None] * p[None, :] * np.abs(k[:, None] - k[None, :])).sum()
    by_energy = (p * np.abs(k - truth)).sum() - pairs / 2
    assert scoring.crps(p[None], [truth])[0] == pytest.approx(by_energy, abs=1e-9)

    # 400,001 randomised ends instead of the overlap
    below = p[:truth].sum()
    mass = p[truth] if truth < p.size else 0.0
    u = below + mass * (np.arange(40_001) + 0.5) / 40_001
    held = ((u >= (1 - level) / 2) & (u <= (1 + level) / 2)).mean() if truth < p.size else 0.0
    assert scoring.fair_cover(p[None], [truth], level)[0] == pytest.approx(held, abs=1e-3)


def test_the_weighted_interval_score_of_an_example():
    ends = np.array([[[8.0, 12.0], [5.0, 15.0]]])
    # |14-10|/2 + 0.25 x 4 + 2 + 0.05 x 10, over 2.5
    assert scoring.weighted_interval_score(ends, [0.5, 0.9], [10.0], [14.0])[0] == pytest.approx(5.5 / 2.5)


def test_an_interval_of_small_counts_is_the_one_closest_to_its_level():
    p = np.array([[[0.06, 0.85, 0.06, 0.03]]])
    interval = Nowcast(np.array([0]), np.zeros((1, 1)), np.zeros((1, 1)), p).interval(0.9)[0, 0]
    # 0..2 holds 0.97, 0..1 and 1..2 hold 0.91, 1 alone 0.85
    assert p[0, 0, int(interval[0]) : int(interval[1]) + 1].sum() == pytest.approx(0.91)


def test_publications_become_changes():
    nan = np.nan
    # events 0..2, publications 1..4; publication 3 was missed; one case is withdrawn by publication 4
    table = np.array([[[5, 6, nan, 5], [nan, 2, nan, 7], [nan, nan, nan, 4], [nan, nan, nan, nan]]], dtype=float)
    padded = np.concatenate([table, np.full((1, 1, 4), nan)], axis=1)
    triangle = from_publications(padded, first_event=0, first_publication=1, now=4, max_delay=3)
    assert triangle.first_event == 1
    assert triangle.count[0, 0].tolist() == [0, 2, 0, 5]
    assert triangle.count[0, 1].tolist()[:3] == [0, 0, 4]
    assert np.isnan(triangle.count[0, 1, 3])


def test_late_batches_and_the_days_that_were_held_back():
    rng = np.random.default_rng(5)
    added = rng.poisson(np.array([0, 50, 30, 12, 8, 6, 4, 3]), (12, 40, 8)).astype(float)
    late = added[:, 20:23, 5:].copy()
    added[:, 20:23, 5:] = 0
    added[:, 23, 5:] += 2 * late.sum(axis=1)
    found = late_batches(added)
    assert np.flatnonzero(found.flagged).tolist() == [23]
    assert np.flatnonzero(found.held_back).tolist() == [20, 21, 22]


def test_short_history_and_wrong_weekdays_are_refused():
    count, _ = reported_city(0, areas=2, days=15)
    with pytest.raises(Refused, match="15 event steps; this method needs at least 21"):
        reverse_hazard(masked(count, first_event=0, now=14))
    count, _ = reported_city(0, areas=2, days=30)
    with pytest.raises(Refused, match=r"first_weekday is 7; pass 0 \(Monday\)"):
        reverse_hazard(masked(count, first_event=0, now=29), first_weekday=7)


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 40))
def test_the_filter_takes_the_steps_it_states(seed: int, areas: int, events: int) -> None:
    rng = np.random.default_rng(seed)
    reported = rng.poisson(rng.choice([0.2, 5, 400], (areas, 1)), (areas, events)).astype(float)
    share, factor = rng.uniform(0.0, 1.0, (areas, events)), rng.uniform(0.5, 1.5, events)
    slope, discount = rng.normal(0, 0.05, areas), float(rng.uniform(0.5, 0.99))
    found = event_level.filtered(reported, share, factor, slope, discount)
    start = min(7, events)
    shape = np.ones(areas)
    usual = (reported[:, :start].sum(axis=1) + 0.5) / ((share[:, :start] * factor[:start]).sum(axis=1) + 1e-9)
    rate = shape / np.maximum(usual, 1e-3)
    for t in range(events):
        kept, mean = np.maximum(discount * shape, 0.5), np.maximum(shape / rate * np.exp(slope), 1e-3)
        np.testing.assert_array_equal(found.shape[:, t], kept)
        np.testing.assert_array_equal(found.rate[:, t], kept / mean)
        shape, rate = kept + reported[:, t], kept / mean + share[:, t] * factor[t]
