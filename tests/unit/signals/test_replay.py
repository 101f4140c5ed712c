"""Pieces of the replay, and the replay itself on the real series where they are at hand."""

from __future__ import annotations

import json
import shlex
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from commonweal.cli import commands
from commonweal.cli.errors import EXIT_NOT_THERE, run
from commonweal.core.signals import within
from commonweal.core.signals.life import Finding
from commonweal.core.signals.replay import above_nation, part_of_the_rise, scenarios, slower, tell
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.watching import watch
from commonweal.server import parameters

from .test_rule import FIRST, MONDAY, PEOPLE, SETTING, epidemic, publications, thinned

POINTS = np.array([[x, y] for x in (0.0, 4000.0, 8000.0) for y in (0.0, 4000.0, 8000.0)])
SMALL = within.Small(
    [f"E0200000{n}" for n in range(9)], [f"Quarter {n}" for n in range(9)], ["A"] * 9, np.full(9, 8000.0), POINTS
)


def test_delays_twice_as_long_reach_the_same_share_in_twice_the_days():
    table = np.tile(FIRST, (7, 1))
    slow = slower(table, 2)
    assert slow.shape == (7, 2 * 14 + 1)
    assert slow[:, ::2] == pytest.approx(table)
    assert slow[0, 3] == pytest.approx((FIRST[1] + FIRST[2]) / 2)


def test_the_place_in_the_place_is_named():
    counts = np.random.default_rng(1).poisson(1.0, (9, 28)).astype(float)
    counts[8, -10:] += 6  # the last point is the north-eastern corner
    found = within.strongest(counts, np.ones(28), SMALL, "A", longest=14, radius_km=3.0, replicates=99, seed=1)
    assert found is not None
    assert (found.members.tolist(), found.direction) == ([8], "north-east")
    assert found.p_value < 0.01
    assert within.direction(SMALL, np.array([1]), np.ones(9, dtype=bool)) == "west"
    assert within.direction(SMALL, np.arange(9), np.ones(9, dtype=bool)) == "centre"


def test_a_cluster_elsewhere_is_not_the_places_own():
    counts = np.random.default_rng(1).poisson(1.0, (9, 28)).astype(float)
    other = within.Small(SMALL.codes, SMALL.names, ["B"] * 9, SMALL.population, SMALL.points)
    assert within.strongest(counts, np.ones(28), other, "A", longest=7, radius_km=3.0, replicates=9, seed=1) is None


def test_weeks_are_dealt_out_whole():
    weekly = np.array([[7, 70], [0, 3]])
    daily = np.concatenate([np.full(7, 1.0), [0, 0, 0, 0, 0, 0, 9.0]])
    dealt = within.spread_over_days(weekly, daily, np.random.default_rng(1))
    assert dealt.reshape(2, 2, 7).sum(axis=2).tolist() == weekly.tolist()
    assert dealt[0, 13] == 70


def test_without_anybody_in_a_period_there_is_no_scenario_and_an_impossible_one_is_marked():
    published = [{"percent": 30.0, "denominator": "tests"}]
    assert scenarios(0, 400, published) == scenarios(400, 0, published) == []
    told = {each["scenario"]: each["possible"] for each in scenarios(400, 100, published)}
    assert told == {"testing-only": True, "mixed": True, "spread-only": False}


def test_scenarios_explain_the_same_rise():
    told = {each["scenario"]: each for each in scenarios(100, 400, [{"percent": 10.0, "denominator": "tests"}])}
    assert told["testing-only"]["tests_times"] == 4
    assert told["testing-only"]["positivity_before_percent"] == 10
    assert told["spread-only"]["tests_times"] == 1
    assert told["spread-only"]["positivity_before_percent"] == 2.5
    for each in told.values():
        cases = each["tests_times"] * each["positivity_after_percent"] / each["positivity_before_percent"]
        assert cases == pytest.approx(4)
        assert each["assumption"]


def test_since_when_a_place_stands_apart():
    rate, nation = np.array([10.0, 20, 31, 29, 40]), np.full(5, 10.0)
    since, history = above_nation(rate, nation, MONDAY, 3.0, 0, 4)
    assert since == date(2020, 3, 4)
    assert [each["times"] for each in history] == [1.0, 2.0, 3.1, 2.9, 4.0]
    assert above_nation(rate, nation, MONDAY, 5.0, 0, 4)[0] is None


def test_a_day_without_a_case_in_the_nation_has_no_ratio():
    since, history = above_nation(np.array([10.0, 0.0, 40.0]), np.array([0.0, 0.0, 10.0]), MONDAY, 3.0, 0, 2)
    assert since == date(2020, 3, 4)
    assert [each["times"] for each in history] == [None, None, 4.0]


def cluster(morning: int, part: str) -> Finding:
    return Finding(morning, part, "msoa", "scan", frozenset(["E06000016"]), 3.0, 0.0, f"{part} on {morning}")


