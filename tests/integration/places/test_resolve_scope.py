"""Which authorities a code covers: the database against a slow count by hand, on made-up countries."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import pytest

from commonweal.apps.places import queries
from commonweal.apps.places.actions import load_files
from tests.unit.places.build import csv_bytes

from .build import empty_places, saved

HEADER = ("lsoa11cd", "msoa11cd", "lad19cd", "lad21cd", "lad30cd", "utla19cd", "utla19nm", "rgn19cd", "rgn21cd")
Country = list[tuple[str, ...]]


def made_up(seed: int) -> Country:
    """40 small areas in districts of 2019, of which later years merge, split and move some."""
    rng = random.Random(seed)
    rows = []
    for number in range(40):
        district = number // rng.choice([4, 5])
        unitary = district % 3 == 0
        code = f"E0{6 if unitary else 7}{district:06d}"
        merged = f"E06{900 + district // 2:06d}" if district % 4 > 1 else code
        moved = merged if rng.random() < 0.8 else f"E06{950 + rng.randrange(3):06d}"
        county = code if unitary else f"E10{district // 4:06d}"
        region, later = f"E12{district // 4 // 2:06d}", f"E12{(district // 4 + 1) // 2:06d}"
        rows.append((f"E01{number:06d}", f"E02{number:06d}", code, merged, moved, county, "x", region, later))
    return rows


def by_hand(rows: Country) -> dict[str, set[str]]:
    """The rule as the function states it, counted small area by small area."""
    scope: dict[str, set[str]] = defaultdict(set)
    inside: dict[str, set[str]] = defaultdict(set)
    covered: dict[str, set[str]] = defaultdict(set)
    for lsoa, _, lad19, lad21, lad30, utla, _, region, later in rows:
        scope[lad19].add(lsoa)
        for code in (lad19, lad21, lad30, utla, region, later):
            inside[code].add(lsoa)
        covered[lad19].add(lad19)
        covered[utla].add(lad19)
        covered[region].add(lad19)
        covered["E92000001"].add(lad19)
    for code, areas in inside.items():
        for authority, own in scope.items():
            both = len(areas & own)
            if 2 * both > len(own) or 2 * both > len(areas):
                covered[code].add(authority)
    return covered


@pytest.mark.parametrize("seed", range(4))
def test_every_code_covers_what_counting_by_hand_says(space: str, tmp_path: Path, seed: int) -> None:
    empty_places()
    rows = made_up(seed)
    load_files([saved(tmp_path, "lsoa.csv", csv_bytes(HEADER, rows))])
    covered = by_hand(rows)
    # A district of 2019 that lies in two counties or regions of this made-up country has the one of its small area.
    assert {code: set(queries.resolve_scope(code)) for code in covered} == covered
    assert queries.resolve_scope("E07999999") == []
