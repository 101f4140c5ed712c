"""Signals carried on sweep by sweep: the same whether remembered or read back, and the same thing told once."""

from __future__ import annotations

import copy
import itertools
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.signals.carrying import as_row, differing, from_row
from commonweal.core.signals.found import Found
from commonweal.core.signals.life import FOLLOWS
from commonweal.core.signals.running import Kept, Running, Written, advance, restored
from commonweal.core.signals.setting import Life

RULE = Life(fading_after_days=3, closed_after_days=14, growing_by=1.25)
FIRST = date(2027, 1, 1)
SMALL = ("a1", "a2", "a3", "b1", "b2")


def found(
    level: str, place: str, members: tuple[str, ...] = (), *, rate: float = 50.0, setting: str = "", sure: float = 400.0
) -> Found:
    scope = frozenset(each[0].upper() for each in members or (place,))
    method = {"cluster": "poisson scan", "setting": "linked cases", "ltla": "rate rule"}.get(level, "small counts")
    return Found(level, place, method, scope, frozenset(members), FIRST, FIRST, 5.0, 1.0, 0.0, 3.0, rate, 1.0, 0.001, sure,
                 f"{method} of {place}", setting)  # fmt: skip


def sweep(signals: list[Running], day: int, *some: Found, whole: bool = True) -> list[tuple[int, str]]:
    done = advance(signals, some, FIRST + timedelta(days=day), RULE, next_number=len(signals) + 1, whole=whole)
    return [(number, step.state) for number, step in done.changes]


def test_many_methods_and_levels_of_one_thing_are_one_signal():
    signals: list[Running] = []
    across = found("cluster", "a1", ("a1", "a2", "b1"))
    some = [
        found("ltla", "A"),
        across,
        found("lsoa", "a2", ("a2",)),
        found("msoa", "m", ("a1",)),
        found("lsoa", "b1", ("b1",)),
    ]
    assert sweep(signals, 0, *some) == [(1, "opened")]
    assert signals[0].scope == {"A", "B"}
    assert sweep(signals, 1, *reversed(some)) == [], "told once, in whatever order"


def test_two_clusters_of_one_authority_are_two_and_its_own_rise_joins_only_a_single_one():
    signals: list[Running] = []
    assert (
        len(sweep(signals, 0, found("cluster", "a1", ("a1",)), found("cluster", "a3", ("a3",)), found("ltla", "A")))
        == 3
    )
    signals = []
    assert sweep(signals, 0, found("ltla", "A")) == [(1, "opened")]
    assert sweep(signals, 1, found("ltla", "A"), found("cluster", "a1", ("a1", "a2"))) == []
    assert signals[0].members == {"a1", "a2"}, "where inside the authority, once it is known"


def test_settings_keep_their_own_signals_but_are_one_with_their_own_small_area():
    signals: list[Running] = []
    home, school = (found("setting", "a1", ("a1",), setting=name) for name in ("care_home:1", "school:2"))
    assert len(sweep(signals, 0, home, school)) == 2
    signals = []
    wide = found("cluster", "a1", ("a1", "a2", "a3", "b1"))
    assert len(sweep(signals, 0, wide, home)) == 2, "two cases in a home are not the district's rise"
    signals = []
    assert sweep(signals, 0, found("lsoa", "a1", ("a1",)), home) == [(1, "opened")]


def test_a_setting_stays_itself_wherever_most_of_its_cases_live():
    signals: list[Running] = []
    sweep(signals, 0, found("setting", "a1", ("a1",), setting="workplace:3"))
    assert sweep(signals, 1, found("setting", "b1", ("b1",), setting="workplace:3")) == [(1, "growing")]


def test_spreading_over_a_boundary_is_growth_and_a_narrow_sweep_lets_nothing_fade():
    signals: list[Running] = []
    sweep(signals, 0, found("cluster", "a1", ("a1", "a2")))
    assert sweep(signals, 1, found("cluster", "a1", ("a1", "a2", "b1"))) == [(1, "growing")]
    assert signals[0].steps[-1].evidence[0] == "It now touches B as well."
    assert sweep(signals, 9, whole=False) == []
    assert sweep(signals, 9) == [(1, "fading")]
    assert sweep(signals, 16) == [(1, "closed")]
    assert sweep(signals, 20, found("cluster", "a1", ("a1",), rate=51.0)) == [(1, "reopened")]


