"""What people know: notes, what came of them, hypotheses, judgements. All writes, and the reads of the same tables.

Every function of the database asks for the office, the person who holds it now, and a permission by name.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import configuration, telling
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import definitions, telling_back
from commonweal.core import wording
from commonweal.core.desk.hours import after_working_days
from commonweal.core.errors import NotThere, Refused
from commonweal.core.signals import told
from commonweal.core.signals.languages import HERE, OTHER, Language, language_of
from commonweal.web import db, times

SHOWN, ALL = 100, 1_000_000
OUTCOME = "select * from surveillance.outcome_of(%s)"
LEAST_ONCE = 20  # letters of a form's sign: shorter ones are no chance
ANSWER_WORKING_DAYS = 1
VERDICTS = {
    "confirm": "Confirmed: there is a rise",
    "explain": "Explained",
    "merge": "The same as another signal",
    "dispute": "Disputed",
}
SPLIT = "split"  # the correction of a merge; only said of two signals that are said to be the same
WORDS = {**VERDICTS, SPLIT: "Not the same as another signal after all"}
SIDES = {"for": "Speaks for it", "against": "Speaks against it"}
VISIBILITIES = {"offices": "Offices that read counts", "seats": "Community seats as well"}


@dataclass(frozen=True)
class About:
    """What a note is pinned to: a place, and where known days, a setting, a signal."""

    place: str
    first: date | None = None
    last: date | None = None
    setting: str | None = None
    signal: int | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise Refused(f"The days end ({self.last}) before they begin ({self.first}). Give the earlier one first.")


def _said(words: str, longest: int, what: str = "words") -> str:
    text = told.cleaned(words)
    if not 0 < len(text) <= longest:
        raise Refused(f"Write 1 to {longest:,} letters; these {what} have {len(text):,}.")
    return text


def _today() -> date:
    return times.local(db.value("app", "select commonweal.now()")).date()


def write_note(actor: Actor, about: About, words: str, visibility: str = "offices") -> int:
    """An office writes down what it knows; returns the note's number. Tells nobody: it stands on the place's page."""
    if visibility not in VISIBILITIES:
        raise Refused(f"{visibility!r} is no visibility; choose {' or '.join(VISIBILITIES)}.")
    text = _said(words, told.LONGEST)
    told.refuse_health_data(f"{text} {about.setting or ''}", _today())
    return int(
        _call(
            "select surveillance.write_note(%s, %s, %s, %s::bigint, %s::date, %s::date, %s, %s, %s) as answer",
            [actor.office_id, actor.person_id, about.place, about.signal, about.first, about.last, about.setting, text,
             visibility],
        )
    )  # fmt: skip


def told_already(about: About, words: str, once: str) -> str | None:
    """The reference under which the same form, sent before, was kept: a button pressed twice tells once."""
    reference = _reference(about, told.cleaned(words), once)
    return reference if once and db.one("app", OUTCOME, [reference]) is not None else None


def _reference(about: About, text: str, once: str) -> str:
    """A new reference by chance; of a form that carries a sign of its own (`once`), the same for the same words."""
    if len(once) < LEAST_ONCE:
        return told.reference_of(secrets.token_bytes(told.REFERENCE_LENGTH))
    same = repr((once, about.place, about.first, about.last, about.setting, text))
    return told.reference_of(hashlib.sha256(same.encode()).digest())


def tell_us(
    about: About, words: str, told_by: str, email: str | None, language: str = HERE, *, once: str = ""
) -> tuple[str, datetime]:
    """Somebody without a seat tells us; returns the reference and by when an answer is due (one working day).

    once: a long random sign that the form carried; the same form sent twice is told once, with one reference. The
    offices of both tiers that write local knowledge of the place are told in the same transaction. Raises `Refused` for
    words that seem to hold health data, and for a place or language that is not known.
    """
    text = _said(words, told.LONGEST)
    told.refuse_health_data(f"{text} {about.setting or ''}", _today())
    if told_by not in told.TOLD_BY:
        raise Refused(f"{told_by[:40]!r} is none of the answers to who you are; choose one of them.")
    spoken = language_of(language, definitions.languages())
    now = db.value("app", "select commonweal.now()")
    due = due_at(now)
    reference = _reference(about, text, once)
    sealed = telling_back.sealed(email, reference) if email else (None, None, None)
    try:
        with db.recorded("app") as write:
            note = db.fetch(
                write.cursor,
                "select surveillance.tell_us(%s, %s, %s::date, %s::date, %s, %s, %s, %s, %s::smallint, %s::bytea,"
                " %s::bytea, %s) as id",
                [reference, about.place, about.first, about.last, about.setting, text, told_by, due, *sealed, language],
            )[0]["id"]  # fmt: skip
            offices = telling.offices_for(places_of(about.place), "write_local_knowledge")
            if offices:
                telling.tell(
                    write, offices,
                    f"{told.TOLD_BY[told_by]} told us something about {_name(about.place)}{_in(spoken)}",
                    f"/known/notes/{note}", 3, kind="surveillance.told_us", places=places_of(about.place),
                )  # fmt: skip
    except Error as error:
        if (same := db.one("app", OUTCOME, [reference])) is not None:  # the first of two came in a moment earlier
            return reference, same["due_at"]
        raise telling.as_refused(error) from error
    return reference, due


def _in(language: Language) -> str:
    """', in Gujarati': so that whoever reads it first can look for somebody who does."""
    return (
        ""
        if language.code == HERE
        else f", in {wording.lower_first(language.name) if language == OTHER else language.name}"
    )


def due_at(now: datetime) -> datetime:
    """One working day later at the same London time. Where the calendar of holidays has ended, only weekends stand
    still: an answer is then due a little early, and nobody is turned away for it."""
    try:
        holidays = configuration.holidays(times.local(now).date() + timedelta(days=14))
    except NotThere:
        holidays = frozenset()
    return after_working_days(now, ANSWER_WORKING_DAYS, holidays, times.LONDON)


def answer_note(actor: Actor, note: int, outcome: str, words: str) -> None:
    """Say what came of what somebody told us, once; it goes to the address they gave, if they gave one."""
    if outcome not in told.OUTCOMES:
        raise Refused(f"{outcome[:40]!r} is no outcome; choose one of the answers.")
    _call(
        "select surveillance.answer_note(%s, %s, %s::bigint, %s, %s) as answer",
        [actor.office_id, actor.person_id, note, outcome, _said(words, told.LONGEST)],
    )
    telling_back.deliver(only=note)


def outcome_of(reference: str) -> dict[str, Any]:
    """What came of what somebody told us, by their reference. Raises `NotThere`."""
    found = db.one("app", OUTCOME, [told.typed_reference(reference)])
    if found is None:
        raise NotThere("There is nothing under this reference. It has ten letters and digits; check each of them.")
    return found


def take_back_note(actor: Actor, number: int) -> None:
    """Take back one's note within ten minutes: its words are shown no more, that there was one stays in sight."""
    _call(
        "select surveillance.take_back_note(%s, %s, %s::bigint, %s::double precision) as answer",
        [actor.office_id, actor.person_id, number, configuration.rules().recall_minutes],
    )


