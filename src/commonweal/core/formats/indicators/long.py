"""Readers of tables with one row a place and day."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.cells import days, numbers
from commonweal.core.formats.indicators.metrics import Metric, Metrics
from commonweal.core.formats.indicators.opening import ROW, row_of
from commonweal.core.formats.indicators.values import AREA_CODE, SCHEMA, Outcome, outcome

DASHBOARD_AREA, DASHBOARD_DAY = "Area code", "Specimen date"
API_FIXED = ("areaCode", "areaName", "areaType", "date")
API_HIERARCHY = ("regionCode", "regionName", "UtlaCode", "UtlaName", "LtlaCode", "LtlaName")
API_RATE = re.compile(r"Rate$")  # worked out from counts beside it, over residents that the file does not state
TIDY = ("place", "date", "metric", "value", "published_at", "denominator")
TRIANGLE_METRIC = "new_cases"
FARTHEST_BACK = 1100  # days of a triangle before its first publication
SUPPRESSED_NUMBER = -99.0  # what some releases write into a suppressed cell,
SUPPRESSED_MARKS = ("S", "s", "c", "*")  # and what others do


@dataclass
class Context:
    """What a reader needs beside the table, and where it leaves what it found."""

    label: str
    metrics: Metrics
    published: date | None
    outcomes: list[Outcome] = field(default_factory=list)

    def day_of_publication(self) -> date:
        """The day that holds for the whole file. Raises `Refused` when nobody states it."""
        if self.published is None:
            raise Refused(
                f"{self.label}: the day of publication is not stated. Name the file after it (cases_2020-08-17.csv) or "
                "give --published."
            )
        return self.published


def dashboard(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """The case file of 2020 in each of its three forms; running totals are held against the days' counts."""
    value = next((name for name in table.columns if own.metrics.by_name(name)), None)
    metric = own.metrics.by_name(value) if value else None
    if value is None or metric is None:
        raise Refused(f"{own.label}: none of its columns is a metric that is defined. Add it to parameters/indicators.")
    found = table.select(
        place=pl.col(DASHBOARD_AREA),
        day=days(table, DASHBOARD_DAY, own.label),
        low=numbers(table, value, own.label),
    )
    total = next((name for name in metric.cumulative if name in table.columns), None)
    if total is not None:
        running = found.with_columns(total=numbers(table, total, own.label)).unique(maintain_order=True)
        _compare_running_total(running, metric, own)
    return _shaped(found, metric.id, own.day_of_publication())


