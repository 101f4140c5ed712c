"""A rota as lines that replace each other: who is on duty when, and where the holes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True)
class Line:
    """One entry: somebody (or nobody, `name` empty) from `starts_at` until just before `ends_at`. Aware instants."""

    starts_at: datetime
    ends_at: datetime
    name: str
    office: str


def cover(lines: Sequence[Line], start: datetime, stop: datetime) -> list[Line]:
    """The time from `start` to `stop` cut into stretches without gap or overlap, in order.

    `lines` are in the order in which they were entered: the newest one that covers a moment counts. A stretch that no
    line covers has an empty name, and so has one whose newest line clears it.
    """
    edges = sorted({start, stop, *(t for line in lines for t in (line.starts_at, line.ends_at) if start < t < stop)})
    found: list[Line] = []
    for left, right in pairwise(edges):
        newest = next((line for line in reversed(lines) if line.starts_at <= left < line.ends_at), None)
        name, office = (newest.name, newest.office) if newest else ("", "")
        if found and (found[-1].name, found[-1].office) == (name, office):
            found[-1] = Line(found[-1].starts_at, right, name, office)
        else:
            found.append(Line(left, right, name, office))
    return found
