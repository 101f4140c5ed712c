"""Each fast method against a second, obvious one on generated input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from commonweal.core.epi import distributions
from commonweal.core.epi.aberration import cusum, harmonic, likelihood_ratio
from commonweal.core.epi.aberration.ears import ears
from commonweal.core.epi.aberration.farrington import FarringtonOptions, farrington
from commonweal.core.epi.decomposition import split_change
from commonweal.core.epi.nowcast import classical
from commonweal.core.epi.nowcast.triangle import from_line_list, masked
from commonweal.core.epi.rates import intervals
from commonweal.core.epi.reproduction.cori import cori
from commonweal.core.epi.reproduction.serial_interval import discretised
from commonweal.core.epi.reproduction.wallinga_teunis import wallinga_teunis

SEEDS = st.integers(0, 2**32 - 1)


def slow_glm(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dense weighted least squares, iterated like R's glm; returns coefficients, means, last working weights."""
    mu = y + 0.1
    eta = np.log(mu)

    def deviance(mu: np.ndarray) -> float:
        ratio = np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / mu), 0.0)
        return float(2 * (w * (ratio - (y - mu))).sum())

    before = deviance(mu)
    for _ in range(25):
        weight = w * mu
        root = np.sqrt(weight)
        beta = np.linalg.lstsq(x * root[:, None], (eta + (y - mu) / mu) * root, rcond=None)[0]
        eta = x @ beta
        mu = np.exp(eta)
        after = deviance(mu)
        if abs(after - before) / (abs(after) + 0.1) < 1e-8:
            return beta, mu, weight
        before = after
    raise AssertionError("no convergence")


def slow_farrington(
    y: np.ndarray, t: int, years: int, half: int, alpha: float, threshold: float
) -> tuple[float, float]:
    """Windows only, with trend, delta bound on the 2/3 scale: expectation and bound of one step."""
    rows = [i for k in range(years, 0, -1) for i in range(t - 52 * k - half, t - 52 * k + half + 1)]
    obs, time = y[rows], np.array(rows, dtype=float)
    x = np.stack([np.ones(len(rows)), time], axis=1)

    def fit(x: np.ndarray):
        beta, mu, weight = slow_glm(x, obs, np.ones(len(obs)))
        phi = max(1.0, (weight * ((obs - mu) / mu) ** 2).sum() / (len(obs) - x.shape[1]))
        hat = np.diag(x @ np.linalg.inv(x.T @ (weight[:, None] * x)) @ x.T) * weight
        s = 1.5 * (obs ** (2 / 3) * mu ** (-1 / 6) - mu**0.5) / np.sqrt(phi * (1 - hat))
        w = np.where(s > threshold, np.where(s > threshold, s, 1.0) ** -2.0, 1.0)
        w = w * len(obs) / w.sum()
        beta, mu, weight = slow_glm(x, obs, w)
        r2 = ((obs - mu) / mu) ** 2
        phi = max(1.0, (weight * r2).sum() / (len(obs) - x.shape[1]))
        disp = (w * r2).sum() / (len(obs) - x.shape[1])
        return beta, phi, disp * np.linalg.inv(x.T @ (weight[:, None] * x))

    beta, phi, cov = fit(x)
    df = len(obs) - 2
    p = 2 * stats.t.sf(abs(beta[1]) / math.sqrt(cov[1, 1]), df)
    new = np.array([1.0, float(t)])
    if not (p < 0.05 and math.exp(new @ beta) <= obs.max()):
        beta, phi, cov = fit(x[:, :1])
        new = new[:1]
    mean, se = math.exp(new @ beta), math.sqrt(new @ cov @ new)
    tau = phi + (mean * se) ** 2 / mean
    z = stats.norm.ppf(1 - alpha)
    return mean, (mean ** (2 / 3) + z * math.sqrt(4 / 9 * mean ** (1 / 3) * tau)) ** 1.5


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from([0.8, 4.0, 40.0]))
def test_farrington_equals_a_dense_fit(seed: int, mean: float):
    rng = np.random.default_rng(seed)
    level = mean * np.exp(rng.normal(0, 0.3, (3, 1)) + rng.normal(0, 0.002, (3, 1)) * np.arange(300) / 10)
    y = rng.poisson(level * rng.gamma(2.0, 0.5, level.shape)).astype(float)
    y[:, 290] += 1
    options = FarringtonOptions(years=4, alpha=0.01)
    found = farrington(y, steps=[297], options=options)
    for area in range(3):
        expected, upper = slow_farrington(y[area], 297, 4, 3, 0.01, 2.58)
        assert found.expected[area, 0] == pytest.approx(expected, rel=1e-7)
        if found.enough[area, 0]:
            assert found.upper[area, 0] == pytest.approx(upper, rel=1e-7)


