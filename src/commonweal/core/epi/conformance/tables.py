"""Tables of text columns and the cases made of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused

MISSING = frozenset({"", "NA", "NaN", "nan", "NULL"})


@dataclass(frozen=True)
class Table:
    """Columns of text, read as numbers on request; blank and NA become NaN."""

    source: str
    columns: Mapping[str, tuple[str, ...]]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def has(self, *names: str) -> bool:
        """Whether every one of these columns is there."""
        return all(name in self.columns for name in names)

    def words(self, name: str) -> tuple[str, ...]:
        """A column as text."""
        if name not in self.columns:
            raise Refused(f"{self.source} has no column {name!r}; it has {', '.join(self.columns)}. Add the column.")
        return self.columns[name]

    def numbers(self, name: str) -> FloatArray:
        """A column as floats."""
        words = self.words(name)
        try:
            return np.array([np.nan if word in MISSING else float(word) for word in words])
        except ValueError as error:
            raise Refused(f"{self.source}, column {name!r}: {error}; write numbers, or NA for none.") from error

    def where(self, chosen: NDArray[np.bool_]) -> Table:
        """The rows that are chosen."""
        keep = np.flatnonzero(chosen)
        return Table(self.source, {name: tuple(words[i] for i in keep) for name, words in self.columns.items()})

    def groups(self, *names: str) -> Iterator[tuple[tuple[str, ...], Table]]:
        """The table cut by the distinct values of some columns, in order of appearance."""
        keys = list(zip(*(self.words(name) for name in names), strict=True))
        for key in dict.fromkeys(keys):
            yield key, self.where(np.array([other == key for other in keys]))


@dataclass(frozen=True)
class Case:
    """One folder: the method folder it lies in, its own name, its tables and its documents by file name."""

    method: str
    name: str
    tables: Mapping[str, Table]
    documents: Mapping[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """A table by file name."""
        if name not in self.tables:
            raise Refused(f"{self.method}/{self.name} has no {name}; it has {', '.join(sorted(self.tables))}.")
        return self.tables[name]


def parse_table(source: str, text: str) -> Table:
    """Read CSV text (a byte-order mark, quotes and short rows are allowed); refuse text without a header."""
    rows = [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if row]
    if not rows:
        raise Refused(f"{source} is empty; it needs a header line.")
    header = [name.strip() for name in rows[0]]
    width = len(header)
    body = [[*(cell.strip() for cell in row), *[""] * (width - len(row))][:width] for row in rows[1:]]
    columns = list(zip(*body, strict=True)) if body else [()] * width
    return Table(source, {name: tuple(column) for name, column in zip(header, columns, strict=True) if name})
