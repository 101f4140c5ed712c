"""The pooled detector against a dense fit, and what pooling is for."""

from __future__ import annotations

import numpy as np
import pytest

from commonweal.core.epi.aberration.pooled import PooledOptions, pooled
from commonweal.core.errors import Refused


def dense_expectation(y: np.ndarray, step: int, options: PooledOptions) -> np.ndarray:
    """One dummy column an area, plain weighted least squares, no weighting down."""
    rows = np.arange(max(0, int(step - options.left_out - options.years * options.period)), step - options.left_out)
    angle = 2 * np.pi * np.arange(y.shape[1]) / options.period
    season = np.stack([f(k * angle) for k in range(1, options.harmonics + 1) for f in (np.sin, np.cos)], axis=1)
    shared = np.concatenate([season[rows], ((rows - step) / options.period)[:, None]], axis=1)
    areas = y.shape[0]
    x = np.concatenate([np.kron(np.eye(areas), np.ones((rows.size, 1))), np.tile(shared, (areas, 1))], axis=1)
    response = y[:, rows].ravel()
    eta = np.log(response + 0.5)
    for _ in range(50):
        mean = np.exp(eta)
        root = np.sqrt(mean)
        beta = np.linalg.lstsq(x * root[:, None], (eta + (response - mean) / mean) * root, rcond=None)[0]
        eta = x @ beta
    return np.exp(beta[:areas] + season[step] @ beta[areas:-1])


def test_equals_a_dense_fit_when_nothing_is_weighted_down():
    rng = np.random.default_rng(3)
    curve = np.exp(0.6 * np.sin(2 * np.pi * np.arange(260) / 52))
    y = rng.poisson(np.array([[2.0], [9.0], [25.0]]) * curve).astype(float)
    options = PooledOptions(years=4, harmonics=1, threshold=np.inf)
    found = pooled(y, steps=[259], options=options)
    assert found.expected[:, 0] == pytest.approx(dense_expectation(y, 259, options), rel=1e-4)


def test_weekday_and_holiday_are_learnt_from_all_areas():
    rng = np.random.default_rng(4)
    days = np.arange(500)
    weekday, holiday = days % 7, (days % 61 == 0).astype(float)
    level = 20 * np.where(weekday == 6, 0.5, 1.0) * np.where(holiday == 1, 0.4, 1.0)
    y = rng.poisson(level * np.ones((8, 1))).astype(float)
    steps = np.array([488, 489])  # day 488 is a holiday and a Saturday-to-be: 488 % 61 == 0, 488 % 7 == 5
    found = pooled(
        y, steps=steps, options=PooledOptions(period=365, years=1, left_out=14), weekday=weekday, holiday=holiday
    )
    assert found.expected[:, 0].mean() == pytest.approx(8.0, rel=0.15)
    assert found.expected[:, 1].mean() == pytest.approx(10.0, rel=0.15)


def test_false_alarms_stay_near_their_rate_and_a_jump_is_found():
    rng = np.random.default_rng(5)
    y = rng.negative_binomial(4, 4 / (4 + 6.0), (60, 300)).astype(float)
    y[0, 299] = 60
    found = pooled(y, steps=np.arange(280, 300))
    quiet = np.delete(found.alarm, 0, axis=0)
    assert quiet.mean() < 0.02
    assert found.alarm[0, -1]


def test_groups_do_not_mix():
    rng = np.random.default_rng(6)
    y = rng.poisson(5.0, (6, 200)).astype(float)
    groups = [0, 0, 0, 1, 1, 1]
    both = pooled(y, steps=[199], groups=groups)
    alone = pooled(y[3:], steps=[199])
    assert both.expected[3:] == pytest.approx(alone.expected)


def test_too_little_history_is_refused():
    with pytest.raises(Refused, match="Load more history"):
        pooled(np.ones((2, 60)), steps=[59])
