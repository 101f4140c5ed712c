"""From checked records to the rows that the database takes: hashed, linked within the chunk, sealed.

The columns are those of the staging tables that the store's SQL describes, in their order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from commonweal.core.intake.checks import Checked, Fate
from commonweal.core.intake.identifiers import Hasher, Kind, label, texts_of
from commonweal.core.intake.persons import components_of
from commonweal.core.intake.reading import Chunk
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.sealing import RandomBytes, Sealed, Sealer

# text columns of the staging table that are taken as they are from a checked frame
CARRIED = (
    "postcode_source", "specimen_date", "specimen_at", "lab_received_at", "reported_at", "reported_date", "age_years",
    "age_band", "sex", "ethnic_group", "occupation", "workplace_postcode", "pillar", "test_route", "test_type", "result",
    "symptomatic", "onset_date", "setting_type", "setting_id", "incident_id", "contacts_named",
)  # fmt: skip
STAGED = (
    "row_number", "fate", "reasons", "notes", "record_hash", "revision", "content_hash", "strongest", "pcd", "sent_ltla",
    *CARRIED, "sealing_key", "sealing_key_id", "sealed",
)  # fmt: skip
IDENTIFIERS = ("number", "kind", "hash", "key_id", "local", "birth", "sex", "clash")


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
class Staged:
    """One chunk ready for the database: `rows` (STAGED) and `identifiers` (IDENTIFIERS), and the chunk itself."""

    rows: pl.DataFrame
    identifiers: pl.DataFrame
    chunk: Chunk

    @cached_property
    def _places(self) -> dict[int, bytes | int]:
        bad: dict[int, bytes | int] = {each.number: each.raw for each in self.chunk.malformed}
        return bad | {number: place for place, number in enumerate(self.chunk.number.tolist())}

    def raw(self, row_number: int) -> bytes:
        """What was received as this record."""
        found = self._places[row_number]
        return found if isinstance(found, bytes) else self.chunk.raw(found)


def stage(chunk: Chunk, checked: Checked, line_list: LineList, secrets: Secrets, *, feed: str) -> Staged:
    """Hash, link within the chunk and seal. `feed` is the namespace of the feed's own person ids."""
    frame = checked.frame.with_columns(pl.Series("fate", checked.fate), pl.Series("row_number", chunk.number))
    taken = np.flatnonzero(checked.fate == Fate.GOOD)
    keyed = np.flatnonzero(checked.fate != Fate.REJECTED)
    links, strongest = _links(frame[taken], secrets.persons, feed)
    sealed = _sealed(frame[taken], checked, taken, line_list, secrets)
    hashes = secrets.records
    age_bands = pl.Series(line_list_bands(line_list), dtype=pl.String)
    records = frame["record_id"].gather(keyed).cast(pl.Binary).to_list()
    contents = frame["content"].gather(keyed).cast(pl.Binary).to_list()
    rows = frame.with_columns(
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
    ).select(STAGED)
    return Staged(pl.concat([rows, _malformed(chunk, rows)], how="vertical_relaxed"), links, chunk)


def line_list_bands(line_list: LineList) -> list[str]:
    """The age band of every age from 0 to the highest allowed one."""
    bands: list[str] = []
    highest = line_list["age_years"].maximum or 0
    for band in line_list.age_bands:
        last = highest if band.endswith("+") else int(band.split("-")[1])
        bands += [band] * (last + 1 - len(bands))
    return bands


def _placed(name: str, values: list[bytes | None] | list[bytes] | list[int], places: np.ndarray, height: int) -> pl.Series:  # type: ignore[type-arg]
    """A column with `values` at `places` and null elsewhere."""
    column = pl.Series(name, values, dtype=pl.Int64 if name == "strongest" else pl.Binary)
    if len(places) == height:
        return column
    where = np.full(height, -1, np.int64)
    where[places] = np.arange(len(places))
    return column.gather(pl.Series(where).replace(-1, None)).alias(name)


def _links(frame: pl.DataFrame, hashers: tuple[Hasher, ...], feed: str) -> tuple[pl.DataFrame, list[int]]:
    """Every identifier of the chunk once, with the component it lies in; and each record's strongest one."""
    texts = texts_of(frame).cast(pl.Binary)
    births = hashers[0].digests("birth", texts["birth"].to_list())
    person = pl.DataFrame(
        {"record": np.arange(frame.height), "birth": pl.Series(births, dtype=pl.Binary), "sex": _known_sex(frame)}
    )
    parts = []
    for kind in Kind:
        column = texts[kind.name].to_list()
        for hasher in hashers:
            digests = pl.Series("hash", hasher.digests(label(kind, feed), column), dtype=pl.Binary)
            parts.append(
                person.with_columns(
                    digests, kind=pl.lit(int(kind), pl.Int16), key_id=pl.lit(int(hasher.key_id), pl.Int16)
                ).filter(pl.col("hash").is_not_null())
            )
    carried = pl.concat(parts)
    different = carried.select("kind", "key_id", "hash").unique(maintain_order=True).with_row_index("number", 1)
    carried = carried.join(different, on=["kind", "key_id", "hash"], maintain_order="left")
    record, number = (carried[name].cast(pl.Int64).to_numpy() for name in ("record", "number"))
    local = components_of(record, number - 1, frame.height)
    links = (
        carried.with_columns(pl.Series("local", local[record]))
        .group_by("number", maintain_order=True)
        .agg(
            pl.col("kind", "hash", "key_id", "local").first(),
            pl.col("birth").min(),
            pl.col("sex").min(),
            ((pl.col("birth").min() != pl.col("birth").max()) | (pl.col("sex").min() != pl.col("sex").max()))
            .fill_null(value=False)
            .alias("clash"),
        )
        .select(IDENTIFIERS)
    )
    strongest = carried.group_by("record").agg(pl.col("number").first()).sort("record")["number"].to_list()
    return links, strongest


def _known_sex(frame: pl.DataFrame) -> pl.Series:
    sex = frame["sex"].cast(pl.String)
    return sex.set(sex == "unknown", None)


def _sealed(
    frame: pl.DataFrame, checked: Checked, taken: np.ndarray, line_list: LineList, secrets: Secrets  # type: ignore[type-arg]
) -> list[Sealed]:
    """The sealed fields of each record taken, with its ids and the texts that could not be read, as JSON, encrypted."""
    names = ["record_id", "person_id", *(field.id for field in line_list.fields if field.sealed)]
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
    columns = {
        "row_number": [bad.number for bad in chunk.malformed],
        "fate": [int(Fate.REJECTED)] * len(chunk.malformed),
        "reasons": [[bad.reason] for bad in chunk.malformed],
        "notes": [[] for _ in chunk.malformed],
    }
    return pl.DataFrame(
        [pl.Series(name, columns.get(name, [None] * len(chunk.malformed)), dtype=kind) for name, kind in rows.schema.items()]
    )
