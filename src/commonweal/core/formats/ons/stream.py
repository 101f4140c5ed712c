"""From the bytes of a file, plain or gzipped, to blocks of whole CSV records.

Nothing here looks at what the columns mean. A file is read once, in blocks, so that memory does not grow with its
size. Rows are numbered as a spreadsheet shows them: the first record of the file is row 1. Every fault that lies in
the bytes themselves (half a gzip, a foreign encoding, a row with too few fields) is refused here.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from commonweal.core.errors import Refused

BLOCK_BYTES = 8 * 1024 * 1024
LONGEST_RECORD = 1024 * 1024  # bytes; the widest official sheet has rows of under 2,000
LONGEST_PREAMBLE = 20  # records before the header of a sheet saved as CSV

_GZIP, _ZIP, _UTF8_MARK = b"\x1f\x8b", b"PK\x03\x04", b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_COMMA, _NEWLINE, _QUOTE = ord(","), ord("\n"), ord('"')

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Whole CSV records, and the row number of the first of them."""

    data: bytes
    first_row: int


def plain(blocks: Iterable[bytes], label: str) -> Iterator[bytes]:
    """The plain bytes of a file, unpacked when it is gzipped, without a byte-order mark.

    Raises `Refused` for an empty file, a zip archive, UTF-16 text, and a gzip that is damaged or cut off.
    """
    source = iter(blocks)
    head = _at_least(source, 4)
    if head.startswith(_ZIP):
        raise Refused(
            f"{label}: this is a zip archive or a workbook. Unpack it, or save the sheet as CSV, and load that."
        )
    stream = _gunzip(head, source, label) if head.startswith(_GZIP) else _chain(head, source)
    head = _at_least(stream, 8)
    if not head.removeprefix(_UTF8_MARK).strip():
        raise Refused(f"{label}: the file is empty. Fetch it again.")
    if head.startswith(_UTF16_MARKS):
        raise Refused(f"{label}: the text is UTF-16. Save it as 'CSV UTF-8' and load that.")
    yield from _chain(head.removeprefix(_UTF8_MARK), stream)


def records(stream: Iterable[bytes], label: str, *, first_row: int = 1) -> Iterator[Block]:
    """The stream cut into blocks that end with a whole record; a newline inside quotes ends no record."""
    carry, row = b"", first_row
    for piece in _sized(stream, BLOCK_BYTES):
        carry += piece
        cut = _last_record_end(carry)
        if cut:
            yield Block(carry[:cut], row)
            row += _record_count(carry[:cut])
        carry = carry[cut:]
        if len(carry) > LONGEST_RECORD:
            raise Refused(
                f"{label}, row {row}: longer than {LONGEST_RECORD:,} bytes. A quotation mark may lack its partner."
            )
    if carry.strip(b"\r\n"):
        yield Block(carry.rstrip(b"\r\n") + b"\n", row)


def field_counts(data: bytes) -> Positions:
    """Number of fields of each record of a block (1-D, one entry a record); quoted commas and newlines do not count."""
    commas, newlines = _separators(data)
    return np.diff(np.searchsorted(commas, newlines), prepend=0) + 1


