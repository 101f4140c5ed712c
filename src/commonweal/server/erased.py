"""Which sealed copies were ended because a person asked for it: a list beside the keys, outside of the database.

A backup of the database that is older than an erasure still holds the wrapped keys that were destroyed since. Put back,
it would open them again. This list survives it: `commonweal check` compares, `commonweal erase --again` ends them once
more. A copy is named by where it lies and by SHA-256 of its ciphertext: after a restore the same number may be another
person's record, the same ciphertext cannot. No name, NHS number, place or day is in it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commonweal.core.errors import Refused
from commonweal.server.home import PRIVATE, Home

RESULT, HELD = "result", "held"
_LINE = re.compile(r"(result|held) (\d+) (\d+) ([0-9a-f]{64})")


@dataclass(frozen=True, order=True)
class Ended:
    """One sealed copy: of a result (its number, 0) or of a record not taken (its submission and row)."""

    kind: str
    number: int
    row: int
    print: str

    def line(self) -> str:
        """As it stands in the list."""
        return f"{self.kind} {self.number} {self.row} {self.print}\n"


def listed(home: Home, space: str) -> frozenset[Ended]:
    """What was ended in a space. Raises `Refused` for a list that was damaged."""
    path = _path(home, space)
    if not path.exists():
        return frozenset()
    return frozenset(_read(line, number, path) for number, line in enumerate(path.read_text().splitlines(), 1))


def enlist(home: Home, space: str, ended: Sequence[Ended]) -> None:
    """Add copies to the list, on disk before this returns: called before the erasure itself is committed.

    An erasure that then fails stands in the list all the same and is carried out by the next `erase --again`: an office
    has decided it.
    """
    path = _path(home, space)
    path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = handle.tell()
        try:
            handle.write("".join(each.line() for each in sorted(ended)).encode())
            handle.flush()
            os.fsync(handle.fileno())
        except OSError:
            handle.truncate(size)  # half a line would make the list unreadable
            raise


def _path(home: Home, space: str) -> Path:
    return home.make().keys / "erased" / f"{space}.list"


def _read(line: str, number: int, path: Path) -> Ended:
    found = _LINE.fullmatch(line)
    if found is None:
        raise Refused(
            f"Line {number} of {path} names no sealed copy: {line[:60]!r}. Put the file back from where keys are kept."
        )
    return Ended(found[1], int(found[2]), int(found[3]), found[4])
