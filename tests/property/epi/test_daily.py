"""Daily Farrington: factors are recovered, quiet weekdays and holidays alarm alike, outbreaks are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from commonweal.core.epi.aberration.daily import AFTER, HOLIDAY, daily_options, day_kinds, farrington_daily
from commonweal.core.epi.aberration.farrington import farrington
from commonweal.core.errors import Refused

TRUE = np.array([1.4, 1.1, 1.0, 1.0, 1.0, 0.8, 0.7])
START = date(2016, 1, 4)


def city(areas: int = 40, days: int = 5 * 364 + 60) -> tuple[np.ndarray, list[date], list[date]]:
    rng = np.random.default_rng(3)
    dates = [START + timedelta(days=i) for i in range(days)]
    holidays = [day for day in dates if (day.month, day.day) in ((1, 1), (5, 1), (5, 29), (8, 28), (12, 25), (12, 26))]
    kind = day_kinds(dates, holidays)
    factor = np.concatenate([TRUE / TRUE.mean(), [0.4, 1.6]])[kind]
    season = 1 + 0.3 * np.cos(2 * np.pi * np.arange(days) / 364)
    mean = rng.lognormal(2, 0.5, (areas, 1)) * season * factor
    return rng.negative_binomial(mean, 0.5).astype(float), dates, holidays


def test_kinds_of_days():
    christmas = [date(2020, 12, 25), date(2020, 12, 28)]  # a Friday; the Monday in lieu
    days = [date(2020, 12, 24) + timedelta(days=i) for i in range(7)]
    assert day_kinds(days, christmas).tolist() == [3, HOLIDAY, 5, 6, HOLIDAY, AFTER, 2]


def test_factors_are_recovered_and_every_kind_of_day_alarms_alike():
    counts, dates, holidays = city()
    steps = np.arange(5 * 364, 5 * 364 + 60)
    found = farrington_daily(counts, dates, steps=steps, holidays=holidays)
    assert np.abs(found.factors[:7] / (TRUE / TRUE.mean()) - 1).max() < 0.05
    assert found.factors[HOLIDAY] == pytest.approx(0.4, abs=0.1)
    assert found.factors[AFTER] == pytest.approx(1.6, abs=0.15)
    alarms = found.result.alarm
    monday = alarms[:, found.kind[steps] == 0].mean()
    assert not np.isnan(found.result.expected).any()
    assert 0.001 < alarms.mean() < 0.03
    assert monday < 0.04
    # without the terms Mondays alarm more
    plain = farrington(counts, steps=steps, options=replace(daily_options(), years=4), period=364)
    assert plain.alarm[:, found.kind[steps] == 0].mean() > 2 * monday


def test_an_outbreak_is_found_on_a_sunday_as_on_a_monday():
    counts, dates, holidays = city(areas=6)
    sunday = next(i for i in range(5 * 364 + 20, 5 * 364 + 60) if dates[i].weekday() == 6)
    counts[:, sunday] = counts[:, sunday] * 3 + 15
    found = farrington_daily(counts, dates, steps=[sunday], holidays=holidays)
    assert found.result.alarm.mean() >= 5 / 6


def test_gaps_and_wrong_lengths_are_refused():
    counts, dates, _ = city(areas=2, days=500)
    with pytest.raises(Refused, match=r"dates\[3\] = 2016-01-08 follows 2016-01-06"):
        farrington_daily(counts, [*dates[:3], *dates[4:], dates[-1] + timedelta(days=1)], steps=[499])
    with pytest.raises(Refused, match="499 entries for 500 days"):
        farrington_daily(counts, dates[:-1], steps=[499])
