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
