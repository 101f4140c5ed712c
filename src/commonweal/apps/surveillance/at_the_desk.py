"""What surveillance gives the desk: the pages of places."""

from __future__ import annotations

from commonweal.apps.desk.search import register_place_page
from commonweal.apps.intake import at_the_desk as intake
from commonweal.apps.surveillance.place_ground import LEVELS


def place_page(kind: str, code: str, authority: str) -> str:
    """*Place* for a place of a level that has one; a postcode and a country lead to *My area*."""
    return f"/places/{code}" if kind in LEVELS else intake.place_page(kind, code, authority)


def register_all() -> None:
    """Called at start-up, after intake has registered."""
    register_place_page(place_page)
