"""The words that leave the house: which office has something to open, and by when. Never what it is about.

No subject, figure, place of an outbreak or name of a person can get into them: nothing of the kind is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commonweal.core import wording


@dataclass(frozen=True)
class Outgoing:
    """A message for one person by one way. `subject` is for e-mail; `text` fits one SMS of 160 signs where it can."""

    subject: str
    text: str


def outgoing(
    office: str, due: datetime | None, now: datetime, address: str, *, urgent: bool, stands_in: str = ""
) -> Outgoing:
    """The message about something for `office`; `due` and `now` are local times, `address` is the page behind sign-in.

    `stands_in` says why somebody else than its holder gets it ("deputy", "duty officer").
    """
    by = f", open by {_hour(due, now)}" if due is not None else ""
    first = f"{'Urgent: something' if urgent else 'Something'} for {office}{by}."
    second = f" You are told as {stands_in}." if stands_in else ""
    return Outgoing(first.rstrip("."), f"{first}{second} {address}")


def _hour(due: datetime, now: datetime) -> str:
    return wording.clock(due) if due.date() == now.date() else f"{wording.clock(due)} on {wording.day(due)}"
