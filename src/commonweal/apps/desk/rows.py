"""Many rows in one statement (PostgreSQL unnests one array for each column), and few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """The rows turned into `width` lists, for `unnest(%s::…[], …)`."""
    return [[row[place] for row in rows] for place in range(width)]


def batched(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The rows in their order, `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
