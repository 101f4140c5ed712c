"""Every postcode layout comes out as the same table; a wrong file is refused whole, naming column, row and value."""

import re

import polars as pl
import pytest

from commonweal.core.errors import Refused
from commonweal.core.formats.ons.postcodes import SCHEMA

from .build import (
    BEST_FIT,
    NSPL,
    NSPL_2025,
    NSPL_2026,
    ONSPD,
    ONSPD_2020,
    ONSPD_2025,
    POSTCODE_TABLE,
    VALUES,
    csv_bytes,
    opened,
    ours,
    packed,
    postcode_row,
)

LAYOUTS = {
    "onspd": (ONSPD, "onspd", None),
    "onspd of 2020": (ONSPD_2020, "onspd", None),
    "onspd from 2025": (ONSPD_2025, "onspd_2025", 2025),
    "nspl to 2024": (NSPL, "nspl", None),
    "nspl of 2025": (NSPL_2025, "nspl_2025", 2025),
    "nspl of 2026": (NSPL_2026, "nspl_2025", 2026),
    "best fit": (BEST_FIT, "best_fit", None),
    "postcode table": (POSTCODE_TABLE, "postcode_table", None),
}
HEADERS = pytest.mark.parametrize(("header", "layout", "vintage"), LAYOUTS.values(), ids=LAYOUTS)


def read(data: bytes, label: str = "file.csv") -> pl.DataFrame:
    _, frames = opened(data, label).postcodes()
    return pl.concat(list(frames))


def one(**changed: str) -> bytes:
    return csv_bytes(ONSPD, [postcode_row(ONSPD, **changed)])


def refusal(data: bytes, label: str = "file.csv") -> str:
    with pytest.raises(Refused) as refused:
        read(data, label)
    return str(refused.value)


@HEADERS
def test_a_layout_is_recognised_and_read(header, layout, vintage):
    file = opened(csv_bytes(header, [postcode_row(header)]))
    assert file.layout == layout
    reading, frames = file.postcodes()
    row = pl.concat(list(frames)).row(0, named=True)
    assert reading.ltla_vintage == vintage
    assert list(row) == list(SCHEMA)
    assert (row["pcd"], row["pcds"], row["dointr"], row["doterm"]) == ("LE11AA", "LE1 1AA", 201909, None)
    present = {ours(heading) for heading in header}
    for name in ("oa11", "oa21", "lsoa11", "lsoa21", "msoa11", "msoa21", "ward", "ltla", "region", "country"):
        assert row[name] == (VALUES[name] if name in present else None), name
    assert row["county"] is None  # E99999999 says that no county applies
    if "easting" in present:
        assert (row["easting"], row["northing"], row["lat"], row["long"]) == (459318, 304176, 52.6321, -1.125)


@HEADERS
def test_the_order_of_the_columns_does_not_matter(header, layout, vintage):
    forwards = read(csv_bytes(header, [postcode_row(header)]))
    turned = header[::-1]
    file = opened(csv_bytes(turned, [postcode_row(turned)]))
    assert file.layout == layout
    assert pl.concat(list(file.postcodes()[1])).equals(forwards)


def test_gzip_bom_and_line_ends_make_no_difference():
    plain = csv_bytes(ONSPD, [postcode_row(ONSPD)])
    expected = read(plain)
    variants = (packed(plain), b"\xef\xbb\xbf" + plain, plain.replace(b"\r\n", b"\n"), plain.rstrip(b"\r\n"))
    for variant in (*variants, packed(plain[:100]) + packed(plain[100:]), packed(plain) + b"\0\0"):
        assert read(variant).equals(expected)


def test_the_size_of_the_pieces_makes_no_difference(monkeypatch):
    keys = [f"LE{district}{n}AA" for district in range(1, 9) for n in range(10)]
    data = csv_bytes(ONSPD, [postcode_row(ONSPD, pcds=key) for key in keys])
    monkeypatch.setattr("commonweal.core.formats.ons.stream.BLOCK_BYTES", 700)
    _, frames = opened(data, piece=7).postcodes()
    blocks = list(frames)
    assert len(blocks) > 2
    assert pl.concat(blocks)["pcd"].to_list() == keys


