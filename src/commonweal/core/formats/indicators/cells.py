"""Columns of text as days and numbers."""

from __future__ import annotations

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.opening import row_of

# a year of another century is a slip of the pen, and years of days would be made of it
ISO_DAY = r"^(?:19|20)\d\d-\d\d-\d\d(?:[T ][\d:.,+Z-]*)?$"
BRITISH_DAY = r"^\d\d?[/-]\d\d?[/-](?:19|20)\d\d(?: [\d:]*)?$"
THOUSANDS = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"
FORMS_OF_DAY = "a date such as 2020-06-14 or 14/06/2020"


def days(table: pl.DataFrame, column: str, label: str) -> pl.Series:
    """A column of dates as publishers here write them: 2020-06-14, also with a time of which only the day is kept, or
    14/06/2020. Raises `Refused` with the first that is none."""
    text = pl.col(column)
    first = text.str.extract(r"^([^T ]*)").str.replace_all("/", "-")
    iso = pl.when(text.str.contains(ISO_DAY)).then(first).str.to_date("%Y-%m-%d", strict=False)
    british = pl.when(text.str.contains(BRITISH_DAY)).then(first).str.to_date("%d-%m-%Y", strict=False)
    each_once = table.select(text.unique()).with_columns(pl.coalesce(iso, british).alias("day"))
    read = table.select(column).join(each_once, on=column, how="left", maintain_order="left")["day"].alias(column)
    broken = read.is_null().arg_true()
    if len(broken):
        raise _refused(table, column, int(broken[0]), FORMS_OF_DAY, label)
    return read


def numbers(table: pl.DataFrame, column: str, label: str) -> pl.Series:
    """A column of numbers, with or without commas between thousands; empty cells are null. Raises `Refused` with the
    first that is neither."""
    text = pl.col(column)
    plain = pl.when(text.str.contains(THOUSANDS)).then(text.str.replace_all(",", "")).otherwise(text)
    read = table.select(plain.cast(pl.Float64, strict=False).alias(column)).to_series()
    broken = ((read.is_null() & table[column].is_not_null()) | ~read.is_finite()).fill_null(value=False).arg_true()
    if len(broken):
        raise _refused(table, column, int(broken[0]), "a number", label)
    return read


def _refused(table: pl.DataFrame, column: str, position: int, wanted: str, label: str) -> Refused:
    written = table[column][position]
    fault = "the cell is empty; it must be" if written is None else f"{written!r} is not"
    return Refused(f"{label}, row {row_of(table, position)}, column {column}: {fault} {wanted}. Mend that cell.")
