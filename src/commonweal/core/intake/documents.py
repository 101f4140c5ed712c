"""Records that arrive as JSON: one object, or a list of them, becomes the same kind of chunk that a CSV does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.intake.reading import Chunk, Header, Malformed
from commonweal.core.intake.schema import LineList

MOST_RECORDS = 10_000


def records_of(body: bytes) -> list[object]:
    """The records in a JSON body: an object is one record, a list holds many, also below the key `results`."""
    try:
        document = json.loads(body)
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused(
            f"The body is not JSON in UTF-8 ({error}). Nothing was taken; send one record or a list."
        ) from None
    if isinstance(document, dict) and isinstance(document.get("results"), list):
        document = document["results"]
    records = document if isinstance(document, list) else [document]
    if len(records) > MOST_RECORDS:
        raise Refused(
            f"The body has {len(records)} records; at most {MOST_RECORDS} fit in one JSON body. Nothing was taken: "
            "send "
            "smaller batches, or a CSV."
        )
    return records


@dataclass(frozen=True)
class Flat:
    """A record of texts by field id: its number in the body, and what was received."""

    number: int
    texts: dict[str, str | None]
    raw: bytes


def flat_records(
    records: Sequence[object], line_list: LineList, *, mapping: Mapping[str, str] | None = None
) -> tuple[list[Flat], list[Malformed]]:
    """Numbers and truth values become text; what is no flat record is malformed, with the reason."""
    names = {field.id: field.id for field in line_list.fields} | dict(mapping or {})
    flat: list[Flat] = []
    malformed: list[Malformed] = []
    for number, record in enumerate(records, start=1):
        raw = json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
        problem = _problem(record, raw, line_list.longest_field)
        if problem is not None or not isinstance(record, dict):
            malformed.append(Malformed(number, number, f"row:{problem}", raw))
        else:
            flat.append(Flat(number, {names[name]: _text(record[name]) for name in record if name in names}, raw))
    return flat, malformed


def chunk_of(flat: Sequence[Flat], malformed: Sequence[Malformed], line_list: LineList) -> Chunk:
    """Flat records as the chunk that a CSV of them would have been."""
    ends = np.cumsum([len(record.raw) for record in flat], dtype=np.int64)
    spans = np.stack([np.concatenate((ends[:0], [0], ends[:-1]))[: len(ends)], ends], axis=1)
    frame = pl.DataFrame(
        [record.texts for record in flat], schema=dict.fromkeys(line_list.ids, pl.String), orient="row"
    )
    numbers = np.array([record.number for record in flat], np.int64)
    return Chunk(frame, numbers, numbers, tuple(malformed), b"".join(record.raw for record in flat), spans)


def header_of(records: Sequence[object], line_list: LineList) -> Header:
    """Which names the records use that are no fields, and which fields none of them has."""
    used = dict.fromkeys(name for record in records if isinstance(record, dict) for name in record)
    columns = tuple(name if name in line_list.ids else None for name in used)
    unknown = tuple(name for name in used if name not in line_list.ids)
    return Header(columns, unknown, tuple(field.id for field in line_list.read if field.id not in used), 0)


def _problem(record: object, raw: bytes, longest_field: int) -> str | None:
    if not isinstance(record, dict):
        return "not_a_record"
    if any(isinstance(value, dict | list) for value in record.values()):
        return "nested_value"
    if "\\u0000" in json.dumps(record) or b"\0" in raw:
        return "nul_byte"
    if "\\u001f" in json.dumps(record):
        return "unit_separator"
    try:
        raw.decode()
    except UnicodeDecodeError:
        return "not_unicode"
    if any(isinstance(value, str) and len(value.encode()) > longest_field for value in record.values()):
        return "field_too_long"
    return None


def _text(value: object) -> str | None:
    """A JSON value as the text a CSV would have had."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value).strip(" \t") or None
