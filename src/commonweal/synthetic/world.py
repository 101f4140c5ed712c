"""The fictional county in one value: areas, people, and where they spend their days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from commonweal.synthetic.geography import Geography, make_geography
from commonweal.synthetic.people import MID_2020, People, make_people
from commonweal.synthetic.settings import Settings, make_settings


@dataclass(frozen=True)
class World:
    """Everything that does not change while an outbreak runs. Equal seed, scale and day give equal worlds."""

    seed: int
    scale: float
    on: date
    geography: Geography
    people: People
    settings: Settings


def make_world(seed: int, scale: float = 1.0, on: date = MID_2020) -> World:
    """A fictional city and county; scale 1 is about 700,000 people (a few seconds), 0.05 about 50,000 (a moment).

    Parameters: on: the day on which people have the ages of the population table; give the day of the outbreak.

    Raises Refused for a scale that is not above 0 and at most 1.25 (test NHS numbers would run out).
    """
    geography = make_geography(seed, scale)
    people = make_people(geography, on)
    return World(seed, scale, on, geography, people, make_settings(geography, people, on))
