"""A sweep over the counts that intake holds: every level and place, or the places touched, as known at one instant."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from commonweal.apps.surveillance import counted, late_batches
from commonweal.apps.surveillance.executors import Executor
from commonweal.apps.surveillance.late_batches import BatchRule, LateBatches
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.errors import NotThere
from commonweal.core.signals import batches, in_settings, large
from commonweal.core.signals.batches import PlaceBatches
from commonweal.core.signals.found import Found, each_once
from commonweal.core.signals.own_past import PastRule
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.surroundings import Looked, Surroundings, Sweeping, blocks, look_around
from commonweal.server import parameters

SOURCE = "counts"
RULE, SWEEP = "signals/rule.yaml", "signals/sweep.yaml"
METRES = 1000.0


@dataclass(frozen=True)
class Rules:
    """Everything that a sweep goes by, and a fingerprint of it."""

    setting: Setting
    how: Sweeping
    settings: dict[str, in_settings.Definition]
    batches: BatchRule
    past: PastRule
    version: str


def rules() -> Rules:
    """From `parameters/signals`. Raises `Refused` for a document that does not fit."""
    texts = [parameters.text(RULE), parameters.text(SWEEP)]
    rule, sweep = (yaml.safe_load(text) for text in texts)
    version = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    definitions = in_settings.definitions(sweep["settings"])
    setting = Setting.from_document(rule)
    late = BatchRule(setting.batches, PlaceBatches.from_document(sweep))
    return Rules(setting, Sweeping.from_document(sweep), definitions, late, PastRule.from_document(sweep), version)


@dataclass
class Outcome:
    """What a sweep found. held: findings with the event that explains them. events: breaks and batches of today.
    source: counts, or the metric of a loaded series."""

    as_of: datetime
    morning: date
    touched: tuple[str, ...] | None
    found: list[Found] = field(default_factory=list)
    held: list[tuple[Found, Found]] = field(default_factory=list)
    events: list[Found] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    not_done: dict[str, str] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    source: str = SOURCE


class Clock:
    """Seconds of work by phase."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what is done inside as a phase."""
        began = time.perf_counter()
        yield
        self.spent[name] = round(self.spent.get(name, 0.0) + time.perf_counter() - began, 3)


class Counts(Protocol):
    """Where a sweep reads: the module `counted` over the database, or made-up counts of the same form."""

    def geography(self) -> counted.Geography:
        """The small areas and what they lie in."""

    def authorities(self, at: counted.Instant, ground: counted.Geography) -> tuple[large.Level, dict[str, date]]:
        """Cases of every authority by day as known on each of the last days, and its first day of results."""

    def small_areas(
        self,
        at: counted.Instant,
        ground: counted.Geography,
        wanted: BoolArray,
        days: int,
        late: counted.Late,
    ) -> counted.SmallCounts:
        """Counts of small areas."""

    def old_cases(
        self, at: counted.Instant, ground: counted.Geography, codes: Sequence[str], late: counted.Late
    ) -> NDArray[np.int32]:
        """Cases that were old when they became known, by small area and day of knowing."""

    def settings(
        self, at: counted.Instant, codes: Sequence[str], types: Sequence[str], days: int, late: counted.Late
    ) -> list[dict[str, Any]]:
        """Cases of each setting."""


def look(
    as_of: datetime, executor: Executor, touched: Sequence[str] | None = None, counts: Counts = counted
) -> Outcome:
    """Run every detector over every place as known at `as_of`, or over the authorities `touched` and what they lie in.

    Nothing is written. A place that cannot be done is listed with its reason and never stops the others. Raises
    `NotThere` while no places or counts are there.
    """
    began, clock, rule = time.perf_counter(), Clock(), rules()
    at = counted.Instant(as_of)
    ground = counts.geography()
    if not ground.codes:
        raise NotThere("No places are loaded, so nothing can be swept. Load them first: commonweal places load FILE…")
    out = Outcome(as_of, at.morning, None if touched is None else tuple(sorted(touched)))
    with clock.phase("reading authorities"):
        every, began_on = counts.authorities(at, ground)
    if not began_on:
        raise NotThere(f"No counts are known at {as_of}. Take results in first: commonweal intake FILE… --feed NAME")
    wanted = frozenset(every.codes if touched is None else touched)
    with clock.phase("authorities"):
        late = late_batches.of_authorities(every, wanted, rule.batches, at.morning)
        ltla = _done(every, began_on, at.morning, out)
        share = _large(ltla, ground, wanted, late, rule, out)
    swept = sorted(wanted & set(began_on))
    with clock.phase("settings"):
        _settings(counts, at, swept, late, rule, out)
    with clock.phase("reading small areas"):
        _neighbourhoods(counts, at, ground, every, swept, late, rule, out)
        areas = _surroundings(counts, at, ground, swept, share, late, rule, out)
    with clock.phase("small areas and scans"):
        looked = [each for part in executor.map(look_around, blocks(areas, rule.how)) for each in part]
    _gather(looked, late, out)
    out.found = each_once(out.found)
    out.cost = clock.spent | {"replicates": float(sum(each.replicates for each in looked))}
    out.seconds = round(time.perf_counter() - began, 3)
    return out


