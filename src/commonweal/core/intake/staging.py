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
import numpy.typing as npt
import polars as pl

from commonweal.core.intake.checks import Checked, Fate
from commonweal.core.intake.identifiers import Hasher, Kind, label, texts_of
from commonweal.core.intake.persons import components_of
from commonweal.core.intake.reading import Chunk
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.sealing import RandomBytes, Sealed, Sealer

Places = npt.NDArray[np.int64]

# columns of the staging table that are taken as they are from a checked frame
CARRIED = (
    "postcode_source", "specimen_date", "specimen_at", "lab_received_at", "reported_at", "reported_date", "age_years",
    "age_band", "sex", "ethnic_group", "occupation", "workplace_postcode", "pillar", "test_route", "test_type",
    "result", "symptomatic", "onset_date", "setting_type", "setting_id", "incident_id", "contacts_named",
)  # fmt: skip
STAGED = (
    "place", "row_number", "fate", "reasons", "notes", "record_hash", "revision", "content_hash", "repeated",
    "strongest", "pcd", "sent_ltla", *CARRIED, "sealing_key_id", "sealing_key", "sealed",
)  # fmt: skip
# microseconds since 1970: quicker to write and to read than text
INSTANTS = ("specimen_at", "lab_received_at", "reported_at")
IDENTIFIERS = ("number", "kind", "hash", "key_id", "local", "id", "component", "birth", "sex", "clash")


@dataclass(frozen=True)
class Secrets:
    """Keys that come from outside the database.

    `persons` hash identifiers, oldest first: an identifier is hashed under each, so that a record taken in after a
    rotation still meets those from before it. `records` hashes record ids and contents and is never rotated.
    """

    persons: tuple[Hasher, ...]
    records: Hasher
    sealer: Sealer
    random_bytes: RandomBytes


@dataclass(frozen=True)
class NewIds:
    """Makes random identifiers (UUID version 7): time first, then their order, then 46 bits of chance.

    In order of time an index grows at its end, which is much quicker than everywhere at once.
    """

    random_bytes: RandomBytes
    milliseconds: int

    def make(self, count: int) -> list[str]:
        """So many identifiers, as 32 hexadecimal digits each."""
        ids = np.frombuffer(self.random_bytes(16 * count), np.uint8).reshape(-1, 16).copy()
        order = np.arange(count, dtype=">u4").view(np.uint8).reshape(-1, 4)
        ids[:, 0:6] = np.frombuffer(self.milliseconds.to_bytes(8, "big"), np.uint8)[2:]
        ids[:, 6] = 0x70 | (order[:, 0] & 0x0F)
        ids[:, 7] = order[:, 1]
        ids[:, 8] = 0x80 | (order[:, 2] >> 2)
        ids[:, 9] = (order[:, 2] << 6) | (order[:, 3] >> 2)
        ids[:, 10] = (order[:, 3] << 6) | (ids[:, 10] & 0x3F)
        flat = ids.tobytes().hex()
        return [flat[start : start + 32] for start in range(0, len(flat), 32)]


@dataclass(frozen=True)
class Staged:
    """One chunk ready for the database.

    `rows` (STAGED) has a row a record, `identifiers` (IDENTIFIERS) every identifier of its good records once, with the
    component it lies in. `carried` says which record (by `place`) carries which identifier (by `number`), and what it
    says of birth and sex.
    """

    rows: pl.DataFrame
    identifiers: pl.DataFrame
    carried: pl.DataFrame
    chunk: Chunk
    new_ids: NewIds

    def without(self, left_out: Sequence[int]) -> tuple[list[int], pl.DataFrame]:
        """What changes when the records at these places link nobody.

        Returns the components (`local`) to take away, and the identifiers that the other records of these components
        carry, in components of their own.
        """
        place_local = self.carried.join(self.identifiers.select("number", "local"), on="number")
        away = place_local.filter(pl.col("place").is_in(list(left_out)))["local"].unique()
        rest = place_local.filter(pl.col("local").is_in(away.implode()) & ~pl.col("place").is_in(list(left_out)))
        again = _components(rest.drop("local"), self.rows.height, self.new_ids)
        beyond = int(self.identifiers["local"].max() or 0) + 1  # type: ignore[arg-type]
        return away.to_list(), again.with_columns(pl.col("local") + beyond)

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
    frame = checked.frame.with_columns(
        pl.Series("place", np.arange(1, checked.frame.height + 1)),
        pl.Series("row_number", chunk.number),
        pl.Series("fate", checked.fate),
    )
    taken = np.flatnonzero(checked.fate == Fate.GOOD)
    keyed = np.flatnonzero(checked.fate != Fate.REJECTED)
    carried = _carried(frame[taken], taken + 1, secrets.persons, feed)
    strongest = carried.group_by("place").agg(pl.col("number").first()).sort("place")["number"].to_list()
    sealed = _sealed(frame[taken], checked, taken, line_list, secrets)
    hashes = secrets.records
    age_bands = pl.Series(age_bands_of(line_list), dtype=pl.String)
    records, contents = (frame[name].gather(keyed).cast(pl.Binary).to_list() for name in ("record_id", "content"))
    seldom = pl.col("record_id").is_duplicated() & pl.col("record_id").is_not_null()
    rows = frame.with_columns(
        seldom.alias("repeated"),
        checked.reasons.alias("reasons"),
        checked.notes.alias("notes"),
        _placed("record_hash", hashes.digests(f"record\x1f{feed}", records), keyed, frame.height),
        _placed("content_hash", hashes.digests("content", contents), keyed, frame.height),
        _placed("strongest", strongest, taken, frame.height),
        pl.col("postcode").alias("pcd"),
        pl.col("ltla_code").alias("sent_ltla"),
        age_bands.gather(frame["age_years"].clip(0, len(age_bands) - 1)).alias("age_band"),
        _placed("sealing_key", [each.wrapped_key for each in sealed], taken, frame.height),
        _placed("sealed", [each.payload for each in sealed], taken, frame.height),
        pl.lit(secrets.sealer.key_id).alias("sealing_key_id"),
        pl.col(INSTANTS).dt.epoch("us"),
    ).select(STAGED)
    rows = pl.concat([rows, _malformed(chunk, rows)])
    new_ids = NewIds(secrets.random_bytes, milliseconds)
    return Staged(rows, _components(carried, rows.height, new_ids), carried, chunk, new_ids)


