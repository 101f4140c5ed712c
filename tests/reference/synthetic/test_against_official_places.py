"""The fictional county against official tables: no real name or code, and coordinates that a map would agree with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from commonweal.synthetic import placenames as names
from commonweal.synthetic.grid import to_longitude_latitude
from commonweal.synthetic.place_files import la_population, lsoa_table, msoa_table
from commonweal.synthetic.world import make_world


def _official(shared: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(shared / "data" / name, infer_schema_length=None)


def test_no_name_is_that_of_a_real_area(shared: Path) -> None:
    table = _official(shared, "lsoa_england/lsoa11_england.csv.gz")
    real = {name for column in ("msoa11hclnm", "lad19nm", "utla19nm", "rgn19nm") for name in table[column].unique()}
    parts = {part.strip().lower() for name in real for part in name.replace(",", "&").split("&")}
    ours = {f"{word} {end}" for word in names.CITY_WORDS for end in names.CITY_ENDS}
    ours |= {f"{word}{end}" for word in names.COUNTY_WORDS for end in names.COUNTY_ENDS}
    ours |= {names.CITY, names.COUNTY, names.REGION, *names.DISTRICTS}
    assert not {name for name in ours if name.lower() in parts}


def test_no_code_is_that_of_a_real_area(shared: Path) -> None:
    table = _official(shared, "lsoa_england/lsoa11_england.csv.gz")
    ours = make_world(seed=1, scale=0.03).geography.lsoas
    for mine, theirs in (
        ("lsoa11cd", "lsoa11cd"),
        ("msoa11cd", "msoa11cd"),
        ("lad_code", "lad19cd"),
        ("utla_code", "utla19cd"),
    ):
        assert not set(ours[mine]) & set(table[theirs])
        assert max(table[theirs].str.tail(6).cast(pl.Int64)) < 990_000


def test_tables_have_the_shape_of_the_official_ones(shared: Path) -> None:
    world = make_world(seed=1, scale=0.03)
    lsoas = lsoa_table(world)
    for ours, theirs in (
        (lsoas, "lsoa_england/lsoa11_england.csv.gz"),
        (msoa_table(lsoas), "lsoa_england/msoa11_england.csv.gz"),
    ):
        assert ours.columns == _official(shared, theirs).columns
    official = _official(shared, "la_population_mid2019/la_population_mid2019.csv.gz")
    assert set(la_population(world).columns) == set(official.columns)


def test_grid_to_degrees_agrees_with_the_postcode_directory_within_a_metre(shared: Path) -> None:
    table = _official(shared, "postcodes_le/postcodes_le.csv.gz").drop_nulls("lat").filter(pl.col("lat") < 90)
    east, north = table["oseast1m"].to_numpy().astype(float), table["osnrth1m"].to_numpy().astype(float)
    longitude, latitude = to_longitude_latitude(east, north)
    across = (longitude - table["long"].to_numpy()) * 111_320 * np.cos(np.radians(52.6))
    along = (latitude - table["lat"].to_numpy()) * 111_320
    assert np.hypot(across, along).max() < 1.0  # the directory's five decimals are half a metre
