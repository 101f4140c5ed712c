"""Age bands: one spelling, and sums of single years into bands.

A band is written "0-4", "90+" or "all"; both ends are ages in completed years and belong to the band.
"""

from __future__ import annotations

import re

ALL = "all"
OPEN_AGE = 90  # the last single year of official sheets is "90+"

FIVE_YEAR = (*(f"{age}-{age + 4}" for age in range(0, OPEN_AGE, 5)), f"{OPEN_AGE}+")
BROAD = ("0-15", "16-29", "30-44", "45-64", "65+")

_SPELLINGS = re.compile(r"(?:age[ _])?(\d{1,3})(?:[-_ ](\d{1,3})|(plus|\+))?\Z")


def band(text: str) -> str | None:
    """The band a column heading means, or None: "age_0_4" -> "0-4", "65plus" -> "65+", "90+" -> "90+", "7" -> "7-7"."""
    match = _SPELLINGS.match(text.strip().lower())
    if not match:
        return None
    low, high, open_ended = match.groups()
    if open_ended:
        return f"{int(low)}+"
    return f"{int(low)}-{int(high or low)}"


def ends(name: str) -> tuple[int, int | None]:
    """First and last age of a band; no last age when it is open: "0-4" -> (0, 4), "90+" -> (90, None)."""
    if name.endswith("+"):
        return int(name[:-1]), None
    low, high = name.split("-")
    return int(low), int(high)


def single_years_in(name: str) -> list[str]:
    """The single-year columns of an official sheet ("0" ... "89", "90+") that make up a band."""
    low, high = ends(name)
    years = [str(age) for age in range(low, min(OPEN_AGE - 1, OPEN_AGE if high is None else high) + 1)]
    return [*years, f"{OPEN_AGE}+"] if high is None else years


def covers_all_ages(names: list[str]) -> bool:
    """Whether the bands follow each other without gap or overlap from age 0 to an open end."""
    expected = 0
    for low, high in sorted((ends(name) for name in names), key=lambda pair: pair[0]):
        if low != expected:
            return False
        if high is None:
            return True
        expected = high + 1
    return False
