"""Talk, missed clocks and the digest as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commonweal.apps.desk.pages import words
from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.web import times
from commonweal.web.pages import Empty, Help, Link, Page, ShownTable

TITLE = 60  # letters of what was said that a page is called by

HELP = Help(
    "What offices say to each other about a place. Every office of the place sees it, local and national.",
    (
        ("Question", "It has an owner and a time by which to answer."),
        ("Take back", "Within ten minutes of saying it. After that a correction stands beside it."),
    ),
    "The office that spoke.",
)
BRIEF_HELP = Help(
    "Once a week, for leaders of areas in which little happens: your area, what is around it, a question to practise.",
    (("This week's question", "What a real rise would ask of you. Talk it over; nobody collects the answers."),),
    "The director of public health of your area.",
)
PAPER_HELP = Help(
    "Messages that no other way could reach somebody with. Print them, or read them out on the telephone.",
    (("Hand over", "Give it to the person or office named on it; they acknowledge it when they next sign in."),),
    "Whoever is on duty.",
)
LATE_HELP = Help(
    "Every time that somebody was to keep and did not, with the reason they gave.",
    (("Reason", "It is due within two working days. When none came, that is what is shown."),),
    "The office named.",
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """One thing said. `mine` may be taken back (`fresh`) or corrected."""

    number: int
    words: str
    by: str
    when: str
    state: str
    corrections: tuple[str, ...]
    fresh: bool
    mine: bool
    about: str = ""
    may_hide: bool = False
    corrected: tuple[int, ...] = ()


@dataclass(frozen=True)
class Form:
    """What one is about to say: `pin` of which page, `words` of a row or sentence of it, about which `places` to choose
    from (none: the page says), and what was typed when something was `wrong` with it."""

    pin: str
    about: str
    words: str
    places: tuple[tuple[str, str], ...]
    offices: tuple[tuple[str, str], ...]
    typed: Mapping[str, str]
    wrong: str = ""


@dataclass(frozen=True)
class Talk:
    page: Page
    sentence: str
    pin: str
    said: tuple[Said, ...]
    empty: Empty
    form: Form | None = None


@dataclass(frozen=True)
class Late:
    """One missed clock; `link` leads to what it was about, for the organisation that was to act."""

    number: int
    subject: str
    office: str
    when: str
    reason: str
    may_answer: bool
    link: str = ""


@dataclass(frozen=True)
class Missed:
    page: Page
    sentence: str
    clocks: tuple[Late, ...]
    empty: Empty


@dataclass(frozen=True)
class Digest:
    page: Page
    sentence: str
    lines: tuple[Link, ...]


Abouts = Mapping[str, str]


def listed(rows: Sequence[Row], abouts: Abouts, form: Form, me: UUID, now: datetime, minutes: float) -> Talk:
    """What was said first in each conversation, newest first, and the form to say something; `abouts` says of each pin
    what it is pinned to."""
    firsts = [row for row in rows if row["in_reply_to"] is None and row["corrects"] is None]
    open_now = sum(row["owner_office"] is not None and not row["answered"] for row in firsts)
    said = (
        f"{wording.counted(open_now, 'question waits', 'questions wait')} for an answer."
        if firsts
        else "Nobody has asked anything."
    )
    return Talk(
        Page("Talk", HELP, (Link("Today", "/today"), Link("Talk", ""))),
        said,
        form.pin,
        tuple(_said(row, rows, abouts, me, now, minutes) for row in firsts),
        Empty(
            "Nothing has been said here yet.", "Questions and comments appear at once, for every office of the place."
        ),
        form,
    )


def conversation(
    first: Row,
    rows: Sequence[Row],
    abouts: Abouts,
    me: UUID,
    now: datetime,
    minutes: float,
    hideable: Collection[str] = (),
) -> Talk:
    """One conversation, oldest first; `hideable` are the keys of what the reader may hide."""
    ordered = sorted((row for row in rows if row["corrects"] is None), key=lambda row: row["id"])
    words = first["words"] if len(first["words"]) <= TITLE else f"{first['words'][:TITLE].rsplit(' ', 1)[0]} …"
    return Talk(
        Page(
            f"Conversation: {words}", HELP, (Link("Today", "/today"), Link("Talk", "/talk"), Link("Conversation", ""))
        ),
        _state(first, now) or "A comment; anybody of the place may answer.",
        first["pin"],
        tuple(_said(row, rows, abouts, me, now, minutes, hideable) for row in ordered),
        Empty("", ""),
    )


def _said(
    row: Row,
    rows: Sequence[Row],
    abouts: Abouts,
    me: UUID,
    now: datetime,
    minutes: float,
    hideable: Collection[str] = (),
) -> Said:
    corrections = tuple(
        f"Corrected {times.when(each['said_at'], now)}: {each['words']}"
        for each in reversed(rows)
        if each["corrects"] == row["id"]
    )
    return Said(
        row["id"],
        row["words"],
        f"{row['person']}, {row['office']}",
        times.when(row["said_at"], now),
        _state(row, now),
        corrections,
        row["person_id"] == me and row["said_at"] > now - timedelta(minutes=minutes),
        row["person_id"] == me,
        abouts.get(row["pin"], ""),
        f"desk.talk:{row['id']}" in hideable,
        tuple(each["id"] for each in reversed(rows) if each["corrects"] == row["id"]),
    )


def _state(row: Row, now: datetime) -> str:
    if row["owner_office"] is None:
        return ""
    return (
        f"Answered by {row['owner']}." if row["answered"] else f"For {row['owner']}, {words.clock(row['due_at'], now)}."
    )


def missed(rows: Sequence[Row], organisation: str, now: datetime) -> Missed:
    """Missed clocks, newest first; those of one's own organisation can be answered."""
    clocks = tuple(
        Late(
            row["id"],
            row["subject"],
            row["office"],
            f"due {times.moment(row['due_at'])}",
            _reason(row, now),
            row["reason"] is None and row["organisation_id"] == organisation,
            row["link"] if row["organisation_id"] == organisation else "",
        )
        for row in rows
    )
    silent = sum(row["reason"] is None and row["reason_due_at"] <= now for row in rows)
    count = wording.counted(len(rows), "clock was missed", "clocks were missed")
    late = f"; for {wording.thousands(silent)} of them no reason came in time" if silent else ""
    said = f"{count}{late}." if rows else "Nobody missed a time by which something was to be done."
    return Missed(
        Page("Missed clocks", LATE_HELP, (Link("Today", "/today"), Link("Missed clocks", ""))),
        said,
        clocks,
        Empty(
            "No clock about your places was missed.", "One that runs out appears here within a minute, with its reason."
        ),
    )


