"""The texts of this room whose words can be hidden, by the desk's one rule; and a note kept to fewer readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import hiding, telling
from commonweal.apps.desk.hiding import Kind
from commonweal.web import db

NOTE = Kind("note", "surveillance.note", "note")
HYPOTHESIS = Kind("hypothesis", "surveillance.hypothesis", "hypothesis")
EVIDENCE = Kind("evidence", "surveillance.evidence", "evidence")
JUDGEMENT = Kind("judgement", "surveillance.judgement", "judgement")
NARROW = "select surveillance.narrow_note(%s, %s, %s::bigint)"


def register_all() -> None:
    """Called once at start-up."""
    for each in (NOTE, HYPOTHESIS, EVIDENCE, JUDGEMENT):
        hiding.register(each)


def hideable(
    actor: Actor, hypotheses: Sequence[Mapping[str, Any]], judgements: Sequence[Mapping[str, Any]] = ()
) -> frozenset[str]:
    """Keys of the hypotheses, pieces of evidence and judgements of a page whose words the office may hide."""
    keys = [HYPOTHESIS.key(row["id"]) for row in hypotheses]
    keys += [EVIDENCE.key(each["number"]) for row in hypotheses for each in row["evidence"]]
    return hiding.hideable(actor, [*keys, *(JUDGEMENT.key(row["id"]) for row in judgements)])


def narrow(actor: Actor, note: int) -> None:
    """Keep a note that community seats read to offices that read counts, from now on and for every moment asked about.

    Seats go on reading that there is a note, and whose. Raises `Refused` where seats do not read it, `NotAllowed` for
    every office but the one that wrote it.
    """
    try:
        with db.recorded("app") as write:
            write.cursor.execute(NARROW, [actor.office_id, actor.person_id, note])
    except Error as error:
        raise telling.as_refused(error) from error