def api(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """A download of the interface: any metrics, one a column, in any order; columns of none are left out by name."""
    fixed = (*API_FIXED, *API_HIERARCHY, ROW)
    headings = [name for name in table.columns if name not in fixed and not API_RATE.search(name)]
    totals = [name for name in headings if own.metrics.of_cumulative(name)]
    defined = [(name, metric) for name in headings if (metric := own.metrics.by_name(name))]
    undefined = [name for name in headings if name not in totals and own.metrics.by_name(name) is None]
    if not defined and undefined:
        own.metrics.by_id(undefined[0])
    if not defined:
        only = f" (only the running total {totals[0]})" if totals else ""
        raise Refused(f"{own.label}: it has no column of values{only}. Ask the interface for the counts of each day.")
    if undefined:
        own.outcomes.append(Outcome("undefined_metric", len(undefined), undefined[0]))
    return pl.concat([_column(table, heading, metric, own) for heading, metric in defined])


def _column(table: pl.DataFrame, heading: str, metric: Metric, own: Context) -> pl.DataFrame:
    if metric.suppressed is not None:
        table = table.with_columns(pl.when(~pl.col(heading).is_in(SUPPRESSED_MARKS)).then(heading).alias(heading))
    found = table.select(
        place=pl.col("areaCode"), day=days(table, "date", own.label), low=numbers(table, heading, own.label)
    )
    total = next((name for name in metric.cumulative if name in table.columns), None)
    if total is not None:
        _compare_running_total(found.with_columns(total=numbers(table, total, own.label)), metric, own)
    return _bounded(_shaped(found, metric.id, own.day_of_publication()), metric)


def triangle(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """Every publication of a daily series; rows that were left out are 0.

    Each publication states every day from the first in the file to its own newest one, for every place in it.
    """
    metric = own.metrics.by_name(TRIANGLE_METRIC)
    if metric is None:
        raise Refused(f"{own.label}: no metric has the name {TRIANGLE_METRIC!r}. Add it in parameters/indicators.")
    given = table.select(
        place=pl.col("area_code").str.to_uppercase(),
        published=days(table, "published", own.label),
        day=days(table, "specimen_date", own.label),
        low=numbers(table, TRIANGLE_METRIC, own.label),
    )
    # what is left out under its name tells nothing: not how far a publication reaches, nor that the others are 0
    of_an_area = pl.col("place").fill_null("").str.contains(AREA_CODE)
    usable = of_an_area & pl.col("low").is_not_null() & (pl.col("day") <= pl.col("published"))
    told = given.filter(usable)
    if told.is_empty():
        return _shaped(given, metric.id, None)
    _refuse_far_back(given.filter(of_an_area), table, own.label)
    newest = told.group_by("published").agg(last=pl.col("day").max())
    grid = newest.select("published", day=pl.date_ranges(pl.lit(told["day"].min()), pl.col("last"))).explode("day")
    whole = told.select("place").unique().join(grid, how="cross")
    where = ["place", "published", "day"]
    zeros = whole.join(given, on=where, how="anti").with_columns(low=pl.lit(0.0)).select(given.columns)
    return _shaped(pl.concat([changes_only(pl.concat([told, zeros])), given.filter(~usable)]), metric.id, None)


def _refuse_far_back(given: pl.DataFrame, table: pl.DataFrame, label: str) -> None:
    """Raise `Refused` for a day years before the first publication: as every publication states every day from the
    first, one slip of the pen would say 0 of all places on thousands of days."""
    first, published = given["day"].min(), given["published"].min()
    if isinstance(first, date) and isinstance(published, date) and (published - first).days > FARTHEST_BACK:
        row = row_of(table, int((days(table, "specimen_date", label) == first).arg_true()[0]))
        raise Refused(
            f"{label}, row {row}, column specimen_date: {first} lies {(published - first).days:,} days before the "
            f"first publication ({published}); up to {FARTHEST_BACK:,} are taken. Mend that date, or load that part as "
            "another file."
        )


def changes_only(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep a value when it differs from the publication before: what a day newly says."""
    rows = rows.sort("place", "day", "published")
    before = pl.col("low").shift(1).over("place", "day")
    return rows.filter(before.is_null() | (before != pl.col("low")))


def tidy(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """place, date, metric, value and, where present, published_at and denominator."""
    _require_metrics(table, own)
    published = _stated_publication(table, own)
    none = pl.Series([None] * table.height, dtype=pl.Float64)
    found = table.select(
        place=pl.col("place"),
        day=days(table, "date", own.label),
        metric=pl.col("metric"),
        low=numbers(table, "value", own.label),
        denominator=numbers(table, "denominator", own.label) if "denominator" in table.columns else none,
        published=published,
    )
    parts = [
        _bounded(found.filter(pl.col("metric") == metric.id).with_columns(high=pl.col("low")), metric)
        for metric in own.metrics.all
    ]
    return pl.concat(parts).select(list(SCHEMA))


def _require_metrics(table: pl.DataFrame, own: Context) -> None:
    """Raise `Refused` for the first row whose metric is not defined."""
    defined = [metric.id for metric in own.metrics.all]
    strange = (~table["metric"].fill_null("").is_in(defined)).arg_true()
    if len(strange):
        name, row = table["metric"][strange[0]] or "", row_of(table, int(strange[0]))
        raise Refused(f"{own.label}, row {row}, column metric: {own.metrics.undefined(name)}")


def _stated_publication(table: pl.DataFrame, own: Context) -> pl.Series:
    """The day of publication of each row; where it states none, that of the file."""
    if "published_at" not in table.columns or table["published_at"].null_count() == table.height:
        return pl.Series("published", [own.day_of_publication()] * table.height, dtype=pl.Date)
    if table["published_at"].null_count() and own.published is not None:
        table = table.with_columns(pl.col("published_at").fill_null(own.published.isoformat()))
    return days(table, "published_at", own.label)


def final(table: pl.DataFrame, own: Context) -> pl.DataFrame:
    """A daily series of one vintage by area; rows of 0 may have been left out and are not invented here."""
    metric = own.metrics.by_name(TRIANGLE_METRIC)
    if metric is None:
        raise Refused(f"{own.label}: no metric has the name {TRIANGLE_METRIC!r}. Add it in parameters/indicators.")
    found = table.select(
        place=pl.col("area_code"),
        day=days(table, "specimen_date", own.label),
        low=numbers(table, TRIANGLE_METRIC, own.label),
    )
    return _shaped(found, metric.id, own.day_of_publication())


def _compare_running_total(running: pl.DataFrame, metric: Metric, own: Context) -> None:
    """Name the days on which the running total moves by something else than the count."""
    ordered = running.sort("place", "day").with_columns(
        step=pl.col("total").diff().over("place"), gap=pl.col("day").diff().over("place")
    )
    wrong = ordered.filter((pl.col("gap") == pl.duration(days=1)) & (pl.col("step") != pl.col("low")))
    if wrong.height:
        own.outcomes.append(outcome("cumulative_jump", wrong))


def _shaped(found: pl.DataFrame, metric: str, published: date | None) -> pl.DataFrame:
    columns = {"metric": pl.lit(metric), "high": pl.col("low"), "denominator": pl.lit(None, dtype=pl.Float64)}
    if published is not None:
        columns["published"] = pl.lit(published)
    return found.with_columns(**columns).select(list(SCHEMA))


def _bounded(found: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    """An empty cell of a metric that suppresses is an interval."""
    if metric.suppressed is None:
        return found
    least, most = metric.suppressed
    empty = pl.col("low").is_null() | (pl.col("low") == SUPPRESSED_NUMBER)
    return found.with_columns(
        low=pl.when(empty).then(float(least)).otherwise(pl.col("low")),
        high=pl.when(empty).then(float(most)).otherwise(pl.col("high")),
    )
