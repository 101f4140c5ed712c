"""A plain tidy CSV of what is known of small areas: area, attribute, value, source, date; one statement a row.

Every row that cannot be taken is named by why it cannot; the others are taken.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commonweal.core.errors import Refused
from commonweal.core.places.codes import is_code

COLUMNS = ("area", "attribute", "value", "source", "date")
LONGEST = 300
# why a row was left out -> what it means
OUTCOMES = {
    "not_an_area": "the area is no code of the form E01000001",
    "unknown_area": "no such area is loaded",
    "unknown_attribute": "the attribute is none of those in parameters/known/social.yaml",
    "not_a_count": "a count is a whole number, 0 or more",
    "not_a_number": "a number is written like 2.4, 0 or more",
    "not_a_share": "a share lies between 0 and 1",
    "no_value": "the value is empty",
    "too_long": f"the value or source has more than {LONGEST} letters",
    "no_source": "the source is empty; say where it is from",
    "not_a_date": "the date is not written like 2020-06-29",
    "future_date": "the date has not come yet",
    "repeated": "the same area and attribute (and value) stands in the file before",
}


@dataclass(frozen=True)
class Attribute:
    """What can be known of an area. `several`: an area may have many values of it on one day."""

    name: str
    label: str
    kind: str
    several: bool = False


@dataclass(frozen=True)
class Statement:
    """One value about one area, with its source and the day it speaks of."""

    area: str
    attribute: str
    value: str
    source: str
    dated: date


@dataclass
class Reading:
    """What a file says, and how many rows were left out for which reason, with the first row of each."""

    statements: list[Statement] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    first_rows: dict[str, int] = field(default_factory=dict)


def attributes_from(document: Mapping[str, Any]) -> dict[str, Attribute]:
    """The attributes of the parameter document, in its order. Raises `Refused` for a kind that is none."""
    found = {name: Attribute(name, **entry) for name, entry in document["attributes"].items()}
    wrong = [each.name for each in found.values() if each.kind not in ("count", "number", "share", "text")]
    if wrong:
        raise Refused(f"Attributes {', '.join(wrong)} have a kind that is none of count, number, share, text.")
    return found


def read(
    text: str, attributes: Mapping[str, Attribute], areas: Collection[str], today: date, label: str = "the file"
) -> Reading:
    """Read a file. areas: every code that is known. Raises `Refused` for other columns, or no row that can be taken."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise Refused(
            f"{label} has the columns {', '.join(rows.fieldnames or ()) or 'none'}; it needs {', '.join(COLUMNS)} in "
            "this order."
        )
    reading, seen = Reading(), set()
    for number, row in enumerate(rows, start=2):
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        attribute = attributes.get(cells["attribute"])
        reason = _why_not(cells, attribute, areas, today)
        key = (
            cells["area"],
            cells["attribute"],
            cells["value"] if attribute and attribute.several else "",
            cells["date"],
        )
        if not reason and key in seen:
            reason = "repeated"
        if reason:
            reading.left_out[reason] += 1
            reading.first_rows.setdefault(reason, number)
            continue
        seen.add(key)
        day = date.fromisoformat(cells["date"])
        reading.statements.append(Statement(cells["area"], cells["attribute"], cells["value"], cells["source"], day))
    if not reading.statements:
        told = "; ".join(f"{OUTCOMES[name]} (row {reading.first_rows[name]})" for name in reading.left_out)
        raise Refused(f"{label} has no row that can be taken: {told or 'it has no rows'}.")
    return reading


def _why_not(cells: Mapping[str, str], attribute: Attribute | None, areas: Collection[str], today: date) -> str:
    """The reason for which a row is left out; empty for one that can be taken."""
    if not is_code(cells["area"]):
        return "not_an_area"
    if cells["area"] not in areas:
        return "unknown_area"
    if attribute is None:
        return "unknown_attribute"
    if not cells["source"]:
        return "no_source"
    if max(len(cells["value"]), len(cells["source"])) > LONGEST:
        return "too_long"
    return _wrong_value(cells["value"], attribute.kind) or _wrong_date(cells["date"], today)


def _wrong_value(value: str, kind: str) -> str:
    if not value:
        return "no_value"
    if kind == "text":
        return ""
    if kind == "count":
        return "" if value.isascii() and value.isdigit() else "not_a_count"
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not 0 <= number < float("inf"):
        return "not_a_number" if kind == "number" else "not_a_share"
    return "not_a_share" if kind == "share" and number > 1 else ""


def _wrong_date(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "not_a_date"
    return "future_date" if day > today else ""
