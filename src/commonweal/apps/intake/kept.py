"""Answers about counts that are kept in memory, because they cannot change.

What was known at a frozen instant is the same for ever. Under the authorities, the question and the instant an answer
is therefore found again by whoever reads those authorities, the local office and the national one alike, until other
answers are wanted more. Kept are sums of counts, never a record of a person; the scope is opened and the read entered
in the access record before anything is looked for here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from commonweal.apps.access.scope import Scope

MOST_ROWS = 300_000  # some 100 MB
Rows = Sequence[dict[str, Any]]
Answer = TypeVar("Answer")


class Kept(Generic[Answer]):
    """The answers of one process, each taking some room; those not asked for longest are dropped first."""

    def __init__(self, most_room: int) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[Answer, int]] = OrderedDict()
        self._most, self._taken = most_room, 0

    def get(self, key: Hashable) -> Answer | None:
        """The answer under a key, or None."""
        with self._lock:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key][0]

    def put(self, key: Hashable, answer: Answer, room: int) -> None:
        """Keep an answer; one that needs more room than there is at all is not."""
        with self._lock:
            if key in self._answers or room > self._most:
                return
            self._answers[key] = (answer, room)
            self._taken += room
            while self._taken > self._most:
                _, (_, freed) = self._answers.popitem(last=False)
                self._taken -= freed

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()
            self._taken = 0


answers: Kept[Rows] = Kept(MOST_ROWS)


def rows(scope: Scope, question: Hashable, codes: Sequence[str], as_of: datetime, read: Callable[[], Rows]) -> Rows:
    """The answer to a question about authorities as known at an instant: kept, or read now and kept.

    question: everything that the answer depends on beside the authorities and the instant. codes: authorities that the
    open scope reads; with one outside it nothing is kept or found, and the database decides what is read. The rows
    count for the access record either way. They are shared: nobody may change them.
    """
    if not set(codes) <= set(scope.codes):
        return read()
    key = (space_of(scope), question, tuple(sorted(codes)), as_of)
    found = answers.get(key)
    if found is not None:
        scope.counted += len(found)
        return found
    found = read()
    if is_frozen(scope, as_of):
        answers.put(key, found, 1 + len(found))
    return found


def space_of(scope: Scope) -> str:
    """The database that a scope reads: a moment of one space says nothing of another."""
    return str(scope.cursor.db.settings_dict["NAME"])


def is_frozen(scope: Scope, as_of: datetime) -> bool:
    """Whether nothing can still become known at or before an instant."""
    scope.cursor.execute("select ledger.last_freeze() >= %s", [as_of])
    row = scope.cursor.fetchone()
    return bool(row and row[0])
