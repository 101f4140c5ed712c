"""The digest at 07:00 and 17:00: for each office what waits and what is new, at most one screen, behind sign-in.

Telling and sending are two transactions of two roles. Whichever of them a stopped worker leaves undone is done when it
runs again within the three hours, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commonweal.apps.desk import around, configuration, queries, telling, waiting
from commonweal.apps.desk.pages import words
from commonweal.apps.desk.waiting import Who
from commonweal.core import wording
from commonweal.web import db, times

KIND = "desk.digest"
LINES, LONGEST = 8, 60  # what a telephone shows at once
OFFICES = """
select o.id, o.title from access.office o
 where exists (select from access.current_appointment c where c.office_id = o.id) order by o.id
"""
WRITTEN = """
select n.id, exists (select from desk.outbox o where o.notice_id = n.id) as mailed from desk.notice n where n.event = %s
"""
# The holder, or the deputies while the holder is away.
MAIL = """
insert into desk.outbox (notice_id, office_id, person_id, way, due_at)
select %(notice)s::uuid, %(office)s, p.person_id, 'email', commonweal.now()
  from (select t.*, min(case t.capacity when 'holder' then 0 else 1 end) over () as first
          from desk.people_of(array[%(office)s]) t where t.living and t.away_until is null) p
 where p.first = case p.capacity when 'holder' then 0 else 1 end
   and not exists (select from desk.outbox o where o.notice_id = %(notice)s::uuid and o.person_id = p.person_id)
"""
LATE = timedelta(hours=3)  # a digest that a stopped worker left unwritten is written until so long after its hour


def slot(now: datetime) -> datetime | None:
    """The digest hour that has passed within the last three hours, as an instant; None at other times."""
    here = times.local(now)
    for hour in configuration.digest_hours():
        due = here.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0, fold=0)
        if timedelta(0) <= now - due < LATE:
            return due
    return None


def write(now: datetime | None = None) -> int:
    """Write and send the digests that are due; returns how many. Written twice, it is sent once."""
    moment = now or around.now()
    due = slot(moment)
    if due is None:
        return 0
    done = 0
    for office in db.rows("app", OFFICES):
        event = f"digest {office['id']} {due:%Y-%m-%d %H:%M}"
        written = db.one("app", WRITTEN, [event])
        if written is None:
            if not lines(office["id"], due):
                continue
            with db.recorded("app") as writing:
                notice = telling.tell(
                    writing, office["id"], f"Digest of {times.moment(due)}", f"/digest/{office['id']}", 3,
                    kind=KIND, event=event,
                )  # fmt: skip
            done += 1
        elif written["mailed"]:
            continue
        else:
            notice = written["id"]
        mail(notice, office["id"])
    return done


def mail(notice: UUID, office: str) -> None:
    """Queue a notice that only has to be known as e-mail to whoever answers for an office now; once a person."""
    with db.transaction("queue") as cursor:
        cursor.execute(MAIL, {"notice": notice, "office": office})


def lines(office: str, now: datetime) -> list[tuple[str, str]]:
    """(words, link): what waits by clock, then what was told since the digest before; one screen at most."""
    who = Who((office,), None, now)
    found = [
        (f"{_short(one.subject)} ({words.clock(one.due_at, now)})", one.link) for one in waiting.for_offices(who)
    ]  # fmt: skip
    news = [
        (_news(row), f"/told/{row['id']}/{row['office_id']}")
        for row in queries.since(who, now - timedelta(hours=14))
        if row["kind"] != KIND
    ]
    found += [each for each in news if each[1] not in {link for _, link in found}]
    if len(found) > LINES:
        more = len(found) - LINES + 1
        found = [*found[: LINES - 1], (f"and {wording.counted(more, 'thing', 'things')} more on Today", "/today")]
    return found


def _news(row: Mapping[str, Any]) -> str:
    said = _short(row["subject"])
    return f"{said} (acknowledged by {row['person']})" if row["person"] else said


def _short(subject: str) -> str:
    return subject if len(subject) <= LONGEST else f"{subject[: LONGEST - 1].rstrip()}…"
