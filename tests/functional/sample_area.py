"""A made-up area for *My area* and the pages around it: sixteen neighbourhoods of Fernleigh, known on 13 June 2020."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from commonweal.apps.intake.pages.area_figures import AreaFacts, Reading, SmallArea
from commonweal.core.pictures import AreaShape, CurveEvent

from . import samples

AS_OF = datetime(2020, 6, 13, 6, 2, 11, 250000, tzinfo=UTC)
TODAY = date(2020, 6, 13)
READING = Reading(4, 42, 14, (25.0, 50.0, 100.0, 200.0), "Reading of counts, version 1 of 1 June 2020")
EVENTS = (CurveEvent(date(2020, 6, 4), "Community (pillar 2) results first received"),)
SHAPES: tuple[AreaShape, ...] = samples.map_data().shapes
AREAS = {
    f"E01{group:03d}{part:03d}": SmallArea(f"E01{group:03d}{part:03d}", shape.code, shape.name)
    for group, shape in enumerate(SHAPES)
    for part in range(3)
}


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Wilson's 95% limits, the textbook way."""
    z, share = 1.959964, part / whole
    middle = share + z * z / (2 * whole)
    half = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return max(0.0, (middle - half) / (1 + z * z / whole)), min(1.0, (middle + half) / (1 + z * z / whole))


def row(**cells: Any) -> dict[str, Any]:
    return cells


def daily(known_on: date) -> list[dict[str, Any]]:
    """Counts by specimen day; the newest days are only partly known."""
    found = []
    for back in range(1, 41):
        day = known_on - timedelta(days=back)
        arrived = {1: 0.1, 2: 0.4, 3: 0.8}.get(back, 1.0)
        people = (22 + 12 * math.sin((day - TODAY).days / 6)) * arrived
        for pillar, part in (("pillar1", 0.3), ("pillar2", 0.7)):
            cells = {"day": day, "pillar": pillar, "test_type": "pcr"}
            found += [
                row(**cells, result="case", n=round(people * part)),
                row(**cells, result="positive", n=round(people * part * 1.1)),
                row(**cells, result="negative", n=round(people * part * 11)),
            ]
    return [each for each in found if each["n"]]


def facts(**changes: Any) -> AreaFacts:
    small = [
        row(lsoa_code=code, day=TODAY - timedelta(days=back), result="case", n=1 + (at * back) % 4)
        for at, code in enumerate(AREAS)
        for back in (5, 6, 8, 9)
        if (at + back) % 3
    ]
    ages = [
        row(age_band=band, sex=sex, result="case", n=7 + (at * 5 + (sex == "male")) % 41)
        for at, band in enumerate(
            ("0-4", "5-9", "10-14", "15-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+")
        )
        for sex in ("female", "male")
    ]
    since = [row(lsoa_code=f"E01000{part:03d}", result="case", n=4) for part in range(3)]
    since += [row(lsoa_code=f"E01{group:03d}000", result="case", n=7) for group in range(1, 8)]
    since += [row(lsoa_code="E01009001", result="negative", n=480)]
    values: dict[str, Any] = {
        "place": "Fernleigh",
        "residents": 143_000,
        "residents_note": "residents in mid-2019",
        "as_of": AS_OF,
        "today": TODAY,
        "last_looked": datetime(2020, 6, 12, 17, 10, tzinfo=UTC),
        "daily": daily(TODAY),
        "daily_before": daily(TODAY - timedelta(days=1)),
        "small": small,
        "ages": ages,
        "since": since,
        "latest": latest(),
        "feeds": [
            ("royal-infirmary", AS_OF),
            ("lighthouse", AS_OF - timedelta(hours=3)),
            ("care-homes", AS_OF - timedelta(days=2)),
        ],
        "areas": AREAS,
        "group_residents": {shape.code: 8_000 + 120 * at for at, shape in enumerate(SHAPES)},
        "new_care_homes": ("Elm House", "The Laurels"),
    }
    return AreaFacts(**{**values, **changes})


def latest() -> Sequence[dict[str, Any]]:
    return [
        row(
            at=AS_OF - timedelta(minutes=7 * step),
            positive=3 - step % 3,
            negative=41 - 5 * step,
            void=step % 2,
            places=9 - step,
        )
        for step in range(5)
    ]
