"""A map of small areas by a rate or an excess, in five fixed classes of one hue, with names to find one's way by."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import palette
from commonweal.core.pictures.frame import touch
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose, shorten, text_width
from commonweal.core.pictures.shapes import MANY_POINTS, AreaShape, Layout, MapLine, Projection, Ring, lay_out, together
from commonweal.core.pictures.svg import dots, escape, hatch, label, line, link, polyline, rectangle, tag
from commonweal.core.pictures.table import Column, PictureTable

NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Classes:
    """The fixed classes of a metric, the same on all pages and days; a value on a break belongs to the class above."""

    metric: str
    unit: str
    breaks: tuple[float, float, float, float]
    decimals: int = 0

    def __post_init__(self) -> None:
        if list(self.breaks) != sorted(set(self.breaks)) or not all(map(math.isfinite, self.breaks)):
            raise Refused(f"The classes of {self.metric} need four rising breaks, not {self.breaks}.")

    def of(self, value: float) -> int:
        """Class 0..4 of a value."""
        return bisect_right(self.breaks, value)

    def names(self) -> tuple[str, ...]:
        said = [wording.thousands(value, self.decimals) for value in self.breaks]
        between = [f"{low} to under {high}" for low, high in pairwise(said)]
        return (f"under {said[0]}", *between, f"{said[3]} or more")


@dataclass(frozen=True)
class AreaValue:
    """What is known of one area. ``suppressed``: too few people to show; ``value`` None otherwise means not known."""

    code: str
    value: float | None
    count: int | None = None
    residents: int | None = None
    suppressed: bool = False
    href: str | None = None


@dataclass(frozen=True)
class Outline:
    """A line on top of the map: the border of a cluster, or of the district. Of areas side by side it is drawn around
    all of them. ``codes``: the areas that it goes around, so that the table names them too."""

    name: str
    rings: tuple[Ring, ...]
    look_here: bool = True
    codes: frozenset[str] = frozenset()

    @cached_property
    def border(self) -> tuple[Ring, ...]:
        """What is drawn: around all areas together; of a nation, where that would take long, around each."""
        return together(self.rings) if sum(map(len, self.rings)) <= MANY_POINTS else self.rings


@dataclass(frozen=True)
class Symbols:
    """Things inside areas, as a sign with their number: outbreaks in settings by the code of the area."""

    name: str
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class AreaMap:
    """Everything a map shows. Values are joined to shapes by code; every shape needs exactly one value."""

    place: str
    classes: Classes
    shapes: tuple[AreaShape, ...]
    values: tuple[AreaValue, ...]
    source: str
    known: str
    period: str
    outlines: tuple[Outline, ...] = ()
    lines: tuple[MapLine, ...] = ()
    area_word: str = "Area"
    symbols: Symbols | None = None


def draw_map(data: AreaMap, key: str = "map") -> Picture:
    """The map with the table of the same areas sorted by value. Raises Refused where values and shapes do not match."""
    shown = {value.code: value for value in data.values}
    codes = {shape.code for shape in data.shapes}
    if len(shown) != len(data.values) or codes != set(shown) or len(codes) != len(data.shapes):
        odd = sorted(codes ^ set(shown)) or ["a code that is given twice"]
        raise Refused(
            f"Map of {data.place}: values and boundaries do not match at {odd[0]}. Give each area once in both."
        )
    title = f"{data.classes.metric} in {data.place}, {data.period}"
    words = Words(title, describe(data), data.source, data.known)
    has_links = any(value.href for value in data.values)
    return compose(
        key, words, lambda sheet, prefix: sketch(data, shown, sheet, prefix), table(data, title), links=has_links
    )


def sort_key(value: AreaValue) -> tuple[bool, float, str]:
    """Highest first; areas without a shown value come last, in the order of their codes."""
    hidden = value.suppressed or value.value is None
    return hidden, 0.0 if hidden else -(value.value or 0.0), value.code


def said_value(value: AreaValue, classes: Classes) -> str:
    if value.suppressed:
        return "too few people to show"
    if value.value is None:
        return wording.NOT_KNOWN
    return f"{wording.thousands(value.value, classes.decimals)} {classes.unit}"


def describe(data: AreaMap) -> str:
    names = {shape.code: shape.name for shape in data.shapes}
    ranked = sorted(data.values, key=sort_key)
    known = [value for value in ranked if not value.suppressed and value.value is not None]
    suppressed = sum(value.suppressed for value in data.values)
    parts = [wording.counted(len(data.shapes), "area", "areas")]
    if known:
        parts.append(f"highest in {names[known[0].code]} ({said_value(known[0], data.classes)})")
        parts.append(f"lowest in {names[known[-1].code]} ({said_value(known[-1], data.classes)})")
    if suppressed:
        parts.append(f"{wording.counted(suppressed, 'area has', 'areas have')} too few people to show")
    for each in data.outlines:
        inside = sorted(names[code] for code in each.codes if code in names)
        parts.append(f"outlined: {each.name}{f' ({_few(inside)})' if inside else ''}")
    if data.symbols and data.symbols.numbers:
        inside = sorted(names[code] for code in data.symbols.numbers if code in names)
        parts.append(f"{wording.lower_first(data.symbols.name)}: {_few(inside)}")
    return f"Map of {data.classes.metric.lower()} in {data.place}, {data.period}: {'; '.join(parts)}."


def _few(names: list[str]) -> str:
    """'Evington', 'Evington, Stoneygate and 4 more'."""
    return wording.joined(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def marked(data: AreaMap, code: str) -> str:
    """What an outline or a sign says of an area, in words; empty where there is nothing."""
    said = [each.name for each in data.outlines if code in each.codes]
    if data.symbols and (number := data.symbols.numbers.get(code)):
        said.append(f"{data.symbols.name}: {number}")
    return "; ".join(said)


def table(data: AreaMap, title: str) -> PictureTable:
    names = {shape.code: shape.name for shape in data.shapes}
    marks = data.symbols is not None or any(each.codes for each in data.outlines)
    columns = (
        Column(data.area_word, numeric=False),
        Column(wording.upper_first(data.classes.unit), decimals=data.classes.decimals, absent=NOT_SHOWN),
        Column("People", absent=NOT_SHOWN),
        Column("Residents"),
        Column("Shown as", numeric=False),
        *((Column("Marked", numeric=False),) if marks else ()),
        Column("Code", numeric=False),
    )
    rows = tuple(
        (
            names[value.code],
            None if value.suppressed else value.value,
            None if value.suppressed else value.count,
            value.residents,
            shown_as(value, data.classes),
            *((marked(data, value.code) or "no",) if marks else ()),
            value.code,
        )
        for value in sorted(data.values, key=sort_key)
    )
    return PictureTable(title, columns, rows)


def shown_as(value: AreaValue, classes: Classes) -> str:
    if value.suppressed or value.value is None:
        return said_value(value, classes)
    number = classes.of(value.value)
    return f"class {number + 1} of 5: {classes.names()[number]}"


def sketch(data: AreaMap, shown: dict[str, AreaValue], sheet: Sheet, prefix: str) -> Drawing:
    """Legend, areas, lines to find one's way by, outlines, names. Each border is written once and drawn three times."""
    keys, top = legend(data, sheet, prefix)
    box = (4, top, sheet.width - 8, 420 if sheet.narrow else 560)
    laid = lay_out(data.shapes, *box)
    areas = [
        area(shape, shown[shape.code], data.classes, f"{prefix}-{at}", sheet, prefix)
        for at, shape in enumerate(data.shapes)
    ]
    thin = 0.5 if len(data.shapes) > 80 or sheet.narrow else 0.8
    borders = {"href": f"#{prefix}-borders", "fill": "none", "pointer_events": "none"}
    body = [
        keys,
        *areas,
        tag("use", **borders, stroke=palette.WHITE, stroke_width=thin * 3),
        tag("use", **borders, stroke=palette.INK, stroke_width=thin),
        *(way_line(way, laid.projection) for way in data.lines),
        *(outline(each, laid.projection) for each in data.outlines),
        names(data, shown, laid, sheet),
        signs_of(data, laid, sheet),
    ]
    patterns = hatch(f"{prefix}-few", palette.GREY, background=palette.PALE_GREY, step=5, width=1)
    patterns += dots(f"{prefix}-none", palette.GREY, background=palette.WHITE)
    return Drawing("".join(body), top + laid.height + 8, patterns + border_paths(data.shapes, *box, prefix))


