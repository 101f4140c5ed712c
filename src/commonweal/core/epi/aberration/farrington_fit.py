"""The quasi-Poisson fits of Farrington Flexible, compiled: one pass over all areas for all evaluated steps.

The model is log mu = level + slope * time [+ offset]. Because the levels are exclusive, the weighted normal equations
have an arrow shape, and one iteration costs a single walk over the means. The rows of a level come in runs, so that
sums stay in registers and are not written at every row. Iterations start and stop as R's `glm` does (mu = y + 0.1;
relative change of deviance below 1e-8; at most 25), since a quadratic method stopped by the deviance is only reproduced
by taking the same steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.compiled import compiled

MOST_ITERATIONS = 25
PRECISION = 1e-8
# columns of the answer
EXPECTED, SE, DISPERSION, RESIDUAL_DISPERSION, SLOPE, TREND = range(6)
COLUMNS = 6
# what is kept of each row: count, log offset, offset, log(y + 0.1), y log y, y^(2/3), time, prior weight, mean, working
# weight of the means before
VALUE, OFFSET, PEOPLE, START, LOGGED, POWER, TIME, WEIGHT, MU, WORKING = range(10)
# what is kept of each level: estimate and its exponential; sums of the working weights, of them * time and of the
# response; of prior weight * count; and the sums of the means of the next step
EFFECT, GROWTH, SUM, SUM_TIME, RESPONSE, COUNTED, NEXT_SUM, NEXT_TIME = range(8)
# what is kept of each run: its rows lie in one level and follow each other one time step apart
LEVEL, FROM, TO = range(3)
# what is kept of each fit: slope, its information, dispersion (at least 1), dispersion by the prior weights; over all
# levels the sums of working weight * time^2 (now, next), response * time and prior weight * count * time
FIT_SLOPE, INFORMATION, PHI, RESIDUAL, SQUARE, NEXT_SQUARE, RESPONSE_TIME, COUNTED_TIME = range(8)

# unsigned: an index that cannot count from the end is quicker
Runs = NDArray[np.uint64]


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
    rows = np.empty((10, row.shape[1]))
    runs = np.empty((3, row.shape[1]), np.uint64)
    by_level = np.empty((8, max(1, levels.max())))
    fit = np.empty(8)
    answer[:] = np.nan
    for area in range(y.shape[0]):
        logged, power = _logged(y[area]), np.cbrt(y[area]) ** 2
        start, people = np.log(y[area] + 0.1), np.exp(offset[area])
        for step in range(row.shape[0]):
            here, count = now_level[step], levels[step]
            if here < 0:
                continue
            n, known = 0, 0
            for k in range(size[step]):
                i = row[step, k]
                if not np.isnan(y[area, i]):
                    rows[VALUE, n], rows[OFFSET, n], rows[PEOPLE, n] = y[area, i], offset[area, i], people[i]
                    rows[START, n], rows[LOGGED, n], rows[POWER, n] = start[i], logged[i], power[i]
                    rows[TIME, n] = time[step, k] - now_time[step]
                    known = _joined(n, rows, runs, known, level[step, k])
                    n += 1
            found = runs[:, :known]
            shift = offset[area, now_row[step]]
            used = _with_trend(
                n, rows, found, count, by_level, fit, critical_t, trend, reweight, threshold, enough_years, here, shift
            )
            if used < 0:
                continue
            variance = 1 / by_level[SUM, here]
            if used == 1:
                variance += (by_level[SUM_TIME, here] / by_level[SUM, here]) ** 2 / fit[INFORMATION]
            answer[area, step, EXPECTED] = np.exp(by_level[EFFECT, here] + shift)
            answer[area, step, SE] = np.sqrt(variance)
            answer[area, step, DISPERSION] = fit[PHI]
            answer[area, step, RESIDUAL_DISPERSION] = fit[RESIDUAL]
            answer[area, step, SLOPE] = fit[FIT_SLOPE] if used == 1 else np.nan
            answer[area, step, TREND] = used


@compiled
def _joined(n: int, rows: FloatArray, runs: Runs, known: int, level: int) -> int:
    """Put row `n` into the last run, or begin one; returns how many runs there are."""
    follows = known > 0 and runs[LEVEL, known - 1] == level and rows[TIME, n] - rows[TIME, n - 1] == 1.0
    if not follows:
        runs[LEVEL, known], runs[FROM, known] = level, n
        known += 1
    runs[TO, known - 1] = n + 1
    return known


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
    runs: Runs,
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
        if not _estimate(n, rows, runs, count, by_level, fit, used, reweight, threshold):
            continue
        fit[RESIDUAL] = _pearson(n, rows, WEIGHT if reweight else WORKING, n - count - used)
        if used == 0:
            return 0
        significant = abs(fit[FIT_SLOPE]) > critical_t[n - count - 1] * np.sqrt(fit[RESIDUAL] / fit[INFORMATION])
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
    runs: Runs,
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
            _reweigh(n, rows, runs, by_level, fit, used, threshold)
        if not _converge(rows, runs, count, by_level, fit, used):
            return False
        fit[PHI] = max(1.0, _pearson(n, rows, WORKING, n - count - used))
    return True


@compiled
def _reweigh(
    n: int, rows: FloatArray, runs: Runs, by_level: FloatArray, fit: FloatArray, used: int, threshold: float
) -> None:
    """Weights residual^-2 where the Anscombe residual exceeds the threshold, scaled to sum to n.

    A count at or below its mean has no positive residual: most rows are told so without a root or a power.
    """
    total = 0.0
    for run in range(runs.shape[1]):
        level = runs[LEVEL, run]
        share, middle = 1 / by_level[SUM, level], by_level[SUM_TIME, level] / by_level[SUM, level]
        for i in range(runs[FROM, run], runs[TO, run]):
            if threshold >= 0 and rows[VALUE, i] <= rows[MU, i]:
                rows[WEIGHT, i] = 1.0
                total += 1.0
                continue
            leverage = share
            if used == 1:
                leverage += (rows[TIME, i] - middle) ** 2 / fit[INFORMATION]
            sixth = np.exp(-(by_level[EFFECT, level] + fit[FIT_SLOPE] * rows[TIME, i] + rows[OFFSET, i]) / 6)
            scale = np.sqrt(fit[PHI] * (1 - leverage * rows[WORKING, i]))
            residual = 1.5 * (rows[POWER, i] * sixth - 1 / sixth**3) / scale
            rows[WEIGHT, i] = 1 / residual**2 if residual > threshold else 1.0
            total += rows[WEIGHT, i]
    for i in range(n):
        rows[WEIGHT, i] *= n / total


@compiled
def _converge(rows: FloatArray, runs: Runs, count: int, by_level: FloatArray, fit: FloatArray, used: int) -> bool:
    """Iteratively reweighted least squares; working weights, sums and information belong to the last step's weights.

    A step moves the estimates by what the counts have above the means. That and the deviance follow from sums over
    the counts, which stay, and over the means: only the means are walked over again in each step.
    """
    before, constant, rounding = _begin(rows, runs, count, by_level, fit)
    for _ in range(MOST_ITERATIONS):
        _solve(count, by_level, fit, used)
        fit[NEXT_SQUARE] = _walk(rows, runs, count, by_level, fit[FIT_SLOPE])
        after = constant - fit[FIT_SLOPE] * fit[COUNTED_TIME]
        for level in range(count):
            after += by_level[NEXT_SUM, level] - by_level[EFFECT, level] * by_level[COUNTED, level]
        after *= 2
        if rounding > abs(after) + 0.1:
            after = _deviance(rows, runs, by_level, fit[FIT_SLOPE])
        if not np.isfinite(after):
            return False
        if abs(after - before) / (abs(after) + 0.1) < PRECISION:
            return True
        before = after
        fit[SQUARE], fit[RESPONSE_TIME] = fit[NEXT_SQUARE], fit[COUNTED_TIME]
        for level in range(count):
            by_level[SUM, level], by_level[SUM_TIME, level] = by_level[NEXT_SUM, level], by_level[NEXT_TIME, level]
            by_level[RESPONSE, level] = by_level[COUNTED, level] - by_level[NEXT_SUM, level]
            fit[RESPONSE_TIME] -= by_level[NEXT_TIME, level]
    return False


@compiled
def _begin(
    rows: FloatArray, runs: Runs, count: int, by_level: FloatArray, fit: FloatArray
) -> tuple[float, float, float]:
    """The sums at the start mu = y + 0.1, from no estimate at all.

    Returns the deviance, the part of it that stays, and how large a deviance must be for sums to give it to a
    hundredth of `PRECISION` (large counts that fit almost perfectly need it row by row).
    """
    by_level[:, :count] = 0.0
    fit[FIT_SLOPE], fit[SQUARE], fit[RESPONSE_TIME], fit[COUNTED_TIME] = 0.0, 0.0, 0.0, 0.0
    deviance, constant, size = 0.0, 0.0, 0.0
    for run in range(runs.shape[1]):
        level = runs[LEVEL, run]
        for i in range(runs[FROM, run], runs[TO, run]):
            prior, y, time, offset = rows[WEIGHT, i], rows[VALUE, i], rows[TIME, i], rows[OFFSET, i]
            mean = y + 0.1
            weight = prior * mean
            response = weight * (rows[START, i] - offset - 1.0) + prior * y
            rows[MU, i] = mean
            by_level[SUM, level] += weight
            by_level[SUM_TIME, level] += weight * time
            by_level[RESPONSE, level] += response
            by_level[COUNTED, level] += prior * y
            fit[SQUARE] += weight * time**2
            fit[RESPONSE_TIME] += response * time
            fit[COUNTED_TIME] += prior * y * time
            deviance += 2 * prior * (rows[LOGGED, i] - y * (rows[START, i] + 1.0) + mean)
            constant += prior * (rows[LOGGED, i] - y * (offset + 1.0))
            size += prior * (abs(rows[LOGGED, i]) + y * (abs(offset) + 1.0))
    return deviance, constant, 100 / PRECISION * 1e-15 * size


@compiled
def _solve(count: int, by_level: FloatArray, fit: FloatArray, used: int) -> None:
    """One weighted least-squares step: levels eliminated, then the slope, then the levels."""
    square, product, slope = fit[SQUARE], fit[RESPONSE_TIME], 0.0
    if used == 1:
        for level in range(count):
            mean = by_level[SUM_TIME, level] / by_level[SUM, level]
            square -= mean * by_level[SUM_TIME, level]
            product -= mean * by_level[RESPONSE, level]
        slope = product / square
    fit[FIT_SLOPE] += slope
    fit[INFORMATION] = square
    for level in range(count):
        moment = by_level[RESPONSE, level] - slope * by_level[SUM_TIME, level]
        by_level[EFFECT, level] += moment / by_level[SUM, level]


@compiled
def _walk(rows: FloatArray, runs: Runs, count: int, by_level: FloatArray, slope: float) -> float:
    """Move the means on: fills `MU`, `WORKING` (of the means before), `NEXT_SUM`, `NEXT_TIME`; returns the square."""
    for level in range(count):
        by_level[NEXT_SUM, level], by_level[NEXT_TIME, level] = 0.0, 0.0
        by_level[GROWTH, level] = np.exp(by_level[EFFECT, level])
    # exp(slope * time) by repeated multiplication: within a run rows follow each other one step apart.
    one_step, factor, reached, square = np.exp(slope), 1.0, 0.0, 0.0
    for run in range(runs.shape[1]):
        level, first, last = runs[LEVEL, run], runs[FROM, run], runs[TO, run]
        if rows[TIME, first] != reached:
            factor *= np.exp(slope * (rows[TIME, first] - reached))
        reached = rows[TIME, last - 1] + 1
        growth, weights, moments = by_level[GROWTH, level], 0.0, 0.0
        for i in range(first, last):
            prior, time = rows[WEIGHT, i], rows[TIME, i]
            rows[WORKING, i] = prior * rows[MU, i]
            mean = growth * factor * rows[PEOPLE, i]
            rows[MU, i] = mean
            weight = prior * mean
            moment = weight * time
            weights += weight
            moments += moment
            square += moment * time
            factor *= one_step
        by_level[NEXT_SUM, level] += weights
        by_level[NEXT_TIME, level] += moments
    return square


@compiled
def _deviance(rows: FloatArray, runs: Runs, by_level: FloatArray, slope: float) -> float:
    """The deviance row by row."""
    total = 0.0
    for run in range(runs.shape[1]):
        for i in range(runs[FROM, run], runs[TO, run]):
            eta = by_level[EFFECT, runs[LEVEL, run]] + slope * rows[TIME, i] + rows[OFFSET, i]
            total += rows[WEIGHT, i] * (rows[LOGGED, i] - rows[VALUE, i] * (eta + 1.0) + rows[MU, i])
    return 2 * total


@compiled
def _pearson(n: int, rows: FloatArray, weights: int, freedom: int) -> float:
    """Sum of weight * ((y - mu)/mu)^2 over degrees of freedom, with the prior or the working weights."""
    total = 0.0
    for i in range(n):
        total += rows[weights, i] * ((rows[VALUE, i] - rows[MU, i]) / rows[MU, i]) ** 2
    return total / freedom
