"""Who may: what an office allows by itself, whatever the moment. Whether the moment allows it is in `policies`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

ALLOWED = "allowed"


@dataclass(frozen=True)
class Answer:
    """An answer to "may I": whether, a stable reason code, and a sentence for the person who asked."""

    allowed: bool
    reason: str
    sentence: str

    def __bool__(self) -> bool:
        return self.allowed


YES = Answer(True, ALLOWED, "")


@dataclass(frozen=True)
class Seat:
    """An office as held by one person now: what may be asked of it."""

    appointment_id: str
    person_id: str
    office_id: str
    title: str
    organisation_id: str
    permissions: frozenset[str]
    purposes: tuple[str, ...]
    deputy: bool = False

    @property
    def label(self) -> str:
        """How pages name it: the title, and whether the person stands in for its holder."""
        return f"{self.title} (deputy)" if self.deputy else self.title


def may(seat: Seat | None, permission: str, described_as: str) -> Answer:
    """Whether the office has a permission; `described_as` completes "… may not …" ("accept agreements")."""
    if seat is None:
        return Answer(
            False, "no_office", f"Choose the office you act for first; without one you may not {described_as}."
        )
    if permission not in seat.permissions:
        return Answer(
            False,
            "no_permission",
            f"The office “{seat.title}” may not {described_as}. Ask an operator which office of yours may.",
        )
    return YES


def may_act_for(seat: Seat | None, purpose: str, purposes: Collection[str]) -> Answer:
    """Whether the office acts for a purpose; `purposes` are all there are."""
    if seat is None:
        return Answer(False, "no_office", "Choose the office you act for first.")
    if purpose not in purposes:
        return Answer(False, "unknown_purpose", f"There is no purpose {purpose!r}; choose one of the list.")
    if purpose not in seat.purposes:
        return Answer(
            False, "not_its_purpose", f"The office “{seat.title}” does not act for {purpose!r}; choose another purpose."
        )
    return YES


def may_speak_for(seat: Seat | None, organisation_id: str, parties: Collection[str]) -> Answer:
    """Whether the office speaks for a party of an agreement."""
    answer = may(seat, "accept_agreement", "accept agreements or give notice")
    if not answer or seat is None:
        return answer
    if seat.organisation_id != organisation_id or organisation_id not in parties:
        return Answer(
            False,
            "not_a_party",
            f"“{seat.title}” is no office of a party to this agreement, so it cannot answer for it.",
        )
    return YES
