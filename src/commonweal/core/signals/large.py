"""Authorities, counties and regions held against the rate rule today, from counts with the day they became known.

A county or region is told only if it would be found without the authorities that were found themselves: one district's
rise is told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.signals.found import Found
from commonweal.core.signals.publications import Triangle
from commonweal.core.signals.rule import LEAST_DAYS, WEEK, assess
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.sweep import RULE
from commonweal.core.signals.watching import Event, Watched, watch

HISTORY = 120  # days of counts
KNOWN = 43  # days of which it is told when each count became known; older ones lie in the first


@dataclass(frozen=True)
class Level:
    """Places of one level. parts: the authorities of each; counts: `[known day, place, day]`, as known on each of the
    last days at the hour of the sweep, the newest last; population: residents."""

    name: str
    codes: list[str]
    parts: list[frozenset[str]]
    counts: IntArray
    population: FloatArray


@dataclass(frozen=True)
class Told:
    """What was found of one level, what a break or batch holds back, the events, completeness by age (newest last)."""

    found: list[Found]
    held: list[Found]
    events: list[Event]
    share: FloatArray
    flagged: BoolArray


def joined(level: Level, name: str, parts: Mapping[str, frozenset[str]]) -> Level:
    """The places of a wider level, each the sum of its parts."""
    number = {next(iter(part)): place for place, part in enumerate(level.parts)}
    codes = sorted(parts)
    rows = [[number[code] for code in sorted(parts[place]) if code in number] for place in codes]
    counts = np.stack([level.counts[:, row].sum(axis=1) for row in rows], axis=1)
    return Level(name, codes, [parts[place] for place in codes], counts,
                 np.array([level.population[row].sum() for row in rows]))  # fmt: skip


def told(level: Level, morning: date, setting: Setting) -> Told:
    """Hold every place of a level against the rule this morning."""
    known = _known_on(level)
    triangle = Triangle(morning - timedelta(days=HISTORY - 1), level.codes, known, level.counts[-len(known) :])
    last = HISTORY - 1
    watched = watch(triangle, level.population, setting, last, last)
    flags = watched.flags(setting.threshold)[:, last]
    held = watched.held[:, last] & watched.holds[:, last]
    return Told(
        [_found(level, watched, int(place), morning) for place in np.flatnonzero(flags)],
        [_found(level, watched, int(place), morning) for place in np.flatnonzero(held)],
        [event for event in watched.events if last - event.morning < setting.batches.held_days],
        watched.share[last],
        np.asarray(flags),
    )


def by_itself(level: Level, narrow: Level, found: frozenset[str], share: FloatArray, setting: Setting) -> BoolArray:
    """Which wider places hold the line without the authorities that were found themselves."""
    rest = [place for place, part in enumerate(narrow.parts) if not part & found]
    counts, people = np.zeros((len(level.codes), HISTORY)), np.zeros(len(level.codes))
    for place, part in enumerate(level.parts):
        own = [number for number in rest if narrow.parts[number] <= part]
        counts[place] = narrow.counts[-1, own].sum(axis=0)
        people[place] = narrow.population[own].sum()
    weekday = np.arange(HISTORY) % WEEK  # only equal and unequal matters to the rule
    some = people > 0
    holds = np.zeros(len(level.codes), dtype=bool)
    if some.any():
        holds[some] = assess(counts[some], share, weekday, people[some], setting).holds
    return holds


def too_short(first_day: date | None, morning: date) -> str | None:
    """Why a place cannot be held against the rule, or None: the rule looks back over five weeks."""
    if first_day is None:
        return "no results are known"
    days = (morning - first_day).days + 1
    return None if days >= LEAST_DAYS else f"{days} days of counts; the rule looks back over {LEAST_DAYS}"


def _known_on(level: Level) -> list[int]:
    """Day numbers on which something was known, from the first on."""
    some = np.flatnonzero(level.counts.any(axis=(1, 2)))
    first = int(some[0]) if some.size else level.counts.shape[0] - 1
    return list(range(HISTORY - level.counts.shape[0] + first, HISTORY))


def _found(level: Level, watched: Watched, place: int, morning: date) -> Found:
    last = HISTORY - 1
    rate, needed = float(watched.rate[place, last]), float(watched.needed[place, last])
    reported = float(watched.reported[place, last])
    text = (
        f"7-day rate {rate:.0f} per 100,000 expected once all is reported ({reported:.0%} of it is), line to pass "
        f"{needed:.0f}, all areas {watched.peers[last]:.0f}."
    )
    # what is expected is not said: the rule's line is for what will be reported in the end, people are those so far
    return Found(
        level.name, level.codes[place], RULE, level.parts[place], frozenset(), morning - timedelta(days=WEEK - 1),
        morning, float(level.counts[-1, place, -WEEK:].sum()), None, None, None, rate,
        float(watched.score[place, last]), None, None, text,
    )  # fmt: skip
