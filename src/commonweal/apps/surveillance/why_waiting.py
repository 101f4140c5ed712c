"""Explanations of wide places are worked out beside the page that asks for them, which opens at once and says so.

The records of a region are read in seconds. Whoever asks reads them as themselves, entered in the access record like
any other read; a page that did not wait leads to the same question again, and finds its answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Any, TypeVar

from django.db import connections

from commonweal.apps.surveillance.why_reads import Where

THREADS = 2
PATIENCE = 0.15  # seconds that a page waits before it opens without the answer
WHOLE = 60.0  # seconds that it waits when it was asked for the whole
Answer = TypeVar("Answer")

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="why")
_lock = threading.Lock()
_running: dict[Hashable, Future[Any]] = {}


def is_wide(where: Where) -> bool:
    """Whether a place is of several authorities, so that a page does not wait for its records."""
    return len(where.authorities) > 1


def answer(question: Hashable, work: Callable[[], Answer], seconds: float) -> tuple[bool, Answer | None]:
    """Whether the answer is there, and the answer; one that is being worked out already is waited for.

    question: everything that the answer depends on, and who asks. Raises what the work raises, if it does so in time.
    """
    with _lock:
        future: Future[Answer] | None = _running.get(question)
        if future is None:
            future = _running[question] = _threads.submit(_alone, work)
            begun = True
        else:
            begun = False
    if begun:  # outside the lock, which a work that is done by now would ask for again
        future.add_done_callback(lambda _: _forget(question))
    wait_for([future], seconds)
    return (True, future.result()) if future.done() else (False, None)


def is_running(question: Hashable) -> bool:
    """Whether an answer is being worked out."""
    with _lock:
        return question in _running


def _alone(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    finally:
        connections.close_all()


def _forget(question: Hashable) -> None:
    """A frozen answer is kept by `why_explaining`; here nothing of anybody stays."""
    with _lock:
        _running.pop(question, None)
