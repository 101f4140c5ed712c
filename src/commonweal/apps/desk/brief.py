"""The weekly brief for leaders of quiet areas: your area, your neighbours, similar places, one question to exercise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import around, configuration, telling
from commonweal.core.errors import NotAllowed
from commonweal.web import db, times

MONDAY, HOUR = 0, 8
QUIET = timedelta(days=7)
LEADERS = """
select distinct on (o.id) o.id, c.person_id, o.purposes[1] as purpose from access.office o
  join access.current_appointment c on c.office_id = o.id and c.capacity = 'holder'
  join access.organisation g on g.id = o.organisation_id and g.area_code is not null
 where 'record_position' = any (o.permissions)
   and not exists (select from desk.told t join desk.notice n on n.id = t.notice_id
                    where t.office_id = o.id and n.severity = 1 and n.told_at > %s::timestamptz)
 order by o.id, c.starts_at
"""
Part = Callable[[Actor], Iterable[str]]
_parts: dict[str, tuple[str, Part]] = {}


def register(name: str, heading: str, part: Part) -> None:
    """A room calls this at start-up: sentences for a leader's brief, read in that leader's own scope."""
    _parts[name] = (heading, part)


def question(week: date) -> str:
    """The exercise question of the week that holds a day: one after the other, then from the start."""
    questions = configuration.questions()
    monday = week - timedelta(days=week.weekday())
    return questions[(monday.toordinal() // 7) % len(questions)]


def lines(actor: Actor) -> list[tuple[str, list[str]]]:
    """(heading, sentences) of a brief as it is now; a part that the office may not read says so."""
    found = []
    for heading, part in _parts.values():
        try:
            said = list(part(actor))
        except NotAllowed as refused:
            said = [str(refused)]
        if said:
            found.append((heading, said))
    return found


def due(now: datetime) -> bool:
    """Whether it is Monday between eight and nine, on the clock of London."""
    here = times.local(now)
    return here.weekday() == MONDAY and here.hour == HOUR


def send(now: datetime | None = None) -> int:
    """Tell every leader whose area had nothing urgent for a week that the brief is there; returns how many.

    Run again within the hour it tells nobody twice.
    """
    moment = now or around.now()
    if not due(moment):
        return 0
    day = times.local(moment).date()
    told = 0
    for row in db.rows("app", LEADERS, [moment - QUIET]):
        event = f"brief {row['id']} {day}"
        if db.one("app", "select 1 from desk.notice where event = %s", [event]):
            continue
        with db.recorded("app") as write:
            telling.tell(write, row["id"], "Your weekly brief", "/brief", 3, kind="desk.brief", event=event)
        told += 1
    return told
