"""Where a sweep over counts finds a late batch: one event an authority, of the narrowest place that explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.apps.surveillance.counted import Geography
from commonweal.core import wording
from commonweal.core.epi.checks import BoolArray, IntArray
from commonweal.core.signals import batches, in_settings, large
from commonweal.core.signals.batches import USUAL_DAYS, PlaceBatches
from commonweal.core.signals.found import Found
from commonweal.core.signals.setting import Batches

NOT_YET = "What they alone explain is not raised yet; once two days have passed, what still stands is told."


@dataclass(frozen=True)
class BatchRule:
    """What is old and how long a batch is held (`shared`, rule.yaml); from how many cases (`least`, sweep.yaml)."""

    shared: Batches
    least: PlaceBatches


@dataclass
class LateBatches:
    """Events by authority and by setting. whole: authorities whose old cases all belong to the batch; small: small
    areas likewise. rows: the settings as they were read."""

    events: dict[str, Found] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    small: set[str] = field(default_factory=set)
    settings: dict[str, Found] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()

    def of_whole(self, found: Found) -> Found | None:
        """The event of an authority, all of it, that a finding touches."""
        return next((self.events[code] for code in sorted(found.scope & self.whole)), None)

    def of(self, found: Found, own: str) -> Found | None:
        """The event that explains a finding that was met when `own` was looked at."""
        return next((self.events[code] for code in (own, *sorted(found.scope)) if code in self.events), None)

    def told(self) -> list[Found]:
        """Every event once, in the order of its place."""
        every = {each.key: each for each in (*self.events.values(), *self.settings.values())}
        return sorted(every.values(), key=lambda each: (each.level, each.place, each.setting))


def of_authorities(every: large.Level, wanted: frozenset[str], rule: BatchRule, morning: date) -> LateBatches:
    """Authorities of which unusually many old cases became known in the days that a batch is held for."""
    days = rule.shared.held_days
    out = LateBatches()
    recent = every.counts[-(days + USUAL_DAYS + 1) :]
    old = batches.old_additions(recent, last_days(recent), rule.shared.least_delay).sum(axis=2)
    for place, code in enumerate(every.codes):
        if code not in wanted or not every.counts[-1 - days - 3, place].any():
            continue  # an area that joins brings its whole past: no batch
        number = batches.newest_batch(old[:, place].tolist(), least=rule.least.least_cases, rule=rule.shared)
        if number is not None:
            text = f"{_became_known(number, rule.shared)} Most days bring {np.median(old[:, place]):.0f}. {NOT_YET}"
            out.events[code] = _event("ltla", code, frozenset([code]), frozenset(), number, morning, text)
            out.whole.add(code)
    return out


def add_settings(out: LateBatches, rows: Sequence[Mapping[str, Any]], rule: BatchRule, morning: date) -> None:
    """Settings of which many old cases came at once; a batch of their whole authority stands for theirs."""
    for row in rows:
        number = batches.of_setting(row, rule.least.setting, rule.shared)
        if number is None:
            continue
        identity = in_settings.identity(row)
        scope = frozenset(row["scope"])
        standing = next((out.events[code] for code in sorted(scope & out.whole)), None)
        late = [small for small, cases in zip(row["small"], row["late"], strict=True) if cases]
        heart = max(sorted(set(late)), key=late.count)
        text = f"{_became_known(number, rule.shared)} All are of one {in_settings.kind_words(row)}. {NOT_YET}"
        event = standing or _event("setting", heart, scope, frozenset(late), number, morning, text, identity)
        out.settings[identity] = event
        out.small |= set(late)  # what these cases make of the small areas where they live is explained, too
        for code in scope:
            out.events.setdefault(code, event)


def add_neighbourhoods(
    out: LateBatches,
    old: NDArray[np.int32],
    ground: Geography,
    wanted: frozenset[str],
    rule: BatchRule,
    morning: date,
) -> None:
    """Neighbourhoods of which many old cases came at once, in authorities without a batch of their own.

    old: `[small area, day of knowing]`, oldest first. Where a setting's batch leaves too few for one
    of the neighbourhood, the setting's event stands for both.
    """
    names = [msoa or code for msoa, code in zip(ground.parents["msoa"], ground.codes, strict=True)]
    sums: dict[str, NDArray[Any]] = {}
    for place in np.flatnonzero(old.any(axis=1)):
        if ground.authority[place] in wanted - out.whole:
            sums[names[place]] = sums.get(names[place], 0) + old[place].astype(np.int64)
    of_settings = _settings_of(out, {code: names[place] for code, place in ground.number.items()})
    met: dict[str, dict[str, float]] = {}
    for name, added in sorted(sums.items()):
        number = batches.newest_batch(added.tolist(), least=rule.least.neighbourhood, rule=rule.shared)
        if number is None:
            continue
        inside = [place for place, each in enumerate(names) if each == name]
        out.small |= {ground.codes[place] for place in inside}
        authority = ground.authority[inside[0]]
        event, cases = of_settings.get(name, (None, 0))
        if event is not None and number - cases < rule.least.neighbourhood:
            out.events.setdefault(authority, event)
        else:
            met.setdefault(authority, {})[name] = number
    for authority, numbers in met.items():
        heart = max(sorted(numbers), key=lambda name: numbers[name])
        members = frozenset(code for code, place in ground.number.items() if names[place] in numbers)
        total = sum(numbers.values())
        text = (
            f"{_became_known(total, rule.shared)} They lie in "
            f"{wording.counted(len(numbers), 'neighbourhood', 'neighbourhoods')}. {NOT_YET}"
        )
        level = "msoa" if heart not in ground.number else "lsoa"
        out.events[authority] = _event(level, heart, frozenset([authority]), members, total, morning, text)


def _settings_of(out: LateBatches, names: Mapping[str, str]) -> dict[str, tuple[Found, int]]:
    """By neighbourhood the event of a setting's batch and how many of its old cases live there."""
    found: dict[str, tuple[Found, int]] = {}
    for row in out.rows:
        event = out.settings.get(in_settings.identity(row))
        for small, late in zip(row["small"], row["late"], strict=True):
            if event is not None and late and small in names:
                before = found.get(names[small], (event, 0))
                found[names[small]] = before[0], before[1] + late
    return found


def last_days(counts: IntArray) -> range:
    """The day numbers on which `[known day, place, day]` was known: up to the newest day."""
    return range(counts.shape[2] - counts.shape[0], counts.shape[2])


def places_of(level: large.Level, late: LateBatches) -> BoolArray:
    """Which authorities of a level have a batch of their own."""
    return np.array([code in late.whole for code in level.codes], dtype=bool)


def _became_known(number: float, rule: Batches) -> str:
    return (
        f"{wording.thousands(number)} cases that are {rule.least_delay} days old or more became known at once: "
        "reported late, or sent together."
    )


def _event(
    level: str,
    place: str,
    scope: frozenset[str],
    members: frozenset[str],
    number: float,
    morning: date,
    text: str,
    setting: str = "",
) -> Found:
    return Found(level, place, "late_batch", scope, members, morning, morning, number, None, None, None, None, number,
                 None, None, text, setting)  # fmt: skip
