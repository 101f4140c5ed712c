"""The quasi-Poisson fits of Farrington Flexible, compiled: one pass over all areas for all evaluated steps.

The model is log mu = level + slope * time [+ offset]. Because the levels are exclusive, the weighted normal equations
have an arrow shape and one iteration costs a single walk over the rows. Iterations start and stop as R's `glm` does
(mu = y + 0.1; relative change of deviance below 1e-8; at most 25), since a quadratic method stopped by the deviance is
only reproduced by taking the same steps.
"""

from __future__ import annotations

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.compiled import compiled

MOST_ITERATIONS = 25
PRECISION = 1e-8
# columns of the answer
EXPECTED, SE, DISPERSION, RESIDUAL_DISPERSION, SLOPE, TREND = range(6)
COLUMNS = 6
# what is kept of each row: count, log offset, offset, log(y + 0.1), y log y, y^(2/3), time, prior weight,
# linear predictor, mean, working weight
VALUE, OFFSET, PEOPLE, START, LOGGED, POWER, TIME, WEIGHT, ETA, MU, WORKING = range(11)
# what is kept of each level: estimate, sums of weight, weight * time, weight * response, exp(estimate)
EFFECT, SUM, SUM_TIME, SUM_RESPONSE, GROWTH = range(5)
# what is kept of each fit: slope, its information, dispersion (at least 1)
FIT_SLOPE, INFORMATION, PHI = range(3)


@compiled
def fit_all(
    y: FloatArray,
    offset: FloatArray,
    row: IntArray,
    time: FloatArray,
    level: IntArray,
    size: IntArray,
    levels: IntArray,
    now_time: FloatArray,
    now_level: IntArray,
    now_row: IntArray,
    critical_t: FloatArray,
    trend: bool,
    reweight: bool,
    threshold: float,
    enough_years: bool,
    answer: FloatArray,
) -> None:
    """Fill `answer[area, step, column]`; NaN where no model could be fitted. `y` and `offset` are `[area, time]`."""
    rows = np.empty((11, row.shape[1]))
    group = np.empty(row.shape[1], np.int64)
    by_level = np.empty((5, max(1, levels.max())))
    fit = np.empty(3)
    answer[:] = np.nan
    for area in range(y.shape[0]):
        logged, power = _logged(y[area]), np.cbrt(y[area]) ** 2
        start = np.log(y[area] + 0.1)
        for step in range(row.shape[0]):
            here, count = now_level[step], levels[step]
            if here < 0:
                continue
            n = 0
            for k in range(size[step]):
                i = row[step, k]
                if not np.isnan(y[area, i]):
                    rows[VALUE, n], rows[OFFSET, n], rows[PEOPLE, n] = (
                        y[area, i],
                        offset[area, i],
                        np.exp(offset[area, i]),
                    )
                    rows[START, n], rows[LOGGED, n], rows[POWER, n] = start[i], logged[i], power[i]
                    rows[TIME, n], group[n] = time[step, k] - now_time[step], level[step, k]
                    n += 1
            shift = offset[area, now_row[step]]
            used = _with_trend(
                n, rows, group, count, by_level, fit, critical_t, trend, reweight, threshold, enough_years, here, shift
            )
            if used < 0:
                continue
            variance = 1 / by_level[SUM, here]
            if used == 1:
                variance += (by_level[SUM_TIME, here] / by_level[SUM, here]) ** 2 / fit[INFORMATION]
            weights = WEIGHT if reweight else WORKING
            answer[area, step, EXPECTED] = np.exp(by_level[EFFECT, here] + shift)
            answer[area, step, SE] = np.sqrt(variance)
            answer[area, step, DISPERSION] = fit[PHI]
            answer[area, step, RESIDUAL_DISPERSION] = _pearson(n, rows, weights, n - count - used)
            answer[area, step, SLOPE] = fit[FIT_SLOPE] if used == 1 else np.nan
            answer[area, step, TREND] = used


@compiled
def _logged(y: FloatArray) -> FloatArray:
    """y log y, 0 at 0."""
    out = np.zeros(y.size)
    for i in range(y.size):
        if y[i] > 0:
            out[i] = y[i] * np.log(y[i])
    return out


@compiled
def _with_trend(
    n: int,
    rows: FloatArray,
    group: IntArray,
    count: int,
    by_level: FloatArray,
    fit: FloatArray,
    critical_t: FloatArray,
    trend: bool,
    reweight: bool,
    threshold: float,
    enough_years: bool,
    here: int,
    shift: float,
) -> int:
    """Decide on the trend: 1 fitted with it, 0 without, -1 no fit (`rows`, `by_level`, `fit` then hold the fit)."""
    wanted = 1 if trend else 0
    for used in range(wanted, -1, -1):
        if not _estimate(n, rows, group, count, by_level, fit, used, reweight, threshold):
            continue
        if used == 0:
            return 0
        dispersion = _pearson(n, rows, WEIGHT if reweight else WORKING, n - count - 1)
        significant = abs(fit[FIT_SLOPE]) > critical_t[n - count - 1] * np.sqrt(dispersion / fit[INFORMATION])
        highest = 0.0
        for i in range(n):
            highest = max(highest, rows[VALUE, i])
        if enough_years and significant and np.exp(by_level[EFFECT, here] + shift) <= highest:
            return 1
    return -1


