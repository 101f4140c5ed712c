"""The fast scan against an obvious one that looks at every window, on generated data."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.epi.scan import geometry, prepare, significance
from commonweal.core.epi.scan.analysis import Inference, null_maxima, run
from commonweal.core.epi.scan.maxima import exact_maxima, maxima
from commonweal.core.epi.scan.randomise import Cases, Null, draw
from commonweal.core.errors import Refused

PERIODS = ("prospective", "retrospective", "spatial")


def slow_ratio(model: str, c: float, s: float, cases: float, size: float) -> float:
    """The textbook formula, written out."""

    def xlog(x: float, ratio: float) -> float:
        return x * math.log(ratio) if x > 0 else 0.0

    if model == "expected_based":
        return xlog(c, c / s) + s - c
    if model == "bernoulli":
        inside = xlog(c, c / s) + xlog(s - c, (s - c) / s)
        out_c, out_s = cases - c, size - s
        outside = xlog(out_c, out_c / out_s) + xlog(out_s - out_c, (out_s - out_c) / out_s) if out_s > 0 else 0.0
        return inside + outside - xlog(cases, cases / size) - xlog(size - cases, (size - cases) / size)
    e = s * cases / size
    return xlog(c, c / e) + (xlog(cases - c, (cases - c) / (cases - e)) if cases > e else 0.0)


def slow_maximum(model: str, count: np.ndarray, size: np.ndarray, points: np.ndarray, w: prepare.Windows) -> float:
    """Every centre, every circle, every window, one at a time."""
    days = count.shape[1]
    if w.period == "spatial":
        spans = [(0, days)]
    else:
        spans = [(a, b) for a, b in itertools.combinations(range(days + 1), 2) if b - a <= (w.longest or days // 2)]
        if w.period == "prospective":
            spans = [(a, b) for a, b in spans if b == days]
    best = 0.0
    for centre in points:
        order = sorted(range(len(points)), key=lambda i: math.dist(points[i], centre))
        weight = 0.0
        members: list[int] = []
        for site in order:
            weight += size[site].sum()
            if weight > w.max_share * size.sum() * (1 + 1e-9):
                break
            members.append(site)
            for a, b in spans:
                c, s = count[members, a:b].sum(), size[members, a:b].sum()
                if s <= 0:
                    continue
                high = c > s if model == "expected_based" else c * size.sum() > s * count.sum()
                if (high and (w.direction == "low" or c < w.least_cases)) or (not high and w.direction == "high"):
                    continue
                best = max(best, slow_ratio(model, c, s, count.sum(), size.sum()))
    return best


@st.composite
def scans(draw_: st.DrawFn) -> tuple[str, prepare.Windows, int]:
    model = draw_(st.sampled_from(["poisson", "permutation", "bernoulli", "expected_based"]))
    period = draw_(st.sampled_from(PERIODS if model != "permutation" else PERIODS[:2]))
    windows = prepare.Windows(
        period=period,
        longest=draw_(st.integers(1, 4)),
        max_share=draw_(st.sampled_from([0.2, 0.5, 1.0])),
        direction=draw_(st.sampled_from(["high", "low", "both"])),
    )
    return model, windows, draw_(st.integers(0, 2**32 - 1))


def prepared_scan(
    model: str, windows: prepare.Windows, rng: np.random.Generator
) -> tuple[prepare.Prepared, np.ndarray]:
    points = rng.normal(size=(9, 2))
    count = rng.poisson(rng.gamma(1.0, 1.0, (9, 1)), (9, 6)).astype(float)
    count[0, :2] += 1
    if model == "poisson":
        return prepare.poisson(count, rng.integers(50, 200, 9).astype(float), points, windows), points
    if model == "permutation":
        return prepare.permutation(count, points, windows), points
    if model == "bernoulli":
        return prepare.bernoulli(count, rng.poisson(4.0, count.shape) + 1.0, points, windows), points
    return prepare.expected_based(count, rng.gamma(2.0, 1.0, count.shape), points, windows), points


@settings(max_examples=60, deadline=None)
@given(scans())
def test_best_window_and_simulated_maxima_equal_the_obvious_search(case: tuple[str, prepare.Windows, int]):
    model, windows, seed = case
    rng = np.random.default_rng(seed)
    prepared, points = prepared_scan(model, windows, rng)
    problem = prepared.problem
    own = run(prepared, Inference(replicates=0), seed=1)
    observed = slow_maximum(model, problem.count, problem.size, points, windows)
    assert own.best.ratio.max() == pytest.approx(observed, abs=1e-9)

    cases = draw(prepared.null, 5, rng)
    fast = exact_maxima(prepared.null_problem, prepared.circles, cases)
    for r in range(5):
        simulated = cells(cases, r, problem.count.shape)
        assert fast[r] == pytest.approx(slow_maximum(model, simulated, problem.size, points, windows), abs=1e-9)


def cells(cases: Cases, replicate: int, shape: tuple[int, ...]) -> np.ndarray:
    table = np.zeros(shape)
    for day in range(shape[1]):
        sites = cases.site[cases.first[replicate, day] : cases.first[replicate, day + 1]]
        np.add.at(table[:, day], sites, 1)
    return table


@pytest.mark.parametrize("kind", ["multinomial", "within_day", "permutation", "sample"])
def test_simulated_data_keep_what_the_null_conditions_on(kind: str):
    rng = np.random.default_rng(3)
    count = rng.poisson(2.0, (7, 5)).astype(np.int64)
    weight = (count + rng.poisson(3.0, count.shape)).astype(float)
    cases = draw(Null(kind, count[None], weight), 40, rng)
    tables = np.stack([cells(cases, r, count.shape) for r in range(40)])
    if kind != "multinomial":
        pass
    assert (tables.sum(axis=(1, 2)) == count.sum()).all()
    if kind in ("within_day", "permutation"):
        assert (tables.sum(axis=1) == count.sum(axis=0)).all()
    if kind == "permutation":
        assert (tables.sum(axis=2) == count.sum(axis=1)).all()
    if kind == "sample":
        assert (tables <= weight).all()


def test_simulated_cells_have_the_expected_mean():
    rng = np.random.default_rng(5)
    weight = rng.gamma(1.0, 1.0, (6, 4))
    count = np.zeros((1, 6, 4), dtype=np.int64)
    count[0, 0, 0] = 200
    cases = draw(Null("multinomial", count, weight), 4000, rng)
    mean = np.mean([cells(cases, r, weight.shape) for r in range(4000)], axis=0)
    expected = 200 * weight / weight.sum()
    assert np.abs(mean - expected).max() < 5 * np.sqrt(expected.max() / 4000)


def test_results_do_not_depend_on_threads_or_floor():
    rng = np.random.default_rng(2)
    prepared, _ = prepared_scan("poisson", prepare.Windows(longest=3), rng)
    one = null_maxima(prepared, 200, np.random.default_rng(7), threads=1)
    two = null_maxima(prepared, 200, np.random.default_rng(7), threads=2)
    assert np.array_equal(one, two)
    cases = draw(prepared.null, 200, np.random.default_rng(7))
    high = maxima(prepared.null_problem, prepared.circles, cases, 1.5)
    assert np.array_equal(high[high > 0], one[one >= 1.5])


def test_a_planted_cluster_is_found_and_a_testing_surge_is_not():
    rng = np.random.default_rng(11)
    points = rng.normal(size=(60, 2))
    near = np.argsort(((points - points[0]) ** 2).sum(axis=1))[:6]
    far = np.argsort(((points - points[np.argmax(points[:, 0])]) ** 2).sum(axis=1))[:6]
    tests = rng.poisson(12.0, (60, 14))
    tests[far, 9:] = rng.poisson(36.0, (6, 5))
    risk = np.full(tests.shape, 0.05)
    risk[near, 9:] = 0.35
    positive = rng.binomial(tests, risk).astype(float)
    prepared = prepare.bernoulli(positive, tests - positive, points, prepare.Windows(longest=7, max_share=0.2))
    found = run(prepared, Inference(replicates=199), seed=1)
    assert found.p_value[0] <= 0.01
    assert len(set(found.members[0].tolist()) & set(near.tolist())) >= 5
    surge = [p for m, p in zip(found.members, found.p_value, strict=True) if set(m.tolist()) & set(far.tolist())]
    assert all(p > 0.05 for p in surge)


def test_size_under_the_null_is_nominal():
    rng = np.random.default_rng(21)
    prepared, _ = prepared_scan("poisson", prepare.Windows(longest=3), rng)
    reference = null_maxima(prepared, 2000, rng)
    fresh = null_maxima(prepared, 2000, rng)
    alarms = float(np.mean(significance.monte_carlo(fresh, reference) <= 0.05))
    assert abs(alarms - 0.05) < 3 * math.sqrt(2 * 0.05 * 0.95 / 2000)


def test_sequential_stops_early_on_a_quiet_day_and_agrees_with_the_full_run():
    rng = np.random.default_rng(2)
    prepared, _ = prepared_scan("poisson", prepare.Windows(longest=3), rng)
    full = run(prepared, Inference(replicates=999), seed=3)
    short = run(prepared, Inference(method="sequential", replicates=999), seed=3)
    assert short.replicates < 999
    assert abs(short.p_value[0] - full.p_value[0]) < 4 * math.sqrt(0.25 / short.replicates)


@pytest.mark.parametrize(("ratio", "expected"), [(10.0, 1 / 5), (4.0, 2 / 5), (3.5, 2 / 5), (1.0, 1.0), (0.0, 1.0)])
def test_ties_count_against(ratio: float, expected: float):
    assert significance.monte_carlo([ratio], np.array([1.0, 2.0, 3.0, 4.0]))[0] == pytest.approx(expected)


def test_recurrence_interval_adjusted_for_earlier_analyses():
    # the worked figure of the reference analysis: p 0.039 over 7 analyses is about 176 days
    assert significance.recurrence_days(0.039, earlier_analyses=7) == pytest.approx(176.4, abs=0.1)
    assert significance.recurrence_days(0.013) == pytest.approx(77, abs=0.5)


def test_places_at_the_same_point_enter_together():
    points = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    found = geometry.sites(points)
    assert found.points.shape == (2, 2)
    assert found.of_place.tolist() == [0, 0, 1]


def test_the_circle_stops_at_the_first_place_that_is_too_large():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.5, 0.0]])
    found = geometry.circles(points, np.array([10.0, 50.0, 1.0, 39.0]), max_share=0.5)
    assert found.stop.tolist() == [1, 1, 1, 2]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=40, unique=True),
    st.sampled_from([0.0, 1.0, 2.5, 5.0, 20.0, np.inf]),
)
def test_circles_of_a_given_reach_are_those_of_all_places_sorted(grid: list[tuple[int, int]], reach: float):
    """Only what can lie within the reach is sorted; who is in it, and in what order, is as if all were."""
    points = np.array(grid, dtype=float)
    found = geometry.circles(points, np.ones(len(points)), max_share=0.9, max_radius=reach)
    for centre, middle in enumerate(points):
        gap = np.sqrt(((points - middle) ** 2).sum(axis=1))
        order = sorted(range(len(points)), key=lambda place: (gap[place], place))
        inside = [
            place for number, place in enumerate(order) if number + 1 <= 0.9 * len(points) and gap[place] <= reach
        ]
        assert found.order[centre, : found.stop[centre]].tolist() == inside
        assert found.distance[centre, : found.stop[centre]].tolist() == pytest.approx(gap[inside])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: prepare.permutation(np.ones((3, 4)), POINTS3[:2], prepare.Windows()), "2 places and count has 3"),
        (lambda: prepare.permutation(np.ones((3, 4)), POINTS3, prepare.Windows(longest=9)), "longest is 9"),
        (lambda: prepare.poisson(np.ones((3, 4)), [5.0, 0.0, 5.0], POINTS3, prepare.Windows()), "nothing is expected"),
        (lambda: prepare.permutation(np.zeros((3, 4)), POINTS3, prepare.Windows()), "at least 2"),
        (
            lambda: prepare.permutation(
                np.ones((3, 4)), [[91.0, 0], [0, 0], [1, 1]], prepare.Windows(), geographic=True
            ),
            "latitude",
        ),
        (lambda: geometry.circles(POINTS3, np.ones(3), max_share=50.0), "pass 0.5"),
    ],
)
def test_refusals_say_what_to_do(call, message):
    with pytest.raises(Refused, match=message):
        call()


POINTS3 = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
