"""Builds a demonstration's space once: places, authorities, people, agreements, feeds and what was sent before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connections

from commonweal.server import spaces
from commonweal.server.home import Home
from commonweal.site.demo import desks
from commonweal.site.demo.story import Sent, Story, temporary_folder

VERSION = 4
READ_AFTER = timedelta(hours=2)  # a sweep, the people who were told have acknowledged
LABORATORIES = "demonstration-laboratories"
PERSON_NAMES = (
    "Amina Okafor", "Daniel Whitlow", "Priya Raman", "Callum Ferris", "Grace Adeyemi", "Marek Nowak", "Sofia Bellamy",
    "Tomos Reed", "Yusuf Karim", "Helen Marsh", "Ruth Calder", "Imran Sheikh", "Nia Powell", "Owen Hartley",
)  # fmt: skip


@dataclass(frozen=True)
class Seat:
    """Somebody a visitor can sign in as."""

    who: str
    email: str
    label: str


@dataclass(frozen=True)
class Built:
    """What a later start needs to know of the demonstration."""

    version: int
    space: str
    opens: str
    seats: list[Seat]

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, path: Path) -> Built | None:
        """What was built before, or None when there is nothing or another version's."""
        try:
            document = json.loads(path.read_text())
            seats = [Seat(**seat) for seat in document.pop("seats")]
            built = cls(seats=seats, **document)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return built if built.version == VERSION else None


Say = Callable[[str], None]


def record_path(space: str) -> Path:
    """Where the demonstration's own notes lie."""
    return Home.current().space_folder(space) / "demonstration.json"


def build(story: Story, say: Say) -> Built:
    """Make the space anew from the story. Whatever was in it goes."""
    from commonweal.site.installation import open_space

    record_path(story.space).unlink(missing_ok=True)
    spaces.drop_database(story.space)
    say("Making the space")
    open_space(story.space, story.kind, story.begins)
    say("Loading places")
    _load_places(story)
    say("Appointing people and accepting agreements")
    seats = _people(story.visited)
    _feeds(story)
    say("Taking in what was sent before")
    taken: datetime | None = None
    told: datetime | None = None
    for sent in story.history():
        if taken is not None and taken != sent.at and taken in story.swept:
            load_series(story, told, taken)
            _a_past_morning(taken, say)
            told = taken
        take_in(sent)
        taken = sent.at
    move_clock(story.opens)
    _snapshot()
    load_series(story, told, story.opens)
    say("Looking for signals")
    _sweep()
    desks.lay(seat.label for seat in seats)
    built = Built(VERSION, story.space, story.opens.isoformat(), seats)
    built.write(record_path(story.space))
    return built


def take_in(sent: Sent) -> int:
    """Move the space's clock to the moment of sending and take the file in; returns the records accepted."""
    from commonweal.apps.intake import actions, sources

    move_clock(sent.at)
    provenance = sources.Provenance("file", sent.label)
    return actions.take_in(sent.feed, sources.from_body(sent.body, provenance, is_json=False)).balance.accepted


def move_clock(target: datetime) -> datetime:
    """Move the clock of a space that is not live forward; never back."""
    with connections["migrate"].cursor() as cursor:
        cursor.execute("select commonweal.now()")
        now: datetime = cursor.fetchone()[0]
        if target > now:
            cursor.execute("select commonweal.move_clock(%s)", [target])
            now = cursor.fetchone()[0]
    return now


def _load_places(story: Story) -> None:
    from commonweal.apps.places.actions import load_files

    with temporary_folder() as folder:
        load_files(story.place_files(Path(folder)))


def _a_past_morning(morning: datetime, say: Say) -> None:
    """Sweep as known then, and let those who were told acknowledge in time."""
    say(f"Looking for signals as known on {morning:%-d %B}")
    _sweep()
    move_clock(morning + READ_AFTER)
    desks.acknowledge_what_waits()


def load_series(story: Story, since: datetime | None, until: datetime) -> None:
    """Load the series that were published after one moment's day, up to another's."""
    from commonweal.apps.surveillance import actions

    with temporary_folder() as folder:
        actions.load_series(story.published(Path(folder), since, until))


def _snapshot() -> None:
    from commonweal.web import db

    db.value("app", "select counts.make_snapshot(1)")


def _sweep() -> None:
    from commonweal.apps.surveillance import sweeps
    from commonweal.apps.surveillance.executors import Serial

    sweeps.run(Serial())
    sweeps.run_series(Serial())


def _feeds(story: Story) -> None:
    from commonweal.apps.access import actions
    from commonweal.apps.intake import feeds

    actions.add_organisation(LABORATORIES, "Demonstration laboratories", "laboratory")
    for feed in story.feeds():
        feeds.add(feed, LABORATORIES, pathogen="covid-19")


def _people(visited: tuple[str, ...]) -> list[Seat]:
    """Authorities and their offices, a person for each organisation, every agreement accepted; returns the seats."""
    from commonweal.apps.access import agreements, authorities
    from commonweal.apps.access.scope import Actor
    from commonweal.apps.places import queries
    from commonweal.web import db

    authorities.ensure(queries.authorities(), queries.regions())
    offices = db.rows(
        "authn",
        "select o.id, o.title, o.organisation_id, o.permissions, o.purposes from access.office o order by o.id",
    )
    people = _appoint(offices)
    for office in offices:
        if "accept_agreement" not in office["permissions"]:
            continue
        actor = Actor(people[office["id"]], office["id"], office["purposes"][0])
        for agreement in db.rows(
            "app",
            "select s.id from access.agreement_state s where %s = any (s.parties) and not %s = any (s.accepted)",
            [office["organisation_id"], office["organisation_id"]],
        ):
            agreements.accept(agreement["id"], actor)
    return _seats(offices, visited)


def _appoint(offices: list[dict[str, object]]) -> dict[str, UUID]:
    """One invented person for each organisation holds all its offices; returns office -> person."""
    from commonweal.apps.access import actions

    held: dict[str, UUID] = {}
    by_organisation: dict[str, list[str]] = {}
    for office in offices:
        by_organisation.setdefault(str(office["organisation_id"]), []).append(str(office["id"]))
    for place, (organisation, ids) in enumerate(sorted(by_organisation.items())):
        name = PERSON_NAMES[place % len(PERSON_NAMES)]
        invited = actions.invite(f"{organisation}@example.org", name, ids)
        held |= dict.fromkeys(ids, invited.person_id)
    return held


def _seats(offices: list[dict[str, object]], visited: tuple[str, ...]) -> list[Seat]:
    """The seats that the terminal offers: the first authority's director, the national desk, a second authority."""
    chosen: list[Seat] = []
    wanted = [office for office in offices if "director-of-public-health" in str(office["id"])]
    if visited:
        wanted = [office for office in wanted if str(office["id"]).split("-")[-1].upper() in visited]
    national = [office for office in offices if "national-decision-maker" in str(office["id"])]
    wanted.sort(key=lambda office: (not str(office["id"]).split("-")[-1].startswith("e06"), str(office["id"])))
    for place, office in enumerate([*wanted[:1], *national[:1], *wanted[1:2]]):
        email = f"{office['organisation_id']}@example.org"
        chosen.append(Seat(("local", "national", "neighbour")[place], email, str(office["title"])))
    return chosen
