"""Folders of other areas and years than the ones that replays were first run on: read, or refused by name."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from commonweal.cli.published_folder import Populations, read_weeks
from commonweal.cli.replay import _require_period
from commonweal.core.errors import NotThere, Refused
from commonweal.server import parameters

PLAN = yaml.safe_load(parameters.text("signals/benchmark.yaml"))
NORTH_NORTHAMPTONSHIRE, DISTRICTS = "E06000061", ("E07000150", "E07000152", "E07000153", "E07000156")
SUNDAY = date(2021, 1, 10)


def folder(tmp_path: Path, small: str, people: str) -> Path:
    for name, text in ((PLAN["small_areas"], small), (PLAN["populations"], people)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def populations(tmp_path: Path, small: str, people: str = "area_code,all_ages\n") -> Populations:
    return Populations.read(folder(tmp_path, small, people), PLAN)


@pytest.mark.parametrize("heading", ["lad21cd", "LAD23CD", "lad19cd"])
def test_small_areas_may_have_the_codes_of_any_year(tmp_path: Path, heading: str) -> None:
    small = f"lsoa21cd,{heading},utla21cd,pop2020\nE01000001,{NORTH_NORTHAMPTONSHIRE},{NORTH_NORTHAMPTONSHIRE},1500\n"
    found = populations(tmp_path, small + f"E01000002,{NORTH_NORTHAMPTONSHIRE},{NORTH_NORTHAMPTONSHIRE},1600\n")
    assert found.of([NORTH_NORTHAMPTONSHIRE]).tolist() == [3100]


def test_an_authority_of_2021_has_the_residents_of_its_districts(tmp_path: Path) -> None:
    rows = "".join(f"E0100000{at},{code},E10000021,{1000 + at}\n" for at, code in enumerate(DISTRICTS))
    found = populations(tmp_path, "lsoa11cd,lad19cd,utla19cd,pop2020\n" + rows)
    assert found.of([NORTH_NORTHAMPTONSHIRE]).tolist() == [4006]
    assert found.of(list(DISTRICTS)).tolist() == [1000, 1001, 1002, 1003], "the districts stay what they were"
    assert found.of(["E10000021"]).tolist() == [4006]


def test_half_of_an_authority_is_no_population(tmp_path: Path) -> None:
    found = populations(tmp_path, f"lsoa11cd,lad19cd,pop2020\nE01000001,{DISTRICTS[0]},1000\n")
    with pytest.raises(NotThere, match=f"no population of {NORTH_NORTHAMPTONSHIRE}.*of which areas it was made"):
        found.of([NORTH_NORTHAMPTONSHIRE])


def test_an_authority_with_a_number_of_its_own_is_not_counted_twice(tmp_path: Path) -> None:
    rows = "".join(f"E0100000{at},{code},1000\n" for at, code in enumerate(DISTRICTS))
    people = f"area_code,all_ages\n{NORTH_NORTHAMPTONSHIRE},4100\n"
    found = populations(tmp_path, "lsoa11cd,lad19cd,pop2020\n" + rows, people)
    assert found.of([NORTH_NORTHAMPTONSHIRE]).tolist() == [4100]


def test_areas_whose_cases_are_in_anothers_series_are_added_up_once(tmp_path: Path) -> None:
    small = "lsoa11cd,lad19cd,pop2020\nE01000001,E09000012,200000\nE01000002,E09000001,9000\n"
    found = populations(tmp_path, small)
    assert found.of(["E09000012"]).tolist() == [209000]
    assert found.of(["E09000012", "E09000001"]).tolist() == [200000, 9000]


def test_small_areas_without_codes_of_authorities_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no column with codes of authorities"):
        populations(tmp_path, "lsoa11cd,pop2020\nE01000001,1000\n")


def weeks(tmp_path: Path, headings: str, *rows: str) -> Any:
    path = tmp_path / "weeks.csv"
    path.write_text("\n".join([f"msoa11cd,{headings}", *rows]))
    return read_weeks(path, SUNDAY)


def test_weeks_of_any_year_are_read_in_order(tmp_path: Path) -> None:
    table, names = weeks(tmp_path, "wk_01,wk_02,wk_03", 'E02000001,3,,"1,204"', "E02000002,S,-99,0")
    assert names == ["wk_01", "wk_02", "wk_03"]
    assert table.rows() == [("E02000001", 3, 0, 1204), ("E02000002", 0, 0, 0)]


@pytest.mark.parametrize("headings", ["wk_02,wk_03", "wk_01,wk_03", "wk_02,wk_01", "week1,week2"])
def test_weeks_that_would_be_dealt_out_over_other_days_are_refused(tmp_path: Path, headings: str) -> None:
    with pytest.raises(Refused, match="Set first_week_ends"):
        weeks(tmp_path, headings, "E02000001,3,4")


def test_a_cell_that_is_no_count_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="'many' of E02000001 in wk_02 is neither"):
        weeks(tmp_path, "wk_01,wk_02", "E02000001,3,many")


def test_a_series_of_another_year_is_not_replayed_as_nothing(tmp_path: Path) -> None:
    own = {"first": date(2020, 5, 1), "last": date(2020, 7, 31)}
    table = pl.DataFrame({"specimen_date": [date(2021, 1, 1), date(2021, 6, 1)]})
    with pytest.raises(NotThere, match="runs from 2021-01-01 to 2021-06-01; a replay tells 2020-05-01 to 2020-07-31"):
        _require_period(table, tmp_path / "cases.csv", own)
    _require_period(table, tmp_path / "cases.csv", {"first": date(2021, 1, 1), "last": date(2021, 6, 1)})
