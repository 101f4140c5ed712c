"""Whether a small area's week is more than its own past and its surroundings lead one to expect.

Each area has a relative risk, known from its own past weeks and drawn to 1 (gamma), which stays; the surroundings'
level of this week is what theirs shows, the area itself left out. The week's count is then negative binomial, wider
where counts come in clumps (households). A rise of all areas together is not found here: the rate rule tells it.
Sources: gamma-Poisson shrinkage as in Clayton and Kaldor 1987 (Biometrics 43:671), leaving one out as in Kleinman et
al. 2004 (Am J Epidemiol 159:217).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.distributions import negative_binomial_quantile

LEAST_SHAPE, MOST_SHAPE = 0.5, 50.0
MOST_CLUMPING = 6.0
BAND = 0.05  # of each side of the expected range


@dataclass(frozen=True)
class Judged:
    """By area: cases expected this week as far as reported, their 90 % range, and P(so many or more)."""

    expected: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray


def judged(week: FloatArray, past: FloatArray, population: FloatArray, clumping: float) -> Judged:
    """Hold the week's counts of areas against their past.

    week, past, population: `[area]` cases of this week as far as reported and of the past, residents (> 0). clumping:
    variance by mean of a small area's counts, from `clumping_of`.
    """
    risk, shape = relative_risk(past, population)
    weighted = population * risk
    others = week.sum() - week
    level = (others + 0.5) / np.maximum(weighted.sum() - weighted, 1e-9)
    mean = np.maximum(weighted * level, 1e-9)
    relative = 1 / shape + 1 / (others + 0.5)
    size = mean / (np.maximum(clumping - 1, 1e-6) + mean * relative)
    prob = size / (size + mean)
    p_value = np.where(week > 0, special.betainc(np.maximum(week, 1), size, 1 - prob), 1.0)
    low, high = (negative_binomial_quantile(np.full(mean.shape, q), size, prob) for q in (BAND, 1 - BAND))
    return Judged(mean, low, high, np.asarray(p_value))


def relative_risk(past: FloatArray, population: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Each area's risk against all of them, drawn to 1 as far as its cases are few; and the shape it is known with."""
    expected = population * past.sum() / population.sum()
    spread = float(((past - expected) ** 2 - past).sum() / max(float((expected**2).sum()), 1e-9))
    prior = float(np.clip(1 / spread, LEAST_SHAPE, MOST_SHAPE)) if spread > 0 else MOST_SHAPE
    return np.asarray((prior + past) / (prior + expected)), np.asarray(prior + past)


def clumping_of(weeks: FloatArray) -> float:
    """Variance by mean of counts by area and week `[area, week]` around what rows and columns tell; at least 1."""
    total = weeks.sum()
    rows, columns = int((weeks.sum(axis=1) > 0).sum()), weeks.shape[1]
    if total < 2 or rows < 2 or columns < 2:
        return 1.0
    expected = weeks.sum(axis=1, keepdims=True) * weeks.sum(axis=0, keepdims=True) / total
    told = expected > 0
    squares = ((weeks[told] - expected[told]) ** 2 / expected[told]).sum()
    return float(np.clip(squares / ((rows - 1) * (columns - 1)), 1.0, MOST_CLUMPING))