@pytest.mark.parametrize("mean", [1e4, 1e6])
def test_farrington_fits_large_counts_that_leave_almost_nothing_over(mean: float):
    # a deviance near 0 beside sums of size mean * log(mean): found row by row where the sums are too coarse for it
    y = np.round(mean * np.exp(0.002 * np.arange(300)))[None, :]
    found = farrington(y, steps=[297], options=FarringtonOptions(years=4, alpha=0.01))
    expected, upper = slow_farrington(y[0], 297, 4, 3, 0.01, 2.58)
    assert found.expected[0, 0] == pytest.approx(expected, rel=1e-7)
    assert found.upper[0, 0] == pytest.approx(upper, rel=1e-7)


def test_farrington_passes_over_what_is_missing():
    rng = np.random.default_rng(5)
    y = rng.poisson(30.0, (1, 300)).astype(float)
    y[0, 290] += 1
    y[0, [240, 241, 243, 192, 140, 190]] = np.nan  # within, at the edge of and through a window
    rows = [i for k in range(4, 0, -1) for i in range(297 - 52 * k - 3, 297 - 52 * k + 4) if not np.isnan(y[0, i])]
    options = FarringtonOptions(years=4, reweight=False, trend=False)
    found = farrington(y, steps=[297], options=options)
    assert found.expected[0, 0] == pytest.approx(y[0, rows].mean(), rel=1e-7)


@given(SEEDS, st.sampled_from(["C1", "C2"]), st.integers(3, 9))
@settings(max_examples=25, deadline=None)
def test_ears_equals_a_loop(seed: int, method: str, width: int):
    y = np.random.default_rng(seed).poisson(3.0, (2, 30)).astype(float)
    found = ears(y, method=method, baseline=width, least_sd=0.5)
    gap = 0 if method == "C1" else 2
    for t in range(width + gap, 30):
        base = y[1, t - width - gap : t - gap]
        upper = base.mean() + stats.norm.ppf(0.999) * max(base.std(ddof=1), 0.5)
        assert found.upper[1, t] == pytest.approx(upper, abs=1e-9)
        assert found.alarm[1, t] == (y[1, t] > upper)


def test_ears_c3_uses_today_and_the_compatible_form_does_not():
    y = np.array([3.0, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 20])
    assert ears(y, method="C3").alarm[-1]
    y[-1] = 3
    y[-2] = y[-3] = 20
    # the reference alarms (today's count cancels out of its bound), whatever today brings
    assert ears(y, method="C3", compat="surveillance").alarm[-1]


def test_ears_c3_bound_and_alarm_agree():
    y = np.random.default_rng(4).poisson(4.0, (40, 60)).astype(float)
    found = ears(y, method="C3")
    known = ~np.isnan(found.upper)
    assert np.array_equal(found.alarm[known], (y > found.upper)[known])


@given(SEEDS, st.integers(3, 10))
@settings(max_examples=25, deadline=None)
def test_cori_equals_the_definition(seed: int, window: int):
    rng = np.random.default_rng(seed)
    y = rng.poisson(6.0, 30).astype(float)
    w = discretised(3.5, 1.5, 12)
    w = w / w.sum()
    found = cori(y, w, window=window, prior=(2.0, 3.0))
    shape0, scale0 = (2 / 3) ** 2, 9 / 2
    for k, (a, b) in enumerate(zip(found.first, found.last, strict=True)):
        force = sum(w[s] * y[t - s] for t in range(a, b + 1) for s in range(1, min(t, 12) + 1))
        if np.isnan(found.mean[k]):
            assert b + 1 <= (np.arange(13) * w).sum()
            continue
        gamma = stats.gamma(shape0 + y[a : b + 1].sum(), scale=1 / (1 / scale0 + force))
        assert found.mean[k] == pytest.approx(gamma.mean(), rel=1e-10)
        assert found.quantiles[k, 0] == pytest.approx(gamma.ppf(0.025), rel=1e-8)


