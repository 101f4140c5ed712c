"""Stated normal forms of the texts that records are compared and linked by.

* postcode: upper case, letters and digits only (`le1 1aa` -> `LE11AA`);
* NHS number: its ten digits, spaces and hyphens dropped, kept only when the check digit (modulus 11) is right;
* name: decomposed, Latin accents dropped, upper case, everything that is no letter or vowel sign a space, the words
  sorted (`Müller-Lüdenscheidt, Ann` -> `ANN LUDENSCHEIDT MULLER`). Letters of other scripts stay as they are.
"""

from __future__ import annotations

import polars as pl

POSTCODE_SHAPE = (
    r"^(?:GIR0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9](?:[0-9]|[ABEHMNPRV-Y])?|[0-9][A-HJKPS-UW])"
    r"[0-9][ABD-HJLNP-UW-Z]{2})$"
)
# postal codes of other countries: digits only or digits with two letters, Canadian, Irish
FOREIGN_SHAPE = r"^(?:[0-9]{4,9}|[0-9]{4}[A-Z]{2}|[A-Z][0-9][A-Z][0-9][A-Z][0-9]|(?:[A-Z][0-9]{2}|D6W)[0-9A-Z]{4})$"
# codes that the health service writes where there is no address in the United Kingdom
PSEUDO_SHAPE = r"^ZZ99"


def postcode(text: pl.Expr) -> pl.Expr:
    """Upper case, letters and digits only."""
    return text.str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")


def nhs_number(text: pl.Expr) -> pl.Expr:
    """The ten digits of a valid NHS number, else null.

    The first nine digits weighted 10 to 2 are summed; 11 less the remainder of division by 11 is the check digit, 11
    counts as 0 and 10 is never issued.
    """
    digits = text.str.replace_all(r"[ -]", "")
    number = pl.when(digits.str.contains(r"^[0-9]{10}$")).then(digits).cast(pl.Int64, strict=False)
    weighted = sum(((number // 10 ** (10 - place)) % 10) * (11 - place) for place in range(1, 10))
    check = 11 - weighted % 11
    right = (check % 11 == number % 10) & (check != 10)
    return pl.when(right).then(digits)


def name(text: pl.Expr) -> pl.Expr:
    """The words of a name in their normal form, sorted, with one space between; empty becomes null."""
    letters = (
        text.str.normalize("NFD")
        .str.replace_all("[\u0300-\u036f]", "")
        .str.to_uppercase()
        .str.replace_all(r"[^\p{L}\p{M}]+", " ")
        .str.strip_chars()
    )
    words = letters.str.split(" ").list.sort().list.join(" ")
    return pl.when(words != "").then(words)
