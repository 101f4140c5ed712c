"""The county's codes, names, sums and files."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from commonweal.core.errors import Refused
from commonweal.synthetic import geojson
from commonweal.synthetic.geography import CITY_CODE, COUNTY_CODE, LTLA_CODES
from commonweal.synthetic.place_files import (
    DIRECTORY_COLUMNS,
    la_population,
    lsoa_table,
    msoa_table,
    onspd,
    write_places,
)
from commonweal.synthetic.world import World, make_world

RESERVED = {  # shape and place of each kind of code, in numbers that ONS has never reached
    "lsoa11cd": r"E01999[0-9]{3}",
    "msoa11cd": r"E02999[0-9]{3}",
    "ward_code": r"E05999[0-9]{3}",
    "lad_code": r"E0[67]9999[0-9]{2}",
    "utla_code": r"E(06|10)9999[0-9]{2}",
}


@pytest.mark.parametrize(("column", "pattern"), RESERVED.items())
def test_codes_are_of_the_reserved_range(world: World, column: str, pattern: str) -> None:
    assert all(re.fullmatch(pattern, code) for code in world.geography.lsoas[column])


def test_areas_nest_and_names_are_unique(world: World) -> None:
    areas = world.geography.lsoas
    assert areas["lsoa11cd"].n_unique() == len(areas) == areas["lsoa11nm"].n_unique()
    for child, parent in (("msoa11cd", "lad_code"), ("ward_code", "lad_code"), ("lad_code", "utla_code")):
        assert areas.select(child, parent).unique().height == areas[child].n_unique()
    assert areas.select("msoa11cd", "msoa11hclnm").unique()["msoa11hclnm"].n_unique() == areas["msoa11cd"].n_unique()
    assert set(areas["lad_code"]) == set(LTLA_CODES)
    assert set(areas["utla_code"]) == {CITY_CODE, COUNTY_CODE}


def test_postcodes_are_unique_lie_in_their_small_area_and_cover_all(world: World) -> None:
    table = world.geography.postcodes
    assert table["pcds"].n_unique() == len(table)
    live = table.filter((pl.col("doterm") == 0) & (pl.col("usertype") == 0))
    assert live["lsoa"].n_unique() == len(world.geography.lsoas)
    assert live.group_by("lsoa").len()["len"].is_between(15, 20).all()
    rings = world.geography.layout.cells.rings(np.arange(len(world.geography.lsoas)))
    for lsoa, x, y in table.sample(200, seed=1).select("lsoa", "bng_e", "bng_n").iter_rows():
        assert geojson.contains(rings[lsoa][0], np.array([x, y], dtype=float))


def test_large_user_postcodes_are_nobodys_home(world: World) -> None:
    home = world.geography.postcodes[np.unique(world.people.postcode)]
    assert home["usertype"].to_list() == [0] * len(home)
    assert home["doterm"].to_list() == [0] * len(home)


def test_people_live_where_their_postcode_is_and_with_their_household(world: World) -> None:
    people = world.people
    assert (world.geography.postcodes["lsoa"].to_numpy()[people.postcode] == people.lsoa).all()
    together = pl.DataFrame({"household": people.household, "postcode": people.postcode}).unique()
    assert together["household"].is_unique().all()
    sizes = np.bincount(people.household[people.care_home < 0])
    assert 2.1 < sizes[sizes > 0].mean() < 2.9
    assert sizes.max() <= 7


def test_the_population_tables_agree_with_each_other_and_with_the_people(world: World) -> None:
    lsoas, bands = lsoa_table(world), ["0_15", "16_29", "30_44", "45_64", "65plus"]
    assert lsoas["pop2020"].sum() == len(world.people.lsoa)
    assert (lsoas.select(pl.sum_horizontal(f"pop2020_{b}" for b in bands)).to_series() == lsoas["pop2020"]).all()
    groups = [f"census2011_{g}" for g in ("white", "asian", "black", "mixed", "other")]
    assert (lsoas.select(pl.sum_horizontal(groups)).to_series() == lsoas["census2011_all"]).all()
    assert msoa_table(lsoas)["pop2020"].sum() == lsoas["pop2020"].sum()
    authorities = la_population(world)
    by_code = dict(authorities.select("area_code", "all_ages").iter_rows())
    assert by_code[CITY_CODE] + by_code[COUNTY_CODE] == len(world.people.lsoa)
    assert sum(by_code[code] for code in LTLA_CODES) == len(world.people.lsoa)


def test_ages_are_those_of_an_english_county(world: World) -> None:
    ages = world.people.ages(world.on)
    assert 0.16 < (ages < 16).mean() < 0.24
    assert 0.13 < (ages >= 65).mean() < 0.22
    assert 0.49 < world.people.sex.mean() < 0.51
    assert world.people.ages(world.on).min() == 0


def test_pupils_are_of_school_age_and_workers_are_not_children(world: World) -> None:
    ages = world.people.ages(world.on)
    assert ages[world.settings.school >= 0].max() < 18
    assert ages[world.settings.work >= 0].min() >= 18
    assert not ((world.settings.work >= 0) & (world.people.care_home >= 0)).any()


@pytest.mark.parametrize("level", ["lsoa", "msoa", "ward", "lad", "utla"])
def test_boundaries_of_each_level_cover_the_same_land(world: World, level: str) -> None:
    collection = json.loads(geojson.text(geojson.boundaries(world.geography, level)))
    whole = sum(_area(f) for f in json.loads(geojson.text(geojson.boundaries(world.geography, "lsoa")))["features"])
    assert sum(_area(feature) for feature in collection["features"]) == pytest.approx(whole, rel=1e-9)
    assert all(_area(feature) > 0 for feature in collection["features"])


def _area(feature: dict[str, object]) -> float:
    """Square degrees by the shoelace formula, holes subtracted by their direction."""
    geometry = feature["geometry"]
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]  # type: ignore[index]
    total = 0.0
    for ring in (ring for polygon in polygons for ring in polygon):
        assert ring[0] == ring[-1]
        total += sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2
    return total


def test_the_postcode_directory_has_the_columns_of_2020(world: World) -> None:
    table = onspd(world)
    assert len(table.columns) == 50
    assert {"oslaua", "oseast1m", "lsoa11", "nuts", "ccg", "stp"} <= set(table.columns)
    assert not {"oa21", "lsoa21", "itl", "icb"} & set(table.columns)
    assert set(table["pcd"].str.len_chars()) == {7}
    assert set(table["pcd2"].str.len_chars()) == {8}
    rows = table.select("pcd", "pcds").iter_rows()
    assert all(pcd.replace(" ", "") == pcds.replace(" ", "") for pcd, pcds in rows)


def test_written_files_are_whole_and_the_same_each_time(world: World, tmp_path: Path) -> None:
    paths = write_places(world, tmp_path / "a")
    again = write_places(make_world(seed=world.seed, scale=world.scale), tmp_path / "b")
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]
    assert all(p.stat().st_size > 500 for p in paths)
    directory = (tmp_path / "a" / "care_homes.csv").read_text().splitlines()
    header = next(number for number, line in enumerate(directory) if line.startswith("Name,"))
    assert header == 4
    homes = list(csv.DictReader(io.StringIO("\n".join(directory[header:]))))
    assert len(homes) == len(world.people.homes)
    assert tuple(homes[0]) == DIRECTORY_COLUMNS


def test_another_seed_is_another_county() -> None:
    one, two = make_world(seed=1, scale=0.02), make_world(seed=2, scale=0.02)
    assert one.geography.lsoas["bng_e"].to_list() != two.geography.lsoas["bng_e"].to_list()


@pytest.mark.parametrize("seed", [6, 34])
def test_a_county_of_very_few_areas_has_a_river_too(seed: int) -> None:
    """With these seeds a border runs from coast to coast by itself."""
    assert len(make_world(seed=seed, scale=0.01).geography.layout.river) > 10


@pytest.mark.parametrize("scale", [0.0, -1.0, 1.3])
def test_a_scale_that_cannot_be_made_is_refused(scale: float) -> None:
    with pytest.raises(Refused, match="scale"):
        make_world(seed=1, scale=scale)
