"""The weekly brief: signals in scope; neighbours and places alike as somebody published them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin import accounts
from commonweal.apps.surveillance import actions, brief
from commonweal.core import wording
from commonweal.core.signals.alike import Traits
from commonweal.web import db

from . import outbreak
from .outbreak import CITY, DIRECTOR, DISTRICT, OFFICE

LAST = date(2020, 6, 21)
PUBLISHED = LAST + brief.SETTLING


@pytest.fixture(scope="module", autouse=True)
def world(space: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    outbreak.lay()
    folder = tmp_path_factory.mktemp("series")
    lines = ["place,date,metric,value,published_at"]
    for code, daily in ((CITY, 10), (DISTRICT, 2)):
        lines += [f"{code},{LAST - timedelta(days=back)},{brief.METRIC},{daily},{PUBLISHED}" for back in range(10)]
    path: Path = folder / "published.csv"
    path.write_text("\n".join(lines) + "\n")
    actions.load_series([path])


def director() -> Actor:
    return Actor(accounts.require(DIRECTOR).person_id, OFFICE, "outbreak_control")


def rate(code: str, cases: int) -> str:
    people = db.value("app", "select n from places.denominator where code = %s and band = 'all' limit 1", [code])
    return wording.rate(100_000 * cases / people)


def test_neighbours_are_told_as_published_with_the_days_they_speak_of() -> None:
    with db.recorded("ingest") as write:
        write.cursor.execute(
            "insert into places.neighbour (code, level, vintage, neighbour, basis, metres, dataset_id)"
            " select %s, 'ltla', 2019, %s, 'touching', 0, 0",
            [CITY, DISTRICT],
        )
    lines = brief.of_neighbours(director())
    assert lines[0] == (
        "People per 100,000 who tested positive in the seven days to Sunday 21 June, as published by Thursday 25 June."
    )
    assert any(line.startswith("Here: ") and line.endswith(f"{rate(CITY, 70)}.") for line in lines), lines
    assert any(line.startswith("Neighbours: ") and line.endswith(f"{rate(DISTRICT, 14)}.") for line in lines), lines


def test_a_week_that_is_not_whole_is_left_out() -> None:
    found = brief.published([CITY, DISTRICT])
    assert found is not None
    assert set(found.rates) == {CITY, DISTRICT}
    assert (found.last, found.published) == (LAST, PUBLISHED)


def test_places_alike_are_known_by_residents() -> None:
    traits = brief.traits()
    assert traits[CITY].residents == db.value(
        "app", "select n from places.denominator where code = %s and band = 'all' limit 1", [CITY]
    )
    assert all(isinstance(each, Traits) for each in traits.values())


def test_no_signal_is_said_so() -> None:
    assert brief.of_signals(director()) == ["No signal goes on."]
