"""Handing an office over: begin, write, give, take. Each step is stored by itself; stopping half-way loses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import around, waiting
from commonweal.apps.desk.rows import columns
from commonweal.apps.desk.telling import as_refused
from commonweal.apps.desk.waiting import Open, Running, Who
from commonweal.apps.ledger import actions as ledger
from commonweal.core import wording
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

TAKE_WITHIN = timedelta(hours=4)
LONGEST_WORDS = 1000
OWN = "handover"  # what waits because of handovers is not itself handed over

HANDOVERS = """
select h.id, h.office_id, o.title as office, h.from_person, p.name as giver, h.begun_at, g.items, g.given_at, g.due_at,
       e.ended_at, array(select k.key from desk.handover_taken k where k.handover_id = h.id) as taken
  from desk.handover h join access.office o on o.id = h.office_id join access.person p on p.id = h.from_person
  left join desk.handover_given g on g.handover_id = h.id
  left join desk.handover_end e on e.handover_id = h.id
"""
SUBJECTS = """
select i.key, desk.subject_shown(i.key, i.subject) as subject from unnest(%s::text[], %s::text[]) i (key, subject)
"""
WORDS = """
select distinct on (key) key, words from desk.handover_words where handover_id = %s order by key, tick_id desc
"""
TAKEN = """
select k.key, p.name as person, k.person_id, k.taken_at
  from desk.handover_taken k join access.person p on p.id = k.person_id
 where k.handover_id = %s
"""


@dataclass(frozen=True)
class Item:
    """One open thing of a note."""

    key: str
    subject: str
    link: str
    due_at: datetime | None
    words: str = ""
    taken_by: str = ""


@dataclass(frozen=True)
class Handover:
    """A handover as it stands. `given_at` is None while it is being written."""

    id: int
    office_id: str
    office: str
    from_person: UUID
    giver: str
    begun_at: datetime
    given_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    items: tuple[Item, ...]
    words: str

    @property
    def left(self) -> tuple[Item, ...]:
        """What nobody has taken: still the giver's."""
        return tuple(item for item in self.items if not item.taken_by)


def open_of(office: str) -> list[Open]:
    """What is open for an office now, without handovers themselves."""
    found = waiting.for_offices(Who((office,), None, around.now()))
    return [one for one in found if not one.key.startswith(f"{OWN}:")]


def begin(actor: Actor, office: str) -> int:
    """Begin a note, or go on with the one this person has begun; returns its number."""
    standing = db.value(
        "app",
        "select h.id from desk.handover h where h.office_id = %s and h.from_person = %s"
        " and not exists (select from desk.handover_given g where g.handover_id = h.id)"
        " and not exists (select from desk.handover_end e where e.handover_id = h.id) order by h.id desc limit 1",
        [office, actor.person_id],
    )
    if standing is not None:
        return int(standing)
    return int(
        _insert(
            "insert into desk.handover (office_id, from_person, tick_id) values (%s, %s, %s) returning id",
            [office, actor.person_id],
        )[0]["id"]
    )


def write(actor: Actor, number: int, words: Mapping[str, str]) -> int:
    """Keep what the giver says about items (by key; '' is about all); returns how many changed."""
    handover = _own(actor, number)
    before = {item.key: item.words for item in handover.items} | {"": handover.words}
    # a browser sends two letters for each new line and counts one
    clean = {key: text.replace("\r\n", "\n").strip() for key, text in words.items()}
    changed = [[key, text] for key, text in clean.items() if key in before and text != before[key]]
    longest = max((len(text) for _, text in changed), default=0)
    if longest > LONGEST_WORDS:
        raise Refused(f"One of the notes has {longest:,} letters; {LONGEST_WORDS:,} are kept. Shorten it.")
    if changed:
        _insert(
            "insert into desk.handover_words (handover_id, key, words, tick_id)"
            " select n.handover_id, w.key, w.words, n.tick from unnest(%s::text[], %s::text[]) as w(key, words)"
            " cross join (values (%s::bigint, %s::bigint)) as n(handover_id, tick) returning key",
            [*columns(changed, 2), number],
        )
    return len(changed)


def give(actor: Actor, number: int) -> None:
    """Give the note: what is open at this moment is written down with it; where nothing is, words alone are taken over
    too, so that the next person reads them."""
    handover = _own(actor, number)
    items = [
        {"key": one.key, "subject": one.subject, "link": one.link, "due_at": one.due_at and one.due_at.isoformat()}
        for one in open_of(handover.office_id)
    ]
    if not items and handover.words:
        link = f"/handover/{number}"
        items = [
            {
                "key": f"{OWN}:{number}:words",
                "subject": "What the next person needs to know",
                "link": link,
                "due_at": None,
            }
        ]
    due = around.now() + TAKE_WITHIN
    try:
        with db.recorded("app") as write:
            write.cursor.execute(
                "insert into desk.handover_given (handover_id, items, due_at, tick_id) values (%s, %s::jsonb, %s, %s)",
                [number, json.dumps(items), due, write.tick],
            )
            ledger.append(write, "desk.handover_given", str(number), office=handover.office_id, items=len(items))
    except Error as error:
        raise as_refused(error) from error


