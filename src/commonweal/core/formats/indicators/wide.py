"""Readers of tables with many values a row: weeks of middle areas, and middle areas as columns."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.long import Context, days
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.formats.indicators.values import SCHEMA

WEEK = re.compile(r"^wk_(\d\d)$")
MIDDLE_AREA = re.compile(r"^E02\d{6}$")
WEEKLY, ROLLING = "cases_in_week", "cases_in_7_days"
SUPPRESSED_MARKS = ("S", "s", "-99", "c", "*")
CODE_HEADINGS = ("msoa11_cd", "msoa11cd")
UNALLOCATED = "unallocated"


def is_middle_area(heading: str) -> bool:
    """Whether a heading is the code of a middle area of 2011."""
    return bool(MIDDLE_AREA.match(heading))


def weekly(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """Weeks as columns; the day of a value is the Sunday that ends its ISO week, in the year of publication.

    An empty or marked cell is an interval, never 0. The row of cases without an area is left out.
    """
    code = next((name for name in CODE_HEADINGS if name in table.columns), None)
    if code is None:
        raise Refused(f"{own.label}: it has weeks but no column {' or '.join(CODE_HEADINGS)}.")
    published = own.day_of_publication()
    weeks = [name for name in table.columns if WEEK.match(name)]
    ends = {name: _sunday(published.year, int(name[3:]), own.label) for name in weeks}
    rows = table.filter(pl.col(code).str.contains(r"^E\d{8}$"))
    melted = rows.select(pl.col(code).alias("place"), *weeks).unpivot(index="place", variable_name="week")
    dated = melted.with_columns(
        day=pl.col("week").replace_strict(ends, return_dtype=pl.Date),
        published=pl.lit(published),
    )
    # a week that ends after the publication cannot be in it: the column is there, its values are not
    own_metric = own.metrics.by_id(WEEKLY)
    return _intervals(dated.filter(pl.col("day") <= published), own_metric, own.label, empty_is_suppressed=True)


def rolling(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """A row a day, a column a middle area: a number, a mark where suppressed, or empty where never collected."""
    codes = [name for name in table.columns if is_middle_area(name)]
    dated = table.select(*codes).with_columns(day=days(table, "specimen_date", own.label))
    published = own.published or dated["day"].max()
    if not isinstance(published, date):
        raise Refused(f"{own.label}: it has no rows.")
    melted = dated.unpivot(index="day", variable_name="place").with_columns(published=pl.lit(published))
    collected = melted.filter(pl.col("value").is_not_null() & (pl.col("value") != ""))
    return _intervals(collected, own.metrics.by_id(ROLLING), own.label, empty_is_suppressed=False)


def _intervals(found: pl.DataFrame, metric: Metric, label: str, *, empty_is_suppressed: bool) -> pl.DataFrame:
    if metric.suppressed is None:
        raise Refused(
            f"The metric {metric.id!r} has no bounds for suppressed cells. Add them in parameters/indicators."
        )
    least, most = metric.suppressed
    text = pl.col("value").str.strip_chars()
    marked = text.is_in(SUPPRESSED_MARKS)
    if empty_is_suppressed:
        marked = marked.fill_null(value=True) | (text == "")
    number = text.cast(pl.Float64, strict=False)
    read = found.with_columns(marked=marked.fill_null(value=False), number=number)
    broken = read.filter(~pl.col("marked") & pl.col("number").is_null())
    if broken.height:
        row = broken.row(0, named=True)
        raise Refused(
            f"{label}: {row['value']!r} of {row['place']} on {row['day']} is neither a number nor suppressed."
        )
    return read.with_columns(
        metric=pl.lit(metric.id),
        low=pl.when("marked").then(float(least)).otherwise("number"),
        high=pl.when("marked").then(float(most)).otherwise("number"),
        denominator=pl.lit(None, dtype=pl.Float64),
    ).select(list(SCHEMA))


def _sunday(year: int, week: int, label: str) -> date:
    try:
        return date.fromisocalendar(year, week, 7)
    except ValueError:
        raise Refused(f"{label}: {year} has no ISO week {week}.") from None
