"""The words that leave the house: which office has something to open, and by when. Never what it is about.

No subject, figure, place of an outbreak or name of a person can get into them: nothing of the kind is passed in.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from commonweal.core import wording
from commonweal.core.desk.escalation import said_as

ONE_SMS = 160
CUT = ".."
# The letters of one SMS of 160 (GSM 03.38, without those that count twice). Any other letter makes it one of 70.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
STEERING = ("Cc", "Cs")
INSTEAD = {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "..", "\u00a0": " "}


@dataclass(frozen=True)
class Outgoing:
    """A message for one person by one way. `subject` is one line, for e-mail."""

    subject: str
    text: str


def outgoing(
    office: str, due: datetime | None, now: datetime, address: str, *, urgent: bool, stands_in: str = ""
) -> Outgoing:
    """The message about something for `office`; `due` and `now` are local times, `address` is the page behind sign-in.

    `stands_in` says why somebody else than its holder gets it ("deputy", "duty officer"). An office whose name holds
    line breaks is named on one line: nothing in a name becomes a line of its own.
    """
    first = _first(_one_line(office), due, now, urgent=urgent)
    return Outgoing(first.rstrip("."), f"{first}{_second(stands_in)} {address}")


def short(
    office: str, due: datetime | None, now: datetime, address: str, *, urgent: bool, stands_in: str = ""
) -> Outgoing:
    """The same for a telephone: one SMS of at most 160 letters that every telephone knows.

    Where it is too long, first why somebody stands in is left out, then the end of the office's name. With an address
    of more than about 60 letters it may still take two.
    """
    name, by = plain(_one_line(office)), plain(_first("", due, now, urgent=urgent))
    whole = plain(_first(name, due, now, urgent=urgent))
    for text in (f"{whole}{_second(stands_in)} {address}", f"{whole} {address}"):
        if len(text) <= ONE_SMS:
            return Outgoing(whole.rstrip("."), text)
    room = max(ONE_SMS - len(f"{by} {address}") - len(CUT), 1)
    cut = plain(_first(f"{name[:room].rstrip(' ,')}{CUT}", due, now, urgent=urgent))
    return Outgoing(cut.rstrip("."), f"{cut} {address}")


def plain(text: str) -> str:
    """The text in letters of one SMS: accents that it lacks are dropped, a letter that has no likeness becomes '?'."""
    return "".join(letter if letter in GSM else _likeness(letter) for letter in text)


def _likeness(letter: str) -> str:
    if letter in INSTEAD:
        return INSTEAD[letter]
    bare = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
    return bare if bare and all(each in GSM for each in bare) else "?"


def _one_line(text: str) -> str:
    """Without line breaks and other signs that steer a printer or a mail server; these count as spaces."""
    return " ".join("".join(" " if unicodedata.category(each) in STEERING else each for each in text).split())


def _first(office: str, due: datetime | None, now: datetime, *, urgent: bool) -> str:
    by = f", open by {_hour(due, now)}" if due is not None else ""
    return f"{'Urgent: something' if urgent else 'Something'} for {office}{by}."


def _second(stands_in: str) -> str:
    return f" You are told as {said_as(stands_in)}." if stands_in else ""


def _hour(due: datetime, now: datetime) -> str:
    return wording.clock(due) if due.date() == now.date() else f"{wording.clock(due)} on {wording.day(due)}"
