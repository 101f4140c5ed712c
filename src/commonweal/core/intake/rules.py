"""What each type of field accepts, and what is said of a value that it does not.

A required value that is missing or unreadable rejects the record; an optional one is noted and its text kept. A coded
field whose list has `unknown` takes an empty value as `unknown`, with a note. A code that is not in the list is never
turned into one that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import polars as pl

from commonweal.core.intake import texts, times
from commonweal.core.intake.schema import FALSE_WORDS, TRUE_WORDS, Field

UNKNOWN = "unknown"
_TRUTH = {**dict.fromkeys(TRUE_WORDS, True), **dict.fromkeys(FALSE_WORDS, False)}


class Fate(IntEnum):
    """What the checks alone say of a record; whether it is new, a duplicate or a version is for the store to say."""

    GOOD = 0
    WAITS = 1
    REJECTED = 2


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong: `test` is true where it is. A rule of fate GOOD only leaves a note.

    `unread` names a field whose text could not be read and must be kept beside the record.
    """

    reason: str
    fate: Fate
    test: pl.Expr
    unread: str | None = None


def typed(field: Field, text: pl.Series) -> pl.Series:
    """The values of a field that is neither sealed nor a datetime, null where the text is none."""
    if field.type == "code" and field.values:
        return _codes(field, text)
    if field.type == "integer":
        number = text.cast(pl.Int32, strict=False)
        if number.null_count() > text.null_count():  # statistics programs write a column with gaps as 40.0
            number = text.str.replace(r"\.0+$", "").cast(pl.Int32, strict=False)
        low = field.minimum if field.minimum is not None else -(10**9)
        high = field.maximum if field.maximum is not None else 10**9
        return number.set(~number.is_between(low, high), None)
    if field.type == "boolean":
        return text.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    if field.type == "date":
        return text.to_frame().select(times.day(pl.col(text.name))).to_series()
    return text.to_frame().select(texts.postcode(pl.col(text.name))).to_series() if field.type == "postcode" else text


def _codes(field: Field, text: pl.Series) -> pl.Series:
    """The code where the list has it, whatever its letter case; an empty one is `unknown` if the list has that."""
    kind = pl.Enum(field.values)
    value = text.cast(kind, strict=False)
    if value.null_count() > text.null_count():
        value = text.str.to_lowercase().cast(kind, strict=False)
    if field.required and UNKNOWN in field.values and text.null_count():
        value = value.zip_with(text.is_not_null(), pl.Series([UNKNOWN], dtype=kind))
    return value


def rules_of(field: Field) -> Iterator[Rule]:
    """The rules that concern one field alone; those of a field with a stand-in leave a missing value to the others."""
    text, value = (
        pl.col(f"{field.id}:text"),
        pl.col(times.day_column(field.id) if field.type == "datetime" else field.id),
    )
    fate = Fate.REJECTED if field.required else Fate.GOOD
    unread = None if field.required else field.id
    if field.required and field.instead is None and not field.waits:
        yield _missing(field, text)
    present = text.is_not_null() & value.is_null()
    if field.type == "code" and field.values:
        yield Rule(f"{field.id}:unknown_code", fate, present, unread)
    elif field.type == "integer":
        number = text.str.contains(r"^[+-]?[0-9]+(?:\.0+)?$")
        yield Rule(f"{field.id}:not_a_number", fate, text.is_not_null() & ~number, unread)
        yield Rule(f"{field.id}:out_of_range", fate, present & number, unread)
    elif field.type == "boolean":
        yield Rule(f"{field.id}:not_true_or_false", fate, present, unread)
    elif field.type == "date":
        yield Rule(f"{field.id}:not_a_date", fate, present, unread)
    elif field.type == "datetime":
        yield Rule(f"{field.id}:not_a_date", fate, present, unread)
        yield Rule(f"{field.id}:no_such_time", fate, pl.col(f"{field.id}:skipped"), unread)
        yield Rule(f"{field.id}:repeated_hour", Fate.GOOD, pl.col(f"{field.id}:repeated"))
    elif field.type == "postcode" and not field.waits:
        yield Rule(f"{field.id}:not_a_postcode", fate, text.is_not_null() & ~value.str.contains(texts.POSTCODE_SHAPE))


def _missing(field: Field, text: pl.Expr) -> Rule:
    if UNKNOWN in field.values:
        return Rule(f"{field.id}:not_given", Fate.GOOD, text.is_null())
    return Rule(f"{field.id}:missing", Fate.REJECTED, text.is_null())
