"""Writes of access: organisations, offices, people and appointments, each with its entry in the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import Error

from commonweal.apps.access import configuration
from commonweal.apps.access.scope import refusal
from commonweal.apps.access.signin import accounts, sessions
from commonweal.apps.ledger import actions as ledger
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

KINDS = (
    "national_body", "regional_team", "upper_tier_authority", "lower_tier_authority", "unitary_authority",
    "laboratory", "care_provider", "school", "police", "finance_ministry", "community_body",
)  # fmt: skip
SHORT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
PLACE_CODE = re.compile(r"[A-Z]\d{8}")
CAPACITIES = {False: "holder", True: "deputy"}


@dataclass(frozen=True)
class Office:
    """An office to be made. `permissions` and `purposes` are names of `parameters/access/roles.yaml`."""

    id: str
    organisation_id: str
    title: str
    permissions: tuple[str, ...]
    purposes: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Invited:
    """Somebody invited: the one-time link's token is in clear here and nowhere else."""

    person_id: UUID
    email: str
    token: str
    expires_at: datetime


def add_organisation(organisation_id: str, name: str, kind: str, area_code: str | None = None) -> None:
    """Make an organisation. Raises `Refused` when it exists, or its kind or code is none."""
    if kind not in KINDS:
        raise Refused(f"There is no kind of organisation {kind!r}; kinds are {', '.join(KINDS)}.")
    _check_short_name(organisation_id, "organisation")
    with db.recorded("authn") as write:
        insert_organisation(write, organisation_id, name, kind, area_code)


def insert_organisation(
    write: db.Recorded, organisation_id: str, name: str, kind: str, area_code: str | None = None
) -> None:
    """The same within an open writing transaction."""
    if area_code is not None:
        check_places([area_code])
    elif kind.endswith("_authority"):
        raise Refused(f"An authority governs a place: say which for {organisation_id!r} with its area code.")
    if _there("organisation", organisation_id):
        raise Refused(f"The organisation {organisation_id!r} is there already; choose another short name.")
    write.cursor.execute(
        "insert into access.organisation (id, name, kind, area_code, tick_id) values (%s, %s, %s, %s, %s)",
        [organisation_id, name, kind, area_code, write.tick],
    )
    places = [area_code] if area_code else []
    ledger.append(write, "access.organisation_made", organisation_id, places=places, name=name, organisation_kind=kind)


def office_from_role(
    role_name: str,
    organisation_id: str,
    places: Sequence[str],
    *,
    office_id: str | None = None,
    title: str | None = None,
    permissions: Sequence[str] = (),
    purposes: Sequence[str] = (),
) -> Office:
    """An office as its role says, or with the permissions and purposes given instead."""
    known = configuration.roles()
    role = known.role(role_name)
    for what, given, there in (
        ("permission", permissions, known.permissions),
        ("purpose", purposes, known.purposes),
    ):
        unknown = [name for name in given if name not in there]
        if unknown:
            raise Refused(f"There is no {what} {unknown[0]!r}; there are {', '.join(there)}.")
    organisation = db.one("authn", "select name from access.organisation where id = %s", [organisation_id])
    if organisation is None:
        raise NotThere(f"There is no organisation {organisation_id!r}. Make it with: commonweal users add-organisation")
    return Office(
        id=office_id or f"{role.name}-{(places[0].lower() if places else organisation_id)}",
        organisation_id=organisation_id,
        title=title or f"{role.label}, {organisation['name']}",
        permissions=tuple(permissions) or role.permissions,
        purposes=tuple(purposes) or role.purposes,
        places=tuple(places),
    )


def add_office(office: Office) -> None:
    """Make an office with its mandate. Raises `Refused` when it exists or a place code is none."""
    with db.recorded("authn") as write:
        insert_office(write, office)


def insert_office(write: db.Recorded, office: Office) -> None:
    """The same within an open writing transaction."""
    _check_short_name(office.id, "office")
    check_places(office.places)
    if _there("office", office.id):
        raise Refused(f"The office {office.id!r} is there already; choose another short name.")
    write.cursor.execute(
        "insert into access.office (id, organisation_id, title, permissions, purposes, tick_id)"
        " values (%s, %s, %s, %s, %s, %s)",
        [office.id, office.organisation_id, office.title, list(office.permissions), list(office.purposes), write.tick],
    )
    for place in office.places:
        write.cursor.execute(
            "insert into access.mandate (office_id, place_code, tick_id) values (%s, %s, %s)",
            [office.id, place, write.tick],
        )
    ledger.append(
        write,
        "access.office_made",
        office.id,
        places=office.places,
        office=office.id,
        organisation=office.organisation_id,
        title=office.title,
        permissions=office.permissions,
        purposes=office.purposes,
    )


def invite(email: str, name: str, offices: Sequence[str], *, deputy: bool = False) -> Invited:
    """Make a person with an account and appointments, and a one-time link with which they set password and second
    factor. Raises `Refused` when the address has an account, `NotThere` for an unknown office."""
    address = accounts.checked_address(email)
    if accounts.find(address) is not None:
        raise Refused(f"{address} has an account already. To give it an office: commonweal users appoint {address}")
    if not name.strip():
        raise Refused("A person needs a name: say it with --name.")
    with db.recorded("authn") as write:
        row = db.fetch(
            write.cursor,
            "insert into access.person (name, tick_id) values (%s, %s) returning id",
            [name.strip(), write.tick],
        )[0]
        ledger.append(write, "access.person_made", str(row["id"]))
        account = accounts.make(address, row["id"])
        for office in offices:
            _insert_appointment(write, row["id"], office, CAPACITIES[deputy], None, None)
        token, expires_at = accounts.insert_invitation(write.cursor, account)
    return Invited(row["id"], address, token, expires_at)


