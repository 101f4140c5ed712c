"""Hiding the words of a note: by whom, why, and showing them again within ten minutes.

The words give way to a sentence in every function of the database that hands them out, for local and national offices
alike and for every moment asked about: privacy goes before history. The note stays and is counted.
"""

from __future__ import annotations

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import configuration, telling
from commonweal.apps.surveillance import known
from commonweal.core.errors import Refused
from commonweal.core.signals import told
from commonweal.web import db, times

MAY = "select surveillance.may_hide_note(%s, %s, %s::bigint)"
HIDE = "select surveillance.hide_note(%s, %s, %s::bigint, %s, %s) as id"
SHOW = "select surveillance.show_note_again(%s, %s, %s::bigint, %s::double precision)"
WHERE = "select place_code, office_id from surveillance.place_of_note(%s::bigint)"
KIND = "surveillance.note_hidden"


def may_hide(actor: Actor, note: int) -> bool:
    """Whether the office wrote the note, or is one of its place's authority that answers what people tell."""
    return bool(db.value("app", MAY, [actor.office_id, actor.person_id, note]))


def hide(actor: Actor, note: int, reason: str, words: str = "") -> bool:
    """Hide a note's words from everybody; False where they were hidden already: the first reason stands.

    reason: one of `told.HIDDEN_FOR`; words: the reason of *other*, itself without anybody's health or name. Every
    office of the place that writes local knowledge, and the one that wrote the note, are told in the same transaction.
    Raises `Refused` for another reason or words that may not stand there, `NotAllowed` for offices that may not.
    """
    text = _reason(reason, words)
    try:
        with db.recorded("app") as write:
            new = db.fetch(write.cursor, HIDE, [actor.office_id, actor.person_id, note, reason, text])[0]["id"]
            if new is not None:
                _tell(write, actor, note)
    except Error as error:
        raise telling.as_refused(error) from error
    return new is not None


def show_again(actor: Actor, note: int) -> None:
    """Undo one's own hiding within ten minutes. Raises `Refused` later: a note beside it says it without the person."""
    try:
        with db.recorded("app") as write:
            minutes = configuration.rules().recall_minutes
            write.cursor.execute(SHOW, [actor.office_id, actor.person_id, note, minutes])
    except Error as error:
        raise telling.as_refused(error) from error


def _reason(reason: str, words: str) -> str | None:
    """The words of the reason *other*; none for the others, which say it themselves."""
    if reason not in told.HIDDEN_FOR:
        raise Refused(f"{reason[:40]!r} is no reason to hide words; choose one of the reasons.")
    text = " ".join(told.cleaned(words).split())
    if reason != told.OTHER_REASON:
        if text:
            raise Refused(f"{told.HIDDEN_FOR[reason]}: that says it. Words of your own go with another reason only.")
        return None
    if not 0 < len(text) <= told.LONGEST_REASON:
        raise Refused(f"Say the reason in 1 to {told.LONGEST_REASON} letters; these words have {len(text)}.")
    told.refuse_health_data(text, times.local(db.value("app", "select commonweal.now()")).date())
    return text


def _tell(write: db.Recorded, actor: Actor, note: int) -> None:
    about = db.fetch(write.cursor, WHERE, [note])[0]
    codes = known.places_of(about["place_code"])
    offices = {*telling.offices_for(codes, "write_local_knowledge"), about["office_id"] or actor.office_id}
    if others := sorted(offices - {actor.office_id}):
        telling.tell(
            write, others, f"The words of note {note} were hidden", f"/known/notes/{note}", 3, kind=KIND, by=actor
        )
