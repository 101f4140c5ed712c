"""What people keep for themselves: views under a name, and subscriptions to a measure passing a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import search, telling
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

MOST = 50


@dataclass(frozen=True)
class Measure:
    """A number of a place that can be watched. `read` answers for one place as an actor: None where it is not known."""

    name: str
    label: str
    read: Callable[[Actor, str], float | None]
    link: Callable[[str], str]


_measures: dict[str, Measure] = {}


def register_measure(measure: Measure) -> None:
    """A room calls this at start-up."""
    _measures[measure.name] = measure


def measures() -> tuple[Measure, ...]:
    """Everything that can be watched."""
    return tuple(_measures.values())


def is_page(link: str) -> bool:
    """Whether an address is one of this site."""
    return link.startswith("/") and not link.startswith(("//", "/\\")) and len(link) <= 1000


def save_view(actor: Actor, name: str, link: str) -> None:
    """Keep a page of this site under a name. Raises `Refused` for another site's address or a name in use."""
    if not 1 <= len(name.strip()) <= 100:
        raise Refused("Give the view a name of 1 to 100 letters.")
    if not is_page(link):
        raise Refused(f"{link[:80]!r} is no page of this site: it begins with one slash, like /my-area.")
    _keep_few(actor, "saved_view")
    made = _write(
        "insert into desk.saved_view (person_id, office_id, name, link) values (%s, %s, %s, %s)"
        " on conflict do nothing returning id",
        [actor.person_id, actor.office_id, name.strip(), link],
    )
    if not made:
        raise Refused(f"You keep a view called {name.strip()!r} already; choose another name.")


def drop_view(actor: Actor, number: int) -> None:
    """Forget a view of one's own."""
    if not _write(
        "delete from desk.saved_view where id = %s and person_id = %s returning id", [number, actor.person_id]
    ):
        raise NotThere(f"You keep no view {number}.")


def views_of(actor: Actor) -> list[dict[str, Any]]:
    """The views a person keeps for the acting office."""
    return db.rows(
        "app",
        "select id, name, link from desk.saved_view where person_id = %s and office_id = %s order by name",
        [actor.person_id, actor.office_id],
    )


def subscribe(actor: Actor, measure: str, place: str, threshold: str) -> int:
    """Ask to be told when a measure of a place (name or code, in scope) passes a number; returns its number.

    Raises `Refused` for an unknown measure or a number that is none, `NotThere` for a place that is not in scope.
    """
    if measure not in _measures:
        raise Refused(f"There is no measure {measure!r}; there are {', '.join(sorted(_measures)) or 'none yet'}.")
    try:
        number = Decimal(threshold.strip())
    except InvalidOperation:
        raise Refused(f"{threshold!r} is no number; write it like 50.") from None
    if not number.is_finite():
        raise Refused(f"{threshold!r} is no number that can be passed; write it like 50.")
    words = [word.lower() for word in search.WORD.findall(place)]
    found = db.rows(
        "app",
        "select code, name from desk.find_places(%s, %s, %s::text[], 1)",
        [actor.office_id, actor.person_id, sorted(words, key=len, reverse=True)],
    ) if words else []  # fmt: skip
    if not found:
        raise NotThere(f"No place called {place!r} is among those you answer for.")
    _keep_few(actor, "subscription")
    made = _write(
        "insert into desk.subscription (person_id, office_id, purpose, measure, place_code, place, threshold)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning id",
        [actor.person_id, actor.office_id, actor.purpose, measure, found[0]["code"], found[0]["name"], number],
    )
    if not made:
        raise Refused(f"You are told already when {found[0]['name']} passes {number}.")
    return int(made[0]["id"])


def unsubscribe(actor: Actor, number: int) -> None:
    """Be told no more."""
    gone = _write(
        "delete from desk.subscription where id = %s and person_id = %s returning id", [number, actor.person_id]
    )
    if not gone:
        raise NotThere(f"You have no subscription {number}.")


def subscriptions_of(actor: Actor) -> list[dict[str, Any]]:
    """What a person is told of, for the acting office."""
    return db.rows(
        "app",
        "select id, measure, place, threshold, is_above from desk.subscription where person_id = %s and office_id = %s"
        " order by place, threshold",
        [actor.person_id, actor.office_id],
    )


def look(limit: int = 500) -> int:
    """Look at the subscriptions that were looked at longest ago; tell whose number was passed. Returns how many told.

    Each is read as its person acting as their office, so an appointment or agreement that ended tells nothing more.
    """
    told = 0
    rows = db.rows(
        "app", "select * from desk.subscription order by looked_at nulls first, id limit %s::integer", [limit]
    )
    for row in rows:
        measure = _measures.get(row["measure"])
        if measure is None:
            continue
        actor = Actor(row["person_id"], row["office_id"], row["purpose"])
        try:
            value = measure.read(actor, row["place_code"])
        except NotAllowed:
            value = None
        above = None if value is None else Decimal(str(value)) > row["threshold"]
        told += _record(row, measure, above)
    return told


def _record(row: dict[str, Any], measure: Measure, above: bool | None) -> bool:
    """Write down how it stands; tell when it was known to be below and now is above."""
    passed = above is True and row["is_above"] is False
    with db.recorded("app") as write:
        write.cursor.execute(
            "update desk.subscription set is_above = coalesce(%s, is_above), looked_at = commonweal.now()"
            " where id = %s",
            [above, row["id"]],
        )
        if passed:
            subject = f"{measure.label} of {row['place']} passed {row['threshold'].normalize():f}"
            telling.tell(write, row["office_id"], subject, measure.link(row["place_code"]), 3, kind="desk.subscription")
    return passed


def _keep_few(actor: Actor, table: str) -> None:
    statements = {
        "saved_view": "select count(*) from desk.saved_view where person_id = %s",
        "subscription": "select count(*) from desk.subscription where person_id = %s",
    }
    if int(db.value("app", statements[table], [actor.person_id])) >= MOST:
        raise Refused(f"You keep {MOST} of these already; remove one first.")


def _write(sql: str, values: list[Any]) -> list[dict[str, Any]]:
    with db.transaction("app") as cursor:
        return db.fetch(cursor, sql, values)
