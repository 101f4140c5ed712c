"""Taking submissions in: read, check, hash, store, count, all in one transaction with one tick.

The work is cut into chunks. While the database absorbs one, a thread prepares the next. Nothing of a submission can be
seen before its commit, and a process that is killed anywhere leaves all of it or none of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import psycopg
from django.db import Error, connections

from commonweal.apps.intake import feeds, queries
from commonweal.apps.intake.copying import copy_in
from commonweal.apps.intake.prefetch import ahead
from commonweal.apps.intake.rulebook import Rulebook, rulebook
from commonweal.apps.intake.sources import Source
from commonweal.core.errors import Refused
from commonweal.core.intake.balance import Balance
from commonweal.core.intake.documents import chunk_of, header_of, records_of
from commonweal.core.intake.reading import Chunk, Header, LineListReader
from commonweal.core.intake.staging import Staged, stage
from commonweal.web import db
from commonweal.web.live import CHANNEL

ALIAS = "ingest"
WAITING_DAYS = 14
HELD_DAYS = 90
# another submission was first with the same record or person: begin again and meet what it wrote
BEGIN_AGAIN = {"40001", "40P01", "23505"}
TRIES = 5
BULK_ROWS = 5_000
BULK_SETTINGS = ("set local work_mem = '96MB'",)


@dataclass
class Stages:
    """Seconds by stage; what the preparing thread does overlaps with what the database does."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


@dataclass(frozen=True)
class Receipt:
    """What became of a submission. Of one that came before: the first numbers with `accepted` 0, nothing added."""

    submission: int
    feed: str
    balance: Balance
    replayed: bool
    seconds: float
    stages: dict[str, float]
    unknown_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    cases_changed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The six keys of the balance, `seconds`, and what else a sender may want to know."""
        return {
            **self.balance.as_dict(),
            "seconds": round(self.seconds, 3),
            "submission": self.submission,
            "feed": self.feed,
            "replayed": self.replayed,
            "stages": {name: round(seconds, 3) for name, seconds in self.stages.items()},
            "unknown_columns": list(self.unknown_columns),
            "absent_columns": list(self.absent_columns),
        }


def take_in(feed_name: str, source: Source) -> Receipt:
    """Take one submission in. Raises `NotThere` for an unknown feed, `Refused` for what cannot be read or a closed feed."""
    for attempt in range(TRIES):
        try:
            return _take_in_once(feed_name, source)
        except (Error, psycopg.Error) as error:
            cause = error if isinstance(error, psycopg.Error) else error.__cause__
            state = getattr(cause, "sqlstate", None) or ""
            if state.startswith("CW") and isinstance(cause, psycopg.Error):
                raise Refused(cause.diag.message_primary or str(cause)) from None
            if state not in BEGIN_AGAIN or attempt == TRIES - 1:
                raise
            time.sleep(0.02 * (attempt + 1))
    raise AssertionError("unreachable")


def _take_in_once(feed_name: str, source: Source) -> Receipt:
    started, stages = time.perf_counter(), Stages()
    feed = feeds.feed(feed_name)
    book = rulebook(feed.pathogen)
    with db.recorded(ALIAS) as write:
        cursor = write.cursor
        opened = _begin(cursor, feed_name, source)
        if opened is None:
            return _replayed(feed_name, source, started)
        cursor.execute("select intake.make_staging()")
        submission = Submission(*opened, feed_name, book, cursor, stages)
        submission.absorb(source)
        submission.finish(source)
        codes = submission.touched_codes()
        last = time.perf_counter()
    stages.add("commit", last)
    notify(write.tick, codes)
    return submission.receipt(time.perf_counter() - started)


def _begin(cursor: Any, feed_name: str, source: Source) -> tuple[int, int, datetime] | None:
    """The submission's number, its feed's, and the instant by the space's clock; None when it came before."""
    cursor.execute(
        "select new_id, feed_number, commonweal.now() from intake.begin_submission(%s, %s, %s)",
        [feed_name, source.sha256, source.provenance.idempotency_key],
    )
    new_id, feed_number, now = cursor.fetchone()
    return None if new_id is None else (new_id, feed_number, now)


def _replayed(feed_name: str, source: Source, started: float) -> Receipt:
    """The answer for bytes, or a sender's key, that came before. The same key with other bytes is refused."""
    key = source.provenance.idempotency_key
    first = queries.submission_that_came_before(feed_name, source.sha256, key)
    if key is not None and first["idempotency_key"] == key and bytes(first["sha256"]) != source.sha256:
        raise Refused(
            f"The Idempotency-Key {key!r} was used for other content (submission {first['id']}). "
            "Send this content under a new key."
        )
    tally = dict(queries.tally(first["id"]))
    received = sum(tally.values())
    balance = Balance(**{**Balance.of(tally).as_dict(), "accepted": 0, "received": received})
    return Receipt(first["id"], feed_name, balance, True, time.perf_counter() - started, {})


