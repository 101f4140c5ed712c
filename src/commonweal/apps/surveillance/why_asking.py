"""Why a place is rising, as pages, programs and the command line ask it, and the answer in the same words for all."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.access.queries import seats_of
from commonweal.apps.access.scope import Actor
from commonweal.apps.surveillance import why_counts, why_explaining, why_households, why_reads
from commonweal.apps.surveillance.why_explaining import Explained
from commonweal.core.access.permissions import may
from commonweal.core.errors import NotAllowed, NotThere
from commonweal.core.signals.why_plain import to_plain
from commonweal.core.signals.why_windows import Windows
from commonweal.core.signals.why_words import sentences
from commonweal.web import db

AXES = ("swab", "report")


@dataclass(frozen=True)
class Question:
    """What is asked, and who asks it. records, addresses: whether the office may read them."""

    actor: Actor
    where: why_reads.Where
    span: Windows
    as_of: datetime
    records: bool
    addresses: bool
    by_report: bool

    def answered(self, *, exported: bool = False) -> Explained:
        """The explanation, worked out or found: from records where the office reads them, else from counts."""
        if self.records:
            with suppress(NotThere):  # no agreement opens records here: counts may tell something all the same
                return why_explaining.explained(
                    self.actor, self.where, self.span, self.as_of, addresses=self.addresses, by_report=self.by_report,
                    exported=exported,
                )  # fmt: skip
        return why_counts.explained(
            self.actor, self.where, self.span, self.as_of, by_report=self.by_report, exported=exported
        )

    def who_can_tell(self, found: Explained) -> str:
        """Of an answer from counts: what they cannot tell, why this office reads no records here, and who does."""
        if not found.from_counts:
            return ""
        reason = (
            "No agreement in force opens the records of this place to your office for this purpose."
            if self.records
            else "Your office reads counts."
        )
        return why_counts.sentence(found.where, reason)

    def living_together(self, found: Explained, *, pinned: bool) -> str:
        """How many live together, for an office that reads no addresses; one that does leaves the number to the others
        (not at a past moment)."""
        rules = why_explaining.setting()
        if found.with_addresses:
            if not pinned and not self.by_report:
                why_households.keep(self.actor, found)
            return ""
        told = why_households.told(self.actor, found.where, found.span, found.as_of, pinned=pinned)
        now = db.value("app", "select commonweal.now()")
        return why_households.sentence(told, rules.least_told, rules.least_completeness, now)

    def in_words(self, found: Explained, *, pinned: bool) -> tuple[str, ...]:
        """The sentences of the page; none without a case in the later window."""
        if found.why is None:
            return ()
        said = sentences(
            found.why, found.where.name, *found.span.said(), why_explaining.setting(),
            who_can_tell=self.who_can_tell(found),
        )  # fmt: skip
        together = self.living_together(found, pinned=pinned)
        return (*said, together) if together else said


def question_of(
    actor: Actor, where: why_reads.Where, span: Windows, as_of: datetime, *, addresses: bool, by_report: bool = False
) -> Question:
    """The question of an office: from records where it reads them; addresses only where asked for and read.

    Raises `NotAllowed` for an office that reads no counts.
    """
    seat = next((each for each in seats_of(actor.person_id) if each.office_id == actor.office_id), None)
    allowed = may(seat, "read_counts", "see why a place is rising")
    if not allowed:
        raise NotAllowed(allowed.sentence)
    opened = addresses and bool(may(seat, "read_identifiable", "read addresses"))
    records = bool(may(seat, "read_records", "read records"))
    return Question(actor, where, span, as_of, records, opened, by_report)


def place_of(code: str) -> why_reads.Where:
    """The place of a code. Raises `NotThere` for a place that is too wide or none."""
    where = why_reads.where(code)
    if where.level == "country":
        raise NotThere(f"Why it is rising is worked out for a region at most. Choose one at /places/{code}.")
    return where


def as_values(asked: Question, found: Explained, *, pinned: bool) -> dict[str, Any]:
    """An explanation as plain values, for programs."""
    span, why = found.span, found.why
    return {
        "code": found.where.code, "name": found.where.name, "level": found.where.level,
        "first": span.first, "last": span.last, "against_first": span.against_first, "against": span.against,
        "by": AXES[asked.by_report], "from_counts": found.from_counts, "with_addresses": found.with_addresses,
        "heard": found.heard, "sentences": list(asked.in_words(found, pinned=pinned)),
        "result": None if why is None else to_plain(why), "as_of": found.as_of, "agreements": list(found.agreements),
    }  # fmt: skip
