"""The benchmark of detection from end to end, on a small made-up folder of the shape of the reference data."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from commonweal.cli.bench_detection import as_text, measure
from commonweal.core.errors import NotThere
from commonweal.core.signals.setting import Setting
from commonweal.server import parameters

PLAN: dict[str, Any] = yaml.safe_load(parameters.text("signals/benchmark.yaml"))
SETTING = Setting.from_document(yaml.safe_load(parameters.text("signals/rule.yaml")))
AREAS = ["E06000001", "E07000004", "E08000009", "E09000002", "E06000016"]
PEOPLE = 200_000
START, DAYS = date(2020, 3, 1), 275
OUTBREAK = (date(2020, 6, 20), date(2020, 7, 10))  # in the last area only


def final() -> np.ndarray:
    """Some six cases a day everywhere; in one place four times as many during the outbreak."""
    rate = np.full((len(AREAS), DAYS), 6.0)
    rate[-1, (OUTBREAK[0] - START).days : (OUTBREAK[1] - START).days] *= 4
    return np.random.default_rng(8).poisson(rate)


def long(days: list[date], counts: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area_code": np.repeat(AREAS, len(days)),
            "specimen_date": [str(day) for day in days] * len(AREAS),
            "new_cases": counts.ravel(),
        }
    ).filter(pl.col("new_cases") > 0)


def published(first: date, last: date, counts: np.ndarray) -> pl.DataFrame:
    """Each day's publication: nothing of its own day, half of the day before, all of those before that."""
    parts = []
    for number in range((first - START).days, (last - START).days + 1):
        seen = counts[:, : number + 1].copy()
        seen[:, -1], seen[:, -2] = 0, seen[:, -2] // 2
        days = [START + timedelta(days=day) for day in range(number - 60, number + 1)]
        parts.append(
            long(days, seen[:, -61:]).with_columns(pl.lit(str(START + timedelta(days=number))).alias("published"))
        )
    return pl.concat(parts)


def tables() -> dict[str, pl.DataFrame]:
    counts = final()
    days = [START + timedelta(days=day) for day in range(DAYS)]
    small = pl.DataFrame({"lad19cd": AREAS, "utla19cd": AREAS, "pop2020": [PEOPLE] * len(AREAS)})
    return {
        PLAN["series"]: long(days, counts).with_columns(pl.lit("ltla").alias("area_type")),
        PLAN["triangles"]["utla"]["file"]: published(date(2020, 6, 28), date(2020, 8, 1), counts),
        PLAN["triangles"]["ltla"]["file"]: published(date(2020, 8, 18), date(2020, 10, 26), counts),
        PLAN["populations"]: pl.DataFrame({"area_code": AREAS, "all_ages": [PEOPLE] * len(AREAS)}),
        PLAN["small_areas"]: small,
    }


def folder(where: Path, content: dict[str, pl.DataFrame], *, shuffled: int | None = None) -> Path:
    for name, table in content.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = table if shuffled is None else table.sample(fraction=1, shuffle=True, seed=shuffled)
        path.write_bytes(rows.write_csv().encode())  # the names end in .gz; readers look at the bytes
    return where


@pytest.fixture(scope="module")
def content() -> dict[str, pl.DataFrame]:
    return tables()


def test_a_planted_outbreak_is_found_and_rows_may_stand_in_any_order(tmp_path: Path, content: dict[str, pl.DataFrame]):
    told = measure(folder(tmp_path / "plain", content), PLAN, SETTING, [1, 2])
    main, august = told["main"], told["august"]
    assert (main["authorities"], main["rises"], main["authorities_with_rises"], main["runs"]) == (5, 1, 1, 2)
    assert (main["found"], main["in_time"]) == (1.0, 1.0)
    assert main["interval_95"]["lead_days"] == [None, None]
    assert (august["rises"], august["found"], august["interval_95"]["found"]) == (0, None, [None, None])
    assert told["goals"]["main"]["found"] == {"value": 1.0, "goal": 0.97, "reached": True, "sure": False}
    assert "main: 5 authorities, 78 mornings, 1 rise in 1 authority, each seen under 2 seeds" in as_text(told)
    assert measure(folder(tmp_path / "shuffled", content, shuffled=3), PLAN, SETTING, [1, 2]) == told


def test_a_folder_that_lacks_a_month_is_refused_in_one_sentence(tmp_path: Path, content: dict[str, pl.DataFrame]):
    series = content[PLAN["series"]]
    short = content | {PLAN["series"]: series.filter(pl.col("specimen_date") < "2020-10-01")}
    with pytest.raises(NotThere, match="2020-03-01 to 2020-09-30; they must reach from 2020-04-10 to 2020-10-24"):
        measure(folder(tmp_path / "series", short), PLAN, SETTING, [1])
    name = PLAN["triangles"]["ltla"]["file"]
    early = content | {name: content[name].filter(pl.col("published") < "2020-10-01")}
    with pytest.raises(
        NotThere, match="publications from 2020-08-18 to 2020-09-30; mornings from 2020-08-20 to 2020-10-24"
    ):
        measure(folder(tmp_path / "triangle", early), PLAN, SETTING, [1])


def test_authorities_nobody_counted_the_residents_of_are_named(tmp_path: Path, content: dict[str, pl.DataFrame]):
    less = {name: content[name].filter(pl.col(column) != AREAS[1])
            for name, column in ((PLAN["populations"], "area_code"), (PLAN["small_areas"], "lad19cd"))}  # fmt: skip
    with pytest.raises(NotThere, match=f"no population of {AREAS[1]}"):
        measure(folder(tmp_path, content | less), PLAN, SETTING, [1])
