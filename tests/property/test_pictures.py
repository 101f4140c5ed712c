"""Laws of every picture: it is well-formed, finite, inside its sheet, escaped, repeatable, and says what its data say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.core import pictures as p
from commonweal.core import wording
from commonweal.core.pictures import curve, frame
from commonweal.core.pictures.picture import NARROW, WIDE, Sheet
from commonweal.core.pictures.svg import escape

# A machine that is busy with other tests is slow for reasons that say nothing about pictures.
BUSY = [HealthCheck.too_slow, HealthCheck.data_too_large]
SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = ("x", "y", "x1", "y1", "x2", "y2", "width", "height", "cx", "cy", "r")
HOSTILE = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["</title><script>alert(1)</script>", "\" onload='x'", "&amp;&lt;", "]]>", "a\x00b\x0b", "\ud800", "לסטר", "<!--"]
)
COUNTS = st.integers(0, 50_000)
FIRST = date(2020, 5, 1)


def day(at: int) -> date:
    return FIRST + timedelta(days=at)


@st.composite
def curves(draw: st.DrawFn) -> p.EpidemicCurve:
    layers = tuple(draw(st.lists(HOSTILE, min_size=1, max_size=2)))
    rows = draw(st.lists(st.tuples(*[COUNTS] * len(layers)), min_size=1, max_size=60))
    complete = draw(st.integers(0, len(rows)))
    days = []
    for at, counts in enumerate(rows):
        likely = None if at < complete else (float(sum(counts)), sum(counts) * 1.7 + 3)
        days.append(p.CurveDay(day(at), counts, complete=at < complete, likely=likely))
    marks = draw(st.lists(st.tuples(st.integers(-3, 63), HOSTILE), max_size=4))
    events = tuple(p.CurveEvent(day(at), text) for at, text in marks)
    return p.EpidemicCurve(draw(HOSTILE), layers, tuple(days), draw(HOSTILE), draw(HOSTILE), events)


@st.composite
def positivities(draw: st.DrawFn) -> p.Positivity:
    days = []
    for at in range(draw(st.integers(1, 40))):
        tests = draw(st.integers(0, 9_000))
        positive = draw(st.integers(0, tests))
        share = positive / tests if tests else None
        low, high = (None, None) if share is None else (share * 0.8, min(1.0, share * 1.2 + 0.01))
        days.append(p.PositivityDay(day(at), tests, positive, low, high, complete=draw(st.booleans())))
    return p.Positivity(draw(HOSTILE), tuple(days), draw(HOSTILE), draw(HOSTILE))


@st.composite
def ages(draw: st.DrawFn) -> p.AgeSex:
    bands = st.builds(p.AgeBand, HOSTILE, COUNTS, COUNTS, st.none() | st.integers(1, 10**7))
    found = tuple(draw(st.lists(bands, min_size=1, max_size=12)))
    return p.AgeSex(draw(HOSTILE), draw(HOSTILE), found, "s", "k", draw(COUNTS))


@st.composite
def maps(draw: st.DrawFn) -> p.AreaMap:
    shapes, values = [], []
    for at in range(draw(st.integers(1, 25))):
        x, y = draw(st.floats(-179, 178)), draw(st.floats(-89, 88))
        ring = ((x, y), (x + 0.7, y), (x + 0.7, y + 0.5), (x, y + 0.5), (x, y))
        shapes.append(p.AreaShape(f"E{at:08d}", draw(HOSTILE), (ring,)))
        value = draw(st.none() | st.floats(0, 1e6))
        href = draw(st.none() | st.just(f"/places/E{at:08d}"))
        values.append(p.AreaValue(shapes[-1].code, value, draw(COUNTS), None, draw(st.booleans()), href))
    classes = p.Classes(draw(HOSTILE), draw(HOSTILE), (25.0, 50.0, 100.0, 200.0))
    outlines = (p.Outline(draw(HOSTILE), shapes[0].rings),)
    return p.AreaMap(draw(HOSTILE), classes, tuple(shapes), tuple(values), "s", "k", draw(HOSTILE), outlines)


@st.composite
def delays(draw: st.DrawFn) -> p.Delays:
    part = st.none() | st.floats(0, 1_000)
    rows = st.builds(p.DelayRow, HOSTILE, COUNTS, st.tuples(part, part, part, part), st.just(()))
    return p.Delays(draw(HOSTILE), draw(HOSTILE), tuple(draw(st.lists(rows, min_size=1, max_size=8))), "s", "k")


@st.composite
def comparisons(draw: st.DrawFn) -> p.SmallMultiples:
    length = draw(st.integers(1, 40))
    value = st.none() | st.floats(0, 1e6)
    series = st.builds(p.SmallSeries, HOSTILE, st.lists(value, min_size=length, max_size=length).map(tuple), HOSTILE)
    days = tuple(day(at) for at in range(length))
    found = tuple(draw(st.lists(series, min_size=1, max_size=7)))
    return p.SmallMultiples(draw(HOSTILE), draw(HOSTILE), days, found, "s", "k")


@st.composite
def bands(draw: st.DrawFn) -> p.ExpectedBand:
    days = []
    for at in range(draw(st.integers(1, 40))):
        expected = draw(st.none() | st.floats(0, 5_000))
        edges = (None, None) if expected is None else (expected * 0.5, expected * 1.5 + 1)
        days.append(p.BandDay(day(at), draw(COUNTS), expected, *edges, alarm=draw(st.booleans()), complete=at < 30))
    return p.ExpectedBand(draw(HOSTILE), tuple(days), draw(HOSTILE), draw(HOSTILE), draw(HOSTILE))


@st.composite
def changes(draw: st.DrawFn) -> p.PartsOfChange:
    parts = []
    for _ in range(draw(st.integers(1, 9))):
        cases, below, above = draw(st.floats(-1e5, 1e5)), draw(st.floats(0, 1e4)), draw(st.floats(0, 1e4))
        before = draw(st.none() | COUNTS)
        parts.append(p.ChangePart(draw(HOSTILE), before, before, cases, cases - below, cases + above, 0.5))
    change = sum(part.cases for part in parts)
    return p.PartsOfChange(draw(HOSTILE), change, change - 1, change + 1, tuple(parts), 0.95, draw(HOSTILE), "k")


@st.composite
def against_pasts(draw: st.DrawFn) -> p.AgainstPast:
    points, expected = [], []
    for at in range(draw(st.integers(1, 40))):
        low, wide = draw(st.floats(-1e4, 1e5)), draw(st.sampled_from([0.0, 2.0]))
        points.append(p.SeriesPoint(day(7 * at), low, low + wide, day(7 * at + 1)))
        middle, reach = draw(st.floats(-1e4, 1e5)), draw(st.floats(0, 1e4))
        told = p.Expectation(middle, middle - reach, middle + reach, low > middle + reach)
        expected.append(draw(st.none() | st.just(told)))
    series = p.Series(draw(HOSTILE), draw(HOSTILE), draw(HOSTILE), tuple(points), draw(HOSTILE), draw(HOSTILE))
    return p.AgainstPast(series, tuple(expected), draw(HOSTILE), "90%")


KINDS: list[tuple[Callable[..., p.Picture], st.SearchStrategy[Any]]] = [
    (p.draw_epidemic_curve, curves()),
    (p.draw_positivity, positivities()),
    (p.draw_age_sex, ages()),
    (p.draw_map, maps()),
    (p.draw_delays, delays()),
    (p.draw_small_multiples, comparisons()),
    (p.draw_expected_band, bands()),
    (p.draw_parts, changes()),
    (p.draw_against_past, against_pasts()),
]


@pytest.mark.parametrize(("draw_it", "data"), KINDS, ids=[kind[0].__name__ for kind in KINDS])
@settings(max_examples=25, deadline=None, suppress_health_check=BUSY)
@given(draw=st.data())
def test_every_picture_holds_the_laws(
    draw_it: Callable[..., p.Picture], data: st.SearchStrategy[Any], draw: st.DataObject
) -> None:
    given_data = draw.draw(data)
    picture = draw_it(given_data, "one")
    assert picture == draw_it(given_data, "one"), "the same data give the same text"
    identities: list[str] = []
    for markup in (picture.wide, picture.narrow, picture.file):
        root = ElementTree.fromstring(markup)
        check_inside(root)
        check_harmless(root)
        identities += [element.get("id", "") for element in root.iter() if element.get("id")]
        used = set(re.findall(r"url\(#([^)]*)\)", markup))
        assert used <= {element.get("id") for element in root.iter()}, "every pattern is defined in its own drawing"
        assert root.findtext(f"{SVG}title") == readable(picture.words.title)
        assert root.findtext(f"{SVG}desc") == readable(picture.words.description)
    assert len(identities) == len(set(identities)), "identifiers are unique on a page"
    assert all(len(row) == len(picture.table.columns) for row in picture.table.said())


def readable(text: str) -> str:
    """What a reader of XML gets back: line ends become one newline, whatever XML cannot carry a replacement mark."""
    return ElementTree.fromstring(f"<a>{escape(text)}</a>").text or ""


def check_inside(root: ElementTree.Element) -> None:
    """Every bar lies inside the sheet, every coordinate is finite."""
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    patterns = {id(inner) for pattern in root.iter(f"{SVG}pattern") for inner in pattern.iter()}
    for element in root.iter():
        if id(element) in patterns:
            continue
        for name in NUMBERS:
            assert abs(float(element.get(name, "0"))) < 1e5
        if element.tag == f"{SVG}rect" and element.get("x") is not None:
            x, y, wide, high = (float(element.get(name, "0")) for name in ("x", "y", "width", "height"))
            assert min(wide, high) >= 0
            assert min(x, y) >= -0.5
            assert x + wide <= width + 0.5
            assert y + high <= height + 0.5


def check_harmless(root: ElementTree.Element) -> None:
    allowed = [
        "a",
        "circle",
        "defs",
        "desc",
        "g",
        "line",
        "path",
        "pattern",
        "polygon",
        "polyline",
        "rect",
        "svg",
        "text",
        "title",
        "use",
    ]
    own = {f"#{element.get('id')}" for element in root.iter() if element.get("id")}
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in allowed
        for name, value in element.attrib.items():
            assert name != "style"
            assert not name.startswith("on")
            assert name != "href" or value.startswith("/") or (element.tag == f"{SVG}use" and value in own)


@settings(max_examples=60, deadline=None, suppress_health_check=BUSY)
@given(curves())
def test_the_curve_says_and_draws_what_its_data_say(data: p.EpidemicCurve) -> None:
    picture = p.draw_epidemic_curve(data)
    total = sum(sum(each.counts) for each in data.days)
    assert f": {wording.thousands(total)} from " in picture.words.description
    cells = [cell for row in picture.table.rows for cell in row[1 : 1 + len(data.layers)]]
    assert sum(cell for cell in cells if isinstance(cell, int)) == total
    heights = stack_heights(picture.wide)
    counts = [sum(each.counts) for each in data.days if sum(each.counts)]
    assert len(heights) == len(counts), "one stack a day with people"
    for height, count in zip(heights, counts, strict=True):
        # Coordinates have two decimals: each bar of a stack is off by at most a hundredth.
        assert height == pytest.approx(heights[counts.index(max(counts))] * count / max(counts), abs=0.05)


def stack_heights(markup: str) -> list[float]:
    """Heights of the stacked bars: rectangles beside a name inside a group."""
    root = ElementTree.fromstring(markup)
    stacks = [group for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]
    return [sum(float(rect.get("height", "0")) for rect in stack.findall(f"{SVG}rect")) for stack in stacks]


@given(curves())
@settings(max_examples=60, deadline=None, suppress_health_check=BUSY)
def test_means_agree_with_the_obvious_way(data: p.EpidemicCurve) -> None:
    by_day = {each.day: each for each in data.days}
    for each, mean in zip(data.days, curve.seven_day_means(data.days), strict=True):
        window = [by_day.get(each.day - timedelta(days=back)) for back in range(7)]
        if any(found is None or not found.complete for found in window):
            assert mean is None
        else:
            assert mean == pytest.approx(sum(sum(found.counts) for found in window if found) / 7)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8), st.sampled_from([WIDE, NARROW]))
@settings(max_examples=60, deadline=None, suppress_health_check=BUSY)
def test_legend_items_stay_on_the_sheet_and_apart(texts: list[str], sheet: Sheet) -> None:
    markup, height = frame.legend([frame.LegendItem(text, fill="#000000") for text in texts], sheet)
    root = ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{markup}</svg>')
    places = [(float(rect.get("x", "0")), float(rect.get("y", "0"))) for rect in root.iter(f"{SVG}rect")]
    assert max(x for x, _ in places) < sheet.width
    assert max(y for _, y in places) + 14 <= height
    assert len(set(places)) == len(texts)
