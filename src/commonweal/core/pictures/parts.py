"""A change from then to now as one bar, taken apart below: each part goes on where the part before it ended, to the
right where it adds and to the left where it takes away, so that the last one ends at now."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose, shorten
from commonweal.core.pictures.scale import round_step
from commonweal.core.pictures.svg import hatch, label, line, polyline, rectangle
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
    return compose(key, words, lambda sheet, prefix: _sketch(data, sheet, prefix), _table(data))


def _describe(data: PartsOfChange) -> str:
    largest = sorted(data.parts, key=lambda part: -abs(part.cases))[:3]
    told = [f"{part.name}, {_more(part.cases)}" for part in largest]
    return f"{data.title}: {_together(data)}. Largest: {'; '.join(told)}."


def _more(people: float) -> str:
    """'42 more', '5 fewer'."""
    return f"{wording.thousands(abs(round(people)))} {'fewer' if round(people) < 0 else 'more'}"


def _together(data: PartsOfChange) -> str:
    """'From 85 to 135 people: 50 more'."""
    before, after = (wording.thousands(round(value)) for value in _ends(data))
    return f"From {before} to {after} people: {_more(data.change)}"


def _ends(data: PartsOfChange) -> tuple[float, float]:
    """People before and after: of all parts that have people of their own."""
    before, after = (_total([getattr(part, name) for part in data.parts]) for name in ("before", "after"))
    return before, after


def _table(data: PartsOfChange) -> PictureTable:
    level = f"{100 * data.level:g}%"
    columns = (
        Column("Part", numeric=False),
        Column("People before", decimals=1, absent="does not apply"),
        Column("People after", decimals=1, absent="does not apply"),
        Column("More or fewer", decimals=1),
        Column(f"Lower limit ({level})", decimals=1),
        Column(f"Upper limit ({level})", decimals=1),
        Column("Share", percent=True),
    )
    rows: list[tuple[Cell, ...]] = [
        (part.name, part.before, part.after, part.cases, part.lower, part.upper, _share(part.share))
        for part in data.parts
    ]
    first, second = _ends(data)
    rows.append(
        ("All together", first, second, data.change, data.lower, data.upper, _share(sum(p.share for p in data.parts)))
    )
    return PictureTable(data.title, columns, tuple(rows))


def _total(values: list[float | None]) -> float:
    return sum(value for value in values if value is not None)


def _share(share: float) -> float | None:
    return share if share == share else None


def _sketch(data: PartsOfChange, sheet: Sheet, prefix: str) -> Drawing:
    """Each name above its bar, so that long names fit a phone, its number first, so that no cut takes it away; the
    interval is drawn over the bar."""
    starts = [0.0, *accumulate(part.cases for part in data.parts)]
    rows = [_Row(_together(data), 0.0, data.change, data.lower, data.upper, palette.BLUE)]
    rows += [
        _Row(
            f"{_more(part.cases)}: {part.name}", start, start + part.cases, start + part.lower, start + part.upper,
            palette.LIGHT_BLUE if part.cases >= 0 else f"url(#{prefix}-fewer)",
        )
        for part, start in zip(data.parts, starts, strict=False)
    ]  # fmt: skip
    least = min(0.0, *(min(row.lower, row.start, row.end) for row in rows))
    largest = max(0.0, *(max(row.upper, row.start, row.end) for row in rows))
    step = round_step(largest - least, 3 if sheet.narrow else 5)
    low, high = step * math.floor(least / step), step * max(1, math.ceil(largest / step))
    left, right = 24.0, sheet.width - 24.0

    def at(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    body, bottom = [], ROW * len(rows) + 6
    for tick in (low + step * number for number in range(round((high - low) / step) + 1)):
        stroke, width = (palette.INK, 1.5) if abs(tick) < step / 2 else (palette.RULE, 1)
        body.append(line(at(tick), 0, at(tick), bottom, stroke=stroke, width=width))
        body.append(label(at(tick), bottom + 18, _signed(tick), anchor="middle"))
    body.append(line(at(data.change), 0, at(data.change), bottom, stroke=palette.BLUE, width=1.5, dash="4 3"))
    for number, row in enumerate(rows):
        body += _drawn(row, ROW * number, at, sheet, bold=number == 0)
    body.append(label((left + right) / 2, bottom + 38, "People more or fewer than before", anchor="middle"))
    keys, height = frame.legend(_legend(data, prefix), sheet, bottom + 46)
    patterns = hatch(f"{prefix}-fewer", palette.DARK_GREY)
    return Drawing("".join([*body, keys]), bottom + 46 + height, patterns)


@dataclass(frozen=True)
class _Row:
    """One line of the drawing: its words, its bar from start to end, its interval, its fill."""

    words: str
    start: float
    end: float
    lower: float
    upper: float
    fill: str


def _drawn(row: _Row, top: float, at: Callable[[float], float], sheet: Sheet, *, bold: bool) -> list[str]:
    first, last = sorted((at(row.start), at(row.end)))
    said = shorten(row.words, sheet.width - 8, sheet.text)
    return [
        label(4, top + 16, said, halo=True, weight="700" if bold else None),
        rectangle(first, top + 22, max(last - first, 0.5), BAR, fill=row.fill, stroke=palette.INK),
        *_whisker(at(row.lower), at(row.upper), top + 22 + BAR / 2, cased=row.fill == palette.BLUE),
    ]


def _legend(data: PartsOfChange, prefix: str) -> list[frame.LegendItem]:
    fewer = any(round(part.cases) < 0 for part in data.parts)
    return [
        frame.LegendItem("All together", fill=palette.BLUE),
        frame.LegendItem("More", fill=palette.LIGHT_BLUE),
        *([frame.LegendItem("Fewer", fill=f"url(#{prefix}-fewer)", stroke=palette.INK)] if fewer else []),
        frame.LegendItem("Now", stroke=palette.BLUE, kind="dashes"),
        frame.LegendItem(f"{100 * data.level:g}% limits", kind="interval"),
    ]


def _signed(value: float) -> str:
    return f"+{wording.thousands(value)}" if value > 0 else wording.thousands(value)


def _whisker(first: float, last: float, middle: float, *, cased: bool) -> list[str]:
    """An interval lying down; cased in white where it lies on a dark bar."""
    low, high = middle - 4, middle + 4
    path = [(first, low), (first, high), (first, middle), (last, middle), (last, low), (last, high)]
    casing = [polyline(path, stroke=palette.WHITE, width=4)] if cased else []
    return [*casing, polyline(path, stroke=palette.INK, width=1.5)]