def test_terminated_postcodes_are_kept_with_both_dates():
    row = read(one(dointr="199308", doterm="200603")).row(0, named=True)
    assert (row["dointr"], row["doterm"]) == (199308, 200603)


def test_northern_ireland_is_left_out_and_counted():
    rows = [postcode_row(ONSPD), postcode_row(ONSPD, pcds="BT1 1AA", ltla="N09000003", lsoa11="95GG01S1")]
    reading, frames = opened(csv_bytes(ONSPD, rows)).postcodes()
    assert pl.concat(list(frames))["pcd"].to_list() == ["LE11AA"]
    assert (reading.rows, reading.left_out) == (1, 1)


def test_the_crown_dependencies_have_no_areas():
    codes = dict.fromkeys(
        ("oa11", "lsoa11", "msoa11", "lsoa21", "msoa21", "oa21", "ltla", "ward", "region"), "L99999999"
    )
    row = read(one(pcds="JE2 3AB", country="L93000001", **codes)).row(0, named=True)
    assert (row["pcd"], row["lsoa11"], row["ltla"], row["country"]) == ("JE23AB", None, None, "L93000001")


@pytest.mark.parametrize(
    ("easting", "lat", "long"), [("", "99.999999", "0.000000"), ("0", "", ""), ("", "99.999999", "0")]
)
def test_an_unknown_position_is_null(easting, lat, long):
    row = read(one(easting=easting, northing=easting, lat=lat, long=long)).row(0, named=True)
    assert (row["easting"], row["northing"], row["lat"], row["long"]) == (None, None, None, None)


def test_the_newest_month_of_a_file_is_told():
    rows = [postcode_row(ONSPD), postcode_row(ONSPD, pcds="LE1 1AB", dointr="199001", doterm="202204")]
    reading, frames = opened(csv_bytes(ONSPD, rows)).postcodes()
    list(frames)
    assert reading.newest == 202204


@pytest.mark.parametrize(
    ("label", "edition"),
    [
        ("ONSPD_MAY_2020_UK.csv", (2020, 5)),
        ("PCD_OA_LSOA_MSOA_LAD_MAY22_UK_LU.csv", (2022, 5)),
        ("nspl-2026-02.csv.gz", (2026, 2)),
        ("postcodes_le.csv.gz", None),
    ],
)
def test_the_edition_stands_in_the_name(label, edition):
    found = opened(one(), label).edition
    assert (found and (found.year, found.month)) == edition


def test_latin_1_is_read_where_it_is_published_so():
    header = BEST_FIT
    row = postcode_row(header)
    row[header.index("ladnmw")] = "Ynys Môn"
    latin = csv_bytes(header, [row]).decode().encode("latin-1")
    assert read(latin)["pcd"].to_list() == ["LE11AA"]


def test_postcodes_carry_the_attribution_of_their_three_owners():
    text = opened(one()).attribution
    assert "Open Government Licence v3.0" in text
    assert "Royal Mail" in text
    assert "OS data" in text
    assert "National Statistics data" in text


