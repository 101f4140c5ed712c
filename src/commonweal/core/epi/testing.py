"""Testing apart from infection: positivity, and cases given the number of tests.

More tests find more cases. Three views belong together: the count, the positivity, and the count given the tests, where
cases grow as tests^beta (beta = 1: pure positivity; beta = 0: tests do not matter; in between: tests go first to those
most likely infected). The space-time counterpart is the Bernoulli scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.distributions import negative_binomial_cdf, normal_quantile, poisson_cdf
from commonweal.core.epi.rates.intervals import Interval, wilson
from commonweal.core.errors import Refused

MOST_STEPS = 50
PRECISION = 1e-10


@dataclass(frozen=True)
class GivenTests:
    """Cases against what the tests explain, `[area, time]`.

    expected: exp(level of the area) tests^beta; p_value: P(so many cases or more), negative binomial with variance
    dispersion x expected. beta with its standard error and limits is shared by all areas; level is the log
    positivity of an area at one test.
    """

    beta: float
    beta_se: float
    beta_lower: float
    beta_upper: float
    level: FloatArray
    dispersion: float
    expected: FloatArray
    p_value: FloatArray


def positivity(positive: ArrayLike, tests: ArrayLike, *, level: float = 0.95) -> Interval:
    """Share of tests that are positive with Wilson limits; NaN where nobody was tested."""
    x, n = checks.counts("positive", positive), checks.counts("tests", tests)
    checks.same_shape("positive", x, "tests", n)
    tested = n > 0
    if (x[~tested] > 0).any():
        raise Refused("positive is above 0 where tests is 0; a positive counts as a test. Correct the number of tests.")
    found = wilson(x[tested], n[tested], level=level)

    def spread(values: FloatArray) -> FloatArray:
        whole = np.full(n.shape, np.nan)
        whole[tested] = values
        return whole

    return Interval(spread(found.value), spread(found.lower), spread(found.upper), level, found.method)


def cases_given_tests(
    cases: ArrayLike, tests: ArrayLike, *, baseline: slice | None = None, level: float = 0.95
) -> GivenTests:
    """Fit cases ~ tests^beta with one level an area by quasi-Poisson, on the `baseline` steps (default: all).

    cases, tests: `[area, time]`. Cells without tests take no part; an area without any baseline case gets the level of
    all areas together. Raises `Refused` for cases above tests, or tests that never vary within an area.
    """
    y, n = checks.counts("cases", cases), checks.counts("tests", tests)
    checks.same_shape("cases", y, "tests", n)
    if y.ndim != 2:
        raise Refused(f"cases has {y.ndim} axes; pass [area, time].")
    if (y > n).any():
        area, step = (int(i) for i in np.argwhere(y > n)[0])
        raise Refused(
            f"cases[{area}, {step}] = {y[area, step]:g} exceed tests {n[area, step]:g}; every case is a test."
        )
    used = np.zeros(y.shape, dtype=bool)
    used[:, baseline or slice(None)] = True
    used &= n > 0
    x = np.log(np.where(n > 0, n, 1.0))
    beta, level_log, information = _fit(y, x, used)
    expected = np.where(n > 0, np.exp(level_log[:, None] + beta * x), 0.0)
    known = used & (expected > 0)
    freedom = max(1, int(known.sum()) - int((level_log > -np.inf).sum()) - 1)
    dispersion = max(1.0, float(((y - expected)[known] ** 2 / expected[known]).sum() / freedom))
    se = float(np.sqrt(dispersion / information))
    z = float(normal_quantile((1 + checks.proportion("level", level)) / 2))
    return GivenTests(
        beta, se, beta - z * se, beta + z * se, level_log, dispersion, expected, _tail(y, expected, dispersion)
    )


def _fit(
    y: FloatArray, x: FloatArray, used: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> tuple[float, FloatArray, float]:
    """Newton's method on beta with the areas' levels eliminated (a Poisson level is known given beta)."""
    cases = np.where(used, y, 0.0).sum(axis=1)
    beta = 1.0
    for _ in range(MOST_STEPS):
        weight = np.where(used, np.exp(beta * (x - x.max())), 0.0)
        total = weight.sum(axis=1)
        share = np.divide(weight, total[:, None], out=np.zeros_like(weight), where=total[:, None] > 0)
        mean = (share * x).sum(axis=1)
        spread = (share * (x - mean[:, None]) ** 2).sum(axis=1)
        score = (np.where(used, y * x, 0.0).sum(axis=1) - cases * mean).sum()
        information = float((cases * spread).sum())
        if information <= 1e-12:
            raise Refused("tests never vary within an area; beta cannot be told. Use positivity instead.")
        step = float(np.clip(score / information, -1.0, 1.0))
        beta += step
        if abs(step) < PRECISION:
            break
    total = np.where(used, np.exp(beta * x), 0.0).sum(axis=1)
    overall = cases.sum() / total.sum()
    rate = np.divide(cases, total, out=np.full_like(cases, overall), where=(total > 0) & (cases > 0))
    return beta, np.log(rate), information


def _tail(y: FloatArray, expected: FloatArray, dispersion: float) -> FloatArray:
    mean = np.where(expected > 0, expected, 1e-300)
    if dispersion <= 1:
        tail = 1 - poisson_cdf(y - 1, mean)
    else:
        tail = 1 - negative_binomial_cdf(y - 1, mean / (dispersion - 1), np.full(mean.shape, 1 / dispersion))
    return np.where((y == 0) | (expected <= 0), 1.0, tail)


def surge_or_spread(count_p: ArrayLike, given_tests_p: ArrayLike, *, alpha: float = 0.01) -> FloatArray:
    """2 where cases rise beyond what tests explain, 1 where only the count rises (tests explain it), 0 elsewhere."""
    count, given = np.asarray(count_p, dtype=np.float64), np.asarray(given_tests_p, dtype=np.float64)
    checks.same_shape("count_p", count, "given_tests_p", given)
    return np.where(given < alpha, 2.0, np.where(count < alpha, 1.0, 0.0))
