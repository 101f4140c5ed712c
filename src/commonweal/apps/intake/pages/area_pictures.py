"""Pictures and tables of *My area*, from its counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from commonweal.apps.intake.pages import area_figures as figures
from commonweal.apps.intake.pages.area_figures import AreaFacts, Limits, Rate, Reading
from commonweal.core import wording
from commonweal.core.pictures import (
    AgeBand,
    AgeSex,
    AreaMap,
    AreaShape,
    AreaValue,
    Classes,
    Column,
    CurveDay,
    CurveEvent,
    EpidemicCurve,
    Picture,
    PictureTable,
    Positivity,
    PositivityDay,
    draw_age_sex,
    draw_epidemic_curve,
    draw_map,
    draw_positivity,
)
from commonweal.web import times
from commonweal.web.pages import Computed, Link, ShownPicture, ShownTable

FORMATS = ("csv", "xlsx", "parquet")
SOURCE = "Source: results received by Commonweal from laboratories."
AGE_ORDER = ("0-4", "5-9", "10-14", "15-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+")


@dataclass(frozen=True)
class Address:
    """The page's addresses: itself, one moment of it, its downloads; ``places`` is what an area's code is added to."""

    path: str
    query: str = ""
    places: str = ""

    def at(self, facts: AreaFacts) -> str:
        joined = "&" if self.query else "?"
        return f"{self.path}{self.query}{joined}as_of={times.link_form(facts.as_of)}"

    def live(self, facts: AreaFacts) -> str:
        """The event stream of what becomes known after the moment that the page shows."""
        return f"{self.path}/live{self.at(facts).removeprefix(self.path)}".replace("as_of=", "since=")

    def download(self, what: str, kind: str, facts: AreaFacts) -> str:
        return f"{self.path}/{what}.{kind}{self.at(facts).removeprefix(self.path)}"


@dataclass(frozen=True)
class Drawn:
    """The pictures of an area; None where there is nothing to draw."""

    curve: Picture | None
    positivity: Picture | None
    ages: Picture | None
    areas: Picture | None


def of_area(
    facts: AreaFacts,
    reading: Reading,
    limits: Limits,
    address: Address,
    shapes: Sequence[AreaShape],
    events: Sequence[CurveEvent],
) -> Drawn:
    """Every picture of the page."""
    known = f"As known at {times.exact(facts.as_of)}."
    last = figures.last_complete_day(facts.today, reading)
    return Drawn(
        curve(facts, reading, events, known),
        positivity(facts, reading, limits, known),
        ages(facts, reading, known),
        areas_picture(facts, reading, shapes, last, known, address.places),
    )


def shown(
    picture: Picture | None, what: str, address: Address, facts: AreaFacts, computed: Computed | None = None
) -> ShownPicture | None:
    if picture is None:
        return None
    links = tuple(Link(kind.upper(), address.download(what, kind, facts)) for kind in (*FORMATS, "svg"))
    return ShownPicture(picture, links, computed)


def shown_map(
    picture: Picture | None, what: str, address: Address, facts: AreaFacts, computed: Computed
) -> ShownPicture | None:
    """A map whose table leads to the page of each area, as the map does: its last column is the area's code."""
    found = shown(picture, what, address, facts, computed)
    if found is None or not address.places:
        return found
    return replace(found, links=tuple(f"{address.places}{row[-1]}" for row in found.picture.table.rows))


def window(facts: AreaFacts, reading: Reading) -> tuple[date, ...]:
    """The days of the curve: up to today, so that an empty day shows as one."""
    return figures.days_between(facts.today - timedelta(days=reading.curve_days - 1), facts.today)


def curve(facts: AreaFacts, reading: Reading, events: Sequence[CurveEvent], known: str) -> Picture | None:
    people = figures.people_by_day(facts.daily)
    if not facts.daily:
        return None
    last = figures.last_complete_day(facts.today, reading)
    keys = tuple(key for key, _ in figures.PILLARS)
    days = tuple(
        CurveDay(day, tuple(max(0, people[day][key]) if day in people else 0 for key in keys), complete=day <= last)
        for day in window(facts, reading)
    )
    layers = tuple(name for _, name in figures.PILLARS)
    return draw_epidemic_curve(EpidemicCurve(facts.place, layers, days, SOURCE, known, tuple(events)))


def curve_computed(reading: Reading) -> Computed:
    return Computed(
        (
            "Results of one person are joined; an episode counts once, on the day of its first positive swab.",
            f"A day counts as complete {reading.complete_after_days} days later; the newer ones are hatched.",
            "The line is the mean of a day and the six before it, drawn while all seven are complete.",
        ),
        ("results received from laboratories",),
        reading.version,
    )


