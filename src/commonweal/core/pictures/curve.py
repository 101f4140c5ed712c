"""The epidemic curve: people who tested positive by day of swab, stacked by pillar, with what is still arriving."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose
from commonweal.core.pictures.scale import DayAxis, ValueAxis, day_axis, value_axis
from commonweal.core.pictures.svg import escape, hatch, label, line, polyline, rectangle, tag
from commonweal.core.pictures.table import Cell, Column, PictureTable

MEAN_DAYS = 7


@dataclass(frozen=True)
class CurveDay:
    """One day of swabs.

    ``counts``: people by layer (pillar), in the order of the curve's ``layers``. ``complete``: no more results are
    expected for this day. ``likely``: the interval in which the day's final count lies, where a nowcast was made.
    """

    day: date
    counts: tuple[int, ...]
    complete: bool = True
    likely: tuple[float, float] | None = None

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class CurveEvent:
    """Something that happened on a day: a test unit opened, a definition changed, a measure began."""

    day: date
    text: str


@dataclass(frozen=True)
class EpidemicCurve:
    """Everything an epidemic curve shows. ``source`` and ``known`` are sentences that go below it; ``letters``: the
    least room for values' names, so that the days of a picture below stand below its own."""

    place: str
    layers: tuple[str, ...]
    days: tuple[CurveDay, ...]
    source: str
    known: str
    events: tuple[CurveEvent, ...] = ()
    who: str = "People who tested positive"
    when: str = "day of swab"
    letters: int = 0


def seven_day_means(days: tuple[CurveDay, ...]) -> tuple[float | None, ...]:
    """The mean of each day and the six before it; none where one of the seven is missing or not yet complete."""
    means: list[float | None] = []
    for at in range(len(days)):
        window = days[max(0, at + 1 - MEAN_DAYS) : at + 1]
        whole = len(window) == MEAN_DAYS and all(day.complete for day in window)
        means.append(sum(day.total for day in window) / MEAN_DAYS if whole else None)
    return tuple(means)


def draw_epidemic_curve(curve: EpidemicCurve, key: str = "curve") -> Picture:
    """The picture with its table. Raises Refused when layers and counts do not fit or a day is missing or twice."""
    check(curve)
    words = Words(f"{curve.who} in {curve.place}, by {curve.when}", describe(curve), curve.source, curve.known)
    events = sorted(curve.events, key=lambda event: event.day)
    notes = tuple(f"{number}. {wording.day(event.day)}: {event.text}" for number, event in enumerate(events, 1))
    return compose(
        key, words, lambda sheet, prefix: sketch(curve, sheet, prefix), table(curve, words.title), notes=notes
    )


def check(curve: EpidemicCurve) -> None:
    if not 1 <= len(curve.layers) <= len(palette.LAYERS):
        raise Refused(f"An epidemic curve stacks one or two layers, not {len(curve.layers)}: {curve.layers}.")
    for day in curve.days:
        if len(day.counts) != len(curve.layers):
            raise Refused(f"{day.day} has {len(day.counts)} counts for the {len(curve.layers)} layers {curve.layers}.")


def describe(curve: EpidemicCurve) -> str:
    """What a reader who cannot see it should know: total, highest day, the last week against the one before."""
    days = curve.days
    first, last = days[0].day, days[-1].day
    total = sum(day.total for day in days)
    parts = [f"{wording.thousands(total)} from {wording.day(first)} to {wording.day_and_year(last)}"]
    if total:
        highest = max(days, key=lambda day: day.total)
        parts.append(f"most on {wording.day(highest.day)} ({wording.thousands(highest.total)})")
    complete = [day.total for day in days if day.complete]
    if len(complete) >= 2 * MEAN_DAYS:
        latest, before = sum(complete[-MEAN_DAYS:]), sum(complete[-2 * MEAN_DAYS : -MEAN_DAYS])
        parts.append(f"{wording.thousands(latest)} in the last seven complete days")
        parts.append(f"{wording.thousands(before)} in the seven before")
    waiting = sum(not day.complete for day in days)
    if waiting:
        parts.append(f"results for {wording.counted(waiting, 'day', 'days')} are still arriving")
    return f"{curve.who} in {curve.place} by {curve.when}: {'; '.join(parts)}."


def table(curve: EpidemicCurve, title: str) -> PictureTable:
    columns = [Column("Day of swab" if curve.when == "day of swab" else "Day", numeric=False)]
    columns += [Column(layer) for layer in curve.layers]
    if len(curve.layers) > 1:
        columns.append(Column("All"))
    columns += [
        Column("Mean of seven days", decimals=1),
        Column("Likely final count", numeric=False),
        Column("State", numeric=False),
    ]
    rows = tuple(
        row(day, mean, len(curve.layers) > 1) for day, mean in zip(curve.days, seven_day_means(curve.days), strict=True)
    )
    return PictureTable(title, tuple(columns), rows)


def row(day: CurveDay, mean: float | None, with_total: bool) -> tuple[Cell, ...]:
    likely = "as counted" if day.likely is None else f"{day.likely[0]:,.0f} to {day.likely[1]:,.0f}"
    if day.likely is None and not day.complete:
        likely = wording.NOT_KNOWN
    total = (day.total,) if with_total else ()
    return (day.day, *day.counts, *total, mean, likely, "complete" if day.complete else "still arriving")


