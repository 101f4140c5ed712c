"""Where records and fields of a well-formed CSV block begin and end, found with array operations.

The grammar is strict RFC 4180 with LF or CRLF: a field is quoted exactly when its first byte is a quote; inside it a
quote is written twice. `layout_of` answers only for blocks in which counting quotes provably gives the same reading
as walking byte by byte; for any other block it answers None and `records.walk` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

COMMA, NEWLINE, RETURN, QUOTE = 44, 10, 13, 34
# stand-ins for what must not separate while a block is split; a block that needs them and has them itself is walked
STAND_INS = {COMMA: 0x1F, NEWLINE: 0x1D, RETURN: 0x1E}


@dataclass(frozen=True)
class Layout:
    """The records of a block.

    `starts`/`ends` are byte positions of each record without its line feed (a carriage return is still inside);
    `fields` counts them, `longest` is the length of each record's longest field in bytes as written, `lines` the number
    of line feeds before the record, `used` the first byte after the last whole record.
    """

    starts: Positions
    ends: Positions
    fields: Positions
    longest: Positions
    lines: Positions
    used: int
    quotes: Positions
    separators: Positions
    first_separator: Positions


def layout_of(block: bytes, longest_record: int) -> Layout | None:
    """The layout of whole records in `block`, which must start at a record and end with a line feed.

    None also where a record is as long as `longest_record` bytes: whether it is one is for the walk to say.
    """
    array = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(array == QUOTE)
    is_separator = (array == COMMA) | (array == NEWLINE)
    separators = np.flatnonzero(is_separator)
    if (len(quotes) or b"\r" in block) and any(bytes([mark]) in block for mark in STAND_INS.values()):
        return None
    if len(quotes):
        if not _well_formed(array, quotes):
            return None
        separators = separators[np.searchsorted(quotes, separators) % 2 == 0]
    last_field = np.flatnonzero(array[separators] == NEWLINE)
    if not len(last_field):
        return _nothing(quotes)
    ends = separators[last_field]
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts >= longest_record).any():
        return None
    first = np.concatenate(([0], last_field[:-1] + 1))
    separators = separators[: last_field[-1] + 1]
    lengths = np.diff(separators, prepend=-1) - 1
    newlines = np.flatnonzero(array == NEWLINE) if len(quotes) else ends
    used = int(ends[-1]) + 1
    return Layout(
        starts=starts,
        ends=ends,
        fields=last_field - first + 1,
        longest=np.maximum.reduceat(lengths, first),
        lines=np.searchsorted(newlines, starts),
        used=used,
        quotes=quotes[quotes < used],
        separators=separators,
        first_separator=first,
    )


def _nothing(quotes: Positions) -> Layout:
    none = np.zeros(0, np.int64)
    return Layout(none, none, none, none, none, 0, quotes[:0], none, none)


def _well_formed(array: npt.NDArray[np.uint8], quotes: Positions) -> bool:
    """Whether every quote that counts as opening stands first in a field and every closing one last.

    By induction along the block this makes the parity of quotes equal to the state of a reader that walks it: an
    opening quote follows a separator (or is the second of a doubled pair), a closing one is followed by a separator,
    a line end or the second of a doubled pair.
    """
    opening, closing = quotes[0::2], quotes[1::2]
    before = array[np.maximum(opening - 1, 0)]
    good_before = (opening == 0) | (before == COMMA) | (before == NEWLINE) | (before == QUOTE)
    after = array[closing + 1]
    next_but_one = array[np.minimum(closing + 2, len(array) - 1)]
    good_after = (
        (after == COMMA) | (after == NEWLINE) | (after == QUOTE) | ((after == RETURN) & (next_but_one == NEWLINE))
    )
    return bool(good_before.all() and good_after.all())


def splittable(block: bytes, layout: Layout, keep: npt.NDArray[np.bool_]) -> tuple[bytes, Positions]:
    """The kept records as bytes in which every comma and line feed separates, and the columns where some were hidden.

    Enclosing quotes and the second of each doubled pair are removed, and the carriage return of a record's end; commas
    and line feeds inside quotes and all other carriage returns become their STAND_INS. Blank records must not be kept.
    """
    if not len(layout.quotes) and keep.all() and b"\r" not in block:
        return block[: layout.used], np.zeros(0, np.int64)
    array = np.frombuffer(block, np.uint8, layout.used).copy()
    stays = np.ones(layout.used, bool)
    returns = layout.ends[(layout.ends > layout.starts) & (array[layout.ends - 1] == RETURN)] - 1
    stays[returns] = False
    inner = _inner(array, layout, stays)
    if len(layout.quotes):
        stays[_superfluous_quotes(layout.quotes)] = False
    for start, end in zip(layout.starts[~keep].tolist(), layout.ends[~keep].tolist(), strict=True):
        stays[start : end + 1] = False
    for byte, stand_in in STAND_INS.items():
        array[inner[array[inner] == byte]] = stand_in
    return array[stays].tobytes(), _columns_of(inner, layout)


def _inner(array: npt.NDArray[np.uint8], layout: Layout, stays: npt.NDArray[np.bool_]) -> Positions:
    """Where a comma, line feed or carriage return belongs to a value."""
    lone_returns = np.flatnonzero((array == RETURN) & stays)
    if not len(layout.quotes):
        return lone_returns
    candidates = np.flatnonzero((array == COMMA) | (array == NEWLINE))
    inside = np.searchsorted(layout.quotes, candidates) % 2 == 1
    return np.concatenate((candidates[inside], lone_returns))


def _columns_of(positions: Positions, layout: Layout) -> Positions:
    """The numbers of the columns in which the positions lie."""
    if not len(positions):
        return positions
    field = np.searchsorted(layout.separators, positions)
    record = np.searchsorted(layout.first_separator, field, side="right") - 1
    return np.unique(field - layout.first_separator[record])


def _superfluous_quotes(quotes: Positions) -> Positions:
    """All quotes but the first of each doubled pair (a closing one directly followed by an opening one)."""
    closing, next_opening = quotes[1:-1:2], quotes[2::2]
    return np.setdiff1d(quotes, closing[closing + 1 == next_opening], assume_unique=True)
