"""Whoever told us and gave an e-mail address is told that there is an answer; the answer itself stays on its page.

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
NEXT = "select note_id from surveillance.next_contact(%s::bigint)"
SUBJECT = "There is an answer to what you told us"


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
            outcome = _send(waits, _opened(found[0]), f"{settings.PUBLIC_ADDRESS}/tell-us")
            if outcome.sent or outcome.bounced:
                how = "told" if outcome.sent else "the address leads nowhere"
                write.cursor.execute("select surveillance.forget_contact(%s::bigint, %s)", [waits, how])
                told += outcome.sent
    return told


def _opened(row: dict[str, object]) -> str:
    message = Sealed(bytes(row["wrapped_key"]), bytes(row["payload"]))  # type: ignore[call-overload]
    return rulebook.sealer(int(str(row["key_id"]))).open(message, str(row["reference"]).encode()).decode()


def _send(note: int, address: str, page: str) -> Outcome:
    words = f"{SUBJECT}. Read it with your reference at {page}. This address has now been deleted here."
    letter = Letter(f"told-us-{note}", address, Outgoing(SUBJECT, words))
    return ways.back_end("email", kind_of_space()).send([letter])[0]
