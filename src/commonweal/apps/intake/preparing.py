"""From a source to pieces ready for the database: read, checked, hashed, sealed. Uses no database."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from commonweal.apps.intake.rulebook import Rulebook
from commonweal.apps.intake.sources import Source
from commonweal.core.intake.documents import chunk_of, flat_records, header_of, records_of
from commonweal.core.intake.few import FEW, Few, Record, stage_few
from commonweal.core.intake.obvious import check_record
from commonweal.core.intake.reading import CHUNK_BYTES, Chunk, Header, LineListReader, Malformed
from commonweal.core.intake.staging import Staged, stage


@dataclass
class Stages:
    """Seconds by stage; what is prepared in a thread overlaps with what the database does."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, since: float) -> float:
        """Count the time since `since` to a stage; returns the present moment."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


class Preparation:
    """Prepares one source. `now` is the space's instant; `mapping` the feed's column names; `header` is there after the
    first piece."""

    def __init__(
        self, source: Source, book: Rulebook, feed: str, mapping: Mapping[str, str], now: datetime, stages: Stages
    ) -> None:
        self.header: Header | None = None
        self._source = source
        self._book = book
        self._feed = feed
        self._mapping = mapping
        self._now = now
        self._stages = stages

    def pieces(self, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Staged | Few]:
        """Every record of the source, in pieces: a handful as `Few`, more as `Staged`."""
        if self._source.is_json:
            yield self._json()
            return
        last = time.perf_counter()
        reader = LineListReader(
            self._source.blocks(), self._book.line_list, mapping=self._mapping, chunk_bytes=chunk_bytes
        )
        self.header = reader.header
        for chunk in reader.chunks():
            self._stages.add("read", last)
            yield self._few_rows(chunk) if chunk.frame.height <= FEW else self._many(chunk)
            last = time.perf_counter()

    def _json(self) -> Staged | Few:
        last = time.perf_counter()
        records = records_of(self._source.body)
        self.header = header_of(records, self._book.line_list)
        flat, malformed = flat_records(records, self._book.line_list, mapping=self._mapping)
        self._stages.add("read", last)
        if len(flat) > FEW:
            return self._many(chunk_of(flat, malformed, self._book.line_list))
        return self._few([(record.number, record.texts, record.raw) for record in flat], malformed)

    def _many(self, chunk: Chunk) -> Staged:
        last = time.perf_counter()
        checked = self._book.checker.check(chunk.frame, now=self._now)
        last = self._stages.add("check", last)
        milliseconds = int(self._now.timestamp() * 1000)
        staged = stage(
            chunk, checked, self._book.line_list, self._book.secrets, feed=self._feed, milliseconds=milliseconds
        )
        self._stages.add("hash and seal", last)
        return staged

    def _few_rows(self, chunk: Chunk) -> Few:
        rows = list(chunk.frame.iter_rows(named=True))
        numbers = chunk.number.tolist()
        return self._few([(numbers[place], row, chunk.raw(place)) for place, row in enumerate(rows)], chunk.malformed)

    def _few(
        self,
        records: list[tuple[int, dict[str, str | None], bytes]],
        malformed: list[Malformed] | tuple[Malformed, ...],
    ) -> Few:
        last, book = time.perf_counter(), self._book
        checked = [
            Record(number, texts, raw, check_record(texts, book.line_list, book.pack, now=self._now))
            for number, texts, raw in records
        ]
        last = self._stages.add("check", last)
        few = stage_few(checked, malformed, book.line_list, book.secrets, feed=self._feed)
        self._stages.add("hash and seal", last)
        return few
