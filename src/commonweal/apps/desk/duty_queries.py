"""Reads of who is there: rotas by week with their holes, people in offices, absences, the order of succession."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from commonweal.apps.desk import configuration
from commonweal.core.desk.hours import week_of
from commonweal.core.desk.rota import Line, cover
from commonweal.web import db, times

LINES = """
select d.starts_at, d.ends_at, d.person_id::text as person, p.name, d.office_id, o.title as office, d.tick_id, d.id
  from desk.duty d left join access.person p on p.id = d.person_id left join access.office o on o.id = d.office_id
 where d.rota_id = %s and d.ends_at > %s::timestamptz and d.starts_at < %s::timestamptz order by d.tick_id, d.id
"""
ROTAS = """
select r.id, r.name, r.organisation_id, g.name as keeper,
       array(select x.name from desk.rota_offer f join access.organisation x on x.id = f.organisation_id
              where f.rota_id = r.id order by 1) as offered_to
  from desk.rota r join access.organisation g on g.id = r.organisation_id
"""
OWN_ROTA = f"""{ROTAS}
 where r.id = (select c.rota_id from desk.rota_choice c where c.organisation_id = %s order by c.tick_id desc limit 1)
"""  # noqa: S608 - no value from outside
POSSIBLE_ROTAS = f"""{ROTAS}
 where r.organisation_id = %s
    or exists (select from desk.rota_offer f where f.rota_id = r.id and f.organisation_id = %s) order by r.name
"""
PEOPLE = """
select o.id as office_id, o.title, p.capacity, p.person_id, p.name, p.away_until, p.living, f.phone
  from access.office o
  left join lateral desk.people_of(array[o.id]) p on true
  left join desk.phone_now f on f.person_id = p.person_id
 where o.organisation_id = any (%s) order by o.title, o.id, p.capacity desc, p.starts_at
"""
MAY_SHARE = """
select g.id, g.name from access.organisation g
 cross join (select r.organisation_id, k.area_code from desk.rota r
               join access.organisation k on k.id = r.organisation_id where r.id = %s) own
 where g.id <> own.organisation_id and exists (select from access.office o where o.organisation_id = g.id)
   and not exists (select from desk.rota_offer f where f.rota_id = %s and f.organisation_id = g.id)
 order by not exists (select from places.neighbour n where n.code = own.area_code and n.neighbour = g.area_code), g.name
"""
AWAY = """
select a.id, a.person_id, p.name, a.starts_at, a.ends_at from desk.away a join access.person p on p.id = a.person_id
 where a.ends_at > commonweal.now()
   and a.person_id in (select c.person_id from access.current_appointment c join access.office o on o.id = c.office_id
                        where o.organisation_id = any (%s))
 order by a.starts_at, p.name
"""


NOT_THERE = """
select person_id::text as person, office_id, starts_at, ends_at
  from desk.not_there(%s::uuid[], %s::text[], %s::timestamptz, %s::timestamptz)
