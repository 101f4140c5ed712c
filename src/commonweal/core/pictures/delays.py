"""Why was this late: one bar from swab to first opened, split by who held the result, the longest holder named."""

from __future__ import annotations

from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose, shorten, text_width
from commonweal.core.pictures.scale import ValueAxis, value_axis
from commonweal.core.pictures.svg import dots, escape, hatch, label, line, rectangle, tag
from commonweal.core.pictures.table import Column, PictureTable

ROW = 76.0
STAGES = ("Swab to laboratory", "Laboratory to sender", "Sender to platform", "Platform to first opened")


@dataclass(frozen=True)
class DelayRow:
    """One feed (or one day of a feed): results, and the mean hours of each stage (means add up, medians do not).

    A stage of None cannot be told: the sender does not state the time. ``holders`` names who held the results in each
    stage.
    """

    name: str
    results: int
    hours: tuple[float | None, ...]
    holders: tuple[str, ...] = ()
    href: str | None = None

    @property
    def total(self) -> float:
        """Hours of the stages that are known."""
        return sum(part for part in self.hours if part is not None)

    def longest(self) -> int | None:
        """Number of the stage that took longest, or none where nothing is known."""
        known = [(part, -at) for at, part in enumerate(self.hours) if part]
        return -max(known)[1] if known else None


@dataclass(frozen=True)
class Delays:
    """``rows`` in the order to show; ``stages`` name the parts of the bars."""

    place: str
    period: str
    rows: tuple[DelayRow, ...]
    source: str
    known: str
    stages: tuple[str, ...] = STAGES


def draw_delays(data: Delays, key: str = "delays") -> Picture:
    """The picture with its table. Raises Refused for no row, a negative stage, or rows that do not fit the stages."""
    if not data.rows:
        raise Refused("A picture of delays was given no row. Show the empty state instead.")
    for row in data.rows:
        if len(row.hours) != len(data.stages) or (row.holders and len(row.holders) != len(data.stages)):
            raise Refused(
                f"{row.name}: give hours and holders for each of the {len(data.stages)} stages {data.stages}."
            )
        if any(part is not None and part < 0 for part in row.hours):
            raise Refused(
                f"{row.name}: {row.hours} holds a negative time. Flag the record's times instead of drawing them."
            )
    title = f"How long results for {data.place} took, {data.period}"
    words = Words(title, describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, prefix: sketch(data, sheet, prefix), table(data, title))


def holder(row: DelayRow, stage: int, stages: tuple[str, ...]) -> str:
    return row.holders[stage] if row.holders else stages[stage]


def describe(data: Delays) -> str:
    slowest = max(data.rows, key=lambda row: row.total)
    stage = slowest.longest()
    results = wording.thousands(sum(row.results for row in data.rows))
    if stage is None:
        return f"{results} results for {data.place}; no sender states enough times to tell who held them."
    return (
        f"{results} results for {data.place}, {data.period}; "
        f"slowest: {slowest.name}, {wording.hours(slowest.total)} on average, "
        f"longest held from {data.stages[stage].lower()} by {holder(slowest, stage, data.stages)} "
        f"({wording.hours(slowest.hours[stage])})."
    )


def table(data: Delays, title: str) -> PictureTable:
    columns = (
        Column("Feed", numeric=False),
        Column("Results"),
        *(Column(f"{stage}, hours", decimals=1) for stage in data.stages),
        Column("All, hours", decimals=1),
        Column("Longest holder", numeric=False),
    )
    rows = tuple(
        (row.name, row.results, *row.hours, round(row.total, 4), longest_holder(row, data.stages)) for row in data.rows
    )
    return PictureTable(title, columns, rows)


def longest_holder(row: DelayRow, stages: tuple[str, ...]) -> str | None:
    stage = row.longest()
    return None if stage is None else holder(row, stage, stages)


def sketch(data: Delays, sheet: Sheet, prefix: str) -> Drawing:
    """Legend, then for each row its name above its bar, then the axis in hours or days."""
    keys, top = frame.legend(legend_items(data, prefix), sheet)
    most = max(max(row.total for row in data.rows), 1.0)
    unit, per = ("days", 24.0) if most > 72 else ("hours", 1.0)
    axis = value_axis(most / per, sheet.width - 24, 4, ticks=4 if sheet.narrow else 8)
    bottom = top + ROW * len(data.rows) + 4
    body = [keys]
    for tick in axis.ticks:
        x = place(axis, tick)
        body += [
            line(x, top, x, bottom, stroke=palette.INK if tick == 0 else palette.RULE),
            label(x, bottom + 18, wording.thousands(tick), anchor="start" if tick == 0 else "middle"),
        ]
    body += [bar(row, at, data, axis, per, top, sheet, prefix) for at, row in enumerate(data.rows)]
    body.append(
        label(
            sheet.width / 2,
            bottom + 38,
            f"{unit.capitalize()} since the swab, on average",
            anchor="middle",
        )
    )
    patterns = hatch(f"{prefix}-s1", palette.LIGHT_BLUE) + dots(
        f"{prefix}-s3", palette.DARK_GREY, background=palette.PALE_GREY, step=5
    )
    return Drawing("".join(body), bottom + 46, patterns)


def stage_fill(stage: int, prefix: str) -> tuple[str, str]:
    """Fill and outline of a stage: solid, hatched, light, dotted, so that they differ without colour."""
    return (
        (palette.BLUE, palette.BLUE),
        (f"url(#{prefix}-s1)", palette.BLUE),
        (palette.PALE_BLUE, palette.BLUE),
        (f"url(#{prefix}-s3)", palette.DARK_GREY),
    )[stage % 4]


def legend_items(data: Delays, prefix: str) -> list[frame.LegendItem]:
    items = [
        frame.LegendItem(name, fill=stage_fill(at, prefix)[0], stroke=stage_fill(at, prefix)[1])
        for at, name in enumerate(data.stages)
    ]
    return [*items, frame.LegendItem("Longest holder", kind="triangle")]


def place(axis: ValueAxis, value: float) -> float:
    """The axis lies on its side: its length is measured from the left edge."""
    return 4 + axis.length(value)


def bar(
    row: DelayRow, at: int, data: Delays, axis: ValueAxis, per: float, top: float, sheet: Sheet, prefix: str
) -> str:
    """Name and total above, the parts below; a triangle stands over the longest."""
    y = top + ROW * at
    longest, spent, parts = row.longest(), 0.0, []
    said = wording.hours(row.total) if row.total else "cannot be told"
    room = sheet.width - text_width(said, sheet.text) - 14
    parts.append(label(6, y + 15, shorten(row.name, room, sheet.text), weight="700", halo=True))
    parts.append(label(sheet.width - 4, y + 15, said, anchor="end", halo=True))
    for stage, part in enumerate(row.hours):
        if not part:
            continue
        x, wide = place(axis, spent / per), axis.length(part / per)
        fill, stroke = stage_fill(stage, prefix)
        name = f"{data.stages[stage]} ({holder(row, stage, data.stages)}): {wording.hours(part)}"
        parts.append(tag("g", tag("title", escape(name)), rectangle(x, y + 24, wide, 22, fill=fill, stroke=stroke)))
        if stage == longest:
            parts.append(frame.triangle(x + wide / 2, y + 30))
            said_longest = f"Longest {wording.hours(part)}: {holder(row, stage, data.stages)}"
            parts.append(label(6, y + 63, shorten(said_longest, sheet.width - 12, sheet.text), halo=True))
        spent += part
    return tag("g", *parts)
