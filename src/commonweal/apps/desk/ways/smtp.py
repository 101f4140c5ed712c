"""E-mail through a server: a few connections for a batch. A refused address bounces, all else is tried again."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.header import Header
from email.message import Message
from email.utils import make_msgid
from os import environ
from urllib.parse import unquote, urlsplit

from commonweal.apps.desk.ways import SENT, Letter, Outcome, refuse_unless_live

TIMEOUT_SECONDS = 10.0
CONNECTIONS, FEW = 4, 20  # a batch of more than a few letters is shared out over this many connections
PERMANENT = 500  # from here on an answer of the server is final

NOT_TRIED = Outcome(False, "the mail server was not asked")


class SmtpBackEnd:
    """`smtp://user:password@host:port` (STARTTLS where the server offers it) or `smtps://…`."""

    def __init__(self, url: str, kind_of_space: str) -> None:
        refuse_unless_live(kind_of_space)
        self._url = urlsplit(url)
        self._sender = environ.get("COMMONWEAL_MAIL_FROM", f"commonweal@{self._url.hostname or 'localhost'}")

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        if len(letters) <= FEW:
            return self._by_one_connection(letters)
        outcomes: list[Outcome] = [NOT_TRIED] * len(letters)
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            shares = pool.map(self._by_one_connection, [letters[place::CONNECTIONS] for place in range(CONNECTIONS)])
            for place, share in enumerate(shares):
                outcomes[place::CONNECTIONS] = share
        return outcomes

    def _by_one_connection(self, letters: Sequence[Letter]) -> list[Outcome]:
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            return [Outcome(False, f"the mail server does not answer ({type(error).__name__})")] * len(letters)
        try:
            return [self._one(server, letter) for letter in letters]
        finally:
            self._leave(server)

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

    def _one(self, server: smtplib.SMTP, letter: Letter) -> Outcome:
        # The older kind of message: the newer one parses every header that it is given, ten times as long.
        mail = Message()
        mail["From"], mail["To"] = self._sender, letter.address
        mail["Subject"] = Header(letter.message.subject).encode()
        mail["Message-ID"] = make_msgid(letter.key, "commonweal")
        mail["Auto-Submitted"] = "auto-generated"
        text = letter.message.text
        mail.set_payload(text, "us-ascii" if text.isascii() else "utf-8")
        try:
            server.sendmail(self._sender, [letter.address], mail.as_bytes())
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()), (PERMANENT, b""))[0]
            return Outcome(False, f"the mail server refused the address ({code})", bounced=code >= PERMANENT)
        except (smtplib.SMTPException, OSError) as error:
            return Outcome(False, f"the mail server failed ({type(error).__name__})")
        return SENT

    @staticmethod
    def _leave(server: smtplib.SMTP) -> None:
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            server.close()  # it is going anyway; what it took is known
