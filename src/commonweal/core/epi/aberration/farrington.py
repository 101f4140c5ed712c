"""Farrington Flexible: a count against the same season of earlier years.

Sources: Farrington et al. 1996 (JRSS A 159:547), Noufaily et al. 2013 (Stat Med 32:1206); defaults as R's
`farringtonFlexible`. A quasi-Poisson log-linear model with seasonal levels and a trend is fitted to comparison steps of
earlier years, refitted with past outbreaks weighted down, and extrapolated to the evaluated step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi import checks
from commonweal.core.epi.aberration import farrington_fit as fit
from commonweal.core.epi.aberration.farrington_design import Design, design, regular
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.distributions import (
    negative_binomial_cdf,
    negative_binomial_quantile,
    normal_quantile,
    poisson_cdf,
    poisson_quantile,
)
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class FarringtonOptions:
    """How to compare: the reference's defaults.

    years: earlier years used. half_window: steps each side of a reference point. reweight, weights_threshold: refit
    with steps whose Anscombe residual exceeds the threshold weighted down. alpha: one-sided error rate. trend,
    trend_p: fit a trend, keep it only below this p-value, with three years or more and without extrapolating above
    every reference count. least_cases, least_steps: no bound unless so many cases fell in so many last steps. power:
    scale of the delta bound. periods: seasonal levels. left_out: latest steps not used (default: half_window).
    threshold: `delta`, `nbPlugin` or `muan`. se: `reference` reproduces R (prediction error from prior weights, too
    small for means above 1), `corrected` uses the working weights.
    """

    years: int = 5
    half_window: int = 3
    reweight: bool = True
    weights_threshold: float = 2.58
    alpha: float = 0.05
    trend: bool = True
    trend_p: float = 0.05
    least_cases: int = 5
    least_steps: int = 4
    power: str = "2/3"
    periods: int = 1
    left_out: int | None = None
    threshold: str = "delta"
    se: str = "reference"


def noufaily(alpha: float = 0.01) -> FarringtonOptions:
    """The improved form of 2013: ten seasonal levels, half a year left out, negative-binomial bound, trend always."""
    return FarringtonOptions(alpha=alpha, trend_p=1.0, periods=10, left_out=26, threshold="nbPlugin")


@dataclass(frozen=True)
class FarringtonResult:
    """Everything `[area, step]` (or `[step]` for one series) for the evaluated `steps` (0-based positions).

    `expected` and `upper` are counts; NaN where there was no fit, `upper` also where there were too few recent cases
    (`enough` is False). `p_value` is P(count this high or higher) under the model.
    """

    steps: IntArray
    expected: FloatArray
    upper: FloatArray
    dispersion: FloatArray
    trend: FloatArray
    trend_used: BoolArray
    p_value: FloatArray
    enough: BoolArray
    alarm: BoolArray


def farrington(
    counts: ArrayLike,
    *,
    steps: ArrayLike,
    options: FarringtonOptions | None = None,
    period: int = 52,
    dates: Sequence[date] | None = None,
    population: ArrayLike | None = None,
) -> FarringtonResult:
    """Evaluate the given steps of every series.

    counts: `[area, time]` or `[time]`; NaN marks a step that is left out of the comparison. period: steps a year.
    dates: one for each step, to find reference points by calendar instead. population: adds a log offset, same shape.
    A step without `years` earlier years has NaN results. Raises `Refused` for bad counts, dates or options.
    """
    chosen = options or FarringtonOptions()
    _check_options(chosen)
    y, single = checks.series("counts", counts, least=2, missing_allowed=True)
    evaluated = _steps(steps, y.shape[1])
    calendar = _calendar(dates, y.shape[1], period)
    offset = np.zeros(y.shape)
    if population is not None:
        people = np.atleast_2d(checks.positive("population", population))
        checks.same_shape("counts", y, "population", people)
        offset = np.log(people)
    layout = design(
        evaluated,
        years=chosen.years,
        half_window=chosen.half_window,
        periods=chosen.periods,
        left_out=chosen.half_window if chosen.left_out is None else chosen.left_out,
        period=period,
        dates=calendar,
    )
    result = _result(y, evaluated, _fitted(y, offset, layout, chosen), chosen)
    return _first(result) if single else result


def _fitted(y: FloatArray, offset: FloatArray, layout: Design, chosen: FarringtonOptions) -> FloatArray:
    answer = np.empty((y.shape[0], layout.step.size, fit.COLUMNS))
    freedom = np.arange(1, layout.row.shape[1] + 1, dtype=np.float64)
    critical = np.full(layout.row.shape[1] + 1, np.inf)
    critical[1:] = 0.0 if chosen.trend_p >= 1 else special.stdtrit(freedom, 1 - chosen.trend_p / 2)
    fit.fit_all(
        y,
        offset,
        layout.row,
        layout.time,
        layout.level,
        layout.size,
        layout.levels,
        layout.now_time,
        np.where(layout.size > 0, layout.now_level, -1),
        layout.step,
        critical,
        chosen.trend,
        chosen.reweight,
        float(chosen.weights_threshold),
        chosen.years >= 3,
        answer,
    )
    return answer


def _result(y: FloatArray, steps: IntArray, answer: FloatArray, chosen: FarringtonOptions) -> FarringtonResult:
    expected, phi = answer[..., fit.EXPECTED], answer[..., fit.DISPERSION]
    error = phi if chosen.se == "corrected" else answer[..., fit.RESIDUAL_DISPERSION]
    se = answer[..., fit.SE] * np.sqrt(error)
    now = y[:, steps]
    recent = np.stack([y[:, max(0, t - chosen.least_steps + 1) : t + 1].sum(axis=1) for t in steps], axis=1)
    enough = recent >= chosen.least_cases
    upper, p_value = _bounds(now, expected, phi, se, chosen)
    with np.errstate(invalid="ignore"):
        upper = np.where(enough, upper, np.nan)
        alarm = (now > upper) & (now > 0)
    used = answer[..., fit.TREND] == 1
    return FarringtonResult(steps, expected, upper, phi, answer[..., fit.SLOPE], used, p_value, enough, alarm)


def _bounds(
    now: FloatArray, expected: FloatArray, phi: FloatArray, se: FloatArray, chosen: FarringtonOptions
) -> tuple[FloatArray, FloatArray]:
    z = float(normal_quantile(1 - chosen.alpha))
    if chosen.threshold == "delta":
        return _delta(now, expected, phi, se, z, chosen.power)
    mean = expected * np.exp(z * se) if chosen.threshold == "muan" else expected
    known = ~np.isnan(mean)
    upper, p_value = np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    upper[known], p_value[known] = _plug_in(now[known], mean[known], phi[known], 1 - chosen.alpha)
    return upper, p_value


def _delta(
    now: FloatArray, mean: FloatArray, phi: FloatArray, se: FloatArray, z: float, power: str
) -> tuple[FloatArray, FloatArray]:
    """Normal prediction limits on a power scale; variance = (process phi mean + estimation (mean se)^2)/mean."""
    exponent = {"2/3": 2 / 3, "1/2": 0.5, "none": 1.0}[power]
    tau = phi + (mean * se) ** 2 / mean
    spread = np.sqrt(exponent**2 * mean ** (2 * exponent - 1) * tau)
    upper = (mean**exponent + z * spread) ** (1 / exponent)
    return upper, special.ndtr(-(now**exponent - mean**exponent) / spread)


def _plug_in(now: FloatArray, mean: FloatArray, phi: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Quantile and upper tail of the negative binomial with variance phi * mean (Poisson when phi is 1)."""
    upper, p_value = np.empty(mean.shape), np.empty(mean.shape)
    plain = phi <= 1
    upper[plain] = poisson_quantile(level, mean[plain])
    p_value[plain] = 1 - poisson_cdf(now[plain] - 1, mean[plain])
    size, prob = mean[~plain] / (phi[~plain] - 1), 1 / phi[~plain]
    upper[~plain] = negative_binomial_quantile(level, size, prob)
    p_value[~plain] = 1 - negative_binomial_cdf(now[~plain] - 1, size, prob)
    return upper, p_value


