"""Keyed hashes of whole columns: HMAC-SHA-256 cut to 16 bytes, the same as `identifiers.Hasher` gives one by one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.core.intake.identifiers import WIDTH, Hasher

Bytes = npt.NDArray[np.uint8]


def digests(hasher: Hasher, prefix: bytes, texts: pl.Series) -> Bytes:
    """For each text (no nulls) the first 16 bytes of HMAC-SHA-256(key, prefix + text), one row each.

    What is the same for every text, the hasher's padded key and the prefix, is hashed once and its state copied: half
    the time of a whole HMAC for each.
    """
    started, outer = hasher.states
    begun = started.copy()
    begun.update(prefix)
    whole = bytearray()
    for text in texts.cast(pl.Binary).to_list():
        inside, outside = begun.copy(), outer.copy()
        inside.update(text)
        outside.update(inside.digest())
        whole += outside.digest()[:WIDTH]
    return np.frombuffer(whole, np.uint8).reshape(-1, WIDTH)


def as_series(rows: Bytes) -> pl.Series:
    """Digests as a column."""
    whole, width = rows.tobytes(), rows.shape[1]
    return pl.Series([whole[at : at + width] for at in range(0, len(whole), width)], dtype=pl.Binary)
