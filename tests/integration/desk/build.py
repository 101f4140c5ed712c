"""An authority with people at its desk, a clock that can be moved, and what left the house."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from tests.integration.access.build import authorities

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin import accounts
from commonweal.apps.desk import sending, steps, telling
from commonweal.apps.desk.ways import files
from commonweal.web import db

PLACE, NATION = "E06000016", "E92000001"
DIRECTOR, LEADER, ANALYST = (f"{role}-e06000016" for role in ("director-of-public-health", "leader", "analyst"))
TRACING, OFFICER = "tracer-lead-e06000016", "data-protection-officer-e06000016"
MINISTER = "national-decision-maker-e92000001"
FIVE = (DIRECTOR, LEADER, ANALYST, TRACING, OFFICER)


def leicester() -> None:
    """Leicester and the nation; a holder in each of the offices that the tests use."""
    authorities(**{PLACE: "Leicester"})
    for office in (DIRECTOR, LEADER, MINISTER):
        person(office.split("-e")[0], office)


def person(name: str, *offices: str, deputy: bool = False) -> Actor:
    """Somebody invited to offices; returns them as an actor in the first."""
    invited = actions.invite(f"{name}@desk.example", name.replace("-", " ").title(), list(offices), deputy=deputy)
    return Actor(invited.person_id, offices[0] if offices else "", "outbreak_control")


def actor(name: str, office: str) -> Actor:
    return Actor(accounts.require(f"{name}@desk.example").person_id, office, "outbreak_control")


def way(who: Actor, **addresses: str) -> None:
    """How a person is reached besides e-mail."""
    with db.transaction("authn") as cursor:
        for name, address in addresses.items():
            cursor.execute("insert into desk.contact_way values (%s, %s, %s)", [who.person_id, name, address])


def now() -> datetime:
    found: datetime = db.value("app", "select commonweal.now()")
    return found


def move_to(instant: datetime) -> None:
    """Move the clock of a space that is not live."""
    with connections["migrate"].cursor() as cursor:
        cursor.execute("select commonweal.move_clock(%s)", [instant])


def tell(
    *offices: str, subject: str = "Twelve people in one school", severity: int = 1, within: float = 60, **more: Any
) -> UUID:
    """Tell offices something in a transaction of its own."""
    by = None if severity == 3 else now() + timedelta(minutes=within)
    with db.recorded("app") as write:
        return telling.tell(write, offices, subject, "/my-area", severity, by, kind="test.event", **more)


def work() -> None:
    """What the worker does every second."""
    while steps.run() or sending.run():
        pass


def outgoing(way_out: str = "email") -> list[dict[str, Any]]:
    """What left by a way through the file back-end, oldest first."""
    path = files.folder() / f"{way_out}.ndjson"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def receipts(notice: UUID, state: str) -> list[dict[str, Any]]:
    return db.rows(
        "backup",
        "select office_id, way, person_id, as_office, capacity, words, at from desk.receipt"
        " where notice_id = %s and state = %s order by id",
        [notice, state],
    )


def reached(notice: UUID, office: str) -> list[dict[str, Any]]:
    return db.rows(
        "backup",
        "select r.capacity, p.name, r.at from desk.reached r left join access.person p on p.id = r.person_id"
        " where r.notice_id = %s and r.office_id = %s order by r.id",
        [notice, office],
    )


@contextmanager
def named_space(space: str) -> Iterator[None]:
    """Files of this process lie in the space's own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", space)
        yield
