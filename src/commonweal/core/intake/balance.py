"""The balance of intake: everything received is somewhere, and the six numbers say where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from commonweal.core.errors import Refused

OUTCOMES = ("accepted", "duplicate", "superseded", "rejected", "pending")
KEYS = ("received", *OUTCOMES)


@dataclass(frozen=True)
class Balance:
    """Counts of records. `superseded` are records received that replaced an earlier version of themselves (or arrived
    after a later one): stored as versions, so nothing of them is lost."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    rejected: int = 0
    pending: int = 0

    @classmethod
    def of(cls, outcomes: Mapping[str, int]) -> Balance:
        """The balance of counted outcomes; an outcome that is not one of the five is Refused."""
        strange = sorted(set(outcomes) - set(OUTCOMES))
        if strange:
            raise Refused(f"{strange[0]!r} is no outcome; every record is one of {', '.join(OUTCOMES)}.")
        return cls(received=sum(outcomes.values()), **outcomes)

    @property
    def unaccounted(self) -> int:
        """Records received that have no outcome (positive), or outcomes without a record (negative). Zero closes."""
        accounted: int = sum(getattr(self, outcome) for outcome in OUTCOMES)
        return self.received - accounted

    @property
    def closes(self) -> bool:
        """Whether received = accepted + duplicate + superseded + rejected + pending."""
        return self.unaccounted == 0

    def __add__(self, other: Balance) -> Balance:
        return Balance(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def as_dict(self) -> dict[str, int]:
        """The six keys in their published order."""
        return {key: getattr(self, key) for key in KEYS}


@dataclass(frozen=True)
class SecondSheet:
    """What became of pending records: pending = resolved + dropped with a reason + still waiting."""

    pending: int = 0
    resolved: int = 0
    dropped: int = 0
    waiting: int = 0

    @property
    def closes(self) -> bool:
        """Whether every pending record is resolved, dropped or waiting."""
        return self.pending == self.resolved + self.dropped + self.waiting


def total(balances: Iterable[Balance]) -> Balance:
    """The sum of several balances; it closes when each of them does."""
    return sum(balances, Balance())
