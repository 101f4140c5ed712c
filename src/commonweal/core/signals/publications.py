"""What was public on each morning: a true triangle of publications, or a final series thinned by delays.

Days are counted from the first day of the series; arrays are `[area, day]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.errors import Refused
from commonweal.core.signals.completeness import as_seen


class Source(Protocol):
    """Mornings with something published, what could be seen on each, and what delays can be learnt from."""

    @property
    def start(self) -> date:
        """The day with number 0."""

    @property
    def areas(self) -> list[str]:
        """Codes, in the order of the arrays."""

    @property
    def mornings(self) -> list[int]:
        """Day numbers of the mornings on which something was published."""

    def seen(self, morning: int) -> FloatArray:
        """Counts of the days up to `morning` as they were public then, `[area, morning + 1]`."""

    def totals(self, longest: int) -> FloatArray:
        """`[day, delay]`, all areas: what had been public `delay` days after each day."""

    def published(self) -> BoolArray:
        """Whether each day and the day before it had a publication."""


@dataclass(frozen=True)
class Thinned:
    """A final series as it would have been published: `cube` `[area, day, delay]`, cumulative over delays."""

    start: date
    areas: list[str]
    cube: IntArray

    @property
    def mornings(self) -> list[int]:
        """Every day."""
        return list(range(self.cube.shape[1]))

    def seen(self, morning: int) -> FloatArray:
        """As seen on a morning."""
        return as_seen(self.cube, morning)

    def totals(self, longest: int) -> FloatArray:
        """All areas together; delays beyond the cube are complete."""
        return np.asarray(self.cube.sum(axis=0)[:, : longest + 1], dtype=np.float64)

    def published(self) -> BoolArray:
        """Every day but the first."""
        return np.arange(self.cube.shape[1]) > 0


@dataclass(frozen=True)
class Triangle:
    """True publications: `counts` `[publication, area, day]`, `on` the day number of each publication."""

    start: date
    areas: list[str]
    on: list[int]
    counts: IntArray

    @property
    def mornings(self) -> list[int]:
        """The days of publication."""
        return self.on

    def seen(self, morning: int) -> FloatArray:
        """As in the newest publication up to that morning. Raises `Refused` before the first."""
        return np.asarray(self.counts[self._newest(morning), :, : morning + 1], dtype=np.float64)

    def totals(self, longest: int) -> FloatArray:
        """All areas together; a day without a publication shows the one before."""
        return self._totals[:, : longest + 1]

    @cached_property
    def _totals(self) -> FloatArray:
        by_publication = self.counts.sum(axis=1)
        days = self.counts.shape[2]
        out = np.zeros((days, 61))
        for day in range(days):
            for delay in range(61):
                if self.on[0] <= day + delay:
                    out[day, delay] = by_publication[self._newest(day + delay), day]
        return out

    def published(self) -> BoolArray:
        """Whether each day and the one before had a publication."""
        there = set(self.on)
        return np.array([day in there and day - 1 in there for day in range(self.counts.shape[2])])

    def _newest(self, morning: int) -> int:
        number = int(np.searchsorted(self.on, morning, side="right")) - 1
        if number < 0:
            raise Refused(f"Nothing was published by day {morning}; the first publication is on day {self.on[0]}.")
        return number


def matrix(table: pl.DataFrame, areas: list[str], start: date, last: date) -> IntArray:
    """`[area, day]` of a long table (area_code, specimen_date, new_cases); rows left out are 0."""
    out = np.zeros((len(areas), (last - start).days + 1), dtype=np.int64)
    kept = table.filter(pl.col("area_code").is_in(areas) & pl.col("specimen_date").is_between(start, last))
    _fill(out, [_places(kept, "area_code", areas), _numbers(kept, "specimen_date", start)], kept)
    return out


def triangle(table: pl.DataFrame, start: date) -> Triangle:
    """A triangle from a long table (published, area_code, specimen_date, new_cases); rows left out are 0."""
    kept = table.filter(pl.col("specimen_date") >= start)
    areas = kept["area_code"].unique().sort().to_list()
    days = kept["published"].unique().sort().to_list()
    counts = np.zeros((len(days), len(areas), (days[-1] - start).days + 1), dtype=np.int64)
    where = [
        _places(kept, "published", days),
        _places(kept, "area_code", areas),
        _numbers(kept, "specimen_date", start),
    ]
    _fill(counts, where, kept)
    return Triangle(start, areas, [(day - start).days for day in days], counts)


def weekdays(start: date, number: int) -> IntArray:
    """0 for Monday to 6 for Sunday of each day."""
    return np.array([(start + timedelta(days=day)).weekday() for day in range(number)])


def _fill(out: IntArray, where: list[IntArray], table: pl.DataFrame) -> None:
    out[tuple(where)] = table["new_cases"].to_numpy()


def _places(table: pl.DataFrame, column: str, values: list[str]) -> IntArray:
    order = {value: number for number, value in enumerate(values)}
    return table[column].replace_strict(order, return_dtype=pl.Int64).to_numpy()


def _numbers(table: pl.DataFrame, column: str, start: date) -> IntArray:
    return (table[column] - start).dt.total_days().to_numpy()
