"""Why late: every clock that anybody missed asks its owner for a reason within two working days, and shows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import around, configuration, telling, waiting
from commonweal.apps.desk.rows import columns
from commonweal.apps.desk.waiting import Open, Who
from commonweal.core.desk.hours import after_working_days
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db, times

OWN = "desk.missed"
SHOWN = 100
LOOKED_BACK = timedelta(days=7)  # a worker that stood still longer finds only what waits still
KNOWN = "select key, due_at from desk.missed where key = any (%s)"
WAITING = """
select m.id, m.office_id, o.title as office, desk.subject_shown(m.key, m.subject) as subject, m.found_at,
       m.reason_due_at
  from desk.missed m join access.office o on o.id = m.office_id
 where m.office_id = any (%s) and not exists (select from desk.missed_reason r where r.missed_id = m.id)
"""


def look() -> int:
    """Write down every clock that has run out since the last look, also of what was done late meanwhile; returns how
    many. Run by the worker."""
    now = around.now()
    late = {(row[0], row[4]): row for row in (*_done_late(now), *_open_late(now))}
    if not late:
        return 0
    known = {(row["key"], row["due_at"]) for row in db.rows("app", KNOWN, [[key for key, _ in late]])}
    fresh = [row for place, row in late.items() if place not in known]
    if not fresh:
        return 0
    holidays = configuration.holidays(times.local(now).date() + timedelta(days=21))
    due = after_working_days(now, configuration.rules().reason_working_days, holidays, configuration.waking().zone)
    with db.recorded("app") as write:
        made = db.fetch(
            write.cursor,
            "insert into desk.missed (key, office_id, subject, link, due_at, reason_due_at, tick_id)"
            " select m.*, t.due, t.tick from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])"
            " as m cross join (values (%s::timestamptz, %s::bigint)) as t(due, tick)"
            " on conflict do nothing returning id",
            [*columns(fresh, 5), due, write.tick],
        )
    return len(made)


def _open_late(now: datetime) -> list[list[Any]]:
    """What waits still, of every room, and should not: (key, office, subject, link, due)."""
    offices = [row["id"] for row in db.rows("app", "select id from access.office")]
    return [
        [one.key, one.office_id, one.subject, one.link, one.due_at]
        for one in waiting.for_offices(Who(tuple(offices), None, now))
        if one.due_at is not None and one.due_at < now and not one.key.startswith(f"{OWN}:")
    ]


def _done_late(now: datetime) -> list[list[Any]]:
    """What the desk's own facts say was done too late or not at all, however short the time that it was late."""
    rows = db.rows("app", "select * from desk.clocks_missed(%s)", [now - LOOKED_BACK])
    return [[row["key"], row["office_id"], row["subject"], row["link"], row["due_at"]] for row in rows]


def give_reason(actor: Actor, number: int, reason: str) -> None:
    """Say why a clock was missed, once. Raises `Refused` for none or a second one, `NotAllowed` for another's."""
    if not 0 < len(reason.strip()) <= 2000:
        raise Refused("Write in two or three sentences why this was late; 2,000 letters are kept.")
    if db.one("app", "select 1 from desk.missed where id = %s", [number]) is None:
        raise NotThere(f"There is no missed clock {number}.")
    try:
        with db.recorded("app") as write:
            made = db.fetch(
                write.cursor,
                "insert into desk.missed_reason (missed_id, office_id, person_id, reason, tick_id)"
                " values (%s, %s, %s, %s, %s) on conflict do nothing returning missed_id",
                [number, actor.office_id, actor.person_id, reason.strip(), write.tick],
            )
            if not made:
                raise Refused("The reason has been given already and stays as it is.")
    except Error as error:
        raise telling.as_refused(error) from error


def seen(actor: Actor) -> list[dict[str, Any]]:
    """Missed clocks of every office that shares a place with the acting one, newest first."""
    sql = (
        "select s.*, m.link from desk.missed_seen(%s, %s, %s::integer) s join desk.missed m on m.id = s.id"
        " order by s.due_at desc, s.id desc"
    )
    return db.rows("app", sql, [actor.office_id, actor.person_id, SHOWN])


def waiting_reasons(who: Who) -> list[Open]:
    """Reasons that these offices owe."""
    return [
        Open(
            f"{OWN}:{row['id']}", row["office_id"], row["office"], f"Say why this was late: {row['subject']}"[:200],
            f"/missed#missed-{row['id']}", row["found_at"], row["reason_due_at"], severity=3, kind=OWN,
        )
        for row in db.rows("app", WAITING, [list(who.offices)])
    ]  # fmt: skip