def _reason(row: Row, now: datetime) -> str:
    if row["reason"] is not None:
        return f"{row['reason']} ({row['reason_by']}, {times.when(row['given_at'], now)})"
    if row["reason_due_at"] <= now:
        return f"No reason came by {times.moment(row['reason_due_at'])}."
    return f"The reason is due {words.clock(row['reason_due_at'], now)}."


def digest(lines: Sequence[tuple[str, str]], now: datetime) -> Digest:
    """At most one screen."""
    said = (
        f"{wording.counted(len(lines), 'line', 'lines')}, as of {times.moment(now)}."
        if lines
        else "Nothing waits and nothing is new."
    )
    return Digest(
        Page("Digest", words.HELP, (Link("Today", "/today"), Link("Digest", ""))),
        said,
        tuple(Link(text, link) for text, link in lines),
    )


@dataclass(frozen=True)
class Practice:
    page: Page
    sentence: str
    address: str
    steps: tuple[str, ...]


def practice(address: str, kind: str) -> Practice:
    """`address` is that of an exercise kept open for practising (empty: none is); `kind` of the space one is in."""
    page = Page("Practise on the fictional city", words.HELP, (Link("Today", "/today"), Link("Practise", "")))
    if kind != "live":
        return Practice(
            page, "You are in an exercise: nothing you do here leaves this machine or reaches anybody.", "", ()
        )
    if address:
        said = "The fictional city is open. It is an exercise: nothing you do there reaches anybody."
        return Practice(page, said, address, ())
    steps = (
        "Ask the operator of this service to open it, or open it on your own computer: commonweal demo",
        "Choose one of the people that it lists; you are signed in as them.",
        "Acknowledge a notice, hand the desk over, ask a question. Results go on arriving meanwhile.",
    )
    return Practice(page, "No exercise is open here at the moment. This is how one is opened:", "", steps)


@dataclass(frozen=True)
class Paper:
    page: Page
    sentence: str
    table: ShownTable | None
    empty: Empty


def on_paper(rows: Sequence[Row], now: datetime) -> Paper:
    """A list to print and carry: who is to be told, for which office, by when."""
    columns = (
        Column("Tell", numeric=False),
        Column("That something waits for", numeric=False),
        Column("Open", numeric=False),
    )
    lines = tuple((row["person"], row["office"], words.clock(row["acknowledge_by"], now)) for row in rows)
    said = (
        f"{wording.counted(len(rows), 'message has', 'messages have')} to be handed over."
        if rows
        else "Every message found a way."
    )
    return Paper(
        Page("Messages to hand over", PAPER_HELP, (Link("Today", "/today"), Link("Messages to hand over", ""))),
        said,
        ShownTable(PictureTable("To be told in person", columns, lines), identity="paper") if rows else None,
        Empty("Nothing has to be carried by hand.", "A message that no other way carries is listed here."),
    )


@dataclass(frozen=True)
class Brief:
    page: Page
    question: str
    parts: tuple[tuple[str, tuple[str, ...], str], ...]


def brief(question: str, parts: Sequence[tuple[str, Sequence[str], str]]) -> Brief:
    """A leader's week: the question first, then what rooms say of the area and those around it, each as (heading,
    sentences, the page that says more)."""
    page = Page("Your weekly brief", BRIEF_HELP, (Link("Today", "/today"), Link("Weekly brief", "")))
    return Brief(page, question, tuple((heading, tuple(said), link) for heading, said, link in parts))
