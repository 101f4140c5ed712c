"""The fast reader of records against Python's own CSV reader, on anything that a writer of CSV can write."""

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.errors import Refused
from commonweal.core.formats.ons import stream

fields = st.text(st.sampled_from('ab,"\n é'), max_size=5)
tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(fields, min_size=width, max_size=width), min_size=1, max_size=30)
)


def written(rows: list[list[str]], line_end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode()


def read(data: bytes, piece: int, block: int) -> list[stream.Block]:
    pieces = (data[i : i + piece] for i in range(0, len(data), piece))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "BLOCK_BYTES", block)
        return list(stream.records(stream.plain(pieces, "x"), "x"))


@given(tables, st.sampled_from(["\n", "\r\n"]), st.integers(1, 40), st.integers(1, 60), st.booleans())
@settings(deadline=None)
def test_every_record_comes_out_once_and_numbered(rows, line_end, piece, block, packed):
    data = written(rows, line_end)
    blocks = read(gzip.compress(data) if packed else data, piece, block)
    found: list[list[str]] = []
    for each in blocks:
        assert each.first_row == len(found) + 1
        table = stream.frame(each.data, each.first_row, {str(i): i for i in range(len(rows[0]))}, len(rows[0]), "x")
        assert table["row"].to_list() == list(range(each.first_row, each.first_row + table.height))
        found += [list(row) for row in table.drop("row").rows()]
    assert found == rows


@given(tables, st.data())
@settings(deadline=None)
def test_a_row_without_its_last_field_is_found(rows, data):
    index = data.draw(st.integers(0, len(rows) - 1))
    short = [row[:-1] if i == index else row for i, row in enumerate(rows)]
    block = written(short, "\n")
    with pytest.raises(Refused, match=rf"row {index + 1}: too short"):
        stream.frame(block, 1, {"0": 0}, len(rows[0]), "x")


@given(tables, st.data())
@settings(deadline=None)
def test_a_gzip_cut_anywhere_is_refused(rows, data):
    packed = gzip.compress(written(rows, "\n"))
    cut = data.draw(st.integers(5, len(packed) - 1))
    with pytest.raises(Refused, match="gzip breaks off|gzip is damaged|empty"):
        read(packed[:cut], 1000, 1000)