@lru_cache(maxsize=32)
def border_paths(
    shapes: tuple[AreaShape, ...], left: float, top: float, width: float, tallest: float, prefix: str
) -> str:
    """The borders of all areas, to be drawn by reference: each as `prefix-number`, all as `prefix-borders`. Kept."""
    paths = lay_out(shapes, left, top, width, tallest).paths
    drawn = (
        tag("path", d=paths[shape.code], id=f"{prefix}-{at}", fill_rule="evenodd") for at, shape in enumerate(shapes)
    )
    return tag("g", *drawn, id=f"{prefix}-borders")


def area(shape: AreaShape, value: AreaValue, classes: Classes, path: str, sheet: Sheet, prefix: str) -> str:
    """One filled area with its name and value, a link on the page where it leads somewhere; path: its border's name."""
    name = f"{shape.name}: {said_value(value, classes)}"
    drawn = tag("use", tag("title", escape(name)), href=f"#{path}", fill=fill(value, classes, prefix))
    return link(value.href, name, drawn) if value.href and sheet.on_page else drawn


def fill(value: AreaValue, classes: Classes, prefix: str) -> str:
    if value.suppressed:
        return f"url(#{prefix}-few)"
    if value.value is None:
        return f"url(#{prefix}-none)"
    return palette.CLASSES[classes.of(value.value)]


