"""Loaded series held against their past or the rule: what is found, what never is, and what is held back."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.signals import own_past
from commonweal.core.signals.in_series import PAST, RULE, Ground, Row, Rules, look
from commonweal.core.signals.own_past import PastRule, departure
from tests.unit.signals.rules import past_rule, rules

TODAY = date(2020, 6, 19)
WEEKLY = Metric(
    "cases_in_week", "Cases in a week", "count", "people", 7, "residents", "A publisher", (), (), (0, 2), "own_past"
)
DAILY = Metric("cases", "Cases", "count", "people", 1, "residents", "A publisher", (), (), None, "rate_rule")
ABSENCE = Metric("absence", "Pupils absent", "share", "per cent", 1, "pupils", "A ministry", (), (), None, "own_past")
PLACES = tuple(f"E0200000{k}" for k in range(8))
GROUND = Ground({place: frozenset({"E06000016"}) for place in PLACES}, {}, dict.fromkeys(PLACES, 8_000.0))


def weeks(values: list[tuple[float, float]], last: date = TODAY) -> dict[date, tuple[float, float]]:
    return {last - timedelta(days=7 * k): cell for k, cell in enumerate(values)}


def rows(place: str, values: list[tuple[float, float]], published: date = TODAY) -> list[Row]:
    return [(place, day, published, *cell) for day, cell in weeks(values).items()]


def test_a_week_above_its_past_departs_and_a_usual_one_does_not() -> None:
    past = [(float(n), float(n)) for n in (8, 6, 7, 5, 9, 6, 7, 8, 6)]
    high = departure(weeks([(30, 30), *past]), "count", 7, past_rule())
    usual = departure(weeks([(8, 8), *past]), "count", 7, past_rule())
    assert high is not None
    assert usual is not None
    assert high.p_value < 1e-6 < 0.05 < usual.p_value
    assert high.expected == np.mean([6, 7, 5, 9, 6, 7, 8, 6]), "the week just before is left out"
    assert high.low <= high.expected <= high.high < 30


@given(st.lists(st.integers(0, 2), min_size=9, max_size=9), st.integers(0, 2))
def test_suppressed_cells_alone_are_never_a_departure(past: list[int], newest: int) -> None:
    hidden = [(0.0, 2.0)] * 10
    assert departure(weeks(hidden), "count", 7, past_rule()) is None
    shown = departure(weeks([(6.0, 6.0), *hidden[1:]]), "count", 7, past_rule())
    as_zero = departure(weeks([(6.0, 6.0), *[(0.0, 0.0)] * 9]), "count", 7, past_rule())
    real = departure(weeks([(6.0, 6.0), *[(float(n), float(n)) for n in past]]), "count", 7, past_rule())
    assert shown is not None
    assert as_zero is not None
    assert real is not None
    assert shown.expected >= real.expected, "a suppressed past is read as its highest"
    assert as_zero.p_value < shown.p_value, "and never as 0"


def test_a_day_without_a_value_is_unknown_and_not_0() -> None:
    days = {TODAY - timedelta(days=k): (3.0, 3.0) for k in range(70)}
    assert departure(days, "count", 1, past_rule()) is not None
    del days[TODAY - timedelta(days=2)]
    assert departure(days, "count", 1, past_rule()) is None
    assert departure({}, "count", 1, past_rule()) is None


def test_shares_of_school_days_are_read_and_usual_weeks_are_rarely_called_unusual() -> None:
    rng = np.random.default_rng(4)
    p_values = []
    for _ in range(800):
        days = {day: (float(v), float(v)) for k in range(70) if (day := TODAY - timedelta(days=k)).weekday() < 5
                for v in [rng.normal(5, 0.8)]}  # fmt: skip
        met = departure(days, "share", 1, past_rule())
        assert met is not None
        p_values.append(met.p_value)
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.09
    doubled = {day: (v * (2 if day > TODAY - timedelta(days=7) else 1),) * 2 for day, (v, _) in days.items()}
    met = departure(doubled, "share", 1, past_rule())
    assert met is not None
    assert met.p_value < 1e-3


def test_a_finding_names_method_metric_and_source_and_a_stale_series_says_so() -> None:
    some = [row for place in PLACES for row in rows(place, [(6.0, 6.0)] * 10)]
    some += [(PLACES[0], TODAY, TODAY + timedelta(days=1), 40.0, 40.0)]
    out = look(WEEKLY, "msoa", some, GROUND, TODAY + timedelta(days=2), rules())
    assert [(found.place, found.method, found.metric, found.kind) for found in out.found] == [
        (PLACES[0], PAST, "cases_in_week", "rise")
    ]
    assert "Cases in a week: 40 people" in out.found[0].evidence
    assert "A publisher, as published on 20 June 2020" in out.found[0].evidence
    assert (out.done, out.not_done) == (8, {})
    assert out.found[0].rate == 500
    later = look(WEEKLY, "msoa", some, GROUND, TODAY + timedelta(days=30), rules())
    assert later.found == []
    assert set(later.not_done.values()) == {"its newest publication is of 20 June 2020"}


def test_what_a_moved_past_explains_is_held_back() -> None:
    some = [row for place in PLACES for row in rows(place, [(6.0, 6.0)] * 10)]
    tomorrow = TODAY + timedelta(days=1)
    some += [(row[0], row[1], tomorrow, 20.0, 20.0) for row in some if row[0] != PLACES[7]]
    some += [(PLACES[0], TODAY, tomorrow, 90.0, 90.0)]
    some = [row for row in some if row[:3] != (PLACES[0], TODAY, tomorrow) or row[3] == 90]
    out = look(WEEKLY, "msoa", some, GROUND, tomorrow, rules())
    assert [event.kind for event in out.events] == ["definition_break"]
    assert out.found == []
    assert {found.place for found, _ in out.held} == {PLACES[0]}


def test_a_daily_series_goes_by_the_rate_rule_with_what_is_still_to_be_reported() -> None:
    start, people = TODAY - timedelta(days=60), Ground(GROUND.scope, {}, dict.fromkeys(PLACES, 100_000.0))
    rng = np.random.default_rng(2)
    some = []
    for number, place in enumerate(PLACES):
        for day in range(60):
            mean = 20.0 if number == 3 and day > 50 else 2.0
            some.append((place, start + timedelta(days=day), max(start + timedelta(days=day + 2), start + timedelta(days=40)),
                         float(value := rng.poisson(mean)), float(value)))  # fmt: skip
    out = look(DAILY, "ltla", some, people, TODAY + timedelta(days=1), rules())
    assert [(found.place, found.method) for found in out.found] == [(PLACES[3], RULE)]
    nobody = look(DAILY, "ltla", some, Ground(GROUND.scope, {}, {}), TODAY + timedelta(days=1), rules())
    assert (nobody.found, set(nobody.not_done.values())) == ([], {"no population is loaded"})
    outside = look(DAILY, "ltla", some, Ground({}, {}, {}), TODAY + timedelta(days=1), rules())
    assert set(outside.not_done.values()) == {"it lies in no authority of the loaded places"}


def test_a_rule_that_asks_for_too_few_weeks_is_refused() -> None:
    with pytest.raises(Refused, match="least_weeks is 2"):
        PastRule.from_document({"series": {**vars(past_rule()), "least_weeks": 2}})
    assert isinstance(rules(), Rules)


def _daily(late: dict[int, int], on_time: dict[int, int] | None = None) -> list[Row]:
    """Ten weeks of eight places, each day published two days later; to the first place some come late, today."""
    some: list[Row] = []
    rng = np.random.default_rng(7)
    for place in PLACES:
        for back in range(2, 72):
            day = TODAY - timedelta(days=back)
            number = float(rng.poisson(2)) + (on_time or {}).get(back, 0) * (place == PLACES[0])
            published = max(day + timedelta(days=2), TODAY - timedelta(days=20))
            some.append((place, day, published, number, number))
            if place == PLACES[0] and back in late:
                some.append((place, day, TODAY, number + late[back], number + late[back]))
    return some


@pytest.mark.parametrize("detect", ["own_past", "rate_rule"])
def test_a_late_batch_of_one_place_holds_back_what_it_alone_explains(detect: str) -> None:
    metric = dataclasses.replace(DAILY, detect=detect)
    people = Ground(GROUND.scope, {}, dict.fromkeys(PLACES, 80_000.0))
    batch = {4: 12, 5: 12, 6: 12, 7: 12}
    out = look(metric, "msoa", _daily(batch), people, TODAY, rules())
    assert [(event.kind, event.place, event.observed) for event in out.events] == [("late_batch", PLACES[0], 48.0)]
    assert out.found == []
    assert [(found.place, event.kind) for found, event in out.held] == [(PLACES[0], "late_batch")]
    risen = look(metric, "msoa", _daily({}, batch), people, TODAY, rules())
    assert (risen.events, [found.place for found in risen.found]) == ([], [PLACES[0]]), "reported in time it is a rise"
    both = look(metric, "msoa", _daily(batch, {2: 15, 3: 15, 4: 15, 5: 15}), people, TODAY, rules())
    assert [event.kind for event in both.events] == ["late_batch"]
    assert [found.place for found in both.found] == [PLACES[0]], "a rise that stands without the batch is told at once"
    later = _daily(batch)
    later += [(place, TODAY + timedelta(days=k - 2), TODAY + timedelta(days=k), 9.0 if place == PLACES[0] else 2.0, 9.0
               if place == PLACES[0] else 2.0) for place in PLACES for k in (1, 2)]  # fmt: skip
    done = look(metric, "msoa", later, people, TODAY + timedelta(days=2), rules())
    assert (done.events, [found.place for found in done.found]) == ([], [PLACES[0]]), (
        "two days on its days are complete"
    )


def daily_counts(numbers: list[int], held_back: set[int]) -> dict[date, tuple[float, float]]:
    """The newest first; a number of the set is kept back as 0 to 2."""
    cells = [(0.0, 2.0) if at in held_back else (float(n), float(n)) for at, n in enumerate(numbers)]
    return {TODAY - timedelta(days=at): cell for at, cell in enumerate(cells)}


@settings(max_examples=15, deadline=None)  # each draws a quarter of a year
@given(
    st.lists(st.integers(0, 40), min_size=60, max_size=90),
    st.sets(st.integers(0, 60), max_size=12),
    st.sampled_from([("count", 1), ("count", 7), ("share", 1)]),
)
def test_the_range_that_is_drawn_is_the_one_that_finds(
    numbers: list[int], hidden: set[int], how: tuple[str, int]
) -> None:
    kind, window = how
    cells = daily_counts(numbers, hidden)
    drawn = own_past.weeks(cells, kind, window, past_rule(), min(cells))
    assert [week.last for week in drawn] == sorted(week.last for week in drawn)
    for week in drawn:
        known_then = {day: cell for day, cell in cells.items() if day <= week.last}
        found = departure(known_then, kind, window, past_rule())
        if found is not None:
            assert week.held == found
        elif week.held is not None:
            assert kind == "count", "only the least count keeps a held week from being told"
            assert week.low < past_rule().least_count


def test_weeks_with_too_little_past_or_days_missing_have_no_range() -> None:
    cells = daily_counts([5] * 90, set())
    drawn = own_past.weeks(cells, "count", 1, past_rule(), min(cells))
    reach = 7 * (past_rule().skipped_weeks + past_rule().least_weeks)
    assert [week.held is None for week in drawn] == [True] * reach + [False] * (len(drawn) - reach)
    del cells[TODAY - timedelta(days=3)]
    assert own_past.weeks(cells, "count", 1, past_rule(), TODAY - timedelta(days=3)) == ()
    high = own_past.weeks(daily_counts([30] * 7 + [2] * 80, set()), "count", 1, past_rule(), TODAY)
    assert [week.above for week in high] == [True]
