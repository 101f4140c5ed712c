"""How the desk says clocks, states and ways."""

from __future__ import annotations

from datetime import datetime

from commonweal.core import wording
from commonweal.core.desk.escalation import said_as
from commonweal.web import times
from commonweal.web.pages import Help

SEVERITIES = {1: "Now", 2: "Today", 3: "For information"}
WAYS = {
    "page": "on the page", "email": "by e-mail", "sms": "by SMS",
    "call": "by telephone", "webhook": "by webhook", "print": "on paper",
}  # fmt: skip
HELP = Help(
    "What waits for you and your offices, what you were told, and who is on duty.",
    (
        (
            "Acknowledge",
            "You have read it and it is in your hands. The first person who does so ends the search for one.",
        ),
        ("By clock", "The nearest time comes first. A time that has passed is shown with how long ago."),
        ("Duty officer", "Who answers when neither the holder of an office nor a deputy does."),
        ("Next in line", "Another office of your organisation, asked because nobody before it answered."),
    ),
    "The duty officer named on Today.",
)


def clock(due: datetime | None, now: datetime) -> str:
    """'by 12 noon', 'by 9am on Monday 1 June', '2 hours overdue', or that there is none."""
    if due is None:
        return "no clock"
    if due <= now:
        return f"{wording.hours((now - due).total_seconds() / 3600)} overdue"
    here, today = times.local(due), times.local(now).date()
    by = f"by {wording.clock(here)}"
    return by if here.date() == today else f"{by} on {wording.day(here.date())}"


def number(count: int) -> str:
    """A small number in words at the start of a sentence."""
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return words[count] if count < len(words) else wording.thousands(count)


def name_of(office: str, capacity: str | None) -> str:
    """An office with the capacity in which somebody acts for it, where that is not its holder's."""
    return office if capacity in (None, "holder") else f"{office} ({said_as(str(capacity))})"
