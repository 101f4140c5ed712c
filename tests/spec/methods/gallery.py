"""The pictures of the gallery, drawn by the library from the published series of Leicester and its neighbours."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.core import pictures as p
from commonweal.core.epi.aberration.ears import ears
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.nowcast.reverse_hazard import reverse_hazard
from commonweal.core.epi.nowcast.triangle import Triangle, from_publications
from commonweal.core.epi.rates.funnel import ratio_limits
from commonweal.core.epi.reproduction.renewal import renewal, with_nowcast
from commonweal.core.epi.reproduction.serial_interval import discretised
from commonweal.core.epi.scan import prepare
from commonweal.core.epi.scan.analysis import Inference, ScanResult, run

LEICESTER = "E06000016"
DISTRICTS = (LEICESTER, "E06000017", *(f"E070001{number}" for number in range(29, 36)))
MAPPED = (LEICESTER, "E07000135")
SOURCE = (
    "Contains public sector information licensed under the Open Government Licence v3.0. Cases: Public Health England. "
    "Boundaries and populations: ONS; contains OS data, Crown copyright and database right. Derived from these."
)
PUBLISHED = date(2020, 10, 28)
GRID = 250  # points to a degree: about 300 metres
WEEK = "week to 21 June 2020"


def draw(data: Path) -> dict[str, p.Picture]:
    """Every picture by the name of its file; `data` is the folder of published series."""
    counts, people, names, points, shapes = _week(data)
    expected = people * counts.sum() / people.sum()
    found = _clusters(counts, people, points)
    nowcast, triangle = _nowcast(data)
    return {
        "bounds": bounds(_daily(data)),
        "clusters": clusters(counts, expected, names, shapes, found),
        "funnel": funnel(counts, expected, names),
        "nowcast": bars(nowcast, triangle),
        "reproduction": fan(nowcast, triangle),
    }


def bounds(daily: dict[date, int]) -> p.Picture:
    """June and July with the bounds of EARS C1."""
    days = [date(2020, 5, 18) + timedelta(days=i) for i in range(63)]
    result = ears([daily.get(day, 0) for day in days], method="C1")
    shown = [
        p.BandDay(
            day,
            daily.get(day, 0),
            float(result.mean[i]),
            max(0.0, float(2 * result.mean[i] - result.upper[i])),
            float(result.upper[i]),
            bool(result.alarm[i]),
        )
        for i, day in enumerate(days)
        if i >= 7
    ]
    method = "EARS C1: mean and standard deviation of the seven days before; alarm above mean + 3.09 sd."
    known = "As revised by 21 March 2021."
    return p.draw_expected_band(p.ExpectedBand("Leicester", tuple(shown), SOURCE, known, method, level="99.9%"))


def clusters(
    counts: np.ndarray, expected: np.ndarray, names: dict[str, str], shapes: list[dict[str, Any]], found: ScanResult
) -> p.Picture:
    """Ratios of the middle layer areas of Leicester and Oadby & Wigston, and the strongest cluster's circle."""
    codes = list(names)
    inside = {codes[i] for i in found.members[0].tolist()}
    chosen = [feature for feature in shapes if feature["properties"]["lad19cd"] in MAPPED]
    ratio = dict(zip(codes, 100 * counts / expected, strict=True))
    drawn = tuple(_coarse(shape) for shape in p.shapes_from_geojson(chosen, "msoa11cd", "msoa11hclnm"))
    rings = tuple(ring for shape in drawn if shape.code in inside for ring in shape.rings)
    outlines = (p.Outline("Strongest cluster", rings),)
    values = tuple(
        p.AreaValue(shape.code, float(ratio[shape.code]), int(counts[codes.index(shape.code)])) for shape in drawn
    )
    classes = p.Classes("Cases for every 100 expected", "per 100 expected", (50, 100, 200, 400))
    known = (
        f"Strongest cluster of nine districts: {len(inside)} areas, {found.cases[0]:.0f} cases where "
        f"{found.expected[0]:.1f} were expected, p = {found.p_value[0]:.3f} (999 replicates). Counts of 1 or 2 were "
        "published as blank and stand as 0."
    )
    return p.draw_map(
        p.AreaMap(
            "Leicester and Oadby & Wigston", classes, drawn, values, SOURCE, known, WEEK, outlines, area_word="MSOA"
        )
    )


