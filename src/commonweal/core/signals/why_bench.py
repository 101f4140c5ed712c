"""How often planted causes are named, and how near their shares come: the confusion table and what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.core.signals.why_label import LABELS

NEAR = 0.10


@dataclass(frozen=True)
class Judged:
    """One planted rise: its kind, the label it was given, the true and the estimated share of the planted cause."""

    kind: str
    label: str
    true_share: float
    share: float
    inside: bool


@dataclass(frozen=True)
class KindScore:
    """Of one kind: rises, how many got its label, mean shares, mean error and mean distance, shares within NEAR."""

    kind: str
    rises: int
    named: int
    true_share: float
    share: float
    bias: float
    distance: float
    near: float
    covered: float


def scores(judged: Sequence[Judged], kinds: Sequence[str]) -> list[KindScore]:
    """One line a kind, in the order given; kinds without a rise are left out."""
    lines = []
    for kind in kinds:
        mine = [each for each in judged if each.kind == kind]
        if not mine:
            continue
        true, found = (np.array([getattr(each, name) for each in mine]) for name in ("true_share", "share"))
        error = found - true
        lines.append(
            KindScore(
                kind, len(mine), sum(each.label == kind for each in mine), float(true.mean()), float(found.mean()),
                float(error.mean()), float(np.abs(error).mean()), float((np.abs(error) <= NEAR).mean()),
                float(np.mean([each.inside for each in mine])),
            )
        )  # fmt: skip
    return lines


def confusion(judged: Sequence[Judged], kinds: Sequence[str]) -> dict[str, dict[str, int]]:
    """Planted kind -> label -> how many, every label named."""
    return {
        kind: {label: sum(each.kind == kind and each.label == label for each in judged) for label in LABELS}
        for kind in kinds
    }
