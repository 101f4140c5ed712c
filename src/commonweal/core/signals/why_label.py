"""The label of a rise: one rule over the parts, stated in `parameters/signals/why.yaml`, first line that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from commonweal.core.signals.why_setting import WhySetting

LABELS = (
    "workplace", "household", "care_home", "school", "testing_surge", "general_spread", "arrivals", "reporting",
    "cannot_tell",
)  # fmt: skip
CAUSE_LABELS = ("workplace", "care_home", "school", "household", "arrivals")


class PartOfChange(Protocol):
    """What the rule looks at: cases of the change, limits, share of it."""

    @property
    def after(self) -> float | None: ...
    @property
    def cases(self) -> float: ...
    @property
    def lower(self) -> float: ...
    @property
    def upper(self) -> float: ...
    @property
    def share(self) -> float: ...


@dataclass(frozen=True)
class Label:
    """One of LABELS and, where it is `cannot_tell`, why: too_few, no_rise, no_negatives, incomplete, mixed, counts (not
    held by them), nothing_before (no result of those days is known), no_addresses (nobody looked at who lives
    together), else ""."""

    name: str
    reason: str = ""


def label_of(
    change: PartOfChange,
    parts: Mapping[str, PartOfChange],
    spread: PartOfChange | None,
    completeness: Mapping[str, float],
    setting: WhySetting,
) -> Label:
    """The label of parts by cause, all that is not testing together (`spread`), and the completeness of fields."""
    rule = setting.label
    if (change.after or 0) < setting.least_cases:
        return Label("cannot_tell", "too_few")
    if change.lower <= 0:
        return Label("cannot_tell", "no_rise")
    if parts["reporting"].share >= rule.reporting:
        return Label("reporting")
    if spread is not None and _explained_by_testing(parts, spread, rule.testing):
        return Label("testing_surge")
    largest = max(CAUSE_LABELS, key=lambda name: parts[name].share)
    if parts[largest].share >= rule.one_cause:
        return Label(largest)
    if "spread" not in parts:
        return Label("cannot_tell", "no_negatives")
    if parts["spread"].share >= rule.spread:
        known = completeness["setting"] >= setting.least_completeness
        return Label("general_spread") if known else Label("cannot_tell", "incomplete")
    return Label("cannot_tell", "mixed")


def _explained_by_testing(parts: Mapping[str, PartOfChange], spread: PartOfChange, least: float) -> bool:
    more = parts["more_testing"].share + parts["targeted_testing"].share
    return more >= least and spread.lower <= 0.0
