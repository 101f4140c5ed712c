"""The page on which words are hidden, or shown again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from commonweal.apps.desk.hiding import Kind, Words
from commonweal.core.desk.hiding import HIDDEN_FOR
from commonweal.web import times
from commonweal.web.forms import NOTHING, Sent
from commonweal.web.pages import Help, Link, Page

HELP = Help(
    "Here words that name a person, or that nobody should have to read, are hidden from everybody.",
    (("Hidden words", "Everybody reads who hid them, when and why. What held them stays and is counted."),),
    "The director of public health of the place.",
)


@dataclass(frozen=True)
class Hide:
    """Words that stand at `back`, with the form to hide them; `show_until` the time until which the reader may show
    them again, else empty."""

    page: Page
    action: str
    called: str
    words: str
    back: str
    hidden: bool
    show_until: str
    reasons: tuple[tuple[str, str], ...] = tuple(HIDDEN_FOR.items())
    sent: Sent = NOTHING


def build(
    one: Kind, number: int, found: Words, now: datetime, office: str, person: UUID, minutes: float, sent: Sent
) -> Hide:
    """For a reader who acts as an office and may hide them."""
    mine = found.hidden_by_office == office
    until = undo_until(found.hidden_by_person, found.hidden_at, now, person, minutes) if mine else ""
    called = f"{one.called} {number}"
    page = Page(f"Hide the words of {called}", HELP, (Link("Where they stand", found.stands), Link("Hide", "")))
    return Hide(
        page,
        f"/hide/{one.name}/{number}",
        called,
        found.words,
        found.stands,
        found.hidden_at is not None,
        until,
        sent=sent,
    )


def undo_until(author: object, at: datetime | None, now: datetime, reader: UUID, minutes: float) -> str:
    """'3:12pm': until when the reader may undo what they did; empty where they may not."""
    if at is None:
        return ""
    ends = at + timedelta(minutes=minutes)
    return times.clock(ends) if now < ends and UUID(str(author)) == reader else ""