@compiled
def _estimate(
    n: int,
    rows: FloatArray,
    group: IntArray,
    count: int,
    by_level: FloatArray,
    fit: FloatArray,
    used: int,
    reweight: bool,
    threshold: float,
) -> bool:
    """Fit, and refit with weights that play down past outbreaks; `used` is 1 with a trend, 0 without."""
    if n - count - used < 1:
        return False
    for rounds in range(2 if reweight else 1):
        if rounds == 0:
            rows[WEIGHT, :n] = 1.0
        else:
            _reweigh(n, rows, group, by_level, fit, used, threshold)
        if not _converge(n, rows, group, count, by_level, fit, used):
            return False
        fit[PHI] = max(1.0, _pearson(n, rows, WORKING, n - count - used))
    return True


@compiled
def _reweigh(
    n: int, rows: FloatArray, group: IntArray, by_level: FloatArray, fit: FloatArray, used: int, threshold: float
) -> None:
    """Weights residual^-2 where the Anscombe residual exceeds the threshold, scaled to sum to n."""
    total = 0.0
    for i in range(n):
        leverage = 1 / by_level[SUM, group[i]]
        if used == 1:
            centred = rows[TIME, i] - by_level[SUM_TIME, group[i]] / by_level[SUM, group[i]]
            leverage += centred**2 / fit[INFORMATION]
        sixth = np.exp(-rows[ETA, i] / 6)
        scale = np.sqrt(fit[PHI] * (1 - leverage * rows[WORKING, i]))
        residual = 1.5 * (rows[POWER, i] * sixth - 1 / sixth**3) / scale
        rows[WEIGHT, i] = 1 / residual**2 if residual > threshold else 1.0
        total += rows[WEIGHT, i]
    for i in range(n):
        rows[WEIGHT, i] *= n / total


@compiled
def _converge(
    n: int, rows: FloatArray, group: IntArray, count: int, by_level: FloatArray, fit: FloatArray, used: int
) -> bool:
    """Iteratively reweighted least squares; working weights, sums and information belong to the last step's weights."""
    before = 0.0
    for i in range(n):
        rows[ETA, i] = rows[START, i]
        rows[MU, i] = rows[VALUE, i] + 0.1
        before += 2 * rows[WEIGHT, i] * (rows[LOGGED, i] - rows[VALUE, i] * (rows[ETA, i] + 1.0) + rows[MU, i])
    for _ in range(MOST_ITERATIONS):
        _solve(n, rows, group, count, by_level, fit, used)
        after = _predict(n, rows, group, count, by_level, fit[FIT_SLOPE])
        if not np.isfinite(after):
            return False
        if abs(after - before) / (abs(after) + 0.1) < PRECISION:
            return True
        before = after
    return False


@compiled
def _solve(
    n: int, rows: FloatArray, group: IntArray, count: int, by_level: FloatArray, fit: FloatArray, used: int
) -> None:
    """One weighted least-squares step: levels eliminated, then the slope, then the levels."""
    for level in range(count):
        by_level[SUM, level], by_level[SUM_TIME, level], by_level[SUM_RESPONSE, level] = 0.0, 0.0, 0.0
    square, product = 0.0, 0.0
    for i in range(n):
        weight = rows[WEIGHT, i] * rows[MU, i]
        response = weight * (rows[ETA, i] - rows[OFFSET, i] - 1.0) + rows[WEIGHT, i] * rows[VALUE, i]
        moment = weight * rows[TIME, i]
        rows[WORKING, i] = weight
        by_level[SUM, group[i]] += weight
        by_level[SUM_TIME, group[i]] += moment
        by_level[SUM_RESPONSE, group[i]] += response
        square += moment * rows[TIME, i]
        product += response * rows[TIME, i]
    slope = 0.0
    if used == 1:
        for level in range(count):
            mean = by_level[SUM_TIME, level] / by_level[SUM, level]
            square -= mean * by_level[SUM_TIME, level]
            product -= mean * by_level[SUM_RESPONSE, level]
        slope = product / square
    fit[FIT_SLOPE], fit[INFORMATION] = slope, square
    for level in range(count):
        moment = by_level[SUM_RESPONSE, level] - slope * by_level[SUM_TIME, level]
        by_level[EFFECT, level] = moment / by_level[SUM, level]


@compiled
def _predict(n: int, rows: FloatArray, group: IntArray, count: int, by_level: FloatArray, slope: float) -> float:
    """Fill the linear predictor and mean; returns the deviance."""
    for level in range(count):
        by_level[GROWTH, level] = np.exp(by_level[EFFECT, level])
    # exp(slope * time) by repeated multiplication: rows mostly follow each other one step apart.
    one_step, factor, previous, deviance = np.exp(slope), 1.0, 0.0, 0.0
    for i in range(n):
        gap = rows[TIME, i] - previous
        previous = rows[TIME, i]
        factor = factor * one_step if gap == 1.0 else factor * np.exp(slope * gap)
        rows[ETA, i] = by_level[EFFECT, group[i]] + slope * rows[TIME, i] + rows[OFFSET, i]
        rows[MU, i] = by_level[GROWTH, group[i]] * factor * rows[PEOPLE, i]
        y = rows[VALUE, i]
        deviance += rows[WEIGHT, i] * (rows[LOGGED, i] - y * (rows[ETA, i] + 1.0) + rows[MU, i])
    return 2 * deviance


@compiled
def _pearson(n: int, rows: FloatArray, weights: int, freedom: int) -> float:
    """Sum of weight * ((y - mu)/mu)^2 over degrees of freedom, with the prior or the working weights."""
    total = 0.0
    for i in range(n):
        total += rows[weights, i] * ((rows[VALUE, i] - rows[MU, i]) / rows[MU, i]) ** 2
    return total / freedom
