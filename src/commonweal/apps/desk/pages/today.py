"""*Today*, the first page after sign-in: what waits by clock, what is new, what runs against others, who is on duty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.desk.configuration import Job
from commonweal.apps.desk.pages import words
from commonweal.apps.desk.waiting import Open, Running
from commonweal.core import wording
from commonweal.core.desk.escalation import said_as
from commonweal.web import times
from commonweal.web.pages import Empty, Page

NOTHING = Empty("Nothing waits for you.", "What you are told appears here at once, the nearest time first.")


@dataclass(frozen=True)
class Item:
    """One thing that waits. `acknowledge` is where its button leads (empty: it is done on its own page). `also` are the
    ids of the other offices that were told the same, for which the same press acknowledges; `press` says so.
    """

    subject: str
    link: str
    clock: str
    late: bool
    urgent: bool
    office: str
    lines: tuple[str, ...]
    acknowledge: str
    as_office: str
    also: tuple[str, ...] = ()
    press: str = "Acknowledge"


@dataclass(frozen=True)
class News:
    """One thing that happened since the last visit."""

    text: str
    when: str
    link: str


@dataclass(frozen=True)
class Owed:
    """One thing that somebody else owes."""

    subject: str
    link: str
    owner: str
    clock: str
    late: bool


@dataclass(frozen=True)
class OnDuty:
    """Who answers for an organisation now; no name: a hole."""

    organisation: str
    name: str
    phone: str
    until: str


@dataclass(frozen=True)
class Own:
    """What one kind of work looks at first: sentences under a heading, and the page that says more."""

    heading: str
    sentences: tuple[str, ...]
    link: str


@dataclass(frozen=True)
class Today:
    page: Page
    sentence: str
    sections: tuple[str, ...]
    waiting: tuple[Item, ...]
    since: tuple[News, ...]
    since_when: str
    running: tuple[Owed, ...]
    duty: tuple[OnDuty, ...]
    own: tuple[Own, ...]
    empty: Empty


def build(
    job: Job,
    waiting: Sequence[Open],
    news: Sequence[Mapping[str, Any]],
    running: Sequence[Running],
    duty: Sequence[Mapping[str, Any]],
    looked: datetime | None,
    own: Sequence[Own],
    now: datetime,
    *,
    many_offices: bool,
) -> Today:
    """`news` as `queries.since`, `duty` as `queries.on_duty`; `many_offices` names the office of each item."""
    items = tuple(item(one, now, many_offices=many_offices) for one in waiting)
    return Today(
        Page("Today", words.HELP, live="/today/live"),
        sentence(waiting, now),
        job.sections,
        items,
        tuple(said(row, now) for row in news),
        f"That was {times.when(looked, now)}."
        if looked
        else "This is your first visit: these are the last seven days.",
        tuple(Owed(r.subject, r.link, r.owner, words.clock(r.due_at, now), _late(r.due_at, now)) for r in running),
        tuple(OnDuty(row["organisation"], row["person"] or "", row["phone"] or "", _until(row, now)) for row in duty),
        tuple(own),
        NOTHING,
    )


def sentence(waiting: Sequence[Open], now: datetime) -> str:
    """What a person can be told at the door: how much waits, and the first clock."""
    if not waiting:
        return NOTHING.what
    count = len(waiting)
    said = f"{words.number(count)} {'thing waits' if count == 1 else 'things wait'} for you"
    late = sum(_late(one.due_at, now) for one in waiting)
    if late:
        return f"{said} and is overdue." if count == 1 else f"{said}, {words.number(late).lower()} of them overdue."
    first = waiting[0].due_at
    return f"{said}; the first {words.clock(first, now)}." if first else f"{said}."


def item(one: Open, now: datetime, *, many_offices: bool) -> Item:
    offices = (one.office, *(title for _, title in one.also))
    named = wording.joined(list(offices))
    told = f"for {named}" if many_offices or one.capacity != "holder" else ""
    stands_in = f", told to you as {said_as(one.capacity)}" if one.capacity != "holder" else ""
    return Item(
        one.subject,
        one.link,
        words.clock(one.due_at, now),
        _late(one.due_at, now),
        one.severity == 1,
        f"{told}{stands_in}",
        one.lines,
        f"{one.link}/acknowledge" if one.notice else "",
        named,
        tuple(office for office, _ in one.also),
        _press(len(offices)),
    )


def _press(offices: int) -> str:
    """What the button says: whoever presses it acknowledges for every office that is named beside it."""
    if offices == 1:
        return "Acknowledge"
    return "Acknowledge for both offices" if offices == 2 else f"Acknowledge for all {offices} offices"


def said(row: Mapping[str, Any], now: datetime) -> News:
    text = row["subject"]
    if row["person"]:
        text = f"{row['person']} acknowledged for {words.name_of(row['office'], row['capacity'])}: {row['subject']}"
    return News(text, times.when(row["at"], now), f"/told/{row['id']}/{row['office_id']}")


def _late(due: datetime | None, now: datetime) -> bool:
    return due is not None and due <= now


def _until(row: Mapping[str, Any], now: datetime) -> str:
    if row["person"] is None:
        missing = f": {row['missing']} is down for it and has left, or is away" if row["missing"] else ""
        return f"this is a hole in the rota{missing}"
    return f"until {times.moment(row['ends_at'])}" if row["ends_at"] > now else ""
