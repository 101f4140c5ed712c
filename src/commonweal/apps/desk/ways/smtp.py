"""E-mail through a server: one connection for a batch. A refused address bounces, everything else is tried again."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import make_msgid
from os import environ
from urllib.parse import unquote, urlsplit

from commonweal.apps.desk.ways import SENT, Letter, Outcome, refuse_unless_live

TIMEOUT_SECONDS = 10.0
PERMANENT = 500  # from here on an answer of the server is final


class SmtpBackEnd:
    """`smtp://user:password@host:port` (STARTTLS where the server offers it) or `smtps://…`."""

    def __init__(self, url: str, kind_of_space: str) -> None:
        refuse_unless_live(kind_of_space)
        self._url = urlsplit(url)
        self._sender = environ.get("COMMONWEAL_MAIL_FROM", f"commonweal@{self._url.hostname or 'localhost'}")

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
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
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, letter.address, letter.message.subject
        mail["Message-ID"] = make_msgid(letter.key, "commonweal")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.message.text)
        try:
            server.send_message(mail)
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
