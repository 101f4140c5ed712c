"""What must hold at the desk: every office has a living holder, rotas have no hole ahead, messages leave, steps end."""

from __future__ import annotations

from commonweal.apps.desk import around, duty_queries
from commonweal.core import wording
from commonweal.web import db, times
from commonweal.web.checks import Check

STUCK = (
    "select count(*) from desk.outbox"
    " where state in ('waiting', 'taken') and due_at < commonweal.now() - interval '5 minutes'"
)
OVERDUE = "select count(*) from desk.pending_step where due_at < commonweal.now() - interval '5 minutes'"
GIVEN_UP = """
select n.id, t.office_id, n.told_at from desk.told t join desk.notice n on n.id = t.notice_id
 where n.severity < 3
   and not exists (select from desk.pending_step s where (s.notice_id, s.office_id) = (t.notice_id, t.office_id))
   and not exists (select from desk.receipt r where (r.notice_id, r.office_id) = (t.notice_id, t.office_id)
                     and r.state in ('acknowledged', 'recalled'))
 order by n.told_at limit 20
"""
HOLES_AHEAD_WEEKS = 2


def _holders() -> list[str]:
    return [
        f"{row['title']} ({row['office_id']}) has no living holder since"
        f" {wording.day_and_year(times.local(row['since']).date())}: {row['how']}."
        " Appoint somebody with: commonweal users appoint"
        for row in duty_queries.without_holder()
    ]


def _rotas() -> list[str]:
    return [
        f"the rota {week.rota} has a hole from {times.moment(week.starts_at)} to {times.moment(week.ends_at)}"
        + (f": {week.missing} is down for it and has left, or is away" if week.missing else "")
        for rota in db.rows("app", "select distinct rota_id as id from desk.rota_choice order by 1")
        for week in duty_queries.holes(rota["id"], HOLES_AHEAD_WEEKS)
    ]


def _leaving() -> list[str]:
    messages, steps = db.value("app", STUCK), db.value("app", OVERDUE)
    found = []
    if messages:
        found.append(
            f"{messages} messages should have left more than five minutes ago: is `commonweal worker` running?"
        )
    if steps:
        found.append(f"{steps} steps are more than five minutes late: is `commonweal worker` running?")
    return found


def _answered() -> list[str]:
    return [
        f"notice {row['id']} to {row['office_id']}, told {times.moment(row['told_at'])}: every step was gone through"
        " and nobody acknowledged it"
        for row in db.rows("app", GIVEN_UP)
    ]


def _named() -> list[str]:
    """In an exercise nobody has to be called; in the live space a page without a number helps nobody at night."""
    if around.operator().phone or db.value("app", "select kind from commonweal.space") != "live":
        return []
    return [
        "pages name no telephone number where nobody on duty has given one, and on the way in: set COMMONWEAL_HELP_NAME"
        " and COMMONWEAL_HELP_PHONE"
    ]


CHECKS = (
    Check("every office has a living holder", "voice", _holders),
    Check("no rota has a hole in the next two weeks", "voice", _rotas),
    Check("what is told leaves within five minutes", "parity", _leaving),
    Check("every notice that must be acknowledged was", "voice", _answered),
    Check("every page names somebody with a telephone number", "equity", _named),
)
