"""What was published about Leicester and Leicestershire in 2020, read from the folder of shared reference data.

Sources (Public Health England and Office for National Statistics, Open Government Licence v3.0) are named in each
folder's SOURCE.md. Suppressed counts of middle areas are kept as the interval 0 to 2, never as missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from commonweal.core.errors import NotThere
from commonweal.synthetic.chance import Floats, Ints

CITY, COUNTY = "E06000016", "E10000018"  # Leicester, which is its own upper tier, and Leicestershire
FIRST_DAY, LAST_DAY = date(2020, 1, 27), date(2020, 8, 2)  # Mondays to Sundays: ISO weeks 5 to 31
FIRST_WEEK, LAST_WEEK = 5, 31
LAST_WEEK_OF_JULY_TABLE = 28
LAST_KEPT_DAY = date(2020, 7, 31)
SUPPRESSED_AT_MOST = 2
LIVE_IN = 202006  # postcodes live in June 2020
LAST_PILLAR1_PUBLICATION = date(2020, 7, 1)

FILES = {
    "july": "msoa_weekly_cases_2020/msoa_weekly_wk05_wk28_published_2020-07-30.csv.gz",
    "october": "msoa_weekly_cases_2020/msoa_weekly_wk05_wk42_published_2020-10-26.csv.gz",
    "daily": "england_cases_daily_final/cases_by_specimen_date.csv.gz",
    "pillar1": "ltla_cases_snapshots_2020/ltla_pillar1_published_2020-05-29to31.csv.gz",
    "pillar1_weekly": "ltla_cases_snapshots_2020/district_weekly_published_2020-07-02.csv.gz",
    "triangle": "utla_cases_vintages_2020/triangle_utla.csv.gz",
    "vintages": "utla_cases_vintages_2020/vintages.csv.gz",
    "postcodes": "postcodes_le/postcodes_le.csv.gz",
    "lsoas": "lsoa_england/lsoa11_england.csv.gz",
    "ages": "la_population_mid2019/la_population_mid2019.csv.gz",
}
Table = Literal["july", "october"]


@dataclass(frozen=True)
class Published:
    """Everything read, in order of district code, middle-area code and day.

    districts: codes. upper: the upper-tier code of each. days: the calendar days from FIRST_DAY to LAST_DAY.
    daily: (districts, days) people by specimen day, as finally revised. pillar1_hint: same shape, pillar 1 as published
    at the end of May and in the last weekly table, floats. middles: frame of msoa11cd, name, lad19cd, population.
    weekly: table -> (middle areas, weeks) counts, -1 where suppressed or not published. vintages: publication days and
    the instants of capture. triangle: upper-tier code -> (publications, days) counts. lsoas, postcodes, ages: frames.
    """

    districts: list[str]
    upper: list[str]
    days: list[date]
    daily: Ints
    pillar1_hint: Floats
    middles: pl.DataFrame
    weekly: dict[str, Ints]
    vintages: pl.DataFrame
    triangle: dict[str, Ints]
    lsoas: pl.DataFrame
    postcodes: pl.DataFrame
    ages: pl.DataFrame


def week_of(day: date) -> int:
    """The ISO week of a day of 2020."""
    return FIRST_WEEK + (day - FIRST_DAY).days // 7


def read_published(shared: Path) -> Published:
    """Read the counts from `shared`, the folder that holds `msoa_weekly_cases_2020` and the others.

    Raises NotThere naming the first file that is absent.
    """
    lsoas = _read(shared, "lsoas").filter(pl.col("utla19cd").is_in([CITY, COUNTY])).sort("lsoa11cd")
    upper = lsoas.select("lad19cd", "utla19cd").unique().sort("lad19cd")
    districts = upper["lad19cd"].to_list()
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    middles = (
        lsoas.group_by("msoa11cd", pl.col("msoa11hclnm").alias("name"), "lad19cd")
        .agg(pl.col("pop2020").sum().alias("population"))
        .sort("msoa11cd")
    )
    vintages = _vintages(shared)
    return Published(
        districts=districts,
        upper=upper["utla19cd"].to_list(),
        days=days,
        daily=_matrix(_read(shared, "daily", only=districts), districts, days),
        pillar1_hint=_pillar1_hint(shared, districts, days),
        middles=middles,
        weekly={table: _weekly(shared, table, middles) for table in ("july", "october")},
        vintages=vintages,
        triangle=_triangle(shared, vintages, days),
        lsoas=lsoas,
        postcodes=_postcodes(shared, lsoas),
        ages=_read(shared, "ages", only=districts).sort("area_code"),
    )


def _read(shared: Path, name: str, *, only: list[str] | None = None) -> pl.DataFrame:
    """One file with dates as dates and numbers as numbers; `only` keeps the rows of these area codes.

    Columns are read as text first: guessing types over a million rows of the triangle takes a minute.
    """
    path = shared / FILES[name]
    if not path.is_file():
        raise NotThere(
            f"The file {path} is not there. Give the folder of shared reference data that holds {FILES[name]}."
        )
    text = pl.read_csv(path, infer_schema=False)
    if only is not None:
        text = text.filter(pl.col("area_code").is_in(only))
    return text.with_columns(_typed(text[column]) for column in text.columns)


def _typed(column: pl.Series) -> pl.Series:
    """A text column as dates, whole numbers or numbers, where every value is one."""
    first = next((value for value in column if value is not None), "")
    if len(first) == 10 and first[4:5] == "-":
        return column.str.to_date("%Y-%m-%d")
    for kind in (pl.Int64, pl.Float64):
        number = column.cast(kind, strict=False)
        if number.null_count() == column.null_count():
            return number
    return column


def _matrix(counts: pl.DataFrame, codes: list[str], days: list[date]) -> Ints:
    """(codes, days) whole numbers of a long table; rows that were left out are 0."""
    matrix = np.zeros((len(codes), len(days)), dtype=np.int64)
    row = {code: number for number, code in enumerate(codes)}
    kept = counts.filter(pl.col("area_code").is_in(codes) & pl.col("specimen_date").is_between(days[0], days[-1]))
    for code, day, count in kept.select("area_code", "specimen_date", "new_cases").iter_rows():
        matrix[row[code], (day - days[0]).days] = count
    return matrix


def _pillar1_hint(shared: Path, districts: list[str], days: list[date]) -> Floats:
    """Pillar 1 by district and day: the daily table of the end of May, then sevenths of the weekly one."""
    hint = _matrix(_read(shared, "pillar1", only=districts), districts, days).astype(float)
    last_daily = date(2020, 5, 27)
    weekly = _read(shared, "pillar1_weekly", only=districts).drop_nulls("new_cases_pillar1")
    for code, sunday, count in weekly.select("area_code", "week_ending_sunday", "new_cases_pillar1").iter_rows():
        for back in range(7):
            day = sunday - timedelta(days=back)
            if code in districts and max(last_daily, days[0]) < day <= days[-1]:
                hint[districts.index(code), (day - days[0]).days] = count / 7
    return hint


def _weekly(shared: Path, table: str, middles: pl.DataFrame) -> Ints:
    weeks = [f"wk_{week:02d}" for week in range(FIRST_WEEK, LAST_WEEK + 1)]
    read = _read(shared, table)
    read = read.with_columns(pl.lit(None, dtype=pl.Int64).alias(week) for week in weeks if week not in read.columns)
    joined = middles.select("msoa11cd").join(read, on="msoa11cd", how="left", maintain_order="left")
    return joined.select(pl.col(weeks).cast(pl.Int64).fill_null(-1)).to_numpy().astype(np.int64)


def _vintages(shared: Path) -> pl.DataFrame:
    """published (day), at (UTC instant of capture), combined (both pillars): the publications of the triangle."""
    read = _read(shared, "vintages").filter(pl.col("kind") == "new_by_specimen_date")
    at = pl.col("committed_at_utc").cast(pl.String).str.head(16).str.replace(" ", "T").str.to_datetime("%Y-%m-%dT%H:%M")
    return read.select(
        "published", at.dt.cast_time_unit("ms").alias("at"), (pl.col("scope") != "pillar 1").alias("combined")
    ).sort("published")


def _triangle(shared: Path, vintages: pl.DataFrame, days: list[date]) -> dict[str, Ints]:
    read = _read(shared, "triangle", only=[CITY, COUNTY])
    return {
        code: np.concatenate(
            [_matrix(read.filter(pl.col("published") == day), [code], days) for day in vintages["published"]]
        )
        for code in (CITY, COUNTY)
    }


def _postcodes(shared: Path, lsoas: pl.DataFrame) -> pl.DataFrame:
    """Small-user postcodes that were live in June 2020 and lie in the small area's own district."""
    read = _read(shared, "postcodes")
    live = (pl.col("dointr") <= LIVE_IN) & (pl.col("doterm").is_null() | (pl.col("doterm") > LIVE_IN))
    homes = read.filter(live & (pl.col("usertype") == 0) & pl.col("lat").is_not_null())
    places = lsoas.select("lsoa11cd", "lad19cd")
    joined = homes.join(places, on="lsoa11cd", how="inner", maintain_order="left")
    return joined.filter(pl.col("ladcd") == pl.col("lad19cd")).drop("lad19cd").sort("lsoa11cd", "pcds")
