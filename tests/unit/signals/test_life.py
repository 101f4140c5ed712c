"""Findings become signals with a life."""

from __future__ import annotations

import itertools

import pytest

from commonweal.core.signals.life import CLOSED, FADING, FOLLOWS, GROWING, OPENED, REOPENED, Finding, lives
from commonweal.core.signals.setting import Life

RULE = Life(fading_after_days=3, closed_after_days=14, growing_by=1.25)
MORNINGS = range(80)


def finding(morning: int, place: str = "A", rate: float = 50.0, method: str = "rule", scope: str = "") -> Finding:
    return Finding(morning, place, "ltla", method, frozenset(scope or place), 1.0, rate, f"{method} {place} {morning}")


def told(signal) -> list[tuple[int, str]]:
    return [(change.morning, change.state) for change in signal.changes]


def test_days_of_one_place_are_one_signal_that_fades_and_closes():
    (signal,) = lives([finding(day) for day in (10, 11, 12)], MORNINGS, RULE)
    assert told(signal) == [(10, OPENED), (15, FADING), (26, CLOSED)]
    assert signal.changes[0].evidence == ("rule A 10",)


def test_a_signal_that_is_found_again_grows_or_reopens_and_later_is_a_new_one():
    (signal,) = lives([finding(10), finding(14)], MORNINGS, RULE)
    assert told(signal)[:3] == [(10, OPENED), (13, FADING), (14, GROWING)]
    (signal,) = lives([finding(10), finding(30)], MORNINGS, RULE)
    assert (30, REOPENED) in told(signal)
    assert signal.opened == 30
    assert len(lives([finding(10), finding(39)], MORNINGS, RULE)) == 2


def test_growing_is_told_when_the_rate_has_grown_and_not_every_day():
    rates = [50, 55, 60, 63, 64, 80]
    (signal,) = lives([finding(10 + n, rate=rate) for n, rate in enumerate(rates)], range(17), RULE)
    assert told(signal) == [(10, OPENED), (13, GROWING), (15, GROWING)]


def test_methods_and_levels_that_touch_one_authority_are_one_signal():
    cluster = finding(12, "across", method="scan", scope="AB", rate=0.0)
    (signal,) = lives([finding(10, "A"), cluster, finding(13, "B")], MORNINGS, RULE)
    assert signal.scope == {"A", "B"}
    assert signal.methods == {"rule", "scan"}
    assert len(lives([finding(10, "A"), finding(10, "B")], MORNINGS, RULE)) == 2


def test_findings_of_one_morning_join_through_a_third_whatever_their_order():
    cluster = finding(10, "across", method="scan", scope="AB")
    for group in ([finding(10, "A"), finding(10, "B"), cluster], [cluster, finding(10, "A"), finding(10, "B")]):
        (signal,) = lives(group, MORNINGS, RULE)
        assert len(signal.changes[0].evidence) == 3


def test_a_scan_without_a_rate_does_not_make_a_signal_grow():
    (signal,) = lives([finding(day, method="scan", rate=0.0) for day in range(10, 15)], range(15), RULE)
    assert told(signal) == [(10, OPENED)]


@pytest.mark.parametrize("days", [(5, 6, 9, 30, 31, 50), (5, 20, 24, 41, 60), tuple(range(5, 60, 4))])
def test_every_change_follows_the_table_of_states(days):
    for signal in lives([finding(day, rate=20.0 + day) for day in days], MORNINGS, RULE):
        states = [change.state for change in signal.changes]
        assert states[0] == OPENED
        assert all(after in FOLLOWS[before] for before, after in itertools.pairwise(states)), states
