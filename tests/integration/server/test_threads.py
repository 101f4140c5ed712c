"""The site's own handler: an answer from a thread, a stream from the loop that ends when its reader goes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import django
from django.apps import apps
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from commonweal.web.threads import ThreadedHandler, in_progress

if not apps.ready:
    django.setup()

SCOPE = {
    "type": "http", "method": "POST", "path": "/x", "raw_path": b"/x", "query_string": b"", "root_path": "",
    "scheme": "http", "headers": [(b"host", b"localhost"), (b"content-type", b"text/plain")], "server": ("localhost", 80),
    "client": ("127.0.0.1", 1), "http_version": "1.1",
}  # fmt: skip


class Handler(ThreadedHandler):
    """Answers by a function instead of the site's views."""

    def __init__(self, view: Any) -> None:
        super().__init__(threads=2)
        self.view = view

    def get_response(self, request: HttpRequest) -> Any:
        return self.view(request)


def visit(handler: ThreadedHandler, *, leaves_after: float | None = None, body: bytes = b"") -> list[dict[str, Any]]:
    """What the handler sends; the reader leaves after so many seconds."""
    sent: list[dict[str, Any]] = []

    async def go() -> None:
        given = iter(
            [{"type": "http.request", "body": body[:3], "more_body": True}, {"type": "http.request", "body": body[3:]}]
        )

        async def receive() -> dict[str, Any]:
            message = next(given, None)
            if message is None:
                await asyncio.sleep(60 if leaves_after is None else leaves_after)
                return {"type": "http.disconnect"}
            return message

        async def send(message: Any) -> None:
            sent.append(dict(message))

        await asyncio.wait_for(handler(dict(SCOPE), receive, send), 10)

    asyncio.run(go())
    return sent


def test_an_answer_comes_from_a_thread_with_its_body_and_headers() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        assert in_progress.sending == 1
        answer = HttpResponse(request.read() + threading.current_thread().name.encode())
        answer["X-Said"] = "yes"
        answer.set_cookie("a", "b")
        return answer

    start, body = visit(Handler(view), body=b"hello")
    assert start["status"] == 200
    assert (b"X-Said", b"yes") in start["headers"]
    assert any(name == b"Set-Cookie" and value.startswith(b"a=b") for name, value in start["headers"])
    assert body["body"].startswith(b"hellorequest")
    assert in_progress.sending == 0


def test_a_stream_ends_when_its_reader_goes() -> None:
    ended = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"."
                await asyncio.sleep(0.01)
        finally:
            ended.append(True)

    sent = visit(Handler(lambda _: StreamingHttpResponse(pieces())), leaves_after=0.2)
    assert [message["body"] for message in sent[1:4]] == [b".", b".", b"."]
    assert ended == [True]


def test_a_stream_that_ends_by_itself_says_so() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"

    sent = visit(Handler(lambda _: StreamingHttpResponse(pieces())))
    assert [message.get("body") for message in sent[1:]] == [b"one", b""]
