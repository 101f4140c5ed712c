"""The slow reader of CSV records: walks field by field, and names what is wrong with a record's quotes.

It reads every block that `layout.layout_of` cannot vouch for, and its recovery rule is the rule of the format: a record
whose quotes are wrong is rejected by its first line alone, and reading goes on with the next line. So one stray quote
never swallows the good records after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# a record longer than this is taken to have lost a quote (or not to be a record at all)
LONGEST_RECORD = 16 << 20

# atomic: without it the first quote of a doubled pair could be taken for the closing one when the real one is missing
_QUOTED = re.compile(rb'"((?>[^"]*(?:""[^"]*)*))"')
_BARE = re.compile(rb"[^,\n]*")


@dataclass(frozen=True)
class Walked:
    """One record: byte span without its line feed, its fields as text bytes, or what is wrong with it."""

    start: int
    end: int
    fields: tuple[bytes, ...]
    problem: str | None = None
    longest: int = 0


def walk(block: bytes, *, whole: bool, longest_record: int = LONGEST_RECORD) -> Iterator[Walked]:
    """The records of `block`, which starts at a record and ends with a line feed.

    `whole` says that nothing follows the block; otherwise the walk stops before a record that may go on beyond it.
    A blank line is a record without fields. Problems are `stray_quote` and `unterminated_quote`.
    """
    position = 0
    while position < len(block):
        line_end = block.index(b"\n", position)
        if line_end - position < longest_record and not _opens_quote(block, position, line_end):
            record: Walked | None = _unquoted(block, position, line_end)
        else:
            record = _record(block, position, whole, longest_record)
        if record is None:
            return
        yield record
        position = record.end + 1


def _opens_quote(block: bytes, start: int, end: int) -> bool:
    """Whether any field of the line begins with a quote."""
    return block.startswith(b'"', start) or block.find(b',"', start, end) >= 0


def _unquoted(block: bytes, start: int, end: int) -> Walked:
    """A line without any quoted field: what `_record` answers for it, only sooner."""
    fields = block[start:end].split(b",")
    longest = max(map(len, fields))
    last = fields.pop().removesuffix(b"\r")
    return _finished(start, end, fields, last, longest)


def _record(block: bytes, start: int, whole: bool, longest_record: int) -> Walked | None:
    """The record at `start`, or None when it may go on beyond the block."""
    fields: list[bytes] = []
    position, longest, limit = start, 0, min(len(block), start + longest_record)
    while True:
        quoted = block[position : position + 1] == b'"'
        match = (_QUOTED if quoted else _BARE).match(block, position, limit)
        if match is None or match.end() >= limit:
            if limit == len(block) and not whole:
                return None
            return _first_line(block, start, "unterminated_quote" if quoted else "record_too_long")
        end = match.end()
        text = match[1].replace(b'""', b'"') if quoted else match[0]
        mark = block[end : end + 1]
        if quoted and mark == b"\r" and block[end + 1 : end + 2] == b"\n":
            end, mark = end + 1, b"\n"
        longest = max(longest, end - position)
        if mark == b"\n":
            return _finished(start, end, fields, text if quoted else text.removesuffix(b"\r"), longest)
        if mark != b",":
            return _first_line(block, start, "stray_quote")
        fields.append(text)
        position = end + 1


def _finished(start: int, end: int, fields: list[bytes], last: bytes, longest: int) -> Walked:
    blank = not fields and not last and end - start <= 1
    return Walked(start, end, () if blank else (*fields, last), longest=longest)


def _first_line(block: bytes, start: int, problem: str) -> Walked:
    return Walked(start, block.index(b"\n", start), (), problem)