def test_wallinga_teunis_counts_every_infection_once():
    y = np.random.default_rng(2).poisson(5.0, 40).astype(float) + 1
    w = np.array([0, 0.5, 0.3, 0.2])
    found = wallinga_teunis(y, w, correct_censoring=False)
    assert np.nansum(found.by_day * y) == pytest.approx(y[1:].sum())


def test_wallinga_teunis_recovers_r_at_the_end_once_censoring_is_corrected():
    w = np.array([0, 0.2, 0.3, 0.3, 0.2])
    y = np.empty(60)
    y[:4] = 100
    for t in range(4, 60):
        y[t] = 1.3 * sum(w[s] * y[t - s] for s in range(1, 5))
    y = np.round(y * 1000)
    found = wallinga_teunis(y, w)
    assert found.by_day[20] == pytest.approx(1.3, rel=1e-3)
    assert found.by_day[58] != found.by_day[58]  # the last day shows nothing yet
    raw = wallinga_teunis(y, w, correct_censoring=False)
    assert raw.by_day[57] < 0.9


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_glr_equals_trying_every_change_point_and_many_shifts(seed: int):
    rng = np.random.default_rng(seed)
    y, mean = rng.poisson(2.5, 15).astype(float), np.full(15, 2.0)
    for alpha in (0.0, 0.4):
        found = likelihood_ratio.generalised_likelihood_ratio(y, mean, limit=1e9, overdispersion=alpha)
        grid = np.linspace(0, 3, 3001)
        best = 0.0
        for first in range(15):
            total = np.zeros_like(grid)
            for i in range(first, 15):
                total += y[i] * grid
                if alpha == 0:
                    total -= mean[i] * (np.exp(grid) - 1)
                else:
                    total += (y[i] + 1 / alpha) * np.log((1 + alpha * mean[i]) / (1 + alpha * mean[i] * np.exp(grid)))
            best = max(best, total.max())
        assert found.statistic[14] == pytest.approx(best, abs=1e-4)


@given(SEEDS, st.sampled_from(cusum.TRANSFORMS[:3]))
@settings(max_examples=20, deadline=None)
def test_cusum_bound_is_where_the_alarm_begins(seed: int, transform: str):
    y = np.random.default_rng(seed).poisson(3.0, 20).astype(float)
    found = cusum.cusum(y, 3.0, transform=transform)
    for t in range(20):
        for count in range(int(found.upper[t]) - 1, int(found.upper[t]) + 3):
            if count < 0 or (transform == "rossi" and count < 3):
                continue
            other = y.copy()
            other[t] = count
            statistic = cusum.cusum(other, 3.0, transform=transform).statistic[t]
            assert (statistic >= 2.26 - 1e-9) == (count >= found.upper[t] - 1e-9)


def test_new_disease_cusum_alarms_on_a_rise_and_restarts():
    y = np.concatenate([np.tile([2.0, 3, 1, 2, 4, 2, 1], 5), [12, 12, 2]])
    found = cusum.recent_negative_binomial(y)
    assert found.alarm[35]
    assert not found.alarm[:35].any()


def test_negative_binomial_mean_is_a_maximum():
    rng = np.random.default_rng(6)
    y = rng.negative_binomial(4, 4 / (4 + 6 * np.exp(0.4 * np.sin(np.arange(200) * 2 * np.pi / 52)))).astype(float)
    fitted = harmonic.fit(y, period=52, trend=False, negative_binomial=True)
    mean = fitted.at(np.arange(200.0))

    def likelihood(alpha: float, shift: float) -> float:
        m = mean * math.exp(shift)
        return float(stats.nbinom.logpmf(y, 1 / alpha, 1 / (1 + alpha * m)).sum())

    top = likelihood(fitted.overdispersion, 0.0)
    for change in (0.97, 1.03):
        assert likelihood(fitted.overdispersion * change, 0.0) < top
    for shift in (-0.02, 0.02):
        assert likelihood(fitted.overdispersion, shift) < top


@given(st.floats(0.001, 0.999), st.floats(0.01, 80), st.floats(0.02, 0.98))
@settings(max_examples=60, deadline=None)
def test_quantiles_equal_the_slow_library(p: float, size: float, prob: float):
    assert distributions.negative_binomial_quantile(p, size, prob) == stats.nbinom.ppf(p, size, prob)
    assert distributions.poisson_quantile(p, size) == stats.poisson.ppf(p, size)
    assert distributions.gamma_quantile(p, size, 2.0) == pytest.approx(stats.gamma.ppf(p, size, scale=2.0), rel=1e-9)


