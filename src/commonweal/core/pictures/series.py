"""A published series: one value a day or week, as a line with dots; a suppressed cell is drawn as its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose
from commonweal.core.pictures.scale import DayAxis, ValueAxis, day_axis, value_axis
from commonweal.core.pictures.svg import escape, label, line, polyline, tag
from commonweal.core.pictures.table import Cell, Column, PictureTable


@dataclass(frozen=True)
class SeriesPoint:
    """A value of a day; ``low`` below ``high`` where the publisher keeps small counts back. ``published``: when."""

    day: date
    low: float
    high: float
    published: date

    @property
    def suppressed(self) -> bool:
        """Whether the publisher showed no single number."""
        return self.low < self.high


@dataclass(frozen=True)
class Series:
    """Everything a picture of a series shows: a metric in words, its unit, its points in order of days."""

    place: str
    metric: str
    unit: str
    points: tuple[SeriesPoint, ...]
    source: str
    known: str
    decimals: int = 0


def draw_series(data: Series, key: str) -> Picture:
    """The picture with its table. Raises Refused for no point, or days that are out of order."""
    if not data.points:
        raise Refused(f"{data.metric} in {data.place} has no value. Show the empty state instead.")
    days = [point.day for point in data.points]
    if days != sorted(set(days)):
        raise Refused(f"{data.metric} in {data.place}: days are out of order or stand twice.")
    title = f"{data.metric}, {data.place}"
    words = Words(title, describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, prefix: sketch(data, sheet), table(data, title))


def said(data: Series, point: SeriesPoint) -> str:
    """'12', or '0 to 2' for a suppressed cell."""
    low = wording.thousands(point.low, data.decimals)
    return f"{low} to {wording.thousands(point.high, data.decimals)}" if point.suppressed else low


def describe(data: Series) -> str:
    last, held = data.points[-1], sum(point.suppressed for point in data.points)
    text = f"{data.metric} in {data.place}: {said(data, last)} {data.unit} on {wording.day_and_year(last.day)}"
    highest = max(data.points, key=lambda point: point.high)
    text += f"; highest {said(data, highest)} on {wording.day(highest.day)}"
    return f"{text}; {wording.counted(held, 'value is', 'values are')} kept back as small." if held else f"{text}."


def table(data: Series, title: str) -> PictureTable:
    columns = (
        Column("Day", numeric=False),
        Column("At least", decimals=data.decimals),
        Column("At most", decimals=data.decimals),
        Column("Published", numeric=False),
        Column("State", numeric=False),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (each.day, each.low, each.high, each.published, "kept back: small" if each.suppressed else "published")
        for each in data.points
    )
    return PictureTable(f"{title} ({data.unit})", columns, rows)


def sketch(data: Series, sheet: Sheet) -> Drawing:
    """Unit, plot with a line through the single values, intervals for those kept back, names of days."""
    items = [frame.LegendItem("As published", stroke=palette.BLUE, kind="line")]
    if any(point.suppressed for point in data.points):
        items.append(frame.LegendItem("Kept back: lies between", kind="interval"))
    keys, top = frame.legend(items, sheet)
    plot = plot_of(data, sheet, top, [each for point in data.points for each in (point.low, point.high)])
    return Drawing("".join([keys, plot.ground, line_of(data, plot), plot.names]), plot.bottom + 28)


@dataclass(frozen=True)
class Plot:
    """Where days and values lie, the ground with unit and lines of value, the names of days, and where it ends."""

    axis: DayAxis
    values: ValueAxis
    ground: str
    names: str
    bottom: float


def plot_of(data: Series, sheet: Sheet, top: float, numbers: Sequence[float]) -> Plot:
    """Room for the days of a series and for some numbers; nought is always there."""
    below = min(0.0, *numbers)
    largest = max(abs(below), *numbers)
    upper, bottom = top + 26, top + 176
    zero = (upper + bottom) / 2 if below < 0 else bottom
    values = value_axis(largest, zero, upper, ticks=2 if below < 0 else 3, whole=False)
    texts = frame.tick_texts(values)
    left = frame.left_margin([*texts, wording.MINUS + texts[-1]], sheet)
    first, last = data.points[0].day, data.points[-1].day
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    axis = day_axis(days, left, sheet.width - frame.RIGHT_MARGIN)
    ground = [
        label(0, top + 14, f"{data.unit[:1].upper()}{data.unit[1:]}"),
        frame.value_lines(values, axis.left, axis.right),
        *(under(values, tick, axis) for tick in values.ticks if tick and below < 0),
    ]
    return Plot(axis, values, "".join(ground), frame.day_labels(axis, bottom, sheet), bottom)


def line_of(data: Series, plot: Plot) -> str:
    """The line through single values, and a mark for each value."""
    lines = (polyline(run, stroke=palette.BLUE, width=2) for run in runs(data, plot.axis, plot.values))
    return "".join([*lines, *(mark(data, point, plot.axis, plot.values) for point in data.points)])


def under(values: ValueAxis, tick: float, axis: DayAxis) -> str:
    """The line of a value below nought, with its number."""
    y = values.at(-tick)
    ruled = line(axis.left, y, axis.right, y, stroke=palette.RULE)
    return ruled + label(axis.left - 6, y + 5, wording.thousands(-tick), anchor="end")


def runs(data: Series, axis: DayAxis, values: ValueAxis) -> list[list[tuple[float, float]]]:
    """Unbroken stretches of single values; a value kept back breaks the line, and a day or week left out does."""
    step = min((after.day - before.day for before, after in pairwise(data.points)), default=timedelta(days=1))
    found: list[list[tuple[float, float]]] = [[]]
    before: date | None = None
    for point in data.points:
        if point.suppressed or (before is not None and point.day - before > step):
            found.append([])
        if not point.suppressed:
            found[-1].append((axis.middle(point.day), values.at(point.low)))
        before = point.day
    return [run for run in found if len(run) > 1]


def mark(data: Series, point: SeriesPoint, axis: DayAxis, values: ValueAxis) -> str:
    """A dot, or an interval where the value is kept back; its words on hovering."""
    x = axis.middle(point.day)
    name = tag("title", escape(f"{wording.day(point.day)}: {said(data, point)} {data.unit}"))
    drawn = (
        frame.interval(x, values.at(point.high), values.at(point.low))
        if point.suppressed
        else tag("circle", cx=x, cy=values.at(point.low), r=2.5, fill=palette.BLUE)
    )
    return tag("g", name, drawn)