def outline(each: Outline, projection: Projection) -> str:
    path = projection.path(each.border)
    colour, width = (palette.ORANGE, 3.5) if each.look_here else (palette.INK, 2)
    return tag(
        "g",
        tag("title", escape(each.name)),
        tag("path", d=path, fill="none", stroke=palette.WHITE, stroke_width=width + 3),
        tag("path", d=path, fill="none", stroke=colour, stroke_width=width),
        pointer_events="none",
    )


def signs_of(data: AreaMap, laid: Layout, sheet: Sheet) -> str:
    """A sign with its number above the name of each area that has something inside."""
    if data.symbols is None:
        return ""
    placed = ((laid.middles[code], number) for code, number in data.symbols.numbers.items() if code in laid.middles)
    parts = (sign(x, y - sheet.text - 10, str(number)) for (x, y), number in placed)
    return tag("g", *parts, pointer_events="none")


def sign(x: float, y: float, number: str) -> str:
    """A square standing on its corner with a number in it."""
    corners = " ".join(f"{x + right:.2f},{y + down:.2f}" for right, down in ((0, -12), (12, 0), (0, 12), (-12, 0)))
    square = tag("polygon", points=corners, fill=palette.WHITE, stroke=palette.ORANGE, stroke_width=2.5)
    return square + label(x, y + 4.5, number, anchor="middle", size=12, weight="700")


def way_line(way: MapLine, projection: Projection) -> str:
    points = [projection.at(*point) for point in way.points]
    return polyline(points, stroke=palette.WHITE, width=4) + polyline(
        points, stroke=palette.DARK_GREY, width=1.5, dash="6 3"
    )


def legend(data: AreaMap, sheet: Sheet, prefix: str) -> tuple[str, float]:
    """Five classes, the patterns that occur, then the lines; one below the other on a phone."""
    entries = [(palette.CLASSES[at], name) for at, name in enumerate(data.classes.names())]
    if any(value.suppressed for value in data.values):
        entries.append((f"url(#{prefix}-few)", "too few people to show"))
    if any(value.value is None and not value.suppressed for value in data.values):
        entries.append((f"url(#{prefix}-none)", wording.NOT_KNOWN))
    signs: list[tuple[str, float, str | None, str]] = [
        (palette.ORANGE if each.look_here else palette.INK, 3.5, None, each.name) for each in data.outlines
    ]
    signs += [(palette.DARK_GREY, 1.5, "6 3", way.name) for way in data.lines]
    columns = 1 if sheet.narrow else 3
    wide = sheet.width / columns
    parts = [label(2, 15, wording.upper_first(data.classes.unit), weight="700")]
    for at, (colour, text) in enumerate(entries):
        x, y = 2 + wide * (at % columns), 26 + 24 * (at // columns)
        parts += [rectangle(x, y, 24, 16, fill=colour, stroke=palette.INK), label(x + 32, y + 13, text)]
    bottom = 26 + 24 * math.ceil(len(entries) / columns)
    for at, (colour, width, dash, text) in enumerate(signs):
        y = bottom + 8 + 24 * at
        parts += [
            line(2, y, 26, y, stroke=colour, width=width, dash=dash),
            label(34, y + 5, shorten(text, sheet.width - 40, sheet.text)),
        ]
    after = bottom + 24 * len(signs)
    if data.symbols and data.symbols.numbers:
        parts += [
            sign(14, after + 12, "1"),
            label(34, after + 17, shorten(data.symbols.name, sheet.width - 40, sheet.text)),
        ]
        after += 30
    return "".join(parts), after + 10


def names(data: AreaMap, shown: dict[str, AreaValue], laid: Layout, sheet: Sheet) -> str:
    """As many names, each with its value, as fit without touching; the areas with the highest values first."""
    size = sheet.text - 2
    taken: list[tuple[float, float, float, float]] = []
    parts: list[str] = []
    for shape in sorted(data.shapes, key=lambda shape: sort_key(shown[shape.code])):
        x, y = laid.middles[shape.code]
        value = short_value(shown[shape.code], data.classes)
        half = text_width(max(shape.name, value, key=len), size) / 2 + 3
        x = min(max(x, half), sheet.width - half)
        box = (x - half, y - size - 2, x + half, y + size + 8)
        if len(taken) < (6 if sheet.narrow else 18) and not any(touch(box, other) for other in taken):
            taken.append(box)
            parts.append(label(x, y, shape.name, anchor="middle", size=size, halo=True))
            if value:
                parts.append(label(x, y + size + 3, value, anchor="middle", size=size, weight="700", halo=True))
    return tag("g", *parts, pointer_events="none") if parts else ""


def short_value(value: AreaValue, classes: Classes) -> str:
    """The number below a name; nothing where none may be shown."""
    return "" if value.suppressed or value.value is None else wording.thousands(value.value, classes.decimals)