def _coarse(shape: p.AreaShape) -> p.AreaShape:
    """Points snapped to a grid that neighbours share, so that borders still meet; repeated points are left out."""
    rings = []
    for ring in shape.rings:
        snapped = [(round(x * GRID) / GRID, round(y * GRID) / GRID) for x, y in ring]
        rings.append(tuple(point for i, point in enumerate(snapped) if i == 0 or point != snapped[i - 1]))
    return p.AreaShape(shape.code, shape.name, tuple(rings))


def funnel(counts: np.ndarray, expected: np.ndarray, names: dict[str, str]) -> p.Picture:
    """All middle layer areas of nine districts against their common rate."""
    sizes = np.linspace(1.0, expected.max(), 60)
    limits = ratio_limits(sizes, levels=(0.001, 0.025, 0.975, 0.999)).exact
    own = ratio_limits(expected, levels=(0.001, 0.999)).exact
    places = tuple(
        p.FunnelPlace(
            name,
            int(counts[i]),
            float(expected[i]),
            bool(counts[i] > 0 and not own[0, i] <= counts[i] / expected[i] <= own[1, i]),
        )
        for i, name in enumerate(names.values())
    )
    lines = tuple(p.FunnelLimit(float(s), *(float(limits[k, j]) for k in range(4))) for j, s in enumerate(sizes))
    method = "Exact Poisson limits. Counts of 1 or 2 were published as blank: blanks stand as 0 and are not judged."
    title = f"Cases against the common rate, MSOAs of Leicestershire and Rutland, {WEEK}"
    return p.draw_funnel(p.FunnelPlot(title, places, lines, SOURCE, "As published on 30 July 2020.", method))


def bars(nowcast: Nowcast, triangle: Triangle) -> p.Picture:
    """Cases of Leicester as known on the day, with what is likely in the end."""
    ends = nowcast.interval(0.9)[0]
    first = triangle.first_event
    days = []
    for i, count in enumerate(triangle.reported[0][:-1]):
        step = first + i
        position = int(step - nowcast.event[0])
        waiting = position >= 0 and nowcast.completeness[0, position] < 0.98
        likely = (float(ends[position, 0]), float(ends[position, 1])) if waiting else None
        days.append(p.CurveDay(date.fromordinal(step), (int(count),), not waiting, likely))
    return p.draw_epidemic_curve(
        p.EpidemicCurve(
            "Leicester", ("Cases",), tuple(days), SOURCE, f"As published on {PUBLISHED:%d %B %Y}; 90% intervals."
        )
    )


def fan(nowcast: Nowcast, triangle: Triangle) -> p.Picture:
    """R of Leicester from the pooled renewal model on draws of the nowcast."""
    weights = discretised(5.0, 2.0, 14)
    counts = with_nowcast(triangle.reported, nowcast, 40, 1)[:, :, :-1]
    fit = renewal(
        counts,
        weights / weights.sum(),
        first_weekday=date.fromordinal(triangle.first_event).weekday(),
        levels=(0.05, 0.25, 0.5, 0.75, 0.95),
        samples=400,
        seed=1,
    )
    days = tuple(
        p.FanDay(date.fromordinal(triangle.first_event + int(day)), *(float(q) for q in fit.quantiles[0, i]))
        for i, day in enumerate(fit.day)
    )
    method = "Renewal model of nine districts together, serial interval of 5 days (sd 2), on draws of the nowcast."
    return p.draw_fan(p.Fan("Leicester", days, SOURCE, f"As published on {PUBLISHED:%d %B %Y}.", method))


def _daily(data: Path) -> dict[date, int]:
    rows = _rows(data / "england_cases_daily_final" / "cases_by_specimen_date.csv.gz")
    return {
        date.fromisoformat(row["specimen_date"]): int(row["new_cases"])
        for row in rows
        if row["area_code"] == LEICESTER and row["area_type"] == "ltla"
    }