def cells(data: bytes, label: str) -> list[list[str]]:
    """The records of a small piece of CSV as lists of text; bytes that are not UTF-8 are read as Latin-1."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    try:
        return list(csv.reader(io.StringIO(text)))
    except csv.Error as fault:
        raise Refused(
            f"{label}: this is not CSV as published ({fault}). Save it as 'CSV UTF-8' and load that."
        ) from None


def utf8(block: Block, label: str, *, latin1: bool) -> bytes:
    """The block as UTF-8; Latin-1 is converted where the layout is published so, else the first wrong row is named."""
    try:
        block.data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        if latin1:
            return block.data.decode("latin-1").encode("utf-8")
        row = block.first_row + block.data[: wrong.start].count(b"\n")
        value = block.data[max(0, wrong.start - 10) : wrong.start + 10]
        raise Refused(
            f"{label}, row {row}: {value!r} is not UTF-8. Save the file as 'CSV UTF-8' and load that."
        ) from None
    return block.data


def frame(data: bytes, first_row: int, columns: dict[str, int], width: int, label: str) -> pl.DataFrame:
    """One text column for each of our names, and "row"; an empty field is "".

    `columns` maps our name to the position in the header, `width` is the header's number of fields. Raises `Refused`
    for the first row that is shorter or longer, or whose quotation marks do not fit.
    """
    counts = field_counts(data)
    wrong = np.flatnonzero(counts != width)
    if wrong.size:
        raise _wrong_width(data, first_row, int(wrong[0]), int(counts[wrong[0]]), width, label)
    positions = sorted(set(columns.values()))
    try:
        table = pl.read_csv(
            data, has_header=False, infer_schema=False, empty_string_is_null=False, columns=positions, quote_char='"'
        )
    except pl.exceptions.PolarsError as fault:
        raise Refused(
            f"{label}, from row {first_row}: the quotation marks do not fit ({_first_line(fault)})."
        ) from None
    if table.height != counts.size:
        raise Refused(
            f"{label}, from row {first_row}: {counts.size} rows by their ends, {table.height} by their fields."
        )
    table.columns = [str(position) for position in positions]
    named = [pl.col(str(position)).alias(name) for name, position in columns.items()]
    return table.select(*named, pl.int_range(first_row, first_row + table.height, dtype=pl.Int64).alias("row"))


def _wrong_width(data: bytes, first_row: int, index: int, have: int, width: int, label: str) -> Refused:
    row = cells(data, label)[index]
    end = repr(row[-1][:40]) if row else "nothing"
    word = "short" if have < width else "long"
    return Refused(
        f"{label}, row {first_row + index}: too {word}, {have} fields where the header has {width} "
        f"(it ends with {end}). The file may be cut off; fetch it again."
    )


def _first_line(fault: Exception) -> str:
    return str(fault).splitlines()[0]


def _chain(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _at_least(source: Iterator[bytes], size: int) -> bytes:
    head = b""
    for piece in source:  # a piece may be empty: unpacking begins with a header that gives no text
        head += piece
        if len(head) >= size:
            break
    return head


def _gunzip(head: bytes, source: Iterable[bytes], label: str) -> Iterator[bytes]:
    unpacker, seen = zlib.decompressobj(wbits=31), 0
    for piece in _chain(head, source):
        rest = piece
        while rest:
            if unpacker.eof:  # a gzip may be several, one after the other
                unpacker = zlib.decompressobj(wbits=31)
            try:
                plain_piece = unpacker.decompress(rest, BLOCK_BYTES)
            except zlib.error as fault:
                raise Refused(f"{label}: the gzip is damaged after {seen:,} bytes ({fault}). Fetch it again.") from None
            seen += len(plain_piece)
            yield plain_piece
            rest = unpacker.unused_data.lstrip(b"\0") if unpacker.eof else unpacker.unconsumed_tail
    yield unpacker.flush()
    if not unpacker.eof:
        raise Refused(f"{label}: the gzip breaks off after {seen:,} bytes of text. Fetch it again.")


def _sized(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Pieces gathered into blocks of at least `size` bytes, the last excepted."""
    gathered: list[bytes] = []
    length = 0
    for piece in stream:
        gathered.append(piece)
        length += len(piece)
        if length >= size:
            yield b"".join(gathered)
            gathered, length = [], 0
    if gathered:
        yield b"".join(gathered)


def _last_record_end(data: bytes) -> int:
    """Where the last whole record of the data ends (0: none does)."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    _, newlines = _separators(data)
    return int(newlines[-1]) + 1 if newlines.size else 0


def _record_count(data: bytes) -> int:
    return data.count(b"\n") if b'"' not in data else int(_separators(data)[1].size)


def _separators(data: bytes) -> tuple[Positions, Positions]:
    """Positions of the commas and of the newlines that stand outside quotes."""
    characters = np.frombuffer(data, dtype=np.uint8)
    commas, newlines = characters == _COMMA, characters == _NEWLINE
    if b'"' in data:
        outside = np.cumsum(characters == _QUOTE, dtype=np.uint8) & 1 == 0  # parity survives the wrap at 256
        commas &= outside
        newlines &= outside
    return np.flatnonzero(commas), np.flatnonzero(newlines)
