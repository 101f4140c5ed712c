"""Records that arrive as JSON: one object, or a list of them, becomes the same kind of chunk that a CSV does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.intake.reading import Chunk, Header, Malformed, field_id
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.streams import GZIP_MAGIC

MOST_RECORDS = 10_000


def records_of(body: bytes) -> list[object]:
    """The records in a JSON body: an object is one record, a list holds many, also below the key `results`."""
    if body.startswith(GZIP_MAGIC):
        raise Refused("The body is a gzip, not JSON. Nothing was taken; send JSON plain, or a CSV as gzip.")
    try:
        document = json.loads(body, object_pairs_hook=_named_once, parse_constant=_no_number)
    except RecursionError:
        raise Refused("The body has lists within lists without end. Nothing was taken; send flat records.") from None
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


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object's values by name. Refused when a name comes twice: which of its values is meant cannot be known."""
    named = dict(pairs)
    if len(named) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"A record names {twice!r} twice. Nothing was taken; leave one of them out and send it again.")
    return named


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no JSON value; leave out what is not known")


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
        if problem is None and isinstance(record, dict):
            told = [(names.get(name) or names.get(field_id(name)), _text(record[name])) for name in record]
            texts = {name: text for name, text in told if name is not None}
            problem = "repeated_name" if len(texts) < sum(name is not None for name, _ in told) else None
            if problem is None:
                flat.append(Flat(number, texts, raw))
                continue
        malformed.append(Malformed(number, number, f"row:{problem}", raw))
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
    folded = [name if name in line_list.ids else field_id(name) for name in used]
    columns = tuple(name if name in line_list.ids else None for name in folded)
    unknown = tuple(name for name, column in zip(used, columns, strict=True) if column is None)
    return Header(columns, unknown, tuple(field.id for field in line_list.read if field.id not in folded), 0)


def _problem(record: object, raw: bytes, longest_field: int) -> str | None:
    if not isinstance(record, dict):
        return "not_a_record"
    if any(isinstance(value, dict | list) for value in record.values()):
        return "nested_value"
    if b"\\u0000" in raw:
        return "nul_byte"
    if b"\\u001f" in raw:
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
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 40.0 is the number 40
    return None if value is None else str(value).strip(" \t") or None
