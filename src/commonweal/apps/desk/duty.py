"""Writes of who is there: absences, the rota, the order of succession. Each with its entry in the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import Error

from commonweal.apps.access import actions as access
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import configuration
from commonweal.apps.desk.telling import as_refused
from commonweal.apps.ledger import actions as ledger
from commonweal.core.desk.hours import week_of
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

KEEP_ROTA = "keep_rota"
SHORT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
PHONE = re.compile(r"[0-9 +()-]{3,30}")


def enter_absence(actor: Actor, person: UUID, starts_at: datetime, ends_at: datetime) -> int:
    """A person is away between two aware times; returns the absence's number. Oneself, or with `keep_rota` a colleague.

    Raises `Refused` when it ends before it begins or now, `NotAllowed` for somebody of another organisation.
    """
    _may_speak_for(actor, person)
    now = db.value("app", "select commonweal.now()")
    if ends_at <= starts_at or ends_at <= now:
        raise Refused("An absence ends after it begins, and later than now. Correct its last day.")
    with db.recorded("app") as write:
        number = db.fetch(
            write.cursor,
            "insert into desk.absence (person_id, starts_at, ends_at, entered_by, tick_id)"
            " values (%s, %s, %s, %s, %s) returning id",
            [person, starts_at, ends_at, actor.person_id, write.tick],
        )[0]["id"]
        ledger.append(
            write, "desk.absence_entered", str(number), office=actor.office_id, starts_at=starts_at, ends_at=ends_at
        )
    return int(number)


def end_absence(actor: Actor, number: int) -> None:
    """End an absence now (or take back one that has not begun)."""
    found = db.one("app", "select person_id from desk.absence where id = %s", [number])
    if found is None:
        raise NotThere(f"There is no absence {number}.")
    _may_speak_for(actor, found["person_id"])
    with db.recorded("app") as write:
        made = db.fetch(
            write.cursor,
            "insert into desk.absence_end (absence_id, ends_at, tick_id) values (%s, commonweal.now(), %s)"
            " on conflict do nothing returning absence_id",
            [number, write.tick],
        )
        if not made:
            raise Refused("This absence has been ended already.")
        ledger.append(write, "desk.absence_ended", str(number), office=actor.office_id)


def make_rota(actor: Actor, rota: str, name: str, share_with: Sequence[str] = ()) -> None:
    """Make a rota of the acting office's organisation, which goes by it from now on; others may be offered it."""
    organisation = _require(actor)["organisation_id"]
    if not SHORT_NAME.fullmatch(rota):
        raise Refused(f"{rota!r} cannot name a rota: use 2 to 64 small letters, digits and hyphens.")
    if not name.strip():
        raise Refused("A rota needs a name that people use.")
    if db.one("app", "select 1 from desk.rota where id = %s", [rota]):
        raise Refused(f"The rota {rota!r} is there already; choose another short name.")
    with db.recorded("app") as write:
        write.cursor.execute(
            "insert into desk.rota (id, name, organisation_id, tick_id) values (%s, %s, %s, %s)",
            [rota, name.strip(), organisation, write.tick],
        )
        for other in share_with:
            _insert_offer(write, rota, other)
        _insert_choice(write, actor, organisation, rota)
        ledger.append(write, "desk.rota_made", rota, office=actor.office_id, shared_with=list(share_with))


def offer_rota(actor: Actor, rota: str, organisation: str) -> None:
    """Offer a rota of one's own organisation to another one."""
    _require_own(actor, rota)
    with db.recorded("app") as write:
        _insert_offer(write, rota, organisation)
        ledger.append(write, "desk.rota_offered", rota, office=actor.office_id, to=organisation)


def choose_rota(actor: Actor, rota: str) -> None:
    """The acting office's organisation goes by this rota from now on: its own, or one it was offered."""
    organisation = _require(actor)["organisation_id"]
    try:
        with db.recorded("app") as write:
            _insert_choice(write, actor, organisation, rota)
            ledger.append(write, "desk.rota_chosen", rota, office=actor.office_id, organisation=organisation)
    except Error as error:
        raise as_refused(error) from error


