"""A past rise told day by day: what the public figures showed, and what all results together would have shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.signals import completeness
from commonweal.core.signals.life import CLOSED, OPENED, REOPENED, Finding, Signal, lives
from commonweal.core.signals.publications import Source, Thinned, weekdays
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.watching import SURE, Watched, watch
from commonweal.core.signals.within import DIRECTIONS, beside

WEEK, PER = 7, 100_000.0
RULE, SCAN = "rate rule", "space-time scan"


@dataclass(frozen=True)
class Line:
    """One line of the log: a day, a kind to filter by, and the sentence."""

    day: date
    kind: str
    text: str

    def as_dict(self) -> dict[str, str]:
        """As plain values."""
        return {"day": str(self.day), "kind": self.kind, "text": self.text}


@dataclass(frozen=True)
class Told:
    """A world's log: the newest opening of the signal that is open at the end of the period, and every line."""

    first_signal: date | None
    events: list[Line]
    watched: Watched

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        first = None if self.first_signal is None else str(self.first_signal)
        return {"first_signal": first, "events": [line.as_dict() for line in self.events]}


def slower(share: FloatArray, times: int) -> FloatArray:
    """Completeness when every delay is so many times as long, `[7, times x longest + 1]`; straight lines between."""
    delays = np.arange(times * (share.shape[1] - 1) + 1) / times
    return np.array([np.interp(delays, np.arange(share.shape[1]), row) for row in share])


def tell(
    source: Source,
    population: FloatArray,
    setting: Setting,
    area: str,
    period: tuple[date, date],
    decided: date,
    clusters: Sequence[Finding] = (),
    watched: Watched | None = None,
) -> Told:
    """Watch all areas of a source over a period and tell the life of the signals of `area`.

    decided: the first signal is the newest opening, by the place's own rate, of one that is open on this day; where
    none is, the first opening after it. clusters: findings inside the place, which join its signal. watched: what
    watching the same source over the same period gave, where it is known already.
    """
    first, last = ((day - source.start).days for day in period)
    watched = watched or watch(source, population, setting, first, last)
    number = source.areas.index(area)
    findings = [*_findings(watched, number, area, setting, first, last), *clusters]
    mornings = [morning for morning in source.mornings if first <= morning <= last]
    signals = [signal for signal in lives(findings, mornings, setting.life) if area in signal.scope]
    by_rate = lives([each for each in findings if each.method == RULE], mornings, setting.life)
    lines = [
        *_of_signals(signals, source.start), *_of_events(watched, source), *_of_clusters(clusters, source.start),
        *_of_rate(by_rate, signals, source.start),
    ]  # fmt: skip
    day = _first_that_stays(by_rate, (decided - source.start).days)
    start = None if day is None else source.start + timedelta(days=day)
    return Told(start, sorted(lines, key=lambda line: (line.day, line.kind)), watched)


def part_of_the_rise(clusters: Sequence[Finding], raised: int | None, patience: int) -> Finding | None:
    """The first cluster of the row that led to a signal, or None without one: in which part the rise began.

    clusters: by morning; raised: the morning of the place's signal (None: the row that the newest cluster is in).
    A row has no gap of more than `patience` mornings, and all of it lies in one part or the parts beside it: what a
    scan found in another corner weeks before is something else. Clusters around the centre name no part.
    """
    named = [each for each in clusters if each.place in DIRECTIONS]
    if raised is None:
        at = len(named) - 1
    else:
        after = next((number for number, each in enumerate(named) if each.morning > raised), len(named))
        at = after - 1 if after and raised - named[after - 1].morning <= patience else after
    if not 0 <= at < len(named):
        return None
    anchor = first = named[at]
    for each in reversed(named[:at]):
        if first.morning - each.morning > patience:
            break
        if beside(each.place, anchor.place):
            first = each
    return first


def _findings(watched: Watched, number: int, area: str, setting: Setting, first: int, last: int) -> list[Finding]:
    flags = watched.flags(setting.threshold)[number]
    out = []
    for morning in range(first, last + 1):
        if flags[morning]:
            rate, needed = watched.rate[number, morning], watched.needed[number, morning]
            past = " (restated past: it would have been found)" if watched.score[number, morning] == SURE else ""
            text = (
                f"7-day rate {rate:.0f} per 100,000 expected once all is reported, line to pass {needed:.0f}, "
                f"all areas {watched.peers[morning]:.0f}; {watched.reported[number, morning]:.0%} of it reported{past}"
            )
            scope = frozenset([area])
            out.append(
                Finding(morning, area, "ltla", RULE, scope, float(watched.score[number, morning]), float(rate), text)
            )
    return out


