"""What people keep for themselves: views under a name, and subscriptions to a measure passing a number."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import search, telling
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

MOST = 50
MOST_TO_PASS = 1_000_000
AREA = re.compile(r"[A-Z][0-9]{8}")


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

    Raises `Refused` for an unknown measure, a number that is none, or a place that may be several; `NotThere` for one
    that is not in scope.
    """
    if measure not in _measures:
        raise Refused(f"There is no measure {measure!r}; there are {', '.join(sorted(_measures)) or 'none yet'}.")
    number = number_of(threshold)
    found = _the_place(actor, place)
    _keep_few(actor, "subscription")
    # as it stands at this moment: a number that passes before the next look is told too
    above = _is_above(actor, _measures[measure], found["code"], number)
    made = _write(
        "insert into desk.subscription"
        " (person_id, office_id, purpose, measure, place_code, place, threshold, is_above, looked_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, commonweal.now()) on conflict do nothing returning id",
        [actor.person_id, actor.office_id, actor.purpose, measure, found["code"], found["name"], number, above],
    )
    if not made:
        raise Refused(f"You are told already when {found['name']} passes {number:f}.")
    return int(made[0]["id"])


def number_of(threshold: str) -> Decimal:
    """The number to be passed, as typed. Raises `Refused`."""
    try:
        number = Decimal(threshold.strip())
    except InvalidOperation:
        raise Refused(f"{threshold!r} is no number; write it like 50.") from None
    if not number.is_finite() or not 0 <= number < MOST_TO_PASS:
        raise Refused(f"{threshold!r} is no number that can be passed; write one from 0 to {MOST_TO_PASS:,}, like 50.")
    return number


def _the_place(actor: Actor, place: str) -> dict[str, Any]:
    """The one area in scope that is meant: its code and name. Raises `NotThere` for none, `Refused` for several."""
    words = sorted((word.lower() for word in search.WORD.findall(place)), key=len, reverse=True)
    rows = db.rows(
        "app", "select code, name from desk.find_places(%s, %s, %s::text[], %s)",
        [actor.office_id, actor.person_id, words, search.LIMIT],
    ) if words else []  # fmt: skip
    areas = [row for row in rows if AREA.fullmatch(row["code"])]  # a school or a home has no rate of its own
    if not areas:
        raise NotThere(f"No area called {place.strip()!r} is among those you answer for.")
    said = " ".join(place.split()).casefold()
    exact = [row for row in areas if said in (row["name"].casefold(), row["code"].casefold())]
    if not exact and len(areas) > 1:
        listed = "; ".join(row["name"] for row in areas[:8])
        raise Refused(f"“{place.strip()}” is the beginning of several names: {listed}. Type the one that you mean.")
    return (exact or areas)[0]


def _is_above(actor: Actor, measure: Measure, code: str, threshold: Decimal) -> bool | None:
    """How a number stands to a threshold now; None where it is not known, or not this office's to read."""
    try:
        value = measure.read(actor, code)
    except NotAllowed:
        return None
    return None if value is None else Decimal(str(value)) > threshold


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
        above = _is_above(actor, measure, row["place_code"], row["threshold"])
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
    try:
        with db.transaction("app") as cursor:
            return db.fetch(cursor, sql, values)
    except Error as error:
        raise telling.as_refused(error) from error
