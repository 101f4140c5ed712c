"""Access classes of the line list: which fields each holds, the lawful bases, and what an impact assessment covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commonweal.core.access.documents import read
from commonweal.core.errors import Refused

CLASSES = ("L1", "L2", "L3")  # each includes the ones before


@dataclass(frozen=True)
class AccessClass:
    """A class of data: what it is called, what it holds, and the fields of the record that it adds."""

    name: str
    label: str
    content: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class LineList:
    """What `parameters/line_list/fields.yaml` says about access."""

    classes: Mapping[str, AccessClass]
    lawful_basis: Mapping[str, str]
    impact_assessment_items: tuple[str, ...]


def read_line_list(text: str, source: str) -> LineList:
    """The access side of the line list. Raises `Refused` when a field has no class."""
    document = read(text, source, "access_classes", "fields", "lawful_basis", "dpia_items")
    held: dict[str, list[str]] = {name: [] for name in CLASSES}
    for field in document["fields"]:
        if field.get("access") not in held:
            raise Refused(f"{source}: the field {field.get('id')} has no access class of {', '.join(CLASSES)}.")
        held[field["access"]].append(field["id"])
    described = document["access_classes"]
    classes = {
        name: AccessClass(name, described[name]["label"], described[name]["content"], tuple(held[name]))
        for name in CLASSES
    }
    basis = {entry["id"]: entry["text"] for entry in document["lawful_basis"]}
    return LineList(classes, basis, tuple(document["dpia_items"]))


def up_to(data_class: str) -> tuple[str, ...]:
    """The classes a class includes: `up_to("L2") == ("L1", "L2")`."""
    return CLASSES[: CLASSES.index(data_class) + 1]
