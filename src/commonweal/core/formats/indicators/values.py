"""What a reader of series hands on: values as intervals with two times, and everything that was found wrong by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.metrics import Metrics

SCHEMA: dict[str, type[pl.DataType]] = {
    "place": pl.String,
    "day": pl.Date,
    "metric": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "denominator": pl.Float64,
    "published": pl.Date,
}
KEY = ["place", "metric", "day", "published"]
# what a value of a kind can be; a count beyond the largest whole number that is kept exactly is none
BOUNDS = {"count": (-math.inf, 2.0**53), "share": (0.0, 100.0), "level": (0.0, math.inf)}
AREA_CODE = r"^(E|W|S|N|K|J)\d{8}$"

# Named outcomes: what was found, and what became of it. A file with one of them is still loaded.
OUTCOMES = {
    "missing_day": "days are missing inside a daily series; they stay unknown and are not counted as 0",
    "cumulative_jump": "the running total moves by something else than the day's count; the day's count is kept",
    "negative_correction": "the count is below 0: a correction of earlier days put on one day; the value is left out",
    "unknown_area": "the area code is none that is known; the value is left out",
    "future_date": "the day lies after the day of publication; the value is left out",
    "out_of_range": "the value is beyond what its kind allows (a share 0 to 100, a level from 0); it is left out",
    "above_residents": "more people than live in the place; the value is left out",
    "undefined_metric": "the column is no metric of parameters/indicators; it is left out",
    "bad_denominator": "the denominator is not above 0; the value is kept without it",
    "other_vintage": "another file gives another value of the same publication; that one is kept, this file's holds "
    "from its next publication on",
    "no_value": "the cell is empty and the series does not suppress; the value is left out",
}


@dataclass(frozen=True)
class Outcome:
    """Something found in a file: its name (a key of `OUTCOMES`), how often, and the first place and day of it."""

    name: str
    count: int
    example: str

    @property
    def sentence(self) -> str:
        """In words, with the first example."""
        return f"{OUTCOMES[self.name]} ({self.count:,}, first {self.example})"


@dataclass(frozen=True)
class Reading:
    """A file as values: `frame` has the columns of `SCHEMA`; low = high unless the cell is suppressed."""

    layout: str
    title: str
    frame: pl.DataFrame
    outcomes: tuple[Outcome, ...]


def checked(
    layout: str, title: str, raw: pl.DataFrame, metrics: Metrics, label: str, today: date, *, every_day: bool
) -> Reading:
    """Hold a table of values against the rules; what breaks one is left out under its name.

    every_day: a day without a row is a missing day (not so where only changes or no zeros are given).

    Raises `Refused` where the file as a whole cannot be trusted: published in the future, two different values for one
    place, metric, day and publication, or nothing left.
    """
    frame = raw.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    frame = frame.with_columns(pl.col("place").str.to_uppercase())
    late = frame.filter(pl.col("published") > today)
    if late.height:
        raise Refused(
            f"{label}: published on {late['published'][0]}, which is after today ({today}). Check the date of the file."
        )
    found: list[Outcome] = []
    counts = [metric.id for metric in metrics.all if metric.kind == "count"]
    is_count = pl.col("metric").is_in(counts)
    frame = _left_out(frame, ~pl.col("place").fill_null("").str.contains(AREA_CODE), "unknown_area", found)
    frame = _left_out(frame, pl.col("day") > pl.col("published"), "future_date", found)
    frame = _left_out(frame, pl.col("low").is_null(), "no_value", found)
    frame = _left_out(frame, is_count & (pl.col("low") < 0), "negative_correction", found)
    frame = _left_out(frame, _out_of_range(metrics), "out_of_range", found)
    frame = _usable_denominators(frame, found)
    _refuse_fractions(frame.filter(is_count), label)
    frame = frame.unique(maintain_order=True)  # unitary areas stand twice in some files, with one number
    _refuse_two_vintages(frame, label)
    if frame.is_empty():
        raise Refused(f"{label}: no value is left to load ({', '.join(o.name for o in found) or 'the file is empty'}).")
    daily = [metric.id for metric in metrics.all if metric.window_days == 1]
    gap = _missing_days(frame.filter(pl.col("metric").is_in(daily))) if every_day else None
    if gap is not None:
        found.append(gap)
    return Reading(layout, title, frame, tuple(found))


def outcome(name: str, wrong: pl.DataFrame) -> Outcome:
    """The outcome of these rows, with the first of them as the example."""
    first = wrong.row(0, named=True)
    return Outcome(name, wrong.height, f"{first['place']} {first['day']}")


def _left_out(frame: pl.DataFrame, wrong: pl.Expr, name: str, found: list[Outcome]) -> pl.DataFrame:
    broken = frame.filter(wrong.fill_null(value=False))
    if broken.is_empty():
        return frame
    found.append(outcome(name, broken))
    return frame.filter(~wrong.fill_null(value=False))


def _out_of_range(metrics: Metrics) -> pl.Expr:
    """Values that their metric's kind rules out."""
    of_kind = {kind: pl.col("metric").is_in([each.id for each in metrics.all if each.kind == kind]) for kind in BOUNDS}
    wrong = pl.lit(value=False)
    for kind, (least, most) in BOUNDS.items():
        wrong = wrong | (of_kind[kind] & ((pl.col("low") < least) | (pl.col("high") > most)))
    return wrong


