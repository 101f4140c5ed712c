"""Whatever two windows are asked for and whatever happened in them: a refusal in words, or numbers that can be."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.apps.surveillance.why_explaining import heard_of
from commonweal.core.errors import Refused
from commonweal.core.signals import why_data as data
from commonweal.core.signals.why import FEW, NOT_KNOWN, Why, explain, not_comparable
from commonweal.core.signals.why_counts import Group, explain_counts
from commonweal.core.signals.why_label import LABELS
from commonweal.core.signals.why_plain import from_plain, to_plain
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_windows import FIRST_DAY, LENGTHS, windows
from commonweal.core.signals.why_words import sentences
from commonweal.server import parameters

SETTING = replace(WhySetting.from_document(yaml.safe_load(parameters.text("signals/why.yaml"))), draws=20)
NEWEST = date(2026, 3, 1)
ANY_DAY = st.dates()
NEAR = st.dates(NEWEST - timedelta(days=120), NEWEST + timedelta(days=20))


@given(st.one_of(ANY_DAY, NEAR), st.integers(-3, 40), st.one_of(st.none(), ANY_DAY, NEAR))
def test_two_windows_stand_apart_in_order_and_in_the_past_or_are_refused(
    last: date, days: int, against: date | None
) -> None:
    try:
        span = windows(last, days, against, NEWEST)
    except Refused:
        before = against or (last - timedelta(days=days) if days > 0 and last > FIRST_DAY else last)
        legal = days in LENGTHS and FIRST_DAY <= last <= NEWEST and before >= FIRST_DAY
        assert not (legal and before <= last - timedelta(days=days)), "nothing was wrong with it"
        return
    assert span.against < span.first <= span.last <= NEWEST
    assert (span.last - span.first).days == (span.against - span.against_first).days == days - 1
    assert span.window_of(span.first) == 1
    assert span.window_of(span.against) == 0
    assert span.window_of(span.against_first - timedelta(days=1)) == -1


def test_windows_the_wrong_way_round_are_named_so() -> None:
    with pytest.raises(Refused, match="Exchange the two"):
        windows(date(2026, 1, 20), 7, date(2026, 2, 1), NEWEST)
    with pytest.raises(Refused, match="overlaps"):
        windows(date(2026, 1, 20), 7, date(2026, 1, 20), NEWEST)
    with pytest.raises(Refused, match="before every record"):
        windows(date(1, 1, 5), 7, None, NEWEST)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[data.Cases, data.Tested | None]:
    """Worlds at the edges: no case before, all late, nothing known, no tests at all or in one window."""
    count, strata = draw(st.integers(1, 30)), 3

    def column(low: int, high: int) -> np.ndarray:
        high = draw(st.integers(low, high))
        return np.array(draw(st.lists(st.integers(low, high), min_size=count, max_size=count)), dtype=np.int64)

    window = column(-1, 1)
    window[0] = data.AFTER
    cases = data.Cases(
        window, column(0, strata - 1), column(-1, 4), column(-2, 1), column(0, 2), column(-1, 1), column(0, 1) == 1,
        data.Places(("Otter Foundry", "Mere School"), np.array([0, 2])),
        (data.Field("Age", column(-1, 1), ("0-19", "20-59")),),
    )  # fmt: skip
    tests = st.lists(st.integers(0, 5000), min_size=strata, max_size=strata)
    before, after = (np.array(draw(tests), dtype=np.float64) for _ in range(2))
    return cases, draw(st.sampled_from([None, data.Tested(before, after, np.array([0, 1, 1]))]))


def sane(why: Why) -> None:
    """Numbers that can be: finite, inside their limits, adding up, and none of a group that nobody was in."""
    json.dumps(to_plain(why), allow_nan=False)
    assert from_plain(to_plain(why)).label == why.label
    assert why.label.name in LABELS
    told = [why.change, *why.parts, *(part for table in why.tables for part in table.parts)]
    for part in told:
        assert all(math.isfinite(value) for value in (part.cases, part.lower, part.upper))
        assert part.lower <= part.cases <= part.upper
        assert math.isnan(part.share) == (why.change.cases == 0)
        if part.before == 0 and part.after is not None and part.name != "spread":
            assert part.lower >= -1e-9, "fewer than nobody"
        if part.after == 0 and part.before is not None and part.name != "spread":
            assert part.upper <= 1e-9, "more where nobody is"
    if why.change.cases:
        assert sum(part.share for part in why.parts) == pytest.approx(1)
    if why.testing is not None:
        assert all(0 <= share <= 1 for share in why.testing.positivity)
    assert all(0 <= share <= 1 for share in why.completeness.values())
    assert all(0 <= place.adjusted_p <= 1 for place in why.places)
    said = " ".join(sentences(why, "Here", "before", "after", SETTING))
    assert "nan" not in said.lower().split()
    assert "inf" not in said.lower().split()


@settings(max_examples=80)
@given(worlds())
def test_whatever_happened_the_numbers_can_be(world: tuple[data.Cases, data.Tested | None]) -> None:
    cases, tested = world
    why = explain(cases, tested, SETTING, np.random.default_rng(1))
    sane(why)
    if tested is not None and min(tested.before.sum(), tested.after.sum()) == 0:
        assert why.testing is None, "without tests that found nothing in a window testing cannot be told"
    assert not_comparable(why).label.reason == "nothing_before"
    assert "not one result is known" in sentences(not_comparable(why), "Here", "b", "a", SETTING)[0]


GROUPS = st.lists(
    st.builds(
        Group, st.sampled_from([data.BEFORE, data.AFTER]), st.integers(1, 20),
        st.tuples(st.sampled_from([None, "North", "South"])), st.integers(0, 1), st.booleans(),
    ), max_size=6,
)  # fmt: skip


@settings(max_examples=60)
@given(GROUPS, st.integers(1, 20), st.booleans())
def test_counts_tell_numbers_that_can_be(groups: list[Group], n: int, with_tests: bool) -> None:
    tested = data.Tested(np.array([10.0, 0.0]), np.array([30.0, 4.0]), np.zeros(2, dtype=np.int64))
    groups = [*groups, Group(data.AFTER, n, ("North",))]
    why = explain_counts(groups, ("Place",), [], tested if with_tests else None, SETTING, np.random.default_rng(1))
    sane(why)
    for table in why.tables:
        for part in table.parts:
            if part.name not in (NOT_KNOWN, FEW):
                few = [each for each in (part.before, part.after) if 0 < (each or 0) < SETTING.least_told]
                assert not few, "a few people are told by themselves"


def test_a_window_is_heard_of_by_a_case_or_by_a_test_that_found_nothing() -> None:
    assert heard_of([1, -1], []) == (False, True)
    assert heard_of([], [{"window": 0}]) == (True, False)
