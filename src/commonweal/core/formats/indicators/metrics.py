"""What a metric is: defined in `parameters/indicators`, so that a new series needs no code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonweal.core.errors import Refused

KINDS = ("count", "share", "level", "change")
DETECTORS = ("none", "rate_rule", "own_past")


@dataclass(frozen=True)
class Metric:
    """One indicator: its unit, the days that a value covers, its denominator, its source and its published names.

    suppressed: the bounds that an empty or marked cell stands for, or None where such cells mean "not published".
    detect: what sweeps hold it against: the rate rule (daily cases by specimen day), its own past, or nothing.
    """

    id: str
    label: str
    kind: str
    unit: str
    window_days: int
    denominator: str
    source: str
    names: tuple[str, ...]
    cumulative: tuple[str, ...] = ()
    suppressed: tuple[int, int] | None = None
    detect: str = "none"


@dataclass(frozen=True)
class Metrics:
    """All metrics that an installation knows."""

    all: tuple[Metric, ...]

    def by_id(self, name: str) -> Metric:
        """The metric of this id. Raises `Refused` naming those that are defined."""
        found = next((metric for metric in self.all if metric.id == name), None)
        if found is None:
            raise Refused(self.undefined(name))
        return found

    def undefined(self, name: str) -> str:
        """What is said of a name that no metric has."""
        known = ", ".join(metric.id for metric in self.all)
        return (
            f"The metric {name!r} is not defined (defined: {known}). Add it to parameters/indicators with unit, "
            "window, denominator and source."
        )

    def by_name(self, heading: str) -> Metric | None:
        """The metric that a publisher calls `heading`, or None."""
        return next((metric for metric in self.all if heading == metric.id or heading in metric.names), None)

    def of_cumulative(self, heading: str) -> Metric | None:
        """The metric whose running total a publisher calls `heading`, or None."""
        return next((metric for metric in self.all if heading in metric.cumulative), None)


def metrics_from(documents: Sequence[Mapping[str, Any]]) -> Metrics:
    """Metrics of parsed documents. Raises `Refused` for a missing entry, an unknown kind or an id that stands twice."""
    for document in documents:
        if not isinstance(document, Mapping) or not isinstance(document.get("metrics"), Sequence):
            raise Refused("A document in parameters/indicators has no list of metrics. Give it one, or take it away.")
    found = [_metric(entry) for document in documents for entry in document["metrics"]]
    ids = [metric.id for metric in found]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise Refused(f"The metric {twice[0]!r} is defined twice in parameters/indicators. Keep one of them.")
    headings = [name for metric in found for name in {metric.id, *metric.names, *metric.cumulative}]
    shared = sorted({name for name in headings if headings.count(name) > 1})
    if shared:
        raise Refused(
            f"The heading {shared[0]!r} names two metrics in parameters/indicators; which one a column means could not "
            "be told. Give each heading to one metric."
        )
    return Metrics(tuple(found))


def _metric(entry: Mapping[str, Any]) -> Metric:
    needed = ("id", "label", "kind", "unit", "window_days", "denominator", "source", "names")
    missing = [name for name in needed if name not in entry]
    if missing:
        raise Refused(
            f"The metric {entry.get('id', '?')!r} lacks {', '.join(missing)}. Add it in parameters/indicators."
        )
    if entry["kind"] not in KINDS:
        raise Refused(f"The metric {entry['id']!r} has kind {entry['kind']!r}; allowed are {', '.join(KINDS)}.")
    detect = entry.get("detect", "none")
    if detect not in DETECTORS:
        raise Refused(f"The metric {entry['id']!r} has detect {detect!r}; allowed are {', '.join(DETECTORS)}.")
    if type(entry["window_days"]) is not int or entry["window_days"] < 1:
        raise Refused(
            f"The metric {entry['id']!r} has window_days {entry['window_days']!r}; it is the whole number of days that "
            "a value covers, 1 or more."
        )
    bounds = entry.get("suppressed")
    if bounds is not None and not _is_range(bounds):
        raise Refused(
            f"The metric {entry['id']!r} has suppressed {bounds!r}; give the lowest and the highest count that such a "
            "cell may stand for, for example [0, 2]."
        )
    return Metric(
        **{name: entry[name] for name in needed if name != "names"},
        names=tuple(entry["names"]),
        cumulative=tuple(entry.get("cumulative", ())),
        suppressed=(int(bounds[0]), int(bounds[1])) if bounds else None,
        detect=detect,
    )


def _is_range(bounds: Any) -> bool:
    """Whether bounds are two whole numbers from 0, the lower one first."""
    if not isinstance(bounds, list | tuple) or [type(each) for each in bounds] != [int, int]:
        return False
    return bool(0 <= bounds[0] <= bounds[1])
