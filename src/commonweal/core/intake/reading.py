"""Streaming reader of a line list as CSV: blocks of bytes in, chunks of text columns out, nothing lost on the way.

Every record of the file appears exactly once: as a row of a chunk's frame, or among its `malformed` with a reason.
Both carry the record's number in the file (1-based, header and blank lines not counted), its line and its raw bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.intake.layout import RETURN, STAND_INS, Layout, layout_of, splittable
from commonweal.core.intake.records import LONGEST_RECORD, Walked, walk
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.streams import UTF8_MARK, check_utf8, plain_bytes

CHUNK_BYTES = 24 << 20
BLANKS = " \t"
# what joins the fields of a record where they are compared or sealed together; no field may have it
SEPARATOR = 0x1F
NOTHING = "Nothing was taken."

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Malformed:
    """A record that has no columns: its number, line, reason (`row:code`) and bytes as received."""

    number: int
    line: int
    reason: str
    raw: bytes


@dataclass(frozen=True)
class Header:
    """What the first line says. `columns` holds, for each column of the file, the field it feeds or None."""

    columns: tuple[str | None, ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    line_count: int


@dataclass(frozen=True)
class Chunk:
    """Some consecutive records. `frame` has one text column a field, without blanks around, null where empty."""

    frame: pl.DataFrame
    number: Numbers
    line: Numbers
    malformed: tuple[Malformed, ...]
    _block: bytes
    _spans: npt.NDArray[np.int64]

    def raw(self, row: int) -> bytes:
        """The bytes of a row as received, without its line end."""
        start, end = self._spans[row].tolist()
        return self._block[start:end].removesuffix(b"\r")


class LineListReader:
    """Reads one file. `header` is there once the object is; then take `chunks()` once.

    `mapping` translates the sender's column names into field ids (names not in it stand for themselves). Refused: an
    empty file, a header with a repeated or a missing column, text that is not UTF-8, half a gzip.
    """

    def __init__(
        self,
        blocks: Iterable[bytes],
        line_list: LineList,
        *,
        mapping: Mapping[str, str] | None = None,
        chunk_bytes: int = CHUNK_BYTES,
        longest_record: int = LONGEST_RECORD,
    ) -> None:
        self._list = line_list
        self._pieces = plain_bytes(blocks)
        self._chunk_bytes = chunk_bytes
        # the first block is smaller, and each next one up to twice as large: what works on them soon has work
        self._size = max(1, chunk_bytes // 8)
        self._longest_record = longest_record
        self._carry, self._ended = b"", False
        self._offset, self._line, self._number = 0, 1, 1
        self.header = self._read_header(mapping or {})

    def chunks(self) -> Iterator[Chunk]:
        """The file's records, about `chunk_bytes` at a time."""
        while True:
            block = self._next_block()
            if not block:
                return
            used, chunk = self._chunk(block)
            self._carry = block[used:] + self._carry
            self._offset += used
            self._line += block.count(b"\n", 0, used)
            if chunk.frame.height or chunk.malformed:
                self._number += chunk.frame.height + len(chunk.malformed)
                yield chunk
            if not used:
                self._fill(len(self._carry) + self._chunk_bytes)

    def _fill(self, wanted: int) -> None:
        pieces, size = [self._carry], len(self._carry)
        while size < wanted and not self._ended:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
            else:
                pieces.append(piece)
                size += len(piece)
        self._carry = b"".join(pieces)
        if self._ended and self._carry and not self._carry.endswith(b"\n"):
            self._carry += b"\n"

    def _next_block(self) -> bytes:
        """The next bytes up to a line feed, checked to be UTF-8; what follows the line feed is kept back."""
        self._fill(self._size)
        self._size = min(2 * self._size, self._chunk_bytes)
        while b"\n" not in self._carry and not self._ended:
            if len(self._carry) > 4 * self._longest_record:
                raise Refused(
                    f"Line {self._line} is longer than {4 * self._longest_record} bytes: this is not a table of test "
                    "results. Nothing was taken; check the file and send it again."
                )
            self._fill(2 * len(self._carry))
        cut = self._carry.rfind(b"\n") + 1
        block, self._carry = self._carry[:cut], self._carry[cut:]
        check_utf8(block, self._offset, self._line)
        return block

    def _read_header(self, mapping: Mapping[str, str]) -> Header:
        block = self._next_block()
        if not block.strip():
            raise Refused("The file is empty: it has no header. Nothing was taken; send the file again.")
        first = next(walk(block, whole=True), None)
        while first is not None and not first.problem and not first.fields:
            block = self._pass_over(block, first.end + 1)
            first = next(walk(block, whole=True), None)
        if first is None or first.problem:
            raise Refused(
                f"The header in line {self._line} has a quote that does not close. Nothing was taken; mend it."
            )
        names = [field.decode().strip() for field in first.fields]
        header = _header(names, mapping, self._list, block.count(b"\n", 0, first.end + 1))
        self._carry = self._pass_over(block, first.end + 1) + self._carry
        return header

    def _pass_over(self, block: bytes, used: int) -> bytes:
        self._offset += used
        self._line += block.count(b"\n", 0, used)
        return block[used:]

    def _chunk(self, block: bytes) -> tuple[int, Chunk]:
        """The records of a block and how many of its bytes they took."""
        whole = self._ended and not self._carry
        layout = layout_of(block, self._longest_record)
        if layout is None or (not layout.used and (whole or len(block) > self._longest_record)):
            return self._walked(block, whole)
        return layout.used, self._split(block, layout)

    def _split(self, block: bytes, layout: Layout) -> Chunk:
        width = len(self.header.columns)
        array = np.frombuffer(block, np.uint8)
        lengths = layout.ends - layout.starts
        blank = (lengths == 0) | ((lengths == 1) & (array[layout.starts] == RETURN))
        number = self._number + np.cumsum(~blank) - 1
        problems = {
            "row:wrong_field_count": (layout.fields != width) & ~blank,
            "row:field_too_long": (layout.longest > self._list.longest_field) & ~blank,
            "row:nul_byte": _with_byte(0, block, layout) & ~blank,
            "row:unit_separator": _with_byte(SEPARATOR, block, layout) & ~blank,
        }
        keep = ~blank & ~np.logical_or.reduce(list(problems.values()))
        spans = np.stack([layout.starts, layout.ends], axis=1)
        malformed = [
            Malformed(
                int(number[row]),
                self._line + int(layout.lines[row]),
                next(reason for reason, rows in problems.items() if rows[row]),
                block[spans[row, 0] : spans[row, 1]].removesuffix(b"\r"),
            )
            for row in np.flatnonzero(~keep & ~blank)
        ]
        text, hidden = splittable(block, layout, keep)
        frame = self._frame(text, width, int(keep.sum()), hidden)
        if len(layout.quotes) or b"\r" in block or _padded(array, layout):
            frame = frame.select(_stripped(name) for name in frame.columns)
        return Chunk(frame, number[keep], self._line + layout.lines[keep], tuple(malformed), block, spans[keep])

    def _frame(self, text: bytes, width: int, height: int, hidden: Numbers) -> pl.DataFrame:
        """The columns of `text`, in which every comma and line feed separates."""
        names = [f"c{column}" for column in range(width)]
        if not height:
            table = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        else:
            # a mark at the start is taken off by the library; here it is the first letter of a cell, not of the file
            marked = UTF8_MARK + text if text.startswith(UTF8_MARK) else text
            table = pl.read_csv(
                io.BytesIO(marked), has_header=False, schema=dict.fromkeys(names, pl.String), quote_char=None
            )
        if table.height != height:
            raise AssertionError(f"{height} records were split into {table.height} rows from line {self._line} on")
        restored = [_restored(names[column]) for column in hidden.tolist() if column < width]
        return self._named(table.with_columns(restored) if restored else table)

    def _named(self, table: pl.DataFrame) -> pl.DataFrame:
        where = {field: column for column, field in enumerate(self.header.columns) if field is not None}
        return table.select(
            pl.col(f"c{where[field.id]}").alias(field.id)
            if field.id in where
            else pl.lit(None, pl.String).alias(field.id)
            for field in self._list.fields
        )

    def _walked(self, block: bytes, whole: bool) -> tuple[int, Chunk]:
        """The records of a block whose quotes are not in order, one by one."""
        width, used, line, number = len(self.header.columns), 0, self._line, self._number
        good: list[tuple[Walked, int, int]] = []
        malformed: list[Malformed] = []
        for record in walk(block, whole=whole, longest_record=self._longest_record):
            raw = block[record.start : record.end]
            if record.fields or record.problem:
                reason = self._problem_of(record, raw, width)
                if reason is None:
                    good.append((record, number, line))
                else:
                    malformed.append(Malformed(number, line, f"row:{reason}", raw.removesuffix(b"\r")))
                number += 1
            used = record.end + 1
            line += raw.count(b"\n") + 1
        rows = [[field.decode().strip(BLANKS) or None for field in record.fields] for record, _, _ in good]
        table = pl.DataFrame(rows, schema={f"c{column}": pl.String for column in range(width)}, orient="row")
        chunk = Chunk(
            self._named(table),
            np.array([n for _, n, _ in good], np.int64),
            np.array([at for _, _, at in good], np.int64),
            tuple(malformed),
            block,
            np.array([(record.start, record.end) for record, _, _ in good], np.int64).reshape(-1, 2),
        )
        return used, chunk

    def _problem_of(self, record: Walked, raw: bytes, width: int) -> str | None:
        if record.problem:
            return record.problem
        if len(record.fields) != width:
            return "wrong_field_count"
        if record.longest > self._list.longest_field:
            return "field_too_long"
        if b"\0" in raw:
            return "nul_byte"
        return "unit_separator" if bytes([SEPARATOR]) in raw else None