def notify(tick: int, codes: list[str] | None) -> None:
    """Tell the listeners that something became known: which tick, and the lower-tier codes (None: many)."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, json.dumps({"tick": tick, "codes": codes})])


class Submission:
    """One submission inside its open transaction."""

    def __init__(
        self, number: int, feed_number: int, now: datetime, feed: str, book: Rulebook, cursor: Any, stages: Stages
    ) -> None:
        self.number = number
        self._now = now
        self._feed_number = feed_number
        self._feed = feed
        self._book = book
        self._cursor = cursor
        self._stages = stages
        self._received = 0
        self._tally: dict[str, int] = {}
        self._header: Header | None = None
        self._cases = 0

    def absorb(self, source: Source) -> None:
        """All chunks of a source, one after another; the next one is prepared meanwhile."""
        for place, staged in enumerate(ahead(self._prepared(source))):
            if place == 0 and staged.rows.height >= BULK_ROWS:
                for setting in BULK_SETTINGS:
                    self._cursor.execute(setting)
            self.put(staged)

    def _prepared(self, source: Source) -> Iterator[Staged]:
        last = time.perf_counter()
        for chunk in self._chunks(source):
            last = self._stages.add("read", last)
            checked = self._book.checker.check(chunk.frame, now=self._now)
            last = self._stages.add("check", last)
            staged = stage(chunk, checked, self._book.line_list, self._book.secrets, feed=self._feed)
            last = self._stages.add("hash and seal", last)
            yield staged
            last = time.perf_counter()

    def _chunks(self, source: Source) -> Iterator[Chunk]:
        mapping = feeds.column_mapping(self._feed)
        if source.is_json:
            records = records_of(source.body)
            self._header = header_of(records, self._book.line_list)
            yield chunk_of(records, self._book.line_list, mapping=mapping)
            return
        reader = LineListReader(source.blocks(), self._book.line_list, mapping=mapping)
        self._header = reader.header
        yield from reader.chunks()

    def put(self, staged: Staged) -> None:
        """One chunk: copied, decided, linked, stored."""
        cursor, stages, last = self._cursor, self._stages, time.perf_counter()
        self._received += staged.rows.height
        rows = staged.rows.with_columns(
            pl.lit(self.number).alias("submission_id"), pl.lit(self._feed_number).alias("feed_number")
        )
        copy_in(cursor, "staged", rows)
        last = stages.add("copy", last)
        cursor.execute("select intake.decide_chunk()")
        left_out = cursor.fetchone()[0]
        last = stages.add("decide", last)
        links = staged.identifiers(left_out, milliseconds=time.time_ns() // 1_000_000)
        copy_in(cursor, "staged_identifier", links)
        last = stages.add("copy identifiers", last)
        cursor.execute("select intake.link_chunk()")
        last = stages.add("link persons", last)
        cursor.execute("select intake.store_chunk(%s), intake.depart_chunk()", [WAITING_DAYS])
        last = stages.add("store", last)
        self._hold(staged)
        cursor.execute("select intake.clear_chunk()")
        stages.add("hold", last)

    def _hold(self, staged: Staged) -> None:
        """Keep what was received of rejected and pending records, encrypted, until they are mended or their time ends."""
        self._cursor.execute(
            "select outcome, array_agg(row_number) filter (where outcome in ('rejected', 'pending')) "
            "from decided join staged using (place) group by 1"
        )
        numbers = [number for _, found in self._cursor.fetchall() for number in found or ()]
        if not numbers:
            return
        sealer = self._book.secrets.sealer
        bindings = [f"{self.number}/{number}".encode() for number in numbers]
        sealed = sealer.seal([staged.raw(number) for number in numbers], bindings, self._book.secrets.random_bytes)
        held = pl.DataFrame(
            {
                "submission_id": [self.number] * len(numbers),
                "row_number": numbers,
                "key_id": [sealer.key_id] * len(numbers),
                "wrapped_key": pl.Series([each.wrapped_key for each in sealed], dtype=pl.Binary),
                "payload": pl.Series([each.payload for each in sealed], dtype=pl.Binary),
                "drop_after": [self._now + timedelta(days=HELD_DAYS)] * len(numbers),
            }
        )
        copy_in(self._cursor, "intake.held", held)

    def finish(self, source: Source) -> None:
        """Counts and cases of all chunks, then the submission's own row, which the balance is checked against."""
        cursor, pack, origin, last = self._cursor, self._book.pack, source.provenance, time.perf_counter()
        cursor.execute("select intake.write_counts()")
        last = self._stages.add("counts", last)
        cursor.execute(
            "select intake.work_out_cases(%s, %s, %s)", [pack.id, list(pack.case_test_types), pack.episode_days]
        )
        self._cases = cursor.fetchone()[0]
        last = self._stages.add("cases", last)
        values = [
            self.number, self._feed, source.sha256, self._received, origin.channel, origin.label, source.size,
            origin.sent_by, origin.held_since, origin.held_by, origin.idempotency_key, self._book.line_list.version,
        ]  # fmt: skip
        cursor.execute(
            "select intake.finish_submission(%s, %s, %s, %s, %s, %s, %s, commonweal.now(), %s, %s, %s, %s, %s)", values
        )
        cursor.execute("select outcome, n from intake.tally where submission_id = %s", [self.number])
        self._tally = dict(cursor.fetchall())
        self._stages.add("finish", last)

    def touched_codes(self) -> list[str] | None:
        self._cursor.execute("select intake.touched_codes()")
        codes: list[str] | None = self._cursor.fetchone()[0]
        return codes

    def receipt(self, seconds: float) -> Receipt:
        """What became of it."""
        unknown = self._header.unknown if self._header else ()
        absent = self._header.absent if self._header else ()
        balance = Balance.of(self._tally)
        return Receipt(
            self.number, self._feed, balance, False, seconds, self._stages.seconds, unknown, absent, self._cases
        )
