"""The benchmark's definitions on series small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from commonweal.core.signals.rises import Rise, rise_days, rises, weekly
from commonweal.core.signals.scoring import Fate, Score, interval, raised_again, score

PEOPLE = np.array([100_000.0])


def step(before: int, after: int, day: int = 40, length: int = 90) -> np.ndarray:
    return np.where(np.arange(length) < day, before, after)[None]


def test_a_rise_starts_where_the_rate_has_doubled_at_a_level_that_matters():
    (rise,) = rises(step(2, 8), PEOPLE, 0, 89)
    # 7-day rates 14, then 20, 26, 32, 38, 44: the fifth day of eight is the first at 40 and twice 14
    assert (rise.trough, rise.first, rise.doubling) == (39, 44, 42)
    assert rise.last == 62  # day 41 (26) is the last with at most half of 56, and 21 days before day 62


def test_a_rise_below_the_level_is_none_and_a_plain_difference_is_one():
    assert rises(step(2, 5), PEOPLE, 0, 89) == []
    (rise,) = rises(step(20, 28), PEOPLE, 0, 89)
    assert rise.first == 44  # 140 -> 180: no doubling, 40 more than 14 days before
    assert rise.doubling is None


def test_rise_days_apart_by_a_fortnight_are_two_rises():
    counts = step(1, 9, 35, 160)
    counts[0, 45:100] = 1
    assert [rise.first for rise in rises(counts, PEOPLE, 0, 159)] == [39, 104]


def test_weekly_is_the_sum_of_seven_days():
    counts = np.arange(10)[None]
    assert weekly(counts)[0, 6:].tolist() == [sum(range(n - 6, n + 1)) for n in range(6, 10)]
    assert not rise_days(np.full((1, 60), 500.0)).any()


def flags(*days: int, length: int = 100) -> np.ndarray:
    out = np.zeros((1, length), dtype=bool)
    out[0, list(days)] = True
    return out


RISE = Rise(area=0, trough=30, first=40, doubling=38, last=50)


@pytest.mark.parametrize(
    ("days", "flag", "in_time", "lead", "false"),
    [
        ((40,), 40, True, -2, 0),
        ((41, 42), 41, False, -3, 0),
        ((31,), 31, True, 7, 0),
        ((30, 31, 32), None, False, None, 1),  # on before the trough: not fresh, and false there
        ((30, 32), 32, True, 6, 1),
        ((55,), None, False, None, 0),  # right, but too late to find
        ((65,), None, False, None, 1),
        (tuple(range(65, 93)), None, False, None, 2),  # each false flag blocks 14 days, then counts again
    ],
)
def test_flags_are_judged(days, flag, in_time, lead, false):
    found = score(flags(*days), [RISE], 0, 99)
    (fate,) = found.fates
    assert (fate.flag, fate.in_time, fate.lead, int(found.false_flags[0])) == (flag, in_time, lead, false)


def test_rises_outside_the_period_excuse_flags_and_need_not_be_found():
    found = score(flags(60, 64), [RISE], 55, 99)
    assert found.fates == ()
    assert found.false_flags.tolist() == [0]
    assert found.false_per_year == 0


def test_raised_again_agrees_with_walking_through_the_days():
    rng = np.random.default_rng(3)
    wrong = rng.random((50, 120)) < 0.2
    slow = []
    for row in wrong:
        number, free = 0, 0
        for day, on in enumerate(row):
            if on and day >= free:
                number, free = number + 1, day + 14
        slow.append(number)
    assert raised_again(wrong).tolist() == slow


def test_a_fate_without_a_doubling_has_no_lead():
    assert Fate(Rise(0, 1, 5, None, 9), 4).lead is None


def some(found: list[bool], areas: int, *, one_area: bool = False, false: int = 0, runs: int = 1) -> list[Score]:
    rises = [Rise(0 if one_area else area, 1, 5, 4, 9) for area in range(len(found))]
    fates = tuple(Fate(rise, 5 if own else None) for rise, own in zip(rises, found, strict=True))
    return [Score(fates, np.arange(areas) < false, years=0.5) for _ in range(runs)]


def test_intervals_do_not_shrink_to_nothing_where_all_was_found_or_no_flag_was_false():
    limits = interval(some([True] * 18, 60, runs=10), np.random.default_rng(1))
    # Wilson: 1/(1 + 1.96^2/18); Poisson: -log(0.025) flags in 30 years of authorities; ten seeds are no ten epidemics
    assert limits["found"] == pytest.approx((0.8241, 1.0), abs=1e-4)
    assert limits["false_flags_per_authority_year"] == pytest.approx((0.0, 0.12296), abs=1e-4)
    assert limits["lead_days"] == (-1.0, -1.0)


def test_one_rise_tells_hardly_anything_however_many_seeds_there_are():
    limits = interval(some([True], 60, runs=10), np.random.default_rng(1))
    assert limits["in_time"] == pytest.approx((0.2065, 1.0), abs=1e-4)
    assert np.isnan(limits["lead_days"]).all()
    assert np.isnan(interval(some([], 60), np.random.default_rng(1))["found"]).all()


def test_rises_that_share_an_area_or_flags_that_heap_up_widen_the_interval():
    heaped = some([True] * 9 + [False] * 9, 18)
    heaped[0] = Score(heaped[0].fates, np.where(np.arange(18) < 2, 9, 0), heaped[0].years)
    low, high = interval(heaped, np.random.default_rng(1))["false_flags_per_authority_year"]
    assert (low, high) == (0.0, pytest.approx(5.0, abs=1.1))  # 18 flags in 9 years: Poisson alone has 1.2 to 3.2
