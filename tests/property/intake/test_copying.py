"""Columns in COPY's binary form say the same as in text: read back from the bytes by the format's own description."""

from __future__ import annotations

import struct
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.intake.copying import SIGNATURE, TRAILER, as_binary

Row = list[bytes | None]


def read(whole: bytes) -> list[Row]:
    """Every row of a binary COPY, field by field."""
    assert whole.startswith(SIGNATURE)
    at, rows = len(SIGNATURE), []
    while whole[at : at + 2] != TRAILER:
        (count,) = struct.unpack_from(">h", whole, at)
        at += 2
        row: Row = []
        for _ in range(count):
            (length,) = struct.unpack_from(">i", whole, at)
            at += 4
            row.append(None if length < 0 else whole[at : at + length])
            at += max(length, 0)
        rows.append(row)
    assert at + 2 == len(whole)
    return rows


def array(data: bytes | None) -> list[str] | None:
    """The members of a text[]."""
    if data is None:
        return None
    dimensions, nulls, kind = struct.unpack_from(">iii", data)
    assert (nulls, kind) == (0, 25)
    words, at = [], 20
    while dimensions and at < len(data):
        (length,) = struct.unpack_from(">i", data, at)
        words.append(data[at + 4 : at + 4 + length].decode())
        at += 4 + length
    assert not dimensions or struct.unpack_from(">ii", data, 12) == (len(words), 1)
    return words


rows_of_values = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.text(max_size=40),
        st.none() | st.binary(max_size=40),
        st.none() | st.booleans(),
        st.none() | st.dates(date(1900, 1, 1)),
        st.none() | st.lists(st.sampled_from(["row:bad", "age_years:missing", "é:x"]), max_size=3),
        st.binary(min_size=16, max_size=16),
    ),
    max_size=30,
)


@given(rows_of_values)
def test_every_value_comes_back(values: list[tuple[object, ...]]) -> None:
    columns: list[list[object]] = [list(column) for column in zip(*values, strict=True)] or [[] for _ in range(7)]
    kinds = [pl.Int32, pl.String, pl.Binary, pl.Boolean, pl.Date, pl.List(pl.String)]
    series = [pl.Series(column, dtype=kind) for column, kind in zip(columns, kinds, strict=False)]
    uuids = np.frombuffer(b"".join(columns[6]), np.uint8).reshape(-1, 16)  # type: ignore[arg-type]
    read_back = read(
        as_binary({**{str(n): each for n, each in enumerate(series)}, "uuid": uuids, "bytes": columns[6]})  # type: ignore[dict-item]
    )
    assert [
        (
            None if number is None else struct.unpack(">i", number)[0],
            None if text is None else text.decode(),
            raw,
            None if truth is None else truth == b"\1",
            None if day is None else date(2000, 1, 1) + timedelta(days=struct.unpack(">i", day)[0]),
            array(words),
            uuid,
        )
        for number, text, raw, truth, day, words, uuid, _ in read_back
    ] == values
    assert all(row[6] == row[7] for row in read_back)


def test_a_type_without_binary_form_is_named() -> None:
    with pytest.raises(TypeError, match="'x' is of type Float64"):
        as_binary({"x": pl.Series("x", [1.5])})
