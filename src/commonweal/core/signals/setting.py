"""The one setting of the detection rule, read from `parameters/signals/rule.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Delays:
    """How completeness is learnt: longest delay kept, days of publications used, weight of all weekdays together in
    each weekday's own (cases), and the share from which a day is divided by its completeness."""

    longest: int
    window_days: int
    prior_weight: float
    least_share: float


@dataclass(frozen=True)
class Breaks:
    """A definition break: days older than `settled_days` rise by `least_rise` in `least_share` of the areas."""

    settled_days: int
    least_rise: float
    least_share: float
    least_cases: int


@dataclass(frozen=True)
class Batches:
    """A late batch: cases that are `least_delay` days old or more come at `least_ratio` times what is usual."""

    least_delay: int
    least_ratio: float
    least_cases: int
    held_days: int


@dataclass(frozen=True)
class Life:
    """Days without a finding after which a signal fades and closes; by how much its rate must rise to be growing."""

    fading_after_days: int
    closed_after_days: int
    growing_by: float


@dataclass(frozen=True)
class Setting:
    """Everything the rule goes by. Rates are cases in 7 days per 100,000 residents."""

    version: int
    level: float
    more: float
    ratio: float
    peer_level: float
    peer_ratio: float
    peer_growth: float
    threshold: float
    history_days: int
    discount: float
    growth: float
    peer_trend: float
    ease: float
    most_ease: float
    dispersion: float
    need_dispersion: float
    need_spread: float
    delays: Delays
    first_completeness: tuple[float, ...]
    breaks: Breaks
    batches: Batches
    life: Life

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Setting:
        """From the parsed document. Raises `Refused` when an entry is missing or the completeness does not fit."""
        parts = {"delays": Delays, "breaks": Breaks, "batches": Batches, "life": Life}
        wanted = [name for name in cls.__dataclass_fields__ if name not in document]
        if wanted:
            raise Refused(f"parameters/signals/rule.yaml lacks {', '.join(wanted)}. Add what is missing.")
        plain = {name: document[name] for name in cls.__dataclass_fields__ if name not in parts}
        plain["first_completeness"] = tuple(float(share) for share in document["first_completeness"])
        setting = cls(**plain, **{name: kind(**document[name]) for name, kind in parts.items()})
        if len(setting.first_completeness) != setting.delays.longest + 1:
            raise Refused(
                f"first_completeness has {len(setting.first_completeness)} delays; with a longest delay of "
                f"{setting.delays.longest} it needs {setting.delays.longest + 1}."
            )
        return setting