def _check_options(chosen: FarringtonOptions) -> None:
    checks.at_least("years", chosen.years, 1)
    checks.at_least("half_window", chosen.half_window, 0)
    checks.at_least("periods", chosen.periods, 1)
    checks.proportion("alpha", chosen.alpha)
    checks.one_of("threshold", chosen.threshold, ("delta", "nbPlugin", "muan"))
    checks.one_of("power", chosen.power, ("2/3", "1/2", "none"))
    checks.one_of("se", chosen.se, ("reference", "corrected"))


def _steps(steps: ArrayLike, length: int) -> IntArray:
    chosen = np.atleast_1d(np.asarray(steps, dtype=np.int64))
    if chosen.size == 0 or chosen.min() < 0 or chosen.max() >= length:
        shown = "nothing" if chosen.size == 0 else f"{chosen.min()}..{chosen.max()}"
        raise Refused(f"steps asks for {shown} of a series with positions 0..{length - 1}; pass positions inside it.")
    return chosen


def _calendar(dates: Sequence[date] | None, length: int, period: int) -> list[date] | None:
    if dates is None:
        return None
    if len(dates) != length:
        raise Refused(f"dates has {len(dates)} entries for {length} steps; pass one date for each step.")
    regular(list(dates), period)
    return list(dates)


def _first(result: FarringtonResult) -> FarringtonResult:
    arrays = {name: value[0] for name, value in vars(result).items() if name != "steps"}
    return FarringtonResult(steps=result.steps, **arrays)