def _usable_denominators(frame: pl.DataFrame, found: list[Outcome]) -> pl.DataFrame:
    wrong = frame.filter(pl.col("denominator") <= 0)
    if wrong.is_empty():
        return frame
    found.append(outcome("bad_denominator", wrong))
    return frame.with_columns(denominator=pl.when(pl.col("denominator") > 0).then("denominator"))


def _refuse_fractions(counts: pl.DataFrame, label: str) -> None:
    broken = counts.filter((pl.col("low") != pl.col("low").floor()) | (pl.col("high") != pl.col("high").floor()))
    if broken.height:
        row = broken.row(0, named=True)
        raise Refused(
            f"{label}: {row['metric']} of {row['place']} on {row['day']} is {row['low']}; a count is a whole number. "
            "Load the counts, not a rate."
        )


def _refuse_two_vintages(frame: pl.DataFrame, label: str) -> None:
    twice = frame.filter(pl.struct(KEY).is_duplicated())
    if twice.height:
        row, other = (twice.sort(KEY, maintain_order=True).row(number, named=True) for number in (0, 1))
        said = " and ".join(f"{each['low']:.12g}" + _over(each["denominator"]) for each in (row, other))
        raise Refused(
            f"{label}: two vintages on one day: {row['metric']} of {row['place']} on {row['day']} stands twice with "
            f"different values ({said}), both published on {row['published']}. Keep the later one."
        )


def _over(denominator: float | None) -> str:
    return "" if denominator is None else f" over {denominator:.12g}"


def _missing_days(daily: pl.DataFrame) -> Outcome | None:
    """Days missing between the first and last day that a publication gives for a place."""
    span = daily.group_by("place", "metric", "published").agg(
        (pl.col("day").max() - pl.col("day").min()).dt.total_days().add(1).alias("span"),
        pl.col("day").n_unique().alias("n"),
    )
    holes = span.filter(pl.col("span") > pl.col("n"))
    if holes.is_empty():
        return None
    where = holes.sort("place", "published").row(0, named=True)
    own = daily.filter((pl.col("place") == where["place"]) & (pl.col("published") == where["published"]))
    days = own.filter(pl.col("metric") == where["metric"])["day"].sort()
    after = days.filter(days.diff().dt.total_days().fill_null(1) > 1)[0]
    return Outcome("missing_day", int((holes["span"] - holes["n"]).sum()), f"{where['place']} before {after}")
