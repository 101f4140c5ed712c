"""One open transaction of intake: submissions begun, their pieces stored, counts and cases worked out, all finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from commonweal.apps.intake.copying import Column, as_binary, copy_bytes, copy_columns, copy_text
from commonweal.apps.intake.plain_writing import PlainWriting, sought
from commonweal.apps.intake.preparing import Stages
from commonweal.apps.intake.rulebook import Rulebook
from commonweal.apps.intake.sources import Source
from commonweal.core.intake.few import Few, Group, Part, Row, as_copy_text, group
from commonweal.core.intake.linking import Linked
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.rows import COMPONENTS, IDENTIFIERS, SEALED, STAGED, NewIds
from commonweal.core.intake.sealing import Sealer
from commonweal.core.intake.staging import Staged

WAITING_DAYS = 14
HELD_DAYS = 90
BULK_ROWS = 5_000
# from this many records on, asking what is plain pays
PLAIN_ROWS = 5_000
# Hashes of a chunk stay in memory. Temporary tables have no statistics: the server would rather sort wide rows twice
# than hash narrow ones.
BULK_SETTINGS = "set local work_mem = '96MB'; set local enable_mergejoin = off"
Binary = tuple[tuple[str, ...], bytes]
GROUP_COLUMNS = ("submission_id", "feed_number", *STAGED)
HELD = ("submission_id", "row_number", "key_id", "wrapped_key", "payload", "drop_after")
BEGIN = "select new_id, feed_number, commonweal.now() from intake.begin_submission(%s, %s, %s)"
FINISH = (
    "select tallied_outcome, tallied from intake.finish_submission(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
# a join: looking each row up in the list took 24 s for a file of 100,000 records of which nearly all were left out
LEAVE_OUT = "delete from {table} s using unnest(%s::integer[]) as gone (local) where s.local = gone.local"
TO_HOLD = (
    "select s.submission_id, s.row_number from decided d join staged s using (place)"
    " where d.outcome in ('rejected', 'pending')"
)


@dataclass
class Opened:
    """A submission of this transaction: its number, its feed's, when it began by the space's clock, records so far."""

    submission: int
    feed: str
    feed_number: int
    now: datetime
    received: int = 0


@dataclass(frozen=True)
class Encoded:
    """A chunk made ready ahead of its turn: what is asked about a large one, the tables of a small one."""

    staged: Staged
    asked: dict[str, bytes]
    tables: dict[str, Binary]


def encode(opened: Opened, piece: Staged | Few, stages: Stages) -> Encoded | Few:
    """A chunk as it is copied for this submission; a handful stays as it is."""
    if isinstance(piece, Few):
        return piece
    last = time.perf_counter()
    large = piece.rows.height >= PLAIN_ROWS
    encoded = Encoded(piece, sought(piece), {}) if large else Encoded(piece, {}, staging_tables(opened, piece))
    stages.add("encode", last)
    return encoded


def staging_tables(opened: Opened, piece: Staged) -> dict[str, Binary]:
    """By staging table its columns and its rows in binary form."""
    height = piece.rows.height
    rows: dict[str, Column] = {
        **{name: piece.rows[name] for name in STAGED if piece.rows[name].null_count() < height},
        "submission_id": np.full(height, opened.submission, np.int64),
        "feed_number": np.full(height, opened.feed_number, np.int32),
    }
    return {
        "staged": (tuple(rows), as_binary(rows)),
        "staged_sealed": (SEALED, as_binary(piece.sealed)),
        "staged_identifier": (IDENTIFIERS, as_binary(piece.linked.identifiers)),
        "staged_component": (COMPONENTS, as_binary(piece.linked.components)),
    }


class Writing:
    """The cursor of an open transaction with an open tick, and the staging tables of its connection."""

    def __init__(self, cursor: Any, book: Rulebook, stages: Stages) -> None:
        self._cursor = cursor
        self._book = book
        self._stages = stages
        self._plain: PlainWriting | None = None
        self._filled = False
        cursor.execute("select intake.make_staging()")

    def begin(self, feed: str, source: Source) -> Opened | None:
        """Begin a submission; None when these bytes, or this key of the sender's, came before."""
        self._cursor.execute(BEGIN, [feed, source.sha256, source.provenance.idempotency_key])
        submission, feed_number, now = self._cursor.fetchone()
        return None if submission is None else Opened(submission, feed, feed_number, now)

    def put(self, opened: Opened, piece: Encoded | Few) -> None:
        """Store one piece of one submission."""
        if isinstance(piece, Few):
            self.put_few([(opened, piece)])
        else:
            self.put_many(opened, piece)

    def put_many(self, opened: Opened, encoded: Encoded) -> None:
        """Store a chunk."""
        staged, tables, last = encoded.staged, encoded.tables, time.perf_counter()
        opened.received += staged.rows.height
        if staged.rows.height >= BULK_ROWS:
            self._cursor.execute(BULK_SETTINGS)
        self._make_room()
        if encoded.asked:
            staged = self._plain_of(opened).put(staged, encoded.asked)
            last = self._stages.add("plain", last)
            tables = staging_tables(opened, staged)
        for table, (columns, rows) in tables.items():
            copy_bytes(self._cursor, table, columns, rows, "binary")
        self._stages.add("copy", last)

        def leave_out(places: Sequence[int]) -> None:
            away, again = staged.without(places)
            for table in ("staged_identifier", "staged_component"):
                self._cursor.execute(LEAVE_OUT.format(table=table), [away])
            self._copy_linked(again)

        self._store(leave_out, lambda _submission, number: staged.raw(number), opened.now)

    def _plain_of(self, opened: Opened) -> PlainWriting:
        if self._plain is None or self._plain.submission != opened.submission:
            self._plain = PlainWriting(self._cursor, opened.submission, opened.feed, opened.feed_number)
        return self._plain

    def _copy_linked(self, linked: Linked) -> None:
        copy_columns(self._cursor, "staged_identifier", linked.identifiers)
        copy_columns(self._cursor, "staged_component", linked.components)

    def put_few(self, pieces: Sequence[tuple[Opened, Few]]) -> None:
        """Store the pieces of several submissions as one chunk."""
        last, now = time.perf_counter(), pieces[0][0].now
        together = group([Part(opened.submission, opened.feed_number, few) for opened, few in pieces])
        received = {(opened.submission, n): raw for opened, few in pieces for n, raw in few.received.items()}
        for opened, few in pieces:
            opened.received += len(few.rows)
        self._make_room()
        rows = together.staged_rows()
        good = [row for row in rows if row.get("payload") is not None]
        copy_text(self._cursor, "staged", GROUP_COLUMNS, as_copy_text(rows, GROUP_COLUMNS))
        copy_text(self._cursor, "staged_sealed", SEALED, as_copy_text(good, SEALED))
        self._copy_few_linked(together, (), now)
        self._stages.add("copy", last)
        self._store(
            lambda places: self.leave_out_few(together, places, now),
            lambda submission, number: received[submission, number],
            now,
        )

    def leave_out_few(self, together: Group, places: Sequence[int], now: datetime) -> None:
        """Take the identifiers of the records at these places out of the staging table."""
        self._cursor.execute("delete from staged_identifier; delete from staged_component")
        self._copy_few_linked(together, places, now)

    def _copy_few_linked(self, together: Group, left_out: Sequence[int], now: datetime) -> None:
        new_ids = NewIds(self._book.secrets.random_bytes, int(now.timestamp() * 1000))
        identifiers, components = together.linked(left_out, new_ids)
        copy_text(self._cursor, "staged_identifier", IDENTIFIERS, as_copy_text(identifiers, IDENTIFIERS))
        copy_text(self._cursor, "staged_component", COMPONENTS, as_copy_text(components, COMPONENTS))

    def _store(
        self, leave_out: Callable[[Sequence[int]], None], raw: Callable[[int, int], bytes], now: datetime
    ) -> None:
        """What lies in the staging tables is decided, linked and stored."""
        last = time.perf_counter()
        self._cursor.execute("select intake.decide_chunk()")
        places = self._cursor.fetchone()[0]
        if places:
            leave_out(places)
        self._stages.add("decide", last)
        self.store_decided(raw, now)

    def store_decided(self, raw: Callable[[int, int], bytes], now: datetime) -> None:
        """The decided chunk is linked and stored; of what is rejected or waits, `raw` (submission, row) is held."""
        cursor, stages, last = self._cursor, self._stages, time.perf_counter()
        cursor.execute("select intake.link_chunk()")
        last = stages.add("link persons", last)
        cursor.execute("select intake.store_chunk(%s), intake.depart_chunk()", [WAITING_DAYS])
        last = stages.add("store", last)
        cursor.execute(TO_HOLD)
        held = cursor.fetchall()
        if held:
            sealer, random_bytes = self._book.secrets.sealer, self._book.secrets.random_bytes
            rows = _held(held, [raw(*key) for key in held], sealer, random_bytes, now + timedelta(days=HELD_DAYS))
            copy_text(cursor, "intake.held", HELD, as_copy_text(rows, HELD))
        stages.add("hold", last)

    def _make_room(self) -> None:
        """Empty the tables of the chunk before, if there was one."""
        if self._filled:
            self._cursor.execute("select intake.clear_chunk()")
        self._filled = True

    def count(self, packs: Sequence[PathogenPack]) -> int:
        """Counts of all that was stored, then cases by each pathogen's rules; returns how many cases changed."""
        last = time.perf_counter()
        self._cursor.execute("select intake.write_counts()")
        last = self._stages.add("counts", last)
        changed = self._plain.count(packs) if self._plain is not None else 0
        for pack in packs:
            values = [pack.id, list(pack.case_test_types), pack.episode_days]
            self._cursor.execute("select intake.work_out_cases(%s, %s, %s)", values)
            changed += self._cursor.fetchone()[0]
        self._stages.add("cases", last)
        return changed

    def finish(self, opened: Opened, source: Source) -> dict[str, int]:
        """Write the submission's own row, against which the balance is checked; returns its outcomes counted."""
        last = time.perf_counter()
        self._cursor.execute(FINISH, list(finish_values(opened, source, self._book).values()))
        tally = dict(self._cursor.fetchall())
        self._stages.add("finish", last)
        return tally

    def close(self) -> list[str] | None:
        """Empty the staging tables; returns the lower-tier codes whose counts changed, None when there are many."""
        self._cursor.execute("select intake.touched_codes(), intake.clear_staging()")
        codes: list[str] | None = self._cursor.fetchone()[0]
        return codes


