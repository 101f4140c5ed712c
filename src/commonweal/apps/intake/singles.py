"""Single records by HTTP, taken in without leaving the event loop: the short way of `send_api.send_results`.

A sender whose token is remembered and whose body is short JSON is answered without a thread, a router or a request
object; what it is told is the same. All else, and all that is refused, goes the ordinary way and is answered there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from commonweal.apps.intake import feeds, sources
from commonweal.apps.intake.actions import Receipt
from commonweal.apps.intake.gather import ANSWER_SECONDS, gatherer
from commonweal.apps.intake.send_api import answer_document, made_ready, provenance_of
from commonweal.apps.intake.together import Ready
from commonweal.core.errors import CommonwealError
from commonweal.web.live import in_thread

logger = logging.getLogger(__name__)
RESULTS = re.compile(r"/api/v1/feeds/([a-z0-9-]+)/results")
SHORT_BODY = 8_192  # a dozen records: checking them takes a few milliseconds, in which no open page is written to
BEARER = len("Bearer ")


async def taken_at_once(scope: Mapping[str, Any], body: bytes) -> bytes | None:
    """The answer's JSON; None when the ordinary way must answer (nothing was written then).

    `scope` is that of a POST with a bearer's token.
    """
    ready = _ready(scope, body)
    if ready is None:
        return None
    answer = _Awaited(_outbox(asyncio.get_running_loop()))
    gatherer().hand_over(ready, answer)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            receipt = await answer.future
    except CommonwealError:
        return None  # nothing was written; the ordinary way says why
    except Exception:
        # the same bytes are taken once, whatever went wrong: the ordinary way answers for them, or says what failed
        logger.warning("a record goes the ordinary way", exc_info=True)
        return None
    if receipt.records is None:
        document = await in_thread(lambda: answer_document(receipt))
    else:
        document = answer_document(receipt)
    return json.dumps(document).encode()


def _ready(scope: Mapping[str, Any], body: bytes) -> Ready | None:
    address = RESULTS.fullmatch(scope["path"])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    kind = headers.get("content-type", "").split(";")[0]
    said_once = len(headers) == len(scope["headers"])
    if address is None or kind != "application/json" or not said_once or len(body) > SHORT_BODY:
        return None
    door = feeds.known_door(headers["authorization"][BEARER:], address[1])
    if door is None:
        return None
    try:
        return made_ready(sources.from_body(body, provenance_of(headers), is_json=True), address[1], door)
    except CommonwealError:
        return None


class _Outbox:
    """Receipts on their way from the writing thread to one event loop: those of a group wake it once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._told: list[tuple[asyncio.Future[Receipt], Receipt | BaseException]] = []

    def future(self) -> asyncio.Future[Receipt]:
        return self._loop.create_future()

    def put(self, future: asyncio.Future[Receipt], told: Receipt | BaseException) -> None:
        with self._lock:
            self._told.append((future, told))
            first = len(self._told) == 1
        if first:
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            told, self._told = self._told, []
        for future, each in told:
            if future.done():  # the sender went away, or waited too long
                continue
            if isinstance(each, BaseException):
                future.set_exception(each)
            else:
                future.set_result(each)


class _Awaited:
    """One submission's answer, awaited in the event loop."""

    def __init__(self, outbox: _Outbox) -> None:
        self._outbox = outbox
        self.future = outbox.future()

    def set_result(self, result: Receipt, /) -> None:
        self._outbox.put(self.future, result)

    def set_exception(self, exception: BaseException, /) -> None:
        self._outbox.put(self.future, exception)


@lru_cache(maxsize=1)
def _outbox(loop: asyncio.AbstractEventLoop) -> _Outbox:
    return _Outbox(loop)
