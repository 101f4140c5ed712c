"""*What people know*: notes of a place or signal, what came of what was told, hypotheses, judgements; and *Tell us*."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from commonweal.apps.desk.pages.hiding import undo_until
from commonweal.apps.surveillance.definitions import languages
from commonweal.apps.surveillance.hiding import EVIDENCE, HYPOTHESIS, JUDGEMENT
from commonweal.apps.surveillance.known import SIDES, SPLIT, VERDICTS, VISIBILITIES, WORDS, merged_with, other_of
from commonweal.core import wording
from commonweal.core.desk.hiding import HIDDEN_FOR
from commonweal.core.signals.languages import HERE, OTHER, Language
from commonweal.core.signals.told import OUTCOMES, TOLD_BY
from commonweal.web import times
from commonweal.web.forms import NOTHING, Sent
from commonweal.web.pages import Empty, Help, Link, Page, ShownTable

Row = Mapping[str, Any]
HELP = Help(
    "What people who know the place say about it, and what offices make of it. Local and national read the same.",
    (
        ("Note", "What an office, a community seat or somebody who told us knows, about a place and days."),
        ("Told us", "Written by somebody without a seat. It waits for the authority's office for one working day."),
        (
            "Hidden words",
            "Words that name a person or their health are hidden by the office that wrote them or the "
            "authority of the place: from everybody, for every moment. That there was a note stays.",
        ),
        ("Hypothesis", "What may be the cause, with what speaks for it and against it."),
        ("Judgement", "What an office says of a signal, and why. It can be taken back for ten minutes; both stay."),
        (
            "The same as another signal",
            "Two signals are one thing, says an office. Both keep their own history, and any "
            "office that judges either of them can separate them again.",
        ),
    ),
    "The director of public health of the place.",
)
TAKEN_BACK = "The words of this note are shown no more."
TELL_HELP = Help(
    "Here you tell the health office of your area what you know about a place: a full hall, a works that stayed open, "
    "a test site that nobody finds.",
    (("Reference", "Ten letters and digits by which you read what came of it. Nobody else is given it."),),
    "Your council. In an emergency call 999; about your own health call 111.",
)


@dataclass(frozen=True)
class Note:
    """A note as it is shown. `state` says what came of one that was told, that it was put right, or taken back; `waits`
    where its answer is still due; `other` is the note that puts it right or that it puts right. `language` is that of
    one that was told in another language than that of the pages."""

    number: int
    words: str
    about: str
    by: str
    state: str
    waits: bool
    overdue: bool
    other: int | None = None
    language: Language | None = None


@dataclass(frozen=True)
class Evidence:
    """What speaks for or against: words, the figure's address, the note's words."""

    words: str
    by: str
    figure: str
    note: str
    number: int = 0
    may_hide: bool = False


@dataclass(frozen=True)
class Hypothesis:
    """What may be the cause, with both sides."""

    number: int
    statement: str
    by: str
    sides: tuple[tuple[str, tuple[Evidence, ...]], ...]
    may_hide: bool = False


@dataclass(frozen=True)
class Judgement:
    """What an office says of a signal. `undo_until` is the time until which the reader may take it back, else empty;
    `other` the signal it names, where the reader sees that one."""

    number: int
    heading: str
    reason: str
    by: str
    taken_back: str
    undo_until: str
    other: int | None = None
    may_hide: bool = False


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
    merged: tuple[int, ...]
    may_write: bool
    may_judge: bool
    empty: Empty
    around: tuple[Link, ...]
    social: tuple[ShownTable, ...] = ()
    social_empty: Empty | None = None
    social_sources: tuple[str, ...] = ()
    sent: Sent = NOTHING
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
    social_sources: tuple[str, ...] = (),
    trail: tuple[Link, ...] = (),
    sent: Sent = NOTHING,
    hideable: Collection[str] = (),
) -> Known:
    """names: of places by code; reader: the person, who may take back what they said within `recall_minutes`; sent: a
    form of the page that was refused; hideable: keys of the texts whose words the reader may hide."""
    shown = tuple(note_of(row, names, now) for row in notes)
    waiting = sum(each.waits for each in shown)
    merged = [] if signal is None else merged_with(judgements, signal)
    said = [
        wording.counted(count, one, many)
        for count, one, many in (
            (len(judgements), "judgement", "judgements"), (len(shown), "note", "notes"),
            (len(hypotheses), "hypothesis", "hypotheses"),
        )
        if count
    ]  # fmt: skip
    sentence = f"{wording.joined(said)}." if said else "Nothing has been said about it yet."
    if waiting:
        sentence += f" {wording.counted(waiting, 'note waits', 'notes wait')} for an answer."
    if merged:
        sentence += f" Said to be the same as {wording.joined([f'signal {other}' for other in merged])}."
    return Known(
        Page(title, HELP, trail),
        sentence,
        place,
        signal,
        shown,
        tuple(_hypothesis(row, hideable) for row in hypotheses),
        tuple(_judgement(row, signal or 0, now, reader, recall_minutes, hideable) for row in judgements),
        tuple(merged),
        may_write,
        may_judge,
        Empty("Nobody has written anything down here yet.", "Notes by offices and by people who tell us appear here."),
        around,
        social,
        social_empty,
        social_sources,
        sent,
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
    spoken = next((each for each in languages() if each.code == row["language"] != HERE), None)
    state = ""
    if waits:
        state = f"Waits for an answer, due {times.when(row['due_at'], now)}."
    elif told:
        state = (
            f"{OUTCOMES[row['outcome']]}: {row['answer']} ({row['answered_by']}, {times.when(row['answered_at'], now)})"
        )
    elif row["recalled_at"]:
        state = f"Taken back by its author {times.when(row['recalled_at'], now)}."
    elif row["corrected_by"]:
        state = f"Put right by note {row['corrected_by']}."
    elif row["corrects"]:
        state = f"Puts note {row['corrects']} right."
    if row["narrowed_at"] and not row["hidden_at"]:
        state = f"{state} Kept to offices that read counts {times.when(row['narrowed_at'], now)}.".strip()
    return Note(
        row["id"], row["words"] or TAKEN_BACK, ", ".join(filter(None, about)),
        f"{by}, {times.when(row['said_at'], now)}", state, waits,
        bool(waits and row["due_at"] < now), row["corrected_by"] or row["corrects"], spoken,
    )  # fmt: skip


def _hypothesis(row: Row, hideable: Collection[str]) -> Hypothesis:
    sides = tuple(
        (
            words,
            tuple(
                Evidence(
                    each["words"],
                    wording.upper_first(each["office"]),
                    each["figure"] or "",
                    each["note"] or "",
                    each["number"],
                    EVIDENCE.key(each["number"]) in hideable,
                )
                for each in row["evidence"]
                if each["side"] == side
            ),
        )
        for side, words in SIDES.items()
    )
    return Hypothesis(
        row["id"], row["statement"], wording.upper_first(row["office"]), sides, HYPOTHESIS.key(row["id"]) in hideable
    )


def heading(row: Row, signal: int) -> str:
    """'The same as another signal: signal 3', seen from either of the two."""
    other = other_of(row, signal)
    return WORDS[row["verdict"]] + ("" if other is None else f": signal {other}")


def _judgement(
    row: Row, signal: int, now: datetime, reader: UUID, recall_minutes: float, hideable: Collection[str]
) -> Judgement:
    undone = "This was undone" if row["verdict"] in ("merge", SPLIT) else "Taken back"
    taken = f"{undone} by {row['person']} {times.when(row['recalled_at'], now)}." if row["recalled_at"] else ""
    return Judgement(
        row["id"], heading(row, signal), row["reason"],
        f"{wording.upper_first(row['office'])} ({row['person']}), {times.when(row['at'], now)}", taken,
        "" if taken else undo_until(row["person_id"], row["at"], now, reader, recall_minutes),
        other_of(row, signal) if row["other_is_seen"] else None, JUDGEMENT.key(row["id"]) in hideable,
    )  # fmt: skip


@dataclass(frozen=True)
class OneNote:
    """One note by itself, with what to know of its language, the form to answer it where it waits and the office may,
    to take it back, put it right or keep it to fewer readers where it is the reader's or their office's own, and to
    hide its words or, for ten minutes, show them again."""

    page: Page
    note: Note
    may_answer: bool
    undo_until: str = ""
    may_correct: bool = False
    may_hide: bool = False
    may_narrow: bool = False
    show_until: str = ""
    reasons: tuple[tuple[str, str], ...] = tuple(HIDDEN_FOR.items())
    foreign: tuple[str, ...] = ()
    sent: Sent = NOTHING
    outcomes: tuple[tuple[str, str], ...] = tuple(OUTCOMES.items())


def one(
    row: Row,
    names: Mapping[str, str],
    now: datetime,
    reader: UUID,
    office: str,
    recall_minutes: float,
    *,
    may_write: bool,
    may_hide: bool = False,
    sent: Sent = NOTHING,
) -> OneNote:
    """The page of one note, for a reader who acts as an office."""
    shown = note_of(row, names, now)
    stands = row["office_id"] == office and not row["recalled_at"]
    until = undo_until(row["person_id"], row["said_at"], now, reader, recall_minutes) if stands else ""
    hidden = row["hidden_at"] is not None
    mine = hidden and row["hidden_by_office"] == office
    again = undo_until(row["hidden_by_person"], row["hidden_at"], now, reader, recall_minutes) if mine else ""
    return OneNote(
        Page(f"Note {row['id']}", HELP),
        shown,
        may_write and shown.waits,
        until,
        may_write and stands,
        may_hide and not hidden,
        row["office_id"] == office and row["visibility"] == "seats",
        again,
        foreign=foreign(shown.language),
        sent=sent,
    )


def foreign(language: Language | None) -> tuple[str, ...]:
    """What an office is to know of a note in another language than that of the pages."""
    if language is None:
        return ()
    name = "another language than English" if language == OTHER else language.name
    return (
        f"It is written in {name} and stands here as it was written. Ask somebody who reads the language, not a "
        "translation service outside: it may speak of people.",
        "Names and illnesses are looked for in English words only: read it before you use it or pass it on.",
        "Answer in plain English, and in the language of the note if somebody can write it.",
    )


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
            f"It was due to be answered {times.when(row['due_at'], now)} and is late: it stands "
            "as overdue before the office. You can also telephone your council."
            if late
            else f"It will be answered by {times.when(row['due_at'], now)}. Come back to this page then."
        )
    else:
        said.append(f"{OUTCOMES[row['outcome']]}.")
        said.append(str(row["answer"]))
        said.append(f"{wording.upper_first(row['office'])}, {times.when(row['answered_at'], now)}.")
    if row["hidden"] is not None:
        said.append(f"Your words are no longer shown to anybody. {wording.upper_first(row['hidden'])}")
        said.append("You can tell it again without the person: which place, which days, what happened there.")
    return Outcome(Page("What came of it", TELL_HELP), spaced(reference), tuple(said))


def spaced(reference: str) -> str:
    """'ABCDE 23456': as it is read out."""
    return f"{reference[:5]} {reference[5:]}"
