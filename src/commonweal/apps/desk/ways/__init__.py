"""Ways out of the house: one back-end for each, chosen by the environment. A space that is not live has files only.

| way | setting | may be |
| --- | --- | --- |
| e-mail | COMMONWEAL_WAY_EMAIL | `file`, `smtp://…`, `notify:TEMPLATE` |
| SMS | COMMONWEAL_WAY_SMS | `file`, `https://…` (a gateway), `notify:TEMPLATE` |
| telephone call | COMMONWEAL_WAY_CALL | `file`, `https://…` (a gateway) |
| webhook | COMMONWEAL_WAY_WEBHOOK | `file`, `https` (each person's own address), `https+inside` (also inside) |
| printed list | none | the page “Messages to hand over”, for whoever no other way reaches |
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from commonweal.core.desk.messages import Outgoing
from commonweal.core.errors import Refused

FILE = "file"
WAYS = ("email", "sms", "call", "webhook", "print")


@dataclass(frozen=True)
class Letter:
    """One message on its way. `key` is the same for a repeated attempt and for no other message of any installation, so
    that a receiver can drop the second."""

    key: str
    address: str
    message: Outgoing


@dataclass(frozen=True)
class Outcome:
    """What became of a letter. `bounced`: the address leads nowhere, trying again is useless."""

    sent: bool
    words: str = ""
    bounced: bool = False
    delivered: bool = False


SENT = Outcome(True)


class BackEnd(Protocol):
    """A way out. `send` answers for each letter, in order, and raises nothing that one letter can cause.

    It is given as many letters as it sends side by side, `at_once`: what became of them is written down before it is
    given the next, so that a sender that is killed leaves no more than those in doubt. `close` ends what it kept open.
    """

    at_once: int

    def send(self, letters: Sequence[Letter]) -> list[Outcome]: ...

    def close(self) -> None: ...


def back_end(way: str, kind_of_space: str) -> BackEnd:
    """The back-end of a way. In a space that is not live only files are written, whatever is configured."""
    from commonweal.apps.desk.ways.files import FileBackEnd

    setting = os.environ.get(f"COMMONWEAL_WAY_{way.upper()}", FILE).strip()
    if setting == FILE or way == "print" or kind_of_space != "live":
        return FileBackEnd(way)
    if way == "email" and setting.startswith(("smtp://", "smtps://")):
        from commonweal.apps.desk.ways.smtp import SmtpBackEnd

        return SmtpBackEnd(setting, kind_of_space)
    if setting.startswith("notify:") and way in ("email", "sms"):
        from commonweal.apps.desk.ways.notify import NotifyBackEnd

        return NotifyBackEnd(way, setting.removeprefix("notify:"), kind_of_space)
    if way in ("sms", "call", "webhook") and setting.startswith("http"):
        from commonweal.apps.desk.ways.web import WebBackEnd

        if way != "webhook":
            return WebBackEnd(kind_of_space, setting)
        return WebBackEnd(kind_of_space, reach_inside=setting == "https+inside")
    name = f"COMMONWEAL_WAY_{way.upper()}"
    raise Refused(f"{name} begins with {setting.split(':')[0]!r}, which cannot carry {way}; `file` always can.")


def refuse_unless_live(kind_of_space: str) -> None:
    """Every back-end that leaves this machine calls this when it is made."""
    if kind_of_space != "live":
        raise Refused(f"This is a space of kind {kind_of_space}: nothing of it leaves this machine.")
