"""How many false alarms are allowed, and what a p-value is worth: recurrence intervals in days.

A year's false alarms of an authority are shared out to families of tests (a level of small areas, a kind of scan).
Within a family the p-value is adjusted for the places looked at (scans do so by their maxima), between families by
their shares (weighted Bonferroni); every day is counted as a look of its own. So the recurrence interval of a finding
is in how many days chance alone brings one as sure, by any method, at any level, anywhere in that authority.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused

YEAR = 365.2425


@dataclass(frozen=True)
class Budget:
    """False alarms a year and authority, and the share of them that each family of tests may use (they add up to 1)."""

    a_year: float
    shares: Mapping[str, float]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Budget:
        """From `parameters/signals/sweep.yaml`. Raises `Refused` for shares that do not add up to 1."""
        budget = cls(float(document["a_year"]), {str(name): float(part) for name, part in document["shares"].items()})
        if budget.a_year <= 0 or min(budget.shares.values()) <= 0 or abs(sum(budget.shares.values()) - 1) > 1e-9:
            raise Refused(
                f"parameters/signals/sweep.yaml: {budget.a_year:g} false alarms a year, shared out as "
                f"{dict(budget.shares)}: both must be positive, and the shares must add up to 1."
            )
        return budget

    @property
    def limit_days(self) -> float:
        """The recurrence interval from which a finding is told."""
        return YEAR / self.a_year

    def limit_of(self, family: str) -> float:
        """The limit in days before the family's share is taken into account: its p-value must lie below 1 over it."""
        return self.limit_days / self.shares[family]

    def recurrence(self, family: str, p_value: ArrayLike, places: int = 1) -> FloatArray:
        """Days between findings this sure, given the p-value of one of so many places of the family."""
        p = np.clip(np.asarray(p_value, dtype=np.float64), 1e-300, 1.0)
        whole = -np.expm1(places * np.log1p(-np.minimum(p, 1 - 1e-16)))
        return np.asarray(self.shares[family] / whole)

    def told(self) -> dict[str, Any]:
        """The budget in figures, as it is kept with each sweep."""
        limits = {name: round(self.limit_of(name), 1) for name in self.shares}
        return {"a_year": self.a_year, "shares": dict(self.shares), "limit_days": round(self.limit_days, 1),
                "limit_days_by_family": limits}  # fmt: skip
