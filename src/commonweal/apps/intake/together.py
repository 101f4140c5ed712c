"""Small submissions that are written in one transaction with one tick: one flush to disk for all of them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.intake.actions import ALIAS, Receipt, beginning_again, came_before, keep_columns, notify
from commonweal.apps.intake.preparing import Stages
from commonweal.apps.intake.rulebook import Rulebook, rulebook
from commonweal.apps.intake.sources import Source
from commonweal.apps.intake.writing import WAITING_DAYS, Opened, Writing, finish_values
from commonweal.core.intake.balance import Balance
from commonweal.core.intake.few import Few, Group, Part, as_json, group
from commonweal.core.intake.reading import Header
from commonweal.core.intake.rows import NewIds
from commonweal.web import db

BEGIN = (
    "select tick, new_id, feed_number, at"
    " from intake.begin_together(%s::text[], %s::bytea[], %s::text[]) order by place"
)
ABSORB = "select intake.absorb_together(%s::json, %s::json, %s::json, %s, %s::json, %s::json)"


@dataclass(frozen=True)
class Ready:
    """A small submission that is read, checked, hashed and sealed, and only wants writing."""

    feed: str
    pathogen: str
    source: Source
    pieces: tuple[Few, ...]
    header: Header | None
    stages: Stages

    @property
    def received(self) -> int:
        return sum(len(piece.rows) for piece in self.pieces)


@dataclass(frozen=True)
class Begun:
    """A submission of the open transaction: where it stands in the group, and what it is to the database."""

    place: int
    ready: Ready
    opened: Opened


@dataclass(frozen=True)
class Absorbed:
    """What became of the records of a group: the codes touched (None: many), counts and rows by submission."""

    codes: list[str] | None
    tallies: dict[int, dict[str, int]]
    records: dict[int, list[dict[str, Any]]] | None


@dataclass(frozen=True)
class Written:
    """A group that is durable: what became of each submission, and what listeners are told (None: all came before)."""

    receipts: list[Receipt]
    news: tuple[int, list[str] | None] | None


def take_in_together(submissions: Sequence[Ready]) -> list[Receipt]:
    """Write several small submissions in one transaction with one tick, and tell the listeners.

    Raises like `actions.take_in`; then none of them is written, and each may be tried by itself.
    """
    written = write_together(submissions)
    if written.news is not None:
        notify(*written.news)
    return written.receipts


def write_together(submissions: Sequence[Ready]) -> Written:
    """As `take_in_together`; the caller tells the listeners."""
    return beginning_again(lambda: _once(submissions))


def _once(submissions: Sequence[Ready]) -> Written:
    started = time.perf_counter()
    receipts: dict[int, Receipt] = {}
    with db.transaction(ALIAS) as cursor:
        tick, begun = _begin(cursor, submissions)
        for place in set(range(len(submissions))) - {one.place for one in begun}:
            receipts[place] = came_before(submissions[place].feed, submissions[place].source, started)
        if begun:
            absorbed = _absorb(cursor, tick, begun)
        else:
            cursor.execute("select ledger.close_tick(%s)", [tick])
    seconds = time.perf_counter() - started
    for one in begun:
        number, ready = one.opened.submission, one.ready
        stages = {**ready.stages.seconds, "write": seconds}
        receipts[one.place] = Receipt(
            number, ready.feed, Balance.of(absorbed.tallies.get(number, {})), False, seconds, stages, ready.header,
            absorbed.records.get(number, []) if absorbed.records is not None else None,
        )  # fmt: skip
    news = (tick, absorbed.codes) if begun else None
    return Written([receipts[place] for place in range(len(submissions))], news)


def _begin(cursor: Any, submissions: Sequence[Ready]) -> tuple[int, list[Begun]]:
    keys = [ready.source.provenance.idempotency_key for ready in submissions]
    db.run_prepared(cursor, BEGIN, [[r.feed for r in submissions], [r.source.sha256 for r in submissions], keys])
    rows = cursor.fetchall()
    begun = [
        Begun(place, ready, Opened(new_id, ready.feed, feed_number, now, ready.received))
        for place, (ready, (_, new_id, feed_number, now)) in enumerate(zip(submissions, rows, strict=True))
        if new_id is not None
    ]
    return rows[0][0], begun


def _absorb(cursor: Any, tick: int, begun: Sequence[Begun]) -> Absorbed:
    """Store everything in one call when every record is taken in or was there; otherwise step by step."""
    book = rulebook(begun[0].ready.pathogen)
    now = begun[0].opened.now
    together = group(
        [Part(one.opened.submission, one.opened.feed_number, piece) for one in begun for piece in one.ready.pieces]
    )
    new_ids = NewIds(book.secrets.random_bytes, int(now.timestamp() * 1000))
    packs = {one.ready.pathogen: rulebook(one.ready.pathogen).pack for one in begun}
    identifiers, components = together.linked((), new_ids)
    values = [
        as_json(together.staged_rows()),
        as_json(identifiers),
        as_json(components),
        WAITING_DAYS,
        json.dumps(
            [
                {"pathogen": pack.id, "tests": list(pack.case_test_types), "episode_days": pack.episode_days}
                for pack in packs.values()
            ]
        ),
        as_json([finish_values(one.opened, one.ready.source, book) for one in begun]),
    ]
    db.run_prepared(cursor, ABSORB, values)
    answer = cursor.fetchone()[0]
    answer = answer if isinstance(answer, dict) else json.loads(answer)
    if "left_out" in answer:
        return _step_by_step(cursor, tick, begun, together, answer["left_out"], book, now)
    records: dict[int, list[dict[str, Any]]] = {}
    for submission, row, outcome, reasons, notes in answer["outcomes"] or ():
        found = {"row_number": row, "outcome": outcome, "reasons": reasons, "notes": notes}
        records.setdefault(submission, []).append(found)
    tallies = {number: dict(Counter(row["outcome"] for row in rows)) for number, rows in records.items()}
    return Absorbed(answer["codes"], tallies, records)


def _step_by_step(
    cursor: Any, tick: int, begun: Sequence[Begun], together: Group, left_out: list[int], book: Rulebook, now: datetime
) -> Absorbed:
    """The rest after the decision, where some records are rejected or wait: their content is sealed and held."""
    writing = Writing(cursor, book, Stages())
    if left_out:
        writing.leave_out_few(together, left_out, now)
    received = {
        (one.opened.submission, number): raw
        for one in begun
        for piece in one.ready.pieces
        for number, raw in piece.received.items()
    }
    writing.store_decided(lambda submission, number: received[submission, number], now)
    writing.count(list({one.ready.pathogen: rulebook(one.ready.pathogen).pack for one in begun}.values()))
    tallies = {one.opened.submission: writing.finish(one.opened, one.ready.source) for one in begun}
    for one in begun:
        tally = tallies[one.opened.submission]
        keep_columns(cursor, one.opened.submission, one.ready.header, one.ready.source, tally)
    codes = writing.close()
    cursor.execute("select ledger.close_tick(%s)", [tick])
    return Absorbed(codes, tallies, None)
