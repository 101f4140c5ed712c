"""Downloads carry every row, say where they come from, and run nothing when opened."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import polars as pl
import pytest

from commonweal.core.errors import Refused
from commonweal.web import exports

HOSTILE = "=HYPERLINK(1)"
TABLE = exports.Table(
    "results",
    ["day", "name", "n"],
    [[date(2020, 6, 1), HOSTILE, 3], [date(2020, 6, 2), "plain, with comma", None]],
    exports.provenance(datetime(2020, 6, 3, tzinfo=UTC), ["sharing-leicester"], "Results"),
)


def test_csv_is_read_back_whole_and_harmless() -> None:
    text = exports.as_csv(TABLE)
    frame = pl.read_csv(io.BytesIO(text), comment_prefix="#")
    assert frame.columns == ["day", "name", "n"]
    assert frame["name"].to_list() == [f"'{HOSTILE}", "plain, with comma"]
    assert "Shared under: sharing-leicester" in text.decode("utf-8-sig")
    assert "As known at 2020-06-03" in text.decode("utf-8-sig")


def test_parquet_is_read_back_whole() -> None:
    frame = pl.read_parquet(io.BytesIO(exports.as_parquet(TABLE)))
    assert frame["n"].to_list() == [3, None]
    assert "sharing-leicester" in frame["_provenance"][0]


def test_parquet_has_days_instants_and_no_column_without_a_type() -> None:
    moment = datetime(2020, 6, 3, 5, 4, tzinfo=UTC)
    rows = [[date(2020, 6, 1), moment, None, date(2020, 6, 1)], [None, None, None, "in June"]]
    frame = pl.read_parquet(
        io.BytesIO(exports.as_parquet(exports.Table("t", ["day", "at", "none", "mixed"], rows, [])))
    )
    assert frame.schema["day"] == pl.Date
    assert frame.schema["at"] == pl.Datetime("us", "UTC")
    assert frame.schema["none"] == pl.String
    assert frame["at"].to_list() == [moment, None]
    assert frame["mixed"].to_list() == ["2020-06-01", "in June"], "nothing is lost where a column is of both"


def test_xlsx_writes_hostile_text_as_text() -> None:
    with zipfile.ZipFile(io.BytesIO(exports.as_xlsx(TABLE))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert HOSTILE in strings


def test_more_rows_than_a_sheet_holds_are_split_and_it_says_so() -> None:
    table = exports.Table("many", ["n"], [[n] for n in range(25)], ["many"])
    with zipfile.ZipFile(io.BytesIO(exports.as_xlsx(table, sheet_rows=13))) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        numbers = sum(book.read(name).decode().count("<v>") for name in sheets)
        strings = book.read("xl/sharedStrings.xml").decode()
    assert len(sheets) == 3
    assert "Part 1 of 3" in strings
    assert numbers == 25 + 3 * 3  # all rows, and on each sheet two lines of words and the heading


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(Refused, match="no download as 'doc'"):
        exports.download(TABLE, "doc")
