"""Questions and comments pinned to a page of a place: seen by every office of the place, both tiers alike; recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import configuration, pinned, telling
from commonweal.apps.desk.hiding import Kind
from commonweal.apps.desk.waiting import Open, Running, Who
from commonweal.core import wording
from commonweal.core.desk.mentions import mentioned
from commonweal.core.desk.pins import Pin
from commonweal.core.errors import Refused
from commonweal.web import db

LONGEST = 2000
SHOWN, LONGEST_CONVERSATION = 60, 500
QUESTION = "desk.question"
WORDS = Kind("talk", "desk.talk", "comment")
SAY = """
select desk.say(%s, %s, %s, %s::text[], %s, %s::bigint, %s::bigint, %s, %s::timestamptz, %s::text[]) as id
"""
# Whoever answers has read it: the notice of a question to the office that answers, while nobody has acknowledged it.
ASKED_OF = """
select n.id from desk.notice n join desk.told t on t.notice_id = n.id
 where n.kind = %s and n.link = %s and t.office_id = %s
   and not exists (select from desk.receipt r where r.notice_id = n.id and r.office_id = t.office_id
                    and r.state in ('acknowledged', 'recalled'))
"""
# The words that a notice written by hand leads to, where the person who recalls it said them.
SAID_WITH = """
select substring(n.link from '^/talk/(\\d{1,18})$')::bigint as id from desk.notice n
 where n.id = %s and n.by_person = %s and n.kind = 'desk.announced' and n.link ~ '^/talk/\\d{1,18}$'
"""
# Until its notice is acknowledged, a question waits as that notice.
NOT_YET_READ = """
select t.office_id, n.link from desk.notice n join desk.told t on t.notice_id = n.id
 where n.kind = %s and t.office_id = any (%s)
   and not exists (select from desk.receipt r where r.notice_id = n.id and r.office_id = t.office_id
                    and r.state in ('acknowledged', 'recalled'))
"""


@dataclass(frozen=True)
class Said:
    """What is to be said: words pinned to a page of this site, about places (codes; none where it answers or corrects:
    then they are those of what it answers or corrects).

    A question has an `owner` (an office) and the aware time `due_at` by which it is to answer; offices in `mentions`
    are told as well as those that the words name with @.
    """

    pin: str
    places: Sequence[str]
    words: str
    reply_to: int | None = None
    corrects: int | None = None
    owner: str | None = None
    due_at: datetime | None = None
    mentions: Sequence[str] = ()


def say(actor: Actor, said: Said) -> int:
    """Say something; returns its number.

    The owner (to acknowledge by the time it is due) and the offices mentioned (for information) are told in the same
    transaction; answering acknowledges. Raises `Refused` when one of them would not see what is said, or the words are
    none or too many; `NotAllowed` about places the office does not answer for.
    """
    check(said.words)
    if (said.owner is None) != (said.due_at is None):
        raise Refused("A question has an owner and a time by which to answer; a comment has neither.")
    if said.due_at is not None and said.due_at <= db.value("app", "select commonweal.now()"):
        raise Refused("The time by which to answer has passed already; give a later one.")
    try:
        with db.recorded("app") as write:
            return enter(write, actor, said)
    except Error as error:
        raise telling.as_refused(error) from error


def check(words: str) -> None:
    """Raises `Refused` when there are none or too many."""
    if not 0 < len(words.strip()) <= LONGEST:
        raise Refused(f"Write 1 to {LONGEST:,} letters; these are {len(words.strip()):,}.")


def enter(write: db.Recorded, actor: Actor, said: Said) -> int:
    """The same in the caller's own transaction; errors of the database come as they are."""
    named = list(dict.fromkeys([*said.mentions, *_named(write, said)]))
    given: list[Any] = [actor.office_id, actor.person_id, said.pin, list(said.places), said.words.strip()]
    given += [said.reply_to, said.corrects, said.owner, said.due_at, named]
    number = int(db.fetch(write.cursor, SAY, given)[0]["id"])
    link = f"/talk/{number}"
    if said.owner is not None:
        telling.tell(
            write, said.owner, "A question waits for your answer", link, 2, said.due_at, kind=QUESTION, by=actor
        )
    told = [office for office in named if office != said.owner]
    if told:
        telling.tell(write, told, "You were named in a conversation", link, 3, kind="desk.talk", by=actor)
    if said.reply_to is not None:
        asked = db.fetch(write.cursor, ASKED_OF, [QUESTION, f"/talk/{said.reply_to}", actor.office_id])
        for row in asked:
            write.cursor.execute(
                "select desk.acknowledge(%s, %s, %s, %s)",
                [row["id"], actor.office_id, actor.person_id, actor.office_id],
            )
    return number


