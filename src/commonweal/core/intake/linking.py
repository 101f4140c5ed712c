"""Who carries which identifier within one chunk, and the components that makes, with arrays.

Identifiers are numbered in the order of their hashes: a database index is then met page by page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.core.intake.digesting import Bytes, as_series, digests
from commonweal.core.intake.identifiers import Hasher, Kind, label, texts_of
from commonweal.core.intake.persons import components_of
from commonweal.core.intake.rows import NewIds
from commonweal.core.intake.rules import UNKNOWN

Places = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int64]

NOBODY = -1


@dataclass(frozen=True)
class Told:
    """What records say of their persons: by record the code of a value, NOBODY where it says nothing."""

    codes: Codes
    values: pl.Series


@dataclass(frozen=True)
class Linked:
    """Identifiers, each once (rows.IDENTIFIERS), and the components they make (rows.COMPONENTS), column by column.

    `id` and `component` are 16 bytes each: what new links and new components are called.
    """

    identifiers: dict[str, npt.NDArray[Any]]
    components: dict[str, npt.NDArray[Any] | pl.Series]


@dataclass(frozen=True)
class Links:
    """Line by line: record number `record[i]` (from 0) carries identifier number `number[i]` (from 1).

    `kind`, `key_id` and `hash` are those of the identifiers, in order of their numbers.
    """

    record: Codes
    number: Codes
    kind: npt.NDArray[np.int16]
    key_id: npt.NDArray[np.int16]
    hash: Bytes
    birth: Told
    sex: Told
    records: int

    def strongest(self) -> Codes:
        """The number of each record's strongest identifier, 0 where it has none: lines are strongest first."""
        answer = np.zeros(self.records, np.int64)
        answer[self.record[::-1]] = self.number[::-1]
        return answer

    def only(self, lines: npt.NDArray[np.bool_]) -> Links:
        """The same without some of the lines."""
        return Links(
            self.record[lines],
            self.number[lines],
            self.kind,
            self.key_id,
            self.hash,
            self.birth,
            self.sex,
            self.records,
        )

    def linked(self, new_ids: NewIds, first_local: int = 0) -> Linked:
        """Every identifier that a line has, and the components they lie in, numbered from `first_local`."""
        numbers, first_line = np.unique(self.number, return_index=True)
        record_local = components_of(self.record, self.number - 1, self.records)
        different, local = np.unique(record_local[self.record], return_inverse=True)
        ids = new_ids.make(len(numbers))
        first = np.full(len(different), len(numbers), np.int64)
        np.minimum.at(first, local, np.searchsorted(numbers, self.number))
        birth, birth_clash = _agreed(self.birth.codes[self.record], local, len(different))
        sex, sex_clash = _agreed(self.sex.codes[self.record], local, len(different))
        at = numbers - 1
        identifiers: dict[str, npt.NDArray[Any]] = {
            "number": numbers.astype(np.int32),
            "kind": self.kind[at],
            "hash": self.hash[at],
            "key_id": self.key_id[at],
            "local": (local[first_line] + first_local).astype(np.int32),
            "id": ids,
        }
        components: dict[str, npt.NDArray[Any] | pl.Series] = {
            "local": (np.arange(len(different)) + first_local).astype(np.int32),
            "component": ids[first],
            "birth": _valued(self.birth, birth),
            "sex": _valued(self.sex, sex),
            "clash": birth_clash | sex_clash,
        }
        return Linked(identifiers, components)


def links_of(frame: pl.DataFrame, hashers: Sequence[Hasher], *, feed: str) -> Links:
    """Hash the identifiers of a checked frame's records; each record's strongest kind and oldest key come first."""
    texts = texts_of(frame)
    record, kind, key_id, hashes = [], [], [], []
    for each in Kind:
        column = texts[each.name]
        rows = np.flatnonzero(column.is_not_null().to_numpy())
        for hasher in hashers:
            hashes.append(digests(hasher, hasher.prefix(label(each, feed)), column.drop_nulls()))
            record.append(rows)
            kind.append(np.full(len(rows), each, np.int16))
            key_id.append(np.full(len(rows), hasher.key_id, np.int16))
    hash_lines = np.concatenate(hashes)
    number, first = _in_order(hash_lines)
    return Links(
        np.concatenate(record),
        number,
        np.concatenate(kind)[first],
        np.concatenate(key_id)[first],
        hash_lines[first],
        _births(texts["birth"], hashers[0]),
        _sexes(frame["sex"]),
        frame.height,
    )


def _in_order(hashes: Bytes) -> tuple[Codes, Codes]:
    """A number from 1 for each different hash in ascending order, line by line; and a line of each."""
    words = np.ascontiguousarray(hashes).view(">u8").astype(np.uint64)
    order = np.lexsort((words[:, 1], words[:, 0]))
    ordered = words[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(is_new)
    return number, order[is_new]


def _births(texts: pl.Series, hasher: Hasher) -> Told:
    """Birth dates repeat, so each different one is hashed once."""
    different = texts.drop_nulls().unique().sort()
    codes = texts.replace_strict(different, pl.Series(np.arange(len(different))), default=NOBODY, return_dtype=pl.Int64)
    hashed = as_series(digests(hasher, hasher.prefix("birth"), different))
    return Told(codes.fill_null(NOBODY).to_numpy(), hashed)


def _sexes(sex: pl.Series) -> Told:
    values = sex.cast(pl.String)
    different = values.drop_nulls().unique().sort()
    codes = values.replace_strict(
        different, pl.Series(np.arange(len(different))), default=NOBODY, return_dtype=pl.Int64
    )
    known = codes.set(values == UNKNOWN, NOBODY).fill_null(NOBODY)
    return Told(known.to_numpy(), different)


def _agreed(codes: Codes, local: Codes, count: int) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """For each component the lowest code told (NOBODY if none is), and whether two different ones are."""
    known = codes != NOBODY
    lowest, highest = np.full(count, np.iinfo(np.int64).max), np.full(count, NOBODY, np.int64)
    np.minimum.at(lowest, local[known], codes[known])
    np.maximum.at(highest, local[known], codes[known])
    return np.where(highest == NOBODY, NOBODY, lowest), (highest != NOBODY) & (highest != lowest)


def _valued(told: Told, codes: Codes) -> pl.Series:
    where = pl.Series(codes)
    return told.values.gather(where.set(where == NOBODY, None))
