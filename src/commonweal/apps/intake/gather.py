"""Group commit: small submissions that arrive while one transaction is written share the next one.

One thread of the process writes. What came while it was busy is the next group; for requests under way, and for as many
as the last groups had, it waits a few milliseconds at most. So a lone sender is answered at once, and many
senders share the work of a transaction and its flush to disk. Each answer is given after its commit.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from typing import Protocol

from django.db import close_old_connections

from commonweal.apps.intake.actions import Receipt, notify
from commonweal.apps.intake.together import Ready, write_together
from commonweal.web.threads import LOOK_SECONDS, in_progress

MOST_TOGETHER = 64
ANSWER_SECONDS = 60.0
COMPANY_SECONDS = 0.015
REMEMBERED_GROUPS = 3
REMEMBERED_SECONDS = 0.1
logger = logging.getLogger(__name__)


class Answer(Protocol):
    """Who waits for a submission: is told the receipt, or what went wrong, from the writing thread."""

    def set_result(self, result: Receipt, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...


Handed = tuple[Ready, Answer]


class Company:
    """How many senders were there a moment ago: those answered together come back together."""

    def __init__(self) -> None:
        self._groups: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_GROUPS)

    def came(self, together: int, now: float) -> None:
        """So many were in one group, at this monotonic moment."""
        self._groups.append((now, together))

    def expected(self, now: float) -> int:
        """The most that were in one group lately."""
        return max((together for at, together in self._groups if now - at < REMEMBERED_SECONDS), default=0)


class Gatherer:
    """The writing thread and its queue. It starts with the first submission."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Handed] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._handed = 0
        self._company = Company()

    @property
    def _coming(self) -> bool:
        """Whether requests are under way that have not handed anything over yet."""
        return in_progress.sending > self._handed

    def take_in(self, ready: Ready) -> Receipt:
        """Hand a submission over and wait until it is durable. Raises what `actions.take_in` raises."""
        answer: Future[Receipt] = Future()
        with self._lock:
            self._handed += 1
        self.hand_over(ready, answer)
        try:
            return answer.result(ANSWER_SECONDS)
        finally:
            with self._lock:
                self._handed -= 1

    def hand_over(self, ready: Ready, answer: Answer) -> None:
        """Hand a submission over; `answer` is told when it is durable."""
        with self._lock:
            self._waiting.put((ready, answer))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._write, name="intake-writer", daemon=True)
                self._thread.start()

    def _write(self) -> None:
        left_over: list[Handed] = []
        looked = 0.0
        while True:
            group, left_over = self._next_group(left_over)
            if time.monotonic() - looked >= LOOK_SECONDS:  # a database that was restarted costs no sender an answer
                close_old_connections()
                looked = time.monotonic()
            answer_all(group)

    def _next_group(self, left_over: list[Handed]) -> tuple[list[Handed], list[Handed]]:
        """What is waiting now; the same content twice goes into two groups, so that the second sees the first."""
        arrived = left_over or [self._waiting.get()]
        begun = time.monotonic()
        until = begun + COMPANY_SECONDS
        while len(arrived) < MOST_TOGETHER:
            wanted = self._coming or len(arrived) < self._company.expected(begun)
            patience = until - time.monotonic() if wanted else 0.0
            try:
                arrived.append(self._waiting.get(timeout=patience) if patience > 0 else self._waiting.get_nowait())
            except queue.Empty:
                if patience <= 0:
                    break
        group: list[Handed] = []
        later: list[Handed] = []
        seen: set[tuple[str, object]] = set()
        for ready, answer in arrived:
            marks = _marks(ready)
            (later if marks & seen else group).append((ready, answer))
            seen |= marks
        self._company.came(len(arrived), time.monotonic())
        return group, later


def _marks(ready: Ready) -> set[tuple[str, object]]:
    """What makes two submissions the same one to the database."""
    key = ready.source.provenance.idempotency_key
    return {(ready.feed, ready.source.sha256)} | ({(ready.feed, key)} if key is not None else set())


def answer_all(group: Sequence[Handed]) -> None:
    """Write a group; when it cannot be written together, each by itself, so that one does not fail the others.

    Those who wait are answered when it is durable; then the listeners are told.
    """
    try:
        written = write_together([ready for ready, _ in group])
    except Exception as error:
        if len(group) == 1:
            group[0][1].set_exception(error)
        else:
            for each in group:
                answer_all([each])
        return
    for (_, answer), receipt in zip(group, written.receipts, strict=True):
        answer.set_result(receipt)
    if written.news is not None:
        try:
            notify(*written.news)
        except Exception:
            logger.warning("the listeners were not told of a group; they find it by looking", exc_info=True)


@cache
def gatherer() -> Gatherer:
    """The one of this process."""
    return Gatherer()
