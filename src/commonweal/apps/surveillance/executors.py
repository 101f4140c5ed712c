"""One port, three sizes: the same function over the same items, in this process, in several, or on a Dask cluster.

Results come back in the order of the items, so that the answer is the same bit for bit. Workers get what stands in the
items (counts, never records). A worker that dies loses its items, which are computed again.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol, TypeVar

from commonweal.core.errors import NotThere, Refused
from commonweal.server.home import Home

Item = TypeVar("Item")
Answer = TypeVar("Answer")
MOST_ATTEMPTS = 3
ANSWER_SECONDS = 10
CERTIFICATES = ("ca.pem", "certificate.pem", "key.pem")
SECURE = "tls://"
HERE = re.compile(r"tcp://(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})")
THERE = re.compile(r"tls://([\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})")
HIGHEST_PORT = 65_535


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
    """On the workers of a Dask scheduler: loopback, or TLS with certificates of one's own.

    What a killed worker held goes to another one; each block is a task of its own name, so that nothing is shared or
    remembered between sweeps. Over TLS both sides show a certificate of the installation's own authority.
    """

    def __init__(self, address: str, certificates: Path | None = None) -> None:
        asked = HERE.fullmatch(address) or THERE.fullmatch(address)
        if asked is None or not 0 < int(asked[2]) <= HIGHEST_PORT:
            raise Refused(
                f"The scheduler {address!r} is neither on this machine (tcp://127.0.0.1:8786) nor reached by TLS "
                "(tls://host:8786); workers run the code they are sent. Give one such address, with its port."
            )
        self.address = address
        self.certificates = certificates
        missing = [name for name in CERTIFICATES if certificates is None or not (certificates / name).is_file()]
        if address.startswith(SECURE) and missing:
            raise NotThere(
                f"The scheduler {address} is reached by TLS, and {', '.join(missing)} of this installation is not in "
                f"{certificates or 'a folder that was named'}. Put the authority's, and this side's certificate and "
                "key there (PEM)."
            )

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers, in the order of the items. Raises `NotThere` without Dask, an answer or a worker, and `Refused`
        when workers die again and again."""
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise NotThere(
                "Dask is not installed here. Install the extra: pip install 'commonweal[cluster]'."
            ) from None
        try:
            client = Client(self.address, security=self._security(), timeout=ANSWER_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise NotThere(f"The scheduler {self.address} does not answer ({error}). Is it running?") from error
        with client:
            self._wait_for_a_worker(client)
            name = f"sweep-{uuid.uuid4().hex}"
            futures = [
                client.submit(function, item, key=f"{name}-{number}", pure=False, retries=MOST_ATTEMPTS)
                for number, item in enumerate(items)
            ]
            try:
                answers: list[Answer] = client.gather(futures)
            except KilledWorker as error:
                raise Refused(
                    f"Workers of {self.address} are being killed again and again ({error}). See whether their memory "
                    "ends."
                ) from error
            return answers

    def _wait_for_a_worker(self, client: Any) -> None:
        """Raise `NotThere` for a scheduler without workers: it would take the blocks and never answer."""
        try:
            client.wait_for_workers(1, timeout=ANSWER_SECONDS)
        except TimeoutError:
            raise NotThere(
                f"The scheduler {self.address} has no worker after {ANSWER_SECONDS} seconds. Start one: "
                f"dask worker {self.address} --nthreads 1"
            ) from None

    def _security(self) -> Any:
        if not self.address.startswith(SECURE) or self.certificates is None:
            return None
        from distributed.security import Security

        authority, certificate, key = (str(self.certificates / name) for name in CERTIFICATES)
        return Security(require_encryption=True, tls_ca_file=authority, tls_client_cert=certificate, tls_client_key=key)


def chosen(workers: int, scheduler: str | None) -> Executor:
    """The executor for `--workers` and `--scheduler`."""
    if scheduler:
        return Cluster(scheduler, Home.current().keys / "cluster")
    return Serial() if workers == 1 else Processes(workers)


def configured() -> Executor:
    """The executor of this installation's jobs: COMMONWEAL_SWEEP_SCHEDULER or COMMONWEAL_SWEEP_WORKERS, else serial."""
    workers = os.environ.get("COMMONWEAL_SWEEP_WORKERS", "1")
    if not workers.isdecimal():
        raise Refused(f"COMMONWEAL_SWEEP_WORKERS is {workers!r}; it must be a whole number of processes.")
    return chosen(int(workers), os.environ.get("COMMONWEAL_SWEEP_SCHEDULER"))
