"""How a place stands: laws that hold whatever the counts, and truths that a simulated place must give back."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.epi.reproduction.serial_interval import discretised
from commonweal.core.signals import standing as stand
from commonweal.core.signals.standing import Changes, Method

METHOD = Method(10, 8, 30, 0.5, 0.2, 4.0, 4, 7, 50, 4.7, 2.9, 21)
SHARES = np.diff([0, 0.05, 0.45, 0.7, 0.85, 0.93, 0.96, 0.98, 0.99, 0.995, 0.998, 1.0])


def arriving(final: np.ndarray, rng: np.random.Generator) -> tuple[Changes, np.ndarray]:
    """[day][delay] of final counts by delays drawn for each person, cut at the last day; and what is here so far."""
    drawn = np.stack([rng.multinomial(n, SHARES) for n in final])
    late = np.add.outer(np.arange(len(final)), np.arange(len(SHARES))) >= len(final)
    drawn[late] = 0
    return tuple(tuple(int(n) for n in row) for row in drawn), drawn.sum(axis=1)


def test_what_is_still_to_come_is_told_and_its_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(11)
    held = told = 0
    for _ in range(6):
        final, others = rng.poisson(20, 63), rng.poisson(150, 63)
        place, here = arriving(final, rng)
        found = stand.standing(place, arriving(others, rng)[0], 63, 0, METHOD)
        assert found.why_none == ""
        for each in found.likely:
            told += 1
            held += each.low <= final[each.step] <= each.high
            assert each.share >= METHOD.least_told
            assert each.low <= each.middle <= each.high
        days = [each.step for each in found.likely]
        assert 58 < max(days) < 62, "of the very newest days too little is here to tell"
        assert found.open_total is not None
        assert found.open_total[1] >= here[59:61].sum()
    assert 0.85 <= held / told <= 1.0


def test_a_short_history_after_one_large_load_is_told_as_well() -> None:
    """What came before arrivals were seen came at once, on the first day: it says nothing on delays."""
    rng = np.random.default_rng(5)
    held = told = 0
    for seen in (9, 12, 15, 30):
        for _ in range(8):
            final, others = rng.poisson(25, 63), rng.poisson(120, 63)
            place, rest = (lumped(arriving(each, rng)[0], seen) for each in (final, others))
            found = stand.standing(place, rest, seen, 0, METHOD)
            assert found.why_none == ""
            told += len(found.likely)
            held += sum(each.low <= final[each.step] <= each.high for each in found.likely)
            settled = [each for each in found.likely if each.step <= 62 - 8]
            assert all(each.high - each.low <= 12 for each in settled), "days so old are nearly all here"
    assert 0.9 <= held / told <= 1.0


def lumped(changes: Changes, seen: int) -> Changes:
    """The same counts, all reports from before the last `seen` days made on the day before them."""
    load = 62 - seen
    rows = []
    for step, row in enumerate(changes):
        early = sum(n for delay, n in enumerate(row) if step + delay <= load)
        kept = [n if step + delay > load else 0 for delay, n in enumerate(row)]
        if early:
            kept[min(load - step, 10)] += early
        rows.append(tuple(kept))
    return tuple(rows)


def test_r_of_steady_growth_is_found() -> None:
    days = np.arange(63)
    growth = 0.05
    counts = np.round(60 * np.exp(growth * (days - 40))).astype(int)
    weights = discretised(METHOD.serial_mean, METHOD.serial_sd, METHOD.serial_days)
    truth = 1 / float((weights / weights.sum() * np.exp(-growth * np.arange(weights.size))).sum())
    found = stand.standing(tuple((int(n), *[0] * 10) for n in counts), (), 3, 0, METHOD)
    assert "3 days only" in found.why_none
    assert not found.likely
    last = found.reproduction[-1]
    assert last.step == 62 - METHOD.complete_after, "nothing is foretold, so R ends on the last complete day"
    assert last.ends[0] < truth < last.ends[4]
    assert last.ends == tuple(sorted(last.ends))


def test_nothing_is_foretold_from_a_few_people() -> None:
    quiet = tuple(tuple([0] * 11) for _ in range(63))
    found = stand.standing(quiet, (), 40, 0, METHOD)
    assert found.why_none == "only 0 people became known in 40 days"
    assert (found.likely, found.open_total, found.reproduction) == ((), None, ())


def test_the_same_counts_give_the_same_answer_for_every_reader() -> None:
    rng = np.random.default_rng(3)
    place, rest = arriving(rng.poisson(9, 63), rng)[0], arriving(rng.poisson(50, 63), rng)[0]
    first = stand.standing(place, rest, 40, 2, METHOD)
    stand.standing.cache_clear()
    assert stand.standing(place, rest, 40, 2, METHOD) == first
    assert stand.standing(place, rest, 40, 2, replace(METHOD, least_told=0.9)) != first


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_trend_is_called_only_where_its_interval_leaves_one_side(this: int, before: int) -> None:
    found = stand.trend(this, before)
    assert found.low <= found.high
    if found.ratio is not None:
        assert found.low <= found.ratio + 1e-9
        assert found.ratio <= found.high + 1e-9
    assert stand.trend(before, this).direction == {"rising": "falling", "falling": "rising"}.get(
        found.direction, "unclear"
    )
    if found.days is not None and found.days_between is not None:
        assert found.days_between[0] <= found.days + 1e-6
        assert found.days <= found.days_between[1] + 1e-6


def test_a_week_of_twice_as_many_doubles_in_a_week() -> None:
    found = stand.trend(200, 100)
    assert found.direction == "rising"
    assert found.days == pytest.approx(7.0)
    assert stand.trend(100, 200).days == pytest.approx(7.0), "and half as many halves in one"
    assert stand.trend(3, 0).high == math.inf
    assert stand.trend(0, 0).direction == "unclear"


def test_a_rate_has_its_interval_and_is_not_made_up_without_residents() -> None:
    found = stand.rate(61, 62_750)
    assert found.value == pytest.approx(97.2, abs=0.1)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 97.2 < found.high
    assert stand.rate(3, 0).value is None


def test_peers_outside_are_those_beyond_the_exact_limits() -> None:
    counts = {f"P{n}": (5, 10_000) for n in range(40)} | {"far": (40, 10_000), "nobody": (0, 0)}
    found = {each.code: each for each in stand.peers(counts)}
    assert "nobody" not in found, "without residents nothing can be expected"
    assert found["far"].outside
    assert not found["P1"].outside
    assert sum(each.expected for each in found.values()) == pytest.approx(240)
    assert stand.peers({"a": (0, 10), "b": (0, 10)}) == ()
