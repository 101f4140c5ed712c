"""The rows that the store takes: their columns, what is sealed of a record, and the ids of new persons.

The columns are those of the staging tables that the store's SQL describes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.intake.identifiers import Hasher
from commonweal.core.intake.obvious import SEPARATOR
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.sealing import RandomBytes, Sealer

# columns of the staging table that are taken as they are from a checked frame
CARRIED = (
    "postcode_source", "specimen_date", "specimen_at", "lab_received_at", "reported_at", "reported_date", "age_years",
    "age_band", "sex", "ethnic_group", "occupation", "workplace_postcode", "pillar", "test_route", "test_type",
    "result", "symptomatic", "onset_date", "setting_type", "setting_id", "incident_id", "contacts_named",
)  # fmt: skip
STAGED = (
    "place", "row_number", "fate", "reasons", "notes", "record_hash", "revision", "content_hash", "repeated",
    "strongest", "pcd", "sent_ltla", *CARRIED,
)  # fmt: skip
SEALED = ("place", "key_id", "wrapped_key", "payload")
# columns of the staging table that are no text
TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("place", "row_number", "revision", "strongest", "contacts_named"), pl.Int32),
    **dict.fromkeys(("fate", "age_years"), pl.Int16),
    **dict.fromkeys(("specimen_at", "lab_received_at", "reported_at"), pl.Int64),
    **dict.fromkeys(("specimen_date", "reported_date", "onset_date"), pl.Date),
    **dict.fromkeys(("repeated", "symptomatic"), pl.Boolean),
    **dict.fromkeys(("record_hash", "content_hash"), pl.Binary),
    **dict.fromkeys(("reasons", "notes"), pl.List(pl.String)),
}
# microseconds since 1970: quicker to write and to read than text
INSTANTS = ("specimen_at", "lab_received_at", "reported_at")
IDENTIFIERS = ("number", "kind", "hash", "key_id", "local", "id")
COMPONENTS = ("local", "component", "birth", "sex", "clash")
CONTENT = "content"


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

    def make(self, count: int) -> npt.NDArray[np.uint8]:
        """So many identifiers, 16 bytes each."""
        ids = np.frombuffer(self.random_bytes(16 * count), np.uint8).reshape(-1, 16).copy()
        order = np.arange(count, dtype=">u4").view(np.uint8).reshape(-1, 4)
        ids[:, 0:6] = np.frombuffer(self.milliseconds.to_bytes(8, "big"), np.uint8)[2:]
        ids[:, 6] = 0x70 | (order[:, 0] & 0x0F)
        ids[:, 7] = order[:, 1]
        ids[:, 8] = 0x80 | (order[:, 2] >> 2)
        ids[:, 9] = (order[:, 2] << 6) | (order[:, 3] >> 2)
        ids[:, 10] = (order[:, 3] << 6) | (ids[:, 10] & 0x3F)
        return ids


def record_label(feed: str) -> str:
    """Under what a feed's record ids are hashed."""
    return f"record{SEPARATOR}{feed}"


def sealed_names(line_list: LineList) -> list[str]:
    """What is sealed of a record, in the order in which a message has it: its own ids, then the sealed fields."""
    return ["record_id", "person_id", *(field.id for field in line_list.fields if field.sealed)]


def message(texts: Mapping[str, str | None], unread: Mapping[str, str], line_list: LineList) -> bytes:
    """The message that is sealed of one record.

    The version of the line list, the texts of `sealed_names` in order (empty where there is none) and, as JSON, texts
    that could not be read (nothing where there are none), with unit separators between.
    """
    parts = [str(line_list.version), *(texts.get(name) or "" for name in sealed_names(line_list))]
    return SEPARATOR.join([*parts, json.dumps(unread, ensure_ascii=False) if unread else ""]).encode()


def opened_message(text: bytes, line_list: LineList) -> dict[str, str]:
    """What a message says: texts by field, those that could not be read among them.

    A later version of the line list adds sealed fields at the end, so that an earlier one's messages are read by the
    names that they have. Raises `Refused` for a message of a later version than this one.
    """
    version, *texts, unread = text.decode().split(SEPARATOR)
    names = sealed_names(line_list)
    if int(version) > line_list.version or len(texts) > len(names):
        raise Refused(
            f"The sealed fields were written by version {version} of the line list; this program knows version "
            f"{line_list.version}. Use the program that wrote them, or a later one."
        )
    told = {name: value for name, value in zip(names, texts, strict=False) if value}
    return told | (json.loads(unread) if unread else {})
