"""Which of the records that were not taken concern one person: by what they are known by, in whatever column it stands.

A record that was taken is found by the hashes it was linked by. One that was not taken has none: a column may be
missing, a cell may be unreadable, the whole line may not split. So each is compared twice: by the identifiers of its
columns, as they would have been linked by, and by what was asked for, looked for in the text as it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from commonweal.core.intake import texts, times
from commonweal.core.intake.identifiers import Hasher, Kind, label, texts_of

_COLUMNS = ("nhs_number", "full_name", "date_of_birth", "postcode", "person_id")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ -](?=\d)")
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d")


@dataclass(frozen=True)
class Written:
    """One record as received: the name of its feed, its values by field (none where it does not split), its text."""

    feed: str
    values: Mapping[str, str]
    raw: bytes


@dataclass(frozen=True)
class Person:
    """Who is looked for: the keyed hashes that a person is known by and, in plain, what was asked with.

    hashes: of every identifier linked to the person. The others as somebody typed them; a name counts only with birth
    date and postcode.
    """

    hashes: frozenset[bytes]
    nhs_number: str | None = None
    name: str | None = None
    born: date | None = None
    postcode: str | None = None


def concerning(records: Sequence[Written], person: Person, hashers: Sequence[Hasher]) -> list[bool]:
    """For each record whether it concerns the person."""
    if not records:
        return []
    looked_for = _TextOf(person)
    return [
        bool(known & person.hashes) or looked_for.stands_in(record.raw)
        for record, known in zip(records, _hashes(records, hashers), strict=True)
    ]


def _hashes(records: Sequence[Written], hashers: Sequence[Hasher]) -> list[set[bytes]]:
    """The hashes by which each record would have been linked, under every key."""
    columns = {name: [record.values.get(name) for record in records] for name in _COLUMNS}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(_COLUMNS, pl.String))
    linking = texts_of(
        frame.select(
            texts.nhs_number(frame["nhs_number"]).alias("link_nhs"),
            texts.names(frame["full_name"]).alias("link_name"),
            _day(pl.col("date_of_birth")).alias("link_born"),
            texts.postcode(pl.col("postcode")).alias("postcode"),
            pl.col("person_id"),
        )
    )
    found: list[set[bytes]] = []
    for record, row in zip(records, linking.iter_rows(named=True), strict=True):
        given = [(kind, row[kind.name]) for kind in Kind if row[kind.name]]
        found.append({hasher.one(label(kind, record.feed), text) for kind, text in given for hasher in hashers})
    return found


def _day(text: pl.Expr) -> pl.Expr:
    """A birth date also where it was written in a form that intake takes for none: that may be why it was rejected."""
    return pl.coalesce(times.day(text), *(text.str.to_date(form, strict=False) for form in _DAYS[1:]))


class _TextOf:
    """What was asked for, in the forms in which it may stand anywhere in a text."""

    def __init__(self, person: Person) -> None:
        digits = re.sub(r"\D", "", person.nhs_number or "")
        self._number = re.compile(rf"(?<!\d){digits}(?!\d)") if digits else None
        self._days: tuple[str, ...] = ()
        if person.name and person.born and person.postcode:
            self._words = set((texts.name(person.name) or "").split())
            self._code = re.sub(r"[^0-9A-Z]", "", person.postcode.upper())
            self._days = tuple(person.born.strftime(form) for form in _DAYS)

    def stands_in(self, raw: bytes) -> bool:
        text = raw.decode("utf-8", "replace")
        if self._number is not None and self._number.search(_BETWEEN_DIGITS.sub("", text)):
            return True
        return any(day in text for day in self._days) and self._is_named(text)

    def _is_named(self, text: str) -> bool:
        compact = re.sub(r"[^0-9A-Z]", "", text.upper())
        return bool(self._words) and self._words <= set((texts.name(text) or "").split()) and self._code in compact
