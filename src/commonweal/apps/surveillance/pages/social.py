"""The social layer as tables: what is known of the place itself, and what of the areas in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from commonweal.apps.surveillance.social import attributes
from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.web.pages import Empty, ShownTable

COLUMNS = (
    Column("What", numeric=False), Column("Value", numeric=False), Column("Where", numeric=False),
    Column("Day it speaks of", numeric=False), Column("Source (below)", numeric=False),
)  # fmt: skip


def build(
    place: str, rows: Sequence[Mapping[str, Any]], from_places: Sequence[Mapping[str, Any]]
) -> tuple[tuple[ShownTable, ...], Empty | None, tuple[str, ...]]:
    """One table of everything, or the empty state; each value with its day and the number of its source, and the
    sources in the order of their numbers: a source is said once."""
    defined = attributes()
    order = {name: at for at, name in enumerate(defined)}
    cells = [
        (label, _listed(values), place, dated, source) for (label, dated, source), values in _together(from_places)
    ]
    for row in sorted(rows, key=lambda row: (order.get(row["attribute"], 99), row["area"], row["value"])):
        attribute = defined.get(row["attribute"])
        label = attribute.label if attribute else row["attribute"]
        said = _said(row["value"], attribute.kind if attribute else "text")
        cells.append((label, said, row["area"], row["dated"], row["source"]))
    empty = None
    if not rows:
        empty = Empty(
            f"No file about languages, households, work or the local calendar is loaded for {place}.",
            "It appears once somebody loads a file: commonweal social FILE.csv",
        )
    sources = tuple(dict.fromkeys(source for *_, source in cells))
    numbered = tuple((*told, str(sources.index(source) + 1)) for *told, source in cells)
    table = PictureTable(f"Who lives in {place}, and what is there", COLUMNS, numbered)
    return ((ShownTable(table, identity="social"),) if cells else ()), empty, sources


def _together(rows: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[str, Any, Any], list[str]]]:
    """Values of one kind, day and source in one row: a neighbourhood has thirty workplaces."""
    found: dict[tuple[str, Any, Any], list[str]] = {}
    for row in rows:
        found.setdefault((row["label"], row["dated"], row["source"]), []).append(str(row["value"]))
    return list(found.items())


def _listed(values: Sequence[str]) -> str:
    """'Elm Street School'; '3: Ash House; Elm Court; Oak Lodge', so that many need not be counted."""
    return "; ".join(values) if len(values) == 1 else f"{len(values)}: {'; '.join(values)}"


def _said(value: str, kind: str) -> str:
    if kind == "share":
        return wording.percentage(float(value))
    return wording.thousands(int(value)) if kind == "count" else value
