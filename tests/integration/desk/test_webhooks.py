"""Addresses of the web that people give: inside ones, redirections, slow receivers and ones that drip are no trap."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from commonweal.apps.desk import ways
from commonweal.apps.desk.ways import Letter, web
from commonweal.apps.desk.ways.web import WebBackEnd, leads_inside
from commonweal.core.desk.messages import Outgoing

MESSAGE = Outgoing("Something for you", "Something for you. https://x.example")


def to(*addresses: str) -> list[Letter]:
    return [Letter(str(n), address, MESSAGE) for n, address in enumerate(addresses)]


@contextmanager
def answering(answer: bytes, pause: float = 0.0) -> Iterator[tuple[int, list[bytes]]]:
    """A receiver on loopback that says these bytes one after the other; gives its port and what it was sent."""
    taken: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                wire, _ = listener.accept()
            except OSError:
                return
            with wire:
                taken.append(wire.recv(65536))
                try:
                    for place in range(len(answer)) if pause else ():
                        wire.sendall(answer[place : place + 1])
                        time.sleep(pause)
                    if not pause:
                        wire.sendall(answer)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], taken
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_of_this_network_are_told_apart_in_every_disguise(address: str) -> None:
    assert leads_inside(address)


@pytest.mark.parametrize("address", ["81.2.69.142", "2a00:1450:4009:81f::200e"])
def test_public_addresses_are_public(address: str) -> None:
    assert not leads_inside(address)


def test_a_webhook_that_leads_inside_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_WAY_WEBHOOK", "https")
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, taken):
        inside = to(f"https://127.0.0.1:{port}/", f"https://localhost:{port}/", f"https://[::ffff:127.0.0.1]:{port}/")
        outcomes = ways.back_end("webhook", "live").send(inside)
        assert taken == []
    assert {(each.words, each.bounced) for each in outcomes} == {
        ("the address leads into a network that is not public", True)
    }


def test_what_is_no_address_over_https_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_WAY_WEBHOOK", "https")
    wrong = to(
        "http://elsewhere.example/", "http://127.0.0.1/", "file:///etc/passwd", "https://x:99999/", "https://[::1", ""
    )
    for outcome in ways.back_end("webhook", "live").send(wrong):
        assert (outcome.sent, outcome.bounced) == (False, True)


def test_the_name_is_looked_up_once_and_the_letter_goes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently the second time leads nowhere else: there is no second time."""
    asked: list[str] = []

    def once(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(web, "addresses", once)
    monkeypatch.setattr(web, "LOOPBACK", ("hooks.example",))
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, taken):
        (outcome,) = WebBackEnd("live", reach_inside=True).send(to(f"http://hooks.example:{port}/desk?a=1"))
    assert outcome.delivered
    assert asked == ["hooks.example"]
    assert taken[0].startswith(b"POST /desk?a=1 HTTP/1.1\r\nHost: hooks.example:")


def test_a_redirection_is_not_followed() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (inside, reached):
        answer = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside}/\r\n\r\n".encode()
        with answering(answer) as (port, _):
            (outcome,) = WebBackEnd("live", reach_inside=True).send(to(f"http://127.0.0.1:{port}/"))
        assert reached == []
    assert not outcome.sent
    assert outcome.words.startswith("the receiver answered 302, which is not followed")


def test_a_receiver_that_fails_is_tried_again_and_one_that_is_gone_is_not() -> None:
    found = {}
    for status in (500, 503, 429, 404, 410):
        with answering(f"HTTP/1.1 {status} No\r\n\r\n".encode()) as (port, _):
            (outcome,) = WebBackEnd("live", reach_inside=True).send(to(f"http://127.0.0.1:{port}/"))
        found[status] = outcome.bounced
    assert found == {500: False, 503: False, 429: False, 404: True, 410: True}


def test_a_gateway_that_is_missing_makes_nobodys_number_a_wrong_one() -> None:
    with answering(b"HTTP/1.1 404 Not Found\r\n\r\n") as (port, _):
        (outcome,) = WebBackEnd("live", f"http://127.0.0.1:{port}/").send(to("+447700900123"))
    assert (outcome.sent, outcome.bounced) == (False, False)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 "])
def test_a_receiver_that_is_silent_or_drips_ends_in_time_and_holds_up_no_more_letters(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(web, "WHOLE_SECONDS", 0.6)
    with answering(answer + b"y" * 10_000, pause=0.05 if answer else 1.0) as (port, taken):
        back_end = WebBackEnd("live", reach_inside=True)
        started = time.perf_counter()
        (first,) = back_end.send(to(f"http://127.0.0.1:{port}/"))
        rest = back_end.send(to(*[f"http://127.0.0.1:{port}/"] * 20))
        took = time.perf_counter() - started
    assert not first.sent
    assert not first.bounced
    assert {each.words for each in rest} == {"the receiver did not answer a moment ago"}
    assert took < 3
    assert len(taken) == 1
