"""One port, three sizes: the same function over the same items, in this process, in several, or on a Dask cluster.

Results come back in the order of the items, so that the answer is the same bit for bit. Workers get what stands in the
items (counts, never records). A worker that dies loses its items, which are computed again.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

from commonweal.core.errors import NotThere, Refused

Item = TypeVar("Item")
Answer = TypeVar("Answer")
MOST_ATTEMPTS = 3
SECURE, LOOPBACK = "tls://", ("tcp://127.0.0.1:", "tcp://localhost:", "tcp://[::1]:")


class Executor(Protocol):
    """Applies a function to every item."""

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers, in the order of the items."""


class Serial:
    """In this process, one after the other."""

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers, in the order of the items."""
        return [function(item) for item in items]


class Processes:
    """In several processes of this machine; what a killed one held is computed again."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise Refused(f"{workers} workers cannot work; give 1 or more.")
        self.workers = workers

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers, in the order of the items. Raises `Refused` when workers die again and again."""
        answers: dict[int, Answer] = {}
        fruitless = 0
        while len(answers) < len(items) and fruitless < MOST_ATTEMPTS:
            before = len(answers)
            self._attempt(function, items, answers)
            fruitless = 0 if len(answers) > before else fruitless + 1
        if len(answers) == len(items):
            return [answers[number] for number in range(len(items))]
        lost = len(items) - len(answers)
        raise Refused(f"{lost} of {len(items)} blocks were lost {MOST_ATTEMPTS} times: workers are being killed.")

    def _attempt(self, function: Callable[[Item], Answer], items: Sequence[Item], answers: dict[int, Answer]) -> None:
        waiting = [number for number in range(len(items)) if number not in answers]
        with ProcessPoolExecutor(self.workers, multiprocessing.get_context("spawn")) as pool:
            given: dict[int, Future[Answer]] = {number: pool.submit(function, items[number]) for number in waiting}
            for number, future in given.items():
                try:
                    answers[number] = future.result()
                except BrokenProcessPool:
                    continue


class Cluster:
    """On the workers of a Dask scheduler: loopback, or TLS with certificates of one's own."""

    def __init__(self, address: str) -> None:
        if not address.startswith((SECURE, *LOOPBACK)):
            raise Refused(
                f"The scheduler {address} is neither on this machine nor reached by {SECURE}; workers run code."
            )
        self.address = address

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers, in the order of the items. Raises `NotThere` without Dask."""
        try:
            from distributed import Client
        except ImportError:
            raise NotThere(
                "Dask is not installed here. Install the extra: pip install 'commonweal[cluster]'."
            ) from None
        with Client(self.address) as client:
            answers: list[Answer] = client.gather(client.map(function, list(items), pure=False))
            return answers


def chosen(workers: int, scheduler: str | None) -> Executor:
    """The executor for `--workers` and `--scheduler`."""
    if scheduler:
        return Cluster(scheduler)
    return Serial() if workers == 1 else Processes(workers)
