"""Records that arrive as JSON: one object, or a list of them, becomes the same kind of chunk that a CSV does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

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
            f"The body has {len(records)} records; at most {MOST_RECORDS} fit in one JSON body. Nothing was taken: send "
            "smaller batches, or a CSV."
        )
    return records


def chunk_of(records: Sequence[object], line_list: LineList, *, mapping: Mapping[str, str] | None = None) -> Chunk:
    """The records as a chunk: numbers and truth values become text; an object that is no flat record is malformed."""
    rows: list[dict[str, str | None]] = []
    numbers, raws, malformed = [], [], []
    names = {field.id: field.id for field in line_list.fields} | dict(mapping or {})
    for number, record in enumerate(records, start=1):
        raw = json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
        problem = _problem(record, raw, line_list.longest_field)
        if problem or not isinstance(record, dict):
            malformed.append(Malformed(number, number, f"row:{problem}", raw))
            continue
        rows.append({names[name]: _text(value) for name, value in record.items() if name in names})
        numbers.append(number)
        raws.append(raw)
    ends = np.cumsum([len(raw) for raw in raws], dtype=np.int64)
    spans = np.stack([np.concatenate(([0], ends[:-1])) if len(ends) else ends, ends], axis=1)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(line_list.ids, pl.String), orient="row")
    counted = np.array(numbers, np.int64)
    return Chunk(frame, counted, counted, tuple(malformed), b"".join(raws), spans)


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
