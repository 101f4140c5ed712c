"""A made-up neighbourhood for *Place*: Spinney Hill Road in Fernleigh, known on 13 June 2020."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from commonweal.apps.surveillance.pages import place, place_figures
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.place_figures import Figures, Subject
from commonweal.apps.surveillance.pages.place_series import Told
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.signals.standing import Method
from commonweal.web.pages import Link

from . import sample_area

METHOD = Method(10, 8, 30, 0.5, 0.2, 4.0, 4, 7, 40, 4.7, 2.9, 21)
AS_OF, TODAY = sample_area.AS_OF, sample_area.TODAY
SHARES = (0.05, 0.4, 0.3, 0.15, 0.06, 0.04)
NAMES = {shape.code: shape.name for shape in sample_area.SHAPES}
HERE = sample_area.SHAPES[3].code
SUBJECT = Subject(
    HERE, NAMES[HERE], "neighbourhood", 8_120, "residents on 30 June 2019", NAMES, "neighbourhoods", "Fernleigh"
)
ADMISSIONS = Metric(
    "admissions", "Patients admitted with the disease, by day", "count", "patients", 1, "residents", "NHS England", ()
)
WEEKLY = Metric(
    "cases_in_week", "People with a first positive test in a week", "count", "people", 7, "residents",
    "Public Health England", (), suppressed=(0, 2),
)  # fmt: skip


def people(days: int = 63) -> list[dict[str, Any]]:
    """Rows day, ago, pillar, whole, own: growth in the last fortnight, delays of one to five days."""
    found = []
    for back in range(days):
        day = TODAY - timedelta(days=back)
        level = 6 + 3 * math.sin(back / 5) + max(0, 14 - back) * 0.5
        for delay, share in enumerate(SHARES):
            if delay <= back:
                for pillar, part in (("pillar1", 0.3), ("pillar2", 0.7)):
                    own = round(level * share * part)
                    whole = own + round(10 * level * share * part)
                    if whole:
                        ago = back - delay
                        found.append({"day": day, "ago": ago, "pillar": pillar, "whole": whole, "own": own})
    return found


def tested(days: int) -> list[dict[str, Any]]:
    found = []
    for back in range(1, days):
        day = TODAY - timedelta(days=back)
        for result, n in (("positive", 5 + back % 3), ("negative", 80 - back)):
            found.append({"day": day, "pillar": "pillar2", "test_type": "pcr", "result": result, "n": n})
    return found


def published() -> place_figures.Published | None:
    """Authorities by what is published of them; one with a value kept back."""
    rows = []
    for at, code in enumerate(("E06000016", "E06000017", "E06000018", "E06000019")):
        for back in range(4, 11):
            low = 20 + 5 * at
            day = TODAY - timedelta(days=back)
            rows.append({"place_code": code, "day": day, "low": low, "high": low + 2 * (at == 3 and back == 5)})
    residents = dict.fromkeys(("E06000016", "E06000017", "E06000018", "E06000019"), 300_000)
    names = {"E06000016": "Fernleigh", "E06000017": "Oakham", "E06000018": "Ashby", "E06000019": "Corby"}
    last = TODAY - timedelta(days=4)
    return place_figures.published(rows, last, residents, names, "authorities", "Public Health England")


def figures(**changes: Any) -> Figures:
    values: dict[str, Any] = {
        "people": people(),
        "tests": tested(63),
        "compared": {code: (60 if code == HERE else 6 + at % 5, 8_000 + 100 * at) for at, code in enumerate(NAMES)},
        "as_of": AS_OF,
        "today": TODAY,
        "history_days": 63,
        "shown_days": 42,
        "method": METHOD,
    }
    made = place_figures.work_out(SUBJECT, **{**values, **changes})
    return made if changes else replace(made, published=published())


def series() -> list[Told]:
    daily = [
        {
            "day": TODAY - timedelta(days=back),
            "low": back % 4,
            "high": back % 4,
            "published": TODAY,
            "source": "dashboard",
        }
        for back in range(30, 2, -1)
    ]
    weekly = [
        {
            "day": date(2020, 5, 4) + timedelta(days=7 * at),
            "low": low,
            "high": high,
            "published": TODAY,
            "source": "middle_areas",
        }
        for at, (low, high) in enumerate([(0, 2), (4, 4), (7, 7), (0, 2), (12, 12)])
    ]
    return [Told(ADMISSIONS, tuple(daily), ("utla_archive",)), Told(WEEKLY, tuple(weekly))]


AROUND = place.Around(
    (Link("Fernleigh", "/places/E06000016"), Link("East Midlands", "")),
    tuple(Link(f"Fernleigh 003{letter}", f"/places/E0100000{at}") for at, letter in enumerate("ABCD")),
    "Small areas",
    (Link("Kiln Basin", "/places/E02000001"), Link("Whinchat Magna", "")),
)


def page(**changes: Any) -> dict[str, Any]:
    address = Address(f"/places/{HERE}", "", AS_OF, pinned=True)
    built = place.build(figures(**changes), [] if changes else series(), AROUND, address, METHOD, "Commonweal 0.1.")
    return {"place": built, "page": built.page}


def empty() -> dict[str, Any]:
    return page(people=[], tests=[], compared={})
