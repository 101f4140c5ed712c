"""From the bytes of a file to a table of text: compression, letters, separators, headings in any case, blank rows."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators import from_json

GZIP, ZIP = b"\x1f\x8b", b"PK"
FIRST_LETTER = 32  # what stands before it are controls
LARGEST = 2**31  # bytes when unpacked
BYTE_ORDER = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
ROW = "(row)"  # of each record in the file; the heading is row 1 (JSON has none: its first record is row 1)
SHEET_PART = "[Content_Types].xml"
CSV_NEXT = "Save it as comma-separated values (CSV UTF-8)."


def opened(data: bytes, label: str, known: Iterable[str]) -> pl.DataFrame:
    """The table in a file: every cell as text without spaces around it, empty ones null, and `ROW` in the last column.

    Plain, gzipped, or alone in a zip; UTF-8, UTF-16 or Latin-1; commas or tabs between cells, or records as JSON.
    Headings are matched with `known` whatever their case; rows without any cell are left out. Raises `Refused` for what
    is no such table.
    """
    own = {name.casefold(): name for name in known}
    text = _text(_unpacked(data, label), label)
    if text.lstrip().startswith(("{", "[")):
        return _with_rows(from_json.table(text, label, own), 1)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    text, above = text.lstrip("\r\n"), text[: -len(text.lstrip("\r\n"))].count("\n")
    separator = _separator(text, label)
    headings = _headings(text, separator, label, own)
    try:
        table = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False, separator=separator, new_columns=headings)
    except pl.exceptions.PolarsError as error:
        raise _no_table(text, separator, label, error) from None
    _refuse_short(text, separator, len(headings), label, above)
    return _with_rows(table, 2 + above)


def _with_rows(table: pl.DataFrame, first: int) -> pl.DataFrame:
    """Without spaces around cells and rows of nothing, each with its number in the file."""
    headings = table.columns
    table = table.with_columns(pl.all().str.strip_chars().replace("", None)).with_row_index(ROW, offset=first)
    return table.filter(~pl.all_horizontal(pl.exclude(ROW).is_null())).select(*headings, ROW)


def row_of(table: pl.DataFrame, position: int) -> int:
    """Which row of the file stands at a position of its table."""
    return int(table[ROW][position]) if ROW in table.columns else position + 2


def _unpacked(data: bytes, label: str) -> bytes:
    try:
        if data.startswith(GZIP):
            with gzip.open(io.BytesIO(data)) as packed:
                plain = packed.read(LARGEST + 1)
        elif data.startswith(ZIP):
            plain = _alone(data, label)
        else:
            plain = data
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Refused(
            f"{label}: this is not a table of comma-separated values: it is packed and cannot be unpacked ({error}). "
            "Fetch it again."
        ) from None
    if len(plain) > LARGEST:
        raise Refused(f"{label}: unpacked it has more than {LARGEST:,} bytes. Load it in parts.")
    return plain


def _alone(data: bytes, label: str) -> bytes:
    """The one file in a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
        if SHEET_PART in names:
            raise Refused(f"{label}: this is a workbook of a spreadsheet program. {CSV_NEXT}")
        if len(names) != 1:
            shown = ", ".join(names[:4]) or "none"
            raise Refused(f"{label}: a zip is taken with one file in it; this has {len(names)} ({shown}). Unpack it.")
        with archive.open(names[0]) as packed:
            return packed.read(LARGEST + 1)


def _text(data: bytes, label: str) -> str:
    coding = next((coding for mark, coding in BYTE_ORDER.items() if data.startswith(mark)), None)
    try:
        text = data.decode(coding or _unmarked(data))
    except UnicodeDecodeError as error:
        raise Refused(f"{label}: its letters cannot be read as {error.encoding} ({error.reason}). {CSV_NEXT}") from None
    if not text.strip():
        raise Refused(f"{label}: this is not a table of comma-separated values: the file is empty. Fetch it again.")
    if any(ord(letter) < FIRST_LETTER and letter not in "\t\r\n" for letter in text[:4096]) or "\x00" in text:
        raise Refused(f"{label}: this is not a table of comma-separated values: it is not text. {CSV_NEXT}")
    return text


def _unmarked(data: bytes) -> str:
    """The coding of text without a mark: zero bytes beside Latin letters tell UTF-16, what is no UTF-8 is Latin-1."""
    start = data[:256]
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[::2].count(0) > len(start) // 4:
        return "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _separator(text: str, label: str) -> str:
    head = text.splitlines()[0]
    if "," in head:
        return ","
    if "\t" in head:
        return "\t"
    if ";" in head:
        raise Refused(f"{label}: its cells are separated by semicolons, where 1,5 may be one and a half. {CSV_NEXT}")
    return ","


def _headings(text: str, separator: str, label: str, known: dict[str, str]) -> list[str]:
    lines = io.StringIO(text, newline="")
    written = [" ".join(each.split()) for each in next(csv.reader(lines, delimiter=separator))]
    headings = [known.get(each.casefold(), each) for each in written]
    twice = sorted({each for each in headings if each and headings.count(each) > 1})
    if twice:
        raise Refused(f"{label}: the heading {twice[0]!r} stands twice. Keep the column that is meant.")
    return [each or f"(column {number} without a heading)" for number, each in enumerate(headings, 1)]


def _refuse_short(text: str, separator: str, width: int, label: str, above: int) -> None:
    """Raise `Refused` for a row that ends before the heading does: what it lacks is not known, and in some layouts an
    empty cell says something. Rows without any cell are none."""
    if '"' in text:
        read = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        short = next(((row, cells) for row, cells in enumerate(read, 1) if len(cells) < width and any(cells)), None)
    else:
        lines = pl.Series([text]).str.split("\n").explode()
        ends_early = lines.str.count_matches(separator, literal=True) + 1 < width
        said = lines.str.strip_chars(f"{separator} \r") != ""
        found = (ends_early & said).arg_true()
        short = (int(found[0]) + 1, lines[int(found[0])].split(separator)) if len(found) else None
    if short is not None:
        raise Refused(
            f"{label}: row {short[0] + above} has {len(short[1])} cells and the heading {width}; it ends with "
            f"{short[1][-1].strip()!r}. Mend that row, or fetch the file again: it may have been cut off."
        )


def _no_table(text: str, separator: str, label: str, error: Exception) -> Refused:
    """Why a text is no table, with its row."""
    start = f"{label}: this is not a table of comma-separated values"
    width = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
            width = width or len(cells)
            if len(cells) > width:
                return Refused(f"{start}: row {number} has {len(cells)} cells and the heading {width}. Mend that row.")
    except csv.Error:
        return Refused(f"{start}: a quotation mark is opened and not closed. Mend that row.")
    return Refused(f"{start} ({str(error).splitlines()[0]}).")
