"""Postcodes: one spelling for each, and which territory it belongs to.

The key of a postcode is upper case without spaces ("LE11AA"); people read it with one space before the last three
characters ("LE1 1AA"). Whether a well-formed postcode exists is not decided here: a loaded postcode file says so.
`normalise` and `normalised` follow the same rule, one for a single text and one for a polars column.
"""

from __future__ import annotations

import re

import polars as pl

# What senders put between and around the characters: spaces of all kinds, full stops, hyphens, quotes, underscores.
_IGNORED = "[ \\t\\r\\n\\u00a0\\u2000-\\u200b\\u202f\\u3000\\ufeff.\\-\\u2010-\\u2015'\"_]"

# Outward part: 1-2 letters, a digit, perhaps a digit or letter; or the two historic exceptions. Inward part: a digit
# and two letters that are never C, I, K, M, O or V, but in the pseudo postcodes of health records (ZZ99 3VZ). Wider
# than today's live postcodes, so that terminated ones (W1N 2AB, NPT 1AA) keep their key.
_WELL_FORMED = (
    "^(?:(?:[A-Za-z]{1,2}[0-9][A-Za-z0-9]?|[Gg][Ii][Rr]|[Nn][Pp][Tt])[0-9][ABD-HJLNP-UW-Zabd-hjlnp-uw-z]{2}"
    "|[Zz]{2}99[0-9][A-Za-z]{2})$"
)

_ignored = re.compile(_IGNORED)
_well_formed = re.compile(_WELL_FORMED.removesuffix("$") + r"\Z")
_letters = re.compile("[A-Z]+")

GREAT_BRITAIN = "great britain"
NORTHERN_IRELAND = "northern ireland"
NORTHERN_IRELAND_LETTERS = "BT"

# Letters before the first digit -> territory, where that is not Great Britain.
_TERRITORY = {
    NORTHERN_IRELAND_LETTERS: NORTHERN_IRELAND,
    "JE": "jersey",
    "GY": "guernsey",
    "IM": "isle of man",
    "GX": "gibraltar",
    "BF": "forces post office",
    "ZZ": "pseudo",
}


def normalise(text: str | None) -> str | None:
    """The key of a postcode as written by anybody, or None when the text is not a well-formed UK postcode.

    Spaces, full stops, hyphens and quotes are ignored and letters raised to upper case. Look-alike characters (the
    letter O for a zero) are not corrected, because a guess would move a person to another place.

    Examples: " le1  1aa " -> "LE11AA"; "75001" -> None; "" -> None; None -> None.
    """
    if text is None:
        return None
    bare = _ignored.sub("", text)
    return bare.upper() if _well_formed.match(bare) else None


def normalised(column: str | pl.Expr) -> pl.Expr:
    """`normalise` for a polars string column: the key, or null."""
    written = pl.col(column) if isinstance(column, str) else column
    bare = written.str.replace_all(_IGNORED, "")
    return pl.when(bare.str.contains(_WELL_FORMED)).then(bare.str.to_uppercase())


def spaced(key: str) -> str:
    """A key as people write it: "LE11AA" -> "LE1 1AA"."""
    return f"{key[:-3]} {key[-3:]}"


def sector(key: str) -> str:
    """The postcode sector of a key: "LE11AA" -> "LE1 1"."""
    return spaced(key)[:-2]


def territory(key: str) -> str:
    """Which territory a key belongs to: "great britain", "northern ireland", "jersey", ..., "pseudo".

    Northern Ireland matters because its postcodes have a licence of their own and are not loaded; the Crown
    dependencies, forces and pseudo postcodes because they are real answers that no English area contains.
    """
    letters = _letters.match(key)
    return _TERRITORY.get(letters.group(), GREAT_BRITAIN) if letters else GREAT_BRITAIN


def territory_of(column: str | pl.Expr) -> pl.Expr:
    """`territory` for a polars column of keys; null stays null."""
    key = pl.col(column) if isinstance(column, str) else column
    letters = key.str.extract("^([A-Z]+)", 1)
    return (
        pl.when(key.is_null())
        .then(None)
        .otherwise(letters.replace_strict(_TERRITORY, default=GREAT_BRITAIN, return_dtype=pl.String))
    )


def spaced_column(column: str | pl.Expr) -> pl.Expr:
    """`spaced` for a polars column of keys."""
    key = pl.col(column) if isinstance(column, str) else column
    return key.str.head(-3) + " " + key.str.tail(3)