def appoint(
    email: str,
    office_id: str,
    *,
    deputy: bool = False,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> UUID:
    """Appoint a person to an office, as its holder or a deputy; returns the appointment's id. Times are aware."""
    person = accounts.require(email).person_id
    with db.recorded("authn") as write:
        return _insert_appointment(write, person, office_id, CAPACITIES[deputy], starts_at, ends_at)


def end_appointment(email: str, office_id: str, reason: str, *, ends_at: datetime | None = None) -> int:
    """End a person's appointments to an office, now or at an aware time; returns how many. A reason is needed."""
    if not reason.strip():
        raise Refused("An appointment ends with a reason: say it with --reason.")
    person = accounts.require(email).person_id
    try:
        with db.recorded("authn") as write:
            ended = db.fetch(
                write.cursor,
                "insert into access.appointment_end (appointment_id, ends_at, reason, tick_id)"
                " select a.id, coalesce(%s::timestamptz, commonweal.now()), %s, %s from access.appointment a"
                " left join access.appointment_end e on e.appointment_id = a.id"
                " where a.person_id = %s and a.office_id = %s and e.appointment_id is null"
                " and coalesce(a.ends_at, 'infinity') > commonweal.now() returning appointment_id, ends_at",
                [ends_at, reason, write.tick, person, office_id],
            )
            if not ended:
                raise NotThere(f"{email} has no appointment to {office_id!r} that could end.")
            for row in ended:
                ledger.append(
                    write,
                    "access.appointment_ended",
                    str(row["appointment_id"]),
                    places=_places(office_id),
                    office=office_id,
                    ends_at=row["ends_at"],
                )
    except Error as error:
        raise refusal(error) from error
    return len(ended)


def sign_out(email: str) -> int:
    """End every session of a person; returns how many ended."""
    account = accounts.require(email)
    with db.recorded("authn") as write:
        ended = accounts.sign_out(email)
        ledger.append(write, "access.signed_out", str(account.person_id), sessions=ended)
    return ended


def sign_everybody_out(reason: str) -> int:
    """End every session of everybody; returns how many ended: after a restore, those that had ended are there again."""
    with db.recorded("authn") as write:
        ended = sessions.end_all()
        ledger.append(write, "access.everybody_signed_out", "everybody", sessions=ended, reason=reason)
    return ended


def reset_second_factor(email: str) -> Invited:
    """Take away password, second factor and sessions; returns a new one-time link's token."""
    account = accounts.require(email)
    with db.recorded("authn") as write:
        token, expires_at = accounts.reset(email)
        ledger.append(write, "access.sign_in_reset", str(account.person_id))
    return Invited(account.person_id, account.email, token, expires_at)


def _insert_appointment(
    write: db.Recorded,
    person: UUID,
    office_id: str,
    capacity: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> UUID:
    if not _there("office", office_id):
        raise NotThere(f"There is no office {office_id!r}. List them with: commonweal users list --offices")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise Refused(f"An appointment cannot end ({ends_at:%Y-%m-%d %H:%M}) before it begins.")
    row = db.fetch(
        write.cursor,
        "insert into access.appointment (person_id, office_id, capacity, starts_at, ends_at, tick_id)"
        " values (%s, %s, %s, coalesce(%s::timestamptz, commonweal.now()), %s::timestamptz, %s)"
        " returning id, starts_at, ends_at",
        [person, office_id, capacity, starts_at, ends_at, write.tick],
    )[0]
    ledger.append(
        write,
        "access.appointed",
        str(row["id"]),
        places=_places(office_id),
        office=office_id,
        capacity=capacity,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )
    appointment: UUID = row["id"]
    return appointment


def require_permission(office_id: str, person_id: UUID, permission: str) -> dict[str, Any]:
    """The office, when the person holds it now and it has the permission. Raises `NotAllowed` otherwise."""
    office = db.one(
        "app",
        "select o.id, o.title, o.organisation_id, o.permissions from access.office o"
        " join access.current_appointment c on c.office_id = o.id where o.id = %s and c.person_id = %s limit 1",
        [office_id, person_id],
    )
    if office is None:
        raise NotAllowed(f"This person does not hold the office {office_id!r} today.")
    if permission not in office["permissions"]:
        raise NotAllowed(f"The office “{office['title']}” has no permission {permission!r}.")
    return office


def check_places(codes: Sequence[str]) -> None:
    """Raise `Refused` for a text that has not the form of a place code."""
    wrong = [code for code in codes if not PLACE_CODE.fullmatch(code)]
    if wrong:
        raise Refused(f"{wrong[0]!r} is no place code: they have a capital letter and eight digits (E06000016).")


def _check_short_name(name: str, what: str) -> None:
    if not SHORT_NAME.fullmatch(name) or name == "public":
        raise Refused(f"{name!r} cannot name an {what}: use 2 to 64 small letters, digits and hyphens.")


def _there(table: str, identifier: str) -> bool:
    statements = {
        "organisation": "select 1 from access.organisation where id = %s",
        "office": "select 1 from access.office where id = %s",
    }
    return db.one("authn", statements[table], [identifier]) is not None


def _places(office_id: str) -> list[str]:
    found = db.rows("authn", "select place_code from access.mandate where office_id = %s order by 1", [office_id])
    return [row["place_code"] for row in found]
