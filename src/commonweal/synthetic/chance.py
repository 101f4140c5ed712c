"""Chance, twice over: named streams for things made in bulk, and hashing for things that belong to one person.

A *stream* is a numpy Generator of its own for each part of the world, so that a change in one part does not shift the
others. A *hashed* number depends only on seed, purpose and the person's number: the same person has the same name in
every line list, whoever else is in it. Both are single-threaded and give the same values on any number of cores.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator for one purpose under one seed; two purposes under one seed are independent."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def hashed(seed: int, purpose: str, keys: Ints) -> NDArray[np.uint64]:
    """64 well-mixed bits for each key, by the splitmix64 finaliser (Steele, Lea and Flood 2014)."""
    start = ((seed * 0x9E3779B97F4A7C15) ^ (zlib.crc32(purpose.encode()) << 32)) % 2**64
    with np.errstate(over="ignore"):
        bits = (keys.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: NDArray[np.uint64] = bits ^ (bits >> np.uint64(31))
    return mixed


def hashed_share(seed: int, purpose: str, keys: Ints) -> Floats:
    """A number in [0, 1) for each key: compare with a share to choose that share of the keys."""
    return (hashed(seed, purpose, keys) >> np.uint64(11)).astype(np.float64) / 2.0**53


def hashed_index(seed: int, purpose: str, keys: Ints, size: int) -> Ints:
    """A position in [0, size) for each key, all (very nearly) equally likely."""
    positions: Ints = (hashed(seed, purpose, keys) % np.uint64(size)).astype(np.int64)
    return positions


def weighted_index(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """`size` positions drawn with replacement, each position in proportion to its weight (any scale, none negative)."""
    cumulative = np.cumsum(weights)
    positions: Ints = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right").astype(np.int64)
    return positions


def round_to_total(weights: Floats, total: int) -> Ints:
    """Whole numbers that add up to `total`, in proportion to the weights (largest remainders, then first places)."""
    if total == 0 or not len(weights):
        return np.zeros(len(weights), dtype=np.int64)
    exact = weights / weights.sum() * total
    whole: Ints = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole
