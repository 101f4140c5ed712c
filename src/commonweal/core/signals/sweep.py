"""One sweep of a level: every place of a series held against the rule on every morning, those that cannot be named."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.signals.life import Finding
from commonweal.core.signals.publications import Triangle
from commonweal.core.signals.rule import LEAST_DAYS
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.watching import Event, watch

RULE = "rate rule"


@dataclass(frozen=True)
class Block:
    """What a worker gets: counts of one level and no records. first, last: mornings that are swept, as day numbers."""

    level: str
    triangle: Triangle
    population: FloatArray
    first: int
    last: int
    setting: Setting


@dataclass(frozen=True)
class Swept:
    """What a worker gives back, in the order of the block's areas and mornings."""

    level: str
    findings: tuple[Finding, ...]
    events: tuple[Event, ...]


def sweep_block(block: Block) -> Swept:
    """Hold every area of a block against the rule on every morning with a publication."""
    watched = watch(block.triangle, block.population, block.setting, block.first, block.last)
    flags = watched.flags(block.setting.threshold)
    findings = []
    for number, morning in np.argwhere(flags[:, block.first :]):
        area, day = block.triangle.areas[number], int(morning) + block.first
        rate, needed = float(watched.rate[number, day]), float(watched.needed[number, day])
        text = (
            f"7-day rate {rate:.0f} per 100,000 expected once all is reported, line to pass {needed:.0f}, all areas "
            f"{watched.peers[day]:.0f}"
        )
        strength = float(watched.score[number, day])
        findings.append(Finding(day, area, block.level, RULE, frozenset([area]), strength, rate, text))
    return Swept(block.level, tuple(findings), tuple(watched.events))


def from_changes(
    rows: Sequence[tuple[str, date, date, float]], start: date, as_of: date
) -> tuple[Triangle | None, dict[str, str]]:
    """Rebuild publications from what each newly said, `(place, day, published, count)`; places that cannot be done.

    A place whose days have a hole or that has fewer than five weeks is left out with the reason: a day without a value
    is unknown, not 0. Days after a place's newest one are 0 so far. None without any place that can be done.
    """
    by_place: dict[str, dict[date, list[tuple[date, float]]]] = {}
    for place, day, published, count in rows:
        by_place.setdefault(place, {}).setdefault(day, []).append((published, count))
    refused = {place: reason for place, days in by_place.items() if (reason := _why_not(sorted(days)))}
    areas = sorted(set(by_place) - set(refused))
    if not areas:
        return None, refused
    days_of_publication = sorted({published for _, _, published, _ in rows if published >= start})
    on = [(day - start).days for day in days_of_publication]
    counts = np.zeros((len(on), len(areas), (as_of - start).days + 1), dtype=np.int64)
    for number, area in enumerate(areas):
        for day, said in by_place[area].items():
            _fill(counts[:, number, (day - start).days], said, days_of_publication)
    return Triangle(start, areas, on, counts), refused


def _fill(column: IntArray, said: list[tuple[date, float]], publications: list[date]) -> None:
    for published, count in sorted(said):
        column[bisect_left(publications, published) :] = int(count)


def _why_not(days: list[date]) -> str | None:
    if len(days) < LEAST_DAYS:
        return f"{len(days)} days of counts; the rule looks back over {LEAST_DAYS}"
    holes = [day for before, day in itertools.pairwise(days) if day - before > timedelta(days=1)]
    return f"no value for the day before {holes[-1]}, and a missing day is not 0" if holes else None
