"""Hiding words: of talk, and of whatever text another room registers; and showing them again within ten minutes.

The words give way to a sentence in every function of the database that hands them out, for local and national offices
alike and for every moment asked about: privacy goes before history. What held them stays and is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import configuration, telling
from commonweal.core.desk import hiding as rules
from commonweal.core.errors import NotAllowed, Refused
from commonweal.core.signals import told
from commonweal.web import db, times

HIDEABLE = "select t from desk.hideable_of(%s, %s, %s) t"
MAY = "select desk.may_hide(%s, %s, %s)"
HIDE = "select desk.hide_words(%s, %s, %s, %s, %s) as id"
SHOW = "select desk.show_words_again(%s, %s, %s, %s::double precision)"
SHOWN = "select * from desk.text_to_hide(%s, %s, %s)"
WRITES = "write_local_knowledge"


@dataclass(frozen=True)
class Kind:
    """A kind of text: its name in addresses, in the database, and in words that its number follows ('note')."""

    name: str
    table: str
    called: str

    def key(self, number: int) -> str:
        """By what the database knows one of them."""
        return f"{self.table}:{number}"


@dataclass(frozen=True)
class Words:
    """Words as they stand for whoever may hide them: on which page, and since when they are hidden, by whom."""

    words: str
    stands: str
    places: tuple[str, ...]
    author: str
    hidden_at: datetime | None
    hidden_by_office: str | None
    hidden_by_person: UUID | None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """A room calls this at start-up for a kind of text of its own, which its SQL has registered too."""
    _kinds[kind.name] = kind


def kind(name: str) -> Kind | None:
    """A registered kind by its name."""
    return _kinds.get(name)


def may_hide(actor: Actor, one: Kind, number: int) -> bool:
    """Whether the office wrote the words, or is one of the place's authority that answers what people tell."""
    return bool(db.value("app", MAY, [actor.office_id, actor.person_id, one.key(number)]))


def hideable(actor: Actor, keys: Sequence[str]) -> frozenset[str]:
    """Of many texts, by their keys, those whose words the office may hide."""
    rows = db.rows("app", HIDEABLE, [actor.office_id, actor.person_id, list(keys)]) if keys else []
    return frozenset(row["t"] for row in rows)


def words(actor: Actor, one: Kind, number: int) -> Words:
    """The words, for whoever may hide them. Raises `NotAllowed` for others."""
    row = db.one("app", SHOWN, [actor.office_id, actor.person_id, one.key(number)])
    if row is None:
        raise NotAllowed(
            "Only the office that wrote them, and those of the authority of the place that answer what people tell, "
            "hide words."
        )
    return Words(**{**row, "places": tuple(row["places"])})


def hide(actor: Actor, one: Kind, number: int, reason: str, said: str = "") -> bool:
    """Hide words from everybody; False where they were hidden already: the first reason stands.

    reason: one of `rules.HIDDEN_FOR`; said: the reason of *other*, itself without anybody's health or name. Every
    office of the place that writes local knowledge, and the one whose words they are, are told in the same transaction.
    Raises `Refused` for another reason or words that may not stand there, `NotAllowed` for offices that may not.
    """
    text = _reason(reason, said)
    try:
        with db.recorded("app") as write:
            given = [actor.office_id, actor.person_id, one.key(number), reason, text]
            new = db.fetch(write.cursor, HIDE, given)[0]["id"]
            if new is not None:
                _tell(write, actor, one, number)
    except Error as error:
        raise telling.as_refused(error) from error
    return new is not None


def show_again(actor: Actor, one: Kind, number: int) -> None:
    """Undo one's own hiding within ten minutes. Raises `Refused` later: words beside them say it without the person."""
    minutes = configuration.rules().recall_minutes
    try:
        with db.recorded("app") as write:
            write.cursor.execute(SHOW, [actor.office_id, actor.person_id, one.key(number), minutes])
    except Error as error:
        raise telling.as_refused(error) from error


def _reason(reason: str, said: str) -> str | None:
    """The words of the reason *other*; none for the others, which say it themselves."""
    if reason not in rules.HIDDEN_FOR:
        raise Refused(f"{reason[:40]!r} is no reason to hide words; choose one of the reasons.")
    text = " ".join(told.cleaned(said).split())
    if reason != rules.OTHER_REASON:
        if text:
            raise Refused(f"{rules.HIDDEN_FOR[reason]}: that says it. Words of your own go with another reason only.")
        return None
    if not 0 < len(text) <= rules.LONGEST_REASON:
        raise Refused(f"Say the reason in 1 to {rules.LONGEST_REASON} letters; these words have {len(text)}.")
    told.refuse_health_data(text, times.local(db.value("app", "select commonweal.now()")).date())
    return text


def _tell(write: db.Recorded, actor: Actor, one: Kind, number: int) -> None:
    row: dict[str, Any] = db.fetch(write.cursor, SHOWN, [actor.office_id, actor.person_id, one.key(number)])[0]
    offices = {*telling.offices_for(row["places"], WRITES), row["author"] or actor.office_id}
    if others := sorted(offices - {actor.office_id}):
        telling.tell(
            write, others, f"The words of {one.called} {number} were hidden", row["stands"], 3,
            kind=f"{one.table}_hidden", by=actor,
        )  # fmt: skip
