"""Positivity: the share of tests that were positive with its band, above the number of tests, on one axis of days.

Two panels, one below the other, each with its own axis from nought: never two value axes in one panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose
from commonweal.core.pictures.scale import DayAxis, ValueAxis, day_axis, value_axis
from commonweal.core.pictures.svg import escape, hatch, label, polyline, rectangle, tag
from commonweal.core.pictures.table import Column, PictureTable


@dataclass(frozen=True)
class PositivityDay:
    """Tests and positives of one day (or of the window that ends on it), and the interval of the share in [0, 1]."""

    day: date
    tests: int
    positive: int
    low: float | None = None
    high: float | None = None
    complete: bool = True

    @property
    def share(self) -> float | None:
        """Positive of all tests; none on a day without tests."""
        return self.positive / self.tests if self.tests else None


@dataclass(frozen=True)
class Positivity:
    """``window`` says what a day stands for, e.g. 'seven days to each day'; ``level`` names the interval. ``begins``,
    ``letters``: the first day and the least room for values' names of a curve above, to stand below its days."""

    place: str
    days: tuple[PositivityDay, ...]
    source: str
    known: str
    window: str = "each day"
    level: str = "95%"
    begins: date | None = None
    letters: int = 0


def draw_positivity(data: Positivity, key: str = "positivity") -> Picture:
    """The picture with its table. Raises Refused for more positives than tests or an interval that misses its share."""
    for day in data.days:
        check(day)
    title = f"Tests that were positive in {data.place}, {data.window}"
    words = Words(title, describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, prefix: sketch(data, sheet, prefix), table(data, title))


def check(day: PositivityDay) -> None:
    if not 0 <= day.positive <= day.tests:
        raise Refused(f"{day.day} has {day.positive} positive of {day.tests} tests: positives cannot exceed tests.")
    if day.low is None or day.high is None or day.share is None:
        return
    rounding = 1e-9
    if not 0 <= day.low <= day.share + rounding <= day.high + 2 * rounding <= 1 + 2 * rounding:
        raise Refused(f"{day.day}: the interval {day.low} to {day.high} does not hold its share {day.share}.")


def describe(data: Positivity) -> str:
    known = [day for day in data.days if day.share is not None and day.complete]
    if not known:
        return f"No complete day with tests in {data.place} yet."
    latest = known[-1]
    share = wording.share_of(latest.positive, latest.tests)
    text = f"{wording.day_and_year(latest.day)}: {share} of tests in {data.place} were positive"
    if latest.low is not None and latest.high is not None:
        text += f", {data.level} interval {wording.percentage(latest.low)} to {wording.percentage(latest.high)}"
    highest = max(known, key=lambda day: day.share or 0)
    return f"{text}; highest {wording.percentage(highest.share)} on {wording.day(highest.day)} ({data.window})."


def table(data: Positivity, title: str) -> PictureTable:
    columns = (
        Column("Day", numeric=False),
        Column("Positive"),
        Column("Tests"),
        Column("Share positive", percent=True),
        Column(f"{data.level} from", percent=True),
        Column(f"{data.level} to", percent=True),
        Column("State", numeric=False),
    )
    rows = tuple(
        (
            day.day,
            day.positive,
            day.tests,
            day.share,
            day.low,
            day.high,
            "complete" if day.complete else "still arriving",
        )
        for day in data.days
    )
    return PictureTable(title, columns, rows)


def sketch(data: Positivity, sheet: Sheet, prefix: str) -> Drawing:
    """Legend, share of tests with its band, number of tests, names of days."""
    items = [
        frame.LegendItem("Share positive", kind="line", stroke=palette.BLUE),
        frame.LegendItem(f"{data.level} interval", fill=palette.PALE_BLUE, stroke=palette.LIGHT_BLUE),
        frame.LegendItem("Tests", fill=palette.GREY),
    ]
    if not all(day.complete for day in data.days):
        items.append(frame.LegendItem("Still arriving", fill=f"url(#{prefix}-wait)", stroke=palette.GREY))
    keys, top = frame.legend(items, sheet)
    share_top, share_bottom = top + 24, top + 144
    tests_top, tests_bottom = share_bottom + 44, share_bottom + 114
    most = max((day.high or day.share or 0 for day in data.days if day.complete), default=0)
    shares = value_axis(100 * most, share_bottom, share_top, ticks=3, whole=False)
    counts = value_axis(max(day.tests for day in data.days), tests_bottom, tests_top, ticks=2)
    texts = (*frame.tick_texts(shares, "%"), *frame.tick_texts(counts))
    first, last = data.begins or data.days[0].day, data.days[-1].day
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    axis = day_axis(days, frame.left_margin(texts, sheet, data.letters), sheet.width - frame.RIGHT_MARGIN)
    body = (
        keys,
        label(0, top + 12, "Share of tests that were positive"),
        frame.value_lines(shares, axis.left, axis.right, "%"),
        *(band_and_line(run, axis, shares) for run in runs(data.days)),
        label(0, share_bottom + 26, "Tests"),
        frame.value_lines(counts, axis.left, axis.right),
        *(tests_bar(day, axis, counts, prefix) for day in data.days if day.tests),
        frame.day_labels(axis, tests_bottom, sheet),
    )
    return Drawing("".join(body), tests_bottom + 28, hatch(f"{prefix}-wait", palette.GREY))


def runs(days: tuple[PositivityDay, ...]) -> list[list[PositivityDay]]:
    """Unbroken stretches of complete days with tests; the line stops where nothing is known."""
    found: list[list[PositivityDay]] = [[]]
    for day in days:
        if day.share is None or not day.complete:
            found.append([])
        else:
            found[-1].append(day)
    return [run for run in found if run]


def band_and_line(run: list[PositivityDay], axis: DayAxis, values: ValueAxis) -> str:
    line = [(axis.middle(day.day), values.at(100 * (day.share or 0))) for day in run]
    upper = [(axis.middle(day.day), values.at(100 * day.high)) for day in run if day.high is not None]
    lower = [(axis.middle(day.day), values.at(100 * day.low)) for day in run if day.low is not None]
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in [*upper, *reversed(lower)])
    band = (
        tag("polygon", points=points, fill=palette.PALE_BLUE, stroke=palette.LIGHT_BLUE, stroke_width=0.7)
        if points
        else ""
    )
    dot = "".join(tag("circle", cx=x, cy=y, r=2.2, fill=palette.BLUE) for x, y in line) if len(line) < 3 else ""
    return band + polyline(line, stroke=palette.BLUE, width=2.5) + dot


def tests_bar(day: PositivityDay, axis: DayAxis, values: ValueAxis, prefix: str) -> str:
    gap = 0.1 * axis.slot if axis.slot > 4 else 0.0
    name = f"{wording.day(day.day)}: {wording.share_of(day.positive, day.tests)} positive"
    fill, stroke = (palette.GREY, None) if day.complete else (f"url(#{prefix}-wait)", palette.GREY)
    x, wide = axis.start(day.day) + gap, axis.slot - 2 * gap
    bar = rectangle(x, values.at(day.tests), wide, values.length(day.tests), fill=fill, stroke=stroke)
    return tag("g", tag("title", escape(name)), bar)
