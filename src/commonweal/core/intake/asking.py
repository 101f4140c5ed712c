"""Whom somebody asks about, in the normal forms that records are linked by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.intake import texts
from commonweal.core.intake.identifiers import Hasher, Kind, label

Identifier = tuple[int, bytes]


def identifiers_of(
    hashers: Sequence[Hasher], *, nhs_number: str | None, name: str | None, born: date | None, postcode: str | None
) -> list[Identifier]:
    """(kind, hash) of everything that is given, under each key; name, birth date and postcode only together.

    Raises `Refused` for an NHS number whose check digit is wrong, and for a name in which no letter is left.
    """
    given: list[tuple[Kind, str]] = []
    if nhs_number:
        digits = texts.nhs_number(pl.Series([nhs_number], dtype=pl.String))[0]
        if digits is None:
            raise Refused(
                "This is no NHS number: it has ten digits, the last of which checks the others. Read it again."
            )
        given.append((Kind.NHS, str(digits)))
    if name and born and postcode:
        words = texts.name(name)
        if words is None:
            raise Refused(f"The name {name!r} has no letter. Give it as the person writes it.")
        code = pl.select(texts.postcode(pl.lit(postcode))).item()
        given.append((Kind.NAME_BIRTH_POSTCODE, f"{words}\x1f{born.isoformat()}\x1f{code}"))
    return [(int(kind), hasher.one(label(kind, ""), text)) for kind, text in given for hasher in hashers]
