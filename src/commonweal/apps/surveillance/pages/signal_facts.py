"""What was read of a signal, as the page and the evidence of it use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from commonweal.apps.surveillance.pages import place_series
from commonweal.apps.surveillance.pages.place_figures import Figures
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.signals.alike import Traits
from commonweal.core.signals.own_past import PastRule

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
class Told:
    """The loaded series that told a signal: its values at the place, as known at an instant, as far back as its past
    reaches, the first day shown, and how sweeps read its past. It is published: every reader of the signal sees it."""

    place: str
    as_of: datetime
    series: place_series.Told
    first: date
    past: PastRule

    @property
    def metric(self) -> Metric:
        """What is counted."""
        return self.series.metric

    @property
    def shown(self) -> place_series.Told:
        """The values of the days shown; all there are where none is so new."""
        rows = self.series.rows
        return replace(self.series, rows=tuple(row for row in rows if row["day"] >= self.first) or rows)


@dataclass(frozen=True)
class Facts:
    """What was read of a signal. ``series``: the loaded series that told it. ``figures``
    are those of its small areas (or its place) as far as the office reads them; ``whole`` says whether that is all of
    it, ``codes`` are the authorities of it that the office reads. ``alike`` begins with the signal's own place.
    ``others``: titles by number of the signals merged with it that the office reads."""

    row: Row
    names: Names
    changes: Sequence[Row]
    findings: Sequence[Row]
    as_of: datetime
    figures: Figures | None
    whole: bool
    alike: tuple[Alike, ...]
    alike_word: str
    alike_days: tuple[date, ...]
    codes: tuple[str, ...]
    others: Mapping[int, str] = field(default_factory=dict)
    series: Told | None = None

    @property
    def counted(self) -> Row | None:
        """The finding whose people are the signal's number: that of its newest change. Later sweeps may find the same
        thing in fewer areas or other days; their days and expected counts do not belong to that number."""
        row = self.row
        same = [
            each
            for each in self.findings
            if each["signal"] == row["number"] and each["level"] == row["level"] and each["observed"] == row["observed"]
        ]
        return next((each for each in same if each["sweep_id"] == row["sweep_id"]), same[0] if same else None)
