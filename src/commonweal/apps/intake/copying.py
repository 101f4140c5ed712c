"""Frames to PostgreSQL: COPY in text form, straight from columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import polars as pl

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


def copy_frame(cursor: Any, table: str, frame: pl.DataFrame) -> None:
    """COPY a frame into a table, by the names of its columns."""
    copy_text(cursor, table, frame.columns, as_csv(frame))


def copy_text(cursor: Any, table: str, columns: Sequence[str], text: bytes) -> None:
    """COPY rows in text form into a table's columns."""
    view = memoryview(text)
    with cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin (format csv)".encode()) as copy:
        for start in range(0, len(view), PIECE):
            copy.write(view[start : start + PIECE])
