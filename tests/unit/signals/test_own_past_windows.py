"""Series of any window and rhythm against their own past; and why a place could not be held."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.metrics import Metric, metrics_from
from commonweal.core.signals.in_series import Ground, Row, look
from commonweal.core.signals.own_past import departure, why_not
from tests.unit.signals.rules import past_rule, rules

TODAY = date(2021, 3, 12)  # a Friday
PLACES = ("E06000016", "E07000129")
GROUND = Ground({place: frozenset({place}) for place in PLACES}, {}, dict.fromkeys(PLACES, 90_000.0))
WATER = Metric("water", "Copies", "level", "copies per gram", 1, "none", "A board", (), (), None, "own_past")


def cells(days: list[int], risen: int, value: float = 100.0, times: float = 3.0) -> dict[date, tuple[float, float]]:
    """Values so many days ago, slightly uneven; those of the last `risen` days so many times as high."""
    return {
        TODAY - timedelta(days=back): (high := (value + back % 5) * (times if back < risen else 1), high)
        for back in days
    }  # fmt: skip


def rows(place: str, values: dict[date, tuple[float, float]]) -> list[Row]:
    return [(place, day, max(values), low, high) for day, (low, high) in values.items()]


TWICE_A_WEEK = [back for back in range(90) if (TODAY - timedelta(days=back)).weekday() in (1, 4)]


@pytest.mark.parametrize("days", [TWICE_A_WEEK, list(range(0, 90, 3)), list(range(0, 90, 7)), list(range(90))],
                         ids=["twice a week", "every third day", "weekly", "daily"])  # fmt: skip
@pytest.mark.parametrize("window", [1, 3])
def test_what_is_measured_on_some_days_only_is_held_by_those(days: list[int], window: int) -> None:
    metric = replace(WATER, window_days=window)
    some = [*rows(PLACES[0], cells(days, 7)), *rows(PLACES[1], cells(days, 0))]
    out = look(metric, "ltla", some, GROUND, TODAY, rules())
    assert [found.place for found in out.found] == [PLACES[0]]
    assert (out.done, out.not_done) == (2, {})


def test_a_value_of_fourteen_days_is_held_against_those_that_do_not_overlap() -> None:
    metric = replace(WATER, id="visits", kind="count", unit="visits", window_days=14, denominator="residents")
    every_second = list(range(0, 160, 14))
    some = [*rows(PLACES[0], cells(every_second, 7)), *rows(PLACES[1], cells(every_second, 0))]
    out = look(metric, "ltla", some, GROUND, TODAY, rules())
    assert [found.place for found in out.found] == [PLACES[0]]
    assert "visits in the 14 days to 12 March" in out.found[0].evidence
    assert (out.done, out.not_done) == (2, {})
    daily = cells(list(range(160)), 14)
    met = departure(daily, "count", 14, past_rule())
    assert met is not None
    assert met.expected < 105, "none of the values that it is held against overlaps the newest fourteen days"


def test_a_count_of_three_days_is_not_added_up_over_a_week() -> None:
    met = departure(cells(list(range(90)), 3, value=50.0), "count", 3, past_rule())
    assert met is not None
    assert met.value == 150


@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        (cells(list(range(20)), 0), "count", "20 days of values; its past is read over 49"),
        (cells([back for back in range(90) if back != 5], 0), "count", "6 of the 7 days to 12 March 2021 have a value"),
        (cells([0, 1, *range(7, 90)], 0), "share", "2 of the 7 days to 12 March 2021 have a value.*; 4 are needed"),
        (cells([*range(7), *range(63, 90)], 0), "count", "1 of the 8 spans of 7 days before have their values"),
        (cells(list(range(90)), 0, value=0.0, times=0.0), "count", None),
    ],
)
def test_a_place_that_cannot_be_held_is_told_with_its_reason(
    values: dict[date, tuple[float, float]], kind: str, reason: str | None
) -> None:
    metric = replace(WATER, kind=kind)
    if reason is None:  # hardly anybody counted: looked at, nothing to say
        values = dict.fromkeys(values, (0.0, 0.0))
        out = look(metric, "ltla", rows(PLACES[0], values), GROUND, TODAY, rules())
        assert (out.done, out.not_done) == (1, {})
        return
    assert re.search(reason, why_not(values, kind, 1, past_rule()))
    out = look(metric, "ltla", rows(PLACES[0], values), GROUND, TODAY, rules())
    assert (out.done, list(out.not_done)) == (0, [PLACES[0]])


def test_a_place_that_fell_silent_tells_nothing_of_weeks_ago() -> None:
    silent = {day: value for day, value in cells(list(range(90)), 47).items() if day <= TODAY - timedelta(days=40)}
    out = look(WATER, "ltla", [*rows(PLACES[0], silent), *rows(PLACES[1], cells(list(range(90)), 0))], GROUND, TODAY,
               rules())  # fmt: skip
    assert out.found == []
    assert out.not_done == {PLACES[0]: "its newest value is of 31 January 2021, other places have one of 12 March"}


ENTRY = {"id": "calls", "label": "Calls", "kind": "count", "unit": "calls", "window_days": 1, "denominator": "none",
         "source": "A helpline", "names": ["calls_a_day"]}  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([ENTRY | {"window_days": 0}], "window_days 0; it is the whole number of days"),
        ([ENTRY | {"window_days": "7"}], "window_days '7'"),
        ([ENTRY | {"suppressed": [5, 2]}], "suppressed .5, 2.; give the lowest and the highest"),
        ([ENTRY | {"suppressed": "0-2"}], "suppressed '0-2'"),
        ([ENTRY, ENTRY | {"id": "rings"}], "'calls_a_day' names two metrics"),
    ],
)
def test_a_metric_that_cannot_be_is_refused_where_it_is_defined(entries: list[object], message: str) -> None:
    with pytest.raises(Refused, match=message):
        metrics_from([{"metrics": entries}])
