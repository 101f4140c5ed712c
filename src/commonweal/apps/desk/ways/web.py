"""Letters posted as JSON: to a gateway for SMS and calls, or to a person's webhook. Signed where a secret is set.

A webhook's address is given by a person, so it may be anything: it is looked up once, refused when it leads into this
network, and the letter goes to the very address that was looked up. No redirection is followed.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import os
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from commonweal.apps.desk.ways import Letter, Outcome, refuse_unless_live

TIMEOUT_SECONDS = 10.0  # for each answer of the receiver
WHOLE_SECONDS = 20.0  # for all of it, however it drips
AT_ONCE = 8
UNKNOWN_NUMBER = 422  # a gateway says so of one number; any other answer of it is about the gateway
LEADS_NOWHERE = (404, 410, 422)  # a person's own address says so of itself
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in other clothes


class WebBackEnd:
    """Posts {"to", "subject", "text", "key"}; an answer of 2xx means delivered to the receiver."""

    at_once = AT_ONCE

    def __init__(self, kind_of_space: str, gateway: str = "", *, reach_inside: bool = False) -> None:
        """`gateway` takes every letter; empty: each letter goes to its own address, which may lie inside one's own
        network only with `reach_inside`."""
        refuse_unless_live(kind_of_space)
        self._gateway, self._reach_inside = gateway, reach_inside or bool(gateway)
        self._secret = os.environ.get("COMMONWEAL_WAY_SECRET", "").encode()
        self._silent: set[str] = set()

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        if len(letters) == 1:
            return [self._one(letters[0])]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._one, letters))

    def close(self) -> None:
        """Every letter has a connection of its own."""

    def _one(self, letter: Letter) -> Outcome:
        try:
            parts = urlsplit(self._gateway or letter.address)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return Outcome(False, "the address is no address of the web", bounced=not self._gateway)
        host = parts.hostname or ""
        local = parts.scheme == "http" and host in LOOPBACK and self._reach_inside
        if not host or not (parts.scheme == "https" or local):
            return Outcome(False, "the address does not begin with https", bounced=not self._gateway)
        if host in self._silent:
            return Outcome(False, "the receiver did not answer a moment ago")
        try:
            found = addresses(host, port)
            if not self._reach_inside and any(leads_inside(each) for each in found):
                return Outcome(False, "the address leads into a network that is not public", bounced=True)
            return self._answered(self._post(parts, found[0], port, letter))
        except (OSError, HTTPException, ValueError) as error:
            self._silent.add(host)
            return Outcome(False, f"the receiver does not answer ({type(error).__name__})")

    def _answered(self, status: int) -> Outcome:
        if 200 <= status < 300:
            return Outcome(True, delivered=True)
        bounced = status == UNKNOWN_NUMBER if self._gateway else status in LEADS_NOWHERE
        moved = ", which is not followed: enter the address that it leads to" if 300 <= status < 400 else ""
        return Outcome(False, f"the receiver answered {status}{moved}", bounced=bounced)

    def _post(self, parts: SplitResult, address: str, port: int, letter: Letter) -> int:
        """Post a letter to an address that was looked up; returns the status of the answer."""
        text = {"to": letter.address, "subject": letter.message.subject, "text": letter.message.text, "key": letter.key}
        body = json.dumps(text).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.key, "Connection": "close"}
        if self._secret:
            headers["X-Signature-SHA256"] = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        connection = HTTPConnection(parts.hostname or "", port, timeout=TIMEOUT_SECONDS)
        connection.default_port = 443 if parts.scheme == "https" else 80
        connection.sock = socket.create_connection((address, port), TIMEOUT_SECONDS)
        end = Timer(WHOLE_SECONDS, _hang_up, [connection])
        end.start()
        try:
            if parts.scheme == "https":
                tls = ssl.create_default_context()
                connection.sock = tls.wrap_socket(
                    connection.sock, server_hostname=parts.hostname, do_handshake_on_connect=False
                )
                connection.sock.do_handshake()
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        finally:
            end.cancel()
            connection.close()


def addresses(host: str, port: int) -> list[str]:
    """Every address that a name leads to now."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def leads_inside(address: str) -> bool:
    """Whether an address is none of the public internet: this machine, this network, or one in disguise."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is not None:
            found = inner
        elif found in TRANSLATED or found.teredo is not None:
            return True
    return not found.is_global or found.is_multicast


def _hang_up(connection: HTTPConnection) -> None:
    """What still waits for the receiver gets an error at once."""
    if connection.sock is not None:
        with suppress(OSError):  # it had gone already
            connection.sock.shutdown(socket.SHUT_RDWR)
