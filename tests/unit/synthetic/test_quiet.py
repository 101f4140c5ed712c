"""Quiet small areas: the mean that was asked for, counts in clumps, the same for the same seed."""

from __future__ import annotations

import numpy as np

from commonweal.core.signals.small_counts import clumping_of
from commonweal.synthetic.quiet import quiet


def weeks(days: np.ndarray) -> np.ndarray:
    return days[:, : days.shape[1] // 7 * 7].reshape(days.shape[0], -1, 7).sum(axis=2).astype(float)


def test_counts_have_the_mean_that_was_asked_for_and_come_in_clumps() -> None:
    drawn = quiet(100, 364, np.random.default_rng(3), a_day=0.2)
    assert abs(drawn.cases.mean() / (0.2 * (5 + 2 * 0.7) / 7) - 1) < 0.1
    poisson = np.random.default_rng(3).poisson(0.2, (100, 364))
    assert clumping_of(weeks(drawn.cases)) > 1.25 > clumping_of(weeks(poisson))
    weekend = np.arange(364) % 7 >= 5
    assert drawn.negatives[:, weekend].mean() < 0.8 * drawn.negatives[:, ~weekend].mean()


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    one, again, other = (quiet(20, 60, np.random.default_rng(seed)).cases for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