def age_bands_of(line_list: LineList) -> list[str]:
    """The age band of every age from 0 to the highest allowed one."""
    bands: list[str] = []
    highest = line_list["age_years"].maximum or 0
    for band in line_list.age_bands:
        last = highest if band.endswith("+") else int(band.split("-")[1])
        bands += [band] * (last + 1 - len(bands))
    return bands


def _placed(name: str, values: list[bytes | None] | list[bytes] | list[int], places: Places, height: int) -> pl.Series:
    """A column with `values` at `places` and null elsewhere."""
    column = pl.Series(name, values, dtype=pl.Int64 if name == "strongest" else pl.Binary)
    if len(places) == height:
        return column
    where = np.full(height, -1, np.int64)
    where[places] = np.arange(len(places))
    return column.gather(pl.Series(where).replace(-1, None)).alias(name)


def _carried(frame: pl.DataFrame, places: Places, hashers: tuple[Hasher, ...], feed: str) -> pl.DataFrame:
    """A line for each identifier of each record, strongest kind and oldest key first."""
    texts = texts_of(frame).cast(pl.Binary)
    person = pl.DataFrame(
        {"place": places, "birth": _births(texts["birth"], hashers[0]), "sex": _known_sex(frame)},
        schema_overrides={"place": pl.Int64},
    )
    parts = [
        person.with_columns(
            pl.Series("hash", hasher.digests(label(kind, feed), texts[kind.name].to_list()), dtype=pl.Binary),
            kind=pl.lit(int(kind), pl.Int16),
            key_id=pl.lit(hasher.key_id, pl.Int16),
        ).filter(pl.col("hash").is_not_null())
        for kind in Kind
        for hasher in hashers
    ]
    carried = pl.concat(parts)
    different = carried.select("kind", "key_id", "hash").unique(maintain_order=True).with_row_index("number", 1)
    return carried.join(different, on=["kind", "key_id", "hash"], maintain_order="left").cast({"number": pl.Int64})


def _births(texts: pl.Series, hasher: Hasher) -> pl.Series:
    """Birth dates repeat, so each different one is hashed once."""
    different = texts.unique()
    hashed = pl.Series(hasher.digests("birth", different.to_list()), dtype=pl.Binary)
    known = pl.DataFrame({"text": different, "hashed": hashed})
    return texts.to_frame("text").join(known, on="text", how="left", maintain_order="left")["hashed"]


def _components(carried: pl.DataFrame, height: int, new_ids: NewIds) -> pl.DataFrame:
    place, number = carried["place"].to_numpy(), carried["number"].to_numpy()
    local = components_of(place - 1, number - 1, height)
    told = carried.with_columns(pl.Series("local", local[place - 1]))
    known = told.group_by("local").agg(
        pl.col("birth").min().alias("birth"),
        pl.col("sex").min().alias("sex"),
        (_differ("birth") | _differ("sex")).alias("clash"),
    )
    once = told.unique("number", keep="first", maintain_order=True).drop("birth", "sex")
    once = once.with_columns(pl.Series("id", new_ids.make(once.height)))
    return (
        once.with_columns(pl.col("id").first().over("local").alias("component"))
        .join(known, on="local", maintain_order="left")
        .select(IDENTIFIERS)
    )


def _differ(column: str) -> pl.Expr:
    """Whether a group has two different values; missing ones count for nothing."""
    return (pl.col(column).min() != pl.col(column).max()).fill_null(value=False)


def _known_sex(frame: pl.DataFrame) -> pl.Series:
    sex = frame["sex"].cast(pl.String)
    return sex.set(sex == "unknown", None)


def _sealed(
    frame: pl.DataFrame, checked: Checked, taken: Places, line_list: LineList, secrets: Secrets
) -> list[Sealed]:
    """The sealed fields of each record taken, with its ids and the texts that could not be read, as JSON, encrypted."""
    names = ["record_id", "person_id", *(field.id for field in line_list.fields if field.sealed)]
    if not frame.height:
        return []
    present = [name for name in names if frame[name].null_count() < frame.height]
    messages = frame.select(pl.struct(present).struct.json_encode().cast(pl.Binary)).to_series().to_list()
    for place, row in enumerate(taken.tolist()) if checked.unread else ():
        if row in checked.unread:
            whole = json.loads(messages[place]) | {"unread": checked.unread[row]}
            messages[place] = json.dumps(whole, ensure_ascii=False).encode()
    bindings = frame["record_id"].cast(pl.Binary).to_list()
    return secrets.sealer.seal(messages, bindings, secrets.random_bytes)


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
