"""The site's own handler: an answer from a thread, a stream from the loop that ends when its reader goes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import django
import pytest
from django.apps import apps
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from commonweal.web.threads import ForPrograms, ThreadedHandler, in_progress

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


def visit(
    handler: ThreadedHandler, *, leaves_after: float | None = None, body: bytes = b"", **scope: Any
) -> list[dict[str, Any]]:
    """What the handler sends; the reader leaves after so many seconds. `scope` says what is special of the request."""
    sent: list[dict[str, Any]] = []

    async def go() -> None:
        given: Iterator[dict[str, Any]] = iter(
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

        await asyncio.wait_for(handler({**SCOPE, **scope}, receive, send), 10)

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


TOKEN = (b"authorization", b"Bearer of-nobody")
HOST = (b"host", b"localhost")


@pytest.mark.parametrize(
    ("path", "headers", "programs"),
    [
        ("/api/v1/feeds/lab-one/results", [HOST, TOKEN], True),
        ("/api/v1/feeds/lab-one/results", [HOST, (b"authorization", b"bearer x")], True),
        ("/api/v1/feeds/lab-one/results", [HOST], False),
        ("/api/v1/results", [HOST, TOKEN, (b"cookie", b"sessionid=x")], False),
        ("/my-area", [HOST, TOKEN], False),
        ("/api/v1/results", [HOST, (b"authorization", b"Basic eA==")], False),
    ],
)
def test_only_a_token_below_the_interface_is_answered_without_what_pages_need(
    path: str, headers: list[tuple[bytes, bytes]], programs: bool
) -> None:
    assert ForPrograms.answers({**SCOPE, "path": path, "headers": headers}) is programs


def test_every_operation_of_the_interface_asks_who_sends() -> None:
    """The short way has no sign-in of its own: an operation without a way to tell who asks would be open to all."""
    from commonweal.site.api import api

    operations = [
        operation
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    ]
    assert len(operations) >= 2
    assert all(operation.auth_callbacks for operation in operations)
