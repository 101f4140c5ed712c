"""Authorities on grids of small areas without a database: what a worker is handed."""

from __future__ import annotations

import os
import time
import uuid
from datetime import date
from pathlib import Path

import numpy as np

from commonweal.apps.surveillance.count_sweeping import rules
from commonweal.core.signals.surroundings import Looked, Surroundings, Sweeping, blocks, look_around

MORNING = date(2027, 3, 15)


def surroundings(
    seed: int,
    *,
    side: int = 12,
    inner: tuple[int, int] = (3, 9),
    mean: float = 0.25,
    morning: date = MORNING,
    planted: int = 0,
    counts: np.ndarray | None = None,
) -> Surroundings:
    """An authority in the middle of a square of small areas; `planted`: cases a day in four of them over five days."""
    rng = np.random.default_rng(seed)
    history, number = rules().how.history, side * side
    row, column = np.divmod(np.arange(number), side)
    cases = rng.poisson(mean, (number, history)) if counts is None else counts
    if planted:
        heart = [side * r + c for r in (inner[0], inner[0] + 1) for c in (inner[0] - 1, inner[0])]
        cases[heart, -6:-1] += planted
    own = (row >= inner[0]) & (row < inner[1]) & (column >= inner[0]) & (column < inner[1])
    return Surroundings(
        f"E0600{seed:04d}", morning, tuple(f"E01{place:06d}" for place in range(number)),
        tuple(f"E0600{seed:04d}" if each else "E06009999" for each in own), cases.astype(np.int32),
        cases.astype(np.int32), rng.poisson(8, (number, history)).astype(np.int32), np.full(number, 1600.0),
        np.stack([column, row], axis=1) * 700.0, np.ones(history),
        {"msoa": tuple(f"E02{r // 2:03d}{c // 2:03d}" for r, c in zip(row, column, strict=True)),
         "ward": tuple(f"E05{r // 3:03d}{c // 3:03d}" for r, c in zip(row, column, strict=True))},
    )  # fmt: skip


def items(number: int) -> list[tuple[list[Surroundings], Sweeping]]:
    """So many blocks of one authority each, every other one with a planted cluster."""
    how = rules().how
    return [blocks([surroundings(seed, planted=3 * (seed % 2))], how)[0] for seed in range(number)]


def look_and_tell(item: tuple[str, tuple[list[Surroundings], Sweeping]]) -> list[Looked]:
    """Leaves a file with the number of its process in a folder, and takes its time over the rest."""
    (Path(item[0]) / f"{os.getpid()}-{uuid.uuid4()}").touch()
    time.sleep(0.2)
    return look_around(item[1])
