"""What a sweep over one loaded series finds: places held against the rate rule, or against their own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.signals import batches
from commonweal.core.signals.batches import USUAL_DAYS, PlaceBatches
from commonweal.core.signals.budget import Budget
from commonweal.core.signals.found import Found
from commonweal.core.signals.holding import definition_break
from commonweal.core.signals.own_past import Cell, Departure, PastRule, departure, span, why_not
from commonweal.core.signals.publications import Triangle
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.sweep import from_changes
from commonweal.core.signals.watching import Event, watch

RULE, PAST = "rate rule on a published series", "own past of a published series"
FAMILY = "series"
HISTORY_DAYS = 120
SMALL_LEVELS = ("lsoa", "msoa", "ward")
COMPARED_DAYS = 45  # of the newest publication and the one before, to see whether the settled past moved
PER = 100_000.0
WEEK_DAYS = 7
WHOLE_FROM = 100
SAYS = {
    "definition_break": "{label}: the settled past of {areas} places moved ({before:,.0f} to {after:,.0f}), so what is "
    "counted has changed. Nothing is raised for what the change explains. {source}.",
    "late_batch": "{label}: {after:,.0f} that are several days old were published at once where {before:,.0f} are "
    "usual, in {areas} places. What they alone explain is not raised yet. {source}.",
}

Row = tuple[str, date, date, float, float]  # place, day, published, low, high


@dataclass(frozen=True)
class Ground:
    """Of each place: the authorities that it touches, its small areas (of middle areas only), and its residents."""

    scope: Mapping[str, frozenset[str]]
    members: Mapping[str, frozenset[str]]
    residents: Mapping[str, float]


@dataclass(frozen=True)
class Rules:
    """The rule, how the past is read, and the budget; series: how many are held against their past;
    batches: from how many old cases at once a place has a late batch."""

    setting: Setting
    past: PastRule
    budget: Budget
    series: int = 1
    batches: PlaceBatches = field(kw_only=True)


@dataclass
class InSeries:
    """What was found, what is held back and why, the events, how many places were done, and which not."""

    found: list[Found] = field(default_factory=list)
    held: list[tuple[Found, Found]] = field(default_factory=list)
    events: list[Found] = field(default_factory=list)
    done: int = 0
    not_done: dict[str, str] = field(default_factory=dict)


def look(metric: Metric, level: str, rows: Sequence[Row], ground: Ground, morning: date, rules: Rules) -> InSeries:
    """Hold the places of one level of a series against the metric's detector, as published up to the morning.

    rows: what each publication newly said. A place that cannot be done is listed with its reason.
    """
    out = InSeries()
    known = [row for row in rows if ground.scope.get(row[0])]
    for place in sorted({row[0] for row in rows} - {row[0] for row in known}):
        out.not_done[place] = "it lies in no authority of the loaded places"
    if not known or metric.detect == "none":
        return out
    newest = max(row[2] for row in known)
    if (morning - newest).days > metric.window_days + rules.past.late_days:
        for place in sorted({row[0] for row in known}):
            out.not_done[place] = f"its newest publication is of {newest:%-d %B %Y}"
        return out
    if metric.detect == "rate_rule":
        _by_rule(out, metric, level, known, ground, newest, rules)
    else:
        _by_past(out, metric, level, known, ground, newest, rules)
    return out


# The rate rule -------------------------------------------------------------------------------------------------------


def _by_rule(
    out: InSeries, metric: Metric, level: str, rows: Sequence[Row], ground: Ground, newest: date, rules: Rules
) -> None:
    start = newest - timedelta(days=HISTORY_DAYS - 1)
    usable = []
    for place, day, published, low, high in rows:
        if not ground.residents.get(place):
            out.not_done[place] = "no population is loaded"
        elif low == high and day >= start:
            usable.append((place, day, published, low))
    triangle, refused = from_changes(usable, start, newest)
    out.not_done |= refused
    if triangle is None:
        return
    out.done = len(triangle.areas)
    people = np.array([ground.residents[place] for place in triangle.areas])
    last = HISTORY_DAYS - 1
    watched = watch(triangle, people, rules.setting, last, last)
    week = triangle.seen(last)[:, -7:].sum(axis=1)
    flags, held = watched.flags(rules.setting.threshold)[:, last], watched.held[:, last] & watched.holds[:, last]
    own = batches.places_with_one(triangle.counts, triangle.on, _least(level, rules), rules.setting.batches)
    explained = flags & _only_late(triangle, people, own, rules)
    heart = triangle.areas[int(np.argmax(week))]
    recent = [event for event in watched.events if last - event.morning < rules.setting.batches.held_days]
    every = frozenset().union(*(ground.scope[place] for place in triangle.areas))
    out.events += [_event(event, metric, level, heart, every, newest) for event in recent[-1:]]
    late = None
    if not any(event.kind == "definition_break" for event in recent):  # which moves the past of all of them
        late = _late_event(dict(zip(triangle.areas, own, strict=True)), metric, level, ground, newest)
    out.events += [late] if late else []
    for number, place in enumerate(triangle.areas):
        if not (flags[number] or held[number]):
            continue
        rate, needed = float(watched.rate[number, last]), float(watched.needed[number, last])
        text = (
            f"{metric.label}: 7-day rate {rate:.0f} per 100,000 expected once all is reported, line to pass "
            f"{needed:.0f}, all areas {watched.peers[last]:.0f}. {_said(metric, newest)}"
        )
        found = Found(
            level, place, RULE, ground.scope[place], ground.members.get(place, frozenset()),
            newest - timedelta(days=6), newest, float(week[number]), None, None, None,
            rate, float(watched.score[number, last]), None, None, text, "", metric.id,
        )  # fmt: skip
        if explained[number] and late is not None:
            out.held.append((found, late))
        elif flags[number]:
            out.found.append(found)
        elif out.events:
            out.held.append((found, out.events[-1]))


def _plain(value: float) -> str:
    """A number as people write it: whole from a hundred on, else to three figures."""
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.3g}"


def _least(level: str, rules: Rules) -> int:
    return rules.batches.neighbourhood if level in SMALL_LEVELS else rules.batches.least_cases


def _only_late(triangle: Triangle, people: FloatArray, own: Sequence[float | None], rules: Rules) -> BoolArray:
    """Places whose rule does not hold without the batch that they had."""
    places = np.array([number is not None for number in own])
    if not places.any():
        return places
    less = batches.without(triangle.counts, triangle.on, places, rules.setting.batches)
    last = HISTORY_DAYS - 1
    watched = watch(replace(triangle, counts=less), people, rules.setting, last, last)
    return np.asarray(places & ~watched.flags(rules.setting.threshold)[:, last])


def _late_event(
    numbers: Mapping[str, float | None], metric: Metric, level: str, ground: Ground, newest: date
) -> Found | None:
    """One event for the places of which many old cases were published at once."""
    met = {place: number for place, number in numbers.items() if number is not None}
    if not met:
        return None
    heart = max(sorted(met), key=lambda place: met[place])
    scope = frozenset().union(*(ground.scope[place] for place in met))
    text = (
        f"{metric.label}: {sum(met.values()):,.0f} that are several days old were published at once in {len(met)} "
        f"{'place' if len(met) == 1 else 'places'} where far fewer are usual. What they alone explain is not raised "
        f"yet. {_said(metric, newest)}"
    )
    return Found(level, heart, "late_batch", scope, frozenset(), newest, newest, sum(met.values()), None, None, None,
                 None, sum(met.values()), None, None, text, "", metric.id)  # fmt: skip


def _event(event: Event, metric: Metric, level: str, place: str, scope: frozenset[str], newest: date) -> Found:
    text = SAYS[event.kind].format(
        label=metric.label, areas=event.areas, before=event.before, after=event.after, source=metric.source
    )
    return Found(level, place, event.kind, scope, frozenset(), newest, newest, event.after, None, None, None, None,
                 event.after, None, None, text, "", metric.id)  # fmt: skip


# Its own past --------------------------------------------------------------------------------------------------------


def _by_past(
    out: InSeries, metric: Metric, level: str, rows: Sequence[Row], ground: Ground, newest: date, rules: Rules
) -> None:
    now, before = _as_published(rows, newest), _as_published(rows, newest - timedelta(days=1))
    broken = _moved(now, before, newest, rules)
    if broken is not None:
        every = frozenset().union(*(ground.scope[place] for place in now))
        heart = max(sorted(now), key=lambda place: sum(low for low, _ in now[place].values()))
        out.events.append(_event(broken, metric, level, heart, every, newest))
    brought, less = _without_late(now, rows, metric, level, newest, rules)
    late = None if broken is not None else _late_event(brought, metric, level, ground, newest)
    out.events += [late] if late else []
    together: dict[str, int] = {}
    for place in now:
        for code in ground.scope[place]:
            together[code] = together.get(code, 0) + 1
    latest = max(max(cells) for cells in now.values())
    for place, cells in sorted(now.items()):
        if (latest - max(cells)).days > metric.window_days + rules.past.late_days:
            out.not_done[place] = (
                f"its newest value is of {max(cells):%-d %B %Y}, other places have one of {latest:%-d %B}"
            )
            continue
        met = departure(cells, metric.kind, metric.window_days, rules.past)
        if met is None and (reason := why_not(cells, metric.kind, metric.window_days, rules.past)):
            out.not_done[place] = reason
            continue
        out.done += 1
        if met is None:
            continue  # looked at: only few were counted
        looks = rules.series * max(together[code] for code in ground.scope[place])
        recurrence = float(rules.budget.recurrence(FAMILY, met.p_value, looks))
        if recurrence < rules.budget.limit_days:
            continue
        found = _departed(metric, level, place, met, recurrence, ground, newest)
        if broken is not None:
            out.held.append((found, out.events[0]))
        elif late is not None and place in less and not _departs(less[place], metric, looks, rules):
            out.held.append((found, late))
        else:
            out.found.append(found)


def _departs(cells: Mapping[date, Cell], metric: Metric, looks: int, rules: Rules) -> bool:
    met = departure(cells, metric.kind, metric.window_days, rules.past)
    return met is not None and float(rules.budget.recurrence(FAMILY, met.p_value, looks)) >= rules.budget.limit_days


def _without_late(
    now: Mapping[str, Mapping[date, Cell]],
    rows: Sequence[Row],
    metric: Metric,
    level: str,
    newest: date,
    rules: Rules,
) -> tuple[dict[str, float | None], dict[str, dict[date, Cell]]]:
    """Of each place how many old people a late batch brought, and the days of those places without them.

    Counts by day only: a value of a whole week does not say which of its days is late.
    """
    published = sorted({row[2] for row in rows})[-(USUAL_DAYS + rules.setting.batches.held_days + 1) :]
    if metric.kind != "count" or metric.window_days > 1 or len(published) < 2:
        return {}, {}
    places, start = sorted(now), newest - timedelta(days=COMPARED_DAYS - 1)
    tables = [_as_published(rows, on) for on in published]
    counts = np.zeros((len(published), len(places), COMPARED_DAYS), dtype=np.int64)
    for number, table in enumerate(tables):
        for at, place in enumerate(places):
            for day, (low, _) in table.get(place, {}).items():
                if day >= start:
                    counts[number, at, (day - start).days] = int(low)
    on = [(day - start).days for day in published]
    numbers = batches.places_with_one(counts, on, _least(level, rules), rules.setting.batches)
    brought = dict(zip(places, numbers, strict=True))
    chosen = np.array([brought[place] is not None for place in places])
    late = counts[-1] - batches.without(counts, on, chosen, rules.setting.batches)[-1]
    return brought, {
        place: {
            day: (low - _of_day(late[at], day, start), high - _of_day(late[at], day, start))
            for day, (low, high) in now[place].items()
        }
        for at, place in enumerate(places)
        if chosen[at]
    }


def _of_day(late: IntArray, day: date, start: date) -> float:
    return float(late[(day - start).days]) if day >= start else 0.0


def _departed(
    metric: Metric, level: str, place: str, met: Departure, recurrence: float, ground: Ground, newest: date
) -> Found:
    people = ground.residents.get(place, 0.0)
    counted = metric.kind == "count" and metric.denominator == "residents" and people > 0
    days = span(metric.kind, metric.window_days)
    long = "week" if days == WEEK_DAYS else f"{days} days"
    text = (
        f"{metric.label}: {_plain(met.value)} {metric.unit} in the {long} to {met.last:%-d %B}, where its own past "
        f"leads one to expect {_plain(met.expected)} ({_plain(met.low)} to {_plain(met.high)}). {_said(metric, newest)}"
    )
    return Found(
        level, place, PAST, ground.scope[place], ground.members.get(place, frozenset()),
        met.last - timedelta(days=days - 1), met.last, met.value, met.expected, met.low, met.high,
        PER * met.value / people if counted else None, met.value / max(met.expected, 1e-9), met.p_value, recurrence,
        text, "", metric.id,
    )  # fmt: skip


def _as_published(rows: Sequence[Row], on: date) -> dict[str, dict[date, Cell]]:
    """Each place's days as the newest publication up to a day says them."""
    out: dict[str, dict[date, Cell]] = {}
    for place, day, published, low, high in sorted(rows, key=lambda row: row[2]):
        if published <= on:
            out.setdefault(place, {})[day] = (low, high)
    return out


def _moved(
    now: Mapping[str, Mapping[date, Cell]], before: Mapping[str, Mapping[date, Cell]], newest: date, rules: Rules
) -> Event | None:
    """Whether the newest publication moved the settled past of most places."""
    both = sorted(now.keys() & before.keys())
    if not both:
        return None
    days = [newest - timedelta(days=back) for back in range(COMPARED_DAYS - 1, -1, -1)]
    arrays: list[FloatArray] = []
    for table in (before, now):
        values = [[table[place].get(day, (0.0, 0.0))[0] if day in before[place] else 0.0 for day in days]
                  for place in both]  # fmt: skip
        arrays.append(np.array(values))
    moved = definition_break(arrays[0], arrays[1], rules.setting.breaks)
    if moved is None:
        return None
    return Event(0, "definition_break", int(moved.areas.sum()), moved.share, moved.before, moved.after)


def _said(metric: Metric, newest: date) -> str:
    return f"{metric.source}, as published on {newest:%-d %B %Y}."
