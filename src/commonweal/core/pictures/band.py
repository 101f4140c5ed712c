"""What was counted against what was expected: expected line, its band, and alarm days told by form and colour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose
from commonweal.core.pictures.scale import DayAxis, ValueAxis, day_axis, value_axis
from commonweal.core.pictures.small import broken
from commonweal.core.pictures.svg import escape, hatch, label, rectangle, tag
from commonweal.core.pictures.table import Column, PictureTable


@dataclass(frozen=True)
class BandDay:
    """One day: what was counted, what was expected with its interval (None before a baseline exists), alarm or not."""

    day: date
    counted: int
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    alarm: bool = False
    complete: bool = True


@dataclass(frozen=True)
class ExpectedBand:
    """Everything an expected band shows; ``method`` names the method in words for the note below."""

    place: str
    days: tuple[BandDay, ...]
    source: str
    known: str
    method: str
    who: str = "People who tested positive"
    level: str = "95%"


def draw_expected_band(data: ExpectedBand, key: str = "expected") -> Picture:
    """The picture with its table. Raises Refused for an interval that is upside down or below nought."""
    for day in data.days:
        bounds = (day.low, day.high)
        if None not in bounds and not 0 <= (day.low or 0) <= (day.high or 0):
            raise Refused(f"{day.day}: the expected interval {day.low} to {day.high} is not in order.")
    title = f"{data.who} in {data.place} against what was expected"
    words = Words(title, describe(data), data.source, data.known)
    return compose(
        key, words, lambda sheet, prefix: sketch(data, sheet, prefix), table(data, title), notes=(data.method,)
    )


def describe(data: ExpectedBand) -> str:
    alarms = [day for day in data.days if day.alarm]
    over = f"{wording.day(data.days[0].day)} to {wording.day_and_year(data.days[-1].day)}"
    if not alarms:
        return f"{data.who} in {data.place}, {over}: no day above the {data.level} band."
    newest = alarms[-1]
    days = wording.counted(len(alarms), "day", "days")
    text = f"{days} above the {data.level} band, newest {wording.day(newest.day)} with {newest.counted}"
    if newest.expected is not None:
        text += f" where {wording.rate(newest.expected)} were expected"
    return f"{data.who} in {data.place}, {over}: {text}."


def table(data: ExpectedBand, title: str) -> PictureTable:
    columns = (
        Column("Day", numeric=False),
        Column("Counted"),
        Column("Expected", decimals=1),
        Column(f"{data.level} from", decimals=1),
        Column(f"{data.level} to", decimals=1),
        Column("Said", numeric=False),
    )
    rows = tuple((day.day, day.counted, day.expected, day.low, day.high, verdict(day)) for day in data.days)
    return PictureTable(title, columns, rows)


def verdict(day: BandDay) -> str:
    if day.alarm:
        return "above expected"
    return "as expected" if day.complete else "still arriving"


def sketch(data: ExpectedBand, sheet: Sheet, prefix: str) -> Drawing:
    """Legend, plot with band, expected line, bars and alarm signs, names of days."""
    items = [
        frame.LegendItem("Counted", fill=palette.LIGHT_BLUE),
        frame.LegendItem(f"Expected, with {data.level} band", fill=palette.PALE_GREY, stroke=palette.INK),
        frame.LegendItem("Above expected", kind="triangle"),
    ]
    if not all(day.complete for day in data.days):
        items.append(frame.LegendItem("Still arriving", fill=f"url(#{prefix}-wait)", stroke=palette.BLUE))
    keys, top = frame.legend(items, sheet)
    bottom = top + 240
    largest = max(max(day.counted, day.high or 0, day.expected or 0) for day in data.days)
    values = value_axis(1.08 * largest, bottom, top + 26)
    axis = day_axis(
        [day.day for day in data.days], frame.left_margin(frame.tick_texts(values), sheet), sheet.width - 10
    )
    body = [
        keys,
        label(0, top + 14, "People a day"),
        frame.value_lines(values, axis.left, axis.right),
        *(bar(day, axis, values, prefix) for day in data.days),
        band(data, axis, values),
        *(frame.triangle(axis.middle(day.day), values.at(day.counted) - 2) for day in data.days if day.alarm),
        frame.day_labels(axis, bottom, sheet),
    ]
    return Drawing("".join(body), bottom + 28, hatch(f"{prefix}-wait", palette.LIGHT_BLUE))


def bar(day: BandDay, axis: DayAxis, values: ValueAxis, prefix: str) -> str:
    fill = palette.LIGHT_BLUE if day.complete else f"url(#{prefix}-wait)"
    gap = 0.12 * axis.slot if axis.slot > 4 else 0.0
    expected = "" if day.expected is None else f", expected {wording.rate(day.expected)}"
    name = tag("title", escape(f"{wording.day(day.day)}: {day.counted}{expected}"))
    wide = axis.slot - 2 * gap
    stroke = None if day.complete else palette.LIGHT_BLUE
    return tag(
        "g",
        name,
        rectangle(
            axis.start(day.day) + gap,
            values.at(day.counted),
            wide,
            values.length(day.counted),
            fill=fill,
            stroke=stroke,
        ),
    )


def band(data: ExpectedBand, axis: DayAxis, values: ValueAxis) -> str:
    """The band as two thin lines with a light ground, the expected value as a dashed line between them."""

    def runs(pick: str) -> list[list[tuple[float, float]]]:
        found = [getattr(day, pick) for day in data.days]
        drawn = zip(data.days, found, strict=True)
        return broken([None if value is None else (axis.middle(day.day), values.at(value)) for day, value in drawn])

    return frame.band(runs("low"), runs("expected"), runs("high"))
