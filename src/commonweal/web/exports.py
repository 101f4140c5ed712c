"""Downloads of what a page shows: CSV, XLSX and Parquet, with as-of and agreement in every file.

A sheet holds 1,048,576 rows; more are split over sheets, and the first lines say so. Cells that begin like a formula
are written as text, so that opening a file runs nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpResponse

from commonweal.core.errors import Refused

SHEET_ROWS = 1_048_576
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True)
class Table:
    """What is downloaded: a name for the file, column names, rows, and the lines that say where it comes from."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    provenance: Sequence[str]


def provenance(as_of: datetime, agreements: Sequence[str], title: str) -> list[str]:
    """The lines every download carries."""
    shared = ", ".join(agreements) or "no agreement needed: public figures"
    return [title, f"As known at {as_of.isoformat()}", f"Shared under: {shared}"]


def download(table: Table, form: str) -> HttpResponse:
    """The table as a file of the asked form. Raises `Refused` for a form we do not have."""
    makers = {"csv": as_csv, "xlsx": as_xlsx, "parquet": as_parquet}
    if form not in makers:
        raise Refused(f"There is no download as {form!r}; there are {', '.join(makers)}.")
    response = HttpResponse(makers[form](table), content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{table.name}.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response


def as_csv(table: Table) -> bytes:
    """UTF-8 with a byte-order mark (spreadsheets need it), CRLF; provenance in lines that begin with #."""
    text = io.StringIO()
    text.writelines(f"# {line}\r\n" for line in table.provenance)
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows([_harmless(_plain(value)) for value in row] for row in table.rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(table: Table, sheet_rows: int = SHEET_ROWS) -> bytes:
    """A workbook; `sheet_rows` is how many rows a sheet can hold (the format's own limit unless a test says less)."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    parts = list(_parts(table, sheet_rows))
    for number, rows in enumerate(parts, 1):
        sheet = book.add_worksheet(f"Part {number}" if len(parts) > 1 else "Data")
        lines = list(table.provenance)
        if len(parts) > 1:
            lines.append(f"Part {number} of {len(parts)}: {len(table.rows):,} rows, a sheet holds {sheet_rows:,}")
        for place, line in enumerate(lines):
            sheet.write_string(place, 0, line)
        for column, name in enumerate(table.columns):
            sheet.write_string(len(lines), column, name)
        for place, row in enumerate(rows, len(lines) + 1):
            for column, value in enumerate(row):
                _write(sheet, place, column, _plain(value))
    book.close()
    return stream.getvalue()


def as_parquet(table: Table) -> bytes:
    """A Parquet file: days as dates and instants as UTC times; provenance stands in a column of its own, equal in every
    row. A column without any value is one of texts: a column of no type is read by few programs."""
    import polars as pl
    from polars import selectors

    columns = {name: _typed([row[place] for row in table.rows]) for place, name in enumerate(table.columns)}
    frame = pl.DataFrame(columns, strict=False).with_columns(selectors.by_dtype(pl.Null).cast(pl.String))
    frame = frame.with_columns(pl.lit("; ".join(table.provenance)).alias("_provenance"))
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


def _parts(table: Table, sheet_rows: int) -> Iterator[Sequence[Sequence[Any]]]:
    room = sheet_rows - len(table.provenance) - 2
    yield table.rows[:room]
    for start in range(room, len(table.rows), room):
        yield table.rows[start : start + room]


def _typed(values: list[Any]) -> list[Any]:
    """A column as a file with types carries it: of days, of instants in UTC, else as every file does."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {datetime}:
        return [value and value.astimezone(UTC) for value in values]
    return values if kinds == {date} else [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    """A value as a file can carry it: dates and times as ISO text, lists joined, everything else as it is."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, value)
