"""Replays of made-up folders: the dates and the part of the place follow what was planted, wherever and whenever."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from commonweal.cli.replay import Replayed, as_text
from commonweal.core.errors import Refused
from commonweal.server import parameters
from tests.unit.cli.test_bench_detection import AREAS, DAYS, OUTBREAK, PEOPLE, PLAN, SETTING, START, folder, tables

OWN: dict[str, Any] = yaml.safe_load(parameters.text("signals/replay.yaml")) | {"seeds": [1]}
CITY, QUIET = AREAS[-1], AREAS[0]  # far from each other, so that neither is the other's neighbour
FIRST_WEEK, WEEKS = OWN["small_areas"]["first_week_ends"], 24
SIDE = 3  # small areas in a square of so many by so many kilometres around the place's middle


def small_areas() -> pl.DataFrame:
    rows = [
        {"msoa11cd": f"E0200{5000 + 100 * place + number}", "msoa11hclnm": f"Quarter {number % SIDE}-{number // SIDE}",
         "lad19cd": area, "pop2020": str(PEOPLE // SIDE**2),
         "bng_e_popw": str(400_000 + 100_000 * place + 2_000 * (number % SIDE)),
         "bng_n_popw": str(300_000 + 2_000 * (number // SIDE))}
        for place, area in enumerate(AREAS) for number in range(SIDE**2)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def weekly(series: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Each authority's weeks shared out evenly, from the outbreak on in the city mostly to its north-eastern corner.

    Of the quiet place every cell is empty."""
    rng = np.random.default_rng(4)
    out: dict[str, list[int | None]] = {}
    counts = dict(zip(zip(series["area_code"], series["specimen_date"], strict=True), series["new_cases"], strict=True))
    for number in range(WEEKS):
        sunday = FIRST_WEEK + timedelta(days=7 * number)
        column: list[int | None] = []
        for area in AREAS:
            total = sum(counts.get((area, str(sunday - timedelta(days=day))), 0) for day in range(7))
            share = np.full(SIDE**2, 1.0)
            if area == CITY and sunday >= OUTBREAK[0]:
                share[-1] = 20.0
            column += [None] * SIDE**2 if area == QUIET else rng.multinomial(total, share / share.sum()).tolist()
        out[f"wk_{sunday.isocalendar().week:02d}"] = column
    return pl.DataFrame({"msoa11cd": points["msoa11cd"], **out})


@pytest.fixture(scope="module")
def content() -> dict[str, pl.DataFrame]:
    points = small_areas()
    made = tables()
    plan = OWN["small_areas"]
    return made | {plan["points"]: points, plan["table"]: weekly(made[PLAN["series"]], points)}


def replayed(where: Path, area: str) -> dict[str, Any]:
    told = Replayed(where, area, PLAN, OWN, SETTING).document()
    assert as_text(told).startswith(f"Replay of {area}")
    strict: dict[str, Any] = json.loads(json.dumps(told, allow_nan=False))
    return strict


def test_a_planted_rise_is_dated_and_its_quarter_named(tmp_path: Path, content: dict[str, pl.DataFrame]) -> None:
    world = replayed(folder(tmp_path, content), CITY)["worlds"]["all_pillars"]
    raised = date.fromisoformat(world["first_signal"])
    assert OUTBREAK[0] < raised <= OUTBREAK[0] + timedelta(days=6)
    own = world["by_seed"][0]
    assert re.search(
        r"^1 small area in the north-east \(Quarter 2-2\): \d+ cases where \d\.\d are expected", own["part"]
    )
    monday = OUTBREAK[0] - timedelta(days=OUTBREAK[0].weekday())  # the weekly table lets its whole week rise
    assert monday < date.fromisoformat(own["first_part_named"]) <= raised
    assert world["history"] == [], "the folder has no series of the nation"


def test_a_place_with_hardly_a_case_in_its_small_areas_is_told_all_the_same(
    tmp_path: Path, content: dict[str, pl.DataFrame]
) -> None:
    worlds = replayed(folder(tmp_path, content), QUIET)["worlds"]
    assert worlds["all_pillars"]["first_signal"] is None
    assert worlds["all_pillars"]["by_seed"][0]["part"] is None
    assert worlds["public"]["first_signal"] is None
    unseen = [event for event in worlds["public"]["events"] if event["kind"] == "not_seen"]
    assert [event["day"] for event in unseen] == ["2020-05-01", "2020-06-29"]
    assert "nothing was published before 2020-06-28" in unseen[0]["text"]


def test_a_nation_without_a_case_for_weeks_has_no_ratio(tmp_path: Path, content: dict[str, pl.DataFrame]) -> None:
    days = [str(START + timedelta(days=day)) for day in range(100, DAYS)]
    nation = pl.DataFrame({"area_code": OWN["nation"], "specimen_date": days, "new_cases": 30, "area_type": "nation"})
    series, people = content[PLAN["series"]], content[PLAN["populations"]]
    changed = {
        PLAN["series"]: pl.concat([series, nation.select(series.columns).cast(series.schema)]),
        PLAN["populations"]: pl.concat([people, pl.DataFrame({"area_code": [OWN["nation"]], "all_ages": [10**6]})]),
    }
    history = replayed(folder(tmp_path, content | changed), CITY)["worlds"]["all_pillars"]["history"]
    assert history[0]["times"] is None
    assert history[-1]["times"] > 1


def test_a_day_that_is_said_in_two_ways_is_refused(tmp_path: Path, content: dict[str, pl.DataFrame]) -> None:
    series = content[PLAN["series"]]
    twice = pl.concat([series, series.head(1).with_columns(pl.col("new_cases") + 5)])
    with pytest.raises(Refused, match=f"new_cases of {AREAS[0]} on 2020-03-01 is both"):
        Replayed(folder(tmp_path, content | {PLAN["series"]: twice}), CITY, PLAN, OWN, SETTING)


def test_publications_of_an_upper_tier_need_to_know_who_lies_in_it(
    tmp_path: Path, content: dict[str, pl.DataFrame]
) -> None:
    name = PLAN["triangles"]["utla"]["file"]
    without = content[name].filter(pl.col("area_code") != CITY)
    small = content[PLAN["small_areas"]].rename({"utla19cd": "utla21cd"})
    where = folder(tmp_path, content | {name: without, PLAN["small_areas"]: small})
    with pytest.raises(Refused, match="lacks the column utla19cd"):
        replayed(where, CITY)
