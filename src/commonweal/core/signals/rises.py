"""What a rise is, from final counts: the truth that detectors are held against.

R is the 7-day rate per 100,000 to a day. A rise day has R >= 40 and R >= 2 times the lowest R of the 21 days before,
or R at least 40 above R 14 days before. Rise days less than 14 days apart are one rise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray

LEVEL, RATIO, MORE = 40.0, 2.0, 40.0
LOOK_BACK, FORTNIGHT, APART = 21, 14, 14
LEAST_CASES = 5
WEEK, PER = 7, 100_000.0


@dataclass(frozen=True)
class Rise:
    """One rise of one area, by day numbers. doubling is None when the rate never doubles with enough cases."""

    area: int
    trough: int
    first: int
    doubling: int | None
    last: int

    def right(self) -> range:
        """Days on which a flag is right: from the day after the trough to 14 days after the last rise day."""
        return range(self.trough + 1, self.last + FORTNIGHT + 1)

    def findable(self) -> range:
        """Days on which a fresh flag finds this rise."""
        return range(self.trough + 1, self.first + FORTNIGHT + 1)


def weekly(counts: IntArray) -> FloatArray:
    """Cases in the 7 days to each day, `[area, day]`; NaN on the first six."""
    running = np.concatenate([np.zeros((counts.shape[0], 1)), np.cumsum(counts, axis=1)], axis=1)
    sums = np.full(counts.shape, np.nan)
    sums[:, WEEK - 1 :] = running[:, WEEK:] - running[:, :-WEEK]
    return sums


def rises(final: IntArray, population: FloatArray, first: int, last: int) -> list[Rise]:
    """Every rise whose rise days lie in `first..last` (day numbers); `first` must leave 28 days before it."""
    cases = weekly(final)
    rate = cases / population[:, None] * PER
    days = rise_days(rate)
    found = []
    for area in range(final.shape[0]):
        own = [int(day) for day in np.flatnonzero(days[area]) if first <= day <= last]
        starts = [i for i, day in enumerate(own) if i == 0 or day - own[i - 1] >= APART]
        ends = [i - 1 for i in starts[1:]] + ([len(own) - 1] if own else [])
        for start, end in zip(starts, ends, strict=True):
            found.append(_rise(area, own[start], own[end], rate[area], cases[area]))
    return found


def rise_days(rate: FloatArray) -> BoolArray:
    """Which days are rise days, `[area, day]`; none before there are 28 days of counts."""
    out = np.zeros(rate.shape, dtype=bool)
    for day in range(LOOK_BACK + WEEK - 1, rate.shape[1]):
        now, lowest = rate[:, day], rate[:, day - LOOK_BACK : day].min(axis=1)
        out[:, day] = ((now >= LEVEL) & (now >= RATIO * lowest)) | (now - rate[:, day - FORTNIGHT] >= MORE)
    return out


def _rise(area: int, first: int, last: int, rate: FloatArray, cases: FloatArray) -> Rise:
    before = rate[first - LOOK_BACK : first]
    trough = first - LOOK_BACK + int(np.flatnonzero(before == before.min())[-1])
    doubled = (rate[trough + 1 :] >= RATIO * rate[trough]) & (cases[trough + 1 :] >= LEAST_CASES)
    doubling = trough + 1 + int(np.argmax(doubled)) if doubled.any() else None
    return Rise(area, trough, first, doubling, last)
