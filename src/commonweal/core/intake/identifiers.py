"""What a person is known by, as keyed hashes: HMAC-SHA-256, cut to 16 bytes.

Three kinds of identifier, strongest first. Each is hashed with its kind and a namespace, so that equal texts of
different kinds, or of two feeds, never meet:

* `nhs`: the ten digits of a valid NHS number;
* `name_birth_postcode`: name, birth date and postcode, all three in their normal forms (`texts`), all three present;
* `feed_person`: the feed's own person_id, in that feed's namespace.

Hashes of 16 bytes collide among 10**9 identifiers with a chance below 10**-20. The key comes from outside the database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import polars as pl

WIDTH = 16
BLOCK = 64
_SEPARATOR = "\x1f"


class Kind(IntEnum):
    """Kinds of identifier; a lower number is the stronger one."""

    NHS = 1
    NAME_BIRTH_POSTCODE = 2
    FEED_PERSON = 3


@dataclass(frozen=True)
class Hasher:
    """HMAC under one key. `key_id` names the key wherever a hash is stored."""

    key_id: int
    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) > BLOCK:
            raise ValueError(
                f"A key of {len(self.key)} bytes is longer than a block of SHA-256 ({BLOCK}); hash it first."
            )

    @cached_property
    def states(self) -> tuple[hashlib._Hash, hashlib._Hash]:
        """What is the same for every text, hashed once (RFC 2104): the states after the inner and the outer key."""
        padded = self.key.ljust(BLOCK, b"\0")
        return (
            hashlib.sha256(bytes(byte ^ 0x36 for byte in padded)),
            hashlib.sha256(bytes(byte ^ 0x5C for byte in padded)),
        )

    def prefix(self, name: str) -> bytes:
        """What comes before a text when it is hashed under a label."""
        return f"{name}{_SEPARATOR}".encode()

    def one(self, name: str, text: str) -> bytes:
        """The first 16 bytes of HMAC-SHA-256(key, label, unit separator, text)."""
        inside, outside = (state.copy() for state in self.states)
        inside.update(self.prefix(name) + text.encode())
        outside.update(inside.digest())
        return outside.digest()[:WIDTH]


def label(kind: Kind, feed: str) -> str:
    """Kind and namespace as hashed: only the feed's own person_id has a namespace."""
    return f"{kind.name.lower()}{_SEPARATOR}{feed if kind is Kind.FEED_PERSON else ''}"


def texts_of(frame: pl.DataFrame) -> pl.DataFrame:
    """For each row of a checked frame the text to hash: one column a kind, named by it, and `birth`."""
    born = pl.col("link_born").cast(pl.String)
    all_three = pl.concat_str([pl.col("link_name"), born, pl.col("postcode")], separator=_SEPARATOR)
    return frame.select(
        pl.col("link_nhs").alias(Kind.NHS.name),
        all_three.alias(Kind.NAME_BIRTH_POSTCODE.name),
        pl.col("person_id").alias(Kind.FEED_PERSON.name),
        born.alias("birth"),
    )
