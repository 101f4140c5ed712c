"""The site as a server application: each request is answered by one of a fixed number of threads.

All of the site is written without `async`; only event streams stay open, and those run in the event loop. Django's own
handler passes every request several times between the loop and threads that it starts for that request alone, each
with database connections of its own. Here a request is handed over once, to a thread that keeps its connections.

Programs that send a token are answered without what only pages need: no session or form is looked for, and a thread's
connections are looked at once a second instead of twice a request.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import cached_property
from typing import IO, Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.middleware.security import SecurityMiddleware
from django.urls import set_script_prefix

THREADS = 12
PROGRAMS = "/api/"
LOOK_SECONDS = 1.0  # how often a thread that answers programs looks whether its connections are sound
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Answers a program's request (its scope and body) in the event loop with JSON; None: it must go the ordinary way.
# It may compute for a millisecond, and neither reads the database nor waits otherwise than asynchronously.
AtOnce = Callable[[Message, bytes], Awaitable[bytes | None]]


class InProgress:
    """How many requests that send something are being answered by this process at this moment."""

    def __init__(self) -> None:
        self.sending = 0


in_progress = InProgress()  # changed in the event loop's thread alone


class ForPrograms(BaseHandler):
    """Answers requests that carry a token: it alone tells who asks, so neither session, form nor office is sought."""

    def __init__(self) -> None:
        super().__init__()
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        inside: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        self._middleware_chain = convert_exception_to_response(SecurityMiddleware(_never_stored(inside)))
        self._looked = threading.local()

    @staticmethod
    def answers(scope: Message) -> bool:
        """Whether a request is a program's: below `/api/`, with a bearer's token and without cookies."""
        names = {name: value for name, value in scope["headers"] if name in (b"authorization", b"cookie")}
        return (
            scope["path"].startswith(PROGRAMS)
            and b"cookie" not in names
            and names.get(b"authorization", b"")[:7].lower() == b"bearer "
        )

    @cached_property
    def headers_of_json(self) -> list[tuple[bytes, bytes]]:
        """The headers that every answer to a program has, for one in JSON."""
        answered = SecurityMiddleware(_never_stored(lambda _: HttpResponse(content_type="application/json")))
        response: Any = answered(HttpRequest())
        return _headers(response)

    def look_at_connections(self) -> None:
        """Close what is broken or too old of this thread's connections, once in a while."""
        now = time.monotonic()
        if now - getattr(self._looked, "at", 0.0) >= LOOK_SECONDS:
            self._looked.at = now
            close_old_connections()


def _never_stored(inside: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answers to programs are for them alone, and nothing in them is to be shown as a page."""

    def outside(request: HttpRequest) -> HttpResponse:
        response = inside(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        return response

    return outside


class ThreadedHandler(ASGIHandler):
    """Answers requests in threads, and sends what asynchronous responses yield until the reader goes away."""

    def __init__(self, threads: int = THREADS, at_once: AtOnce | None = None) -> None:
        BaseHandler.__init__(self)
        self._at_once = at_once
        self.load_middleware(is_async=False)
        self._programs = ForPrograms()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"This site answers HTTP, not {scope['type']!r}.")
        if self._at_once is not None and scope["method"] == "POST" and self._programs.answers(scope):
            message = await receive()
            if await self._answered_at_once(scope, message, send):
                return
            receive = _beginning_with(message, receive)
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        sends = scope["method"] == "POST"
        in_progress.sending += sends
        try:
            answer = self._answer_program if self._programs.answers(scope) else self._answer
            response, content = await loop.run_in_executor(self._threads, answer, scope, body)
        finally:
            in_progress.sending -= sends
        await send({"type": "http.response.start", "status": response.status_code, "headers": _headers(response)})
        if content is None and isinstance(response, StreamingHttpResponse):
            await _send_stream(aiter(response), receive, send)
            await loop.run_in_executor(self._threads, response.close)
        else:
            await send({"type": "http.response.body", "body": content or b""})

    async def _answered_at_once(self, scope: Message, message: Message, send: Send) -> bool:
        """Whether a program's request that came whole could be answered without a thread."""
        if self._at_once is None or message["type"] != "http.request" or message.get("more_body"):
            return False
        content = await self._at_once(scope, message.get("body", b""))
        if content is None:
            return False
        headers = [*self._programs.headers_of_json, (b"Content-Length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})
        return True

    def _answer_program(self, scope: Message, body: IO[bytes]) -> tuple[HttpResponseBase, bytes | None]:
        """As `_answer`, for a program with a token."""
        set_script_prefix(get_script_prefix(scope))
        self._programs.look_at_connections()
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self._programs.get_response(request)
        try:
            return response, b"".join(response)
        finally:
            body.close()

    def _answer(self, scope: Message, body: IO[bytes]) -> tuple[HttpResponseBase, bytes | None]:
        """The response and its content; None for the content of a stream, all else is finished."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if response.streaming and response.is_async:
            signals.request_finished.send(sender=self.__class__)  # the stream uses other connections than the view did
            return response, None
        try:
            return response, b"".join(response)
        finally:
            response.close()
            body.close()


async def _send_stream(pieces: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send until the stream ends or the reader closes."""

    async def sending() -> None:
        async with aclosing(pieces) as open_pieces:  # type: ignore[type-var]
            async for piece in open_pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    tasks = [asyncio.ensure_future(sending()), asyncio.ensure_future(_closed(receive))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]


async def _closed(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _beginning_with(message: Message, receive: Receive) -> Receive:
    """A message that was received already, then the following ones."""
    first = iter((message,))

    async def again() -> Message:
        return next(first, None) or await receive()

    return again


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    cookies = [
        (b"Set-Cookie", cookie.output(header="").strip().encode("ascii")) for cookie in response.cookies.values()
    ]
    return [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()] + cookies
