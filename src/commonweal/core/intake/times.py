"""Dates and times of the line list: ISO 8601 text to a day in Europe/London and, where a time is given, a UTC instant.

A time without a zone is London time; the repeated hour in October is taken as the first one and flagged; an hour that
the spring change skips does not exist. A date without a time stays a date: its instant is null.

A datetime field `x` is read in two steps from the text column `x:text`. The first gives `x:day` and `x:written` (as
written, without regard to the zone) and `x:offset` (minutes east of Greenwich, null without a zone); the second gives
the day and the instant under the names of `day_column` and `instant_column`, and `x:repeated` and `x:skipped`.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

LONDON = "Europe/London"
_DATE = r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE = r"(?:[Zz]|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
DATE_SHAPE = f"^{_DATE}$"
MOMENT_SHAPE = f"^{_DATE}(?:[Tt ]{_TIME}{_ZONE}?)?$"
# a year, then a number that can only be a day, then one that can only be a month
SWAPPED_SHAPE = r"^[0-9]{4}-(?:1[3-9]|2[0-9]|3[01])-(?:0[1-9]|1[0-2])(?:[Tt ]|$)"

# "2020-06-26T14:05:11Z"; anything longer has a fraction of a second or an offset
LONGEST_WITHOUT_OFFSET = 20
_SECOND = 1_000_000


def day_column(field: str) -> str:
    """`specimen_date` for the field specimen_date, `reported_date` for the field reported_at."""
    return field.removesuffix("_at").removesuffix("_date") + "_date"


def instant_column(field: str) -> str:
    """`specimen_at` for the field specimen_date, `reported_at` for the field reported_at."""
    return field.removesuffix("_at").removesuffix("_date") + "_at"


def london_day(instant: datetime) -> date:
    """The calendar day in Europe/London."""
    return instant.astimezone(ZoneInfo(LONDON)).date()


def day(text: pl.Expr) -> pl.Expr:
    """The date of an ISO date, null when the text is none."""
    return pl.when(text.str.contains(DATE_SHAPE)).then(text).str.to_date("%Y-%m-%d", strict=False)


def with_written(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """The first step: adds `x:day`, `x:written`, `x:offset`."""
    text = pl.col(f"{field}:text")
    sound = frame.select(pl.when(text.str.contains(MOMENT_SHAPE)).then(text).alias("sound"))["sound"]
    plain = int(sound.str.len_bytes().max() or 0) <= LONGEST_WITHOUT_OFFSET  # type: ignore[arg-type]
    part, text = pl.DataFrame({"sound": sound}), pl.col("sound")
    hours, minutes, seconds = (text.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (11, 14, 17))
    fraction = pl.lit(0) if plain else text.str.extract(r"\.([0-9]+)").str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    if not plain:
        seconds = pl.when(text.str.slice(16, 1) == ":").then(seconds)
    clock = ((hours * 60 + minutes) * 60 + seconds.fill_null(0)) * _SECOND + fraction
    columns = part.select(
        text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).alias(f"{field}:day"),
        clock.alias("clock"),
        (_zulu(text) if plain else _offset(text)).alias(f"{field}:offset"),
    )
    written = pl.col(f"{field}:day").cast(pl.Int64) * 86_400 * _SECOND + pl.col("clock")
    return frame.hstack(columns.with_columns(written.cast(pl.Datetime("us")).alias(f"{field}:written")).drop("clock"))


def _zulu(text: pl.Expr) -> pl.Expr:
    """Minutes east of Greenwich where the only zone possible is a Z after the minutes or the seconds."""
    return pl.when(text.str.len_bytes().is_in([17, 20])).then(pl.lit(0, pl.Int64))


def _offset(text: pl.Expr) -> pl.Expr:
    zone = text.str.slice(16).str.extract(r"([Zz+-].*)$")
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    hours, minutes = (zone.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (1, -2))
    return pl.when(zone.is_not_null()).then((sign * (hours * 60 + minutes)).fill_null(0))


def with_instants(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """The second step: the London day, the UTC instant, `x:repeated` and `x:skipped`."""
    written, offset = pl.col(f"{field}:written"), pl.col(f"{field}:offset")
    at = (written - pl.duration(minutes=offset)).dt.replace_time_zone("UTC")
    repeated = skipped = pl.lit(value=False)
    if (frame[f"{field}:written"].is_not_null() & frame[f"{field}:offset"].is_null()).any():
        local = pl.when(offset.is_null()).then(written)
        first, last = (
            local.dt.replace_time_zone(LONDON, ambiguous=which, non_existent="null") for which in ("earliest", "latest")
        )
        at = pl.coalesce(at, first.dt.convert_time_zone("UTC"))
        repeated, skipped = (first != last).fill_null(value=False), local.is_not_null() & first.is_null()
    answer = frame.with_columns(
        at.alias(instant_column(field)), repeated.alias(f"{field}:repeated"), skipped.alias(f"{field}:skipped")
    )
    on = pl.col(instant_column(field)).dt.convert_time_zone(LONDON).dt.date()
    return answer.with_columns(pl.coalesce(on, pl.col(f"{field}:day")).alias(day_column(field)))


def day_and_month_exchanged(day: pl.Expr) -> pl.Expr:
    """The date with day and month exchanged, null when the day is no month."""
    usable = pl.when(day.dt.day() <= 12).then(day)
    return pl.date(usable.dt.year(), usable.dt.day(), usable.dt.month())


def whole_years(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Completed years between two dates: at `end`, the age of somebody born on `start`."""
    return end.dt.year() - start.dt.year() - (_month_and_day(end) < _month_and_day(start)).cast(pl.Int32)


def _month_and_day(day: pl.Expr) -> pl.Expr:
    return day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)