def finish_values(opened: Opened, source: Source, book: Rulebook) -> dict[str, Any]:
    """What is written of a submission itself, by name, in the order that `intake.finish_submission` takes it."""
    origin = source.provenance
    return {
        "submission": opened.submission, "feed": opened.feed, "sha256": source.sha256, "declared": opened.received,
        "channel": origin.channel, "label": origin.label, "bytes": source.size, "received_at": opened.now,
        "sent_by": origin.sent_by, "held_since": origin.held_since, "held_by": origin.held_by,
        "idempotency_key": origin.idempotency_key, "line_list_version": book.line_list.version,
    }  # fmt: skip


def held_binding(submission: int, row_number: int) -> bytes:
    """What the held copy of a record is bound to."""
    return f"{submission}/{row_number}".encode()


def _held(
    keys: Sequence[tuple[int, int]],
    raws: Sequence[bytes],
    sealer: Sealer,
    random_bytes: Callable[[int], bytes],
    until: datetime,
) -> list[Row]:
    sealed = sealer.seal(raws, [held_binding(*key) for key in keys], random_bytes)
    return [
        {
            "submission_id": submission,
            "row_number": number,
            "key_id": sealer.key_id,
            "wrapped_key": each.wrapped_key,
            "payload": each.payload,
            "drop_after": until.isoformat(),
        }
        for (submission, number), each in zip(keys, sealed, strict=True)
    ]