@given(st.integers(0, 40), st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_exact_and_wilson_limits_invert_their_tests(x: int, more: int):
    limits = intervals.exact_poisson(float(x))
    assert stats.poisson.cdf(x, limits.upper) == pytest.approx(0.025)
    if x:
        assert stats.poisson.sf(x - 1, limits.lower) == pytest.approx(0.025)
    n = x + more
    wilson = intervals.wilson(float(x), float(n))
    z = stats.norm.ppf(0.975)
    for bound in (wilson.lower, wilson.upper):
        if 0 < bound < 1:
            assert abs(x / n - bound) == pytest.approx(z * math.sqrt(bound * (1 - bound) / n), rel=1e-9)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_the_split_is_exact_whatever_the_data(seed: int):
    rng = np.random.default_rng(seed)
    tests = (rng.poisson(20.0, 5).astype(float) + 1, rng.poisson(30.0, 5).astype(float))
    tests[1][0] += 1
    cases = tuple(rng.binomial(n.astype(int), 0.2).astype(float) for n in tests)
    found = split_change(cases, tests)
    assert found.part.sum() == pytest.approx(found.change, abs=1e-9)
    if found.change:
        reached = found.part[found.explaining].sum() / found.change
        assert reached >= found.share - 1e-9


def test_each_planted_cause_gets_its_share():
    n0 = np.array([1000.0, 1000.0])
    only_volume = split_change((n0 * 0.1, 2 * n0 * 0.1), (n0, 2 * n0))
    assert only_volume.total == pytest.approx([200, 0, 0])
    only_positivity = split_change((n0 * 0.1, n0 * 0.2), (n0, n0))
    assert only_positivity.total == pytest.approx([0, 0, 200])
    moved = np.array([500.0, 1500.0])
    only_targeting = split_change((n0 * [0.1, 0.3], moved * [0.1, 0.3]), (n0, moved))
    assert only_targeting.total == pytest.approx([0, 100, 0])


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_beta_negative_binomial_is_the_integral_it_stands_for(seed: int):
    rng = np.random.default_rng(seed)
    triangle = masked(rng.poisson(3.0, (1, 6, 3)).astype(float), first_event=0, now=5)
    found = classical.beta_negative_binomial(triangle, support=80)
    n, _ = classical.reverse_hazards(triangle)
    a, b = n[0, 0] + 0.1, n[0, 1:].sum() + 0.2
    reported = int(triangle.reported[0, 5])
    p = (np.arange(20000) + 0.5) / 20000
    density = stats.beta.pdf(p, a, b) / 20000
    for k in (0, 1, 5):
        value = (density * stats.nbinom.pmf(k, reported + 1, p)).sum()
        assert found.probability[0, 5, reported + k] == pytest.approx(value, rel=2e-3)


def test_bayes_nowcast_covers_what_it_should():
    """Final counts from the prior, delays stable: the 90 % interval covers about 90 %."""
    rng = np.random.default_rng(31)
    events, delays = 30, 8
    share = np.array([0.1, 0.2, 0.2, 0.15, 0.15, 0.1, 0.06, 0.04])
    inside = total = 0
    for _ in range(20):
        final = rng.negative_binomial(4, 4 / (4 + 40), (5, events))
        cells = np.stack([rng.multinomial(n, share) for n in final.ravel()]).reshape(5, events, delays).astype(float)
        triangle = masked(cells, first_event=0, now=events - 1)
        found = classical.bayes(triangle, classical.Prior(40, 440), support=400, draws=200, seed=rng)
        low, high = np.moveaxis(found.quantile([0.05, 0.95])[:, -6:], -1, 0)
        inside += ((low <= final[:, -6:]) & (final[:, -6:] <= high)).sum()
        total += 30
    assert 0.86 <= inside / total <= 0.97


def test_a_line_list_becomes_the_same_triangle_as_counting_by_hand():
    triangle = from_line_list([0, 0, 1, 2], [0, 3, 1, 9], now=3, max_delay=2)
    assert triangle.count[0, 0].tolist() == [1, 0, 1]  # a delay of 3 counts at 2
    assert triangle.count[0, 1].tolist() == [1, 0, 0]
    assert np.isnan(triangle.count[0, 3, 1])
    dropped = from_line_list([0, 0, 1, 2], [0, 3, 1, 9], now=3, max_delay=2, beyond="drop")
    assert dropped.count[0, 0].tolist() == [1, 0, 0]
