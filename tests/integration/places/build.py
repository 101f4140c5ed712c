"""A small made-up country of official files: two counties' worth of areas, enough for every rule."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.unit.places.build import ONSPD, ONSPD_2025, csv_bytes, postcode_row

LSOA_HEADER = ["lsoa11cd", "lsoa11nm", "msoa11cd", "msoa11nm", "msoa11hclnm", "lad19cd", "lad19nm", "lad21cd", "utla19cd", "utla19nm", "rgn19cd", "rgn19nm", "bng_e", "bng_n", "long", "lat", "pop2020", "pop2020_0_15", "pop2020_16_29", "pop2020_30_44", "pop2020_45_64", "pop2020_65plus", "imd2019_decile"]  # fmt: skip

# LSOA, MSOA, district 2019, authority 2021, county. Districts E07000150 and E07000151 became E06000061 in 2021.
AREAS = [
    ("E01000001", "E02000001", "E06000016", "E06000016", "E06000016"),
    ("E01000002", "E02000001", "E06000016", "E06000016", "E06000016"),
    ("E01000003", "E02000002", "E06000016", "E06000016", "E06000016"),
    ("E01000004", "E02000003", "E07000129", "E07000129", "E10000018"),
    ("E01000005", "E02000003", "E07000129", "E07000129", "E10000018"),
    ("E01000006", "E02000004", "E07000130", "E07000130", "E10000018"),
    ("E01000007", "E02000005", "E07000150", "E06000061", "E10000021"),
    ("E01000008", "E02000006", "E07000151", "E06000061", "E10000021"),
    ("E01000009", "E02000006", "E07000151", "E06000061", "E10000021"),
    ("E01000010", "E02000006", "E07000151", "E06000061", "E10000021"),
]
NAMES = {
    "E06000016": "Leicester",
    "E07000129": "Blaby",
    "E07000130": "Charnwood",
    "E07000150": "Corby",
    "E07000151": "Daventry",
    "E10000018": "Leicestershire",
    "E10000021": "Northamptonshire",
}
PEOPLE = 100  # residents of each LSOA


def lsoa_table() -> bytes:
    """The areas above as the England table of LSOAs gives them."""
    rows = []
    for number, (lsoa, msoa, lad19, lad21, utla) in enumerate(AREAS):
        rows.append(
            [lsoa, f"{NAMES[lad19]} {number:03d}A", msoa, f"{NAMES[lad19]} {number:03d}", f"Ward of {msoa[-2:]}", lad19,
             NAMES[lad19], lad21, utla, NAMES.get(utla, NAMES[lad19]), "E12000004", "East Midlands",
             459_000 + 1000 * number, 304_000, -1.1 + number / 100, 52.6, PEOPLE, 10, 20, 30, 25, 15, 1 + number % 10]
        )  # fmt: skip
    return csv_bytes(LSOA_HEADER, rows)


def postcode(pcds: str, area: int = 0, **changed: str) -> dict[str, str]:
    """The values of a postcode in one of the areas above."""
    lsoa, msoa, lad19, _, utla = AREAS[area]
    county = utla if utla.startswith("E10") else "E99999999"
    oa = f"E0000{area + 1:04d}"
    return {"pcds": pcds, "oa11": oa, "lsoa11": lsoa, "msoa11": msoa, "ltla": lad19, "county": county, **changed}


NO_2021 = {"oa21": "", "lsoa21": "", "msoa21": ""}


def directory(*postcodes: dict[str, str], header: list[str] = ONSPD) -> bytes:
    """A postcode directory of these postcodes, without 2021 areas unless they are given."""
    return csv_bytes(header, [postcode_row(header, **{**NO_2021, **values}) for values in postcodes])


def newer(*postcodes: dict[str, str]) -> bytes:
    """A directory in the layout from 2025."""
    return directory(*postcodes, header=ONSPD_2025)


def saved(folder: Path, name: str, data: bytes) -> Path:
    """A file of these bytes; packed when the name says so."""
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def empty_places() -> None:
    """Take everything out of the room, facts too: quicker than a space of its own for each test."""
    from django.db import connections

    with connections["migrate"].cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'places'")
        tables = [f"places.{name}" for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(f"truncate {', '.join(tables)}")
        for table in tables:
            cursor.execute(f"alter table {table} enable trigger user")
