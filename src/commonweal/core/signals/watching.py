"""The rule on every morning of a source: scores, what was held back, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.signals import completeness, holding
from commonweal.core.signals.publications import Source, weekdays
from commonweal.core.signals.rule import LEAST_DAYS, LOOK_BACK, Assessment, assess
from commonweal.core.signals.setting import Setting

USUAL_OF = 7  # publications that tell how many old cases are usual
WIDEST_GAP = 3  # days between two publications beyond which old cases are no news
NEVER, SURE = -99.0, 99.0


@dataclass(frozen=True)
class Event:
    """A break or a batch on a morning, in numbers: areas touched, cases before and after (or usual and found)."""

    morning: int
    kind: str
    areas: int
    share: float
    before: float
    after: float


@dataclass
class Watched:
    """All mornings, `[area, day]`: score (NEVER without a publication), expected rate, rate to pass, share reported
    (NaN likewise), whether the rule holds and what was held back; the rate of all areas `[day]`; completeness; events.
    """

    score: FloatArray
    rate: FloatArray
    needed: FloatArray
    reported: FloatArray
    holds: BoolArray
    held: BoolArray
    peers: FloatArray
    share: dict[int, FloatArray] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def flags(self, threshold: float) -> BoolArray:
        """The mornings on which the rule holds and nothing explains it away."""
        return np.asarray((self.score >= threshold) & ~self.held)


@dataclass
class _State:
    seen: FloatArray | None = None
    morning: int = -1
    earlier: list[float] = field(default_factory=list)
    batch: holding.Batch | None = None
    batch_morning: int = -99
    broke: bool = False


def watch(source: Source, population: FloatArray, setting: Setting, first: int, last: int) -> Watched:
    """Hold every area against the rule on each morning `first..last` that has a publication.

    Completeness on a morning is learnt from publications up to it. Publications before `first` (of the days that
    delays are learnt from) are read for breaks and batches, too.
    """
    days = last + 1
    weekday = weekdays(source.start, days)
    usable = source.published()[:days].copy()
    totals = source.totals(setting.delays.longest)
    out = _nothing_yet((len(source.areas), days))
    state = _State()
    for morning in source.mornings:
        if not first - setting.delays.window_days <= morning <= last or morning + 1 < LEAST_DAYS:
            continue
        seen = source.seen(morning)
        broken = _look_for_events(state, seen, morning, setting, out)
        usable[morning] &= not broken
        if broken and broken.kind == "definition_break":
            usable[: morning + 1] = False  # delays of another definition teach nothing
        if morning < first:
            continue
        table = completeness.learnt(totals, usable, weekday, morning, setting.delays, setting.first_completeness)
        share = completeness.by_age(table, weekday, morning)
        found = assess(seen, share, weekday[: morning + 1], population, setting)
        if state.broke and not broken:
            found, state.broke = _with_restated(found, seen, weekday, population, setting), False
        _enter(out, found, morning, share)
        out.held[:, morning] = _held(state, broken, found, seen, share, morning, population, setting, out)
    return out


def _nothing_yet(shape: tuple[int, int]) -> Watched:
    return Watched(
        score=np.full(shape, NEVER),
        rate=np.full(shape, np.nan),
        needed=np.full(shape, np.nan),
        reported=np.full(shape, np.nan),
        holds=np.zeros(shape, dtype=bool),
        held=np.zeros(shape, dtype=bool),
        peers=np.full(shape[1], np.nan),
    )


def _enter(out: Watched, found: Assessment, morning: int, share: FloatArray) -> None:
    out.score[:, morning], out.rate[:, morning] = found.score, found.rate
    out.needed[:, morning], out.reported[:, morning] = found.needed, found.reported
    out.holds[:, morning], out.peers[morning], out.share[morning] = found.holds, found.peers, share


def _with_restated(
    found: Assessment, seen: FloatArray, weekday: IntArray, population: FloatArray, setting: Setting
) -> Assessment:
    """After a break, also raise the places whose restated past would have been found and that still stand apart.

    Their growth was hidden by the old definition; waiting for them to grow again would hide them once more.
    """
    last = seen.shape[1] - setting.breaks.settled_days
    past = np.zeros(found.holds.size, dtype=bool)
    for days in range(max(LEAST_DAYS, last - LOOK_BACK), last + 1):
        past |= assess(seen[:, :days], np.ones(days), weekday[:days], population, setting).holds
    still = found.rate >= max(setting.peer_level, setting.peer_ratio * found.peers)
    raised = past & still
    score = np.where(raised, np.maximum(found.score, SURE), found.score)
    return replace(found, score=score, holds=found.holds | raised)


def _look_for_events(state: _State, seen: FloatArray, morning: int, setting: Setting, out: Watched) -> Event | None:
    before, gap = state.seen, morning - state.morning
    state.seen, state.morning = seen, morning
    if before is None:
        return None
    event = None
    there = np.asarray(
        before.any(axis=1)
    )  # an area that joins brings its whole past: neither a change of definition nor a batch
    moved = holding.definition_break(before[there], seen[there, : before.shape[1]], setting.breaks)
    added = holding.old_additions(before, seen, setting.batches.least_delay) * there[:, None]
    if moved is not None:
        event = Event(morning, "definition_break", int(moved.areas.sum()), moved.share, moved.before, moved.after)
        state.earlier.clear()
        state.broke = True
    elif gap <= WIDEST_GAP:
        batch = holding.late_batch(added, [gap * each for each in state.earlier], setting.batches)
        if batch is not None:
            touched = added.sum(axis=1) > 0
            event = Event(morning, "late_batch", int(touched.sum()), float(touched.mean()), batch.usual, batch.number)
            state.batch, state.batch_morning = batch, morning
        state.earlier = [*state.earlier[1 - USUAL_OF :], float(added.sum()) / gap]
    if event:
        out.events.append(event)
    return event


def _held(
    state: _State,
    broken: Event | None,
    found: Assessment,
    seen: FloatArray,
    share: FloatArray,
    morning: int,
    population: FloatArray,
    setting: Setting,
    out: Watched,
) -> BoolArray:
    """A break holds all; a batch those that would not be found without it, for `held_days` mornings.

    An area whose rule held on the morning before is not held: the batch does not explain that.
    """
    if broken and broken.kind == "definition_break":
        return np.ones(found.holds.size, dtype=bool)
    if state.batch is None or morning - state.batch_morning >= setting.batches.held_days:
        return np.zeros(found.holds.size, dtype=bool)
    old = state.batch.added
    without = seen.copy()
    without[:, : old.shape[1]] = np.maximum(without[:, : old.shape[1]] - old[:, : seen.shape[1]], 0.0)
    weekday = weekdays_of(seen, morning)
    less = assess(without, share, weekday, population, setting)
    standing = out.score[:, max(state.batch_morning - 1, 0)] >= setting.threshold
    return np.asarray(found.holds & ~less.holds & ~standing)


def weekdays_of(seen: FloatArray, morning: int) -> IntArray:
    """Positions in the week counted from the morning; only equal and unequal matters to the rule."""
    return (np.arange(seen.shape[1]) - morning) % 7