def take(actor: Actor, number: int, keys: Sequence[str]) -> int:
    """Take items over; returns how many were free. What somebody else took first stays theirs."""
    handover = find(number)
    if handover.given_at is None:
        raise Refused("This note is still being written. It can be taken over once it is given.")
    taken = _insert(
        "insert into desk.handover_taken (handover_id, key, person_id, tick_id)"
        " select n.handover_id, k, n.person_id, n.tick from unnest(%s::text[]) k"
        " cross join (values (%s::bigint, %s::uuid, %s::bigint)) as n(handover_id, person_id, tick)"
        " on conflict do nothing returning key",
        [list(keys), number, actor.person_id],
    )
    return len(taken)


def take_back(actor: Actor, number: int) -> None:
    """End a handover; what nobody has taken stays the giver's, and the note is closed."""
    handover = find(number)
    if handover.from_person != actor.person_id:
        raise NotAllowed("Only the person who gave a handover takes it back.")
    made = _insert(
        "insert into desk.handover_end (handover_id, person_id, tick_id) values (%s, %s, %s)"
        " on conflict do nothing returning handover_id",
        [number, actor.person_id],
    )
    if not made:
        raise Refused("This handover was taken back already.")


def find(number: int) -> Handover:
    """A handover by its number. Raises `NotThere`."""
    row = db.one("app", HANDOVERS + " where h.id = %s", [number])
    if row is None:
        raise NotThere(f"There is no handover {number}.")
    words = {each["key"]: each["words"] for each in db.rows("app", WORDS, [number])}
    taken = {each["key"]: each["person"] for each in db.rows("app", TAKEN, [number])}
    if row["items"] is None:
        items = [Item(one.key, one.subject, one.link, one.due_at) for one in open_of(row["office_id"])]
    else:
        shown = _subjects(row["items"])
        items = [
            Item(
                each["key"], shown[each["key"]], each["link"], each["due_at"] and datetime.fromisoformat(each["due_at"])
            )
            for each in row["items"]
        ]
    told = tuple(Item(i.key, i.subject, i.link, i.due_at, words.get(i.key, ""), taken.get(i.key, "")) for i in items)
    return Handover(
        row["id"], row["office_id"], row["office"], row["from_person"], row["giver"], row["begun_at"], row["given_at"],
        row["due_at"], row["ended_at"], told, words.get("", ""),
    )  # fmt: skip


def _subjects(items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What each item is called, by its key: as written down, but for words that are hidden since."""
    given = [[each["key"], each["subject"]] for each in items]
    rows = db.rows("app", SUBJECTS, columns(given, 2)) if given else []
    return {row["key"]: row["subject"] for row in rows}


def carriers(office: str) -> dict[str, str]:
    """For each open thing of an office that was handed over: who carries it now, by name."""
    rows = db.rows(
        "app",
        "select distinct on (k.key) k.key, p.name from desk.handover_taken k"
        " join desk.handover h on h.id = k.handover_id join access.person p on p.id = k.person_id"
        " where h.office_id = %s order by k.key, k.tick_id desc",
        [office],
    )
    return {row["key"]: row["name"] for row in rows}


def of_offices(offices: Sequence[str], limit: int = 20) -> list[dict[str, Any]]:
    """The newest handovers of offices."""
    return db.rows(
        "app", HANDOVERS + " where h.office_id = any (%s) order by h.id desc limit %s", [list(offices), limit]
    )


def waiting_handovers(who: Who) -> list[Open]:
    """Notes that were given and are not wholly taken, for everybody in the office but the giver."""
    rows = db.rows(
        "app", HANDOVERS + " where h.office_id = any (%s) and g.handover_id is not null and e.handover_id is null",
        [list(who.offices)],
    )  # fmt: skip
    return [
        Open(
            f"{OWN}:{row['id']}", row["office_id"], row["office"],
            f"Take over from {row['giver']}: {wording.counted(_left(row), 'open thing', 'open things')}",
            f"/handover/{row['id']}", row["given_at"], row["due_at"], kind="desk.handover",
        )
        for row in rows if _left(row) and row["from_person"] != who.person_id
    ]  # fmt: skip


def running_handovers(who: Who) -> list[Running]:
    """Notes this person gave that the next has not wholly taken."""
    rows = db.rows(
        "app", HANDOVERS + " where h.from_person = %s::uuid and g.handover_id is not null and e.handover_id is null",
        [who.person_id],
    )  # fmt: skip
    return [
        Running(
            f"{OWN}:{row['id']}", f"Your handover of {row['office']}: {_left(row)} not yet taken over",
            f"/handover/{row['id']}", "the next in the office", row["due_at"],
        )
        for row in rows if _left(row)
    ]  # fmt: skip


def _left(row: Mapping[str, Any]) -> int:
    return len({item["key"] for item in row["items"]} - set(row["taken"]))


def _own(actor: Actor, number: int) -> Handover:
    handover = find(number)
    if handover.from_person != actor.person_id:
        raise NotAllowed("Only the person who began a handover writes it.")
    if handover.given_at is not None or handover.ended_at is not None:
        raise Refused("This handover was given already; its words stay as they were.")
    return handover


def _insert(sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Insert facts; the transaction's tick is the last value."""
    try:
        with db.recorded("app") as write:
            return db.fetch(write.cursor, sql, [*values, write.tick])
    except Error as error:
        raise as_refused(error) from error
