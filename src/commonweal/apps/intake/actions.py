"""Taking submissions in: read, check, hash, store, count, all in one transaction with one tick.

The work is cut into chunks. While the database absorbs one, a thread prepares the next. Nothing of a submission can be
seen before its commit, and a process that is killed anywhere leaves all of it or none of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from django.db import Error, connections
from django.db.backends.utils import CursorWrapper

from commonweal.apps.intake import feeds, queries
from commonweal.apps.intake.apart import Job, Prepared
from commonweal.apps.intake.prefetch import ahead
from commonweal.apps.intake.preparing import Stages
from commonweal.apps.intake.rulebook import rulebook
from commonweal.apps.intake.sources import Source
from commonweal.apps.intake.writing import Writing
from commonweal.core.errors import NotThere, Refused
from commonweal.core.intake.balance import Balance
from commonweal.core.intake.reading import CHUNK_BYTES, Header
from commonweal.web import db
from commonweal.web.live import CHANNEL

ALIAS = "ingest"
# another submission was first with the same record or person: begin again and meet what it wrote
BEGIN_AGAIN = frozenset({"40001", "40P01", "23505"})
TRIES = 8
# classes of SQLSTATE -> what the surroundings did; nothing of the submission is there afterwards
SURROUNDINGS = {
    "53": "The database has no room left ({}). Nothing was taken: free space, then send it again.",
    "57": "The database was stopped half-way ({}). Nothing was taken: send it again when it is back.",
    "08": "The connection to the database broke ({}). Nothing was taken: send it again.",
}
NOTIFY = "select set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Receipt:
    """What became of a submission. Of one that came before: the first numbers with `accepted` 0, nothing added."""

    submission: int
    feed: str
    balance: Balance
    replayed: bool
    seconds: float
    stages: dict[str, float]
    header: Header | None = None
    records: list[dict[str, Any]] | None = None  # outcomes of a small submission's records, when they are at hand

    def as_dict(self) -> dict[str, Any]:
        """The six keys of the balance, `seconds`, and what else a sender may want to know."""
        return {
            **self.balance.as_dict(),
            "seconds": round(self.seconds, 3),
            "submission": self.submission,
            "feed": self.feed,
            "replayed": self.replayed,
            "stages": {name: round(seconds, 3) for name, seconds in self.stages.items()},
            "unknown_columns": list(self.header.unknown) if self.header else [],
            "absent_columns": list(self.header.absent) if self.header else [],
        }


def take_in(feed_name: str, source: Source, *, chunk_bytes: int = CHUNK_BYTES) -> Receipt:
    """Take one submission in.

    Raises `NotThere` for an unknown feed and for a database that is full or gone, `Refused` for what cannot be read, a
    feed that is not open, or an idempotency key used for other content. In each case nothing was changed.
    """
    return beginning_again(lambda: _take_in_once(feed_name, source, chunk_bytes))


def beginning_again(work: Callable[[], Answer]) -> Answer:
    """Run a whole transaction; once more when another one was first; the database's own refusals as ours."""
    for attempt in range(TRIES):
        try:
            return work()
        except (Error, psycopg.Error) as error:
            cause = error if isinstance(error, psycopg.Error) else error.__cause__
            state = getattr(cause, "sqlstate", None) or ("08" if isinstance(cause, psycopg.OperationalError) else "")
            if state in BEGIN_AGAIN and attempt < TRIES - 1:
                time.sleep(0.02 * (attempt + 1))
                continue
            sentence = _first_line(cause or error)
            if state.startswith("CW"):
                raise Refused(sentence) from None
            if state[:2] in SURROUNDINGS:
                connections[ALIAS].close()
                raise NotThere(SURROUNDINGS[state[:2]].format(sentence)) from None
            raise
    raise AssertionError("the last try answers or raises")


def _first_line(error: BaseException) -> str:
    diagnostic = getattr(error, "diag", None)
    return str(getattr(diagnostic, "message_primary", None) or str(error).partition("\n")[0])


def _take_in_once(feed_name: str, source: Source, chunk_bytes: int) -> Receipt:
    started, stages = time.perf_counter(), Stages()
    feed = feeds.feed(feed_name)
    mapping = feeds.column_mapping(feed_name)
    book = rulebook(feed.pathogen)
    with db.recorded(ALIAS) as write:
        writing = Writing(write.cursor, book, stages)
        opened = writing.begin(feed_name, source)
        if opened is None:
            return came_before(feed_name, source, started)
        prepared = Prepared(Job(source, feed.pathogen, feed_name, mapping, opened, chunk_bytes), stages)
        for piece in ahead(prepared.pieces()):
            writing.put(opened, piece)
        writing.count([book.pack])
        tally = writing.finish(opened, source)
        keep_columns(write.cursor, opened.submission, prepared.header, source, tally)
        codes = writing.close()
        last = time.perf_counter()
    stages.add("commit", last)
    notify(write.tick, codes)
    balance = Balance.of(tally)
    seconds = time.perf_counter() - started
    return Receipt(opened.submission, feed_name, balance, False, seconds, stages.seconds, prepared.header)


def keep_columns(
    cursor: CursorWrapper, submission: int, header: Header | None, source: Source, tally: Mapping[str, int]
) -> None:
    """Keep which field each column feeds, where lines are held: without it nobody could mend them."""
    if header is None or source.is_json or not (tally.get("rejected") or tally.get("pending")):
        return
    columns = [name or "" for name in header.columns]
    cursor.execute("insert into intake.held_columns values (%s, %s)", [submission, columns])


def came_before(feed_name: str, source: Source, started: float) -> Receipt:
    """The answer for bytes, or a sender's key, that came before. The same key with other bytes is refused."""
    key = source.provenance.idempotency_key
    first = queries.submission_that_came_before(feed_name, source.sha256, key)
    if key is not None and first["idempotency_key"] == key and bytes(first["sha256"]) != source.sha256:
        raise Refused(
            f"The Idempotency-Key {key!r} was used for other content (submission {first['id']}). "
            "Send this content under a new key."
        )
    tally = dict(queries.tally(first["id"]))
    numbers = Balance.of(tally).as_dict() | {"accepted": 0}
    return Receipt(first["id"], feed_name, Balance(**numbers), True, time.perf_counter() - started, {})


def notify(tick: int, codes: list[str] | None) -> None:
    """Tell the listeners that something became known: which tick, and the lower-tier codes (None: many).

    A transaction of its own that does not wait for the disk: nothing is lost with it, listeners look by themselves too.
    """
    with connections[ALIAS].cursor() as cursor:
        db.run_prepared(cursor, NOTIFY, [CHANNEL, json.dumps({"tick": tick, "codes": codes})])
