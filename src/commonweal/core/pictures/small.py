"""Small multiples: many short lines on one scale, this place first, its peers and neighbours after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose, shorten, wrapped
from commonweal.core.pictures.scale import day_axis, value_axis
from commonweal.core.pictures.svg import escape, label, line, polyline, tag
from commonweal.core.pictures.table import Column, PictureTable


@dataclass(frozen=True)
class SmallSeries:
    """One place's values, one for each day of the set; None where not known. ``role`` says why it is shown."""

    name: str
    values: tuple[float | None, ...]
    role: str = ""


@dataclass(frozen=True)
class SmallMultiples:
    """``series`` begins with this place. ``metric`` and ``unit`` are the same for all."""

    metric: str
    unit: str
    days: tuple[date, ...]
    series: tuple[SmallSeries, ...]
    source: str
    known: str


def draw_small_multiples(data: SmallMultiples, key: str = "compare") -> Picture:
    """The picture with its table. Raises Refused for no series, or one whose length differs from the days."""
    if not data.series:
        raise Refused("A comparison was given no place. Show the empty state instead.")
    for series in data.series:
        if len(series.values) != len(data.days):
            raise Refused(f"{series.name} has {len(series.values)} values for {len(data.days)} days.")
    others = wording.counted(len(data.series) - 1, "other place", "other places")
    title = f"{data.metric}: {data.series[0].name} and {others}"
    words = Words(title, describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, prefix: sketch(data, sheet), table(data, title))


def latest(series: SmallSeries) -> float | None:
    return next((value for value in reversed(series.values) if value is not None), None)


def describe(data: SmallMultiples) -> str:
    said = [f"{series.name} {wording.rate(latest(series))}" for series in data.series]
    return (
        f"{data.metric} ({data.unit}), latest known value to {wording.day_and_year(data.days[-1])}: {', '.join(said)}."
    )


def table(data: SmallMultiples, title: str) -> PictureTable:
    columns = (Column("Day", numeric=False), *(Column(series.name, decimals=1) for series in data.series))
    rows = tuple((day, *(series.values[at] for series in data.series)) for at, day in enumerate(data.days))
    return PictureTable(f"{title} ({data.unit})", columns, rows)


def sketch(data: SmallMultiples, sheet: Sheet) -> Drawing:
    """A grid of panels with one value axis for all of them."""
    columns = 2 if sheet.narrow else 4
    wide, high = sheet.width / columns, 112.0
    largest = max((value for series in data.series for value in series.values if value is not None), default=0)
    said = wrapped(f"{data.unit[:1].upper()}{data.unit[1:]}, all on one scale", sheet, sheet.text)
    top = 9 + 15 * len(said)
    panels = [
        panel(
            series,
            data.days,
            largest,
            (wide * (at % columns), top + high * (at // columns)),
            wide,
            sheet,
            first=at == 0,
        )
        for at, series in enumerate(data.series)
    ]
    rows = -(-len(data.series) // columns)
    unit = "".join(label(2, 15 * number, each) for number, each in enumerate(said, 1))
    return Drawing(unit + "".join(panels), top + high * rows + 6)


def panel(
    series: SmallSeries,
    days: tuple[date, ...],
    largest: float,
    corner: tuple[float, float],
    wide: float,
    sheet: Sheet,
    *,
    first: bool,
) -> str:
    x, y = corner
    axis = day_axis(list(days), x + 4, x + wide - 14)
    values = value_axis(largest, y + 92, y + 38, ticks=2, whole=False)
    colour = palette.BLUE if first else palette.DARK_GREY
    known = zip(days, series.values, strict=True)
    drawn = [None if value is None else (axis.middle(day), values.at(value)) for day, value in known]
    parts = [
        label(x + 4, y + 15, shorten(series.name, wide - 14, sheet.text), weight="700" if first else None),
        label(x + 4, y + 32, wording.rate(latest(series)), fill=colour, weight="700"),
        line(axis.left, y + 92, axis.right, y + 92, stroke=palette.INK),
        *(polyline(run, stroke=colour, width=2.5 if first else 1.8) for run in broken(drawn)),
    ]
    name = f"{series.name}{f', {series.role}' if series.role else ''}: {wording.rate(latest(series))}"
    return tag("g", tag("title", escape(name)), *parts)


def sparkline(values: tuple[float | None, ...], name: str) -> str:
    """A line without axes for a cell of a table; the number beside it says the value, ``name`` what the line shows."""
    known = [value for value in values if value is not None]
    axis = value_axis(max(known, default=0), 22, 4, whole=False)
    step = 92 / max(1, len(values) - 1)
    runs = broken([None if value is None else (4 + step * at, axis.at(value)) for at, value in enumerate(values)])
    last = runs[-1][-1] if runs else None
    dot = tag("circle", cx=last[0], cy=last[1], r=3, fill=palette.BLUE) if last else ""
    return tag(
        "svg",
        *(polyline(run, stroke=palette.BLUE, width=2) for run in runs),
        dot,
        xmlns="http://www.w3.org/2000/svg",
        class_="cw-sparkline",
        viewBox="0 0 100 26",
        width=100,
        height=26,
        role="img",
        aria_label=name,
    )


def broken(points: list[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Unbroken stretches of known points."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]