def put_on_duty(
    actor: Actor, rota: str, starts_at: datetime, ends_at: datetime, person: UUID | None, office: str | None
) -> int:
    """Who is on duty between two aware times, acting as `office`; None clears it. The newest entry counts.

    Raises `Refused` when the person is not appointed to an office of an organisation that shares the rota.
    """
    _require_own(actor, rota)
    if ends_at <= starts_at:
        raise Refused("A duty ends after it begins. Correct its end.")
    try:
        with db.recorded("app") as write:
            number = db.fetch(
                write.cursor,
                "insert into desk.duty (rota_id, starts_at, ends_at, person_id, office_id, entered_by, tick_id)"
                " values (%s, %s, %s, %s, %s, %s, %s) returning id",
                [rota, starts_at, ends_at, person, office, actor.person_id, write.tick],
            )[0]["id"]
            ledger.append(
                write, "desk.duty_entered", rota, office=actor.office_id, duty=number, starts_at=starts_at,
                ends_at=ends_at, as_office=office,
            )  # fmt: skip
    except Error as error:
        raise as_refused(error) from error
    return int(number)


def put_on_duty_in_week(actor: Actor, rota: str, day: date, person: UUID | None, office: str | None) -> int:
    """The same for the whole duty week that holds a day."""
    start, stop = week_of(day, configuration.changeover(), configuration.waking().zone)
    return put_on_duty(actor, rota, start, stop, person, office)


def set_succession(actor: Actor, offices: Sequence[str]) -> None:
    """The order in which offices answer for the acting office's organisation, the first one first."""
    organisation = _require(actor)["organisation_id"]
    known = {
        row["id"] for row in db.rows("app", "select id from access.office where organisation_id = %s", [organisation])
    }
    strange = [office for office in offices if office not in known]
    if strange or not offices or len(set(offices)) != len(offices):
        wrong = f"{strange[0]!r} is none of them" if strange else "it is empty or names one twice"
        raise Refused(f"An order of succession names offices of one's own organisation, each once; {wrong}.")
    with db.recorded("app") as write:
        write.cursor.execute(
            "insert into desk.succession (organisation_id, office_ids, office_id, person_id, tick_id)"
            " values (%s, %s, %s, %s, %s)",
            [organisation, list(offices), actor.office_id, actor.person_id, write.tick],
        )
        ledger.append(write, "desk.succession_set", organisation, office=actor.office_id, offices=list(offices))


def _insert_offer(write: db.Recorded, rota: str, organisation: str) -> None:
    if not db.fetch(write.cursor, "select 1 from access.organisation where id = %s", [organisation]):
        raise NotThere(f"There is no organisation {organisation!r}.")
    write.cursor.execute(
        "insert into desk.rota_offer (rota_id, organisation_id, tick_id) values (%s, %s, %s) on conflict do nothing",
        [rota, organisation, write.tick],
    )


def _insert_choice(write: db.Recorded, actor: Actor, organisation: str, rota: str) -> None:
    write.cursor.execute(
        "insert into desk.rota_choice (organisation_id, rota_id, office_id, person_id, tick_id)"
        " values (%s, %s, %s, %s, %s)",
        [organisation, rota, actor.office_id, actor.person_id, write.tick],
    )


def _require(actor: Actor) -> dict[str, Any]:
    return access.require_permission(actor.office_id, actor.person_id, KEEP_ROTA)


def _require_own(actor: Actor, rota: str) -> None:
    organisation = _require(actor)["organisation_id"]
    found = db.one("app", "select organisation_id from desk.rota where id = %s", [rota])
    if found is None:
        raise NotThere(f"There is no rota {rota!r}.")
    if found["organisation_id"] != organisation:
        raise NotAllowed(f"The rota {rota!r} is kept by another organisation; ask its office to change it.")


def _may_speak_for(actor: Actor, person: UUID) -> None:
    if person == actor.person_id:
        return
    organisation = _require(actor)["organisation_id"]
    colleague = db.one(
        "app",
        "select 1 from access.appointment a join access.office o on o.id = a.office_id"
        " where a.person_id = %s and o.organisation_id = %s limit 1",
        [person, organisation],
    )
    if colleague is None:
        raise NotAllowed("Absences of people of another organisation are entered there.")


def set_work_phone(actor: Actor, phone: str) -> None:
    """The number under which colleagues reach this person at work; shown on pages that name them."""
    if not PHONE.fullmatch(phone.strip()):
        raise Refused(f"{phone!r} is no telephone number: use digits, spaces and a + in front, like +44 116 496 0000.")
    with db.recorded("app") as write:
        write.cursor.execute(
            "insert into desk.work_phone (person_id, phone, tick_id) values (%s, %s, %s)",
            [actor.person_id, phone.strip(), write.tick],
        )
        ledger.append(write, "desk.work_phone_set", str(actor.person_id))
