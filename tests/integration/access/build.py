"""Builders for organisations, offices, people and agreements in tests."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any
from uuid import UUID

from django.db import connections
from django.test import Client

from commonweal.apps.access.scope import Actor
from commonweal.web import db

PURPOSE = "outbreak_control"
PERMISSIONS = ["read_counts", "read_records", "read_identifiable", "export_records", "accept_agreement"]


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


def places(*codes: str) -> None:
    """Places that stand for themselves and lie in the nation: what the places room would work out from official files."""
    with connections["migrate"].cursor() as cursor:
        for code in codes:
            for wider in (code, "E92000001"):
                cursor.execute("insert into places.scope_cover (code, scope_code) values (%s, %s)", [wider, code])


def authorities(**names: str) -> None:
    """Places, and what stands from the first day for authorities given as code=name."""
    from commonweal.apps.access import authorities as bootstrap

    places(*names)
    bootstrap.ensure(names, {"E12000004": "East Midlands"})


def browser(email: str, *, second_factor: bool = True) -> Client:
    """A browser in which this person has signed in (past the second factor), for tests that are not about signing in."""
    from commonweal.apps.access.signin.models import User

    client = Client(SERVER_NAME="localhost")
    user = User.objects.using("authn").get(email=email)
    client.force_login(user)
    if second_factor:
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def act(client: Client, office_id: str, purpose: str) -> None:
    """Choose the acting office on its page."""
    answer = client.post("/acting/", {"acting": f"{office_id}|{purpose}"})
    assert answer.status_code == 302, answer.content.decode()


def entries(kind: str) -> list[dict[str, Any]]:
    """The ledger's entries of a kind, oldest first, with their words."""
    return db.rows(
        "backup",
        "select e.subject, e.place_codes, e.office_id, x.body from ledger.entry e join ledger.entry_text x on x.entry_id = e.id"
        " join ledger.tick t on t.id = e.tick_id where e.kind = %s order by t.known_at, e.id",
        [kind],
    )
