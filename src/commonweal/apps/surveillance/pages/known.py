"""*What people know*: notes of a place or signal, what came of what was told, hypotheses, judgements; and *Tell us*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commonweal.apps.surveillance.known import SIDES, VERDICTS, VISIBILITIES
from commonweal.core import wording
from commonweal.core.signals.told import OUTCOMES, TOLD_BY
from commonweal.web import times
from commonweal.web.pages import Empty, Help, Link, Page, ShownTable

Row = Mapping[str, Any]
HELP = Help(
    "What people who know the place say about it, and what offices make of it. Local and national read the same.",
    (
        ("Note", "What an office, a community seat or somebody who told us knows, about a place and days."),
        ("Told us", "Written by somebody without a seat. It waits for the authority's office for one working day."),
        ("Hypothesis", "What may be the cause, with what speaks for it and against it."),
        ("Judgement", "What an office says of a signal, and why. It can be taken back for ten minutes; both stay."),
    ),
    "The director of public health of the place.",
)
TELL_HELP = Help(
    "Here you tell the health office of your area what you know about a place: a full hall, a works that stayed open, "
    "a test site that nobody finds.",
    (("Reference", "Ten letters and digits by which you read what came of it. Nobody else is given it."),),
    "Your council. In an emergency call 999; about your own health call 111.",
)


@dataclass(frozen=True)
class Note:
    """A note as it is shown. `state` says what came of one that was told; `waits` where its answer is still due."""

    number: int
    words: str
    about: str
    by: str
    state: str
    waits: bool
    overdue: bool


@dataclass(frozen=True)
class Evidence:
    """What speaks for or against: words, the figure's address, the note's words."""

    words: str
    by: str
    figure: str
    note: str


@dataclass(frozen=True)
class Hypothesis:
    """What may be the cause, with both sides."""

    number: int
    statement: str
    by: str
    sides: tuple[tuple[str, tuple[Evidence, ...]], ...]


@dataclass(frozen=True)
class Judgement:
    """What an office says of a signal; `fresh` where the reader may still take it back."""

    number: int
    heading: str
    reason: str
    by: str
    taken_back: str
    fresh: bool


@dataclass(frozen=True)
class Known:
    """The page of a place or signal. Choices are (value, words) pairs of its forms."""

    page: Page
    sentence: str
    place: str
    signal: int | None
    notes: tuple[Note, ...]
    hypotheses: tuple[Hypothesis, ...]
    judgements: tuple[Judgement, ...]
    may_write: bool
    may_judge: bool
    empty: Empty
    around: tuple[Link, ...]
    social: tuple[ShownTable, ...] = ()
    social_empty: Empty | None = None
    verdicts: tuple[tuple[str, str], ...] = tuple(VERDICTS.items())
    visibilities: tuple[tuple[str, str], ...] = tuple(VISIBILITIES.items())
    side_choices: tuple[tuple[str, str], ...] = tuple(SIDES.items())


def build(
    title: str,
    place: str,
    signal: int | None,
    notes: Sequence[Row],
    hypotheses: Sequence[Row],
    judgements: Sequence[Row],
    names: Mapping[str, str],
    now: datetime,
    reader: UUID,
    recall_minutes: float,
    *,
    may_write: bool,
    may_judge: bool,
    around: tuple[Link, ...] = (),
    social: tuple[ShownTable, ...] = (),
    social_empty: Empty | None = None,
) -> Known:
    """names: of places by code; reader: the person, who may take back what they said within `recall_minutes`."""
    shown = tuple(note_of(row, names, now) for row in notes)
    waiting = sum(each.waits for each in shown)
    said = [wording.counted(len(shown), "note", "notes"), wording.counted(len(hypotheses), "hypothesis", "hypotheses")]
    if signal is not None:
        said.append(wording.counted(len(judgements), "judgement", "judgements"))
    tail = f" {wording.counted(waiting, 'note waits', 'notes wait')} for an answer." if waiting else ""
    return Known(
        Page(title, HELP),
        f"{wording.joined(said)}.{tail}",
        place,
        signal,
        shown,
        tuple(_hypothesis(row) for row in hypotheses),
        tuple(_judgement(row, now, reader, recall_minutes) for row in judgements),
        may_write,
        may_judge,
        Empty("Nobody has written anything down here yet.", "Notes by offices and by people who tell us appear here."),
        around,
        social,
        social_empty,
    )


def note_of(row: Row, names: Mapping[str, str], now: datetime) -> Note:
    """A row of notes as it is shown."""
    told = row["told_by"] is not None
    waits = told and row["outcome"] is None
    days = [wording.day_and_year(day) for day in dict.fromkeys((row["first_day"], row["last_day"])) if day]
    about = [names.get(row["place_code"], row["place_code"]), row["setting_name"] or "", " to ".join(days)]
    if row["signal"]:
        about.append(f"signal {row['signal']}")
    by = (
        TOLD_BY[row["told_by"]]
        if told
        else f"{wording.upper_first(row['office'])} ({VISIBILITIES[row['visibility']].lower()})"
    )
    state = ""
    if waits:
        state = f"Waits for an answer, due {times.when(row['due_at'], now)}."
    elif told:
        state = (
            f"{OUTCOMES[row['outcome']]}: {row['answer']} ({row['answered_by']}, {times.when(row['answered_at'], now)})"
        )
    return Note(
        row["id"], row["words"], ", ".join(filter(None, about)),
        f"{by}, {times.when(row['said_at'], now)}", state, waits,
        bool(waits and row["due_at"] < now),
    )  # fmt: skip


def _hypothesis(row: Row) -> Hypothesis:
    sides = tuple(
        (
            words,
            tuple(
                Evidence(each["words"], wording.upper_first(each["office"]), each["figure"] or "", each["note"] or "")
                for each in row["evidence"]
                if each["side"] == side
            ),
        )
        for side, words in SIDES.items()
    )
    return Hypothesis(row["id"], row["statement"], wording.upper_first(row["office"]), sides)


def _judgement(row: Row, now: datetime, reader: UUID, recall_minutes: float) -> Judgement:
    heading = VERDICTS[row["verdict"]] + (f": signal {row['merged_into']}" if row["merged_into"] else "")
    taken = f"Taken back {times.when(row['recalled_at'], now)}." if row["recalled_at"] else ""
    young = now - row["at"] < timedelta(minutes=recall_minutes)
    return Judgement(
        row["id"], heading, row["reason"],
        f"{wording.upper_first(row['office'])} ({row['person']}), {times.when(row['at'], now)}", taken,
        young and not taken and UUID(str(row["person_id"])) == reader,
    )  # fmt: skip


@dataclass(frozen=True)
class OneNote:
    """One note by itself, with the form to answer it where it waits and the office may."""

    page: Page
    note: Note
    may_answer: bool
    outcomes: tuple[tuple[str, str], ...] = tuple(OUTCOMES.items())


def one(row: Row, names: Mapping[str, str], now: datetime, *, may_answer: bool) -> OneNote:
    """The page of one note."""
    shown = note_of(row, names, now)
    return OneNote(Page(f"Note {row['id']}", HELP), shown, may_answer and shown.waits)


@dataclass(frozen=True)
class Outcome:
    """What came of what somebody told us, for whoever holds the reference."""

    page: Page
    reference: str
    sentences: tuple[str, ...]


def outcome(reference: str, row: Row, place: str, now: datetime) -> Outcome:
    """The page by reference: nothing of what was told, only what came of it."""
    said = [f"You told us something about {place} {times.when(row['said_at'], now)}."]
    if row["outcome"] is None:
        late = row["due_at"] < now
        said.append(
            f"It was due to be answered {times.when(row['due_at'], now)} and is late; the office has been asked why."
            if late
            else f"It will be answered by {times.when(row['due_at'], now)}. Come back to this page then."
        )
    else:
        said.append(f"{OUTCOMES[row['outcome']]}.")
        said.append(str(row["answer"]))
        said.append(f"{wording.upper_first(row['office'])}, {times.when(row['answered_at'], now)}.")
    return Outcome(Page("What came of it", TELL_HELP), spaced(reference), tuple(said))


def spaced(reference: str) -> str:
    """'ABCDE 23456': as it is read out."""
    return f"{reference[:5]} {reference[5:]}"
