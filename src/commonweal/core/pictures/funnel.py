"""A funnel: ratios of places over their expected counts, with the limits that chance sets at each size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose, shorten, text_width
from commonweal.core.pictures.scale import ValueAxis, round_step, value_axis
from commonweal.core.pictures.svg import escape, label, line, polyline, tag
from commonweal.core.pictures.table import Column, PictureTable

FROM_NOUGHT = 0.4  # of the largest: a smallest place below it shows the axis from nought
TICKS, ROUNDING = 5, 1e-9


@dataclass(frozen=True)
class FunnelPlace:
    """One place: its name, what was seen and expected, whether it lies outside the outer limits.

    ``here``: the place that the page is about, marked by form and by its name.
    """

    name: str
    observed: int
    expected: float
    outside: bool = False
    here: bool = False

    @property
    def ratio(self) -> float:
        """Observed over expected."""
        return self.observed / self.expected


@dataclass(frozen=True)
class FunnelLimit:
    """The limits of the ratio at one expected count: inner (95 %) and outer (99.8 %)."""

    expected: float
    outer_low: float
    inner_low: float
    inner_high: float
    outer_high: float


@dataclass(frozen=True)
class FunnelPlot:
    """Everything a funnel shows; limits run by rising expected count."""

    title: str
    places: tuple[FunnelPlace, ...]
    limits: tuple[FunnelLimit, ...]
    source: str
    known: str
    method: str


def draw_funnel(data: FunnelPlot, key: str = "funnel") -> Picture:
    """The picture with its table. Raises Refused for no place, or an expected count that is not above nought."""
    if not data.places or len(data.limits) < 2:
        raise Refused("A funnel needs at least one place and two sizes with limits. Show the empty state instead.")
    for place in data.places:
        if not place.expected > 0:
            raise Refused(
                f"{place.name}: the expected count {place.expected} is not above nought; leave the place out."
            )
    words = Words(data.title, describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, prefix: sketch(data, sheet), table(data, data.title), notes=(data.method,))


def describe(data: FunnelPlot) -> str:
    outside = [place for place in data.places if place.outside]
    total = wording.counted(len(data.places), "place", "places")
    here = "".join(f" {p.name}: {p.observed} seen, {wording.rate(p.expected)} expected." for p in data.places if p.here)
    if not outside:
        return f"{data.title}: {total}, none outside the 99.8% limits.{here}"
    top = max(outside, key=lambda place: place.ratio)
    return (
        f"{data.title}: {total}, {len(outside)} outside the 99.8% limits; highest {top.name} with {top.observed} "
        f"where {wording.rate(top.expected)} were expected.{here}"
    )


def table(data: FunnelPlot, title: str) -> PictureTable:
    columns = (
        Column("Place", numeric=False),
        Column("Seen"),
        Column("Expected", decimals=1),
        Column("Ratio", decimals=2),
        Column("Said", numeric=False),
    )
    rows = tuple(
        (p.name, p.observed, p.expected, p.ratio, "outside 99.8%" if p.outside else "inside")
        for p in sorted(data.places, key=lambda p: -p.ratio)
    )
    return PictureTable(title, columns, rows)


def sketch(data: FunnelPlot, sheet: Sheet) -> Drawing:
    """Legend, limits as lines, places as dots, those outside in orange with a dark edge, named where there is room."""
    items = [
        frame.LegendItem("95% limits", stroke=palette.DARK_GREY, kind="dashes"),
        frame.LegendItem("99.8% limits", stroke=palette.INK, kind="line"),
        frame.LegendItem("Outside", fill=palette.ORANGE),
    ]
    if any(place.here for place in data.places):
        items.append(frame.LegendItem("This place", kind="triangle"))
    keys, top = frame.legend(items, sheet)
    bottom = top + 260
    largest = max(place.ratio for place in data.places)
    values = value_axis(max(2.0, 1.05 * largest), bottom, top + 26, whole=False)
    left, right = frame.left_margin(frame.tick_texts(values), sheet), sheet.width - frame.RIGHT_MARGIN
    across = Across.over([place.expected for place in data.places], left, right)
    x = across.at

    body = [
        keys,
        label(0, top + 14, "Seen, as a multiple of expected"),
        frame.value_lines(values, left, right),
        line(left, values.at(1), right, values.at(1), stroke=palette.BLUE, width=1.5),
        *limit_lines(data, values, x),
        *(dot(place, x(place.expected), values.at(place.ratio)) for place in data.places),
        *(frame.triangle(x(place.expected), values.at(place.ratio) - 7) for place in data.places if place.here),
        *named(data, x, values, (left, right), sheet),
        *(label(x(tick), bottom + 20, f"{tick:g}", anchor="middle") for tick in across.ticks),
        label(right, bottom + 38, "People expected", anchor="end"),
    ]
    return Drawing("".join(body), bottom + 46)


def named(
    data: FunnelPlot, x: Callable[[float], float], values: ValueAxis, ends: tuple[float, float], sheet: Sheet
) -> list[str]:
    """Names of this place and of places outside, the highest first, each above its dot and within the drawing; one that
    would lie on another name or on another such dot is left to the table."""
    told = sorted((each for each in data.places if each.outside or each.here), key=lambda each: -each.ratio)
    dots = {each: (x(each.expected), values.at(each.ratio)) for each in told}
    taken: list[tuple[float, float, float, float]] = []
    out = []
    for each in told:
        (middle, height), (left, right) = dots[each], ends
        name = shorten(each.name, right - left, sheet.text)
        half = text_width(name, sheet.text) / 2
        middle, foot = min(max(middle, left + half), right - half), height - (22 if each.here else 9)
        box = (middle - half, foot - sheet.text, middle + half, foot + 3)
        others = [(at - 6, up - 6, at + 6, up + 6) for other, (at, up) in dots.items() if other != each]
        if not any(frame.touch(box, other) for other in [*taken, *others]):
            taken.append(box)
            out.append(label(middle, foot, name, anchor="middle", halo=True))
    return out


@dataclass(frozen=True)
class Across:
    """The axis of sizes: it begins below the smallest place, at nought where the smallest is small beside the rest."""

    low: float
    high: float
    left: float
    right: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, sizes: Sequence[float], left: float, right: float) -> Across:
        """From a round number below the smallest to one above the largest."""
        smallest, largest = min(sizes), max(sizes)
        low = 0.0 if smallest < FROM_NOUGHT * largest else smallest
        step = round_step((largest - low) or largest, TICKS)
        first, last = math.floor(low / step + ROUNDING), math.ceil(largest / step - ROUNDING)
        ticks = tuple(step * number for number in range(first, max(last, first + 1) + 1))
        return cls(ticks[0], ticks[-1], left, right, ticks)

    def at(self, size: float) -> float:
        """The pixel of a size."""
        return self.left + (self.right - self.left) * (size - self.low) / (self.high - self.low)


def limit_lines(data: FunnelPlot, values: ValueAxis, x: Callable[[float], float]) -> list[str]:
    """Each limit as a line, cut at nought and at the top of the drawing."""
    out = []
    for name, stroke, dash in (
        ("outer_low", palette.INK, None),
        ("inner_low", palette.DARK_GREY, "4 3"),
        ("inner_high", palette.DARK_GREY, "4 3"),
        ("outer_high", palette.INK, None),
    ):
        points = [
            (x(limit.expected), values.at(min(max(getattr(limit, name), 0.0), values.top))) for limit in data.limits
        ]
        out.append(polyline(points, stroke=stroke, width=1.5, dash=dash))
    return out


def dot(place: FunnelPlace, x: float, y: float) -> str:
    """A place with its name on hovering; form tells too: those outside are larger and edged."""
    name = tag("title", escape(f"{place.name}: {place.observed} seen, {wording.rate(place.expected)} expected"))
    fill, radius = (palette.ORANGE, 5) if place.outside else (palette.LIGHT_BLUE, 3.5)
    return tag("circle", name, cx=x, cy=y, r=radius, fill=fill, stroke=palette.INK if place.outside else palette.BLUE)
