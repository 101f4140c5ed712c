"""Stated normal forms of the texts that records are compared and linked by.

* postcode: upper case, letters and digits only (`le1 1aa` -> `LE11AA`);
* NHS number: its ten digits, spaces and hyphens dropped, kept only when the check digit (modulus 11) is right;
* name: decomposed, Latin accents dropped, upper case, everything that is no letter or vowel sign a space, the words
  sorted (`Müller-Lüdenscheidt, Ann` -> `ANN LUDENSCHEIDT MULLER`). Letters of other scripts stay as they are.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import polars as pl

POSTCODE_SHAPE = (
    r"^(?:GIR0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Z][0-9](?:[0-9]|[ABEHMNPRV-Y])?|[0-9][A-HJKPS-UW])"
    r"[0-9][ABD-HJLNP-UW-Z]{2})$"
)
# postal codes of other countries: digits only or digits with two letters, Canadian, Irish
FOREIGN_SHAPE = r"^(?:[0-9]{4,9}|[0-9]{4}[A-Z]{2}|[A-Z][0-9][A-Z][0-9][A-Z][0-9]|(?:[A-Z][0-9]{2}|D6W)[0-9A-Z]{4})$"
# codes that the health service writes where there is no address in the United Kingdom
PSEUDO_SHAPE = r"^ZZ99"
# upper case for ASCII letters, a space for every other byte
_LETTERS = bytes(code - 32 if 97 <= code <= 122 else code if 65 <= code <= 90 else 32 for code in range(256))


def postcode(text: pl.Expr) -> pl.Expr:
    """Upper case, letters and digits only."""
    return text.str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")


def nhs_number(text: pl.Series) -> pl.Series:
    """The ten digits of valid NHS numbers, null elsewhere.

    The first nine digits weighted 10 to 2 are summed; 11 less the remainder of division by 11 is the check digit, 11
    counts as 0 and 10 is never issued.
    """
    digits = text.str.replace_all(r"[ -]", "")
    shaped = digits.str.contains(r"^[0-9]{10}$").fill_null(value=False)
    number = digits.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    rest, weighted = number // 10, np.zeros(len(number), np.int64)
    for weight in range(2, 11):
        shorter = rest // 10
        weighted += (rest - shorter * 10) * weight
        rest = shorter
    check = 11 - weighted % 11
    right = shaped.to_numpy() & (check % 11 == number % 10) & (check != 10)
    return digits.zip_with(pl.Series(right), pl.Series([None], dtype=pl.String))


def names(text: pl.Series) -> pl.Series:
    """`name` of every text."""
    raw = text.cast(pl.Binary).to_list()
    words = [
        None if name is None else _ascii_name(name) if name.isascii() else _any_name(name.decode()) for name in raw
    ]
    return pl.Series(text.name, words, dtype=pl.String)


def name(text: str) -> str | None:
    """The words of a name in their normal form, sorted, with one space between; None where no letter is left."""
    return _ascii_name(text.encode()) if text.isascii() else _any_name(text)


def _ascii_name(text: bytes) -> str | None:
    return b" ".join(sorted(text.translate(_LETTERS).split())).decode() or None


def _any_name(text: str) -> str | None:
    plain = "".join(mark for mark in unicodedata.normalize("NFD", text) if not "\u0300" <= mark <= "\u036f").upper()
    words = "".join(mark if unicodedata.category(mark)[0] in "LM" else " " for mark in plain).split()
    return " ".join(sorted(words)) or None
