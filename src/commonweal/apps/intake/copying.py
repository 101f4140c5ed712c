"""Columns to PostgreSQL: COPY in its binary form, built with arrays, and in text form for a handful of rows.

Binary form (PostgreSQL documentation of COPY, File Formats): a signature, then for each row the number of its fields,
and for each field its length (-1 for null) and its bytes, high byte first. Reading it costs the server a third of text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

PIECE = 1 << 20
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
# PostgreSQL counts days from 2000-01-01, polars from 1970-01-01
DAYS_TO_2000 = 10_957
TEXT_OID = 25

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
# a column as polars has it, an array of numbers, a matrix with a row of bytes for each value, or bytes of any length
Column = pl.Series | npt.NDArray[Any] | Sequence[bytes]


@dataclass(frozen=True)
class _Field:
    """One column in binary form: the length of each value (-1 for null), and the values one after another."""

    length: Numbers
    data: Bytes

    @property
    def size(self) -> Numbers:
        return np.maximum(self.length, 0)


def as_binary(columns: Mapping[str, Column]) -> bytes:
    """Rows as COPY reads them with `format binary`; each type as the table has it.

    Int16, Int32, Int64 -> smallint, integer, bigint; Boolean; Date; String -> text; List(String) -> text[]; Binary,
    matrices and bytes -> bytea, or uuid where they are 16 long. Raises TypeError for any other type of series.
    """
    fields = [_field(column) for column in columns.values()]
    if not len(fields[0].length):
        return SIGNATURE + TRAILER
    sizes = [field.size for field in fields]
    width = 2 + sum((size + 4 for size in sizes), np.zeros(len(fields[0].length), np.int64))
    ends = np.cumsum(width)
    out = np.empty(int(ends[-1]), np.uint8)
    at = ends - width
    _put(out, at, np.full((len(ends), 1), len(fields), ">i2").view(np.uint8))
    at += 2
    for field, size in zip(fields, sizes, strict=True):
        _put(out, at, field.length.astype(">i4").view(np.uint8).reshape(-1, 4))
        at += 4
        _put_all(out, at, size, field.data)
        at += size
    return SIGNATURE + out.tobytes() + TRAILER


def _put(out: Bytes, at: Numbers, values: Bytes) -> None:
    """Write the rows of a matrix of bytes, each from its place on."""
    _windows(out, values.shape[1])[at] = _windows(values.ravel(), values.shape[1])[:: values.shape[1]]


def _put_all(out: Bytes, at: Numbers, size: Numbers, data: Bytes) -> None:
    """Write values of any size, lying one after another in `data`, each from its place on: all of one size at once."""
    starts, order = np.cumsum(size) - size, np.argsort(size, kind="stable")
    different, first = np.unique(size[order], return_index=True)
    for width, rows in zip(different.tolist(), np.split(order, first[1:]), strict=True):
        if width:
            _windows(out, width)[at[rows]] = _windows(data, width)[starts[rows]]


def _windows(flat: Bytes, width: int) -> npt.NDArray[np.void]:
    """Element i is the `width` bytes from byte i on: what is written to one of them is copied in one go."""
    flat = np.ascontiguousarray(flat)
    return np.ndarray((len(flat) - width + 1,), f"V{width}", flat, strides=(1,))


def _field(column: Column) -> _Field:
    if isinstance(column, np.ndarray) and column.ndim == 2:
        return _Field(np.full(len(column), column.shape[1], np.int64), column.ravel())
    if isinstance(column, np.ndarray):
        whole = column.astype(column.dtype.newbyteorder(">")).view(np.uint8)
        return _Field(np.full(len(column), column.dtype.itemsize, np.int64), whole)
    if not isinstance(column, pl.Series):
        length = np.fromiter(map(len, column), np.int64, len(column))
        return _Field(length, np.frombuffer(b"".join(column), np.uint8))
    if column.dtype == pl.List(pl.String):
        return _arrays(column)
    if column.dtype == pl.Binary:
        return _bytes(column)
    there = column.is_not_null().to_numpy()
    if column.dtype == pl.String:
        length = np.where(there, column.str.len_bytes().fill_null(0).to_numpy().astype(np.int64), -1)
        return _Field(length, np.frombuffer(str(column.str.join("").item() or "").encode(), np.uint8))
    values = _numbers(column.drop_nulls())
    return _Field(np.where(there, values.dtype.itemsize, -1).astype(np.int64), values.view(np.uint8))


def _bytes(column: pl.Series) -> _Field:
    length = column.bin.size().fill_null(-1).to_numpy().astype(np.int64)
    return _Field(length, np.frombuffer(b"".join(column.drop_nulls().to_list()), np.uint8))


def _numbers(column: pl.Series) -> npt.NDArray[Any]:
    kind = column.dtype
    if kind == pl.Boolean:
        return column.to_numpy().astype(np.uint8)
    if kind == pl.Date:
        return np.asarray(column.to_physical().to_numpy() - DAYS_TO_2000).astype(">i4")
    if kind in (pl.Int16, pl.Int32, pl.Int64):
        return column.to_numpy().astype(column.to_numpy().dtype.newbyteorder(">"))
    raise TypeError(f"The column {column.name!r} is of type {kind}, which has no binary form here. Cast it first.")


def _arrays(column: pl.Series) -> _Field:
    """Lists of codes: there are few different ones, so each is written once and then repeated."""
    keys = column.list.join("\n")
    different = keys.unique(maintain_order=True)
    texts = [None if key is None else key.split("\n") if key else [] for key in different.to_list()]
    written = [b"" if words is None else _array(words) for words in texts]
    where = {key: place for place, key in enumerate(different.to_list())}
    rows = [where[key] for key in keys.to_list()]
    lengths = [-1 if words is None else len(text) for words, text in zip(texts, written, strict=True)]
    length = np.array(lengths, np.int64)[rows] if rows else np.zeros(0, np.int64)
    return _Field(length, np.frombuffer(b"".join([written[row] for row in rows]), np.uint8))


def _array(words: Sequence[str]) -> bytes:
    """text[]: dimensions, whether there are nulls, the type of its members, size and lower bound, the members."""
    numbers = [1, 0, TEXT_OID, len(words), 1] if words else [0, 0, TEXT_OID]
    members = [word.encode() for word in words]
    return np.array(numbers, ">i4").tobytes() + b"".join(len(member).to_bytes(4, "big") + member for member in members)


def copy_columns(cursor: Any, table: str, columns: Mapping[str, Column]) -> None:
    """COPY columns into a table, by their names."""
    copy_bytes(cursor, table, list(columns), as_binary(columns), "binary")


def copy_text(cursor: Any, table: str, columns: Sequence[str], text: bytes) -> None:
    """COPY rows in text form (CSV without header, null where empty) into a table's columns."""
    copy_bytes(cursor, table, columns, text, "csv")


def copy_bytes(cursor: Any, table: str, columns: Sequence[str], rows: bytes, form: str) -> None:
    """COPY what was written before; `form` is `binary` or `csv`."""
    view = memoryview(rows)
    with cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin (format {form})".encode()) as copy:
        for start in range(0, len(view), PIECE):
            copy.write(view[start : start + PIECE])
