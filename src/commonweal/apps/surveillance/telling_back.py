"""Whoever told us and gave an e-mail address is told that there is an answer; the answer itself stays on its page."""

from __future__ import annotations

from commonweal.apps.desk import ways
from commonweal.apps.desk.ways import Letter, Outcome
from commonweal.core.desk.messages import Outgoing
from commonweal.web.shell import kind_of_space

SUBJECT = "There is an answer to what you told us"


def send(note: int, address: str, page: str) -> Outcome:
    """Send the message by the desk's way for e-mail. One that does not leave loses nothing: the reference works."""
    words = f"{SUBJECT}. Read it with your reference at {page}. This address has now been deleted here."
    letter = Letter(f"told-us-{note}", address, Outgoing(SUBJECT, words))
    return ways.back_end("email", kind_of_space()).send([letter])[0]
