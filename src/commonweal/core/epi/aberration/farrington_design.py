"""Which past steps Farrington Flexible compares with today: reference windows, seasonal blocks, left-out weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Design:
    """One row of padded arrays for each evaluated step (`row`, `time`, `level` are `[step, slot]`, `size` the filled
    part).

    `row` is a position in the series, `time` the trend covariate, `level` the seasonal level (0-based, 0..levels-1);
    `now_time` and `now_level` describe the evaluated step itself. A step without enough history has size 0.
    """

    step: IntArray
    row: IntArray
    time: FloatArray
    level: IntArray
    size: IntArray
    levels: IntArray
    now_time: FloatArray
    now_level: IntArray


def design(
    steps: IntArray,
    *,
    years: int,
    half_window: int,
    periods: int,
    left_out: int,
    period: int,
    dates: list[date] | None,
) -> Design:
    """Lay out the comparison steps of each evaluated step (0-based positions).

    Reference points lie `period` steps apart, or at the same calendar date in earlier years if `dates` are given
    (weekly series: the nearest day with the same weekday). The seasonal factor has its last level in the windows of
    `half_window` steps round the reference points and cuts what lies between into `periods - 1` blocks; with one
    period only the windows are used. The `left_out` steps before the evaluated one, and itself, are not used.
    """
    position = None if dates is None else {day: i for i, day in enumerate(dates)}
    rows = [_one(int(t), years, half_window, periods, left_out, period, dates, position) for t in steps]
    width = max(1, max(found.size for found, _ in rows))
    row = np.zeros((len(rows), width), dtype=np.int64)
    level, time = np.zeros_like(row), np.zeros(row.shape)
    size, levels = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    now_time, now_level = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64)
    for i, (found, block) in enumerate(rows):
        if found.size == 0:
            continue
        present, compact = np.unique(block, return_inverse=True)
        n = found.size
        row[i, :n], level[i, :n], size[i], levels[i] = found, compact, n, present.size
        time[i, :n], now_time[i] = _times(found, int(steps[i]), dates)
        now_level[i] = int(np.searchsorted(present, periods)) if present[-1] == periods else -1
    return Design(np.asarray(steps, dtype=np.int64), row, time, level, size, levels, now_time, now_level)


def _one(
    t: int,
    years: int,
    half_window: int,
    periods: int,
    left_out: int,
    period: int,
    dates: list[date] | None,
    position: dict[date, int] | None,
) -> tuple[IntArray, IntArray]:
    """Positions used for step t and their block (1..periods)."""
    none = np.empty(0, dtype=np.int64)
    if dates is None or position is None:
        reference = [t - period * i for i in range(1, years + 1)]
    else:
        found = [position.get(_years_back(dates[t], i, period)) for i in range(1, years + 1)]
        if any(place is None for place in found):
            return none, none
        reference = [place for place in found if place is not None]
    if reference[-1] < half_window:
        return none, none
    block = np.zeros(t + 1, dtype=np.int64)
    block[max(t - half_window, 0) : t + 1] = periods
    later = t
    for point in reference:
        block[point - half_window : point + half_window + 1] = periods
        if periods > 1:
            _cut(block, point + half_window + 1, later - half_window, periods - 1)
        later = point
    block[max(t - left_out, 0) : t + 1] = 0
    used = np.flatnonzero(block)
    return used, block[used]


def _cut(block: IntArray, start: int, end: int, parts: int) -> None:
    """Number the positions start..end-1 in `parts` consecutive blocks 1..parts, the first ones one longer."""
    length = end - start
    if length <= 0:
        return
    whole, rest = divmod(length, parts)
    sizes = [whole + (1 if i < rest else 0) for i in range(parts)]
    block[start:end] = np.repeat(np.arange(1, parts + 1), sizes)


def _times(found: IntArray, t: int, dates: list[date] | None) -> tuple[FloatArray, float]:
    """Trend covariate: position in the series (from 1), or steps from the first used date."""
    if dates is None:
        return found.astype(np.float64) + 1, t + 1.0
    unit = (dates[1] - dates[0]).days
    first = dates[int(found[0])]
    return np.array([(dates[int(i)] - first).days / unit for i in found]), (dates[t] - first).days / unit


def _years_back(day: date, years: int, period: int) -> date:
    """The same calendar date `years` ago (29 February becomes 1 March); in weekly series moved to the same weekday."""
    try:
        earlier = day.replace(year=day.year - years)
    except ValueError:
        earlier = date(day.year - years, 3, 1)
    if period != WEEKS_A_YEAR:
        return earlier
    shift = (day.weekday() - earlier.weekday()) % 7
    return earlier + timedelta(days=shift if shift <= 3 else shift - 7)


WEEKS_A_YEAR = 52


def regular(dates: list[date], period: int) -> None:
    """Refuse dates that are unsorted, repeated or (weekly) not seven days apart."""
    for i in range(1, len(dates)):
        gap = (dates[i] - dates[i - 1]).days
        if gap <= 0 or (period == WEEKS_A_YEAR and gap != 7):
            raise Refused(
                f"dates[{i}] = {dates[i]} follows {dates[i - 1]}; dates must rise by one step each. "
                "Sort them and fill steps without cases with 0."
            )