def _padded(array: npt.NDArray[np.uint8], layout: Layout) -> bool:
    """Whether any unquoted field begins or ends with a blank."""
    if not layout.used:
        return False
    around = np.concatenate((array[layout.separators[:-1] + 1], array[layout.separators - 1], array[:1]))
    return bool(((around == ord(BLANKS[0])) | (around == ord(BLANKS[1]))).any())


def _stripped(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars(BLANKS)
    return pl.when(text.str.len_bytes() > 0).then(text).alias(column)


def _with_byte(byte: int, block: bytes, layout: Layout) -> npt.NDArray[np.bool_]:
    """The records in which a byte occurs."""
    rows = np.zeros(len(layout.starts), bool)
    if bytes([byte]) in block:
        rows[np.searchsorted(layout.ends, np.flatnonzero(np.frombuffer(block, np.uint8, layout.used) == byte))] = True
    return rows


def _restored(column: str) -> pl.Expr:
    """The column with the stand-ins turned back into what they stood for."""
    text = pl.col(column)
    for byte, stand_in in STAND_INS.items():
        text = text.str.replace_all(chr(stand_in), chr(byte), literal=True)
    return text


def _header(names: list[str], mapping: Mapping[str, str], line_list: LineList, line_count: int) -> Header:
    wanted = {field.id: field.id for field in line_list.fields}
    folded = {name.strip().lower(): field for name, field in mapping.items()}
    columns = [wanted.get(folded.get(name.lower(), field_id(name))) for name in names]
    _refuse_repeated(names, columns)
    present = frozenset(column for column in columns if column is not None)
    missing = line_list.missing_columns(present)
    if missing:
        raise Refused(_missing_sentence(names, missing, any_known=bool(present)))
    absent = tuple(field.id for field in line_list.read if field.id not in present)
    unknown = tuple(name for name, column in zip(names, columns, strict=True) if column is None)
    return Header(tuple(columns), unknown, absent, line_count)


def field_id(name: str) -> str:
    """A heading as a field id would be written: small letters, `Record ID` and `record-id` as `record_id`."""
    return "_".join(name.lower().replace("-", " ").split())


def _refuse_repeated(names: list[str], columns: list[str | None]) -> None:
    keys = [column or name.lower() for name, column in zip(names, columns, strict=True)]
    for position, key in enumerate(keys):
        first = keys.index(key)
        if key and first < position:
            raise Refused(
                f"Column {position + 1} of the header, {names[position]!r}, repeats column {first + 1}, "
                f"{names[first]!r}. Nothing was taken: leave one of them out and send the file again."
            )


def _missing_sentence(names: list[str], missing: list[str], *, any_known: bool) -> str:
    sentence = f"The header lacks {', '.join(missing)}; nothing was taken. "
    for mark, kind in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and mark in names[0]:
            return (
                f"The columns are separated by {kind}: save the file with commas and send it again. Nothing was taken."
            )
    if any("\r" in name for name in names):
        return f"The lines end in a carriage return only: save the file with LF or CRLF and send it again. {NOTHING}"
    if not any_known:
        return sentence + (
            "None of its names is one of the line list's: the first line must hold the names, without a title above "
            "it. Rename the columns, or match them once on the feed's upload page, and send the file again."
        )
    return sentence + (
        "Add the columns (named by the field ids of the line list), or match other names once on the feed's upload "
        "page, and send the file again."
    )
