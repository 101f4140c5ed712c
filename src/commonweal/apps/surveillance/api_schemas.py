"""What the interface for programs answers: signals, sweeps and figures of places. Names of fields say their unit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Schema


class Signal(Schema):
    """A signal with its newest change.

    `source` is what that was found in: `counts` of results, or the metric of a loaded series; `people` is null where
    the series counts something else. `merged_into`: the signals that offices last said this one to be the same as;
    `merged`: those that stand under this one.
    """

    number: int
    title: str
    kind: str
    state: str
    level: str
    place_code: str | None
    place: str
    authorities: list[str]
    members: list[str]
    setting_id: str | None
    opened_on: date
    opened_at: datetime
    changed_on: date
    changed_at: datetime
    people: float | None
    source: str
    rate_per_100000: float | None
    recurrence_days: float | None
    evidence: list[str]
    merged_into: list[int]
    merged: list[int]


class Change(Schema):
    """A change in the life of a signal."""

    step: int
    state: str
    known_at: datetime
    morning: date
    level: str
    place_code: str | None
    members: list[str]
    people: float | None
    rate_per_100000: float | None
    recurrence_days: float | None
    evidence: list[str]
    sweep: int


class Finding(Schema):
    """What one method said of one place; `held_by` is the signal that explains it, so that it raised none."""

    method: str
    level: str
    place_code: str
    members: list[str]
    morning: date
    first_day: date
    last_day: date
    seen: float
    expected: float | None
    expected_low: float | None
    expected_high: float | None
    rate_per_100000: float | None
    p_value: float | None
    recurrence_days: float | None
    held_by: int | None
    evidence: str
    known_at: datetime
    source: str
    sweep: int


class Signals(Schema):
    """One page of signals; ask on with `cursor` while `more` is true, with the `as_of` of the first page."""

    items: list[Signal]
    cursor: str
    more: bool
    as_of: datetime
    agreements: list[str]


class OneSignal(Schema):
    """A signal with its life."""

    signal: Signal
    changes: list[Change]
    findings: list[Finding]
    as_of: datetime
    agreements: list[str]


class Sweep(Schema):
    """One run of every detector."""

    number: int
    source: str
    as_of: datetime
    known_at: datetime
    morning: date
    touched: list[str] | None
    places: dict[str, int]
    not_done: dict[str, str]
    seconds: float
    cost: dict[str, Any]
    budget: dict[str, Any]
    executor: str
    code_version: str
    parameters_version: str


class Sweeps(Schema):
    """One page of sweeps, the newest first."""

    items: list[Sweep]
    cursor: str
    more: bool
    as_of: datetime


class Interval(Schema):
    """An estimate with its interval; None where it is not known."""

    value: float | None
    low: float | None
    high: float | None


class DayFigures(Schema):
    """One day of swabs. `likely` is what it will count in the end (95%), `r` R of the window that ends on it (90%)."""

    day: date
    people_hospital_tests: int
    people_community_tests: int
    positive_tests: int
    tests: int
    complete: bool
    likely: Interval | None
    share_here: float | None
    r: Interval | None


class SeriesValue(Schema):
    """A published value; `low` below `high` where the publisher keeps a small count back. All values of a metric are of
    one `source`."""

    metric: str
    day: date
    low: float
    high: float
    published: date
    source: str


class OtherSource(Schema):
    """A source that has a series too, of which nothing is among the values."""

    metric: str
    source: str


class PlaceFigures(Schema):
    """The figures of a place; people in the week to `complete_to` over residents, and everything by day."""

    code: str
    name: str
    level: str
    residents: int
    complete_to: date
    people_in_week: int
    people_in_week_before: int
    rate_per_100000: Interval
    rate_yesterday_per_100000: float | None
    direction: str
    ratio_to_week_before: Interval
    doubling_or_halving_days: float | None
    why_no_forecast: str
    days: list[DayFigures]
    series: list[SeriesValue]
    series_not_drawn: list[OtherSource]
    as_of: datetime
    agreements: list[str]
