"""Late batches of a neighbourhood, a care home and an authority: told once, nothing raised that they alone explain."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest

from commonweal.apps.surveillance import sweeps
from commonweal.apps.surveillance.count_sweeping import Outcome
from commonweal.apps.surveillance.executors import Serial
from commonweal.web import db
from tests.conftest import make_space, remove_space

from . import city

FIRST = date(2027, 1, 4)
LAST = FIRST + timedelta(days=city.HISTORY)
HOME = city.at(3, 1)
CORNER = [city.at(row, column) for row in (2, 3) for column in (2, 3)]  # one neighbourhood of the west


@pytest.fixture
def counts(template: str) -> Iterator[city.Counts]:
    name = make_space(template, "replay")
    city.load_places()
    made = city.Counts(FIRST)
    made.until(LAST - timedelta(days=1))
    yield made
    remove_space(name)


def swept() -> Outcome:
    outcome = sweeps.run(Serial()).outcome
    assert outcome is not None
    return outcome


def late(places: Sequence[int], each: int, known: date = LAST, backs: Sequence[int] = (4, 5, 6)) -> None:
    city.put([(place, known - timedelta(days=back), result, each)
              for place in places for back in backs for result in ("case", "positive")], known)  # fmt: skip


def cases_of_home(days: Sequence[date], known: date, lives: int = HOME) -> None:
    """A case of one care home on each of some days, in the counts and among the records."""
    city.put([(lives, day, result, 1) for day in days for result in ("case", "positive")], known)
    with db.transaction("ingest") as cursor:
        cursor.execute("select ledger.begin_tick()")
        tick = int(cursor.fetchone()[0])
        for day in days:
            cursor.execute(
                "insert into record.case_version (case_id, version, tick_id, withdrawn, pathogen, person_id, episode_start,"
                " result_id, scope_ltla, lsoa_code, pillar, test_type, setting_type, setting_id)"
                " values (%s, 1, %s, false, 'covid-19', %s, %s, 1, %s, %s, 'pillar1', 'pcr', 'care_home', 'H1')",
                [uuid.uuid4(), tick, uuid.uuid4(), day, city.authority(lives), city.codes()[lives]],
            )
        cursor.execute("select ledger.close_tick(%s, %s)", [tick, datetime.combine(known, time(6, 5), UTC)])


def kinds() -> list[str]:
    return [row["kind"] for row in city.rows("select kind from surveillance.signal order by number")]


def test_a_batch_of_one_neighbourhood_is_one_event_and_no_outbreak_until_its_days_are_complete(
    counts: city.Counts,
) -> None:
    late(CORNER[:2], 3)  # 18 cases: fewer than make a batch of the whole authority
    out = swept()
    (event,) = out.events
    assert (event.kind, event.level, event.scope) == ("late_batch", "msoa", frozenset({city.WEST}))
    assert event.members == {city.codes()[place] for place in CORNER}
    assert out.found == []
    assert {each.level for each, _ in out.held} >= {"lsoa", "msoa"}
    assert kinds() == ["late_batch"]
    for day in range(3):  # it goes on, and is reported in time
        for place in CORNER[:2]:
            counts.extra[place, LAST + timedelta(days=day)] = 2
        counts.day(LAST + timedelta(days=day))
        out = swept()
    assert [kind for kind in kinds() if kind != "late_batch"], "what stands once its days are complete is told"
    assert max(each.observed for each in out.found) >= 18, "with the cases that came late"


def test_a_rise_that_stands_without_the_batch_is_told_at_once(counts: city.Counts) -> None:
    city.put([(place, LAST - timedelta(days=back), result, 3)
              for place in CORNER[2:] for back in (1, 2, 3) for result in ("case", "positive")], LAST)  # fmt: skip
    late(CORNER[:2], 3)
    out = swept()
    assert [event.kind for event in out.events] == ["late_batch"]
    assert "E02010101" in {each.place for each in out.found}, "the neighbourhood, by its cases reported in time"
    assert {city.codes()[place] for place in CORNER[:2]} <= {each.place for each, _ in out.held}


def test_a_batch_of_a_care_home_is_named_by_it_and_its_outbreak_is_told_when_it_is_complete(
    counts: city.Counts,
) -> None:
    cases_of_home([LAST - timedelta(days=back) for back in (4, 4, 5, 5, 6, 7, 7, 8, 8)], LAST)
    out = swept()
    (event,) = out.events
    assert (event.kind, event.level, event.setting) == ("late_batch", "setting", "care_home:H1")
    assert "9 cases that are 4 days old or more" in event.evidence
    assert out.found == []
    assert ("setting", "care_home:H1") in {(each.level, each.setting) for each, _ in out.held}
    counts.day(LAST)
    counts.day(LAST + timedelta(days=1))
    cases_of_home([LAST], LAST + timedelta(days=2))
    later = swept()
    assert later.events == []
    assert ("setting", "care_home:H1") in {(each.level, each.setting) for each in later.found}


def test_two_fresh_cases_beside_a_batch_are_an_outbreak_all_the_same(counts: city.Counts) -> None:
    cases_of_home([LAST - timedelta(days=back) for back in (4, 4, 5, 5, 6)], LAST)
    cases_of_home([LAST - timedelta(days=1)] * 2, LAST)
    out = swept()
    assert [event.setting for event in out.events] == ["care_home:H1"]
    assert "care_home:H1" in {each.setting for each in out.found}


def test_a_batch_of_an_authority_holds_back_authority_county_and_setting_alike(counts: city.Counts) -> None:
    late([city.at(row, column) for row in range(12) for column in range(6)], 1)
    cases_of_home([LAST - timedelta(days=back) for back in (4, 5)], LAST)
    out = swept()
    assert [(event.kind, event.level, event.place) for event in out.events][-1:] == [("late_batch", "ltla", city.WEST)]
    assert [each for each in out.found if each.level in ("ltla", "utla", "region", "setting")] == []
    held = {(each.level, each.setting) for each, _ in out.held}
    assert {("ltla", ""), ("setting", "care_home:H1")} <= held


def test_a_sweep_of_one_authority_counts_all_people_of_a_setting(counts: city.Counts) -> None:
    fresh = [LAST - timedelta(days=back) for back in (1, 2)]
    cases_of_home(fresh * 2, LAST)
    cases_of_home(fresh * 4, LAST, lives=city.at(3, 10))
    for touched in (None, [city.WEST], [city.EAST]):
        seen = sweeps.run(Serial(), touched=touched).outcome
        assert seen is not None
        (home,) = [each for each in seen.found if each.setting == "care_home:H1"]
        assert (home.observed, home.scope) == (12, {city.WEST, city.EAST})
