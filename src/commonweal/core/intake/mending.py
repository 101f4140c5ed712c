"""Records that were not taken, written so that they can be mended and sent again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOTE = "what_to_mend"
_LEFT_OUT = "left_out_{}"


@dataclass(frozen=True)
class HeldRow:
    """One record as received: a line of CSV or a JSON object, and in words why it was not taken."""

    row_number: int
    raw: bytes
    note: str


def as_csv(rows: Sequence[HeldRow], columns: Sequence[str] | None) -> bytes:
    """A CSV to mend and send: first what to mend (no field, so intake leaves it out), then the record's own columns.

    `columns` holds for each column as sent the field it feeds, empty where none; None for records sent as JSON. Lines
    that have more or fewer values than columns stand as they were received.
    """
    if columns is None:
        return _from_json(rows)
    names = [NOTE, *(name or _LEFT_OUT.format(place) for place, name in enumerate(columns, 1))]
    out = io.BytesIO()
    out.write(_line(names))
    for row in rows:
        out.write(_line([row.note]).rstrip(b"\n") + b"," + row.raw + b"\n")
    return out.getvalue()


def values_of(row: HeldRow, columns: Sequence[str] | None) -> dict[str, str]:
    """The record's values by field, empty ones left out; nothing for a record that cannot be read as columns."""
    if columns is None:
        found = json.loads(row.raw)
        return {name: _text(value) for name, value in found.items() if value is not None} if _plain(found) else {}
    cells = next(csv.reader(io.StringIO(row.raw.decode("utf-8", "replace"), newline="")), [])
    if len(cells) != len(columns):
        return {}
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name and cell.strip()}


def one_record(values: Mapping[str, str]) -> bytes:
    """A CSV of one record."""
    return _line(list(values)) + _line(list(values.values()))


def _from_json(rows: Sequence[HeldRow]) -> bytes:
    found = [values_of(row, None) for row in rows]
    names = list(dict.fromkeys(name for values in found for name in values))
    lines = [_line([NOTE, *names])]
    lines += [
        _line([row.note, *(values.get(name, "") for name in names)]) for row, values in zip(rows, found, strict=True)
    ]
    return b"".join(lines)


def _plain(found: object) -> bool:
    return isinstance(found, dict) and not any(isinstance(value, dict | list) for value in found.values())


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
