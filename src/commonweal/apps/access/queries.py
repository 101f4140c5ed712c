"""Reads of access: offices held, agreements and their state, who looked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from commonweal.apps.access.scope import Scope
from commonweal.core.access.permissions import Seat
from commonweal.core.access.policies import AgreementState
from commonweal.web import db

LONDON = ZoneInfo("Europe/London")
SEATS = """
select c.id, c.person_id, c.office_id, c.capacity, o.title, o.organisation_id, o.permissions, o.purposes
  from access.current_appointment c join access.office o on o.id = c.office_id
 where c.person_id = %s
 order by o.title, c.capacity desc
"""
WHO_LOOKED = """
select r.at, o.title as office, g.name as organisation, p.name as person, r.on_behalf_of, r.purpose, r.query, r.class,
       array(select unnest(r.place_codes) intersect select unnest(%(codes)s::text[]) order by 1) as place_codes,
       w.row_count, coalesce(w.exported, false) as exported, r.as_of, r.agreements, r.id
  from access.read_record r
  join access.office o on o.id = r.office_id
  join access.organisation g on g.id = o.organisation_id
  join access.person p on p.id = r.person_id
  left join access.read_rows w on w.read_id = r.id
 where r.at >= %(start)s::timestamptz and r.at < %(stop)s::timestamptz and r.place_codes && %(codes)s::text[]
 order by r.at desc, r.id limit %(limit)s offset %(offset)s
"""
LOOKED_BY_OFFICE = """
select o.title as office, g.name as organisation, r.purpose, count(*) as reads,
       coalesce(sum(w.row_count), 0)::bigint as row_count, count(*) filter (where r.class = 'L3') as named,
       count(*) filter (where w.exported) as exported
  from access.read_record r
  join access.office o on o.id = r.office_id
  join access.organisation g on g.id = o.organisation_id
  left join access.read_rows w on w.read_id = r.id
 where r.at >= %(start)s::timestamptz and r.at < %(stop)s::timestamptz and r.place_codes && %(codes)s::text[]
 group by 1, 2, 3 order by 4 desc, 1, 2, 3
"""
AGREEMENTS = """
select s.id, s.title, s.template, s.version, s.place_code, s.parties, s.purposes, s.classes, s.expires_at, s.accepted,
       s.opened_at, s.ends_at, s.state, a.document, a.document_hash, a.offered_at, a.notice,
       array(select e.organisation_id from access.agreement_end e where e.agreement_id = s.id) as ending
  from access.agreement_state s join access.agreement a on a.id = s.id
"""


def seats_of(person_id: UUID) -> tuple[Seat, ...]:
    """The offices a person holds now; one that is held and deputised in counts as held."""
    found: dict[str, Seat] = {}
    for row in db.rows("app", SEATS, [person_id]):
        found.setdefault(
            row["office_id"],
            Seat(
                appointment_id=str(row["id"]),
                person_id=str(row["person_id"]),
                office_id=row["office_id"],
                title=row["title"],
                organisation_id=row["organisation_id"],
                permissions=frozenset(row["permissions"]),
                purposes=tuple(row["purposes"]),
                deputy=row["capacity"] == "deputy",
            ),
        )
    return tuple(found.values())


def who_looked(
    scope: Scope, day: date | None = None, *, limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
    """The reads that touched the scope's places, newest first: both tiers, with office, person, purpose and size.

    `day` is a day in London; None gives everything that is kept. What was asked for (`filters`) is left out: a name
    or number looked up in one area is no matter of another.
    """
    return scope.rows(WHO_LOOKED, {**_of_day(scope, day), "limit": limit, "offset": offset})


def looked_by_office(scope: Scope, day: date | None = None) -> list[dict[str, Any]]:
    """Rows office, organisation, purpose, reads, row_count, named, exported of a day (or of all), most reads first."""
    return scope.rows(LOOKED_BY_OFFICE, _of_day(scope, day))


def _of_day(scope: Scope, day: date | None) -> dict[str, Any]:
    start, stop = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)) if day is None else bounds(day)
    return {"codes": list(scope.codes), "start": start, "stop": stop}


def days_looked(scope: Scope) -> list[dict[str, Any]]:
    """For each London day with reads: the day and how many, newest first."""
    return scope.rows(
        "select (at at time zone 'Europe/London')::date as day, count(*) as reads from access.read_record "
        "where place_codes && %s::text[] group by 1 order by 1 desc",
        [list(scope.codes)],
    )


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first instant of a London day and of the next."""
    start = datetime.combine(day, time(), LONDON)
    return start, datetime.combine(day + timedelta(days=1), time(), LONDON)


def agreements(*, organisation: str | None = None, place: str | None = None) -> list[dict[str, Any]]:
    """Agreements with their state, newest offer first; of one party or place when given."""
    return db.rows(
        "app",
        AGREEMENTS + " where (%s::text is null or %s = any (s.parties)) and (%s::text is null or s.place_code = %s)"
        " order by a.offered_at desc, s.id",
        [organisation, organisation, place, place],
    )


def agreement(agreement_id: str) -> dict[str, Any] | None:
    """One agreement with its state and document, or None."""
    return db.one("app", AGREEMENTS + " where s.id = %s", [agreement_id])


def state_of(row: dict[str, Any]) -> AgreementState:
    """What of an agreement's row the rules ask for."""
    return AgreementState(row["state"], frozenset(row["accepted"]), frozenset(row["ending"]))


def organisations(ids: list[str]) -> dict[str, dict[str, Any]]:
    """Organisations by id."""
    found = db.rows("app", "select id, name, kind, area_code from access.organisation where id = any (%s)", [ids])
    return {row["id"]: row for row in found}


def mandate(office: str) -> list[str]:
    """The places an office answers for, as codes of any vintage."""
    rows = db.rows("app", "select place_code from access.mandate where office_id = %s order by 1", [office])
    return [row["place_code"] for row in rows]


def organisation_of(office: str) -> str:
    """The organisation an office belongs to; empty when there is no such office."""
    return str(db.value("app", "select organisation_id from access.office where id = %s", [office]) or "")