def _named(write: db.Recorded, said: Said) -> list[str]:
    """The offices that the words name with @: those of the place it is about, or of what it answers or corrects."""
    if "@" not in said.words:
        return []
    about = said.reply_to or said.corrects
    codes = said.places
    if about is not None:
        rows = db.fetch(write.cursor, "select desk.talk_places(%s::bigint) as codes", [about])
        codes = rows[0]["codes"] or ()
    return mentioned(said.words, offices_of(codes))


def take_back(actor: Actor, number: int) -> None:
    """Take back what one said, within ten minutes, with what was told of it. Raises `Refused` after that: it can be
    corrected visibly."""
    try:
        with db.recorded("app") as write:
            write.cursor.execute(
                "select desk.take_back_words(%s::bigint, %s, %s::double precision)",
                [number, actor.person_id, configuration.rules().recall_minutes],
            )
    except Error as error:
        raise telling.as_refused(error) from error


def recall_notice(actor: Actor, notice: UUID) -> tuple[int, int]:
    """Recall a notice one's office told, within ten minutes: (offices recalled for, offices that had opened it).

    When nobody had opened it, words that the same person said with it are taken back too.
    """
    try:
        with db.recorded("app") as write:
            found = db.fetch(
                write.cursor,
                "select * from desk.recall_notice(%s, %s, %s, %s::double precision)",
                [notice, actor.office_id, actor.person_id, configuration.rules().recall_minutes],
            )[0]
            for row in db.fetch(write.cursor, SAID_WITH, [notice, actor.person_id]) if not found["opened"] else ():
                write.cursor.execute(
                    "select desk.take_back_words(%s::bigint, %s, %s::double precision)",
                    [row["id"], actor.person_id, configuration.rules().recall_minutes],
                )
    except Error as error:
        raise telling.as_refused(error) from error
    return int(found["recalled"]), int(found["opened"])


def seen(actor: Actor, page: Pin | None = None, number: int | None = None) -> list[dict[str, Any]]:
    """What was said about the office's places, newest first: the latest of all, everything lately pinned to one page
    and its parts, or one whole conversation by its number."""
    path = page.page.partition("?")[0] if page else None
    place = pinned.place_in(page) if page else None
    return db.rows(
        "app",
        "select * from desk.talk_seen(%s, %s, %s, %s, %s::bigint, %s::integer)",
        [actor.office_id, actor.person_id, path, place, number, LONGEST_CONVERSATION if number else SHOWN],
    )


def waiting_questions(who: Who) -> list[Open]:
    """Questions that these offices are to answer; one whose notice nobody has acknowledged waits as that notice."""
    unread = {(row["office_id"], row["link"]) for row in db.rows("app", NOT_YET_READ, [QUESTION, list(who.offices)])}
    rows = db.rows("app", "select * from desk.talk_waiting(%s)", [list(who.offices)])
    return [
        Open(
            f"desk.talk:{row['id']}", row["owner_office"], row["owner"], f"Answer: {_short(row['words'])}",
            f"/talk/{row['id']}", row["said_at"], row["due_at"], kind="desk.talk",
        )
        for row in rows
        if row["owner_office"] in who.offices and (row["owner_office"], f"/talk/{row['id']}") not in unread
    ]  # fmt: skip


def running_questions(who: Who) -> list[Running]:
    """Questions that these offices asked of others."""
    rows = db.rows("app", "select * from desk.talk_waiting(%s)", [list(who.offices)])
    return [
        Running(f"desk.talk:{row['id']}", _short(row["words"]), f"/talk/{row['id']}", row["owner"], row["due_at"])
        for row in rows
        if row["asker_office"] in who.offices and row["owner_office"] not in who.offices
    ]


def words_of_question(one: Open) -> tuple[str, ...]:
    """What Today adds below a notice of a question: its words, while they stand and nobody has answered."""
    row = db.one("app", "select link from desk.notice where id = %s", [one.notice])
    number = row["link"].rpartition("/")[2] if row else ""
    asked = db.rows("app", "select id, words from desk.talk_waiting(%s)", [[one.office_id]])
    return tuple(f"“{_short(each['words'])}”" for each in asked if str(each["id"]) == number)


def _short(words: str) -> str:
    return words if len(words) <= 90 else f"{words[:87].rstrip()}…"


def offices_of(places: Sequence[str]) -> list[tuple[str, str]]:
    """(id, title) of every office that answers for one of these places: who may be asked."""
    rows = db.rows(
        "app",
        "select o.id, o.title from access.office o where exists (select from access.mandate m"
        "  where m.office_id = o.id and places.resolve_scope(m.place_code) && array("
        "    select unnest(places.resolve_scope(p)) from unnest(%s::text[]) p)) order by o.title",
        [list(places)],
    )
    return [(row["id"], wording.upper_first(row["title"])) for row in rows]
