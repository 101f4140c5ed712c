"""Small areas in which nothing happens: cases in clumps, as households and workplaces make them, and no outbreak.

Used to see whether sweeps keep their budget of false alarms. Households bring one to four cases of one small area over
a week; workplaces three to six over ten days, each at home somewhere in the area. The level of all areas together
wanders, and weekends see fewer tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOUSEHOLD = (0.62, 0.2, 0.11, 0.07)  # shares of households with 1, 2, 3 and 4 cases
HOUSEHOLD_DAYS, WORKPLACE_DAYS = 7, 10
WORKPLACE = (3, 7)
OF_WORKPLACES = 0.1  # of all cases
WEEKEND = 0.7
WANDER, KEEPS = 0.06, 0.97  # of the logarithm of the level, a day


@dataclass(frozen=True)
class Quiet:
    """`[small area, day]`: cases (each a positive test) and negative tests."""

    cases: NDArray[np.int64]
    negatives: NDArray[np.int64]


def quiet(areas: int, days: int, rng: np.random.Generator, *, a_day: float = 0.2, tests: float = 8.0) -> Quiet:
    """Draw counts of so many small areas side by side. a_day: cases of one a day on average; tests: negative ones."""
    level = _level(days, rng)
    of_area = rng.gamma(10, 0.1, areas)
    cases = np.zeros((areas, days + WORKPLACE_DAYS), dtype=np.int64)
    household_mean = float(np.dot(HOUSEHOLD, np.arange(1, 5)))
    started = rng.poisson((1 - OF_WORKPLACES) * a_day / household_mean * np.outer(of_area, level))
    for area, day in zip(*np.nonzero(started), strict=True):
        for _ in range(started[area, day]):
            size = 1 + int(rng.choice(4, p=HOUSEHOLD))
            after = np.concatenate([[0], rng.integers(0, HOUSEHOLD_DAYS, size - 1)])
            np.add.at(cases, (area, day + after), 1)
    workplace_mean = (WORKPLACE[0] + WORKPLACE[1] - 1) / 2
    for day, number in enumerate(rng.poisson(OF_WORKPLACES * a_day * areas / workplace_mean * level)):
        for _ in range(number):
            size = int(rng.integers(*WORKPLACE))
            np.add.at(cases, (rng.integers(0, areas, size), day + rng.integers(0, WORKPLACE_DAYS, size)), 1)
    week = np.where(np.arange(days) % 7 >= 5, WEEKEND, 1.0)
    negatives = rng.poisson(tests * np.outer(rng.gamma(20, 0.05, areas), week))
    return Quiet(rng.binomial(cases[:, :days], week[None, :]), negatives)


def _level(days: int, rng: np.random.Generator) -> NDArray[np.float64]:
    wandering = np.zeros(days)
    for day in range(1, days):
        wandering[day] = KEEPS * wandering[day - 1] + rng.normal(0, WANDER)
    level = np.exp(wandering)
    return np.asarray(level / level.mean())
