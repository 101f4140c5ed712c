"""What the desk itself says on Today to some kinds of work: whom one can call now, and the question of the week."""

from __future__ import annotations

from commonweal.apps.access import queries as access
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import around, brief, duty_queries
from commonweal.web import times


def people(actor: Actor) -> list[str]:
    """Whoever else can be called now in the office's organisation: name, number and offices; nobody who is away."""
    rows = duty_queries.people([access.organisation_of(actor.office_id)])
    others = [row for row in rows if row["name"] and row["living"] and row["person_id"] != actor.person_id]
    there = [row for row in others if row["away_until"] is None and row["phone"]]
    if not there:
        return ["Nobody else of your organisation has given a number: each person enters their own under On duty."]
    offices: dict[tuple[str, str], list[str]] = {}
    for row in there:
        offices.setdefault((row["name"], row["phone"]), []).append(row["title"])
    return [f"{name}, {phone}: {'; '.join(titles)}." for (name, phone), titles in offices.items()]


def question(actor: Actor) -> list[str]:
    """The question of the week, to talk over."""
    return [brief.question(times.local(around.now()).date())]


def register_all() -> None:
    """Called at start-up."""
    brief.register("desk.people", "Whom you can call", people, "/on-duty", weekly=False)
    brief.register("desk.question", "This week's question", question, "/brief", weekly=False)
