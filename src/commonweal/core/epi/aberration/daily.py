"""Farrington Flexible on days: weekdays and bank holidays are factors that areas share.

Source: Noufaily et al. 2019 (Bioinformatics 35:3110), daily syndromic use of Noufaily et al. 2013.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.aberration.farrington import FarringtonOptions, FarringtonResult, farrington
from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.errors import Refused

HOLIDAY, AFTER = 7, 8
"""Kinds of day beside the weekdays 0 (Monday) to 6: a bank holiday, and the working day after one."""
PERIOD = 364
"""Steps a year: whole weeks, so that reference days fall on the same weekday."""
PRIOR_CASES = 30.0
"""Cases of prior weight behind a factor of 1."""
ROUNDS = 5


@dataclass(frozen=True)
class DailyResult:
    """Results in counts of the day, and the factor of each kind of day (0 Monday to 6, 7 holiday, 8 after one)."""

    result: FarringtonResult
    factors: FloatArray
    kind: IntArray


def daily_options(alpha: float = 0.01) -> FarringtonOptions:
    """Windows of three weeks, half a year left out, five cases in four weeks, negative-binomial bound, trend always."""
    return FarringtonOptions(
        alpha=alpha,
        trend_p=1.0,
        half_window=21,
        periods=10,
        left_out=182,
        least_steps=28,
        threshold="nbPlugin",
    )


def farrington_daily(
    counts: ArrayLike,
    dates: Sequence[date],
    *,
    steps: ArrayLike,
    holidays: Collection[date] = (),
    options: FarringtonOptions | None = None,
) -> DailyResult:
    """Evaluate days of daily counts `[area, day]` or `[day]`.

    Factors of weekdays, bank holidays and the working day after one come from the counts of all areas (each day against
    the mean of the seven days around it, in turns with the factors of those) up to the first evaluated day. They enter
    the regression as an offset, so that expected counts and bounds are those of the day's kind.

    dates: one for each day, without gaps. holidays: bank holidays. Where there are fewer years of history than asked
    for, as many are used as there are. Raises `Refused` for gaps or bad counts.
    """
    y, single = checks.series("counts", counts, least=PERIOD + 28)
    days = _consecutive(dates, y.shape[1])
    chosen = options or daily_options()
    kind = day_kinds(days, holidays)
    first = int(np.min(np.atleast_1d(np.asarray(steps, dtype=np.int64))))
    factors = day_factors(y[:, : max(first, 28)].sum(axis=0), kind[: max(first, 28)])
    exposure = np.repeat(factors[kind][None], y.shape[0], axis=0)
    years = min(chosen.years, (first - chosen.half_window) // PERIOD)
    if years < 1:
        raise Refused(
            f"steps starts at {first}; a day needs {PERIOD + chosen.half_window} days before it. Load more history or "
            "use `ears`."
        )
    found = farrington(
        y[0] if single else y,
        steps=steps,
        options=replace(chosen, years=years),
        period=PERIOD,
        population=exposure[0] if single else exposure,
    )
    return DailyResult(found, factors, kind)


def day_kinds(days: Sequence[date], holidays: Collection[date]) -> IntArray:
    """Weekday 0 to 6, `HOLIDAY`, or `AFTER` for the first working day after a holiday."""
    off = set(holidays)

    def kind(day: date) -> int:
        if day in off:
            return HOLIDAY
        before = day - timedelta(days=1)
        while before.weekday() >= 5 and before not in off:
            before -= timedelta(days=1)
        return AFTER if day.weekday() < 5 and before in off else day.weekday()

    return np.array([kind(day) for day in days], dtype=np.int64)


def day_factors(total: FloatArray, kind: IntArray) -> FloatArray:
    """Factor of each kind of day on the level, weekdays with mean 1; kinds that never occur have 1."""
    factors = np.ones(AFTER + 1)
    for _ in range(ROUNDS):
        level = np.convolve(total / factors[kind], np.ones(7) / 7, mode="valid")
        middle = slice(3, total.size - 3)
        up = np.bincount(kind[middle], weights=total[middle], minlength=AFTER + 1)
        down = np.bincount(kind[middle], weights=level, minlength=AFTER + 1)
        factors = (up + PRIOR_CASES) / (down + PRIOR_CASES)
        factors = factors / factors[:7].mean()
    return np.asarray(factors)


def _consecutive(dates: Sequence[date], length: int) -> list[date]:
    days = list(dates)
    if len(days) != length:
        raise Refused(f"dates has {len(days)} entries for {length} days of counts; pass one date for each day.")
    for i, (a, b) in enumerate(pairwise(days)):
        if b - a != timedelta(days=1):
            raise Refused(f"dates[{i + 1}] = {b} follows {a}; pass every day once, in order, with 0 where none came.")
    return days
