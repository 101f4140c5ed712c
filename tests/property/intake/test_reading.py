"""Law: every record of a file appears exactly once, however the bytes are cut, and as a plain reader would read it."""

from __future__ import annotations

import csv
import io

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from commonweal.core.intake.reading import LineListReader
from commonweal.core.intake.schema import Field, LineList

SMALL = LineList(
    version=1,
    fields=(Field("a", "string", "L2", required=True), Field("b", "string", "L2", required=True)),
    longest_key=100,
    longest_field=12,
    clock_skew_minutes=10,
    swap_late_days=28,
    swap_near_days=14,
    age_bands=(),
)
LONGEST_RECORD = 40


def obvious(text: bytes) -> list[tuple[int, str | tuple[str | None, ...], bytes]]:
    """The format's definition, byte by byte: (line, reason or values, raw) of every record after the header."""
    if text and not text.endswith(b"\n"):
        text += b"\n"
    out, position, line = [], text.index(b"\n") + 1, 2
    while position < len(text):
        values, end, longest, problem = one_record(text, position)
        if problem:
            end = text.index(b"\n", position)
        raw = text[position:end]
        if problem or raw.removesuffix(b"\r") != b"":
            if not problem and len(values) != 2:
                problem = "wrong_field_count"
            elif not problem and longest > SMALL.longest_field:
                problem = "field_too_long"
            elif not problem and b"\0" in raw:
                problem = "nul_byte"
            elif not problem and b"\x1f" in raw:
                problem = "unit_separator"
            kept = tuple(value.decode().strip(" \t") or None for value in values)
            out.append((line, f"row:{problem}" if problem else kept, raw.removesuffix(b"\r")))
        line += raw.count(b"\n") + 1
        position = end + 1
    return out


def one_record(text: bytes, start: int) -> tuple[list[bytes], int, int, str | None]:
    values, at, longest = [], start, 0
    while True:
        begin, quoted = at, text[at : at + 1] == b'"'
        value = b""
        if quoted:
            at += 1
            while at < len(text) and (text[at : at + 1] != b'"' or text[at : at + 2] == b'""'):
                value += text[at : at + 1]
                at += 2 if text[at : at + 1] == b'"' else 1
            at += 1
            if at > len(text) or at - start >= LONGEST_RECORD:
                return [], 0, 0, "unterminated_quote"
            if text[at : at + 2] == b"\r\n":
                at += 1
            elif text[at : at + 1] not in (b",", b"\n"):
                return [], 0, 0, "stray_quote"
        else:
            while text[at : at + 1] not in (b",", b"\n"):
                value += text[at : at + 1]
                at += 1
            if at - start >= LONGEST_RECORD:
                return [], 0, 0, "record_too_long"
            if text[at : at + 1] == b"\n":
                value = value.removesuffix(b"\r")
        longest = max(longest, at - begin)
        values.append(value)
        if text[at : at + 1] == b"\n":
            return values, at, longest, None
        at += 1


def read(text: bytes, *, cuts: int, chunk_bytes: int) -> list[tuple[int, str | tuple[str | None, ...], bytes]]:
    blocks = [text[start : start + cuts] for start in range(0, len(text), cuts)]
    reader = LineListReader(blocks, SMALL, chunk_bytes=chunk_bytes, longest_record=LONGEST_RECORD)
    found = []
    for chunk in reader.chunks():
        for row, values in enumerate(chunk.frame.rows()):
            found.append((int(chunk.number[row]), int(chunk.line[row]), values, chunk.raw(row)))
        found += [(bad.number, bad.line, bad.reason, bad.raw) for bad in chunk.malformed]
    found.sort(key=lambda record: record[0])
    assert [record[0] for record in found] == list(range(1, len(found) + 1))
    return [record[1:] for record in found]


PIECES = st.sampled_from(
    [
        "a",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        '"',
        '"',
        '""',
        "x,y\n",
        '"q",z\n',
        '"p,""q""\nr",s\r\n',
        "é",
        "\0",
        "\r",
        " ",
        "\t",
        "0123456789ABC",
        "\x1f",
    ]
)


@settings(max_examples=600, deadline=None)
@example(body='a,"b', cuts=1, chunk_bytes=1)
@example(body="a ,b \r\n", cuts=9, chunk_bytes=90)
@example(body='"ab""c\n', cuts=50, chunk_bytes=50)
@example(body='"a\r\nb",c\r\n\r\nd,e', cuts=3, chunk_bytes=4)
@given(
    body=st.lists(PIECES, max_size=40).map("".join),
    cuts=st.integers(1, 60),
    chunk_bytes=st.sampled_from([1, 7, 30, 90, 10_000]),
)
def test_any_bytes_are_read_as_the_definition_says_whatever_the_blocks(body: str, cuts: int, chunk_bytes: int) -> None:
    text = b"a,b\n" + body.encode()
    assert read(text, cuts=cuts, chunk_bytes=chunk_bytes) == obvious(text)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\x1f", exclude_categories=["Cs"]), max_size=2)


@settings(max_examples=200, deadline=None)
@example(rows=[("\ufeff", ""), ("\ufeffx", "y")], line_end="\n", quoting=csv.QUOTE_ALL)
@example(rows=[("\ufeffx", "y")], line_end="\n", quoting=csv.QUOTE_MINIMAL)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), max_size=30),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_a_csv_writer_wrote_comes_back(rows: list[tuple[str, str]], line_end: str, quoting: int) -> None:
    # Python's writer leaves a lone \r unquoted unless its own line end has one; nobody can read that back.
    assume(quoting == csv.QUOTE_ALL or line_end == "\r\n" or not any("\r" in cell for row in rows for cell in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=line_end, quoting=quoting)
    writer.writerow(["a", "b"])
    writer.writerows(rows)
    found = read(out.getvalue().encode(), cuts=17, chunk_bytes=64)
    assert [values for _, values, _ in found] == [tuple(value.strip(" \t") or None for value in row) for row in rows]
