"""What was read of a signal, as the page and the evidence of it use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commonweal.apps.surveillance.pages.place_figures import Figures
from commonweal.apps.surveillance.pages.place_series import Told
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.core.signals.alike import Traits

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Alike:
    """A place alike: its traits, and people by day over the days compared."""

    code: str
    name: str
    traits: Traits
    people: tuple[int, ...]

    def rate(self, days: int, back: int = 0) -> float:
        """People in so many days, ending so many days before the last, per 100,000 residents."""
        last = len(self.people) - back
        return 100_000 * sum(self.people[max(0, last - days) : last]) / self.traits.residents


@dataclass(frozen=True)
class Facts:
    """What was read of a signal. ``series``: the loaded series that told it, with its values at the place. ``figures``
    are those of its small areas (or its place) as far as the office reads them; ``whole`` says whether that is all of
    it, ``codes`` are the authorities of it that the office reads. ``alike`` begins with the signal's own place.
    ``others``: titles by number of the signals merged with it that the office reads."""

    row: Row
    names: Names
    changes: Sequence[Row]
    findings: Sequence[Row]
    figures: Figures | None
    whole: bool
    alike: tuple[Alike, ...]
    alike_word: str
    alike_days: tuple[date, ...]
    codes: tuple[str, ...]
    others: Mapping[int, str] = field(default_factory=dict)
    series: Told | None = None
