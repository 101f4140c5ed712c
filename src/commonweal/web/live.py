"""Live push: one listener a process hears of new ticks and wakes the open pages they concern.

Only that something changed travels here: the tick and the codes it touched. What a page then shows is read again in
its reader's own scope. Lost notifications cost nothing: the listener also looks at the ticks once a second.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import psycopg
from django.db import close_old_connections

from commonweal.server import provider

CHANNEL = "cw_tick"
LOOK_SECONDS = 1.0
RETRY_SECONDS = 1.0
THREADS = 4
Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Touched:
    """A tick and the lower-tier codes it touched; None means many."""

    tick: int
    codes: frozenset[str] | None

    def concerns(self, codes: frozenset[str]) -> bool:
        return self.codes is None or not self.codes.isdisjoint(codes)


def read_payload(text: str) -> Touched | None:
    """A notification's text, or None when it is not one of ours."""
    try:
        document = json.loads(text)
        codes = document["codes"]
        return Touched(int(document["tick"]), None if codes is None else frozenset(map(str, codes)))
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(eq=False)
class Subscription:
    """One open page: woken when a tick concerns its codes."""

    codes: frozenset[str]
    loop: asyncio.AbstractEventLoop
    event: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.event.set()


class Relay:
    """The listener of one process. Its thread starts with the first subscription."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._subscriptions: set[Subscription] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def subscribe(self, codes: frozenset[str]) -> Subscription:
        """Register the running task's page."""
        subscription = Subscription(codes, asyncio.get_running_loop())
        with self._lock:
            self._subscriptions.add(subscription)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="live-relay", daemon=True)
                self._thread.start()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    @property
    def readers(self) -> int:
        """How many pages are open on this process."""
        with self._lock:
            return len(self._subscriptions)

    def stop(self) -> None:
        self._stopping.set()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True) as connection:
                    connection.execute(f"listen {CHANNEL}".encode())
                    self._follow(connection)
            except psycopg.Error as error:
                logger.warning("live: the database went away (%s); trying again", type(error).__name__)
                self._stopping.wait(RETRY_SECONDS)

    def _follow(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        newest = _newest_tick(connection)
        self._publish(Touched(newest, None))  # whatever came while nobody listened
        while not self._stopping.is_set():
            for notification in connection.notifies(timeout=LOOK_SECONDS):
                touched = read_payload(notification.payload)
                if touched is not None:
                    newest = max(newest, touched.tick)
                    self._publish(touched)
                if self._stopping.is_set():
                    return
            latest = _newest_tick(connection)
            if latest > newest:
                newest = latest
                self._publish(Touched(latest, None))

    def _publish(self, touched: Touched) -> None:
        with self._lock:
            concerned = [page for page in self._subscriptions if touched.concerns(page.codes)]
        wake(concerned)


def wake(pages: Iterable[Subscription]) -> None:
    """Wake open pages from any thread: each event loop once for all of its pages.

    Pages that are awake already are left alone: they read only after they have gone to sleep again, so they will meet
    whatever is committed by now.
    """
    asleep: dict[asyncio.AbstractEventLoop, list[Subscription]] = {}
    for page in pages:
        if not page.event.is_set():
            asleep.setdefault(page.loop, []).append(page)
    for loop, sleepers in asleep.items():
        loop.call_soon_threadsafe(_wake_all, sleepers)


def _wake_all(sleepers: list[Subscription]) -> None:
    for page in sleepers:
        page.wake()


@cache
def relay() -> Relay:
    """The one listener of this process."""
    return Relay(provider.address("cw_app").dsn)


_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")


def _with_sound_connections(work: Callable[[], Answer]) -> Answer:
    """Run with the connections that this thread keeps; those that broke or are old are opened anew."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


async def in_thread(work: Callable[[], Answer]) -> Answer:
    """Run database work off the event loop, in one of the few threads that all streams share."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _with_sound_connections, work)


def _newest_tick(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    row = connection.execute("select coalesce(max(id), 0) from ledger.tick").fetchone()
    return int(str(row[0])) if row else 0


async def wakes(subscription: Subscription, *, gather: float, quiet: float) -> AsyncIterator[bool]:
    """True each time something changed (gathered for `gather` seconds), False after `quiet` seconds of nothing."""
    while True:
        try:
            await asyncio.wait_for(subscription.event.wait(), quiet)
        except TimeoutError:
            yield False
            continue
        await asyncio.sleep(gather)
        subscription.event.clear()
        yield True


def sse(event: str, data: object, event_id: str | None = None) -> bytes:
    """One server-sent event with a JSON body."""
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, default=str)}\n\n".encode()


def comment(text: str) -> bytes:
    """A line that keeps the connection open and says nothing."""
    return f": {text}\n\n".encode()
