"""Ask the longest holder for the reason of a delay, and give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import Error

from commonweal.apps.access.scope import Actor, refusal
from commonweal.apps.desk import telling
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db

LONGEST_REASON = 4000


@dataclass(frozen=True)
class Asked:
    """What a reason is asked for: a feed's day, the stage that took longest, and who held the results in it."""

    feed: str
    day: date
    stage: int
    mean_hours: float
    holder_id: str
    place_codes: Sequence[str]


def ask(actor: Actor, asked: Asked, due_at: datetime) -> int:
    """Ask for a reason; returns the question's number. The same question asked again is refused with its number."""
    standing = db.value(
        "app",
        "select number from intake.delay_question where feed = %s and day = %s and stage = %s and holder_id = %s",
        [asked.feed, asked.day, asked.stage, asked.holder_id],
    )
    if standing is not None:
        raise Refused(f"This reason has been asked for already (question {standing}). Its clock is on the page.")
    try:
        with db.recorded("app") as write:
            write.cursor.execute(
                "insert into intake.delay_question (feed, day, stage, mean_hours, place_codes, holder_id, office_id,"
                " person_id, due_at, tick_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning number",
                [
                    asked.feed, asked.day, asked.stage, round(asked.mean_hours, 2), list(asked.place_codes),
                    asked.holder_id, actor.office_id, actor.person_id, due_at, write.tick,
                ],
            )  # fmt: skip
            number = int(write.cursor.fetchone()[0])
            _tell_holder(write, actor, asked, due_at)
            return number
    except Error as error:
        raise refusal(error) from error


def _tell_holder(write: db.Recorded, actor: Actor, asked: Asked, due_at: datetime) -> None:
    """Tell the offices that answer for delays, in the same transaction; an organisation without one is not told."""
    rows = db.fetch(
        write.cursor,
        "select id from access.office where organisation_id = %s and 'explain_delay' = any (permissions) order by id",
        [asked.holder_id],
    )
    if rows:
        subject = f"A reason is asked of you: results of {asked.feed}, {asked.day:%-d %B %Y}"
        link = f"/late?to={asked.day}"
        offices = [row["id"] for row in rows]
        telling.tell(write, offices, subject, link, 2, due_at, kind="intake.delay_asked", by=actor)


def answer(actor: Actor, question: int, reason: str) -> None:
    """Give the reason, once. Raises `Refused` for an empty, overlong or second one, `NotAllowed` for another's."""
    text = reason.strip()
    if not text:
        raise Refused("The reason is empty. Write in two or three sentences why the results were held.")
    if len(text) > LONGEST_REASON:
        raise Refused(
            f"The reason has {len(text):,} letters; {LONGEST_REASON:,} are shown. Shorten it and send it again."
        )
    if db.value("app", "select 1 from intake.delay_question where number = %s", [question]) is None:
        raise NotThere(f"There is no question {question}.")
    if db.value("app", "select 1 from intake.delay_answer where question = %s", [question]) is not None:
        raise Refused("This reason has been given already and stays as it is. Ask the operator to add a correction.")
    try:
        with db.recorded("app") as write:
            write.cursor.execute(
                "insert into intake.delay_answer (question, office_id, person_id, reason, tick_id)"
                " values (%s, %s, %s, %s, %s)",
                [question, actor.office_id, actor.person_id, text, write.tick],
            )
    except Error as error:
        raise refusal(error) from error
