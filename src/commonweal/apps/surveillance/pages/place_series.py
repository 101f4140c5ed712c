"""Published series of a place: what was told, by whom, and who else tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.apps.surveillance import definitions
from commonweal.core import wording
from commonweal.core.formats.indicators.metrics import Metric


@dataclass(frozen=True)
class Told:
    """One published series: its rows, all of one source, and the names of the other sources that have it too."""

    metric: Metric
    rows: tuple[Mapping[str, Any], ...]
    others: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The name of the source that answers."""
        return str(self.rows[0]["source"])


def said_by(told: Told) -> str:
    """The publisher and the source that is drawn: 'Public Health England: the publisher's own daily files'."""
    return f"{told.metric.source}: {definitions.sources().label_of(told.source)}"


def not_drawn(told: Told) -> str:
    """The sources that have the series too, and that nothing of them is in the picture; empty without any."""
    if not told.others:
        return ""
    labels = [definitions.sources().label_of(name) for name in told.others]
    verb = "have" if len(labels) > 1 else "has"
    return f"Also {verb} this series, not drawn and not mixed in: {wording.joined(labels)}."


def source(told: Told) -> str:
    """The line under a picture: who says it, and who says it too."""
    return f"Source: {said_by(told)}. {not_drawn(told)}".strip()


def step(metric: Metric) -> str:
    """How the series was made."""
    over = "" if metric.denominator == "none" else f", over {metric.denominator}"
    days = "" if metric.window_days == 1 else f", windows of {metric.window_days} days"
    return (
        f"As published, in {metric.unit}{over}{days}; a later publication of the same source replaces an earlier one "
        "from its day on. One source answers for a place: the newest one, of equally new ones the first in "
        "parameters/series."
    )