# Authorities, counties, regions --------------------------------------------------------------------------------------


def _done(every: large.Level, began_on: dict[str, date], morning: date, out: Outcome) -> large.Level | None:
    """The authorities that can be held against the rule; the others are listed with the reason."""
    keep = []
    for place, code in enumerate(every.codes):
        reason = large.too_short(began_on.get(code), morning)
        if every.population[place] <= 0:
            reason = "no residents are known"
        if reason is None:
            keep.append(place)
        elif began_on.get(code):
            out.not_done[f"ltla {code}"] = reason
    if not keep:
        return None
    return large.Level("ltla", [every.codes[place] for place in keep], [every.parts[place] for place in keep],
                       every.counts[:, keep], every.population[keep])  # fmt: skip


def _large(
    ltla: large.Level | None,
    ground: counted.Geography,
    wanted: frozenset[str],
    late: LateBatches,
    rule: Rules,
    out: Outcome,
) -> FloatArray:
    """Authorities, then counties and regions that are not explained by authorities found; returns completeness.

    What only the late batch of an authority explains, at whatever level, is held back by it.
    """
    if ltla is None:
        first = np.asarray(rule.setting.first_completeness)
        return np.concatenate([np.ones(large.HISTORY - first.size), first[::-1]])
    told = large.told(ltla, out.morning, rule.setting)
    out.places["ltla"] = sum(1 for part in ltla.parts if part & wanted)
    less = _without(ltla, late, rule)
    _take(_explained(told, less, late, rule, out), ltla, wanted, out)
    flagged = frozenset(code for code, flag in zip(ltla.codes, told.flagged, strict=True) if flag)
    for name in ("utla", "region"):
        parts = {code: part & set(ltla.codes) for code, part in ground.parts(name).items()}
        parts = {code: part for code, part in parts.items() if len(part) > 1}
        if not parts:
            continue
        level = large.joined(ltla, name, parts)
        wider = large.told(level, out.morning, rule.setting)
        alone = large.by_itself(level, ltla, flagged, told.share, rule.setting)
        keep = [each for each in wider.found if alone[level.codes.index(each.place)]]
        out.places[name] = sum(1 for part in level.parts if part & wanted)
        wider = large.Told(keep, wider.held, [], wider.share, wider.flagged)
        joined = None if less is None else large.joined(less, name, parts)
        _take(_explained(wider, joined, late, rule, out), level, wanted, out)
    return told.share


def _without(ltla: large.Level, late: LateBatches, rule: Rules) -> large.Level | None:
    """The authorities without what late batches brought; None where there was none."""
    places = late_batches.places_of(ltla, late)
    if not places.any():
        return None
    on = late_batches.last_days(ltla.counts)
    return replace(ltla, counts=batches.without(ltla.counts, on, places, rule.setting.batches))


def _explained(told: large.Told, less: large.Level | None, late: LateBatches, rule: Rules, out: Outcome) -> large.Told:
    """What was found without that which a batch alone explains; that is held back."""
    if less is None or not told.found:
        return told
    standing = {each.place for each in large.told(less, out.morning, rule.setting).found}
    held = [each for each in told.found if each.scope & late.whole and each.place not in standing]
    out.held += [(each, event) for each in held if (event := late.of(each, "")) is not None]
    return replace(told, found=[each for each in told.found if each not in held])


def _take(told: large.Told, level: large.Level, wanted: frozenset[str], out: Outcome) -> None:
    out.found += [each for each in told.found if each.scope & wanted]
    if not told.events:
        return
    event = told.events[-1]
    then = level.counts.shape[0] - large.HISTORY + event.morning
    change = (level.counts[then] - level.counts[then - 1]).sum(axis=1)
    heart = level.codes[int(np.argmax(change))]
    scope = frozenset(code for place in np.flatnonzero(change > 0) for code in level.parts[place])
    words = {
        "definition_break": "The settled past of {areas} areas moved ({before:,.0f} to {after:,.0f} cases in four "
        "weeks): what counts as a case has changed. Nothing is raised this morning for what the change explains.",
        "late_batch": "{after:,.0f} cases that are several days old became known at once where {before:,.0f} are "
        "usual, in {areas} areas. What they alone explain is not raised yet.",
    }
    text = words[event.kind].format(areas=event.areas, before=event.before, after=event.after)
    out.events.append(_event(event.kind, level.name, heart, scope or level.parts[0], event.after, out.morning, text))
    out.held += [(each, out.events[-1]) for each in told.held if each.scope & wanted]


def _event(kind: str, level: str, place: str, scope: frozenset[str], number: float, morning: date, text: str) -> Found:
    return Found(level, place, kind, scope, frozenset(), morning, morning, number, None, None, None, None, number, None,
                 None, text)  # fmt: skip


# Small areas ---------------------------------------------------------------------------------------------------------


