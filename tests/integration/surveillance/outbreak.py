"""Leicester with a director, a minister and an outbreak at a foundry: a fortnight of few cases, then one of many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.test import Client

from commonweal.apps.access import actions, agreements
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin import accounts
from commonweal.apps.intake import feeds
from commonweal.web import db
from tests.integration.access import build
from tests.integration.intake import ground, world

from . import written

CITY, DISTRICT, NEIGHBOURHOOD, SMALL = "E06000016", "E07000135", "E02002803", "E01013601"
DIRECTOR, OFFICE = "director@leicester.example", "director-of-public-health-e06000016"
MINISTER, NATION = "minister@nation.example", "national-decision-maker-e92000001"
COUNCILLOR, SEAT = "councillor@leicester.example", "councillor-e06000016"
ANALYSTS = (
    ("analyst@leicester.example", "analyst-e06000016"),
    ("analyst@nation.example", "national-analyst-e92000001"),
)
FOUNDRY = "ZZP00001"


def newest() -> date:
    """The last day of the later window: the newest complete day of this space's clock."""
    day: date = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date - 4")
    return day


def lay() -> None:
    """Offices, an agreement in force, and the records."""
    world.make_places()
    ground.offices()
    ground.lay()
    for email, office in ((DIRECTOR, OFFICE), (MINISTER, NATION)):
        actions.invite(email, email.split("@")[0].title(), [office])
        agreements.accept(
            "public-health-e06000016-1", Actor(accounts.require(email).person_id, office, "outbreak_control")
        )
    for email, office in ANALYSTS:
        actions.invite(email, "Analyst", [office])
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.organisation values ('lab', 'The laboratory', 'laboratory', null, %s)", [write.tick]
        )
    with db.recorded("migrate") as write:
        write.cursor.execute(
            "insert into places.setting (setting_id, kind, name, postcode, dataset_id)"
            " values (%s, 'workplace', 'Otter Foundry', 'LE11AA', 900)",
            [FOUNDRY],
        )
    feeds.add("lab-one", "lab", pathogen="covid-19")
    world.send(world.as_csv(*records()))


def records() -> list[dict[str, str]]:
    """8 cases before and 40 after, of whom 30 work at the foundry and 6 live in three households; 10 negatives a day."""
    last = newest()
    made = []
    for number in range(48):
        after = number >= 8
        day = last - timedelta(days=(number % 13 + 1) if after else 14 + number % 13)
        at_work = after and number < 38
        home = f"{number // 2 if 38 <= number < 44 else number} Mill Lane"
        setting = ("workplace", FOUNDRY) if at_work else ("household", "")
        made.append(_record(f"C{number}", day, "positive", home, setting))
    for number in range(280):
        day = last - timedelta(days=number % 28)
        made.append(_record(f"N{number}", day, "negative", f"{number} High Street", ("unknown", "")))
    return made


def _record(name: str, day: date, result: str, home: str, setting: tuple[str, str]) -> dict[str, str]:
    return world.record(
        record_id=name, person_id=name, result=result, age_years=str(25 + len(name) * 7), address_line=home,
        specimen_date=f"{day}T09:00:00Z", reported_at=f"{day + timedelta(days=1)}T21:00:00Z", symptomatic="true",
        setting_type=setting[0], setting_id=setting[1],
    )  # fmt: skip


def browser(email: str, office: str) -> Client:
    """A browser of somebody who signed in and chose an office."""
    client = build.browser(email)
    build.act(client, office, "outbreak_control")
    return client


def signal(
    number: int = 1,
    *,
    level: str = "ltla",
    place: str = CITY,
    scope: Sequence[str] = (CITY,),
    members: Sequence[str] = (),
    **other: object,
) -> None:
    """A signal of the city that a sweep of this morning told, after all that was sent."""
    as_of = db.freeze()
    morning = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date")
    with db.recorded("engine") as write:
        sweep = written.sweep(write, as_of=as_of, morning=morning)
        written.signal(write, number, sweep, **other)
        row = {
            "signal": number, "step": 1, "sweep_id": sweep, "morning": morning, "state": "opened", "level": level,
            "place_code": place, "scope": list(scope), "members": list(members), "rate": 50.0, "observed": 40.0, "strength": 1.0,
            "recurrence_days": 900.0, "evidence": ["forty cases"], "tick_id": write.tick,
        }  # fmt: skip
        written.insert(write, "surveillance.signal_change", row, "step")
