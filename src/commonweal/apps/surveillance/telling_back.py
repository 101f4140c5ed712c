"""Whoever told us and gave an e-mail address is told that there is an answer, or that their words were hidden; what it
is stays on the page of their reference.

The address is sealed until then under the key that also seals identifiers, and removed in the transaction in which the
message left. While the mail server is down it waits, until retention ends it.
"""

from __future__ import annotations

from django.conf import settings

from commonweal.apps.desk import ways
from commonweal.apps.desk.ways import Letter, Outcome
from commonweal.apps.intake import rulebook
from commonweal.core.desk.messages import Outgoing
from commonweal.core.intake.sealing import Sealed
from commonweal.web import db
from commonweal.web.shell import kind_of_space

CLAIM = "select * from surveillance.next_contact(%s::bigint)"
CLAIM_HIDDEN = "select * from surveillance.next_hidden_contact(%s::bigint)"
NEXT = "select note_id from surveillance.next_contact(%s::bigint)"
SUBJECT = "There is an answer to what you told us"
WORDS = "Read it with your reference at {page}. This address has now been deleted here."
HIDDEN = "What you told us is no longer shown to anybody"
WORDS_OF_HIDING = (
    "Read who hid it, why, and how to tell it again, with your reference at {page}. An answer still comes."
)


def sealed(email: str, reference: str) -> tuple[int, bytes, bytes]:
    """(key, wrapped data key, ciphertext) of an address, bound to the reference of its note."""
    ring = rulebook.key_ring()
    (made,) = ring.sealer.seal([email.encode()], [reference.encode()], ring.random_bytes)
    return ring.sealer.key_id, made.wrapped_key, made.payload


def deliver(only: int | None = None) -> int:
    """Tell everybody whose note was answered and whose address is still here (or of one note); returns how many.

    An address that bounces is removed too: the reference still leads to the answer.
    """
    told, last = 0, 0 if only is None else only - 1
    while (waits := db.value("app", NEXT, [last])) is not None and only in (None, waits):
        with db.recorded("app") as write:
            found = db.fetch(write.cursor, CLAIM, [waits - 1])
            last = waits
            if not found or found[0]["note_id"] != waits:  # another one is telling them at this moment
                continue
            outcome = _send(str(waits), _opened(found[0]), SUBJECT, WORDS)
            if outcome.sent or outcome.bounced:
                how = "told" if outcome.sent else "the address leads nowhere"
                write.cursor.execute("select surveillance.forget_contact(%s::bigint, %s)", [waits, how])
                told += outcome.sent
    return told


def deliver_hidden() -> int:
    """Tell everybody whose note still waits, and whose words were hidden more than ten minutes ago, that they are, by
    whom and why stands on the page of the reference; returns how many. The address stays here for the answer."""
    told, last = 0, 0
    while True:
        with db.recorded("app") as write:
            found = db.fetch(write.cursor, CLAIM_HIDDEN, [last])
            if not found:
                return told
            last = found[0]["note_id"]
            outcome = _send(f"hidden-{last}", _opened(found[0]), HIDDEN, WORDS_OF_HIDING)
            if outcome.sent or outcome.bounced:
                write.cursor.execute("select surveillance.told_of_hiding(%s::bigint, %s)", [last, outcome.bounced])
                told += outcome.sent


def _opened(row: dict[str, object]) -> str:
    message = Sealed(bytes(row["wrapped_key"]), bytes(row["payload"]))  # type: ignore[call-overload]
    return rulebook.sealer(int(str(row["key_id"]))).open(message, str(row["reference"]).encode()).decode()


def _send(number: str, address: str, subject: str, words: str) -> Outcome:
    page = f"{settings.PUBLIC_ADDRESS}/tell-us"
    letter = Letter(f"told-us-{number}", address, Outgoing(subject, f"{subject}. {words.format(page=page)}"))
    return ways.back_end("email", kind_of_space()).send([letter])[0]
