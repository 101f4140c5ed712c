"""Preparing a large file in a process of its own, so that the database never waits for this one's interpreter.

The process gets a job on its standard input and answers with pieces on its standard output, both pickled: it is this
program started by itself, with this program's rights, and nothing else is ever read that way. It opens no database.
When either side ends, the other one notices at its next piece.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from commonweal.apps.intake.preparing import Preparation, Stages
from commonweal.apps.intake.rulebook import rulebook
from commonweal.apps.intake.sources import Source
from commonweal.apps.intake.writing import Encoded, Opened, encode
from commonweal.core.errors import NotThere
from commonweal.core.intake.few import Few
from commonweal.core.intake.reading import Header
from commonweal.server.home import Home

# from this many bytes as sent on, a second process pays for its start (a second of one processor)
LARGE = 24 * 2**20
PROTOCOL = 5
ENDED = (
    "The process that prepared the records ended before it was done: it was stopped, or the memory was short. "
    "Nothing was taken: send it again."
)


@dataclass(frozen=True)
class Job:
    """What is to be prepared, for which open submission."""

    source: Source
    pathogen: str
    feed: str
    mapping: Mapping[str, str]
    opened: Opened
    chunk_bytes: int


class Prepared:
    """The pieces of a job, made here or, of a large source, apart. `header` is there after the first piece."""

    def __init__(self, job: Job, stages: Stages) -> None:
        self.header: Header | None = None
        self._job = job
        self._stages = stages

    def pieces(self) -> Iterator[Encoded | Few]:
        """Every piece in order. Raises what preparing raises, and `NotThere` when the process apart was ended."""
        return self._apart() if self._job.source.size >= LARGE else self._here()

    def _here(self) -> Iterator[Encoded | Few]:
        job = self._job
        book = rulebook(job.pathogen)
        preparation = Preparation(job.source, book, job.feed, job.mapping, job.opened.now, self._stages)
        for piece in preparation.pieces(job.chunk_bytes):
            self.header = preparation.header
            yield encode(job.opened, piece, self._stages)
        self.header = preparation.header

    def _apart(self) -> Iterator[Encoded | Few]:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "COMMONWEAL_HOME": str(Home.current().path)},
        )
        try:
            yield from self._answers(process)
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()

    def _answers(self, process: subprocess.Popen[bytes]) -> Iterator[Encoded | Few]:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process that prepares has no pipes")
        try:
            pickle.dump(self._job, process.stdin, PROTOCOL)
            process.stdin.close()
            while True:
                kind, value = pickle.load(process.stdout)  # noqa: S301 - written by our own process
                if kind == "piece":
                    self.header, piece = value
                    yield piece
                elif kind == "error":
                    raise value
                else:
                    self.header, seconds = value
                    for stage, took in seconds.items():
                        self._stages.seconds[stage] = self._stages.seconds.get(stage, 0.0) + took
                    return
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            raise NotThere(ENDED) from None


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Prepare one job and send its pieces; what is raised is sent too."""

    def send(kind: str, value: Any) -> None:
        pickle.dump((kind, value), answers, PROTOCOL)
        answers.flush()

    job: Job = pickle.load(asked)  # noqa: S301 - written by the process that started this one
    stages = Stages()
    prepared = Prepared(job, stages)
    try:
        for piece in prepared._here():
            send("piece", (prepared.header, piece))
        send("end", (prepared.header, stages.seconds))
    except BrokenPipeError:
        return
    except Exception as error:
        send("error", error)


def main() -> None:
    """The process apart: an interrupt from the keyboard is for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may be written among the answers
    serve(sys.stdin.buffer, answers)
