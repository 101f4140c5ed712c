"""Keyed hashes of whole columns: HMAC-SHA-256 cut to 16 bytes, the same as `identifiers.Hasher` gives one by one."""

from __future__ import annotations

import hmac

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.core.intake.identifiers import WIDTH

Bytes = npt.NDArray[np.uint8]

# from this many texts on, loading the compiled hash pays
MANY = 20_000
HEX = np.frombuffer(b"".join(b"%02x" % value for value in range(256)), np.uint8).reshape(256, 2)


def digests(key: bytes, prefix: bytes, texts: pl.Series) -> Bytes:
    """For each text (no nulls) the first 16 bytes of HMAC-SHA-256(key, prefix + text), one row each."""
    if len(texts) < MANY:
        few = [hmac.digest(key, prefix + text, "sha256")[:WIDTH] for text in texts.cast(pl.Binary).to_list()]
        return np.frombuffer(b"".join(few), np.uint8).reshape(-1, WIDTH)
    from commonweal.core.intake.sha256 import hmac_many

    text = np.frombuffer(str(texts.str.join("")[0]).encode(), np.uint8)
    ends = np.cumsum(texts.str.len_bytes().to_numpy().astype(np.int64))
    answer = np.empty((len(ends), WIDTH), np.uint8)
    hmac_many(key, prefix, text, ends, answer)
    return answer


def as_bytea(rows: Bytes) -> pl.Series:
    """Digests as the text of PostgreSQL's bytea: `\\x` and 32 hexadecimal digits."""
    text = np.empty((len(rows), 2 + 2 * WIDTH), np.uint8)
    text[:, 0], text[:, 1] = ord("\\"), ord("x")
    text[:, 2:] = HEX[rows].reshape(len(rows), 2 * WIDTH)
    return pl.Series(text.view(f"S{2 + 2 * WIDTH}").ravel(), dtype=pl.Binary).cast(pl.String)
