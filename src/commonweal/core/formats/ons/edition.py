"""What the name of a file tells: its edition, its reference date, which sheet it was."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED_MONTH = re.compile(rf"({'|'.join(_MONTHS)})[a-z]*[ _-]*(20\d\d|\d\d)(?!\d)")
_NUMBERED_MONTH = re.compile(r"(?<!\d)(20\d\d)[-_]?(0[1-9]|1[0-2])(?!\d)")
_MID_YEAR = re.compile(r"mid[ _-]?(20\d\d)")
_SEXES = (("female", "female"), ("male", "male"), ("person", "all"))


def edition_month(text: str) -> date | None:
    """First day of the month an edition is named after: "ONSPD_NOV_2025_UK.csv" and "x_2025-11" -> 2025-11-01."""
    small = text.lower()
    if named := _NAMED_MONTH.search(small):
        year = int(named[2])
        return date(year if year > 99 else 2000 + year, _MONTHS.index(named[1]) + 1, 1)
    if numbered := _NUMBERED_MONTH.search(small):
        return date(int(numbered[1]), int(numbered[2]), 1)
    return None


def mid_year(text: str) -> date | None:
    """The reference date of a mid-year estimate, 30 June: "Mid-2020 Persons" -> 2020-06-30."""
    found = _MID_YEAR.search(text.lower())
    return date(int(found[1]), 6, 30) if found else None


def sex_named(text: str) -> str | None:
    """The sex a sheet is about, "all", "male" or "female", when the text names exactly one."""
    small = text.lower()
    named = {sex for word, sex in _SEXES if re.search(rf"(?<![a-z]){word}s?(?![a-z])", small)}
    return named.pop() if len(named) == 1 else None