def _of_signals(signals: list[Signal], start: date) -> list[Line]:
    return [
        Line(
            start + timedelta(days=change.morning),
            f"signal_{change.state}",
            f"signal {signal.number} {change.state}" + (f": {'; '.join(change.evidence)}" if change.evidence else ""),
        )
        for signal in signals
        for change in signal.changes
    ]


def _of_rate(by_rate: list[Signal], signals: list[Signal], start: date) -> list[Line]:
    """Mornings on which the place's own rate passed the line while a cluster inside it kept its signal open already."""
    told = {change.morning for signal in signals for change in signal.changes if change.state in (OPENED, REOPENED)}
    return [
        Line(
            start + timedelta(days=change.morning),
            "rate_passed",
            f"the rate of the whole place passes the line: {'; '.join(change.evidence)}",
        )
        for signal in by_rate
        for change in signal.changes
        if change.state in (OPENED, REOPENED) and change.morning not in told
    ]


def _of_clusters(clusters: Sequence[Finding], start: date) -> list[Line]:
    """The first cluster inside the place, and each that lies in another part than the one before."""
    changed = [each for i, each in enumerate(clusters) if i == 0 or each.place != clusters[i - 1].place]
    return [Line(start + timedelta(days=each.morning), "cluster", each.evidence) for each in changed]


def _of_events(watched: Watched, source: Source) -> list[Line]:
    words = {
        "definition_break": "definition break: the settled past of {areas} of {all} areas moved "
        "({before:,.0f} -> {after:,.0f} cases in four weeks); {held} areas passed the line this morning "
        "and none is raised as a signal",
        "late_batch": "late batch: {after:,.0f} old cases where {before:,.0f} are usual, in {areas} of {all} areas",
    }
    return [
        Line(
            source.start + timedelta(days=event.morning),
            event.kind,
            words[event.kind].format(
                areas=event.areas,
                all=len(source.areas),
                before=event.before,
                after=event.after,
                held=int((watched.held[:, event.morning] & watched.holds[:, event.morning]).sum()),
            ),
        )
        for event in watched.events
    ]


def _first_that_stays(signals: list[Signal], decided: int) -> int | None:
    """The opening of the signal that is open on the day of the decision, reopenings included."""
    openings = []
    for signal in signals:
        past = [change for change in signal.changes if change.morning <= decided]
        if past and past[-1].state != CLOSED:
            openings.append(max(change.morning for change in past if change.state in (OPENED, REOPENED)))
    later = [change.morning for signal in signals for change in signal.changes if change.morning > decided]
    return min(openings or later, default=None)


def thinned_source(final: IntArray, areas: list[str], start: date, share: FloatArray, seed: int) -> Thinned:
    """All results with given delays, for one seed."""
    weekday = weekdays(start, final.shape[1])
    return Thinned(start, areas, completeness.thinned(final, share, weekday, np.random.default_rng(seed)))


def above_nation(
    rate: FloatArray, nation: FloatArray, start: date, times: float, first: int, last: int
) -> tuple[date | None, list[dict[str, Any]]]:
    """On which day the place first stands at so many times the nation's rate, and the history.

    rate, nation: `[day]` 7-day rates. On days without a case in the nation there is no such number (None).
    """
    ratio = np.divide(rate, nation, out=np.full(rate.shape, np.nan), where=nation > 0)
    days = range(first, last + 1)
    history = [
        {"day": str(start + timedelta(days=day)), "rate": round(float(rate[day]), 1),
         "nation": round(float(nation[day]), 1),
         "times": None if np.isnan(ratio[day]) else round(float(ratio[day]), 2)}
        for day in days
    ]  # fmt: skip
    reached = [day for day in days if ratio[day] >= times]
    return (start + timedelta(days=reached[0]) if reached else None), history


WHOLE_PERCENT = 100.0


def scenarios(before: float, after: float, published: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a rise of cases from `before` to `after` (equal periods) would mean for tests and positivity.

    Three assumptions, not findings: all of it testing (positivity stays), all of it spread (tests stay), or both by the
    same factor. Each is anchored at a published positivity of the later period. None where nobody was counted in one of
    the periods; `possible` is false where more than all tests would have been positive.
    """
    if not before or not after:
        return []
    times = after / before
    out = []
    for figure in published:
        for name, power in (("testing-only", 1.0), ("mixed", 0.5), ("spread-only", 0.0)):
            tests = times**power
            earlier = figure["percent"] * tests / times
            out.append(
                {"scenario": name, "assumption": True, "tests_times": round(tests, 2),
                 "positivity_after_percent": figure["percent"],
                 "positivity_before_percent": round(earlier, 2), "possible": earlier <= WHOLE_PERCENT,
                 "denominator": figure["denominator"]}
            )  # fmt: skip
    return out
