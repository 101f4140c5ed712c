"""How complete the last days are, learnt from the publications so far; and turned round, to thin a final series.

Source: reverse hazards as in Lawless 1994 (Can J Stat 22:15), a weekday of specimen each, drawn to those of all days.
Delays belong to laboratories more than to areas, so all areas together tell them.
"""

from __future__ import annotations

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.errors import Refused
from commonweal.core.signals.setting import Delays

WEEK = 7


def learnt(
    totals: FloatArray, usable: BoolArray, weekday: IntArray, today: int, delays: Delays, first: tuple[float, ...]
) -> FloatArray:
    """Completeness by weekday of the specimen and delay, `[7, longest + 1]`, as publications up to `today` tell it.

    totals: `[day, delay]`, all areas, of each specimen day what had been published `delay` days later. usable: for each
    day whether its publication and that of the day before are there and of one definition. weekday: `[day]`, 0 Monday.
    first: completeness assumed before anything was seen; it counts like `prior_weight` cases a delay.

    g_x = (n_x + c h_x)/(N_x + c) with n_x reported x days after the specimen, N_x up to then, h_x of all weekdays
    together (and for them of `first`); F(x) is the product of (1 - g_y) over y > x.
    """
    hazard = np.array(_hazards_of(np.asarray(first)))
    added, until = np.zeros((WEEK, delays.longest + 1)), np.zeros((WEEK, delays.longest + 1))
    for report in range(max(1, today - delays.window_days + 1), today + 1):
        if not usable[report]:
            continue
        for delay in range(1, min(delays.longest, report) + 1):
            day = report - delay
            added[weekday[day], delay] += max(totals[day, delay] - totals[day, delay - 1], 0.0)
            until[weekday[day], delay] += totals[day, delay]
    weight = delays.prior_weight
    shared = (added.sum(axis=0) + weight * hazard) / (until.sum(axis=0) + weight)
    own = (added + weight * shared) / (until + weight)
    own[:, 0] = 0.0
    beyond = np.concatenate([np.cumprod((1 - own)[:, ::-1], axis=1)[:, ::-1][:, 1:], np.ones((WEEK, 1))], axis=1)
    return np.asarray(beyond)


def _hazards_of(share: FloatArray) -> FloatArray:
    """Reverse hazards of a completeness curve."""
    before = np.concatenate([[0.0], share[:-1]])
    return np.asarray(1 - np.divide(before, share, out=np.ones_like(share), where=share > 0))


def by_age(share: FloatArray, weekday: IntArray, today: int) -> FloatArray:
    """Completeness of each day up to `today`, newest last: 1 for days older than the longest delay."""
    longest = share.shape[1] - 1
    age = np.minimum(today - np.arange(today + 1), longest)
    return np.asarray(share[weekday[: today + 1], age])


def thinned(final: IntArray, share: FloatArray, weekday: IntArray, rng: np.random.Generator) -> IntArray:
    """What would have been published of a final series, `[area, day, delay]`, cumulative over delays.

    Each person of a specimen day becomes public after a delay drawn from the differences of `share`. Raises `Refused`
    for a falling completeness.
    """
    part = np.diff(np.concatenate([np.zeros((WEEK, 1)), share], axis=1), axis=1)
    if (part < -1e-12).any():
        raise Refused("completeness falls with the delay; it must rise to 1.")
    part = np.maximum(part, 0.0) / np.maximum(part, 0.0).sum(axis=1, keepdims=True)
    out = np.empty((*final.shape, share.shape[1]), dtype=np.int64)
    for day in range(final.shape[1]):
        out[:, day] = np.cumsum(rng.multinomial(final[:, day], part[weekday[day]]), axis=1)
    return out


def as_seen(cube: IntArray, today: int) -> FloatArray:
    """Of `[area, day, delay]`, the counts visible `today`, `[area, today + 1]`."""
    longest = cube.shape[2] - 1
    age = np.minimum(today - np.arange(today + 1), longest)
    return np.asarray(cube[:, np.arange(today + 1), age], dtype=np.float64)
