"""What is held on a person: on a member of staff by access itself, on a tested person by the rooms that register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from commonweal.apps.access.signin import accounts
from commonweal.apps.ledger import actions as ledger
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db


@dataclass(frozen=True)
class TestedPerson:
    """Who asks: an NHS number, or name with birth date and postcode."""

    nhs_number: str | None = None
    name: str | None = None
    birth_date: date | None = None
    postcode: str | None = None

    @property
    def is_enough(self) -> bool:
        return bool(self.nhs_number or (self.name and self.birth_date and self.postcode))


Provider = Callable[[TestedPerson], Mapping[str, Any] | None]
_providers: dict[str, Provider] = {}


def register(room: str, provider: Provider) -> None:
    """A room that keeps identifiers calls this at start-up; its provider answers None when it holds nothing."""
    _providers[room] = provider


def held_on_tested_person(person: TestedPerson) -> dict[str, Any]:
    """What every registered room holds on a tested person, by room. Entered in the ledger without saying who.

    Raises `Refused` when too little is given to be sure of one person, `NotThere` when no room keeps such data.
    """
    if not person.is_enough:
        raise Refused("Give the NHS number, or name, birth date and postcode together.")
    if not _providers:
        raise NotThere("No room of this installation keeps identifiers of tested people.")
    held = {room: dict(found) for room, ask in sorted(_providers.items()) if (found := ask(person)) is not None}
    with db.recorded("authn") as write:
        ledger.append(write, "access.held_data_exported", "tested_person", rooms=sorted(held))
    return held


def held_on_staff(email: str) -> dict[str, Any]:
    """Everything held on a member of staff, for the person who asks; entered in the ledger. Raises `NotThere`."""
    person_id = accounts.require(email).person_id
    with db.recorded("authn") as write:
        write.cursor.execute("select set_config('app.subject', %s, true)", [str(person_id)])
        held = {**_facts_on(write, person_id), **accounts.held_on(person_id)}
        ledger.append(write, "access.held_data_exported", str(person_id), rooms=["access"])
    return held


def _facts_on(write: db.Recorded, person_id: UUID) -> dict[str, Any]:
    statements = {
        "person": "select p.id, p.name, t.known_at from access.person p"
        " join ledger.tick t on t.id = p.tick_id where p.id = %s",
        "appointments": "select a.office_id, o.title, a.capacity, a.starts_at, a.ends_at,"
        " e.ends_at as ended_at, e.reason"
        " from access.appointment a join access.office o on o.id = a.office_id"
        " left join access.appointment_end e on e.appointment_id = a.id where a.person_id = %s order by a.starts_at",
        "agreements_accepted": "select agreement_id, organisation_id, office_id, accepted_at from access.acceptance"
        " where person_id = %s order by accepted_at",
        "data_read": "select r.at, r.office_id, r.on_behalf_of, r.purpose, r.class, r.query, r.filters, r.as_of,"
        " r.place_codes,"
        " w.row_count, w.exported from access.read_record r left join access.read_rows w on w.read_id = r.id"
        " where r.person_id = %s order by r.at",
    }
    return {name: db.fetch(write.cursor, sql, [person_id]) for name, sql in statements.items()}
