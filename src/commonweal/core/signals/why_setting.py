"""How a rise is explained, read from `parameters/signals/why.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.core.errors import Refused

DOCUMENT = "parameters/signals/why.yaml"


@dataclass(frozen=True)
class Common:
    """When a setting is in common: cases after, false discovery rate, cases added to those of before."""

    least_cases: int
    false_discovery: float
    prior: float


@dataclass(frozen=True)
class LabelRule:
    """Shares of the change from which a cause gives the label."""

    reporting: float
    testing: float
    one_cause: float
    spread: float


@dataclass(frozen=True)
class WhySetting:
    """Everything an explanation goes by.

    least_household: cases that make a household one in common. least_told: fewer people living together are not told
    to whoever reads no addresses. least_completeness: share of cases with a field known,
    below which nothing is concluded from it. age_groups: first ages of working life and of retirement. late_days: from
    so many days between specimen and report a result is late.
    """

    version: int
    level: float
    draws: int
    least_cases: int
    common: Common
    least_household: int
    least_told: int
    least_completeness: float
    age_groups: tuple[int, int]
    late_days: int
    label: LabelRule

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> WhySetting:
        """From the parsed document. Raises `Refused` when an entry is missing or a share is none."""
        try:
            setting = cls(
                version=int(document["version"]),
                level=float(document["level"]),
                draws=int(document["draws"]),
                least_cases=int(document["least_cases"]),
                common=Common(**document["common"]),
                least_household=int(document["household"]["least_cases"]),
                least_told=int(document["household"]["least_told"]),
                least_completeness=float(document["completeness"]["least"]),
                age_groups=(int(document["age_groups"][0]), int(document["age_groups"][1])),
                late_days=int(document["late"]["days"]),
                label=LabelRule(**document["label"]),
            )
        except (KeyError, TypeError, IndexError) as missing:
            raise Refused(
                f"{DOCUMENT} lacks or misnames {missing}. Compare it with the one that is delivered."
            ) from None
        shares = {"level": setting.level, "completeness.least": setting.least_completeness, **vars(setting.label)}
        for name, share in shares.items():
            if not 0 < share < 1:
                raise Refused(f"{name} in {DOCUMENT} is {share}; it is a share between 0 and 1.")
        return setting