def sketch(curve: EpidemicCurve, sheet: Sheet, prefix: str) -> Drawing:
    """Legend, unit, event marks, plot and names of days, from top to bottom."""
    keys, top = frame.legend(legend_items(curve, prefix), sheet)
    plot_top = top + 26 + (22 if curve.events else 0)
    bottom = plot_top + (190 if sheet.narrow else 230)
    largest = max(max(day.total, day.likely[1] if day.likely else 0) for day in curve.days)
    values = value_axis(largest, bottom, plot_top)
    left = frame.left_margin(frame.tick_texts(values), sheet, curve.letters)
    axis = day_axis([day.day for day in curve.days], left, sheet.width - frame.RIGHT_MARGIN)
    body = [
        keys,
        label(0, top + 14, "People a day"),
        arriving(curve, axis, plot_top, bottom),
        frame.value_lines(values, left, axis.right),
        *(bar(day, curve, axis, values, prefix) for day in curve.days),
        mean_line(curve, axis, values),
        *(
            frame.interval(axis.middle(day.day), values.at(day.likely[1]), values.at(day.likely[0]))
            for day in curve.days
            if day.likely
        ),
        event_marks(curve, axis, plot_top, bottom),
        frame.day_labels(axis, bottom, sheet),
        label((left + axis.right) / 2, bottom + 42, curve.when.capitalize(), anchor="middle"),
    ]
    patterns = "".join(hatch(f"{prefix}-hatch-{at}", palette.LAYERS[at]) for at in range(len(curve.layers)))
    return Drawing("".join(body), bottom + 50, patterns)


def legend_items(curve: EpidemicCurve, prefix: str) -> list[frame.LegendItem]:
    items = [
        frame.LegendItem(name, fill=palette.LAYERS[at], stroke=palette.LAYERS[at])
        for at, name in enumerate(curve.layers)
    ]
    if not all(day.complete for day in curve.days):
        items.append(frame.LegendItem("Still arriving", fill=f"url(#{prefix}-hatch-0)", stroke=palette.BLUE))
    if any(mean is not None for mean in seven_day_means(curve.days)):
        items.append(frame.LegendItem("Mean of seven days", kind="line", stroke=palette.INK))
    if any(day.likely for day in curve.days):
        items.append(frame.LegendItem("Likely final count (95%)", kind="interval"))
    if curve.events:
        items.append(frame.LegendItem("Event, listed below", kind="number"))
    return items


def arriving(curve: EpidemicCurve, axis: DayAxis, top: float, bottom: float) -> str:
    """A grey ground behind every day that is not yet complete."""
    return "".join(
        rectangle(axis.start(day.day), top, axis.slot, bottom - top, fill=palette.PALE_GREY)
        for day in curve.days
        if not day.complete
    )


def bar(day: CurveDay, curve: EpidemicCurve, axis: DayAxis, values: ValueAxis, prefix: str) -> str:
    """The stacked bar of one day; its name is shown by the browser when the pointer rests on it."""
    gap = 0.08 * axis.slot if axis.slot > 4 else 0.0
    base, parts = 0, []
    for at, count in enumerate(day.counts):
        if count:
            fill = palette.LAYERS[at] if day.complete else f"url(#{prefix}-hatch-{at})"
            stroke = palette.WHITE if day.complete else palette.LAYERS[at]
            y, height = values.at(base + count), values.length(count)
            parts.append(
                rectangle(axis.start(day.day) + gap, y, axis.slot - 2 * gap, height, fill=fill, stroke=stroke, line=0.5)
            )
        base += count
    split = ", ".join(
        f"{name} {wording.thousands(count)}" for name, count in zip(curve.layers, day.counts, strict=True)
    )
    name = f"{wording.day(day.day)}: {wording.thousands(day.total)} ({split})"
    return tag("g", tag("title", escape(name)), *parts) if parts else ""


def mean_line(curve: EpidemicCurve, axis: DayAxis, values: ValueAxis) -> str:
    """The seven-day mean, cased in white so that it shows on dark bars; broken where it is not known."""
    runs: list[list[tuple[float, float]]] = [[]]
    for day, mean in zip(curve.days, seven_day_means(curve.days), strict=True):
        if mean is None:
            runs.append([])
        else:
            runs[-1].append((axis.middle(day.day), values.at(mean)))
    drawn = [run for run in runs if run]
    return "".join(
        polyline(run, stroke=palette.WHITE, width=5) + polyline(run, stroke=palette.INK, width=2.2) for run in drawn
    )


def event_marks(curve: EpidemicCurve, axis: DayAxis, top: float, bottom: float) -> str:
    """Numbers above the plot with a dashed line down to their day; events outside the days are only listed."""
    parts, free = [], 0.0
    for number, event in enumerate(sorted(curve.events, key=lambda event: event.day), 1):
        if axis.first <= event.day <= axis.last:
            x = axis.start(event.day)
            ring = max(x, free)
            free = ring + 20
            parts.append(line(x, top - 4, x, bottom, stroke=palette.DARK_GREY, dash="4 3"))
            parts.append(frame.numbered_mark(ring, top - 13, str(number)))
    return "".join(parts)
