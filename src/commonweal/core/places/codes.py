"""Area codes: what a code of each level looks like, and what the code alone tells.

Codes are the nine-character codes of the Office for National Statistics: a letter for the country, two digits for the
kind of area, six for the area. A code keeps its meaning for ever, but which codes are in use, and what belongs to
what, changes; every statement about an area therefore carries a *vintage*, the year of the code list it belongs to.
Northern Ireland is left out, because its postcodes have a licence of their own.
"""

from __future__ import annotations

import re

# From small to large. Unitary authorities, London boroughs and metropolitan districts are both tiers.
LEVELS = ("oa", "lsoa", "msoa", "ward", "ltla", "utla", "region", "country")

SMALL_AREA_VINTAGES = (2011, 2021)
NOT_STATED = 0  # the vintage of a code in a file that names none

# Level -> prefixes in use. The county column of postcode files also holds metropolitan counties (E11) and the two
# halves of London (E13); they are no tier of government and come out as no upper-tier authority.
PREFIXES: dict[str, tuple[str, ...]] = {
    "oa": ("E00", "W00", "S00"),
    "lsoa": ("E01", "W01", "S01"),
    "msoa": ("E02", "W02", "S02"),
    "ward": ("E05", "W05", "S13"),
    "ltla": ("E06", "E07", "E08", "E09", "W06", "S12"),
    "utla": ("E10", "E06", "E08", "E09", "W06", "S12"),
    "region": ("E12",),
    "country": ("E92", "W92", "S92", "L93", "M83"),
}

# Letter of a country -> its own code. K codes stand for groups of countries and are resolved in the database.
COUNTRY_OF_LETTER = {"E": "E92000001", "W": "W92000004", "S": "S92000003"}
# how many lower-tier authorities a country has had at least, in any vintage since 2009
COUNTRY_AUTHORITIES = {"E92000001": 290, "W92000004": 22, "S92000003": 32}
# no file of places has a table of the countries
COUNTRY_NAMES = {"E92000001": "England", "W92000004": "Wales", "S92000003": "Scotland"}

WELL_FORMED = r"^[EWSNLMJK][0-9]{8}$"
_well_formed = re.compile(WELL_FORMED.removesuffix("$") + r"\Z")


def is_code(text: str) -> bool:
    """Whether the text is a nine-character area code of any kind."""
    return bool(_well_formed.match(text))


def whole_pattern(level: str) -> str:
    """The regular expression (for Python and polars) of a whole code of this level."""
    return f"^(?:{'|'.join(PREFIXES[level])})[0-9]{{6}}$"


def is_level(code: str, level: str) -> bool:
    """Whether the code is one of this level: "E06000016" is both "ltla" and "utla", "E07000129" only "ltla"."""
    return is_code(code) and code.startswith(PREFIXES[level])


def is_both_tiers(code: str) -> bool:
    """Whether an authority is lower and upper tier in one (unitary, metropolitan district, London borough)."""
    return is_level(code, "ltla") and is_level(code, "utla")


def level_of(code: str) -> str | None:
    """The level a code belongs to, or None; authorities of both tiers answer "ltla"."""
    return next((level for level in LEVELS if is_level(code, level)), None)


def country_of(code: str) -> str | None:
    """The country code of an area in Great Britain by its letter, or None."""
    return COUNTRY_OF_LETTER.get(code[:1])
