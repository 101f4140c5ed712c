"""What holds signals back: a change of definition that moves all areas' past, and a batch of late reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.signals.setting import Batches, Breaks

WINDOW = 28  # settled days that are compared


@dataclass(frozen=True)
class Break:
    """A publication that moved the settled past of many areas: which, and by how much all of them together."""

    areas: BoolArray
    share: float
    before: float
    after: float


@dataclass(frozen=True)
class Batch:
    """A publication with unusually many old cases: `added` `[area, day]`, how many, and how many are usual."""

    added: FloatArray
    number: float
    usual: float


def definition_break(before: FloatArray, now: FloatArray, rule: Breaks) -> Break | None:
    """Compare the settled past in two publications, `before` and `now` `[area, day]`; None when nothing moved.

    Areas with fewer than `least_cases` in the window of either are not counted: they cannot tell.
    """
    last = before.shape[1] - rule.settled_days
    days = slice(max(0, last - WINDOW), last)
    old, new = before[:, days].sum(axis=1), now[:, days].sum(axis=1)
    telling = np.maximum(old, new) >= rule.least_cases
    if not telling.any():
        return None
    moved = telling & (new >= (1 + rule.least_rise) * old)
    share = float(moved.sum() / telling.sum())
    return Break(moved, share, float(old.sum()), float(new.sum())) if share >= rule.least_share else None


def old_additions(before: FloatArray, now: FloatArray, least_delay: int) -> FloatArray:
    """New cases of `now` on days that are at least `least_delay` days old, `[area, day]`."""
    added = np.zeros_like(now)
    shared = min(before.shape[1], now.shape[1] - least_delay)
    added[:, :shared] = np.maximum(now[:, :shared] - before[:, :shared], 0.0)
    return added


def late_batch(added: FloatArray, earlier: list[float], rule: Batches) -> Batch | None:
    """Whether a publication's old cases are a batch, given those of the publications before it (sums)."""
    if len(earlier) < 3:
        return None
    number, usual = float(added.sum()), float(np.median(earlier))
    return Batch(added, number, usual) if number >= max(rule.least_cases, rule.least_ratio * usual) else None
