"""The detection rule: is the 7-day rate of a place, once all is reported, at a level and a growth that matter?

The unreported part of the last days is expected from the present level (a discounted mean of the last days, each
divided by its completeness and the day of the week), with the uncertainty of both. What has to be passed is the lowest
of three lines: a multiple of the lowest 7 days of the three weeks before (a rise); a plain number more than 14 days
ago; a multiple of the rate of all areas together while the place itself is not falling (it stands apart where the
others fall). The first and the last never lie below a level that matters. The score is the distance in standard
errors, raised a little while all areas together grow: a rise is likelier then, and so less is asked of each. One
threshold holds for all places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.errors import Refused
from commonweal.core.signals.setting import Setting

PER = 100_000.0
WEEK, LOOK_BACK, FORTNIGHT = 7, 21, 14
SETTLED = 4  # days after which a day's count is steady enough to tell the week's pattern
WEEKS_OF_PATTERN = 4
MOST_GROWTH = 0.1
TAILS = 0.2
LEAST_DAYS = LOOK_BACK + 2 * WEEK


@dataclass(frozen=True)
class Assessment:
    """Of each area on one morning: the score, the expected 7-day rate to that day, the rate that has to be passed, the
    lowest rate of the 21 days before, the share of the 7 days that has been reported, the rate of all areas together,
    whether the line that has to be passed is the one against them, and whether the rule holds."""

    score: FloatArray
    rate: FloatArray
    needed: FloatArray
    lowest: FloatArray
    reported: FloatArray
    peers: float
    against_peers: BoolArray
    holds: BoolArray


def assess(
    seen: FloatArray, share: FloatArray, weekday: IntArray, population: FloatArray, setting: Setting
) -> Assessment:
    """Hold every area against the rule on the last day of `seen`.

    seen: `[area, day]` counts as published by the morning of the last day. share: `[day]` completeness. weekday:
    `[day]`, 0 for Monday. population: `[area]` residents. Raises `Refused` for fewer than five weeks of days.
    """
    if seen.shape[1] < LEAST_DAYS:
        raise Refused(f"{seen.shape[1]} days of counts; the rule looks back over {LEAST_DAYS}. Load an earlier start.")
    pattern = week_pattern(seen, share, weekday)
    shared = shared_growth(seen, share)
    growth = setting.growth + setting.peer_trend * shared
    level, weight = present_level(seen, share, pattern, growth, setting)
    expected = _expected(level, share, pattern, growth)
    missing = expected * (1 - share)
    week = slice(seen.shape[1] - WEEK, seen.shape[1])
    reported = seen[:, week].sum(axis=1)
    to_come = missing[:, week].sum(axis=1)
    relative = setting.dispersion / np.maximum(weight, 1e-9)
    complete = _completed(seen, missing, share, setting)
    lowest, fortnight = _before(complete)
    per = population / PER
    total = reported + to_come
    peers = float(total.sum() / per.sum())
    rise = np.minimum(np.maximum(setting.level * per, setting.ratio * lowest), fortnight + setting.more * per)
    apart = np.maximum(np.maximum(setting.peer_level, setting.peer_ratio * peers) * per, setting.peer_growth * lowest)
    needed = np.minimum(rise, apart)
    variance = setting.dispersion * to_come + to_come**2 * relative + setting.need_dispersion * needed
    variance += (setting.need_spread * needed) ** 2
    likelier = min(setting.most_ease, setting.ease * max(0.0, shared_growth(seen, share, without=TAILS)))
    score = (total - needed) / np.sqrt(variance + 1e-9) + likelier
    told = np.divide(reported, total, out=np.ones_like(total), where=total > 0)
    return Assessment(
        score, total / per, needed / per, lowest / per, told, peers, apart < rise, score >= setting.threshold
    )


def week_pattern(seen: FloatArray, share: FloatArray, weekday: IntArray) -> FloatArray:
    """The factor of each day's weekday, all areas together, from four settled weeks; 1 on the mean."""
    last = seen.shape[1] - SETTLED
    total = seen[:, :last].sum(axis=0) / share[:last]
    half = WEEK // 2
    days = np.arange(max(half, last - half - WEEKS_OF_PATTERN * WEEK), last - half)
    around = np.array([total[day - half : day + half + 1].mean() for day in days])
    factor = np.ones(WEEK)
    for number in range(WEEK):
        own = weekday[days] == number
        if around[own].sum() > 0:
            factor[number] = total[days[own]].sum() / around[own].sum()
    factor = np.maximum(factor, 0.05)
    return np.asarray((factor / factor.mean())[weekday])


def present_level(
    seen: FloatArray, share: FloatArray, pattern: FloatArray, growth: float, setting: Setting
) -> tuple[FloatArray, FloatArray]:
    """Cases a day now, by a discounted mean of the last days, and the discounted number of cases it stands on.

    growth: a day, of all areas, taken off so that old days speak of today.
    """
    age = np.arange(setting.history_days)[::-1]
    discount = setting.discount**age
    days = slice(seen.shape[1] - setting.history_days, seen.shape[1])
    exposure = share[days] * pattern[days] * np.exp(-growth * age)
    weight = (discount * np.where(exposure > 0, seen[:, days], 0.0)).sum(axis=1)
    return (weight + 0.5) / (discount * exposure).sum(), weight + 1e-3


def shared_growth(seen: FloatArray, share: FloatArray, *, without: float = 0.0) -> float:
    """Growth a day of all areas together, from the newest settled 7 days against the 7 before; within 10 % a day.

    without: so large a share of the areas is left out at either end, those that grew and those that fell by most cases,
    so that a few great outbreaks are not taken for growth everywhere.
    """
    last = seen.shape[1] - SETTLED
    days = seen[:, last - 2 * WEEK : last] / share[last - 2 * WEEK : last]
    before, after = days[:, :WEEK].sum(axis=1), days[:, WEEK:].sum(axis=1)
    out = int(without * seen.shape[0])
    kept = np.argsort(after - before, kind="stable")[out : seen.shape[0] - out]
    growth = np.log((after[kept].sum() + 1) / (before[kept].sum() + 1)) / WEEK
    return float(np.clip(growth, -MOST_GROWTH, MOST_GROWTH))


def _expected(level: FloatArray, share: FloatArray, pattern: FloatArray, growth: float) -> FloatArray:
    age = np.arange(share.size)[::-1]
    return np.asarray(level[:, None] * np.exp(-growth * age) * pattern)


def _completed(seen: FloatArray, missing: FloatArray, share: FloatArray, setting: Setting) -> FloatArray:
    """Each day as it will be: divided by its completeness where that is high, else what is expected is added."""
    high = share > setting.delays.least_share
    return np.asarray(np.where(high, seen / np.where(high, share, 1.0), seen + missing))


def _before(complete: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The lowest 7 days that end 2 to 21 days before the last day, and the 7 days to 14 days before."""
    running = np.concatenate([np.zeros((complete.shape[0], 1)), np.cumsum(complete, axis=1)], axis=1)
    week = running[:, WEEK:] - running[:, :-WEEK]
    return week[:, -1 - LOOK_BACK : -2].min(axis=1), week[:, -1 - FORTNIGHT]