def correct_note(actor: Actor, number: int, words: str) -> int:
    """Put a note of one's office right, at any time, by one beside it; returns the new note's number."""
    text = _said(words, told.LONGEST)
    told.refuse_health_data(text, _today())
    given = [actor.office_id, actor.person_id, number, text]
    return int(_call("select surveillance.correct_note(%s, %s, %s::bigint, %s) as answer", given))


def notes(
    actor: Actor,
    wanted: Sequence[str] | None = None,
    signal: int | None = None,
    *,
    as_of: datetime | None = None,
    limit: int = SHOWN,
) -> list[dict[str, Any]]:
    """Notes about places of the office, newest first, as known at `as_of`; those taken back without their words."""
    return db.rows(
        "app",
        "select * from surveillance.notes_seen(%s, %s, %s::text[], %s::bigint, %s::integer, %s::timestamptz)",
        [actor.office_id, actor.person_id, None if wanted is None else list(wanted), signal, limit, as_of],
    )


def note(actor: Actor, number: int) -> dict[str, Any]:
    """One note. Raises `NotThere` for one about places that the office does not answer for."""
    newest_first = (row for limit in (SHOWN, ALL) for row in notes(actor, limit=limit))
    found = next((row for row in newest_first if row["id"] == number), None)
    if found is None:
        raise NotThere(f"There is no note {number} about places that your office answers for.")
    return found


def suppose(actor: Actor, place: str, statement: str, signal: int | None = None) -> int:
    """Put forward what may be the cause; returns the hypothesis's number."""
    return int(
        _call(
            "select surveillance.suppose(%s, %s, %s, %s::bigint, %s) as answer",
            [actor.office_id, actor.person_id, place, signal, _said(statement, 300)],
        )
    )


def add_evidence(
    actor: Actor, hypothesis: int, side: str, words: str, *, figure: str | None = None, note: int | None = None
) -> int:
    """Say what speaks for or against a hypothesis: a figure (an address of this site), a note, words."""
    if side not in SIDES:
        raise Refused(f"{side[:20]!r} is no side; evidence speaks for or against.")
    if figure is not None and not (figure.startswith("/") and not figure.startswith(("//", "/\\"))):
        raise Refused(f"{figure[:60]!r} is no page of this site; copy the link that always shows the same numbers.")
    return int(
        _call(
            "select surveillance.add_evidence(%s, %s, %s::bigint, %s, %s, %s, %s::bigint) as answer",
            [actor.office_id, actor.person_id, hypothesis, side, _said(words, 1000), figure, note],
        )
    )


