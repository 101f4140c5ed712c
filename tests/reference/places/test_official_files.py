"""The official files of the reference data, read whole and compared with totals their publishers state."""

from pathlib import Path

import polars as pl
import pytest

from commonweal.core.formats.ons import OfficialFile, open_official
from commonweal.core.formats.ons.tables import AreaTables

pytestmark = pytest.mark.shared


def opened(path: Path) -> OfficialFile:
    return open_official([path.read_bytes()], path.name)


@pytest.fixture(scope="module")
def lsoas(shared: Path) -> AreaTables:
    return opened(shared / "data" / "lsoa_england" / "lsoa11_england.csv.gz").tables()


def people(tables: AreaTables, codes: pl.Series | None = None, band: str = "all") -> int:
    found = tables.populations.filter(pl.col("band") == band)
    return found.filter(pl.col("code").is_in(codes.implode()))["n"].sum() if codes is not None else found["n"].sum()


def inside(tables: AreaTables, parent: str, vintage: int) -> pl.DataFrame:
    return tables.parents.filter(
        (pl.col("parent_code") == parent)
        & (pl.col("parent_level") == "ltla")
        & (pl.col("parent_vintage") == vintage)
        & (pl.col("level") == "lsoa")
    )


def test_england_in_mid_2020(lsoas):
    assert people(lsoas) == 56_550_138
    counts = dict(lsoas.areas.filter(pl.col("vintage").is_in([2011, 2019])).group_by("level").len().rows())
    assert counts == {"lsoa": 32_844, "msoa": 6_791, "ltla": 317, "utla": 151, "region": 9}


def test_leicester_in_mid_2020(lsoas):
    leicester = inside(lsoas, "E06000016", 2019)["code"]
    assert leicester.len() == 192
    assert people(lsoas, leicester) == 354_036
    msoas = lsoas.parents.filter(pl.col("code").is_in(leicester.implode()) & (pl.col("parent_level") == "msoa"))
    assert msoas["parent_code"].n_unique() == 37


def test_the_msoa_table_holds_the_same_people(shared, lsoas):
    msoas = opened(shared / "data" / "lsoa_england" / "msoa11_england.csv.gz").tables()
    assert people(msoas) == 56_550_138
    for band in ("0-15", "16-29", "30-44", "45-64", "65+"):
        assert people(msoas, band=band) == people(lsoas, band=band)


def test_names_people_use(lsoas):
    names = lsoas.areas.filter(pl.col("level") == "msoa")
    assert names["name_people_use"].null_count() == 0
    assert "Spinney Hill Road" in names["name_people_use"].to_list()


def test_leicester_in_mid_2019(shared):
    path = shared / "data" / "la_population_mid2019" / "la_population_mid2019.csv.gz"
    tables = opened(path).tables()
    leicester = tables.populations.filter((pl.col("code") == "E06000016") & (pl.col("band") == "all"))
    assert leicester["n"].to_list() == [354_224]
    assert str(leicester["reference_date"][0]) == "2019-06-30"


def test_postcodes_of_leicester_and_around(shared):
    reading, frames = opened(shared / "data" / "postcodes_le" / "postcodes_le.csv.gz").postcodes()
    table = pl.concat(list(frames))
    assert (table.height, table["doterm"].null_count()) == (34_990, 22_823)
    assert table["easting"].null_count() == table["lat"].null_count() == 8
    assert (reading.newest, reading.left_out) == (202204, 0)
    live = table.filter((pl.col("ltla") == "E06000016") & pl.col("doterm").is_null())
    assert (live.height, live["lsoa11"].n_unique()) == (6_046, 192)


def test_what_2011_areas_became(shared):
    tables = opened(shared / "data" / "lsoa_england" / "lsoa11_to_lsoa21.csv.gz").tables()
    assert tables.changes.height == 32_844
    assert tables.parents["parent_code"].n_unique() == 309


def test_neighbours_in_leicestershire_from_their_outlines(shared):
    path = shared / "data" / "boundaries_leicestershire" / "lsoa11_leics_rutland.geojson.gz"
    tables = opened(path).tables()
    near = tables.neighbours
    assert tables.boundaries.height == 611
    assert near["code"].n_unique() == 611  # nobody is without a neighbour
    assert 4 < near.height / 611 < 8  # planar: on average just under six
    assert near["metres"].max() <= 10.0


def test_the_districts_around_leicester(shared):
    path = shared / "data" / "boundaries_leicestershire" / "lad19_leics_rutland.geojson.gz"
    tables = opened(path).tables()
    near = tables.neighbours
    around = set(near.filter(pl.col("code") == "E06000016")["neighbour"])
    assert around == {"E07000129", "E07000130", "E07000131", "E07000135"}
    sizes = tables.boundaries.select(pl.col("outline", "drawn").str.len_bytes().sum()).row(0)
    assert sizes[1] < 0.6 * sizes[0]
