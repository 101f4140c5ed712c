"""From checked records to the rows that the database takes: hashed, linked within the chunk, sealed.

The columns are those of the staging tables that the store's SQL describes, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from commonweal.core.intake.checks import Checked, Fate
from commonweal.core.intake.digesting import as_series, digests
from commonweal.core.intake.linking import Linked, Links, Places, links_of
from commonweal.core.intake.obvious import SEPARATOR
from commonweal.core.intake.reading import Chunk
from commonweal.core.intake.rows import (
    CONTENT,
    INSTANTS,
    STAGED,
    TYPES,
    NewIds,
    Secrets,
    record_label,
    sealed_names,
)
from commonweal.core.intake.schema import LineList


@dataclass(frozen=True)
class Staged:
    """One chunk ready for the database.

    `rows` (STAGED) has a row a record, `sealed` (SEALED) one for every good record; `linked` are the identifiers of the
    good records. `links` says who carries what; `linked_places` are the places of its records.
    """

    rows: pl.DataFrame
    sealed: dict[str, pl.Series | list[bytes]]
    linked: Linked
    links: Links
    linked_places: Places
    chunk: Chunk
    new_ids: NewIds

    def without(self, left_out: Sequence[int]) -> tuple[list[int], Linked]:
        """What changes when the records at these places link nobody.

        Returns the components (`local`) to take away, and the identifiers that the other records of these components
        carry, in components of their own.
        """
        number, local = self.linked.identifiers["number"], self.linked.identifiers["local"]
        local_of = np.zeros(int(number.max(initial=0)) + 1, np.int64)
        local_of[number] = local
        gone = np.isin(self.linked_places[self.links.record], np.array(left_out, np.int64))
        away = np.unique(local_of[self.links.number[gone]])
        rest = self.links.only(np.isin(local_of[self.links.number], away) & ~gone)
        return away.tolist(), rest.linked(self.new_ids, first_local=int(local.max(initial=0)) + 1)

    @cached_property
    def _received(self) -> dict[int, bytes | int]:
        bad: dict[int, bytes | int] = {each.number: each.raw for each in self.chunk.malformed}
        return bad | {number: row for row, number in enumerate(self.chunk.number.tolist())}

    def raw(self, row_number: int) -> bytes:
        """What was received as this record."""
        found = self._received[row_number]
        return found if isinstance(found, bytes) else self.chunk.raw(found)


def stage(
    chunk: Chunk, checked: Checked, line_list: LineList, secrets: Secrets, *, feed: str, milliseconds: int
) -> Staged:
    """Hash, link within the chunk and seal.

    `feed` is the namespace of the feed's own person ids; `milliseconds` since 1970 stamp the ids made for new links.
    """
    frame = checked.frame
    taken, keyed = np.flatnonzero(checked.fate == Fate.GOOD), np.flatnonzero(checked.fate != Fate.REJECTED)
    good = frame[taken]
    links = links_of(good, secrets.persons, feed=feed)
    bands = pl.Series(line_list.band_by_age, dtype=pl.String)
    records = secrets.records
    hashed = {
        "record_hash": digests(records, records.prefix(record_label(feed)), frame["record_id"].gather(keyed)),
        "content_hash": digests(records, records.prefix(CONTENT), frame["content"].gather(keyed)),
    }
    bindings = [row.tobytes() for row in hashed["record_hash"][np.searchsorted(keyed, taken)]]
    sealed = _sealed(good, checked, taken, bindings, line_list, secrets)
    repeated = pl.col("record_id").is_duplicated() & pl.col("record_id").is_not_null()
    rows = frame.with_columns(
        pl.Series("place", np.arange(1, frame.height + 1)),
        pl.Series("row_number", chunk.number),
        pl.Series("fate", checked.fate),
        checked.reasons.alias("reasons"),
        checked.notes.alias("notes"),
        *(_placed(as_series(hashes), keyed, frame.height).alias(name) for name, hashes in hashed.items()),
        repeated.alias("repeated"),
        _placed(pl.Series(links.strongest()), taken, frame.height).alias("strongest"),
        pl.col("postcode").alias("pcd"),
        pl.col("ltla_code").alias("sent_ltla"),
        bands.gather(frame["age_years"].clip(0, len(bands) - 1)).alias("age_band"),
        pl.col(INSTANTS).dt.epoch("us"),
    ).select(pl.col(name).cast(TYPES.get(name, pl.String)) for name in STAGED)
    new_ids = NewIds(secrets.random_bytes, milliseconds)
    rows = pl.concat([rows, _malformed(chunk, rows)])
    return Staged(rows, sealed, links.linked(new_ids), links, taken + 1, chunk, new_ids)


def _placed(values: pl.Series, places: Places, height: int) -> pl.Series:
    """A column with `values` at `places` and null elsewhere."""
    if len(places) == height:
        return values
    where = np.full(height, -1, np.int64)
    where[places] = np.arange(len(places))
    rows = pl.Series(where)
    return values.gather(rows.set(rows < 0, None))


def _sealed(
    frame: pl.DataFrame,
    checked: Checked,
    taken: Places,
    bindings: list[bytes],
    line_list: LineList,
    secrets: Secrets,
) -> dict[str, pl.Series | list[bytes]]:
    """SEALED: the sealed fields of each record taken, encrypted as `message` writes them.

    Each is bound to its record hash, which lies beside it: moved to another row it does not open.
    """
    parts = [
        pl.col(name).fill_null("") if frame[name].null_count() < frame.height else pl.lit("")
        for name in sealed_names(line_list)
    ]
    whole = pl.concat_str([pl.lit(str(line_list.version)), *parts, pl.lit("")], separator=SEPARATOR)
    messages = frame.select(whole.cast(pl.Binary)).to_series().to_list()
    for place, row in enumerate(taken.tolist()) if checked.unread else ():
        if row in checked.unread:
            messages[place] += json.dumps(checked.unread[row], ensure_ascii=False).encode()
    wrapped, payloads = secrets.sealer.seal_many(messages, bindings, secrets.random_bytes)
    return {
        "place": pl.Series(taken + 1, dtype=pl.Int32),
        "key_id": pl.repeat(secrets.sealer.key_id, len(taken), dtype=pl.Int16, eager=True),
        "wrapped_key": wrapped,
        "payload": payloads,
    }


def _malformed(chunk: Chunk, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows for the records that have no columns."""
    bad = chunk.malformed
    columns: dict[str, list[Any]] = {
        "place": [rows.height + position for position in range(1, len(bad) + 1)],
        "row_number": [each.number for each in bad],
        "fate": [int(Fate.REJECTED)] * len(bad),
        "reasons": [[each.reason] for each in bad],
        "notes": [[] for _ in bad],
        "repeated": [False] * len(bad),
    }
    nothing: list[Any] = [None] * len(bad)
    return pl.DataFrame([pl.Series(name, columns.get(name, nothing), dtype=kind) for name, kind in rows.schema.items()])
