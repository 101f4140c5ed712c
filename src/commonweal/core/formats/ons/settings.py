"""Registers of settings: care homes as their regulator lists them, and a plain table of settings of any kind.

Sources of the layouts: Care Quality Commission, directory of services and sheet of active locations (Open Government
Licence). A service that is no care home (a dentist, a hospital) is left out and counted; so is a second entry of the
same name and postcode where the register gives no identifiers.
"""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.ons import checks
from commonweal.core.formats.ons.recognise import Recognised
from commonweal.core.formats.ons.tables import AreaTables, shaped
from commonweal.core.places.postcodes import normalised
from commonweal.core.places.settings import CARE_HOME, KINDS

_CARE_HOMES = "(?i)(?:nursing|residential) homes?|care home service|care homes?"
_MOST_BEDS = 2_000


def read_settings(recognised: Recognised, read: pl.DataFrame, label: str) -> AreaTables:
    """The settings of a register, one row each. Raises `Refused` for a setting that stands twice or a bad value."""
    table = read.with_columns(pl.exclude("row").str.strip_chars())
    table = _care_homes(recognised, table)
    table = table.with_columns(normalised("postcode").alias("pcd"))
    _refuse_first(
        table, (pl.col("postcode") != "") & pl.col("pcd").is_null(), recognised, "postcode", "a postcode", label
    )
    _refuse_first(table, pl.col("name") == "", recognised, "name", "a name", label)
    if not recognised.one("setting_id"):  # one home under two entries cannot be told from one entry written twice
        others = pl.exclude("name", "pcd", "services").first()
        table = table.group_by("name", "pcd", maintain_order=True).agg(others, pl.col("services").str.join("|"))
    table = table.with_columns(_identity(recognised).alias("setting_id"))
    _refuse_first(table, pl.col("setting_id") == "", recognised, "setting_id", "an identifier", label)
    table = _kinds(recognised, table, label)
    table = table.with_columns(
        _beds(recognised, table, label),
        *(_day(recognised, table, name, label) for name in ("opened", "closed")),
        services=pl.col("services") if recognised.one("services") else pl.lit(""),
    )
    named = recognised.one("setting_id") or recognised.one("name")
    assert named is not None
    checks.refuse_repeated(table, ("setting_id", "kind"), named.heading, label)
    settings = shaped("settings", [table.rename({"postcode": "written"}).rename({"pcd": "postcode"})])
    return AreaTables(settings=settings, left_out=read.height - settings.height)


def _care_homes(recognised: Recognised, table: pl.DataFrame) -> pl.DataFrame:
    """Only care homes that are not dormant, where a register lists other services too."""
    if recognised.one("kind"):
        return table
    if recognised.one("is_care_home"):
        table = table.filter(pl.col("is_care_home").str.to_uppercase().str.starts_with("Y"))
    elif recognised.one("services"):
        table = table.filter(pl.col("services").str.contains(_CARE_HOMES))
    if recognised.one("dormant"):
        table = table.filter(~pl.col("dormant").str.to_uppercase().str.starts_with("Y"))
    return table


def _identity(recognised: Recognised) -> pl.Expr:
    """The register's own identifier; name and postcode where it has none."""
    if recognised.one("setting_id"):
        return pl.col("setting_id")
    words = pl.concat_str(pl.col("name"), pl.col("pcd").fill_null(""), separator=" ").str.to_lowercase()
    return words.str.replace_all("[^a-z0-9]+", "-").str.strip_chars("-")


def _kinds(recognised: Recognised, table: pl.DataFrame, label: str) -> pl.DataFrame:
    if not recognised.one("kind"):
        return table.with_columns(kind=pl.lit(CARE_HOME))
    table = table.with_columns(kind=pl.col("kind").str.to_lowercase().str.replace_all("[ -]", "_"))
    _refuse_first(table, ~pl.col("kind").is_in(list(KINDS)), recognised, "kind", f"one of {', '.join(KINDS)}", label)
    return table


def _beds(recognised: Recognised, table: pl.DataFrame, label: str) -> pl.Expr:
    if not recognised.one("beds"):
        return pl.lit(None, pl.Int32).alias("beds")
    value = pl.col("beds").cast(pl.Float64, strict=False)
    good = (value == value.round(0)) & value.is_between(0, _MOST_BEDS)
    bad = (pl.col("beds") != "") & ~good.fill_null(value=False)
    _refuse_first(table, bad, recognised, "beds", f"a number of beds (0 to {_MOST_BEDS:,})", label)
    return value.cast(pl.Int32).alias("beds")


def _day(recognised: Recognised, table: pl.DataFrame, name: str, label: str) -> pl.Series:
    """Days as 2020-06-01 or 01/06/2020; empty is null."""
    if not recognised.one(name):
        return pl.Series(name, [None] * table.height, pl.Date)
    days = [_as_day(text) for text in table[name]]
    bad = pl.Series([text != "" and day is None for text, day in zip(table[name], days, strict=True)], dtype=pl.Boolean)
    if bad.any():
        _refuse_first(
            table.with_columns(bad.alias("bad")),
            pl.col("bad"),
            recognised,
            name,
            "a day (YYYY-MM-DD or DD/MM/YYYY)",
            label,
        )
    return pl.Series(name, days, pl.Date)


def _as_day(text: str) -> date | None:
    if found := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?", text):
        year, month, day = map(int, found.groups())
    elif found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _refuse_first(table: pl.DataFrame, bad: pl.Expr, recognised: Recognised, name: str, rule: str, label: str) -> None:
    """Raise `Refused` for the first row where `bad` is true."""
    rows = table.filter(bad)
    if rows.height:
        found = recognised.one(name)
        heading = found.heading if found else name
        raise Refused(f"{label}, row {rows['row'][0]}, column {heading}: {rows[name][0][:60]!r} is not {rule}.")
