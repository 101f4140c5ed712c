"""Frames to PostgreSQL: COPY in text form, straight from columns."""

from __future__ import annotations

import io

import polars as pl
import psycopg

PIECE = 1 << 20


def as_csv(frame: pl.DataFrame) -> bytes:
    """A frame as COPY reads it (CSV without header, null where empty): bytes as hex, lists of codes as arrays."""
    columns = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if kind == pl.Binary:
            columns.append((pl.lit("\\x") + column.bin.encode("hex")).alias(name))
        elif kind == pl.List(pl.String):
            columns.append((pl.lit("{") + column.list.join(",") + pl.lit("}")).alias(name))
    out = io.BytesIO()
    frame.with_columns(columns).write_csv(out, include_header=False, datetime_format="%Y-%m-%d %H:%M:%S%.6f+00")
    return out.getvalue()


def copy_in(cursor: psycopg.Cursor[tuple[object, ...]], table: str, frame: pl.DataFrame) -> None:
    """COPY a frame into a table, by the names of its columns."""
    names = ", ".join(frame.columns)
    text = memoryview(as_csv(frame))
    with cursor.copy(f"copy {table} ({names}) from stdin (format csv)".encode()) as copy:
        for start in range(0, len(text), PIECE):
            copy.write(text[start : start + PIECE])