"""


@dataclass(frozen=True)
class Stretch:
    """A time with one person on duty, or nobody (`name` empty); `missing` is down for it and has left, or is away."""

    rota: str
    starts_at: datetime
    ends_at: datetime
    name: str
    office: str
    missing: str = ""


def without_holder() -> list[dict[str, Any]]:
    """Offices that nobody living holds: office_id, title, organisation_id, since, how."""
    return db.rows("app", "select * from desk.without_holder()")


def rota_of(organisation: str) -> dict[str, Any] | None:
    """The rota an organisation goes by now, or None."""
    return db.one("app", OWN_ROTA, [organisation])


def offered_to(organisation: str) -> list[dict[str, Any]]:
    """Rotas an organisation may go by: its own, and those it was offered."""
    return db.rows("app", POSSIBLE_ROTAS, [organisation, organisation])


def weeks(rota: str, count: int) -> list[tuple[datetime, datetime, list[Stretch]]]:
    """This duty week and those after it: each with who is on duty in which part of it, holes included."""
    now = db.value("app", "select commonweal.now()")
    zone, changeover = configuration.waking().zone, configuration.changeover()
    first = week_of(times.local(now).date(), changeover, zone)
    if now < first[0]:  # Monday before the change of duty: still last week's
        first = week_of(times.local(now).date() - timedelta(days=7), changeover, zone)
    bounds = [first]
    for number in range(1, count):
        bounds.append(week_of((first[0].astimezone(zone) + timedelta(days=7 * number)).date(), changeover, zone))
    lines = _lines(rota, bounds[0][0], bounds[-1][1])
    return [
        (
            start,
            stop,
            [Stretch(rota, s.starts_at, s.ends_at, s.name, s.office, s.missing) for s in cover(lines, start, stop)],
        )
        for start, stop in bounds
    ]


def _lines(rota: str, start: datetime, stop: datetime) -> list[Line]:
    """The entries of a rota between two moments, in the order in which they were made, with who is not there when."""
    rows = db.rows("app", LINES, [rota, start, stop])
    down = [row for row in rows if row["person"]]
    asked = [[row["person"] for row in down], [row["office_id"] for row in down], start, stop]
    gone: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in db.rows("app", NOT_THERE, asked) if down else ():
        gone[row["person"], row["office_id"]].append((row["starts_at"], row["ends_at"]))
    return [
        Line(
            row["starts_at"], row["ends_at"], row["name"] or "", row["office"] or "",
            tuple(gone[row["person"], row["office_id"]]),
        )
        for row in rows
    ]  # fmt: skip


def holes(rota: str, count: int) -> list[Stretch]:
    """The times of the coming weeks in which nobody is on duty, from now on."""
    now = db.value("app", "select commonweal.now()")
    return [
        stretch for _, _, stretches in weeks(rota, count) for stretch in stretches
        if not stretch.name and stretch.ends_at > now
    ]  # fmt: skip


def people(organisations: Sequence[str]) -> list[dict[str, Any]]:
    """Every office of organisations with the people in it; an office without people has one row without a person."""
    return db.rows("app", PEOPLE, [list(organisations)])


def away(organisations: Sequence[str]) -> list[dict[str, Any]]:
    """Absences of the organisations' people that are not over."""
    return db.rows("app", AWAY, [list(organisations)])


def succession(organisation: str) -> list[dict[str, Any]]:
    """The order of succession of an organisation as (id, title, set by us), first one first."""
    order = configuration.succession_permissions()
    return db.rows(
        "app",
        "select o.id, o.title, s.office_ids is not null as set_by_us"
        " from (select (select s.office_ids from desk.succession s"
        "  where s.organisation_id = %(organisation)s order by s.tick_id desc limit 1) as office_ids) s"
        " cross join lateral unnest(coalesce(s.office_ids, array(select f.id from access.office f"
        "  where f.organisation_id = %(organisation)s and f.permissions && %(order)s::text[]"
        "  order by (select min(array_position(%(order)s::text[], p)) from unnest(f.permissions) p), f.id)))"
        "  with ordinality as w(id, place) join access.office o on o.id = w.id order by w.place",
        {"organisation": organisation, "order": order},
    )


def sharing(rota: str) -> list[str]:
    """The organisations whose people can be on duty in a rota: its keeper, and those it is offered to."""
    rows = db.rows(
        "app",
        "select organisation_id as id from desk.rota where id = %s"
        " union select organisation_id from desk.rota_offer where rota_id = %s order by 1",
        [rota, rota],
    )
    return [row["id"] for row in rows]


def may_share(rota: str) -> list[tuple[str, str]]:
    """(id, name) of the authorities and teams that a rota could be offered to and is not yet, those next door first."""
    rows = db.rows("app", MAY_SHARE, [rota, rota])
    return [(row["id"], row["name"]) for row in rows]
