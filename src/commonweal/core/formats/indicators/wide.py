"""Readers of tables with many values a row: weeks of middle areas, and middle areas as columns."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.cells import THOUSANDS, days
from commonweal.core.formats.indicators.long import SUPPRESSED_MARKS, SUPPRESSED_NUMBER, Context
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.formats.indicators.values import SCHEMA

WEEK = re.compile(r"^wk_(\d\d)$")
MIDDLE_AREA = re.compile(r"^E02\d{6}$")
WEEKLY, ROLLING = "cases_in_week", "cases_in_7_days"
CODE_HEADINGS = ("msoa11_cd", "msoa11cd", "msoa21_cd", "msoa21cd")
YEARS = 7  # within which every week number occurs, 53 included
WEEKS_OF_A_YEAR = 53


def is_middle_area(heading: str) -> bool:
    """Whether a heading is the code of a middle area of 2011."""
    return bool(MIDDLE_AREA.match(heading))


def as_published(heading: str) -> str:
    """A heading of these tables in the letters that publishers use: wk_05 and E02000001."""
    return next(
        (form for form in (heading.lower(), heading.upper()) if WEEK.match(form) or is_middle_area(form)), heading
    )


def weekly(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """Weeks as columns; the day of a value is the Sunday that ends its ISO week.

    The newest week with a value is the last one of its number that had ended when the table was published, and the
    others are those before it, across the turn of a year. An empty or marked cell is an interval,
    never 0. The row of cases without an area is left out by name.
    """
    code = next((name for name in CODE_HEADINGS if name in table.columns), None)
    if code is None:
        raise Refused(f"{own.label}: it has weeks but no column {' or '.join(CODE_HEADINGS)}.")
    published = own.day_of_publication()
    weeks = [name for name in table.columns if WEEK.match(name)]
    ends = _ends(weeks, {name for name in weeks if _has_value(table[name])}, published, own.label)
    melted = table.select(pl.col(code).alias("place"), *weeks).unpivot(index="place", variable_name="week")
    dated = melted.with_columns(
        day=pl.col("week").replace_strict(ends, return_dtype=pl.Date),
        published=pl.lit(published),
    )
    # a week that ends after the publication cannot be in it: the column is there, its values are not
    own_metric = own.metrics.by_id(WEEKLY)
    return _intervals(dated.filter(pl.col("day") <= published), own_metric, own.label, empty_is_suppressed=True)


def _has_value(column: pl.Series) -> bool:
    return bool(column.str.contains(r"^\d").any())


def _ends(weeks: list[str], valued: set[str], published: date, label: str) -> dict[str, date]:
    """The Sunday of each column, in whatever order the columns stand."""
    ordered = _in_time(weeks)
    newest = next((place for place in reversed(range(len(ordered))) if ordered[place] in valued), 0)
    years = range(published.year - YEARS, published.year + YEARS)
    ends: dict[str, date] = {}
    limit = published
    for name in reversed(ordered[: newest + 1]):
        ended = [end for year in years if (end := _sunday(year, name)) and end <= limit]
        if not ended:
            raise Refused(f"{label}: there is no ISO week {name[3:]} before {published}. Check the heading.")
        ends[name] = max(ended)
        limit = ends[name] - timedelta(days=1)
    for name in ordered[newest + 1 :]:  # no values: still to come when the table was made
        ends[name] = min(end for year in years if (end := _sunday(year, name)) and end > max(ends.values()))
    return ends


def _in_time(weeks: list[str]) -> list[str]:
    """The columns from the oldest to the newest: they begin after the widest gap in the circle of a year's weeks."""
    ordered = sorted(weeks)
    numbers = [int(name[3:]) for name in ordered]
    gaps = [(numbers[0] + WEEKS_OF_A_YEAR - numbers[-1], 0)]
    gaps += [(after - before, -place) for place, (before, after) in enumerate(pairwise(numbers), 1)]
    first = -max(gaps)[1]
    return ordered[first:] + ordered[:first]


def rolling(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """A row a day, a column a middle area: a number, a mark where suppressed, or empty where never collected."""
    codes = [name for name in table.columns if is_middle_area(name)]
    dated = table.select(*codes).with_columns(day=days(table, "specimen_date", own.label))
    published = own.published or dated["day"].max()
    if not isinstance(published, date):
        raise Refused(f"{own.label}: it has no rows.")
    melted = dated.unpivot(index="day", variable_name="place").with_columns(published=pl.lit(published))
    collected = melted.filter(pl.col("value").is_not_null())
    return _intervals(collected, own.metrics.by_id(ROLLING), own.label, empty_is_suppressed=False)


def _intervals(found: pl.DataFrame, metric: Metric, label: str, *, empty_is_suppressed: bool) -> pl.DataFrame:
    if metric.suppressed is None:
        raise Refused(
            f"The metric {metric.id!r} has no bounds for suppressed cells. Add them in parameters/indicators."
        )
    least, most = metric.suppressed
    text = pl.col("value")
    marked = text.is_in(SUPPRESSED_MARKS)
    plain = pl.when(text.str.contains(THOUSANDS)).then(text.str.replace_all(",", "")).otherwise(text)
    number = plain.cast(pl.Float64, strict=False)
    marked = marked.fill_null(value=empty_is_suppressed) | (number == SUPPRESSED_NUMBER).fill_null(value=False)
    read = found.with_columns(marked=marked, number=number)
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


def _sunday(year: int, week: str) -> date | None:
    try:
        return date.fromisocalendar(year, int(week[3:]), 7)
    except ValueError:
        return None
