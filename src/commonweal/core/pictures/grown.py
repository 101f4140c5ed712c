"""How something grew: what was counted of it on each morning that it was looked at, as bars from nought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose
from commonweal.core.pictures.scale import DayAxis, ValueAxis, day_axis, value_axis
from commonweal.core.pictures.svg import escape, label, rectangle, tag
from commonweal.core.pictures.table import Column, PictureTable

WIDEST_BAR = 56.0  # so that two mornings are not two walls
NUMBERED = 16  # so many bars carry their number


@dataclass(frozen=True)
class Seen:
    """People counted on a morning, over the days from ``first`` to that morning."""

    morning: date
    first: date
    people: int


@dataclass(frozen=True)
class Grown:
    """Everything the picture shows; ``seen`` in order of mornings, each once. A morning without one has no bar."""

    name: str
    seen: tuple[Seen, ...]
    source: str
    known: str


def draw_grown(data: Grown, key: str = "grown") -> Picture:
    """The picture with its table. Raises Refused for no morning, or mornings that are out of order."""
    if not data.seen:
        raise Refused(f"{data.name} was counted on no morning. Show the empty state instead.")
    mornings = [each.morning for each in data.seen]
    if mornings != sorted(set(mornings)):
        raise Refused(f"{data.name}: mornings are out of order or stand twice.")
    title = f"People of {data.name} who tested positive, as counted each morning"
    words = Words(title, _describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, _: _sketch(data, sheet), _table(data, title))


def _describe(data: Grown) -> str:
    first, last = data.seen[0], data.seen[-1]
    now = f"{wording.counted(last.people, 'person', 'people')} on {wording.day_and_year(last.morning)}"
    if first is last:
        return f"{data.name}: {now}, the only morning on which it was found."
    return f"{data.name}: {now}, {wording.thousands(first.people)} on {wording.day(first.morning)}, when first found."


def _table(data: Grown, title: str) -> PictureTable:
    columns = (Column("Morning", numeric=False), Column("Counted from", numeric=False), Column("People"))
    return PictureTable(title, columns, tuple((each.morning, each.first, each.people) for each in data.seen))


def _sketch(data: Grown, sheet: Sheet) -> Drawing:
    upper, bottom = 30.0, 176.0
    values = value_axis(max(1, *(each.people for each in data.seen)), bottom, upper)
    left = frame.left_margin(frame.tick_texts(values), sheet)
    first, last = data.seen[0].morning, data.seen[-1].morning
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    axis = day_axis(days, left, sheet.width - frame.RIGHT_MARGIN)
    body = [
        label(0, 14, "People"),
        frame.value_lines(values, axis.left, axis.right),
        *(_bar(each, axis, values, numbered=len(data.seen) <= NUMBERED) for each in data.seen),
        frame.day_labels(axis, bottom, sheet),
        label((axis.left + axis.right) / 2, bottom + 40, "Morning", anchor="middle"),
    ]
    return Drawing("".join(body), bottom + 48)


def _bar(each: Seen, axis: DayAxis, values: ValueAxis, *, numbered: bool) -> str:
    wide = min(WIDEST_BAR, axis.slot * 0.8)
    middle, top = axis.middle(each.morning), values.at(each.people)
    said = f"{wording.day(each.morning)}: {wording.counted(each.people, 'person', 'people')}"
    drawn = rectangle(middle - wide / 2, top, wide, values.length(each.people), fill=palette.LIGHT_BLUE)
    number = label(middle, top - 5, wording.thousands(each.people), anchor="middle", halo=True) if numbered else ""
    return tag("g", tag("title", escape(said)), drawn, number)