def _week(data: Path) -> tuple[np.ndarray, np.ndarray, dict[str, str], np.ndarray, list[dict[str, Any]]]:
    """Cases, people, names and points of the areas of nine districts in ISO week 25, and their boundaries."""
    with gzip.open(data / "boundaries_leicestershire" / "msoa11_leics_rutland.geojson.gz", "rt") as text:
        features = json.load(text)["features"]
    names = {f["properties"]["msoa11cd"]: f["properties"]["msoa11hclnm"] for f in features}
    weekly = _rows(data / "msoa_weekly_cases_2020" / "msoa_weekly_wk05_wk28_published_2020-07-30.csv.gz")
    cases = {row["msoa11cd"]: float(row["wk_25"] or 0) for row in weekly if row["msoa11cd"] in names}
    table = {row["msoa11cd"]: row for row in _rows(data / "lsoa_england" / "msoa11_england.csv.gz")}
    people = np.array([float(table[code]["pop2020"]) for code in names])
    points = np.array([[float(table[c]["bng_e_popw"]), float(table[c]["bng_n_popw"])] for c in names])
    counts = np.array([cases.get(code, 0.0) for code in names])
    return counts, people, names, points, features


def _clusters(counts: np.ndarray, people: np.ndarray, points: np.ndarray) -> ScanResult:
    windows = prepare.Windows(period="spatial", max_share=0.5)
    return run(prepare.poisson(counts[:, None], people, points, windows), Inference(), seed=1)


def _nowcast(data: Path) -> tuple[Nowcast, Triangle]:
    """The nowcast of nine districts as of one publication; Leicester is first."""
    folder = data / "ltla_cases_vintages_2020_autumn"
    first, last = date(2020, 9, 8).toordinal(), PUBLISHED.toordinal()
    size = last - first + 1
    table = np.full((len(DISTRICTS), size, size), np.nan)
    for row in _rows(folder / "vintages.csv.gz"):
        day = date.fromisoformat(row["published"]).toordinal()
        if first <= day <= last:
            table[:, : day - first + 1, day - first] = 0.0
    for row in _rows(folder / "triangle_ltla.csv.gz"):
        day, event = (date.fromisoformat(row[name]).toordinal() for name in ("published", "specimen_date"))
        if row["area_code"] in DISTRICTS and first <= day <= last and event >= first:
            table[DISTRICTS.index(row["area_code"]), event - first, day - first] = float(row["new_cases"])
    triangle = from_publications(table, first_event=first, first_publication=first, now=last, max_delay=14)
    batch = [date(2020, 10, day).toordinal() for day in (1, 2, 3, 4, 5, 11, 12)]
    held = [date(2020, 9, 24).toordinal() + i for i in range(8)]
    weekday = date.fromordinal(triangle.first_event).weekday()
    nowcast = reverse_hazard(triangle, first_weekday=weekday, unusual_reports=batch, unusual_events=held)
    return nowcast, triangle


def _rows(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", newline="", encoding="utf-8-sig") as text:
        return list(csv.DictReader(text))


WORDS = {
    "bounds": ("A curve with its bounds", "ears"),
    "clusters": ("A cluster on the map", "scan"),
    "funnel": ("A funnel", "funnel"),
    "nowcast": ("Bars that are still growing", "nowcast-pooled"),
    "reproduction": ("R with its intervals", "renewal"),
}


def render(drawn: dict[str, p.Picture]) -> str:
    """The gallery page: each picture with its description, which is made from the data."""
    lines = ["# Gallery", "", "Drawn by the library from published series of Leicester and its neighbours.", ""]
    lines += [SOURCE, ""]
    for name, (title, page) in WORDS.items():
        words = drawn[name].words
        lines += [f"## {title}", "", f"![{words.title}](../../images/gallery/{name}.svg)", ""]
        lines += [words.description, "", words.known, "", f"The method: [{page}]({page}.md).", ""]
    return "\n".join(lines).rstrip() + "\n"
