"""Places that cannot be swept are named with the reason, and stop no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from commonweal.apps.places.actions import load_files
from commonweal.apps.surveillance import sweeps
from commonweal.apps.surveillance.executors import Serial
from commonweal.web import db
from tests.conftest import make_space, remove_space

from . import city

FIRST = date(2027, 1, 4)
LAST = FIRST + timedelta(days=city.HISTORY)
ISLE, VOID = "E06000053", "E06000054"
BAD = (
    f"E01020001,E02020001,{city.WEST},West,{city.WEST},West,E12000004,East Midlands,450000,300000,0",  # of nobody
    f"E01020002,E02020001,{city.WEST},West,{city.WEST},West,E12000004,East Midlands,,,1600",  # no point
    f"E01020003,E02020002,{ISLE},Isle,{ISLE},Isle,E12000009,South West,90000,10000,2200",  # alone in the sea
    f"E01020004,E02020003,{VOID},Void,{VOID},Void,E12000009,South West,400000,150000,0",  # an authority of nobody
)


@pytest.fixture
def ground(template: str, tmp_path: Path) -> Iterator[str]:
    name = make_space(template, "replay")
    city.load_places()
    path = tmp_path / "lsoa11_more.csv"
    path.write_text("\n".join([city.HEAD, *BAD]))
    load_files([path])
    yield name
    remove_space(name)


def cases(small: Sequence[tuple[str, str]]) -> None:
    """Three cases a day in small areas (authority, code), all known on the last morning."""
    with db.transaction("ingest") as cursor:
        cursor.execute("select ledger.begin_tick()")
        tick = int(cursor.fetchone()[0])
        for authority, code in small:
            for day in range(city.HISTORY - 5):
                values = [tick, authority, code, FIRST + timedelta(days=day)]
                cursor.execute("insert into counts.delta values (%s, %s, %s, %s, 'pillar2', 'pcr', 'case', 3)", values)
        cursor.execute("select ledger.close_tick(%s, %s)", [tick, datetime.combine(LAST, time(6), UTC)])


def test_places_without_people_points_or_neighbours_are_named_and_stop_no_other(ground: str) -> None:
    counts = city.Counts(FIRST)
    for back in range(1, 6):
        for place in (city.at(2, 2), city.at(2, 3)):
            counts.extra[place, LAST - timedelta(days=back)] = 4
    counts.until(LAST - timedelta(days=1))
    cases([(ISLE, "E01020003"), (VOID, "E01020004"), (city.WEST, "E01020001")])
    ran = sweeps.run(Serial())
    assert ran.outcome is not None
    told = ran.outcome.not_done
    assert told["lsoa E01020001"] == "no residents are known"
    assert told["lsoa E01020002"] == "no point is loaded"
    assert told[f"small areas of {ISLE}"] == "fewer than two small areas with residents and a point"
    assert told[f"ltla {VOID}"] == "no residents are known"
    found = city.rows("select scope from surveillance.signal_change")
    assert any(city.WEST in each["scope"] for each in found), "the others are found all the same"
    assert not any(VOID in each["scope"] for each in found)


def test_a_sweep_of_a_bad_authority_alone_says_so_and_ends(ground: str) -> None:
    city.Counts(FIRST).until(LAST - timedelta(days=1))
    cases([(VOID, "E01020004")])
    alone = sweeps.run(Serial(), touched=[VOID])
    assert alone.outcome is not None
    assert alone.outcome.found == []
    assert f"ltla {VOID}" in alone.outcome.not_done
