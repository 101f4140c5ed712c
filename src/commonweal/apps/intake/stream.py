"""The live part of *My area*: what became known since the reader's last event, read again in the reader's own scope.

Readers with the same codes who wait for the same instants share one reading: the answer is the same for all of them,
and each has an entry of their own in the access record for the minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

from commonweal.apps.access.scope import StreamScope
from commonweal.apps.intake import area, latency
from commonweal.core.errors import NotAllowed
from commonweal.web import db, live
from commonweal.web.live import in_thread, relay

GATHER_SECONDS = 0.2
CHECK_SECONDS = 4.0
ENTER_SECONDS = 60.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Reading:
    """What became known between two instants: as it is sent (nothing when nothing did), and its oldest commit."""

    event: bytes
    first_known: datetime


class Shared:
    """Freezes and readings that several open pages of one process use together."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._frozen: tuple[float, datetime] | None = None
        self._readings: dict[tuple[object, ...], asyncio.Future[Reading]] = {}

    async def freeze_after(self, moment: float) -> tuple[float, datetime]:
        """When a freeze began, not before this monotonic moment, and its as-of; the first makes it for all who wait."""
        async with self._lock:
            if self._frozen is None or self._frozen[0] < moment:
                # pages that were woken together ask in the same round of the loop: what begins after it is for all
                await asyncio.sleep(0)
                started = time.monotonic()
                self._frozen = (started, await in_thread(db.freeze))
            return self._frozen

    async def reading(self, key: tuple[object, ...], work: Callable[[], Reading]) -> Reading:
        """The reading for a key, made once; the newest 200 are kept."""
        if key not in self._readings:
            self._readings[key] = asyncio.ensure_future(in_thread(work))
            for old in list(self._readings)[:-200]:
                del self._readings[old]
        try:
            return await asyncio.shield(self._readings[key])
        except Exception:
            self._readings.pop(key, None)
            raise


@cache
def _shared(loop: asyncio.AbstractEventLoop) -> Shared:
    return Shared()


async def events(stream: StreamScope, since: datetime, tier: str) -> AsyncIterator[bytes]:
    """Server-sent events of one open page; `since` is the as-of that the page shows, `tier` whose latency it counts to.

    Ends when the appointment does.
    """
    codes = frozenset(await in_thread(stream.enter))
    entered = checked = time.monotonic()
    subscription = relay().subscribe(codes)
    shared = _shared(asyncio.get_running_loop())
    try:
        yield live.comment("open")
        async for changed in live.wakes(subscription, gather=GATHER_SECONDS, quiet=CHECK_SECONDS):
            now = time.monotonic()
            if now - checked >= CHECK_SECONDS:
                checked = now
                if not await in_thread(stream.still_appointed):
                    yield live.sse("closed", {"reason": "You no longer hold this office."})
                    return
            if now - entered >= ENTER_SECONDS:
                entered = now
                await in_thread(stream.enter)
            if not changed:
                yield live.comment("quiet")
                continue
            frozen, as_of = await shared.freeze_after(now)
            if as_of <= since:
                continue
            key = (tuple(sorted(codes)), since, as_of)
            reading = await shared.reading(key, _reader(stream, since, as_of))
            since = as_of
            if reading.event:
                yield reading.event
                waited = (as_of - reading.first_known).total_seconds()
                latency.log.note(tier, waited + time.monotonic() - frozen)
            if latency.log.is_due:
                await in_thread(latency.log.keep)
    except NotAllowed as refusal:
        yield live.sse("closed", {"reason": str(refusal)})
    finally:
        relay().unsubscribe(subscription)


def _reader(stream: StreamScope, since: datetime, as_of: datetime) -> Callable[[], Reading]:
    def read() -> Reading:
        with stream.read() as scope:
            found = area.arrived(scope, since, as_of)
        told = {"as_of": as_of, "since": since, **found}
        event = live.sse("counts", told, as_of.astimezone(UTC).isoformat()) if found["new"] else b""
        return Reading(event, found["first_known"] or as_of)

    return read
