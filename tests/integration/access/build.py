"""Builders for organisations, offices, people and agreements in tests."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

from commonweal.apps.access.scope import Actor
from commonweal.web import db

PURPOSE = "outbreak_control"
PERMISSIONS = ["read_counts", "read_records", "read_identifiable", "accept_agreement"]


def office(
    organisation: str, places: list[str], kind: str = "national_body", *, purposes: list[str] | None = None
) -> Actor:
    """An organisation with one office over `places`, held by one person."""
    with db.recorded("authn") as write:
        area = places[0] if "authority" in kind else None
        write.cursor.execute(
            "insert into access.organisation values (%s, %s, %s, %s, %s)",
            [organisation, organisation.title(), kind, area, write.tick],
        )
        write.cursor.execute(
            "insert into access.office values (%s, %s, %s, %s, %s, %s)",
            [
                f"{organisation}-office",
                organisation,
                f"Office of {organisation}",
                PERMISSIONS,
                purposes or [PURPOSE],
                write.tick,
            ],
        )
        for place in places:
            write.cursor.execute(
                "insert into access.mandate values (%s, %s, %s)", [f"{organisation}-office", place, write.tick]
            )
    return appoint(f"{organisation}-office", f"Person of {organisation}")


def appoint(office_id: str, name: str, capacity: str = "holder") -> Actor:
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.person (name, tick_id) values (%s, %s) returning id", [name, write.tick]
        )
        person: UUID = write.cursor.fetchone()[0]
        write.cursor.execute(
            "insert into access.appointment (person_id, office_id, capacity, starts_at, tick_id) "
            "values (%s, %s, %s, commonweal.now(), %s)",
            [person, office_id, capacity, write.tick],
        )
    return Actor(person, office_id, PURPOSE)


def agreement(place: str, parties: list[str], *, classes: list[str] | None = None, notice: str = "0 seconds") -> str:
    """An offered agreement for one place."""
    document = json.dumps({"place": place, "parties": parties})
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.agreement (id, template, version, title, place_code, parties, purposes, classes, document,"
            " document_hash, expires_at, notice, tick_id) values (%s, 'standard', 1, %s, %s, %s, %s, %s, %s::jsonb, %s,"
            " commonweal.now() + interval '1 year', %s::interval, %s)",
            [
                f"sharing-{place.lower()}",
                f"Sharing for {place}",
                place,
                parties,
                [PURPOSE],
                classes or ["L1", "L2"],
                document,
                hashlib.sha256(document.encode()).digest(),
                notice,
                write.tick,
            ],
        )
    return f"sharing-{place.lower()}"


def accept(agreement_id: str, actor: Actor) -> None:
    organisation = actor.office_id.removesuffix("-office")
    with db.recorded("app") as write:
        write.cursor.execute(
            "insert into access.acceptance (agreement_id, organisation_id, office_id, person_id, document_hash, tick_id) "
            "select id, %s, %s, %s, document_hash, %s from access.agreement where id = %s",
            [organisation, actor.office_id, actor.person_id, write.tick, agreement_id],
        )
