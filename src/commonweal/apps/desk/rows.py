"""Many rows in one statement: PostgreSQL unnests one array for each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """The rows turned into `width` lists, for `unnest(%s::…[], …)`."""
    return [[row[place] for row in rows] for place in range(width)]