def positivity(facts: AreaFacts, reading: Reading, limits: Limits, known: str) -> Picture | None:
    tests = figures.tests_by_day(facts.daily)
    if not tests:
        return None
    last = figures.last_complete_day(facts.today, reading)
    days = []
    for day in window(facts, reading):
        positive, all_tests = figures.week_tests(tests, day)
        low, high = limits(positive, all_tests) if all_tests else (None, None)
        days.append(PositivityDay(day, all_tests, positive, low, high, complete=day <= last))
    return draw_positivity(Positivity(facts.place, tuple(days), SOURCE, known, "seven days to each day"))


def ages(facts: AreaFacts, reading: Reading, known: str) -> Picture | None:
    counts: dict[tuple[str, str], int] = {}
    for row in facts.ages:
        if row["result"] == "case":
            key = (row["age_band"], row["sex"])
            counts[key] = counts.get(key, 0) + row["n"]
    if not counts:
        return None
    bands = [AgeBand(band.replace("-", " to ").replace("+", " and over"), *by_sex(counts, band)) for band in AGE_ORDER]
    others = sum(counts.values()) - sum(band.total for band in bands)
    period = f"{reading.age_days} days to {wording.day_and_year(facts.today)}"
    return draw_age_sex(AgeSex(facts.place, period, tuple(bands), SOURCE, known, not_recorded=max(0, others)))


def by_sex(counts: dict[tuple[str, str], int], band: str) -> tuple[int, int]:
    return max(0, counts.get((band, "female"), 0)), max(0, counts.get((band, "male"), 0))


def area_values(facts: AreaFacts, last: date) -> list[tuple[str, str, Rate]]:
    """(group code, name, seven-day rate) of every group of small areas, those without anybody included."""
    first = last - timedelta(days=figures.WEEK - 1)
    people = figures.grouped([row for row in facts.small if first <= row["day"] <= last], facts.areas)
    names = {area.group_code: area.group_name for area in facts.areas.values()}
    return [
        (code, name, Rate(people[code], facts.group_residents.get(code, 0), last))
        for code, name in sorted(names.items())
    ]


def classes(reading: Reading) -> Classes:
    return Classes("Seven-day rate", "people per 100,000 residents", reading.rate_breaks)


def areas_picture(
    facts: AreaFacts, reading: Reading, shapes: Sequence[AreaShape], last: date, known: str, places: str
) -> Picture | None:
    """The map, where boundaries of every group are loaded."""
    values = {
        code: AreaValue(
            code, rate.value, rate.people, rate.residents or None, href=f"{places}{code}" if places else None
        )
        for code, _, rate in area_values(facts, last)
    }
    if not shapes or {shape.code for shape in shapes} != set(values):
        return None
    data = AreaMap(
        facts.place,
        classes(reading),
        tuple(shapes),
        tuple(values.values()),
        SOURCE,
        known,
        f"seven days to {wording.day_and_year(last)}",
        area_word=facts.group_word,
    )
    return draw_map(data, "areas")


def area_table(facts: AreaFacts, last: date, address: Address) -> ShownTable | None:
    """The table that stands in for the map where no boundaries are loaded."""
    found = sorted(area_values(facts, last), key=lambda each: (-(each[2].value or 0), each[0]))
    if not found:
        return None
    columns = (
        Column(facts.group_word, numeric=False),
        Column("People per 100,000 residents", decimals=1),
        Column("People"),
        Column("Residents"),
        Column("Code", numeric=False),
    )
    rows = tuple((name, rate.value, rate.people, rate.residents or None, code) for code, name, rate in found)
    title = f"Seven-day rate in {facts.place}, seven days to {wording.day_and_year(last)}"
    links = tuple(Link(kind.upper(), address.download("areas", kind, facts)) for kind in FORMATS)
    return ShownTable(PictureTable(title, columns, rows), links, identity="areas-table")


def rate_computed(facts: AreaFacts, last: date) -> Computed:
    return Computed(
        (
            f"People whose first positive swab was taken in the seven days to {wording.day(last)}.",
            f"Divided by residents ({facts.residents_note}), times 100,000.",
            "Areas are filled in five fixed classes, the same on every day and page.",
        ),
        ("results received from laboratories", facts.residents_note),
    )


def latest_table(facts: AreaFacts, address: Address) -> ShownTable | None:
    """What arrived last, newest first: rows at, positive, negative, void, places."""
    if not facts.latest:
        return None
    columns = (
        Column("Arrived", numeric=False),
        Column("Positive"),
        Column("Negative"),
        Column("Void"),
        Column("Small areas"),
    )
    rows = tuple(
        (times.when(row["at"], facts.as_of), row["positive"], row["negative"], row["void"], row["places"])
        for row in facts.latest
    )
    links = tuple(Link(kind.upper(), address.download("latest", kind, facts)) for kind in FORMATS)
    return ShownTable(PictureTable("Results that arrived last", columns, rows), links, identity="latest-table")
