"""Figures of an area from its counts: people by day, tests, rates. Plain functions of rows; days are specimen days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

VIRUS_TESTS = ("pcr", "lateral_flow")
PILLARS = (("pillar1", "Hospital tests"), ("other", "Community tests"))
WEEK = 7

Row = Mapping[str, Any]
Limits = Callable[[int, int], tuple[float, float]]
"""(part, whole) -> 95% limits of part / whole."""


@dataclass(frozen=True)
class Reading:
    """How counts are read: what is complete, how far back pages look, fixed classes of the map. From `parameters/`."""

    complete_after_days: int
    curve_days: int
    age_days: int
    rate_breaks: tuple[float, float, float, float]
    version: str


@dataclass(frozen=True)
class SmallArea:
    """A small area (LSOA): the area that pages group it into, with the name people use."""

    code: str
    group_code: str
    group_name: str


@dataclass(frozen=True)
class AreaFacts:
    """What the queries give for *My area*. ``daily_before`` are the daily counts as known a day earlier.

    ``residents`` counts everybody of the area, ``group_residents`` by group code. ``feeds`` are (name, newest
    submission). ``new_care_homes`` is None where the office does not read single records. ``latency`` is, for each tier
    that read, the seconds from commit to open page that 95 of 100 events kept in the last hour (None: more than five).
    """

    place: str
    residents: int
    residents_note: str
    as_of: datetime
    today: date
    last_looked: datetime | None
    daily: Sequence[Row]
    daily_before: Sequence[Row]
    small: Sequence[Row]
    ages: Sequence[Row]
    since: Sequence[Row]
    latest: Sequence[Row]
    feeds: Sequence[tuple[str, datetime | None]]
    areas: Mapping[str, SmallArea]
    group_residents: Mapping[str, int]
    new_care_homes: tuple[str, ...] | None = ()
    group_word: str = "Neighbourhood"
    latency: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Rate:
    """People in the seven days to ``last`` per 100,000 residents."""

    people: int
    residents: int
    last: date

    @property
    def value(self) -> float | None:
        return 100_000 * self.people / self.residents if self.residents else None


def last_complete_day(today: date, reading: Reading) -> date:
    """The newest specimen day for which results are taken to be all here."""
    return today - timedelta(days=reading.complete_after_days)


def days_between(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=step) for step in range((last - first).days + 1))


def people_by_day(daily: Iterable[Row]) -> dict[date, Counter[str]]:
    """People at the first positive specimen of an episode, by day and pillar group ('pillar1' or 'other')."""
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for row in daily:
        if row["result"] == "case":
            found[row["day"]]["pillar1" if row["pillar"] == "pillar1" else "other"] += row["n"]
    return found


def tests_by_day(daily: Iterable[Row]) -> dict[date, tuple[int, int]]:
    """(positive, all) virus tests by day; void tests and antibody tests are no part of it."""
    found: dict[date, tuple[int, int]] = {}
    for row in daily:
        if row["test_type"] in VIRUS_TESTS and row["result"] in ("positive", "negative"):
            positive, all_tests = found.get(row["day"], (0, 0))
            found[row["day"]] = (positive + row["n"] * (row["result"] == "positive"), all_tests + row["n"])
    return found


def week_rate(daily: Iterable[Row], last: date, residents: int) -> Rate:
    first = last - timedelta(days=WEEK - 1)
    people = sum(sum(counts.values()) for day, counts in people_by_day(daily).items() if first <= day <= last)
    return Rate(people, residents, last)


def week_tests(tests: Mapping[date, tuple[int, int]], last: date) -> tuple[int, int]:
    """(positive, all) tests in the seven days to a day."""
    found = [tests.get(day, (0, 0)) for day in days_between(last - timedelta(days=WEEK - 1), last)]
    return sum(positive for positive, _ in found), sum(all_tests for _, all_tests in found)


def grouped(rows: Iterable[Row], areas: Mapping[str, SmallArea], result: str = "case") -> Counter[str]:
    """Counts of one result by group code; small areas that are not known are counted under their own code."""
    found: Counter[str] = Counter()
    for row in rows:
        if row["result"] == result:
            area = areas.get(row["lsoa_code"])
            found[area.group_code if area else row["lsoa_code"]] += row["n"]
    return found


def newest_day(daily: Iterable[Row]) -> date | None:
    """The newest specimen day with any virus test."""
    return max((row["day"] for row in daily if row["result"] in ("positive", "negative")), default=None)