def _surroundings(
    source: Counts,
    at: counted.Instant,
    ground: counted.Geography,
    codes: list[str],
    share: FloatArray,
    late: LateBatches,
    rule: Rules,
    out: Outcome,
) -> list[Surroundings]:
    """Each authority with the small areas around it. Those without residents or a point are listed."""
    usable = _usable(ground, frozenset(codes), out)
    authority = np.array(ground.authority)
    near = {code: _near(ground, authority == code, usable, rule.how.radius_km) for code in codes}
    needed = np.zeros(len(ground.codes), dtype=bool)
    for members in near.values():
        needed[members] = True
    counts = source.small_areas(at, ground, needed, rule.how.history, _late(late, rule))
    names = np.array(ground.codes)
    parents = {level: np.array(ground.parents[level]) for level in ("msoa", "ward")}
    out_areas = []
    for code, members in near.items():
        if members.size < 2:
            out.not_done[f"small areas of {code}"] = "fewer than two small areas with residents and a point"
            continue
        known, brought = counts.known[:, members], counts.late[:, members]
        less = np.maximum(known - brought, 0)
        out_areas.append(
            Surroundings(
                code, at.morning, tuple(names[members].tolist()), tuple(authority[members].tolist()),
                known[0], known[1], known[2],
                ground.population[members], ground.points[members], share[-rule.how.history :],
                {level: tuple(codes_of[members].tolist()) for level, codes_of in parents.items()},
                (less[0], less[1], less[2]) if brought.any() else None,
            )
        )  # fmt: skip
    return out_areas


def _usable(ground: counted.Geography, wanted: frozenset[str], out: Outcome) -> BoolArray:
    people = np.nan_to_num(ground.population) > 0
    placed = ~np.isnan(ground.points).any(axis=1)
    for place in np.flatnonzero(~(people & placed)):
        if ground.authority[place] in wanted:
            reason = "no residents are known" if not people[place] else "no point is loaded"
            out.not_done[f"lsoa {ground.codes[place]}"] = reason
    return np.asarray(people & placed)


def _near(ground: counted.Geography, own: BoolArray, usable: BoolArray, radius_km: float) -> IntArray:
    """The authority's small areas and those within two radii of one: whatever cluster touches it lies in these."""
    inside = np.flatnonzero(own & usable)
    if inside.size == 0:
        return inside
    reach = 2 * radius_km * METRES
    low, high = ground.points[inside].min(axis=0) - reach, ground.points[inside].max(axis=0) + reach
    there = usable & (ground.points >= low).all(axis=1) & (ground.points <= high).all(axis=1)
    candidates = np.flatnonzero(there)
    distance, _ = cKDTree(ground.points[inside]).query(ground.points[candidates], distance_upper_bound=reach)
    return np.asarray(candidates[np.isfinite(distance)])


def _late(late: LateBatches, rule: Rules) -> counted.Late:
    setting = rule.setting.batches
    return counted.Late(setting.held_days, setting.least_delay, sorted(late.whole), sorted(late.small))


def _gather(looked: list[Looked], late: LateBatches, out: Outcome) -> None:
    """What workers found; a change of definition explains all of it, since the past that it is held against moved."""
    broken = next((event for event in out.events if event.kind == "definition_break"), None)
    for each in looked:
        if broken is None:
            out.found += each.found
        else:
            out.held += [(found, broken) for found in each.found]
        out.held += [(found, event) for found in each.explained if (event := late.of(found, each.code)) is not None]
        out.not_done |= dict(each.not_done)
        for level, number in each.places:
            out.places[level] = out.places.get(level, 0) + number


# Settings, late batches ---------------------------------------------------------------------------------------------


def _settings(
    counts: Counts, at: counted.Instant, codes: list[str], late: LateBatches, rule: Rules, out: Outcome
) -> None:
    """Outbreaks in settings; what only a batch of old cases makes one is held back."""
    days = max((each.days for each in rule.settings.values()), default=0)
    rows = counts.settings(at, codes, sorted(rule.settings), days, _late(late, rule)) if days else []
    out.places["setting"] = len(rows)
    late_batches.add_settings(late, rows, rule.batches, at.morning)
    late.rows = rows
    for found in in_settings.outbreaks(rows, rule.settings, at.morning):
        row = next(each for each in rows if in_settings.identity(each) == found.setting)
        event = late.settings.get(found.setting) or late.of_whole(found)
        if event is None or in_settings.outbreaks([batches.without_late(row)], rule.settings, at.morning):
            out.found.append(found)
        else:
            out.held.append((found, event))


def _neighbourhoods(
    counts: Counts,
    at: counted.Instant,
    ground: counted.Geography,
    every: large.Level,
    codes: list[str],
    late: LateBatches,
    rule: Rules,
    out: Outcome,
) -> None:
    """Late batches of neighbourhoods; then every batch is an event of this morning."""
    seen = every.counts[-1 - rule.setting.batches.held_days - 3].any(axis=1)
    known = [code for code, there in zip(every.codes, seen, strict=True) if there and code in codes]
    old = counts.old_cases(at, ground, known, _late(late, rule))
    late_batches.add_neighbourhoods(late, old, ground, frozenset(known), rule.batches, at.morning)
    out.events += late.told()