places = st.sampled_from(
    [("cluster", "a1", ("a1", "a2")), ("cluster", "b1", ("a2", "b1")), ("lsoa", "a3", ("a3",)), ("lsoa", "b2", ("b2",)),
     ("msoa", "m", ("a1", "a3")), ("setting", "a1", ("a1",)), ("ltla", "A", ()), ("ltla", "B", ()), ("late_batch", "A", ())]
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, bool, list[Found]]]:
    day, out = 0, []
    for _ in range(draw(st.integers(1, 10))):
        day += draw(st.sampled_from([0, 1, 1, 2, 4, 9, 20]))
        some = {}
        for level, place, members in draw(st.lists(places, max_size=4)):
            rate = draw(st.sampled_from([40.0, 50.0, 63.0, 90.0]))
            each = found(level, place, members, rate=rate, setting="school:1" if level == "setting" else "")
            if level == "late_batch":
                each = Found("ltla", place, "late_batch", frozenset(place), frozenset(), FIRST, FIRST, 30.0, None, None, None,
                             None, 30.0, None, None, "late", "")  # fmt: skip
            some[each.key, each.method] = each
        out.append((day, draw(st.booleans()), list(some.values())))
    return out


@given(histories())
@settings(max_examples=150)
def test_signals_read_back_go_on_as_those_that_were_remembered(history: list[tuple[int, bool, list[Found]]]) -> None:
    remembered: list[Running] = []
    kept: list[Kept] = []
    written: list[Written] = []
    for order, (day, whole, some) in enumerate(history):
        morning = FIRST + timedelta(days=day)
        read_back = restored({signal.number: signal.kind for signal in remembered}, kept, written)
        assert read_back == remembered
        rows = [from_row(signal.number, signal.kind, as_row(signal)) for signal in remembered]
        assert differing(rows, remembered) == []
        again = advance(read_back, some, morning, RULE, next_number=len(remembered) + 1, whole=whole)
        done = advance(remembered, some, morning, RULE, next_number=len(remembered) + 1, whole=whole)
        assert again == done
        assert advance(rows, some, morning, RULE, next_number=len(rows) + 1, whole=whole) == done
        assert differing(rows, remembered) == []
        kept += [Kept(order, number, morning, copy.deepcopy(each)) for each, number in done.homes]
        written += [Written(order, number, step) for number, step in done.changes]
    for signal in remembered:
        states = [step.state for step in signal.steps]
        assert states[0] == "opened"
        if signal.kind != "late_batch":
            assert all(after in FOLLOWS[before] for before, after in itertools.pairwise(states)), states


apart = st.dictionaries(st.sampled_from(["a1", "b1", "c1", "d1"]), st.sampled_from([40.0, 50.0, 63.0]), max_size=4)


@given(apart, apart, apart)
def test_a_whole_sweep_kept_after_a_narrowed_one_that_looked_later_leaves_signals_as_in_order(
    before: dict[str, float], whole: dict[str, float], touched: dict[str, float]
) -> None:
    """Places that have nothing in common, so that which findings are one thing does not depend on their order."""

    def told(rates: dict[str, float]) -> list[Found]:
        return [found("lsoa", place, (place,), rate=rate) for place, rate in rates.items()]

    started: list[Running] = []
    sweep(started, 0, *told(before))
    in_order, overtaken = copy.deepcopy(started), copy.deepcopy(started)
    for signals, order in ((in_order, (True, False)), (overtaken, (False, True))):
        for is_whole in order:
            sweep(signals, 5, *told(whole if is_whole else touched), whole=is_whole)
    left, right = (
        {signal.members: (signal.scope, signal.keys, signal.rates, signal.last_found) for signal in signals}
        for signals in (in_order, overtaken)
    )
    assert left == right
    assert len(in_order) == len(overtaken) == len({*before, *whole, *touched}), "nothing is told twice"
    going_on = [
        {signal.members for signal in signals if signal.state in ("opened", "growing")}
        for signals in (in_order, overtaken)
    ]
    assert going_on[0] == going_on[1]
