"""The benchmark of detection: a threshold's score on thinned final series and on true publications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.signals import completeness
from commonweal.core.signals.publications import Source, Thinned, Triangle, weekdays
from commonweal.core.signals.rises import Rise, rises
from commonweal.core.signals.scoring import Score, interval, pooled, score
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.watching import Watched, watch

WARM_UP = 21  # mornings before the period on which the rule already runs: a flag of then may find a rise of now
ALL_BEFORE = 400


@dataclass(frozen=True)
class Period:
    """The mornings that are scored."""

    first: date
    last: date


@dataclass(frozen=True)
class Run:
    """One source watched over a period, with the rises that it holds."""

    watched: Watched
    rises: Sequence[Rise]
    first: int
    last: int

    def score_at(self, threshold: float) -> Score:
        """The score of one threshold."""
        return score(self.watched.flags(threshold), self.rises, self.first, self.last)


def delays_of(triangle: Triangle, one_definition_from: date, until: date, setting: Setting) -> FloatArray:
    """Completeness by weekday and delay from the publications of one definition, `[7, delay]`."""
    usable = triangle.published().copy()
    day = (one_definition_from - triangle.start).days
    usable[: day + 1] = False
    weekday = weekdays(triangle.start, usable.size)
    last = min((until - triangle.start).days, usable.size - 1)
    whole = replace(setting.delays, window_days=ALL_BEFORE, prior_weight=1.0)
    totals = triangle.totals(setting.delays.longest)[: last + 1]
    return completeness.learnt(totals, usable, weekday, last, whole, setting.first_completeness)


def thinned_runs(
    final: IntArray,
    areas: list[str],
    start: date,
    population: FloatArray,
    share: FloatArray,
    period: Period,
    setting: Setting,
    seeds: Sequence[int],
) -> list[Run]:
    """The rule on a final series thinned once a seed."""
    first, last = (period.first - start).days, (period.last - start).days
    known = rises(final, population, 0, final.shape[1] - 1)
    weekday = weekdays(start, last + 1)
    runs = []
    for seed in seeds:
        cube = completeness.thinned(final[:, : last + 1], share, weekday, np.random.default_rng(seed))
        source: Source = Thinned(start, areas, cube)
        runs.append(Run(watch(source, population, setting, first - WARM_UP, last), known, first, last))
    return runs


def published_run(triangle: Triangle, truth: IntArray, population: FloatArray, period: Period, setting: Setting) -> Run:
    """The rule on true publications; `truth` `[area, day]` is the series the rises are told from."""
    first, last = (period.first - triangle.start).days, (period.last - triangle.start).days
    known = rises(truth, population, 0, truth.shape[1] - 1)
    return Run(watch(triangle, population, setting, first, last), known, first, last)


def described(
    runs: Sequence[Run], areas: list[str], start: date, setting: Setting, thresholds: Sequence[float], seed: int
) -> dict[str, Any]:
    """Everything that is printed of some runs: the four numbers with intervals, each seed, the curve, the misses."""
    scores = [run.score_at(setting.threshold) for run in runs]
    whole = pooled(scores)
    return {
        "authorities": len(areas),
        "mornings": runs[0].last - runs[0].first + 1,
        "rises": len(scores[0].fates),
        "authorities_with_rises": len({fate.rise.area for fate in scores[0].fates}),
        "runs": len(scores),
        **_numbers(whole),
        "interval_95": {
            name: [_known(low), _known(high)]
            for name, (low, high) in interval(scores, np.random.default_rng(seed)).items()
        },
        "by_seed": [_numbers(each) for each in scores],
        "curve": [
            {"threshold": threshold, **_numbers(pooled([run.score_at(threshold) for run in runs]))}
            for threshold in sorted({*thresholds, setting.threshold})
        ],
        "misses": _misses(scores, areas, start),
        "events": [
            {"day": str(start + timedelta(days=event.morning)), "kind": event.kind, "areas": event.areas,
             "share": round(event.share, 3), "before": event.before, "after": event.after}
            for event in runs[0].watched.events
        ],
    }  # fmt: skip


def _numbers(found: Score) -> dict[str, float | None]:
    """The four numbers; None where there are no rises to tell them from."""
    return {
        "false_flags_per_authority_year": round(found.false_per_year, 4),
        "found": _known(found.found),
        "in_time": _known(found.in_time),
        "lead_days": _known(found.lead),
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _misses(scores: Sequence[Score], areas: list[str], start: date) -> list[dict[str, Any]]:
    """Rises that were not found in some runs, or not in time, with how often."""
    out = []
    for fates in zip(*(each.fates for each in scores), strict=True):
        missed = sum(fate.flag is None for fate in fates)
        late = sum(fate.flag is not None and not fate.in_time for fate in fates)
        if missed or late:
            rise = fates[0].rise
            out.append(
                {"area": areas[rise.area], "trough": str(start + timedelta(days=rise.trough)),
                 "first": str(start + timedelta(days=rise.first)), "missed": missed, "late": late, "runs": len(fates)}
            )  # fmt: skip
    return out
