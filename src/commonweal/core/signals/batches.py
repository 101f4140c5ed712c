"""Late batches by place: an authority, a neighbourhood or a setting of which many old cases become known at once.

Old is a case that becomes known `least_delay` days or more after its swab. A batch is held for so many days: what it
alone explains is not raised meanwhile. Afterwards its days are complete, and what still stands is told. `holding` has
the batches of all areas of a level together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commonweal.core.epi.checks import BoolArray, IntArray
from commonweal.core.errors import Refused
from commonweal.core.signals.setting import Batches

USUAL_DAYS = 7  # before the days held, which tell what is usual


@dataclass(frozen=True)
class PlaceBatches:
    """Old cases at once from which a batch is one: of an authority, of a neighbourhood, of a setting."""

    least_cases: int
    neighbourhood: int
    setting: int

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> PlaceBatches:
        """From `parameters/signals/sweep.yaml`. Raises `Refused` for what is missing or no number of cases."""
        part = document.get("batches", {})
        numbers = {name: part.get(name) for name in cls.__dataclass_fields__}
        wrong = {name: value for name, value in numbers.items() if not isinstance(value, int) or value < 1}
        if wrong:
            raise Refused(f"parameters/signals/sweep.yaml, batches: {wrong} should be whole numbers of cases from 1.")
        return cls(**part)


def newest_batch(added: Sequence[float], *, least: int, rule: Batches) -> float | None:
    """How many old cases the newest batch of the days held brought, None without one.

    added: old cases of each day, oldest first. A day is a batch when it has `least` and `least_ratio` times the median
    of the days before it; one with fewer than three days before tells nothing.
    """
    for back in range(rule.held_days):
        *before, newest = [0.0, *added[: len(added) - back]]
        usual = before[1:]
        if len(usual) >= 3 and newest >= max(least, rule.least_ratio * float(np.median(usual))):
            return float(newest)
    return None


def old_additions(counts: IntArray, on: Sequence[int], least_delay: int) -> IntArray:
    """What each publication after the first added to days that were old by then, `[publication, place, day]`.

    counts: `[publication, place, day]`, cumulative; on: the day number of each publication.
    """
    added = np.maximum(np.diff(counts, axis=0), 0)
    days = np.arange(counts.shape[2])
    for number, published in enumerate(on[1:]):
        added[number][:, published - days < least_delay] = 0
    return np.asarray(added)


def without(counts: IntArray, on: Sequence[int], places: BoolArray, rule: Batches) -> IntArray:
    """Publications as they would be had some places had no old cases in the days that a batch is held."""
    late = old_additions(counts, on, rule.least_delay) * places[None, :, None]
    late[np.asarray(on[1:]) <= on[-1] - rule.held_days] = 0
    out = counts.copy()
    out[1:] = np.maximum(out[1:] - np.cumsum(late, axis=0), 0)
    return np.asarray(out)


def places_with_one(counts: IntArray, on: Sequence[int], least: int, rule: Batches) -> list[float | None]:
    """Of each place how many old cases its newest batch brought, None without one; as `old_additions` else."""
    held = sum(day > on[-1] - rule.held_days for day in on)
    kept = slice(max(0, len(on) - 1 - held - USUAL_DAYS), None)
    sums = old_additions(counts[kept], on[kept], rule.least_delay).sum(axis=2)
    newest = Batches(rule.least_delay, rule.least_ratio, rule.least_cases, held)
    there = counts[kept][0].any(axis=1)  # a place that joins brings its whole past: no batch
    return [
        newest_batch(sums[:, place].tolist(), least=least, rule=newest) if there[place] else None
        for place in range(counts.shape[1])
    ]


def of_setting(row: Mapping[str, Any], least: int, rule: Batches) -> float | None:
    """How many old cases of a setting became known at once in the days held; None when that is no batch.

    row: `late`, those of the days held, and `late_before`, of USUAL_DAYS days before.
    """
    number = float(sum(row["late"]))
    usual = rule.held_days * float(row["late_before"]) / USUAL_DAYS
    return number if number >= max(least, rule.least_ratio * usual) else None


def without_late(row: Mapping[str, Any]) -> dict[str, Any]:
    """A setting without what a batch brought."""
    return {**row, "cases": [cases - late for cases, late in zip(row["cases"], row["late"], strict=True)]}
