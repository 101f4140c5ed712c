"""The weekly brief for leaders of quiet areas: your area, your neighbours, similar places, one question to exercise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import around, configuration, digest, telling
from commonweal.core.errors import NotAllowed
from commonweal.web import db, times

MONDAY, HOUR = 0, 8
ON_TODAY = 4
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
Said = Callable[[Actor], Iterable[str]]


@dataclass(frozen=True)
class Part:
    """Sentences under a heading, read in the scope of whoever reads them; `link` leads to the page that says more."""

    heading: str
    said: Said
    link: str = ""
    weekly: bool = True


_parts: dict[str, Part] = {}


def register(name: str, heading: str, said: Said, link: str = "", *, weekly: bool = True) -> None:
    """A room calls this at start-up: sentences for a leader's brief (`weekly`), and for Today, where the document
    desk/jobs.yaml names the part for a kind of work. The first four sentences stand there."""
    _parts[name] = Part(heading, said, link, weekly)


def question(week: date) -> str:
    """The exercise question of the week that holds a day: one after the other, then from the start."""
    questions = configuration.questions()
    monday = week - timedelta(days=week.weekday())
    return questions[(monday.toordinal() // 7) % len(questions)]


def lines(actor: Actor) -> list[tuple[Part, list[str]]]:
    """The parts of a brief with their sentences as it is now; one that the office may not read says so."""
    found = [(part, _said(part, actor)) for part in _parts.values() if part.weekly]
    return [(part, said) for part, said in found if said]


def of_job(names: Iterable[str], actor: Actor) -> list[tuple[Part, list[str]]]:
    """The parts of these names with their sentences, for *Today*; one that has nothing to say is left out."""
    found = [(_parts[name], _said(_parts[name], actor)[:ON_TODAY]) for name in names if name in _parts]
    return [(part, said) for part, said in found if said]


def _said(part: Part, actor: Actor) -> list[str]:
    try:
        return list(part.said(actor))
    except NotAllowed as refused:
        return [str(refused)]


def due(now: datetime) -> bool:
    """Whether it is Monday between eight and nine, on the clock of London."""
    here = times.local(now)
    return here.weekday() == MONDAY and here.hour == HOUR


def send(now: datetime | None = None) -> int:
    """Tell every leader whose area had nothing urgent for a week, also by e-mail, that the brief is there; how many.

    Run again within the hour it tells nobody twice.
    """
    moment = now or around.now()
    if not due(moment):
        return 0
    day = times.local(moment).date()
    told = 0
    for row in db.rows("app", LEADERS, [moment - QUIET]):
        event = f"brief {row['id']} {day}"
        written = db.one("app", digest.WRITTEN, [event])
        if written is None:
            with db.recorded("app") as write:
                notice = telling.tell(
                    write, row["id"], "Your weekly brief", "/brief", 3, kind="desk.brief", event=event
                )
            told += 1
        elif written["mailed"]:
            continue
        else:
            notice = written["id"]
        digest.mail(notice, row["id"])
    return told
