"""The line list as published for those who send: what each column means, and an invented record as an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commonweal.core.intake.mending import one_record
from commonweal.core.intake.schema import Field, LineList, description

KINDS = {
    "string": "text",
    "code": "one of the codes",
    "integer": "whole number",
    "boolean": "true or false",
    "date": "day, like 2020-06-26",
    "datetime": "day, or day and time like 2020-06-26T14:05",
    "postcode": "postcode, like LE1 1AA",
}
NEEDED = {True: "yes", False: "no"}
HEADINGS = ("Column", "Kind", "Needed", "Class", "What it is")


@dataclass(frozen=True)
class Documented:
    """One column as published."""

    name: str
    kind: str
    needed: str
    access: str
    meaning: str

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """In the order of `HEADINGS`."""
        return self.name, self.kind, self.needed, self.access, self.meaning


def documented(line_list: LineList) -> tuple[Documented, ...]:
    """Every column that a sender may fill, in published order."""
    return tuple(_documented(field) for field in line_list.read)


def _documented(field: Field) -> Documented:
    kind = f"one of: {', '.join(field.values)}" if field.values else KINDS[field.type]
    if field.minimum is not None or field.maximum is not None:
        kind += f" from {field.minimum} to {field.maximum}"
    needed = f"this or {field.instead}" if field.required and field.instead else NEEDED[field.required]
    return Documented(field.id, kind, needed, field.access, description(field))


def as_markdown(line_list: LineList) -> str:
    """The reference page: a table of the columns and an example."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{' --- |' * len(HEADINGS)}"]
    lines += [f"| `{each.name}` | {' | '.join(_escaped(each.cells[1:]))} |" for each in documented(line_list)]
    return "\n".join(lines) + "\n"


def _escaped(cells: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|").replace("_", "\\_") for cell in cells]


def example(line_list: LineList, values: Mapping[str, str]) -> bytes:
    """A CSV with every column that a sender may fill and one record."""
    return one_record({field.id: values.get(field.id, "") for field in line_list.read})
