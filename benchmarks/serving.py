"""A server of the measured installation, on loopback, ended with the measurement."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installation import Installation


@dataclass(frozen=True)
class Site:
    """A running server: its port and process."""

    port: int
    pid: int

    @property
    def peak_mebibytes(self) -> int:
        """The most memory that the process held."""
        with Path(f"/proc/{self.pid}/status").open() as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


@contextmanager
def server(place: Installation, *, worker: bool = False) -> Iterator[Site]:
    """Run `commonweal serve` on a free port."""
    command = [sys.executable, "-m", "commonweal", "serve", "--port", "0", "--worker" if worker else "--no-worker"]
    process = subprocess.Popen(command, env=place.environment, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r":(\d+)\s*$", line)
        if found is None:
            raise RuntimeError(f"the server said {line!r} instead of where it listens")
        yield Site(int(found.group(1)), process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def opened(connection: http.client.HTTPConnection, path: str, cookie: str) -> float:
    """Milliseconds from asking to the last byte. Raises RuntimeError for anything but 200."""
    start = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return (time.perf_counter() - start) * 1000
