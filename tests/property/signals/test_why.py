"""Laws of an explanation: parts add up, nobody is counted twice, and each fast step agrees with a slow obvious one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.epi.decomposition import netted_parts
from commonweal.core.signals import why_data as data
from commonweal.core.signals.why import explain
from commonweal.core.signals.why_draws import Drawn
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_shares import CAUSES, household_in_common, places_in_common, shares_of_cases
from commonweal.server import parameters

SETTING = replace(WhySetting.from_document(yaml.safe_load(parameters.text("signals/why.yaml"))), draws=20)
PLACES = data.Places(("Otter Foundry", "Larch House", "Mere School"), np.array([0, 1, 2]))
STRATA = 4


@st.composite
def rises(draw: st.DrawFn) -> tuple[data.Cases, data.Tested]:
    count = draw(st.integers(1, 40))

    def column(low: int, high: int) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(low, high), min_size=count, max_size=count)), dtype=np.int64)

    window = column(-1, 1)
    window[0] = data.AFTER
    cases = data.Cases(
        window, column(0, STRATA - 1), column(-1, 8), column(-2, 2), column(0, 2), column(-1, 1),
        column(0, 9) == 0, PLACES, (data.Field("age", column(-1, 2), ("young", "middle", "old")),),
    )  # fmt: skip
    effort = st.lists(st.integers(0, 300), min_size=STRATA, max_size=STRATA)
    before, after = (np.array(draw(effort), dtype=np.float64) for _ in range(2))
    return cases, data.Tested(before, after, np.array([0, 0, 1, 1]))


@settings(max_examples=60, deadline=None)
@given(rises(), st.booleans())
def test_parts_and_every_table_add_up_to_the_change(rise, with_tests):
    cases, tested = rise
    told = explain(cases, tested if with_tests else None, SETTING, np.random.default_rng(1))
    change = int((cases.window == 1).sum()) - int((cases.window == 0).sum())
    assert told.change.cases == change
    assert sum(part.cases for part in told.parts) == pytest.approx(change, abs=1e-9)
    for table in told.tables:
        assert sum(part.cases for part in table.parts) == pytest.approx(change, abs=1e-9)
    assert all(part.lower <= part.cases <= part.upper for part in told.parts)


@settings(max_examples=60, deadline=None)
@given(rises())
def test_a_table_counts_every_value_as_one_would_by_hand(rise):
    cases, tested = rise
    (field,) = cases.fields
    (table,) = explain(cases, tested, SETTING, np.random.default_rng(1)).tables
    names = {-1: "not known", **dict(enumerate(field.labels))}
    slow = {names[code]: [0, 0] for code in field.code.tolist()}
    for code, window in zip(field.code.tolist(), cases.window.tolist(), strict=True):
        if window != data.EARLIER:
            slow[names[code]][window] += 1
    assert {part.name: [part.before, part.after] for part in table.parts} == slow


@settings(max_examples=60, deadline=None)
@given(rises())
def test_every_case_is_shared_out_once(rise):
    cases, _ = rise
    shares = shares_of_cases(cases, places_in_common(cases, SETTING.common), SETTING).share
    assert shares.sum(axis=1) == pytest.approx(np.ones(cases.window.size))
    assert (shares >= 0).all()
    assert (shares[cases.late, 0] == 1).all()


@settings(max_examples=60, deadline=None)
@given(rises())
def test_households_in_common_as_one_would_say_it(rise):
    cases, _ = rise
    slow = [
        home != data.UNKNOWN
        and window != data.EARLIER
        and sum(
            other == home and (then in (window, window - 1))
            for other, then in zip(cases.household, cases.window, strict=True)
        )
        >= 2
        for home, window in zip(cases.household, cases.window, strict=True)
    ]
    assert household_in_common(cases, 2).tolist() == slow


@settings(max_examples=40, deadline=None)
@given(rises(), st.randoms(use_true_random=False))
def test_the_order_of_cases_does_not_matter(rise, chance):
    cases, tested = rise
    order = list(range(cases.window.size))
    chance.shuffle(order)
    columns = ("window", "stratum", "household", "setting", "age_group", "arrived", "late")
    moved = data.Cases(**{name: getattr(cases, name)[order] for name in columns}, places=cases.places)
    first, second = (explain(each, tested, SETTING, np.random.default_rng(1)) for each in (cases, moved))
    for one, other in zip(first.parts, second.parts, strict=True):
        assert one.cases == pytest.approx(other.cases, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(rises(), st.data())
def test_sums_of_draws_are_those_of_going_through_every_case(rise, data_of):
    cases, _ = rise
    drawn = Drawn.of(cases, 6, np.random.default_rng(2))
    among = np.array(data_of.draw(st.lists(st.booleans(), min_size=cases.window.size, max_size=cases.window.size)))
    by_code = drawn.by_code(cases, cases.fields[0].code, 3, among)
    assert (drawn.times[0] == 1).all()
    for draw, times in enumerate(drawn.times.tolist()):
        for at, window in enumerate((data.BEFORE, data.AFTER)):
            mine = [case for case in range(cases.window.size) if cases.window[case] == window]
            codes = [sum(times[case] for case in mine if among[case] and cases.fields[0].code[case] == code)
                     for code in range(3)]  # fmt: skip
            assert by_code[draw, at].tolist() == codes, "whole numbers are exact"
    homes = {}
    for case, home in enumerate(cases.household.tolist()):
        if home != data.UNKNOWN:
            assert homes.setdefault(home, drawn.times[:, case].tolist()) == drawn.times[:, case].tolist()


@settings(max_examples=40, deadline=None)
@given(rises(), st.lists(st.booleans(), min_size=3, max_size=3))
def test_who_was_asked_is_drawn_again_as_one_would_by_hand(rise, chosen):
    """A case that was not asked belongs to a cause as, in the same draw, those asked of its window and age do."""
    cases, tested = rise
    common = replace(places_in_common(cases, SETTING.common), chosen=np.array(chosen))
    shares = shares_of_cases(cases, common, SETTING)
    drawn = Drawn.of(cases, 5, np.random.default_rng(2))
    reason = tested.reason[cases.stratum]
    found = drawn.by_cause(cases, shares, reason, 2).reshape(6, 2, 3, len(CAUSES))
    assert found[0, :, 0] == pytest.approx(
        np.array([shares.share[cases.window == window].sum(axis=0) for window in (data.BEFORE, data.AFTER)]), abs=1e-9
    )
    for draw, times in enumerate(drawn.times.tolist()):
        slow = np.zeros((2, 3, len(CAUSES)))
        for case in np.flatnonzero(cases.window >= data.BEFORE).tolist():
            share = shares.share[case]
            alike = (cases.window == cases.window[case]) & (cases.age_group == cases.age_group[case]) & shares.asked
            weight = sum(times[each] for each in np.flatnonzero(alike))
            if shares.unasked[case] and weight:
                hits = sum(times[each] * shares.hit[each] for each in np.flatnonzero(alike)) / weight
                share = shares.otherwise[case] * (1 - hits.sum())
                share[1:4] = hits
            for at in (0, 1 + reason[case]):
                slow[cases.window[case], at] += times[case] * share
        assert found[draw] == pytest.approx(slow, abs=1e-9)


def test_limits_hold_where_few_were_asked():
    """40 people of a works among 320 others, three in ten asked: the limits hold the true number about as often as they
    say. With everybody's share fixed they did so in 54 of 100."""
    rng, rules, held = np.random.default_rng(5), replace(SETTING, draws=150), 0
    for _ in range(60):
        sizes = {data.BEFORE: (rng.poisson(300), 0), data.AFTER: (rng.poisson(320), rng.poisson(40))}
        window = np.repeat([data.BEFORE, data.AFTER], [sum(sizes[data.BEFORE]), sum(sizes[data.AFTER])])
        works = np.zeros(window.size, dtype=bool)
        works[window.size - sizes[data.AFTER][1] :] = True
        setting = np.where(rng.random(window.size) < 0.3, np.where(works, 0, data.NO_SETTING), data.UNKNOWN)
        age = np.where(works, data.WORKING_AGE, rng.integers(0, 3, window.size))
        nothing = np.zeros(window.size, dtype=np.int64)
        cases = data.Cases(window, nothing, np.arange(window.size), setting, age, nothing, nothing > 0, PLACES)
        part = explain(cases, None, rules, rng).part("workplace")
        held += part.lower <= 40 <= part.upper
    assert held >= 51


effort = st.lists(st.integers(0, 400), min_size=6, max_size=6).map(lambda values: np.array(values, dtype=np.float64))


@settings(max_examples=80, deadline=None)
@given(effort, effort, effort, effort)
def test_netted_parts_add_up_and_do_not_offset_each_other(y0, y1, e0, e1):
    reason = np.array([0, 0, 0, 1, 1, 1])
    parts = netted_parts(y0, y1, e0, e1, reason)
    change = np.array([(y1 - y0)[reason == code].sum() for code in (0, 1)])
    assert parts.sum(axis=1) == pytest.approx(change, abs=1e-6)
    for part, total in zip(parts, change, strict=True):
        assert np.abs(part).sum() == pytest.approx(abs(total), abs=1e-6), "parts of one reason go one way"


@settings(max_examples=30, deadline=None)
@given(effort, effort, effort)
def test_equal_testing_is_no_more_testing(y0, y1, e):
    parts = netted_parts(y0, y1, e, e, np.array([0, 0, 1, 1, 2, 2]))
    assert parts[:, :2] == pytest.approx(np.zeros((3, 2)))
