"""Desks of the demonstration: somebody on duty everywhere with a number, and something that waits for the visitor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from commonweal.apps.access.scope import Actor
from commonweal.web import db

ON_DUTY = timedelta(days=28)
ANSWER_WITHIN = timedelta(days=2)  # a replay's clock runs fast
PHONE = "01632 960{:03d}"  # numbers that the regulator keeps free for drama
QUESTION = "Which neighbourhoods would you test first if you had two more mobile units this week?"
KEEPERS = """
select distinct on (o.organisation_id) o.id, o.organisation_id, g.name, c.person_id, o.purposes[1] as purpose
  from access.office o join access.organisation g on g.id = o.organisation_id
  join access.current_appointment c on c.office_id = o.id
 where 'keep_rota' = any (o.permissions) order by o.organisation_id, o.id
"""
HOLDER = """
select o.id, c.person_id, o.purposes[1] as purpose from access.office o
  join access.current_appointment c on c.office_id = o.id
  join access.organisation g on g.id = o.organisation_id
 where o.title = %s limit 1
"""


WAITING = """
select distinct on (t.notice_id, t.office_id) t.notice_id, t.office_id as id, c.person_id, o.purposes[1] as purpose
  from desk.told t join desk.notice n on n.id = t.notice_id and n.severity < 3
  join access.office o on o.id = t.office_id join access.current_appointment c on c.office_id = o.id
 where not exists (select from desk.receipt r where r.notice_id = t.notice_id and r.office_id = t.office_id
                     and r.state in ('acknowledged', 'recalled'))
 order by t.notice_id, t.office_id, c.person_id
"""


def acknowledge_what_waits() -> int:
    """Let everybody who holds an office read and acknowledge what it was told, a while after it was; returns how many.

    Each act is the person's own, recorded at the space's present moment, as on the pages.
    """
    from commonweal.apps.desk import telling

    rows = db.rows("app", WAITING)
    for row in rows:
        actor = _actor(row)
        telling.open_notice(actor, row["notice_id"], row["id"])
        telling.acknowledge(actor, row["notice_id"], row["id"])
    return len(rows)


def lay(titles: Iterable[str]) -> None:
    """Put somebody on duty in every organisation, and let the national desk ask the first of `titles` a question.

    titles: of the offices that visitors sit in, the local one first, the national one second.
    """
    from commonweal.apps.desk import duty

    now = db.value("app", "select commonweal.now()")
    for number, row in enumerate(db.rows("app", KEEPERS)):
        keeper = _actor(row)
        duty.set_work_phone(keeper, PHONE.format(number % 1000))
        rota = f"rota-{row['organisation_id']}"
        duty.make_rota(keeper, rota, f"On call, {row['name']}")
        duty.put_on_duty(keeper, rota, now, now + ON_DUTY, keeper.person_id, row["id"])
    local, national, *_ = [*titles, "", ""]
    asked, asker = (db.one("app", HOLDER, [title]) for title in (local, national))
    if asked and asker:
        _ask(_actor(asker), asked["id"])


def _ask(asker: Actor, office: str) -> None:
    from commonweal.apps.access import queries as access
    from commonweal.apps.desk import talk

    due = db.value("app", "select commonweal.now()") + ANSWER_WITHIN
    talk.say(asker, talk.Said("/my-area", access.mandate(office), QUESTION, owner=office, due_at=due))


def _actor(row: dict[str, Any]) -> Actor:
    return Actor(UUID(str(row["person_id"])), row["id"], row["purpose"])
