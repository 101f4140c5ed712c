"""What pages go by, from `parameters/`: how counts are read, public holidays. Read once a process."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import yaml

from commonweal.apps.intake.pages.area_figures import Reading
from commonweal.core.errors import NotThere
from commonweal.server import parameters


@cache
def _document(name: str) -> Any:
    return yaml.safe_load(parameters.text(name))


@cache
def reading() -> Reading:
    """How counts become figures on pages."""
    found = _document("pages/reading.yaml")
    first, second, third, fourth = (float(edge) for edge in found["rate_breaks"]["value"])
    return Reading(
        complete_after_days=int(found["complete_after_days"]["value"]),
        curve_days=int(found["curve_days"]["value"]),
        age_days=int(found["age_days"]["value"]),
        rate_breaks=(first, second, third, fourth),
        version=f"Reading of counts, version {found['version']} of {found['dated']:%d %B %Y}".replace(" 0", " "),
    )


def smallest_public_feed() -> int:
    """Feeds with fewer records a day are merged on the public balance."""
    return int(_document("pages/reading.yaml")["public_smallest_feed"]["value"])


def holidays(until: date) -> frozenset[date]:
    """Public holidays of England. Raises `NotThere` when the calendar ends before ``until``."""
    found = _document("calendar/england.yaml")
    if until > found["until"]:
        raise NotThere(
            f"The calendar of public holidays ends on {found['until']}, before {until}. "
            "Add the years to parameters/calendar/england.yaml."
        )
    return frozenset(day for days in found["holidays"].values() for day in days)
