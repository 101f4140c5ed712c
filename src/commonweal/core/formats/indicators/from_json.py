"""Records as JSON, as interfaces answer: a list of objects, alone or under a name, as a table of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from commonweal.core.errors import Refused

RECORDS = ("body", "data")  # the names under which the dashboard's interface gives its records


def table(text: str, label: str, known: Mapping[str, str]) -> pl.DataFrame:
    """A column for every name in the records, in the order in which they first stand; null where a record lacks it.

    known: names as readers look for them, by themselves in small letters. Numbers keep the letters of the file. Raises
    `Refused` for what is no JSON or no list of records, and for a name that stands twice in one.
    """
    try:
        answer = json.loads(text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise Refused(
            f"{label}: this is no whole JSON: {error.msg} in line {error.lineno}, column {error.colno}. Fetch it again."
        ) from None
    except RecursionError:
        raise Refused(f"{label}: this JSON is nested too deep for a list of records. Fetch it again.") from None
    except _TwiceError as error:
        raise Refused(f"{label}: the name {error.args[0]!r} stands twice in one record. Keep the one meant.") from None
    records = _records(answer, label)
    names = list(dict.fromkeys(name for record in records for name in record))
    if not names:
        raise Refused(f"{label}: its list of records is empty. Ask the interface for a place and days that it has.")
    columns = {name: known.get(name.casefold(), name) for name in names}
    twice = [name for name in columns.values() if list(columns.values()).count(name) > 1]
    if twice:
        raise Refused(f"{label}: the heading {twice[0]!r} stands twice. Keep the column that is meant.")
    cells = {columns[name]: [_text(record.get(name)) for record in records] for name in names}
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def _records(answer: Any, label: str) -> list[dict[str, Any]]:
    found = answer
    if isinstance(answer, dict):
        found = next((answer[name] for name in RECORDS if name in answer), None)
    if not isinstance(found, list):
        names = ", ".join(list(answer)[:6]) if isinstance(answer, dict) else type(answer).__name__
        raise Refused(
            f"{label}: it has no list of records, alone or under {' or '.join(RECORDS)} (it has {names or 'nothing'}). "
            "Save the whole answer of the interface."
        )
    wrong = next((number for number, record in enumerate(found, 1) if not isinstance(record, dict)), None)
    if wrong is not None:
        raise Refused(f"{label}, record {wrong}: {str(found[wrong - 1])[:40]!r} is no record with names and values.")
    return found


class _TwiceError(ValueError):
    """A name stands twice in one object; which of the two is meant cannot be told."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return made


def _text(value: Any) -> str | None:
    """A value as the letters of a cell; lists and objects stand as JSON, which no column of numbers takes."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
