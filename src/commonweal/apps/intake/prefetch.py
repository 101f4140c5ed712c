"""Prepare the next piece of work in a thread while the present one is dealt with."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

# How long a thread that works may keep another one from going on. Whoever feeds the database needs the interpreter for
# moments only, hundreds of times a chunk; with Python's own 5 ms the server waits half its time.
SWITCH_SECONDS = 0.0005

Piece = TypeVar("Piece")


class _End(Generic[Piece]):
    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces in the same order, each made while the one before it is in use; errors come at their place.

    When the reader stops early the thread ends after the piece it is making.
    """
    ready: queue.Queue[Piece | _End[Piece]] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def make() -> None:
        end: _End[Piece] = _End()
        try:
            for piece in pieces:
                if not _offer(ready, piece, stopped):
                    return
        except BaseException as error:
            end = _End(error)
        _offer(ready, end, stopped)

    thread = threading.Thread(target=make, name="intake-ahead", daemon=True)
    before = sys.getswitchinterval()
    thread.start()
    try:
        sys.setswitchinterval(min(before, SWITCH_SECONDS))
        while True:
            piece = ready.get()
            if isinstance(piece, _End):
                if piece.error is not None:
                    raise piece.error
                return
            yield piece
    finally:
        stopped.set()
        thread.join()
        sys.setswitchinterval(before)


def _offer(ready: queue.Queue[Piece | _End[Piece]], piece: Piece | _End[Piece], stopped: threading.Event) -> bool:
    while not stopped.is_set():
        try:
            ready.put(piece, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
