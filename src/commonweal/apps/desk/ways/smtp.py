"""E-mail through a server: a few connections kept for a batch. A refused address bounces, all else is tried again."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.errors import MessageError
from email.header import Header
from email.message import Message
from email.utils import formatdate
from os import environ
from urllib.parse import unquote, urlsplit

from commonweal.apps.desk.ways import SENT, Letter, Outcome, refuse_unless_live
from commonweal.core.errors import Refused

TIMEOUT_SECONDS = 10.0
CONNECTIONS = 4
LETTERS = 4  # over each connection before what became of them is written down, which waits for the database
PERMANENT = 500  # from here on an answer of the server is final
PRINTABLE = re.compile(r"[!-~]+")  # a line break in an address would be read as a command
PATIENCE = 3  # so often in a row may no answer come at all before a server counts as down for this batch


class SmtpBackEnd:
    """`smtp://user:password@host:port` (STARTTLS where the server offers it) or `smtps://…`."""

    at_once = CONNECTIONS * LETTERS

    def __init__(self, url: str, kind_of_space: str) -> None:
        refuse_unless_live(kind_of_space)
        self._url = urlsplit(url)
        self._sender = environ.get("COMMONWEAL_MAIL_FROM", f"commonweal@{self._url.hostname or 'localhost'}")
        if not self._sender.isascii():
            raise Refused(f"COMMONWEAL_MAIL_FROM is {self._sender!r}; mail needs a sender in plain ASCII letters.")
        self._open: dict[int, smtplib.SMTP] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._silent = 0

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        if len(letters) == 1:
            return [self._over(0, letters[0])]
        self._pool = self._pool or ThreadPoolExecutor(CONNECTIONS)
        places = range(min(CONNECTIONS, len(letters)))
        shares = list(self._pool.map(self._share, places, [letters[place::CONNECTIONS] for place in places]))
        return [shares[n % CONNECTIONS][n // CONNECTIONS] for n in range(len(letters))]

    def close(self) -> None:
        """Say goodbye on every connection."""
        if self._pool is not None:
            self._pool.shutdown()
        for server in self._open.values():
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()  # it is going anyway; what it took is known
        self._open.clear()

    def _share(self, place: int, letters: Sequence[Letter]) -> list[Outcome]:
        """Send some letters one after the other over the connection at a place: no two of them at the same time."""
        return [self._over(place, letter) for letter in letters]

    def _over(self, place: int, letter: Letter) -> Outcome:
        """Send one letter over the connection at a place, opened where there is none."""
        if self._silent >= PATIENCE:
            return Outcome(False, "the mail server did not answer a moment ago")
        try:
            server = self._open.get(place) or self._connect()
        except (OSError, smtplib.SMTPException) as error:
            self._silent += 1
            return Outcome(False, f"the mail server does not answer ({type(error).__name__})")
        self._open[place] = server
        outcome = self._one(server, letter)
        if outcome is None:
            self._silent += 1
            self._open.pop(place).close()
            return Outcome(False, "the mail server did not finish its answer")
        self._silent = 0
        return outcome

    def _connect(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "localhost", self._url.port or 0
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_SECONDS)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=TIMEOUT_SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server

    def _one(self, server: smtplib.SMTP, letter: Letter) -> Outcome | None:
        """What the server said of a letter; None when the connection broke."""
        try:
            server.sendmail(self._sender, [letter.address], self._written(letter))
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()), (PERMANENT, b""))[0]
            return Outcome(False, f"the mail server refused the address ({code})", bounced=code >= PERMANENT)
        except smtplib.SMTPResponseException as error:
            return Outcome(False, f"the mail server answered {error.smtp_code}")
        except smtplib.SMTPNotSupportedError:
            return Outcome(False, "the mail server cannot take what was asked of it")
        except (smtplib.SMTPException, OSError):
            return None
        except (ValueError, MessageError):
            # of the address or the subject: no server is asked, and no other letter held up
            return Outcome(False, "the address has signs that mail cannot carry", bounced=True)
        return SENT

    def _written(self, letter: Letter) -> bytes:
        # The older kind of message: the newer one parses every header that it is given, ten times as long.
        mail = Message()
        if not PRINTABLE.fullmatch(letter.address):
            raise ValueError("an address with signs that mail cannot carry")
        mail["From"], mail["To"] = self._sender, letter.address
        mail["Subject"] = Header(letter.message.subject).encode()
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = f"<{letter.key}@{self._sender.rpartition('@')[2] or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"
        text = letter.message.text
        mail.set_payload(text, "us-ascii" if text.isascii() else "utf-8")
        return mail.as_bytes()
