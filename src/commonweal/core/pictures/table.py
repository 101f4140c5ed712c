"""The table of the same numbers that a picture shows: for readers who cannot see it, for checking, for downloads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from commonweal.core import wording
from commonweal.core.errors import Refused

Cell = str | int | float | date | datetime | None


@dataclass(frozen=True)
class Column:
    """One column: its heading (with unit), whether it holds numbers, their decimals, how an absent value is said."""

    heading: str
    numeric: bool = True
    decimals: int = 0
    percent: bool = False
    absent: str = wording.NOT_KNOWN


@dataclass(frozen=True)
class PictureTable:
    """Raw values under typed headings; ``said`` is what a page prints, downloads keep the raw values."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise Refused(
                    f"The table '{self.caption}' has {len(self.columns)} columns and a row of {len(row)} cells: {row}."
                )

    def said(self) -> tuple[tuple[str, ...], ...]:
        """Every cell as it is printed."""
        return tuple(
            tuple(say_cell(cell, column) for cell, column in zip(row, self.columns, strict=True)) for row in self.rows
        )


def say_cell(cell: Cell, column: Column) -> str:
    """A cell in words: thousands separators, 'Friday 12 June', a dash with meaning for what is not known."""
    if cell is None:
        return column.absent
    if isinstance(cell, datetime):
        return wording.moment(cell)
    if isinstance(cell, date):
        return wording.day_and_year(cell)
    if isinstance(cell, str):
        return cell
    return f"{wording.thousands(100 * cell, 1)}%" if column.percent else wording.thousands(cell, column.decimals)
