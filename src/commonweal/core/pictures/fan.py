"""R over time: the middle line with nested intervals, and the line of 1 between growth and decline.

Days may be missing (too few people in their window): line and ground are then broken off and go on later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose
from commonweal.core.pictures.scale import DayAxis, ValueAxis, day_axis, value_axis
from commonweal.core.pictures.svg import line, polyline, tag
from commonweal.core.pictures.table import Column, PictureTable

LONE = 0.3  # of a day's width on either side of a day without neighbours


@dataclass(frozen=True)
class FanDay:
    """One day: the middle estimate and the ends of an inner (50 %) and an outer (90 %) interval, in order."""

    day: date
    low: float
    inner_low: float
    middle: float
    inner_high: float
    high: float

    @property
    def ends(self) -> tuple[float, float, float, float, float]:
        """All five in order."""
        return self.low, self.inner_low, self.middle, self.inner_high, self.high


@dataclass(frozen=True)
class Fan:
    """Everything a fan of R shows, days in order; ``method`` names the method in words for the note below."""

    place: str
    days: tuple[FanDay, ...]
    source: str
    known: str
    method: str
    measure: str = "Reproduction number"


def draw_fan(data: Fan, key: str = "fan") -> Picture:
    """The picture with its table. Raises Refused for days or ends that are out of order, or ends below nought."""
    for before, after in pairwise(data.days):
        if before.day >= after.day:
            raise Refused(f"A fan of days was given {after.day} after {before.day}: give every day once, in order.")
    for day in data.days:
        if not all(a <= b for a, b in zip((0.0, *day.ends), day.ends, strict=False)):
            raise Refused(f"{day.day}: the values {day.ends} are not in order from nought upwards.")
    title = f"{data.measure} in {data.place}"
    words = Words(title, describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, prefix: sketch(data, sheet), table(data, title), notes=(data.method,))


def describe(data: Fan) -> str:
    last = data.days[-1]
    said = "above 1" if last.low > 1 else "below 1" if last.high < 1 else "on either side of 1"
    return (
        f"{data.measure} in {data.place}, {wording.day(data.days[0].day)} to {wording.day_and_year(last.day)}: "
        f"{last.middle:.2f} on the last day, 90% interval {last.low:.2f} to {last.high:.2f}, {said}."
    )


def table(data: Fan, title: str) -> PictureTable:
    names = ("90% from", "50% from", "Middle", "50% to", "90% to")
    columns = (Column("Day", numeric=False), *(Column(name, decimals=2) for name in names))
    return PictureTable(title, columns, tuple((day.day, *day.ends) for day in data.days))


def sketch(data: Fan, sheet: Sheet) -> Drawing:
    """Legend, two ribbons, the middle line and the line of 1."""
    items = [
        frame.LegendItem("Middle", stroke=palette.BLUE, kind="line"),
        frame.LegendItem("50% interval", fill=palette.LIGHT_BLUE),
        frame.LegendItem("90% interval", fill=palette.PALE_BLUE),
        frame.LegendItem("Neither growth nor decline", stroke=palette.INK, kind="dashes"),
    ]
    keys, top = frame.legend(items, sheet)
    bottom = top + 220
    values = value_axis(max(1.2, *(day.high for day in data.days)), bottom, top + 12, whole=False)
    left = frame.left_margin(frame.tick_texts(values), sheet)
    first, last = data.days[0].day, data.days[-1].day
    every = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    axis = day_axis(every, left, sheet.width - frame.RIGHT_MARGIN)
    found = stretches(data.days)
    body = [
        keys,
        frame.value_lines(values, axis.left, axis.right),
        *(ribbon(days, axis, values, "low", "high", palette.PALE_BLUE) for days in found),
        *(ribbon(days, axis, values, "inner_low", "inner_high", palette.LIGHT_BLUE) for days in found),
        *(polyline(along(days, axis, values, "middle"), stroke=palette.BLUE, width=3) for days in found),
        line(axis.left, values.at(1), axis.right, values.at(1), stroke=palette.INK, width=1.5, dash="4 3"),
        frame.day_labels(axis, bottom, sheet),
    ]
    return Drawing("".join(body), bottom + 28)


def stretches(days: Iterable[FanDay]) -> list[list[FanDay]]:
    """Days in order, cut where one or more are missing."""
    found: list[list[FanDay]] = []
    for day in days:
        if found and day.day - found[-1][-1].day == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return found


def along(days: list[FanDay], axis: DayAxis, values: ValueAxis, name: str) -> list[tuple[float, float]]:
    """One of a stretch's lines; that of a lone day is a little wide, so that it can be seen."""
    if len(days) > 1:
        return [(axis.middle(day.day), values.at(getattr(day, name))) for day in days]
    x, y, half = axis.middle(days[0].day), values.at(getattr(days[0], name)), LONE * axis.slot
    return [(x - half, y), (x + half, y)]


def ribbon(days: list[FanDay], axis: DayAxis, values: ValueAxis, low: str, high: str, fill: str) -> str:
    """The ground between two ends over a stretch of days."""
    upper, lower = along(days, axis, values, high), along(days, axis, values, low)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*upper, *reversed(lower)))
    return tag("polygon", points=points, fill=fill, stroke="none")
