"""Explanations from counts: parts and tables add up, and no few can be worked out of a table."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.signals import why_data as data
from commonweal.core.signals.why import FEW, NOT_KNOWN, FieldTable, Part
from commonweal.core.signals.why_counts import Group, explain_counts, few_together
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_words import sentences
from commonweal.server import parameters

RULES = dataclasses.replace(WhySetting.from_document(yaml.safe_load(parameters.text("signals/why.yaml"))), draws=60)
NUMBERS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=7)


def groups(before: int, after: int, **values: object) -> list[Group]:
    return [Group(data.BEFORE, before, ("A",)), Group(data.AFTER, after, ("A",))]


def why(cases: list[Group], tests: tuple[float, float] | None):  # type: ignore[no-untyped-def]
    tested = tests and data.Tested(np.array([tests[0]]), np.array([tests[1]]), np.zeros(1, dtype=np.int64))
    return explain_counts(cases, ("Small area",), [], tested or None, RULES, np.random.default_rng(1))


def test_a_rise_with_as_many_tests_is_infection_and_what_they_have_in_common_is_not_in_counts() -> None:
    found = why(groups(20, 80), (2000, 2000))
    assert (found.label.name, found.label.reason) == ("cannot_tell", "counts")
    assert {part.name for part in found.parts} == {"reporting", "more_testing", "targeted_testing", "any_spread"}
    assert sum(part.cases for part in found.parts) == pytest.approx(60)
    said = sentences(found, "Here", "before", "after", RULES, who_can_tell="Ask the analyst.")
    assert said[-1] == "Ask the analyst."
    assert (
        said[0] == "More infection, not testing alone: all of the 60 more. "
        "What these people have in common is not in counts."
    )
    assert not any("known for" in line for line in said)


def test_twice_the_tests_at_the_same_yield_is_testing() -> None:
    assert why(groups(50, 100), (2000, 4000)).label.name == "testing_surge"
    none = why(groups(50, 100), None)
    assert none.label.reason in ("no_negatives", "counts")
    assert "testing_or_spread" in {part.name for part in none.parts}


@settings(max_examples=40)
@given(NUMBERS, st.integers(0, 400), st.integers(0, 400))
def test_parts_and_tables_add_up_to_the_change(numbers: list[tuple[int, int]], before: int, after: int) -> None:
    cases = [Group(window, pair[window], (f"area {at}",)) for at, pair in enumerate(numbers) for window in (0, 1)]
    if not sum(pair[1] for pair in numbers):
        return
    found = why(cases, (before, after) if before and after else None)
    change = sum(pair[1] - pair[0] for pair in numbers)
    assert found.change.cases == change
    assert sum(part.cases for part in found.parts) == pytest.approx(change)
    for table in found.tables:
        assert sum(part.cases for part in table.parts) == pytest.approx(change)
        assert all(part.lower <= part.cases <= part.upper for part in table.parts)


@given(NUMBERS)
def test_cheat_no_few_are_shown_or_follow_from_the_sum(numbers: list[tuple[int, int]]) -> None:
    """Whoever knows the totals of the place and the table sees of few at least two values together, never one."""
    parts = tuple(
        Part(f"v{at}", pair[0], pair[1], pair[1] - pair[0], pair[1] - pair[0] - 1, pair[1] - pair[0] + 1, 0.1)
        for at, pair in enumerate(numbers)
    )
    few = [part.name for part in parts if 0 < part.before < 5 or 0 < part.after < 5]  # type: ignore[operator]
    told = few_together(FieldTable("Age", 1.0, parts), 5)
    shown = {part.name: part for part in told.parts}
    assert not set(few) & set(shown)
    if not few:
        assert told.parts == parts
        return
    hidden = [part for part in parts if part.name not in shown]
    if told.parts:
        assert len(hidden) >= 2
        for side in ("before", "after"):
            assert getattr(shown[FEW], side) == sum(getattr(part, side) for part in hidden)
            others = len(hidden) == len(parts)
            assert others or not 0 < getattr(shown[FEW], side) < 5


def test_words_say_where_and_who_and_of_what_too_little_is_known() -> None:
    cases = [Group(window, n, (area, sex)) for window, n, area, sex in (
        (0, 8, "Mere", "men"), (0, 8, "Wood", "men"), (1, 40, "Mere", "men"), (1, 8, "Wood", "men"), (1, 2, "Wood", None))]  # fmt: skip
    ages = [Group(1, 45, (None,)), Group(1, 5, ("30-39",)), Group(0, 16, (None,))]
    found = explain_counts(cases, ("Small area", "Sex"), [(("Age",), ages)], None, RULES, np.random.default_rng(2))
    said = " ".join(sentences(found, "Here", "before", "after", RULES, who_can_tell="Ask."))
    assert "Where most of the rise is, by what is recorded: small area Mere, 32 more (" in said
    assert "sex men" not in said, "one value tells nothing"
    assert "Recorded for too few people to say more: age (10" in said


def test_what_is_not_known_stays_by_itself() -> None:
    parts = (Part("a", 9, 9, 0, 0, 0, 0.0), Part("b", 1, 9, 8, 0, 9, 1.0), Part(NOT_KNOWN, 1, 1, 0, 0, 0, 0.0))
    told = few_together(FieldTable("Sex", 0.9, parts), 5)
    assert [part.name for part in told.parts] == [FEW, NOT_KNOWN]


def test_one_few_beside_what_is_not_known_leaves_no_table_rather_than_one_that_does_not_add_up() -> None:
    parts = (Part("a", 0, 3, 3, 0, 6, 0.3), Part(NOT_KNOWN, 1, 8, 7, 0, 9, 0.7))
    assert few_together(FieldTable("Sex", 0.9, parts), 5).parts == ()
