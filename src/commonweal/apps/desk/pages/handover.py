"""*Handover*: the note that fills itself with what is open, to be written, given, and taken by the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from commonweal.apps.desk.handover import Handover, Item
from commonweal.apps.desk.pages import words
from commonweal.core import wording
from commonweal.web import times
from commonweal.web.pages import Empty, Help, Link, Page

HELP = Help(
    "A note about everything that is open in an office, from the person who leaves the desk to the one who comes.",
    (
        ("Give", "From then on the next person sees it. What is open at that moment is written down with it."),
        ("Take over", "The thing is in your hands. What nobody has taken over stays with the person who gave it."),
    ),
    "The person who gave the note, or the duty officer named on Today.",
)


@dataclass(frozen=True)
class Line:
    """One open thing in a note: `number` makes the names of its fields."""

    number: int
    key: str
    subject: str
    link: str
    clock: str
    words: str
    state: str


@dataclass(frozen=True)
class Note:
    page: Page
    sentence: str
    number: int
    lines: tuple[Line, ...]
    words: str
    can_write: bool
    can_take: bool
    can_end: bool
    unsaved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listed:
    page: Page
    sentence: str
    offices: tuple[tuple[str, str], ...]
    notes: tuple[Link, ...]
    empty: Empty


def note(handover: Handover, now: datetime, *, is_giver: bool, may_take: bool) -> Note:
    """One note as its giver or the next person sees it."""
    writing = handover.given_at is None and handover.ended_at is None
    title = f"Handover of {handover.office}"
    lines = tuple(_line(number, item, handover, now) for number, item in enumerate(handover.items))
    standing = handover.given_at is not None and handover.ended_at is None and bool(handover.left)
    return Note(
        Page(title, HELP, (Link("Today", "/today"), Link("Handover", "/handover"), Link(title, ""))),
        sentence(handover, now),
        handover.id,
        lines,
        handover.words,
        can_write=writing and is_giver,
        can_take=standing and may_take,
        can_end=handover.ended_at is None and is_giver,
    )


def typed(note: Note, words: Mapping[str, str]) -> Note:
    """A note that was refused, with what was typed; `unsaved` holds it for copying where the note is closed."""
    if not note.can_write:
        lost = tuple(f"{_subject(note, key)}: {text}" for key, text in words.items() if text.strip())
        return replace(note, unsaved=lost)
    lines = tuple(replace(line, words=words.get(line.key, line.words)) for line in note.lines)
    return replace(note, lines=lines, words=words.get("", note.words))


def _subject(note: Note, key: str) -> str:
    return next((line.subject for line in note.lines if line.key == key), key or "For the next person")


def sentence(handover: Handover, now: datetime) -> str:
    """Where the handover stands."""
    things = wording.counted(len(handover.items), "open thing", "open things")
    if handover.ended_at is not None:
        back = times.when(handover.ended_at, now)
        return f"{handover.giver} took this back {back}; what was not taken over stayed theirs."
    if handover.given_at is None:
        return f"{handover.giver} is writing this. It has {things} and fills itself until it is given."
    left = len(handover.left)
    if not left:
        return f"All {things} were taken over." if handover.items else "Nothing was open when this was given."
    taken = len(handover.items) - left
    return (
        f"{handover.giver} gave {things} {times.when(handover.given_at, now)}; "
        f"{wording.thousands(taken)} taken over, {wording.thousands(left)} still with {handover.giver}."
    )


def listed(offices: Sequence[tuple[str, str]], rows: Sequence[Mapping[str, Any]], now: datetime) -> Listed:
    """`offices` as (id, title) that this person could hand over; `rows` as `handover.of_offices`."""
    notes = tuple(Link(_named(row, now), f"/handover/{row['id']}") for row in rows)
    return Listed(
        Page("Handover", HELP, (Link("Today", "/today"), Link("Handover", ""))),
        "Leaving the desk? The note fills itself with what is open; you add what the next person needs to know.",
        tuple(offices),
        notes,
        Empty("No handover has been written yet.", "Notes of your offices are listed here, the newest first."),
    )


def _named(row: Mapping[str, Any], now: datetime) -> str:
    if row["ended_at"]:
        state = "taken back"
    elif row["given_at"] is None:
        state = "being written"
    else:
        left = len({item["key"] for item in row["items"]} - set(row["taken"]))
        state = f"given, {left} not yet taken over" if left else "taken over"
    return f"{row['office']}, from {row['giver']}, {times.when(row['begun_at'], now)}: {state}"


def _line(number: int, item: Item, handover: Handover, now: datetime) -> Line:
    state = ""
    if handover.given_at is not None:
        state = f"taken over by {item.taken_by}" if item.taken_by else f"still with {handover.giver}"
    return Line(number, item.key, item.subject, item.link, words.clock(item.due_at, now), item.words, state)