@pytest.mark.parametrize(
    ("parts", "raised", "first"),
    [
        (
            {1: "west", 2: "west", 10: "north-east", 12: "north", 13: "north-east"},
            14,
            10,
        ),  # the west was something else
        ({1: "west", 2: "west", 10: "north-east", 14: "north-east"}, 14, 14),  # a gap of four mornings
        ({10: "west", 11: "north-east", 12: "centre", 13: "north-east"}, 13, 11),
        ({20: "south", 21: "south-east"}, 14, 20),  # the small areas spoke after the rate
        ({3: "north-west", 4: "north", 9: "west"}, None, 9),
        ({3: "centre"}, 4, None),
        ({}, 4, None),
    ],
)
def test_the_part_that_is_named_is_where_the_rise_began(parts, raised, first):
    found = part_of_the_rise([cluster(morning, part) for morning, part in parts.items()], raised, 3)
    assert (found and found.morning) == first


def test_the_log_of_a_place_begins_with_its_opening():
    source = thinned(epidemic(np.random.default_rng(5)))
    span = (date(2020, 4, 21), date(2020, 5, 30))
    told = tell(source, PEOPLE, SETTING, source.areas[0], span, date(2020, 5, 20))
    assert told.first_signal == date(2020, 5, 3)  # the rate rises tenfold on 1 May, day 60
    assert told.events[0].kind == "signal_opened"
    assert "line to pass 40" in told.events[0].text
    assert tell(source, PEOPLE, SETTING, source.areas[9], span, date(2020, 5, 20)).first_signal is None


def test_the_morning_of_the_first_signal_stands_in_the_log_when_a_cluster_was_first():
    source = thinned(epidemic(np.random.default_rng(5)))
    span, area = (date(2020, 4, 21), date(2020, 5, 30)), source.areas[0]
    clusters = [
        Finding(morning, area, "cluster", "scan", frozenset([area]), 3.0, 0.0, "nine in a quarter")
        for morning in range((date(2020, 4, 25) - MONDAY).days, (date(2020, 5, 10) - MONDAY).days)
    ]
    told = tell(source, PEOPLE, SETTING, area, span, date(2020, 5, 20), clusters)
    opened = [line for line in told.events if line.kind == "signal_opened"]
    passed = [line for line in told.events if line.kind == "rate_passed"]
    assert [line.day for line in opened] == [date(2020, 4, 25)]
    assert [line.day for line in passed] == [told.first_signal] == [date(2020, 5, 3)]
    assert "line to pass 40" in passed[0].text


def test_after_a_break_a_hidden_rise_is_raised_from_the_restated_past():
    final = np.random.default_rng(2).poisson(3.0, (30, 110))
    final[0, 50:] = np.random.default_rng(3).poisson(25.0, 60)
    source = thinned(final)
    counts = publications(final, source, 40, 109)
    counts[:40] = counts[:40] // 6  # until day 80 a sixth of all results was public
    from commonweal.core.signals.publications import Triangle

    triangle = Triangle(MONDAY, source.areas, list(range(40, 110)), counts)
    watched = watch(triangle, PEOPLE, SETTING, 60, 100)
    flags = watched.flags(SETTING.threshold)
    assert watched.events[0].kind == "definition_break"
    assert np.flatnonzero(flags[:, 81]).tolist() == [0]
    assert not flags[:, 80].any()


def command(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
        code = run(commands)
    answer = capsys.readouterr()
    return code, answer.out, answer.err


def test_leicester_is_found_when_all_results_are_seen(shared: Path, capsys):
    code, out, err = command(capsys, f"replay {shared / 'data'} --area E06000016 --json")
    assert code == 0, err
    worlds = json.loads(out)["worlds"]
    public, everything = worlds["public"], worlds["all_pillars"]
    assert public["first_signal"] == "2020-07-04"
    breaks = [event for event in public["events"] if event["kind"] == "definition_break"]
    assert [event["day"] for event in breaks] == ["2020-07-03"]
    assert everything["first_signal"] <= "2020-06-05"
    assert everything["first_signal_levelled"] <= "2020-06-08"
    parts = [event for event in everything["events"] if event["kind"] == "cluster" and event["day"] <= "2020-06-04"]
    assert any("north-east" in event["text"] and "Rushey Mead" in event["text"] for event in parts)
    assert everything["first_signal"] in {event["day"] for event in everything["events"]}
    assert everything["three_times_the_nation_since"] <= "2020-05-21"


def test_an_area_without_a_series_is_a_users_mistake(shared: Path, capsys):
    code, _, err = command(capsys, f"replay {shared / 'data'} --area E06099999")
    assert code == EXIT_NOT_THERE
    assert "There is no series of E06099999" in err


def test_the_setting_is_one_document():
    assert Setting.from_document(yaml.safe_load(parameters.text("signals/rule.yaml"))) == SETTING


def test_a_break_soon_after_the_start_is_no_hindrance():
    final = np.random.default_rng(2).poisson(3.0, (30, 80))
    source = thinned(final)
    counts = publications(final, source, 40, 79)
    counts[:4] = counts[:4] // 6
    from commonweal.core.signals.publications import Triangle

    watched = watch(Triangle(MONDAY, source.areas, list(range(40, 80)), counts), PEOPLE, SETTING, 45, 79)
    assert [event.morning for event in watched.events] == [44]
