"""The official files of the reference data, loaded end to end."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from commonweal.apps.places import queries, search
from commonweal.apps.places.actions import Loaded, load_files
from commonweal.web import db

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def loaded(shared: Path, space: str) -> list[Loaded]:
    data = shared / "data"
    return load_files(
        [
            data / "postcodes_le" / "postcodes_le.csv.gz",
            data / "boundaries_leicestershire" / "lsoa11_leics_rutland.geojson.gz",
            data / "boundaries_leicestershire" / "lad19_leics_rutland.geojson.gz",
            data / "la_population_mid2019" / "la_population_mid2019.csv.gz",
            *sorted((data / "lsoa_england").glob("*.csv.gz")),
        ]
    )


def test_all_are_loaded_in_the_order_that_works(loaded):
    assert [each.layout for each in loaded] == [
        "lsoa_table",
        "lsoa_changes",
        "msoa_table",
        "la_population",
        "boundaries",
        "boundaries",
        "postcode_table",
    ]
    assert loaded[-1].new == 34_990


def test_totals_of_their_publishers(loaded):
    england = queries.denominators(["E92000001"], level="country")["E92000001"]
    assert (england.n, england.reference_date) == (56_550_138, date(2020, 6, 30))
    assert queries.denominators(["E06000016"], level="ltla")["E06000016"].n == 354_036
    assert queries.denominators(["E06000016"], level="ltla", on=date(2019, 6, 30))["E06000016"].n == 354_224
    assert len(queries.areas_in("E06000016", "lsoa")) == 192
    assert len(queries.areas_in("E06000016", "msoa")) == 37
    assert len(queries.areas_in("E92000001", "ltla")) == 317


def test_every_postcode_with_a_position_has_one_authority(loaded):
    """Eight that ended long ago have neither position nor codes in the file."""
    row = db.one(
        "app",
        "select count(*) as n, count(*) filter (where not terminated) as live, count(scope_ltla) as scoped,"
        " count(*) filter (where scope_basis = 'small_area') as by_lsoa from places.postcode_current",
    )
    assert row == {"n": 34_990, "live": 22_823, "scoped": 34_982, "by_lsoa": 34_982}


def test_the_scope_is_ours_and_not_the_file_s(loaded):
    """A few postcodes lie, by their small area, in another authority than the file states; the small area decides."""
    differing = db.rows(
        "app", "select pcd, lsoa_code, ltla_code, scope_ltla from places.postcode_current where ltla_code <> scope_ltla"
    )
    stated = {row["lsoa_code"]: row["scope_ltla"] for row in differing}
    rows = db.rows(
        "app", "select lsoa_code, scope_code from places.lsoa_scope where lsoa_code = any (%s)", [list(stated)]
    )
    assert {row["lsoa_code"]: row["scope_code"] for row in rows} == stated


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("E06000016", {"E06000016"}),
        ("E10000018", {f"E070001{n}" for n in (29, 30, 31, 32, 33, 34, 35)}),
        ("E06000060", {"E07000004", "E07000005", "E07000006", "E07000007"}),
        ("E06000062", {"E07000151", "E07000154", "E07000155"}),
    ],
)
def test_codes_of_other_years_cover_authorities_of_2019(loaded, code, expected):
    assert set(queries.resolve_scope(code)) == expected


def test_regions_and_the_country_cover_all_of_their_authorities(loaded):
    everything = set(queries.resolve_scope("E92000001"))
    regions = [set(queries.resolve_scope(code)) for code in queries.regions()]
    assert len(everything) == 317
    assert sum(map(len, regions)) == 317
    assert set().union(*regions) == everything


def test_names_people_use_are_found(loaded):
    found = search.search("spinney hill")
    assert found[0]["name"] == "Spinney Hill Road"
    assert found[0]["within"] == "Leicester"


def test_neighbours_and_outlines_of_leicester(loaded):
    assert len(queries.boundaries_in("E06000016", "lsoa")) == 192
    around = {code for code, basis, _ in queries.neighbours("E06000016", "ltla") if basis == "touching"}
    assert around == {"E07000129", "E07000130", "E07000131", "E07000135"}


def test_the_same_again_is_quick_and_changes_nothing(loaded, shared):
    began = time.monotonic()
    again = load_files([shared / "data" / "postcodes_le" / "postcodes_le.csv.gz"])
    assert again[0].replayed
    assert time.monotonic() - began < max(each.seconds for each in loaded)
