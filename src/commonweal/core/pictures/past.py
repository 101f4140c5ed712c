"""A series against what its own past leads one to expect: its line, the expected line, its range, what lies above."""

from __future__ import annotations

from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose
from commonweal.core.pictures.series import Plot, Series, line_of, plot_of, said
from commonweal.core.pictures.small import broken
from commonweal.core.pictures.table import Cell, Column, PictureTable


@dataclass(frozen=True)
class Expectation:
    """What was to be expected of a point, with its range. ``above``: even the lowest it can be lies above that."""

    value: float
    low: float
    high: float
    above: bool


@dataclass(frozen=True)
class AgainstPast:
    """A series, and of each of its points what was to be expected (None before a past exists). ``method`` says in words
    how, ``level`` how much of such values the range holds."""

    series: Series
    expected: tuple[Expectation | None, ...]
    method: str
    level: str


def draw_against_past(data: AgainstPast, key: str) -> Picture:
    """The picture with its table. Raises Refused for no point, for expectations that do not go with the points one by
    one, and for a range that is upside down."""
    series = data.series
    if not series.points:
        raise Refused(f"{series.metric} in {series.place} has no value. Show the empty state instead.")
    if len(series.points) != len(data.expected):
        raise Refused(
            f"{len(data.expected)} expectations do not go with {len(series.points)} points; give one for each."
        )
    for point, each in zip(series.points, data.expected, strict=True):
        if each is not None and not each.low <= each.value <= each.high:
            raise Refused(f"{point.day}: {each.value} does not lie between {each.low} and {each.high}.")
    title = f"{series.metric}, {series.place}, against what was expected"
    words = Words(title, describe(data), series.source, series.known)
    return compose(key, words, lambda sheet, _: sketch(data, sheet), table(data, title), notes=(data.method,))


def describe(data: AgainstPast) -> str:
    series = data.series
    last, newest = series.points[-1], data.expected[-1]
    text = f"{series.metric} in {series.place}: {said(series, last)} {series.unit} to {wording.day_and_year(last.day)}"
    if newest is not None:
        low, high = (wording.thousands(each, series.decimals) for each in (newest.low, newest.high))
        text += f", where {wording.thousands(newest.value, series.decimals)} ({low} to {high}) were expected"
    above = sum(each is not None and each.above for each in data.expected)
    return f"{text}. {wording.counted(above, 'point lies', 'points lie')} above the {data.level} range."


def table(data: AgainstPast, title: str) -> PictureTable:
    decimals = data.series.decimals
    columns = (
        Column("To", numeric=False),
        Column("At least", decimals=decimals),
        Column("At most", decimals=decimals),
        Column("Expected", decimals=1, absent="too little past"),
        Column(f"{data.level} from", decimals=1, absent="too little past"),
        Column(f"{data.level} to", decimals=1, absent="too little past"),
        Column("Said", numeric=False),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (point.day, point.low, point.high, *((each.value, each.low, each.high) if each else (None,) * 3), verdict(each))
        for point, each in zip(data.series.points, data.expected, strict=True)
    )
    return PictureTable(f"{title} ({data.series.unit})", columns, rows)


def verdict(expected: Expectation | None) -> str:
    if expected is None:
        return "cannot be said"
    return "above expected" if expected.above else "not above expected"


def sketch(data: AgainstPast, sheet: Sheet) -> Drawing:
    """Legend, range, expected line, the series on top of both, triangles above what departs, names of days."""
    series = data.series
    items = [
        frame.LegendItem("As published", stroke=palette.BLUE, kind="line"),
        frame.LegendItem(f"Expected, with {data.level} range", fill=palette.PALE_GREY, stroke=palette.INK),
        frame.LegendItem("Above expected", kind="triangle"),
    ]
    if any(point.suppressed for point in series.points):
        items.append(frame.LegendItem("Kept back: lies between", kind="interval"))
    keys, top = frame.legend(items, sheet)
    numbers = [each for point in series.points for each in (point.low, point.high)]
    numbers += [end for each in data.expected if each for end in (each.low, 1.08 * each.high)]
    plot = plot_of(series, sheet, top, [*numbers, 1.08 * max(numbers)])
    marks = (
        frame.triangle(plot.axis.middle(point.day), plot.values.at(point.high) - 6)
        for point, each in zip(series.points, data.expected, strict=True)
        if each is not None and each.above
    )
    parts = [keys, plot.ground, band(data, plot), line_of(series, plot), *marks, plot.names]
    return Drawing("".join(parts), plot.bottom + 28)


def band(data: AgainstPast, plot: Plot) -> str:
    """The range as light ground between two thin lines, the expected value as a dashed line."""

    def runs(pick: str) -> list[list[tuple[float, float]]]:
        points = zip(data.series.points, data.expected, strict=True)
        return broken(
            [(plot.axis.middle(at.day), plot.values.at(getattr(each, pick))) if each else None for at, each in points]
        )

    return frame.band(runs("low"), runs("value"), runs("high"))
