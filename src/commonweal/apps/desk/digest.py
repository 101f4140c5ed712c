"""The digest at 07:00 and 17:00: for each office what waits and what is new, at most one screen, behind sign-in."""

from __future__ import annotations

from datetime import datetime, timedelta

from commonweal.apps.desk import around, configuration, queries, telling, waiting
from commonweal.apps.desk.pages import words
from commonweal.apps.desk.waiting import Who
from commonweal.core import wording
from commonweal.web import db, times

LINES = 12  # what a telephone shows at once
OFFICES = """
select o.id, o.title from access.office o
 where exists (select from access.current_appointment c where c.office_id = o.id) order by o.id
"""
MAIL = """
insert into desk.outbox (notice_id, office_id, person_id, way, due_at)
select %(notice)s::uuid, %(office)s, p.person_id, 'email', commonweal.now()
  from desk.people_of(array[%(office)s]) p
 where p.capacity = 'holder' and p.living and p.away_until is null
   and not exists (select from desk.outbox o where o.notice_id = %(notice)s::uuid and o.person_id = p.person_id)
"""


def slot(now: datetime) -> datetime | None:
    """The digest hour that has passed within the last hour, as an instant; None at other times."""
    here = times.local(now)
    for hour in configuration.digest_hours():
        due = here.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0, fold=0)
        if timedelta(0) <= now - due < timedelta(hours=1):
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
        if not lines(office["id"], due):
            continue
        event = f"digest {office['id']} {due:%Y-%m-%d %H:%M}"
        if db.one("app", "select 1 from desk.notice where event = %s", [event]):
            continue
        with db.recorded("app") as writing:
            notice = telling.tell(
                writing, office["id"], f"Digest of {times.moment(due)}", f"/digest/{office['id']}", 3,
                kind="desk.digest", event=event,
            )  # fmt: skip
        with db.transaction("queue") as cursor:
            cursor.execute(MAIL, {"notice": notice, "office": office["id"]})
        done += 1
    return done


def lines(office: str, now: datetime) -> list[tuple[str, str]]:
    """(words, link): what waits by clock, then what was told since the digest before; one screen at most."""
    who = Who((office,), None, now)
    found = [
        (f"{one.subject} ({words.clock(one.due_at, now)})", one.link) for one in waiting.for_offices(who)
    ]  # fmt: skip
    news = [
        (row["subject"], f"/told/{row['id']}/{row['office_id']}")
        for row in queries.since(who, now - timedelta(hours=14))
        if not row["subject"].startswith("Digest of ")
    ]
    found += [each for each in news if each[1] not in {link for _, link in found}]
    if len(found) > LINES:
        more = len(found) - LINES + 1
        found = [*found[: LINES - 1], (f"and {wording.counted(more, 'thing', 'things')} more on Today", "/today")]
    return found
