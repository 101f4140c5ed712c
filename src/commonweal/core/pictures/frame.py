"""What pictures with axes share: lines of the value axis, names of days, the legend, hatching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.pictures import palette
from commonweal.core.pictures.picture import Sheet, shorten, text_width
from commonweal.core.pictures.scale import DayAxis, ValueAxis
from commonweal.core.pictures.svg import label, line, polyline, rectangle, tag

SWATCH = 18.0
RIGHT_MARGIN = 10.0


@dataclass(frozen=True)
class LegendItem:
    """One explained sign: ``fill`` for an area, ``stroke`` for a line or an interval, ``mark`` for a text sign."""

    text: str
    fill: str | None = None
    stroke: str | None = None
    kind: str = "area"


def swatch(item: LegendItem, x: float, middle: float) -> str:
    """The sign of a legend item, 18 wide, centred on a height."""
    colour = item.stroke or palette.INK
    if item.kind == "line":
        return polyline([(x, middle), (x + SWATCH, middle)], stroke=colour, width=3)
    if item.kind == "dashes":
        return line(x, middle, x + SWATCH, middle, stroke=colour, width=2, dash="4 3")
    if item.kind == "interval":
        return interval(x + SWATCH / 2, middle - 7, middle + 7)
    if item.kind == "triangle":
        return triangle(x + SWATCH / 2, middle + 6)
    if item.kind == "number":
        return numbered_mark(x + SWATCH / 2, middle, "1")
    return rectangle(x, middle - 7, SWATCH, 14, fill=item.fill or colour, stroke=colour)


def interval(x: float, top: float, bottom: float) -> str:
    """A thin vertical interval with caps, cased in white so that it shows on a bar."""
    path = [(x - 3, top), (x + 3, top), (x, top), (x, bottom), (x - 3, bottom), (x + 3, bottom)]
    return polyline(path, stroke=palette.WHITE, width=4) + polyline(path, stroke=palette.INK, width=1.5)


Runs = Sequence[Sequence[tuple[float, float]]]  # unbroken stretches of a line, as points of the drawing


def band(lows: Runs, middles: Runs, highs: Runs) -> str:
    """A range as light ground between two thin lines, its middle as a dashed line."""
    parts = []
    for low, high in zip(lows, highs, strict=True):
        outline = " ".join(f"{x:.2f},{y:.2f}" for x, y in [*high, *reversed(low)])
        parts.append(tag("polygon", points=outline, fill=palette.GREY, fill_opacity=0.18, stroke="none"))
        parts += [polyline(edge, stroke=palette.DARK_GREY, width=1) for edge in (low, high)]
    return "".join([*parts, *(polyline(run, stroke=palette.INK, width=2, dash="6 4") for run in middles)])


def triangle(x: float, tip_down_at: float) -> str:
    """The orange sign for "look here": a triangle standing on its tip, so that form and colour both tell."""
    points = f"{x - 6:.2f},{tip_down_at - 11:.2f} {x + 6:.2f},{tip_down_at - 11:.2f} {x:.2f},{tip_down_at:.2f}"
    return tag("polygon", points=points, fill=palette.ORANGE, stroke=palette.INK, stroke_width=1)


def numbered_mark(x: float, middle: float, number: str) -> str:
    """A number in a ring that refers to the list below the picture."""
    ring = tag("circle", cx=x, cy=middle, r=9, fill=palette.WHITE, stroke=palette.INK, stroke_width=1.5)
    return ring + label(x, middle + 4.5, number, anchor="middle", size=12, weight="700")


def legend(items: Sequence[LegendItem], sheet: Sheet, top: float = 0) -> tuple[str, float]:
    """The legend in as many lines as it needs, and its height."""
    x, row, parts = 2.0, 0, []
    for item in items:
        text = shorten(item.text, sheet.width - SWATCH - 10, sheet.text)
        wide = SWATCH + 8 + text_width(text, sheet.text)
        if x > 2 and x + wide > sheet.width:
            x, row = 2.0, row + 1
        middle = top + 13 + 24 * row
        parts += [swatch(item, x, middle), label(x + SWATCH + 6, middle + 5, text)]
        x += wide + 12
    return "".join(parts), 24.0 * (row + 1) + 6


def left_margin(axis_texts: Sequence[str], sheet: Sheet, least: int = 0) -> float:
    """Room for the longest name on the value axis, and at least for so many letters: pictures below each other that
    are given the same number have their days below each other."""
    return 10 + max(text_width("0" * least, sheet.text), *(text_width(text, sheet.text) for text in axis_texts))


def tick_texts(axis: ValueAxis, suffix: str = "") -> tuple[str, ...]:
    decimals = 0 if all(tick == int(tick) for tick in axis.ticks) else 1
    return tuple(wording.thousands(tick, decimals) + suffix for tick in axis.ticks)


def value_lines(axis: ValueAxis, left: float, right: float, suffix: str = "") -> str:
    """Grid lines with their values; the line of nought is the heaviest."""
    parts = []
    for tick, text in zip(axis.ticks, tick_texts(axis, suffix), strict=True):
        y = axis.at(tick)
        stroke, width = (palette.INK, 1.5) if tick == 0 else (palette.RULE, 1)
        parts += [line(left, y, right, y, stroke=stroke, width=width), label(left - 6, y + 5, text, anchor="end")]
    return "".join(parts)


def day_labels(axis: DayAxis, baseline: float, sheet: Sheet) -> str:
    """Names of some days with a tick each; the first and last are kept inside the drawing."""
    parts = []
    for day in axis.ticks(sheet.day_ticks):
        x, text = axis.middle(day), wording.short_day(day)
        half = text_width(text, sheet.text) / 2
        centre = min(max(x, half), sheet.width - half)
        parts.append(line(x, baseline, x, baseline + 5, stroke=palette.INK))
        parts.append(label(centre, baseline + 20, text, anchor="middle"))
    return "".join(parts)


def touch(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> bool:
    """Whether two boxes (left, top, right, bottom) lie on one another."""
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