def hypotheses(
    actor: Actor, wanted: Sequence[str] | None = None, signal: int | None = None, *, as_of: datetime | None = None
) -> list[dict[str, Any]]:
    """Hypotheses about places that the office answers for, with their evidence, newest first, as known at `as_of`."""
    return db.rows(
        "app",
        "select * from surveillance.hypotheses_seen(%s, %s, %s::text[], %s::bigint, %s::timestamptz)",
        [actor.office_id, actor.person_id, None if wanted is None else list(wanted), signal, as_of],
    )


def judge(actor: Actor, signal: int, verdict: str, reason: str, merged_into: int | None = None) -> int:
    """Confirm, explain, merge or dispute a signal, or separate it again from one it was merged with, with the reason.

    Every office of either signal's places that judges signals is told. `merged_into` is the other signal.
    """
    if verdict not in WORDS:
        raise Refused(f"{verdict[:20]!r} is no verdict; choose {', '.join(WORDS)}.")
    if (verdict in ("merge", SPLIT)) != (merged_into is not None):
        raise Refused("Name the other signal where it is the same as another one or no longer is, and only then.")
    if merged_into == signal:
        raise Refused(f"Signal {signal} is this one; name another signal.")
    try:
        with db.recorded("app") as write:
            number = db.fetch(
                write.cursor, "select surveillance.judge(%s, %s, %s::bigint, %s, %s::bigint, %s) as id",
                [actor.office_id, actor.person_id, signal, verdict, merged_into, _said(reason, told.LONGEST)],
            )[0]["id"]  # fmt: skip
            _tell_judges(write, actor, signal, merged_into, f"Signal {signal}: {WORDS[verdict].lower()}")
    except Error as error:
        raise telling.as_refused(error) from error
    return int(number)


def take_back(actor: Actor, judgement: int) -> int:
    """Take back one's judgement within ten minutes; returns the signal. It stays in the history as taken back."""
    try:
        with db.recorded("app") as write:
            signal = db.fetch(
                write.cursor,
                "select surveillance.take_back_judgement(%s, %s, %s::bigint, %s::double precision) as signal",
                [actor.office_id, actor.person_id, judgement, configuration.rules().recall_minutes],
            )[0]["signal"]
            (said,) = [row for row in judgements(actor, int(signal)) if row["id"] == judgement]
            undone = "a merge was undone" if said["verdict"] == "merge" else "a judgement was taken back"
            _tell_judges(write, actor, int(signal), said["merged_into"], f"Signal {signal}: {undone}")
    except Error as error:
        raise telling.as_refused(error) from error
    return int(signal)


def judgements(actor: Actor, signal: int, *, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """All judgements of a signal as known at `as_of`, the first one first; those taken back among them, and those that
    were said of another signal and name this one."""
    return db.rows(
        "app",
        "select * from surveillance.judgements_seen(%s, %s, %s::bigint, %s::timestamptz)",
        [actor.office_id, actor.person_id, signal, as_of],
    )


def other_of(row: Mapping[str, Any], signal: int) -> int | None:
    """The other signal of a judgement that names two, seen from one of them."""
    other: int | None = row["signal"] if row["merged_into"] == signal else row["merged_into"]
    return other


def merged_with(rows: Sequence[Mapping[str, Any]], signal: int) -> list[int]:
    """The signals that this one is said to be the same as, after everything that was taken back or separated again."""
    last: dict[int, str] = {}
    for row in rows:
        other = other_of(row, signal)
        if other is not None and row["recalled_at"] is None:
            last[other] = row["verdict"]
    return sorted(other for other, verdict in last.items() if verdict == "merge")


def places_of(code: str) -> list[str]:
    """The authorities of a place, by which the desk tells."""
    return list(db.value("app", "select surveillance.scope_of_place(%s)", [code]) or [])


def _tell_judges(write: db.Recorded, actor: Actor, signal: int, other: int | None, subject: str) -> None:
    """Tell whoever judges signals there; those who see the other one alone are led to that one."""
    told_already = {actor.office_id}
    for number in (signal, other):
        if number is None:
            continue
        scope = db.fetch(write.cursor, "select surveillance.scope_of_signal(%s::bigint) as s", [number])[0]["s"]
        offices = [each for each in telling.offices_for(list(scope), "judge_signals") if each not in told_already]
        told_already.update(offices)
        if offices:
            telling.tell(
                write, offices, subject, f"/signals/{number}/judgements", 3, kind="surveillance.judgement", by=actor
            )


def _name(code: str) -> str:
    return places.names([code]).get(code, code)


def _call(sql: str, params: Sequence[Any]) -> Any:
    """One writing function in a tick of its own; a rule's refusal becomes ours."""
    try:
        with db.recorded("app") as write:
            return db.fetch(write.cursor, sql, params)[0]["answer"]
    except Error as error:
        raise telling.as_refused(error) from error
