"""Whether now: what the state of an agreement or appointment allows, whoever asks. Who may is in `permissions`.

Agreements are a table: state -> what may be done in it, and by whom it is waited for. The database derives the state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from commonweal.core.access.permissions import YES, Answer

# state -> (actions possible in it, who must move next)
AGREEMENT_STATES: Mapping[str, tuple[frozenset[str], str]] = {
    "offered": (frozenset({"accept", "end"}), "the parties that have not accepted"),
    "in_force": (frozenset({"end", "read"}), "nobody: it runs until it expires"),
    "ended": (frozenset({"offer_again"}), "any party, by asking for a new offer"),
    "expired": (frozenset({"offer_again"}), "any party, by asking for a new offer"),
}
STATE_WORDS = {
    "offered": "waiting to be accepted",
    "in_force": "in force",
    "ended": "ended",
    "expired": "expired",
}


@dataclass(frozen=True)
class AgreementState:
    """What of an agreement decides what can happen to it now. `ending` are the parties that gave notice."""

    state: str
    accepted: frozenset[str] = frozenset()
    ending: frozenset[str] = frozenset()


def can_accept(agreement: AgreementState, organisation_id: str) -> Answer:
    """Whether a party can accept at this moment."""
    if "accept" not in AGREEMENT_STATES[agreement.state][0] and organisation_id not in agreement.accepted:
        return Answer(False, agreement.state, f"This agreement is {STATE_WORDS[agreement.state]}: ask for a new offer.")
    if organisation_id in agreement.accepted:
        return Answer(False, "accepted_already", "Your organisation has accepted this agreement already.")
    if agreement.ending:
        return Answer(False, "notice_given", "Notice was given on this agreement: ask for a new offer.")
    return YES


def can_end(agreement: AgreementState, organisation_id: str, reason: str) -> Answer:
    """Whether a party can give notice at this moment; a reason is needed and published."""
    if "end" not in AGREEMENT_STATES[agreement.state][0]:
        return Answer(
            False, agreement.state, f"This agreement is {STATE_WORDS[agreement.state]}: nothing is left to end."
        )
    if organisation_id in agreement.ending:
        return Answer(False, "notice_given", "Your organisation has given notice already.")
    if not reason.strip():
        return Answer(False, "no_reason", "Give the reason: it is published with the notice.")
    return YES


def appointment_counts(starts_at: datetime, ends_at: datetime | None, now: datetime) -> bool:
    """Whether an appointment counts at `now`: from its first instant, until just before its last."""
    return starts_at <= now and (ends_at is None or now < ends_at)


def waiting_for(agreement: AgreementState, parties: Collection[str]) -> tuple[str, ...]:
    """The parties an offered agreement still waits for; none in any other state."""
    if agreement.state != "offered":
        return ()
    return tuple(party for party in parties if party not in agreement.accepted)
