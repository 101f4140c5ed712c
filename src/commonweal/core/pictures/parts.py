"""Parts of a change: one bar for each, to the right where it adds and to the left where it takes away."""

from __future__ import annotations

import math
from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose, shorten
from commonweal.core.pictures.scale import round_step
from commonweal.core.pictures.svg import label, line, rectangle
from commonweal.core.pictures.table import Cell, Column, PictureTable

ROW, BAR = 46.0, 16.0


@dataclass(frozen=True)
class ChangePart:
    """One part: its name, cases of each window with it (None: none of its own), of the change, its limits."""

    name: str
    before: float | None
    after: float | None
    cases: float
    lower: float
    upper: float
    share: float


@dataclass(frozen=True)
class PartsOfChange:
    """``parts`` add up to ``change`` (with its limits); ``level`` is that of all limits."""

    title: str
    change: float
    lower: float
    upper: float
    parts: tuple[ChangePart, ...]
    level: float
    source: str
    known: str


def draw_parts(data: PartsOfChange, key: str = "parts") -> Picture:
    """The picture with its table. Raises Refused for no part, or parts that do not add up to the change."""
    if not data.parts:
        raise Refused("A picture of a change was given no part of it. Show the empty state instead.")
    total = sum(part.cases for part in data.parts)
    if abs(total - data.change) > 1e-6 * max(1.0, abs(data.change)):
        raise Refused(f"The parts of '{data.title}' add up to {total:g} and the change is {data.change:g}.")
    words = Words(data.title, _describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, _: _sketch(data, sheet), _table(data))


def _describe(data: PartsOfChange) -> str:
    largest = sorted(data.parts, key=lambda part: -abs(part.cases))[:3]
    told = [f"{part.name} {wording.thousands(part.cases)}" for part in largest]
    return f"{data.title}: {wording.thousands(data.change)} in all. Largest: {wording.joined(told)}."


def _table(data: PartsOfChange) -> PictureTable:
    level = f"{100 * data.level:g}%"
    columns = (
        Column("Part", numeric=False),
        Column("Cases before", decimals=1, absent="does not apply"),
        Column("Cases after", decimals=1, absent="does not apply"),
        Column("Of the change", decimals=1),
        Column(f"Lower limit ({level})", decimals=1),
        Column(f"Upper limit ({level})", decimals=1),
        Column("Share", percent=True),
    )
    rows: list[tuple[Cell, ...]] = [
        (part.name, part.before, part.after, part.cases, part.lower, part.upper, _share(part.share))
        for part in data.parts
    ]
    first, second = (_total([getattr(part, name) for part in data.parts]) for name in ("before", "after"))
    rows.append(
        ("All together", first, second, data.change, data.lower, data.upper, _share(sum(p.share for p in data.parts)))
    )
    return PictureTable(data.title, columns, tuple(rows))


def _total(values: list[float | None]) -> float:
    return sum(value for value in values if value is not None)


def _share(share: float) -> float | None:
    return share if share == share else None


def _sketch(data: PartsOfChange, sheet: Sheet) -> Drawing:
    """Each part's name above its bar, so that long names fit a phone; the interval is drawn over the bar."""
    least = min(0.0, *(min(part.lower, part.cases) for part in data.parts))
    largest = max(0.0, *(max(part.upper, part.cases) for part in data.parts))
    step = round_step(largest - least, 3 if sheet.narrow else 5)
    low, high = step * math.floor(least / step), step * max(1, math.ceil(largest / step))
    left, right = 24.0, sheet.width - 24.0

    def at(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    body, bottom = [], ROW * len(data.parts) + 6
    tick = low
    while tick <= high + step / 2:
        stroke, width = (palette.INK, 1.5) if abs(tick) < step / 2 else (palette.RULE, 1)
        body.append(line(at(tick), 0, at(tick), bottom, stroke=stroke, width=width))
        body.append(label(at(tick), bottom + 18, wording.thousands(tick), anchor="middle"))
        tick += step
    for row, part in enumerate(data.parts):
        top = ROW * row
        start, end = sorted((at(0.0), at(part.cases)))
        value = f"{part.name}: {wording.thousands(round(part.cases))}"
        body += [
            label(4, top + 16, shorten(value, sheet.width - 8, sheet.text), halo=True),
            rectangle(start, top + 22, max(end - start, 0.5), BAR, fill=palette.LIGHT_BLUE),
            *_whisker(at(part.lower), at(part.upper), top + 22 + BAR / 2),
        ]
    items = [
        frame.LegendItem("Cases of the change", fill=palette.LIGHT_BLUE),
        frame.LegendItem(f"{100 * data.level:g}% limits", kind="interval"),
    ]
    keys, height = frame.legend(items, sheet, bottom + 26)
    return Drawing("".join([*body, keys]), bottom + 26 + height)


def _whisker(first: float, last: float, middle: float) -> list[str]:
    return [
        line(first, middle, last, middle, stroke=palette.INK, width=1.5),
        line(first, middle - 4, first, middle + 4, stroke=palette.INK, width=1.5),
        line(last, middle - 4, last, middle + 4, stroke=palette.INK, width=1.5),
    ]
