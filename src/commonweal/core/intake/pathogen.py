"""A pathogen pack: what makes a case, and for how long it is the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Interval:
    """A delay between two infections or events, in days."""

    mean_days: float
    sd_days: float
    distribution: str


@dataclass(frozen=True)
class PathogenPack:
    """The rules of one disease.

    A result makes a case when its value is `case_result` and its test type is in `case_test_types`. Positive specimens
    up to and including `episode_days` after the first one of an episode belong to it. Specimens dated before
    `earliest_specimen` cannot be of this disease.
    """

    id: str
    version: int
    label: str
    case_result: str
    case_test_types: tuple[str, ...]
    episode_days: int
    earliest_specimen: date
    serial_interval: Interval
    indicators: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> PathogenPack:
        """Read a pack; Refused when a test type both makes a case and never does."""
        rule = document["case_definition"]
        both = sorted(set(rule["test_types"]) & set(rule["never"]))
        if both:
            raise Refused(
                f"Pack {document['id']!r} lets {', '.join(both)} make a case and forbids it; take it from one list."
            )
        interval = document["serial_interval"]
        return cls(
            id=str(document["id"]),
            version=int(document["version"]),
            label=str(document["label"]),
            case_result=str(rule["result"]),
            case_test_types=tuple(str(kind) for kind in rule["test_types"]),
            episode_days=int(document["episode"]["within_days"]),
            earliest_specimen=_day(document["specimen"]["earliest"]),
            serial_interval=Interval(
                float(interval["mean_days"]), float(interval["sd_days"]), str(interval["distribution"])
            ),
            indicators=tuple(document["indicators"]),
        )


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
