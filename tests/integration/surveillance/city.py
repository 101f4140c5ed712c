"""Two authorities side by side on a grid of small areas, with counts put straight into the changes: fast, and known."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.apps.places.actions import load_files
from commonweal.web import db

WEST, EAST = "E06000016", "E06000017"
SIDE, STEP, PEOPLE = 12, 700, 1600
HEAD = "lsoa11cd,msoa11cd,lad19cd,lad19nm,utla19cd,utla19nm,rgn19cd,rgn19nm,bng_e,bng_n,pop2020"
HISTORY = 70


def codes() -> list[str]:
    return [f"E0101{place:04d}" for place in range(SIDE * SIDE)]


def authority(place: int) -> str:
    return WEST if place % SIDE < SIDE // 2 else EAST


def at(row: int, column: int) -> int:
    return row * SIDE + column


def load_places() -> None:
    """A grid of small areas, the western half of one authority, the eastern of another; squares of four are MSOAs."""
    lines = [HEAD]
    for place, code in enumerate(codes()):
        row, column = divmod(place, SIDE)
        msoa = f"E0201{row // 2:02d}{column // 2:02d}"
        ltla, name = authority(place), "West" if authority(place) == WEST else "East"
        point = f"{450_000 + column * STEP},{300_000 + row * STEP}"
        lines.append(f"{code},{msoa},{ltla},{name},{ltla},{name},E12000004,East Midlands,{point},{PEOPLE}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lsoa11.csv"
        path.write_text("\n".join(lines))
        load_files([path])


@dataclass
class Counts:
    """What became known when, put in morning by morning. `mean`: cases a day and small area."""

    first: date
    mean: float = 0.25
    seed: int = 1
    extra: dict[tuple[int, date], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def until(self, last: date) -> None:
        """Every day up to `last`, each known on the morning after."""
        day = self.first
        while day <= last:
            self.day(day)
            day += timedelta(days=1)

    def day(self, day: date, known: date | None = None) -> None:
        cases = self._rng.poisson(self.mean, SIDE * SIDE)
        negatives = self._rng.poisson(8, SIDE * SIDE)
        rows = []
        for place in range(SIDE * SIDE):
            number = int(cases[place]) + self.extra.get((place, day), 0)
            rows += [(place, day, "case", number), (place, day, "positive", number)]
            rows.append((place, day, "negative", int(negatives[place])))
        put(rows, known or day + timedelta(days=1))


def put(rows: Sequence[tuple[int, date, str, int]], known: date) -> None:
    """Write changes that become known at six on a morning."""
    names = codes()
    with db.transaction("ingest") as cursor:
        cursor.execute("select ledger.begin_tick()")
        tick = int(cursor.fetchone()[0])
        columns = list(zip(*[row for row in rows if row[3]], strict=True)) or [(), (), (), ()]
        cursor.execute(
            "insert into counts.delta select %s, ltla, lsoa, day, 'pillar2', 'pcr', result, n from"
            " unnest(%s::text[], %s::text[], %s::date[], %s::text[], %s::int[]) as x (ltla, lsoa, day, result, n)",
            [tick, [authority(place) for place in columns[0]], [names[place] for place in columns[0]],
             list(columns[1]), list(columns[2]), list(columns[3])],
        )  # fmt: skip
        cursor.execute("select ledger.close_tick(%s, %s)", [tick, datetime.combine(known, time(6), UTC)])


def move_clock(to: date, hour: int = 7) -> None:
    """Let the space's clock stand at an hour of a day."""
    with db.transaction("migrate") as cursor:
        cursor.execute("select commonweal.move_clock(%s)", [datetime.combine(to, time(hour), UTC)])


def rows(sql: str, params: Any = ()) -> list[dict[str, Any]]:
    return db.rows("backup", sql, params)
