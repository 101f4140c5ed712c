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
from typing import Any

from commonweal.apps.access.scope import Scope

MOST_ROWS = 300_000  # some 100 MB
Rows = Sequence[dict[str, Any]]


class Kept:
    """The answers of one process, those not asked for longest dropped first."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[Rows, int]] = OrderedDict()
        self._most, self._rows = most_rows, 0

    def get(self, key: Hashable) -> Rows | None:
        """The answer under a key, or None."""
        with self._lock:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key][0]

    def put(self, key: Hashable, rows: Rows, more: int = 0) -> None:
        """Keep an answer that takes the room of its rows and so many `more`; one that is larger than everything that
        may be kept is not."""
        room = 1 + len(rows) + more
        with self._lock:
            if key in self._answers or room > self._most:
                return
            self._answers[key] = (rows, room)
            self._rows += room
            while self._rows > self._most:
                _, (_, dropped) = self._answers.popitem(last=False)
                self._rows -= dropped

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()
            self._rows = 0


answers = Kept()


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
        answers.put(key, found)
    return found


def space_of(scope: Scope) -> str:
    """The database that a scope reads: a moment of one space says nothing of another."""
    return str(scope.cursor.db.settings_dict["NAME"])


def is_frozen(scope: Scope, as_of: datetime) -> bool:
    """Whether nothing can still become known at or before an instant."""
    scope.cursor.execute("select ledger.last_freeze() >= %s", [as_of])
    row = scope.cursor.fetchone()
    return bool(row and row[0])
