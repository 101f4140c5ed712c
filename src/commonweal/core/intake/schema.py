"""The line list: which fields a test record has, what they hold and who may see them.

The document is `parameters/line_list/fields.yaml`; column names of every CSV and JSON record are the field ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from commonweal.core.errors import Refused

TYPES = ("string", "code", "integer", "boolean", "date", "datetime", "postcode")
TRUE_WORDS = ("true", "1", "yes", "y", "t")
FALSE_WORDS = ("false", "0", "no", "n", "f")


@dataclass(frozen=True)
class Field:
    """One column of the line list.

    `access` is the class of the agreement that opens it: L2 record level, L3 identifiable. `derived` fields are worked
    out by the platform (from the postcode, or stamped), so what a sender puts there is never stored as the value.
    `instead` names a field that may stand in for this one; `values` are the codes allowed, empty for free text.
    """

    id: str
    type: str
    access: str
    required: bool
    values: tuple[str, ...] = ()
    derived: bool = False
    instead: str | None = None
    waits: bool = False
    minimum: int | None = None
    maximum: int | None = None
    note: str = ""

    @cached_property
    def sealed(self) -> bool:
        """Whether the value is kept only under the person's data key, apart from the record."""
        return self.access == "L3"


@dataclass(frozen=True)
class LineList:
    """All fields in published order, with the numbers that intake reads them by."""

    version: int
    fields: tuple[Field, ...]
    longest_key: int
    longest_field: int
    clock_skew_minutes: int
    swap_late_days: int
    swap_near_days: int
    age_bands: tuple[str, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> LineList:
        """Read the document; Refused names the field whose type is not known."""
        rules = document["intake"]
        fields = tuple(_field(entry, rules) for entry in document["fields"])
        swap = rules["day_month_swapped"]
        bands = next(entry["bands"] for entry in document["fields"] if "bands" in entry)
        return cls(
            version=int(document["version"]),
            fields=fields,
            longest_key=int(rules["longest_key"]),
            longest_field=int(rules["longest_field"]),
            clock_skew_minutes=int(rules["clock_skew_minutes"]),
            swap_late_days=int(swap["late_days"]),
            swap_near_days=int(swap["near_days"]),
            age_bands=tuple(str(band) for band in bands),
        )

    def __getitem__(self, field_id: str) -> Field:
        found = next((field for field in self.fields if field.id == field_id), None)
        if found is None:
            raise Refused(f"The line list has no field {field_id!r}; its fields are {', '.join(self.ids)}.")
        return found

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Every field id in published order."""
        return tuple(field.id for field in self.fields)

    @cached_property
    def read(self) -> tuple[Field, ...]:
        """The fields whose sent value is used: all but the derived ones."""
        return tuple(field for field in self.fields if not field.derived)

    @cached_property
    def band_by_age(self) -> tuple[str, ...]:
        """The age band of every age from 0 to the highest allowed one."""
        bands: list[str] = []
        highest = self["age_years"].maximum or 0
        for band in self.age_bands:
            last = highest if band.endswith("+") else int(band.split("-")[1])
            bands += [band] * (last + 1 - len(bands))
        return tuple(bands)

    def missing_columns(self, present: frozenset[str]) -> list[str]:
        """The columns a file must have and has not, each with its stand-in ("person_id or nhs_number")."""
        lacking = []
        for field in self.fields:
            if field.required and not field.derived and field.id not in present and field.instead not in present:
                lacking.append(field.id if field.instead is None else f"{field.id} or {field.instead}")
        return lacking


def _field(entry: Mapping[str, Any], rules: Mapping[str, Any]) -> Field:
    field_id, kind = str(entry["id"]), str(entry["type"])
    if kind not in TYPES:
        raise Refused(f"Field {field_id!r} has the type {kind!r}; the types are {', '.join(TYPES)}.")
    bounds = rules["bounds"].get(field_id, {})
    return Field(
        id=field_id,
        type=kind,
        access=str(entry["access"]),
        required=bool(entry.get("required", False)),
        values=tuple(str(value) for value in entry.get("values", ())),
        derived="derive" in entry or field_id in rules["stamped_by_platform"],
        instead=rules["instead_of"].get(field_id),
        waits=field_id in rules["pending_without"],
        minimum=bounds.get("minimum"),
        maximum=bounds.get("maximum"),
        note=str(entry.get("note") or entry.get("quality") or ""),
    )


def table_schema(line_list: LineList) -> dict[str, Any]:
    """The line list as a Frictionless Table Schema (v1), as published beside the CSV.

    A field with a stand-in is not marked required, since either of the two will do; its description says so.
    """
    return {
        "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
        "name": "line-list",
        "version": str(line_list.version),
        "missingValues": [""],
        "primaryKey": ["record_id", "revision"],
        "fields": [_schema_field(field) for field in line_list.fields if not field.derived],
    }


def _schema_field(field: Field) -> dict[str, Any]:
    plain = {"code": "string", "postcode": "string", "datetime": "any"}.get(field.type, field.type)
    entry: dict[str, Any] = {"name": field.id, "type": plain, "accessClass": field.access}
    if field.type == "boolean":
        entry["trueValues"], entry["falseValues"] = list(TRUE_WORDS), list(FALSE_WORDS)
    constraints = _constraints(field)
    if constraints:
        entry["constraints"] = constraints
    text = description(field)
    if text:
        entry["description"] = text
    return entry


def _constraints(field: Field) -> dict[str, Any]:
    wanted = {
        "required": True if field.required and field.instead is None and not field.waits else None,
        "enum": list(field.values) or None,
        "minimum": field.minimum,
        "maximum": field.maximum,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def description(field: Field) -> str:
    """What a sender needs to know of a field, in sentences; empty where its name says it all."""
    parts = [field.note[:1].upper() + field.note[1:] + "." if field.note else ""]
    if field.type == "datetime":
        parts.append("ISO 8601 date and time; without a zone it is Europe/London; a date alone stays a date.")
    if field.instead:
        parts.append(f"May be left empty where {field.instead} is given.")
    if field.waits:
        parts.append("Without it the record waits in the orphan queue.")
    return " ".join(part for part in parts if part)
