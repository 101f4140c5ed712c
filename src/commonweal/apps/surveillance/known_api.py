"""What people know and offices say, for programs: the pages' reads and actions, with the same permissions and refusals.

A write is made in the name of the person and office of the token or session; a browser's session sends the CSRF token
with it, as a form does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Status

from commonweal.apps.access.scope import scoped_read
from commonweal.apps.desk import hiding as words_hiding
from commonweal.apps.desk import talk
from commonweal.apps.desk.hiding import Kind
from commonweal.apps.intake.pull_api import REFUSALS, ActingOffice, Token
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import api, hiding, known, signal_reads, signals, why_reads
from commonweal.apps.surveillance.known_schemas import (
    Correction,
    Hideable,
    Hiding,
    History,
    Hypotheses,
    NewAnswer,
    NewEvidence,
    NewHypothesis,
    NewJudgement,
    NewNote,
    Notes,
    Number,
    Wrote,
)
from commonweal.core.errors import NotThere

router = Router(tags=["what people know"])
WRITING = [Token(writing=True), ActingOffice()]
QUERY = "history of a signal"
HIDEABLE: dict[str, Kind] = {
    "notes": hiding.NOTE, "hypotheses": hiding.HYPOTHESIS, "evidence": hiding.EVIDENCE, "judgements": hiding.JUDGEMENT,
    "talk": talk.WORDS,
}  # fmt: skip
Row = Mapping[str, Any]


@router.get("/signals/{number}/history", auth=api.AUTH, response={200: History, **REFUSALS})
def history(request: HttpRequest, number: Path[Number], as_of: str = "") -> HttpResponse:
    """The whole history of a signal: every change with its evidence, judgements (those taken back among them), notes
    that the office may read, hypotheses with both sides. 404 outside the office's scope."""
    actor, moment = api.actor(request), api.at(as_of)
    with scoped_read(actor, query=QUERY, filters={"signal": number}, as_of=moment, data_class="L1") as scope:
        row = _signal(scope, number, moment)
        changes = signals.changes(scope, number, as_of=moment)
        names = signal_reads.names_for([row, *changes])
    judged = known.judgements(actor, number, as_of=moment)
    body = {
        "signal": api.told(row, names), "changes": [api.change(each) for each in changes],
        "judgements": [judgement(each, number) for each in judged],
        "merged_with": known.merged_with(judged, number),
        "notes": notes_of(known.notes(actor, None, number, as_of=moment)),
        "hypotheses": [hypothesis(each) for each in known.hypotheses(actor, None, number, as_of=moment)],
        "as_of": moment, "agreements": list(scope.agreements),
    }  # fmt: skip
    return api.answer(request, History.model_validate(body))


@router.get("/notes", auth=api.AUTH, response={200: Notes, **REFUSALS})
def notes(
    request: HttpRequest, place: str = "", signal: Number | None = None, waiting: bool = False, as_of: str = ""
) -> HttpResponse:
    """Notes of the office's places, the newest 100 first. `waiting` leaves those that somebody told us and nobody has
    answered."""
    moment = api.at(as_of)
    rows = known.notes(api.actor(request), _codes(place), signal, as_of=moment)
    if waiting:
        rows = [row for row in rows if row["told_by"] is not None and row["outcome"] is None]
    return api.answer(request, Notes.model_validate({"items": notes_of(rows), "as_of": moment}))


@router.get("/hypotheses", auth=api.AUTH, response={200: Hypotheses, **REFUSALS})
def hypotheses(request: HttpRequest, place: str = "", signal: Number | None = None, as_of: str = "") -> HttpResponse:
    """Hypotheses about the office's places with what speaks for and against them, the newest 100 first."""
    moment = api.at(as_of)
    rows = known.hypotheses(api.actor(request), _codes(place), signal, as_of=moment)
    return api.answer(request, Hypotheses.model_validate({"items": [hypothesis(row) for row in rows], "as_of": moment}))


@router.post("/notes", auth=WRITING, response={201: Wrote, **REFUSALS})
def write_note(request: HttpRequest, given: NewNote) -> Status[dict[str, Any]]:
    """Write down what the office knows about a place."""
    return _note(request, given, given.place, None)


@router.post("/signals/{number}/notes", auth=WRITING, response={201: Wrote, **REFUSALS})
def write_note_of_signal(request: HttpRequest, number: Path[Number], given: NewNote) -> Status[dict[str, Any]]:
    """Write down what the office knows about a signal."""
    return _note(request, given, given.place or _place_of(request, number), number)


@router.post("/notes/{number}/take-back", auth=WRITING, response={200: Wrote, **REFUSALS})
def take_back_note(request: HttpRequest, number: Path[Number]) -> dict[str, Any]:
    """Take back one's own note within ten minutes."""
    known.take_back_note(api.actor(request), number)
    return _wrote(number, f"/known/notes/{number}")


@router.post("/{what}/{number}/hide", auth=WRITING, response={200: Wrote, **REFUSALS})
def hide(request: HttpRequest, what: Path[Hideable], number: Path[Number], given: Hiding) -> dict[str, Any]:
    """Hide words from everybody, for every moment; hidden already, they stay so for the first reason."""
    words_hiding.hide(api.actor(request), HIDEABLE[what], number, given.reason, given.words)
    return _wrote(number, _stands(request, what, number))


@router.post("/{what}/{number}/show-again", auth=WRITING, response={200: Wrote, **REFUSALS})
def show_again(request: HttpRequest, what: Path[Hideable], number: Path[Number]) -> dict[str, Any]:
    """Show words again that one has hidden oneself, within ten minutes."""
    words_hiding.show_again(api.actor(request), HIDEABLE[what], number)
    return _wrote(number, _stands(request, what, number))


