"""Letters posted as JSON: to a gateway for SMS and calls, or to a person's webhook. Signed where a secret is set."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from commonweal.apps.desk.ways import Letter, Outcome, refuse_unless_live

TIMEOUT_SECONDS = 10.0
AT_ONCE = 8
LEADS_NOWHERE = (404, 410, 422)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class WebBackEnd:
    """Posts {"to", "subject", "text", "key"}; an answer of 2xx means delivered to the receiver."""

    def __init__(self, gateway: str, kind_of_space: str) -> None:
        """`gateway` takes every letter; empty: each letter goes to its own address."""
        refuse_unless_live(kind_of_space)
        self._gateway = gateway
        self._secret = os.environ.get("COMMONWEAL_WAY_SECRET", "").encode()

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._one, letters))

    def _one(self, letter: Letter) -> Outcome:
        url = self._gateway or letter.address
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            return Outcome(False, "the address does not begin with https", bounced=True)
        text = {"to": letter.address, "subject": letter.message.subject, "text": letter.message.text, "key": letter.key}
        body = json.dumps(text).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.key}
        if self._secret:
            headers["X-Signature-SHA256"] = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        try:
            with urlopen(Request(url, body, headers), timeout=TIMEOUT_SECONDS):  # noqa: S310 - the scheme was checked
                return Outcome(True, delivered=True)
        except HTTPError as error:
            bounced = error.code in LEADS_NOWHERE
            return Outcome(False, f"the receiver answered {error.code}", bounced=bounced)
        except (URLError, OSError) as error:
            return Outcome(False, f"the receiver does not answer ({type(error).__name__})")