@pytest.mark.parametrize(
    ("name", "heading", "value", "rule"),
    [
        ("pcds", "pcds", "75001", "a postcode"),
        ("pcds", "pcds", "", "a postcode"),
        ("dointr", "dointr", "201913", "yyyymm"),
        ("dointr", "dointr", "", "yyyymm"),
        ("doterm", "doterm", "2019", "yyyymm"),
        ("lsoa11", "lsoa11", "E02032873", "an LSOA code"),
        ("lsoa11", "lsoa11", "E0103287", "an LSOA code"),
        ("msoa21", "msoa21", "Leicester", "an MSOA code"),
        ("oa11", "oa11", "E01169534", "an OA code"),
        ("ltla", "oslaua", "E10000018", "an LTLA code"),
        ("ward", "osward", "Castle", "a ward code"),
        ("region", "rgn", "E06000016", "a region code"),
        ("easting", "oseast1m", "800000", "an easting"),
        ("northing", "osnrth1m", "-5", "a northing"),
        ("lat", "lat", "45.1", "a latitude"),
        ("lat", "lat", "nan", "a latitude"),
        ("long", "long", "12.5", "a longitude"),
        ("usertype", "usertype", "2", "0 (small user)"),
    ],
)
def test_a_bad_value_is_named_with_column_and_row(name, heading, value, rule):
    rows = [postcode_row(ONSPD), postcode_row(ONSPD, **{"pcds": "LE1 1AB", name: value})]
    said = refusal(csv_bytes(ONSPD, rows))
    assert f"file.csv, row 3, column {heading}: {value!r} is not " in said
    assert rule in said


def test_the_first_bad_row_is_named_whatever_its_column():
    rows = [postcode_row(ONSPD), postcode_row(ONSPD, pcds="LE1 1AB", long="99"), postcode_row(ONSPD, pcds="x")]
    assert "row 3, column long" in refusal(csv_bytes(ONSPD, rows))


def test_a_repeated_postcode_is_named_with_both_rows():
    rows = [postcode_row(ONSPD), postcode_row(ONSPD, pcds="LE1 1AB"), postcode_row(ONSPD, pcds="LE1  1AA")]
    said = refusal(csv_bytes(ONSPD, rows))
    assert "rows 2 and 4, column pcds: 'LE11AA'" in said


def test_an_lsoa_in_two_msoas_is_named():
    rows = [postcode_row(ONSPD), postcode_row(ONSPD, pcds="LE1 1AB", oa11="E00000001", msoa11="E02000001")]
    said = refusal(csv_bytes(ONSPD, rows))
    assert "row 3, column msoa11: E01032873 belongs to E02000001 here and to E02006851 in row 2" in said


@pytest.mark.parametrize("missing", ["oslaua", "dointr", "pcds"])
def test_a_missing_column_is_named(missing):
    header = [c for c in ONSPD if c != missing]
    said = refusal(csv_bytes(header, [postcode_row(header)]))
    assert "nearest to 'ONS Postcode Directory" in said
    assert missing in said


def test_a_file_without_small_areas_is_refused():
    header = [c for c in POSTCODE_TABLE if c != "lsoa11cd"]
    assert "lsoa11 or lsoa21" in refusal(csv_bytes(header, [postcode_row(header)]))


def test_two_columns_for_one_thing_are_named():
    header = [*POSTCODE_TABLE, "lsoa11"]
    said = refusal(csv_bytes(header, [postcode_row(header)]))
    assert re.search(r"row 1: the columns 'lsoa11cd', 'lsoa11' all mean 'lsoa11'", said)


def test_a_short_row_is_named():
    data = csv_bytes(ONSPD, [postcode_row(ONSPD), postcode_row(ONSPD, pcds="LE1 1AB")[:20]])
    assert "row 3: too short, 20 fields where the header has 53" in refusal(data)


def test_a_long_row_is_named():
    data = csv_bytes(ONSPD, [postcode_row(ONSPD), [*postcode_row(ONSPD, pcds="LE1 1AB"), "x"]])
    assert "row 3: too long, 54 fields" in refusal(data)


def test_a_comma_in_quotes_does_not_hide_a_short_row():
    header = BEST_FIT
    row = postcode_row(header)
    row[header.index("ladnm")] = "Herefordshire, County of"
    assert read(csv_bytes(header, [row])).height == 1
    assert "row 2: too short, 13 fields" in refusal(csv_bytes(header, [row[:-1]]))


def test_a_newline_in_quotes_is_part_of_a_value():
    header = BEST_FIT
    row = postcode_row(header)
    row[header.index("ladnm")] = "Leicester\nCity"
    later = postcode_row(header, pcds="LE1 1AB", dointr="x")
    assert "row 3, column dointr" in refusal(csv_bytes(header, [row, later]))


