"""A child process that is started again whenever it ends: without its worker an open site tells nobody anything."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable

import click

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
ASKED_PAUSE = 5.0  # one that ended well was asked to, by a terminal that asks this process too
STEADY_SECONDS = 60.0  # one that ran so long was well: the next pause is the first one again
GOODBYE_SECONDS = 10.0


class KeptRunning:
    """Starts a process, and another one when it ends, with longer pauses while they end at once; `close` ends it."""

    def __init__(
        self, name: str, start: Callable[[], subprocess.Popen[bytes]], first_pause: float = FIRST_PAUSE
    ) -> None:
        self._name, self._start, self._first = name, start, first_pause
        self._closing = threading.Event()
        self._changing = threading.Lock()
        self.process = start()
        self._keeper = threading.Thread(target=self._keep, name=f"keeps {name}", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """End the process and start no other; one that does not end in time is killed."""
        with self._changing:
            self._closing.set()
            process = self.process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._keeper.join()

    def _keep(self) -> None:
        pause = self._first
        while True:
            began = time.monotonic()
            code = self.process.wait()
            if self._closing.is_set():
                return
            pause = self._first if time.monotonic() - began > STEADY_SECONDS else pause
            if self._closing.wait(pause if code else max(pause, ASKED_PAUSE)):
                return
            pause = min(2 * pause, LONGEST_PAUSE)
            with self._changing:
                if self._closing.is_set():
                    return
                click.echo(f"{self._name} ended ({code}) and is started again.", err=True)
                self.process = self._start()
