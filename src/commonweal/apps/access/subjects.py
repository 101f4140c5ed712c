"""What is held on a person: on a member of staff by access itself, on a tested person by the rooms that register; and a
tested person's right to erasure."""

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


# On which a person may ask for erasure (UK GDPR, Article 17(1)), and in the words of the command.
GROUNDS = {
    "no_longer_needed": "the data are no longer needed for what they were collected for",
    "consent_withdrawn": "the person withdrew a consent on which it rested",
    "objection": "the person objected and nothing overrides it",
    "unlawful": "the data were processed unlawfully",
    "legal_obligation": "a law or a court demands it",
}


@dataclass(frozen=True)
class Erasure:
    """Who decided an erasure (an office that may bind its organisation), and on which ground."""

    office: str
    ground: str

    def __post_init__(self) -> None:
        if self.ground not in GROUNDS:
            raise Refused(f"{self.ground[:40]!r} is no ground for erasure; the grounds are {', '.join(GROUNDS)}.")


Provider = Callable[[TestedPerson], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Eraser:
    """How a room erases: `find` counts the records of a person that still open, `erase` makes them open no more.

    again: ends once more what was ended before and opens since an older database was put back; returns how many.
    """

    find: Callable[[TestedPerson], int]
    erase: Callable[[TestedPerson, Erasure], int]
    again: Callable[[], int]


_providers: dict[str, Provider] = {}
_erasers: dict[str, Eraser] = {}


def register(room: str, provider: Provider) -> None:
    """A room that keeps identifiers calls this at start-up; its provider answers None when it holds nothing."""
    _providers[room] = provider


def register_eraser(room: str, eraser: Eraser) -> None:
    """The same room says at start-up how it erases one person."""
    _erasers[room] = eraser


def erasable(person: TestedPerson) -> int:
    """How many records of a tested person still open, over all rooms.

    Raises `Refused` when too little is given to be sure of one person, `NotThere` when nothing opens.
    """
    _require_enough(person)
    found = sum(eraser.find(person) for eraser in _erasers.values())
    if not found:
        raise NotThere(
            "Nothing that could identify this person can be opened here: it was erased, it ended, or never came. "
            "See what is held: commonweal users sar."
        )
    return found


def erase_tested_person(person: TestedPerson, erasure: Erasure) -> int:
    """Destroy what could identify a tested person, for good; returns how many records open no more.

    Each room leaves an event with office and ground that does not say whose it was. Figures stay as they are. Raises
    what `erasable` raises, and `NotAllowed` for an office that may not decide it.
    """
    erasable(person)
    return sum(eraser.erase(person, erasure) for _, eraser in sorted(_erasers.items()))


def erase_again() -> int:
    """After an older database was put back: end once more whatever a person had had erased; returns how many records.

    Nothing new is decided: each room ends only copies that are in its list of erasures, to the byte.
    """
    return sum(eraser.again() for _, eraser in sorted(_erasers.items()))


def _require_enough(person: TestedPerson) -> None:
    if not person.is_enough:
        raise Refused("Give the NHS number, or name, birth date and postcode together.")


def held_on_tested_person(person: TestedPerson) -> dict[str, Any]:
    """What every registered room holds on a tested person, by room. Entered in the ledger without saying who.

    Raises `Refused` when too little is given to be sure of one person, `NotThere` when no room keeps such data.
    """
    _require_enough(person)
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
