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
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE = r"(?:[Zz]|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
DATE_SHAPE = f"^{_DATE}$"
MOMENT_SHAPE = f"^{_DATE}(?:[Tt ]{_TIME}{_ZONE}?)?$"
# a year, then a number that can only be a day, then one that can only be a month
SWAPPED_SHAPE = r"^[0-9]{4}-(?:1[3-9]|2[0-9]|3[01])-(?:0[1-9]|1[0-2])(?:[Tt ]|$)"

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


def as_written(field: str) -> list[pl.Expr]:
    """The first step: `x:day`, `x:written`, `x:offset`."""
    text = pl.col(f"{field}:text")
    sound = pl.when(text.str.contains(MOMENT_SHAPE)).then(text)
    written_day = sound.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    hours, minutes, seconds = (sound.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (11, 14, 17))
    fraction = sound.str.extract(r"\.([0-9]+)").str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    clock = ((hours * 60 + minutes) * 60 + seconds.fill_null(0)) * _SECOND + fraction
    zone = sound.str.slice(16).str.extract(r"([Zz+-].*)$")
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    zone_hours, zone_minutes = (zone.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (1, -2))
    east = (sign * (zone_hours * 60 + zone_minutes)).fill_null(0)
    written = written_day.cast(pl.Int64) * 86_400 * _SECOND + clock
    return [
        written_day.alias(f"{field}:day"),
        written.cast(pl.Datetime("us")).alias(f"{field}:written"),
        pl.when(zone.is_not_null()).then(east).alias(f"{field}:offset"),
    ]


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
