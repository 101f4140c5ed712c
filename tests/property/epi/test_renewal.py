"""The pooled renewal model: its filter against a dense one, its answers against truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.epi.nowcast.reverse_hazard import reverse_hazard
from commonweal.core.epi.nowcast.triangle import masked
from commonweal.core.epi.reproduction import kalman
from commonweal.core.epi.reproduction.renewal import renewal, with_nowcast
from commonweal.core.epi.reproduction.serial_interval import discretised
from commonweal.core.errors import Refused

WEIGHTS = discretised(4.0, 1.5, 9) / discretised(4.0, 1.5, 9).sum()
WEEKDAYS = np.array([1.15, 1.1, 1.05, 1.0, 0.95, 0.75, 0.7])


def epidemic(seed: int, areas: int, days: int, size: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    log_r = np.cumsum(rng.normal(0, 0.03, (1, days)), axis=1) + np.cumsum(rng.normal(0, 0.02, (areas, days)), axis=1)
    reproduction = np.exp(np.clip(log_r - log_r.mean(axis=1, keepdims=True), -0.5, 0.5))
    infected = np.zeros((areas, days))
    lags = WEIGHTS.size - 1
    infected[:, :lags] = rng.poisson(size, (areas, lags))
    for t in range(lags, days):
        infected[:, t] = rng.poisson(reproduction[:, t] * (infected[:, t - lags : t] @ WEIGHTS[:0:-1]) + 0.05)
    return reproduction, rng.poisson(infected * WEEKDAYS[np.arange(days) % 7]).astype(float)


def dense_filter(y, factor, w, delay, centre, walk, noise, lags):
    """The textbook filter with whole transition matrices; state = log R of `lags` days, then infections."""
    reach = max(w.size, delay.size)
    size = lags + reach
    sigma, rho, start = walk
    kappa, v, omega = noise
    m, p = np.zeros(size), np.zeros((size, size))
    for k in range(reach):
        day = reach - 1 - k
        near = slice(max(0, day - 3), min(reach, day + 4))
        m[lags + k] = y[near].sum() / factor[near].sum()
        p[lags + k, lags + k] = 0.5 * m[lags + k] + 0.25
    m[:lags] = centre[reach - 1]
    p[0, 0] = start**2
    total = 0.0
    answers = {}
    for t in range(reach, y.size):
        new_x = centre[t] + rho * (m[0] - centre[t - 1])
        rate = np.exp(new_x)
        mean = max(rate * (kalman.ELSEWHERE + sum(w[k] * m[lags + k - 1] for k in range(1, w.size))), 1e-3)
        jump = np.zeros((size, size))
        jump[0, 0] = rho
        for k in range(1, lags):
            jump[k, k - 1] = 1
        for k in range(1, reach):
            jump[lags + k, lags + k - 1] = 1
        jump[lags, 0] = mean * rho
        for k in range(1, w.size):
            jump[lags, lags + k - 1] += rate * w[k]
        added = np.zeros((size, size))
        added[0, 0] = sigma**2
        added[0, lags] = added[lags, 0] = mean * sigma**2
        added[lags, lags] = mean**2 * sigma**2 + kappa * max(mean, kalman.LEAST_MEAN) + v * mean**2
        m = np.concatenate([[new_x], m[: lags - 1], [mean], m[lags:-1]])
        p = jump @ p @ jump.T + added
        h = np.zeros(size)
        h[lags : lags + delay.size] = factor[t] * delay
        expected = h @ m
        variance = h @ p @ h + omega * max(expected, kalman.LEAST_MEAN)
        total += -0.5 * (np.log(variance) + (y[t] - expected) ** 2 / variance)
        gain = p @ h / variance
        m = m + gain * (y[t] - expected)
        p = p - np.outer(gain, h @ p)
        m[lags:] = np.maximum(m[lags:], 0)
        for k in range(min(lags, t - reach + 1)):
            answers[t - k] = (m[k], np.sqrt(p[k, k]))
    return total, answers


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([(1.0,), (0.2, 0.5, 0.3)]))
def test_the_filter_equals_the_dense_one(seed: int, delays: tuple[float, ...]):
    _, counts = epidemic(seed, 1, 40)
    y, delay, lags = counts[0], np.array(delays), 6
    factor, centre = WEEKDAYS[np.arange(40) % 7], np.linspace(0, 0.2, 40)
    walk, noise = (0.05, 0.95, 0.4), (0.8, 0.03, 1.1)
    mean, sd, last = np.zeros(40), np.zeros(40), np.zeros((lags, lags))
    likelihood = kalman.filtered(y, factor, WEIGHTS, delay, centre, walk, noise, mean, sd, last)
    total, answers = dense_filter(y, factor, WEIGHTS, delay, centre, walk, noise, lags)
    assert likelihood == pytest.approx(total, rel=1e-8)
    for day, (m, s) in answers.items():
        assert mean[day] == pytest.approx(m, abs=1e-7)
        assert sd[day] == pytest.approx(s, rel=1e-6)


def test_intervals_hold_the_truth_and_small_places_lean_on_the_rest():
    truth, counts = epidemic(1, 30, 70)
    fit = renewal(counts, WEIGHTS, levels=(0.05, 0.5, 0.95), samples=200)
    real = truth[:, fit.day]
    held = ((real >= fit.quantiles[..., 0]) & (real <= fit.quantiles[..., 2]))[:, 10:].mean()
    assert 0.8 < held < 0.98

    few = counts.copy()
    few[0] = np.random.default_rng(1).binomial(counts[0].astype(int), 0.03)
    small = renewal(few, WEIGHTS, levels=(0.05, 0.5, 0.95), samples=200)
    to_common = np.abs(np.log(small.quantiles[0, -20:, 1] / small.common[-20:, 1])).mean()
    assert to_common < np.abs(np.log(fit.quantiles[0, -20:, 1] / fit.common[-20:, 1])).mean()


def test_a_delay_moves_r_back_to_the_day_of_infection():
    rng = np.random.default_rng(3)
    days = 80
    reproduction = np.where(np.arange(days) < 45, 1.25, 0.75)
    infected = np.full(days, 200.0)
    for t in range(9, days):
        infected[t] = reproduction[t] * (infected[t - 9 : t] @ WEIGHTS[:0:-1])
    delay = np.array([0, 0, 0.1, 0.2, 0.4, 0.2, 0.1])
    events = np.convolve(infected, delay)[:days]
    counts = rng.poisson(np.tile(events, (6, 1))).astype(float)
    told = renewal(counts, WEIGHTS, delay=delay, levels=(0.5,), samples=80)
    untold = renewal(counts, WEIGHTS, levels=(0.5,), samples=80)

    def turned(fit) -> int:
        return int(fit.day[np.argmax(fit.common[:, 0] < 1.0)])

    assert abs(turned(told) - 45) <= 1
    assert turned(untold) >= 48


def test_recent_days_are_as_unsure_as_their_nowcast():
    rng = np.random.default_rng(2)
    _, final = epidemic(5, 12, 60)
    share = np.array([0.1, 0.3, 0.25, 0.15, 0.1, 0.05, 0.05])
    count = np.stack([rng.multinomial(int(n), share) for n in final.ravel()]).reshape(12, 60, 7)
    triangle = masked(count, first_event=0, now=59)
    draws = with_nowcast(triangle.reported, reverse_hazard(triangle), 20, 1)
    assert draws.shape == (20, 12, 60)
    assert np.array_equal(draws[0, :, :53], final[:, :53])
    on_draws = renewal(draws, WEIGHTS, levels=(0.05, 0.5, 0.95), samples=80)
    as_reported = renewal(triangle.reported, WEIGHTS, levels=(0.05, 0.5, 0.95), samples=80)
    # counted as final, the last days look like a fall
    assert as_reported.quantiles[:, -1, 1].mean() < 0.8 * on_draws.quantiles[:, -1, 1].mean()


def test_short_and_wrong_input_is_refused():
    with pytest.raises(Refused, match=r"counts has 20 days; .* at least 31 are needed"):
        renewal(np.ones((2, 20)), WEIGHTS)
    with pytest.raises(Refused, match=r"delay adds up to 0\.5"):
        renewal(np.ones((2, 60)), WEIGHTS, delay=[0.25, 0.25])
    with pytest.raises(Refused, match="-1 is negative"):
        renewal(np.full((2, 60), -1.0), WEIGHTS)