@router.post("/notes/{number}/narrow", auth=WRITING, response={200: Wrote, **REFUSALS})
def narrow_note(request: HttpRequest, number: Path[Number]) -> dict[str, Any]:
    """Keep a note of one's office that community seats read to offices that read counts, for every moment."""
    hiding.narrow(api.actor(request), number)
    return _wrote(number, f"/known/notes/{number}")


@router.post("/notes/{number}/corrections", auth=WRITING, response={201: Wrote, **REFUSALS})
def correct_note(request: HttpRequest, number: Path[Number], given: Correction) -> Status[dict[str, Any]]:
    """Put a note of one's office right by one beside it."""
    new = known.correct_note(api.actor(request), number, given.words)
    return Status(201, _wrote(new, f"/known/notes/{new}"))


@router.post("/notes/{number}/answer", auth=WRITING, response={201: Wrote, **REFUSALS})
def answer_note(request: HttpRequest, number: Path[Number], given: NewAnswer) -> Status[dict[str, Any]]:
    """Say what came of what somebody told us, once."""
    known.answer_note(api.actor(request), number, given.outcome, given.words)
    return Status(201, _wrote(number, f"/known/notes/{number}"))


@router.post("/signals/{number}/judgements", auth=WRITING, response={201: Wrote, **REFUSALS})
def judge(request: HttpRequest, number: Path[Number], given: NewJudgement) -> Status[dict[str, Any]]:
    """Confirm, explain, merge or dispute a signal, or separate it again from one it was merged with."""
    new = known.judge(api.actor(request), number, given.verdict, given.reason, given.other_signal)
    return Status(201, _wrote(new, f"/signals/{number}/judgements"))


@router.post("/judgements/{number}/take-back", auth=WRITING, response={200: Wrote, **REFUSALS})
def take_back_judgement(request: HttpRequest, number: Path[Number]) -> dict[str, Any]:
    """Take back one's own judgement within ten minutes; a merge is undone by it."""
    sign = known.take_back(api.actor(request), number)
    return _wrote(number, f"/signals/{sign}/judgements")


@router.post("/hypotheses", auth=WRITING, response={201: Wrote, **REFUSALS})
def suppose(request: HttpRequest, given: NewHypothesis) -> Status[dict[str, Any]]:
    """Put forward what may be the cause of a rise, at a place or of a signal."""
    code = given.place or ("" if given.signal is None else _place_of(request, given.signal))
    new = known.suppose(api.actor(request), code, given.statement, given.signal)
    return Status(
        201, _wrote(new, f"/places/{code}/known" if given.signal is None else f"/signals/{given.signal}/judgements")
    )


@router.post("/hypotheses/{number}/evidence", auth=WRITING, response={201: Wrote, **REFUSALS})
def add_evidence(request: HttpRequest, number: Path[Number], given: NewEvidence) -> Status[dict[str, Any]]:
    """Say what speaks for or against a hypothesis."""
    new = known.add_evidence(
        api.actor(request), number, given.side, given.words, figure=given.figure or None, note=given.note
    )
    return Status(201, _wrote(new, ""))


# What is asked and answered -------------------------------------------------------------------------------------------


def notes_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Notes in the words of the interface, with the names of their places."""
    same = (
        "place_code", "first_day", "last_day", "signal", "words", "visibility", "office", "said_at", "corrects",
        "corrected_by", "told_by", "language", "outcome", "answer", "answered_by", "answered_at", "hidden_at",
        "hidden_by", "hidden_reason", "narrowed_at",
    )  # fmt: skip
    names = places.names([row["place_code"] for row in rows])
    return [
        {
            **{name: row[name] for name in same}, "number": row["id"], "setting": row["setting_name"],
            "place": names.get(row["place_code"], row["place_code"]), "taken_back_at": row["recalled_at"],
            "answer_due_at": row["due_at"],
        }
        for row in rows
    ]  # fmt: skip


def hypothesis(row: Row) -> dict[str, Any]:
    same = ("place_code", "signal", "statement", "office", "said_at")
    evidence = [
        {**{name: each[name] for name in ("number", "side", "words", "figure", "office")}, "note": each["note_number"]}
        for each in row["evidence"]
    ]
    return {**{name: row[name] for name in same}, "number": row["id"], "evidence": evidence}


def judgement(row: Row, signal: int) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("verdict", "reason", "office", "person")}, "number": row["id"],
        "other_signal": known.other_of(row, signal), "said_at": row["at"], "taken_back_at": row["recalled_at"],
    }  # fmt: skip


def _note(request: HttpRequest, given: NewNote, place: str, signal: int | None) -> Status[dict[str, Any]]:
    about = known.About(place, given.first_day, given.last_day, given.setting.strip() or None, signal)
    number = known.write_note(api.actor(request), about, given.words, given.visibility)
    return Status(201, _wrote(number, f"/known/notes/{number}"))


def _wrote(number: int, page: str) -> dict[str, Any]:
    return {"number": number, "page": page}


def _stands(request: HttpRequest, what: str, number: int) -> str:
    return words_hiding.words(api.actor(request), HIDEABLE[what], number).stands


def _codes(place: str) -> list[str] | None:
    return [why_reads.where(place).code] if place else None


def _place_of(request: HttpRequest, number: int) -> str:
    """Where a signal is, for whoever sees it. Raises `NotThere`."""
    actor = api.actor(request)
    with scoped_read(actor, query=QUERY, filters={"signal": number}, data_class="L1") as scope:
        row = _signal(scope, number, None)
    return str(row["place_code"] or row["scope"][0])


def _signal(scope: Any, number: int, as_of: Any) -> dict[str, Any]:
    row = signals.signal(scope, number, as_of=as_of)
    if row is None:
        raise NotThere(f"There is no signal {number} among those that your office sees.")
    return row
