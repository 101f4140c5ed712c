"""A rota as lines that replace each other: who is on duty when, and where the holes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True)
class Line:
    """One entry: somebody (or nobody, `name` empty) from `starts_at` until just before `ends_at`. Aware instants.

    `gone` are times (from, until just before) in which they are not there. In what `cover` gives, `missing` is who is
    down for a time in which nobody answers for that reason.
    """

    starts_at: datetime
    ends_at: datetime
    name: str
    office: str
    gone: tuple[tuple[datetime, datetime], ...] = ()
    missing: str = ""


def cover(lines: Sequence[Line], start: datetime, stop: datetime) -> list[Line]:
    """The time from `start` to `stop` cut into stretches without gap or overlap, in order.

    `lines` are in the order in which they were entered: the newest one that covers a moment counts. A stretch that no
    line covers has an empty name, and so has one whose newest line clears it, or whose person is not there then: nobody
    was asked to come back for an older line.
    """
    bounds = (t for line in lines for pair in ((line.starts_at, line.ends_at), *line.gone) for t in pair)
    edges = sorted({start, stop, *(t for t in bounds if start < t < stop)})
    found: list[Line] = []
    for left, right in pairwise(edges):
        newest = next((line for line in reversed(lines) if line.starts_at <= left < line.ends_at), None)
        name, office, missing = _at(newest, left)
        if found and (found[-1].name, found[-1].office, found[-1].missing) == (name, office, missing):
            found[-1] = replace(found[-1], ends_at=right)
        else:
            found.append(Line(left, right, name, office, missing=missing))
    return found


def _at(line: Line | None, moment: datetime) -> tuple[str, str, str]:
    """Who answers at a moment by a line: name, office, and who is missing."""
    if line is None:
        return "", "", ""
    if any(start <= moment < stop for start, stop in line.gone):
        return "", "", line.name
    return line.name, line.office, ""
