"""*My area*: the three sentences say what the counts say, and every picture agrees with its table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from commonweal.apps.intake.pages import area_figures as figures
from commonweal.apps.intake.pages import my_area
from commonweal.apps.intake.pages.area_pictures import Address
from commonweal.core import wording
from tests.functional.sample_area import AS_OF, EVENTS, READING, SHAPES, TODAY, facts, wilson

ADDRESS = Address("/my-area", places="/my-area?place=")


def page(**changes: object) -> my_area.MyArea:
    return my_area.build(facts(**changes), READING, wilson, ADDRESS, shapes=SHAPES, events=EVENTS)


def test_the_three_sentences() -> None:
    since, rate, homes = page().lead
    assert (
        since
        == "Since you last looked (yesterday 6:10pm): 61 more people tested positive, 12 of them in Spinney Hill Road."
    )
    assert rate == rate_sentence()
    assert homes == "Two care homes are newly affected: Elm House and The Laurels."


def rate_sentence() -> str:
    """The sentence about the rate, from the rows in the most obvious way."""

    def people(rows: Sequence[dict[str, Any]], last: date) -> int:
        return sum(
            row["n"] for row in rows if row["result"] == "case" and last - timedelta(days=7) < row["day"] <= last
        )

    last = TODAY - timedelta(days=4)
    now, then = people(facts().daily, last), people(facts().daily_before, last - timedelta(days=1))
    said, before = (wording.rate(100_000 * count / 143_000) for count in (now, then))
    return f"Seven-day rate {said} per 100,000 residents ({now} people to Tuesday 9 June); yesterday {before}."


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ([], "nobody more tested positive."),
        ([{"lsoa_code": "E01000000", "result": "case", "n": 1}], "1 more person tested positive."),
        ([{"lsoa_code": "E01000000", "result": "case", "n": -2}], "2 people fewer, after corrections."),
        ([{"lsoa_code": "E01000000", "result": "negative", "n": 9}], "nobody more tested positive."),
        ([{"lsoa_code": "X", "result": "case", "n": 5}, {"lsoa_code": "E01000000", "result": "case", "n": 2}],
         "7 more people tested positive, 5 of them in X."),
    ],
)  # fmt: skip
def test_since_you_last_looked(since: list[dict[str, object]], said: str) -> None:
    assert page(since=since).lead[0] == f"Since you last looked (yesterday 6:10pm): {said}"


def test_a_first_look_says_so() -> None:
    assert page(last_looked=None).lead[0].startswith("This is your first look at Fernleigh: ")


def test_no_residents_no_rate_but_a_sentence() -> None:
    assert page(residents=0).lead[1] == "The seven-day rate is not known: no residents are loaded for Fernleigh."


@pytest.mark.parametrize(
    ("homes", "said"),
    [
        ((), "No care home is newly affected."),
        (("Elm House",), "One care home is newly affected: Elm House."),
        (("a",) * 12, "12 care homes are newly affected."),
    ],
)
def test_care_homes(homes: tuple[str, ...], said: str) -> None:
    assert page(new_care_homes=homes).lead[2] == said


def test_an_empty_area_has_an_empty_state_and_no_picture() -> None:
    empty = page(daily=[], daily_before=[], small=[], ages=[], since=[], latest=[])
    assert (empty.curve, empty.positivity, empty.ages, empty.latest) == (None, None, None, None)
    assert empty.empty.what == "No result for this area has arrived yet."
    assert empty.lead[1].startswith("Seven-day rate 0.0 per 100,000 residents (0 people")


def test_the_curve_counts_people_not_tests() -> None:
    curve = page().curve
    assert curve is not None
    people = sum(row["n"] for row in facts().daily if row["result"] == "case")
    assert sum(row[3] for row in curve.picture.table.rows) == people  # type: ignore[misc]
    states = {row[0]: row[-1] for row in curve.picture.table.rows}
    assert states[date(2020, 6, 9)] == "complete"
    assert states[date(2020, 6, 10)] == "still arriving"


def test_antibody_and_void_tests_are_no_part_of_positivity() -> None:
    extra = [
        {
            "day": TODAY - timedelta(days=6),
            "pillar": "pillar1",
            "test_type": "antibody",
            "result": "positive",
            "n": 500,
        },
        {"day": TODAY - timedelta(days=6), "pillar": "pillar1", "test_type": "pcr", "result": "void", "n": 500},
    ]
    assert page(daily=[*facts().daily, *extra]).positivity_sentence == page().positivity_sentence


def test_week_of_tests_agrees_with_the_obvious_way() -> None:
    tests = figures.tests_by_day(facts().daily)
    for last in (TODAY, TODAY - timedelta(days=9), TODAY - timedelta(days=40)):
        rows = [row for row in facts().daily if last - timedelta(days=7) < row["day"] <= last]
        positive = sum(row["n"] for row in rows if row["result"] == "positive")
        negative = sum(row["n"] for row in rows if row["result"] == "negative")
        assert figures.week_tests(tests, last) == (positive, positive + negative)


def test_map_and_its_table_hold_every_neighbourhood_and_link_on() -> None:
    area_map = page().area_map
    assert area_map is not None
    assert {row[0] for row in area_map.picture.table.rows} == {shape.name for shape in SHAPES}
    assert 'href="/my-area?place=E02000003"' in area_map.picture.wide


def test_without_boundaries_the_table_stands_alone() -> None:
    built = my_area.build(facts(), READING, wilson, ADDRESS)
    assert built.area_map is None
    assert built.area_table is not None
    values = [row[1] for row in built.area_table.table.rows]
    assert values == sorted(values, key=lambda value: -(value or 0))  # type: ignore[operator]


def test_every_link_holds_the_moment() -> None:
    built = page()
    assert built.page.known is not None
    assert built.page.known.permalink == "/my-area?as_of=2020-06-13T06:02:11.250000Z"
    assert built.page.live == "/my-area/live?since=2020-06-13T06:02:11.250000Z"
    assert built.curve is not None
    assert built.curve.downloads[0].href == "/my-area/curve.csv?as_of=2020-06-13T06:02:11.250000Z"


def test_a_past_moment_does_not_update_and_leads_back() -> None:
    built = my_area.build(facts(), READING, wilson, ADDRESS, looking_back=True)
    assert built.page.live == ""
    assert built.page.known is not None
    assert built.page.known.latest == "/my-area"
    assert facts().as_of == AS_OF


@pytest.mark.parametrize(
    ("latency", "said"),
    [
        ({}, None),
        ({"national": 0.4, "local": 0.3}, "local pages within 0.3 seconds and national pages within 0.4 seconds"),
        ({"local": None}, "local pages later than 5 seconds"),
        ({"national": 1.0}, "national pages within 1 second"),
    ],
)
def test_latency_of_both_tiers_is_stated(latency: dict[str, float | None], said: str | None) -> None:
    lines = my_area.freshness(facts(latency=latency))[1:]
    assert lines == (
        () if said is None else (f"After they were stored, 95 of 100 results of the last hour reached {said}.",)
    )
