"""Made-up data for pictures and pages: the fictional place Fernleigh in June 2020. No chance, only waves."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise

from commonweal.core import pictures as p

SOURCE = "Source: results received by Commonweal from 3 laboratories. Made-up data."
KNOWN = "As known at 7:02am on Saturday 13 June 2020. Newest swab Friday 12 June."
LAST = date(2020, 6, 12)
DAYS = tuple(LAST - timedelta(days=back) for back in reversed(range(43)))
AREAS = (
    "Spinney Hill Road",
    "Belgrave North",
    "Rushey Mead",
    "Evington",
    "Castle Meadows",
    "Westcotes & Dane Hills",
    "Newfoundpool",
    "Latimer",
    "Knighton",
    "Aylestone Park",
    "Abbey Mead",
    "Braunstone Frith",
    "Humberstone",
    "Stoneygate",
    "Beaumont Leys",
    "Saffron Fields",
)


def wave(at: int, size: float, lean: float = 0.0) -> int:
    weekday = 0.75 if DAYS[at].weekday() > 4 else 1.0
    return max(0, round(weekday * size * (1 + 0.6 * math.sin(at / 7 + lean)) + at / 4 * size / 20))


def curve() -> p.Picture:
    days = []
    for at, day in enumerate(DAYS):
        late = 43 - at
        share = {1: 0.15, 2: 0.45, 3: 0.8}.get(late, 1.0)
        counts = (round(wave(at, 14) * share), round(wave(at, 22, 0.8) * share))
        likely = (sum(counts) / share * 0.85, sum(counts) / share * 1.2) if late <= 3 else None
        days.append(p.CurveDay(day, counts, complete=late > 3, likely=likely))
    events = (
        p.CurveEvent(date(2020, 5, 22), "Drive-in test unit opened at Evington Park"),
        p.CurveEvent(date(2020, 6, 4), "Community (pillar 2) results first received"),
    )
    layers = ("Pillar 1 (hospital)", "Pillar 2 (community)")
    return p.draw_epidemic_curve(p.EpidemicCurve("Fernleigh", layers, tuple(days), SOURCE, KNOWN, events))


def positivity() -> p.Picture:
    days = []
    for at, day in enumerate(DAYS):
        tests = wave(at, 420) if at != 9 else 0
        positive = min(tests, wave(at, 30, 0.5)) if tests else 0
        share = positive / tests if tests else None
        margin = 2 * math.sqrt(share * (1 - share) / tests) if share is not None else None
        low = None if share is None or margin is None else max(0.0, share - margin)
        high = None if share is None or margin is None else min(1.0, share + margin)
        days.append(p.PositivityDay(day, tests, positive, low, high, complete=at < 40))
    return p.draw_positivity(p.Positivity("Fernleigh", tuple(days), SOURCE, KNOWN))


def age_sex() -> p.Picture:
    names = (
        "0 to 9",
        "10 to 19",
        "20 to 29",
        "30 to 39",
        "40 to 49",
        "50 to 59",
        "60 to 69",
        "70 to 79",
        "80 and over",
    )
    female, male = (6, 14, 51, 62, 48, 39, 17, 12, 24), (8, 11, 43, 55, 40, 44, 21, 10, 13)
    residents = (44_100, 43_800, 61_200, 50_300, 43_900, 38_100, 30_200, 18_800, 12_400)
    bands = tuple(p.AgeBand(*each) for each in zip(names, female, male, residents, strict=True))
    return p.draw_age_sex(p.AgeSex("Fernleigh", "14 days to Friday 12 June 2020", bands, SOURCE, KNOWN, not_recorded=7))


def area_map(links: bool = True) -> p.Picture:
    return p.draw_map(map_data(links))


def map_data(links: bool = True) -> p.AreaMap:
    """A four by four patchwork with bent borders, so that it looks like areas rather than a chessboard."""
    shapes, values = [], []
    for at, name in enumerate(AREAS):
        column, row = at % 4, at // 4
        corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
        shapes.append(p.AreaShape(f"E0200{at:04d}", name, (tuple(bent_edge(corners)),)))
        value = None if at == 6 else round(12 + 28.4 * ((at * 7) % 11), 1)
        href = f"/places/E0200{at:04d}" if links else None
        count = None if value is None else round(value * 0.08)
        values.append(p.AreaValue(shapes[-1].code, value, count, 8_000 + 90 * at, suppressed=at in (3, 12), href=href))
    classes = p.Classes("Seven-day rate", "people per 100,000 residents", (25.0, 50.0, 100.0, 200.0))
    outline = p.Outline("Cluster around Spinney Hill Road", shapes[0].rings)
    river = p.MapLine("River Soar", tuple(bent(1.45 + 0.1 * math.sin(step), step / 2) for step in range(9)))
    return p.AreaMap(
        "Fernleigh",
        classes,
        tuple(shapes),
        tuple(values),
        SOURCE,
        KNOWN,
        "seven days to Wednesday 10 June 2020",
        outlines=(outline,),
        lines=(river,),
        area_word="Neighbourhood",
    )


def bent(x: float, y: float) -> tuple[float, float]:
    return -1.2 + 0.03 * (x + 0.13 * math.sin(2.1 * y + x)), 52.6 + 0.02 * (y + 0.16 * math.sin(1.7 * x + 0.6 * y))


def bent_edge(corners: list[tuple[int, int]]) -> list[tuple[float, float]]:
    points = []
    for (x1, y1), (x2, y2) in pairwise(corners):
        points += [bent(x1 + (x2 - x1) * part / 6, y1 + (y2 - y1) * part / 6) for part in range(6)]
    return [*points, points[0]]


def delays() -> p.Picture:
    holders = ("Courier", "Midlands Laboratory", "National store", "Fernleigh public health team")
    rows = (
        p.DelayRow("Fernleigh Royal Infirmary (pillar 1)", 312, (5, 9, 3, 1.5), holders),
        p.DelayRow("Lighthouse laboratory (pillar 2)", 944, (14, 22, 31, 2), holders),
        p.DelayRow("Care home portal", 61, (20, None, 6, 0.5), holders),
    )
    return p.draw_delays(p.Delays("Fernleigh", "week to Friday 12 June 2020", rows, SOURCE, KNOWN))


def compare() -> p.Picture:
    names = ("Fernleigh", "Ashcombe", "Kirkby Vale", "Northbridge", "Thornley", "Westmere")
    series = tuple(
        p.SmallSeries(
            name, tuple(wave(at, 40 + 9 * place, place) / 1.7 if at != 20 + place else None for at in range(43))
        )
        for place, name in enumerate(names)
    )
    return p.draw_small_multiples(
        p.SmallMultiples("Seven-day rate", "people per 100,000 residents", DAYS, series, SOURCE, KNOWN)
    )


def expected() -> p.Picture:
    days = []
    for at, day in enumerate(DAYS):
        expectation = 14 + 3 * math.sin(at / 9)
        counted = wave(at, 15, 4.6)
        known = at >= 8
        bounds = (max(0, expectation - 8), expectation + 9) if known else (None, None)
        alarm = known and counted > expectation + 9
        days.append(p.BandDay(day, counted, expectation if known else None, *bounds, alarm=alarm, complete=at < 41))
    method = "Expected from the same weekdays of the six weeks before."
    return p.draw_expected_band(p.ExpectedBand("Fernleigh", tuple(days), SOURCE, KNOWN, method))


def all_pictures() -> tuple[p.Picture, ...]:
    return curve(), positivity(), age_sex(), area_map(), delays(), compare(), expected()