def test_half_a_gzip_is_refused():
    data = packed(csv_bytes(ONSPD, [postcode_row(ONSPD, pcds=f"LE1 {n}AA") for n in range(10)]))
    assert "the gzip breaks off" in refusal(data[:-20])
    assert "the gzip breaks off" in refusal(data[:-8])


def test_a_damaged_gzip_is_refused():
    data = bytearray(packed(one()))
    data[-6] ^= 0xFF
    assert "the gzip is damaged" in refusal(bytes(data))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (packed(b""), "empty"),
        (b"PK\x03\x04rest", "zip archive or a workbook"),
        ("pcds,dointr".encode("utf-16"), "UTF-16"),
        (b"name,age\r\nx,1\r\n", "is not one of the official files"),
        (csv_bytes(ONSPD, []), "a header and no rows"),
        (b"pcds\r" * 50, "not CSV as published"),
    ],
    ids=["nothing", "mark", "packed", "archive", "utf16", "other", "header", "returns"],
)
def test_what_is_no_official_file_is_refused(data, words):
    assert words in refusal(data)


def test_a_foreign_encoding_is_named_by_row():
    data = csv_bytes(ONSPD, [postcode_row(ONSPD), postcode_row(ONSPD, pcds="LE1 1AB")])
    assert "row 3" in refusal(data.replace(b"LE1 1AB", b"LE1\xff1AB"))


def test_an_endless_row_is_refused(monkeypatch):
    monkeypatch.setattr("commonweal.core.formats.ons.stream.LONGEST_RECORD", 5000)
    data = csv_bytes(ONSPD, [postcode_row(ONSPD)]) + b'"' + b"x" * 20_000
    assert "row 3: longer than 5,000 bytes" in refusal(data)


def test_an_open_quotation_mark_at_the_end_is_refused():
    data = csv_bytes(ONSPD, [postcode_row(ONSPD)]) + b'"LE1 1AB,\r\n'
    assert "row 3" in refusal(data)


def learned(*rows: dict[str, str]):
    reading, frames = opened(csv_bytes(ONSPD, [postcode_row(ONSPD, **row) for row in rows])).postcodes()
    list(frames)
    return reading


def test_a_file_teaches_what_its_authorities_lie_in():
    district = {"ltla": "E07000129", "county": "E10000018"}
    reading = learned(
        {}, {"pcds": "LE1 1AB", **district}, {"pcds": "LE1 1AD", "ltla": "E08000001", "county": "E11000001"}
    )
    tables = reading.authorities(2020)
    assert tables.areas.select("code", "level", "vintage").sort("code").rows() == [
        ("E06000016", "ltla", 2020),
        ("E07000129", "ltla", 2020),
        ("E08000001", "ltla", 2020),
    ]
    upper = tables.parents.filter(pl.col("parent_level") == "utla")
    assert upper.select("code", "parent_code").rows() == [("E07000129", "E10000018")]  # no metropolitan county
    assert set(tables.parents.filter(pl.col("parent_level") == "country")["parent_code"]) == {"E92000001"}


def test_an_lsoa_belongs_to_the_authority_of_most_of_its_postcodes_in_use():
    ended = [{"pcds": f"LE1 {n}AA", "ltla": "E07000129", "doterm": "200101"} for n in range(1, 5)]
    live = [{"pcds": f"LE1 {n}AA", "ltla": ltla} for n, ltla in ((5, "E07000130"), (6, "E07000130"), (7, "E07000129"))]
    small = learned(*ended, *live).small_areas(2020)
    assert small.select("code", "level", "vintage", "parent_code", "parent_vintage").rows() == [
        ("E01032873", "lsoa", 2011, "E07000130", 2020),
        ("E01035000", "lsoa", 2021, "E07000130", 2020),
    ]
