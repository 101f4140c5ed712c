"""The nowcast to use on many areas: reverse hazards with weekdays and drift, pooled, and errors learnt from the past.

For event step t of an area, R reported so far and F its completeness: the level L of the step has a gamma distribution
from earlier steps; the number still to come is negative binomial with mean E[L | R] (1 - F) and variance
mean + mean^2 (1/shape + v_h). The extra variance v_h of each horizon, a correction of its mean, and how fast levels
move are learnt by making the same nowcast on past days and comparing it with what has been reported since: no interval
is taken on trust. Counts that are withdrawn later are foreseen at the rate at which they were withdrawn so far.

Sources: Lawless 1994 (reverse hazards); Hoehle and an der Heiden 2014; Guenther et al. 2021 (weekdays of reporting).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.epi.compiled import compiled
from commonweal.core.epi.nowcast import event_level, hazards
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.nowcast.triangle import Triangle
from commonweal.core.errors import Refused

DISCOUNTS = (0.7, 0.8, 0.88, 0.94)
VARIANCES = np.concatenate([[0.0], np.geomspace(0.001, 1.5, 17)])
LEAST_EVENTS = 21
PAST = 21
MOST_WITHDRAWN = 8


@dataclass(frozen=True)
class Learnt:
    """What past nowcasts taught: discount of the level filter; for each horizon extra variance and factor of the mean.

    withdrawn: chance that a reported event is withdrawn later, `[horizon]`.
    """

    discount: float
    variance: FloatArray
    factor: FloatArray
    withdrawn: FloatArray


@dataclass(frozen=True)
class View:
    """What is known at one step: reported `[area, event]`, shares `[area, event, delay]`, weekday factors, growth."""

    now: int
    reported: FloatArray
    share: FloatArray
    weekday: FloatArray
    growth: FloatArray

    def seen(self) -> FloatArray:
        """Completeness of each event at its largest seen delay, `[area, event]`."""
        events, delays = self.share.shape[1:]
        delay = np.minimum(self.now - np.arange(events), delays - 1)
        return np.asarray(np.take_along_axis(self.share, delay[None, :, None], axis=2)[..., 0])


def reverse_hazard(
    triangle: Triangle,
    *,
    first_weekday: int = 0,
    unusual_reports: ArrayLike = (),
    unusual_events: ArrayLike = (),
    half_life: float = 14.0,
    past: int = PAST,
) -> Nowcast:
    """Nowcast the last steps (as many as there are delays) of all areas together.

    triangle: changes `[area, event, delay]`; negative changes are withdrawals. first_weekday: of event step
    `triangle.first_event` (0 = Monday). unusual_reports: report steps that say nothing on ordinary delays (late
    batches, days after a missed publication); their reports still count as reported. unusual_events: event steps that
    a batch added to; they teach nothing on delays or errors (`series.late_batches` finds both). half_life: of past
    reports, in steps. past: how many earlier nowcasts teach the errors.

    Raises `Refused` for fewer than 21 event steps, or a weekday outside 0..6.
    """
    cells = triangle.count
    events, delays = cells.shape[1:]
    if events < max(LEAST_EVENTS, delays + 7):
        raise Refused(
            f"triangle has {events} event steps; this method needs at least {max(LEAST_EVENTS, delays + 7)} "
            "(largest delay + 8). Load more history, or use classical.bayes."
        )
    if first_weekday not in range(7):
        raise Refused(f"first_weekday is {first_weekday}; pass 0 (Monday) to 6 (Sunday).")
    unusual = np.asarray(unusual_reports, dtype=np.int64).ravel() - triangle.first_event
    hit = np.asarray(unusual_events, dtype=np.int64).ravel() - triangle.first_event
    history = _History(
        np.nan_to_num(cells),
        first_weekday,
        np.isin(np.arange(events + delays), unusual),
        np.isin(np.arange(events), hit),
        half_life,
    )
    now = events - 1
    present = history.view(now)
    span = min(past, max(1, events - delays - 7))
    gap = min(5, delays - 1)
    learnt = _learn(history, [now - gap - k for k in range(span)], now)
    first = max(0, events - delays)
    return _predict(history, present, learnt, first, triangle.first_event)


class _History:
    """Counts by event and delay, and views of them as they stood at any earlier step."""

    def __init__(
        self, count: FloatArray, first_weekday: int, unusual: BoolArray, hit: BoolArray, half_life: float
    ) -> None:
        events, delays = count.shape[1:]
        self.count = count
        self.cumulative = np.maximum(np.cumsum(count, axis=2), 0.0)
        self.report = np.arange(events)[:, None] + np.arange(delays)[None, :]
        self.weekday = (np.arange(events) + first_weekday) % 7
        self.report_weekday = (self.report + first_weekday) % 7
        self.unusual = unusual
        self.hit = hit
        self.start: FloatArray | None = None
        self.half_life = half_life
        self.added = np.maximum(count, 0.0)
        before = np.concatenate([np.zeros((*count.shape[:2], 1)), self.cumulative[..., :-1]], axis=2)
        self.before = before
        self.at_risk = before + self.added

    def reported(self, now: int) -> FloatArray:
        """Reported by step `now`, `[area, event]` (events up to now)."""
        delay = np.clip(now - np.arange(now + 1), 0, self.count.shape[2] - 1)
        return np.asarray(np.take_along_axis(self.cumulative[:, : now + 1], delay[None, :, None], axis=2)[..., 0])

    def view(self, now: int) -> View:
        """Fit hazards, weekday factors and growth to what was reported by step `now`."""
        used = (self.report[: now + 1] <= now) & ~self.unusual[self.report[: now + 1]]
        used &= ~self.hit[: now + 1, None]
        used[:, 0] = False
        found = hazards.fit(
            self.added[:, : now + 1],
            self.at_risk[:, : now + 1],
            self.report_weekday[: now + 1],
            (now - self.report[: now + 1]).astype(np.float64),
            used,
            half_life=self.half_life,
            start=self.start,
        )
        self.start = found.coefficients
        share = found.completeness(self.report_weekday[: now + 1])
        reported = self.reported(now)
        view = View(now, reported, share, np.ones(now + 1), np.zeros(self.count.shape[0]))
        seen = view.seen()
        by_weekday = event_level.weekday_factors(reported, seen, self.weekday[: now + 1])
        factor = by_weekday[self.weekday[: now + 1]]
        return View(now, reported, share, factor, event_level.growth(reported, seen, factor))


def _learn(history: _History, pasts: list[int], now: int) -> Learnt:
    """Choose discount, variances and mean factors under which what came since is likeliest."""
    delays = history.count.shape[2]
    views = [history.view(then) for then in pasts]
    best: tuple[float, float, FloatArray, FloatArray] | None = None
    for discount in DISCOUNTS:
        parts = [_expected(view, discount, now) for view in views]
        since = [_since(history, view, now) for view in views]
        mean, shape, came = (np.concatenate(x, axis=0) for x in ([p[0] for p in parts], [p[1] for p in parts], since))
        factor, variance, likelihood = _fitted(mean, shape, came)
        if best is None or likelihood > best[0]:
            best = (likelihood, discount, factor, variance)
    assert best is not None
    return Learnt(best[1], best[3], best[2], _withdrawn(history, now, delays))


def _expected(view: View, discount: float, until: int) -> tuple[FloatArray, FloatArray]:
    """Mean and shape of what is to come until step `until`, by horizon: `[area, horizon]`."""
    delays = view.share.shape[2]
    seen = view.seen()
    level = event_level.filtered(view.reported, seen, view.weekday, view.growth, discount)
    horizon = np.arange(min(delays - 1, view.now + 1))
    event = view.now - horizon
    later = np.minimum(until - event, delays - 1)
    share = view.share[:, event, later] - seen[:, event]
    shape = level.shape[:, event] + view.reported[:, event]
    rate = level.rate[:, event] + seen[:, event] * view.weekday[event]
    return np.asarray(shape / rate * view.weekday[event] * np.maximum(share, 1e-9)), shape


def _since(history: _History, view: View, now: int) -> FloatArray:
    """Reported after the view's step and by `now`, withdrawals left out, `[area, horizon]`."""
    delays = history.count.shape[2]
    horizon = np.arange(min(delays - 1, view.now + 1))
    out = np.empty((history.count.shape[0], horizon.size))
    for h in horizon:
        event = view.now - h
        out[:, h] = history.added[:, event, h + 1 : min(now - event, delays - 1) + 1].sum(axis=1)
    return out


def _fitted(mean: FloatArray, shape: FloatArray, came: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Factor of the mean and extra variance for each horizon by likelihood, neighbours lending half their weight."""
    horizons = mean.shape[1]
    # a factor is believed as far as twenty cases go: quiet horizons stay near 1
    ratio = (came.sum(axis=0) + 20) / (mean.sum(axis=0) + 20)
    factor = np.clip(np.sqrt(ratio), 0.5, 2.0)
    moved = mean * factor
    table = np.empty((VARIANCES.size, horizons))
    for i, extra in enumerate(VARIANCES):
        size = 1 / (1 / shape + extra)
        table[i] = _log_nb(came, moved, size).sum(axis=0)
    padded = np.pad(table, ((0, 0), (1, 1)), mode="edge")
    smooth = padded[:, 1:-1] + 0.5 * (padded[:, :-2] + padded[:, 2:])
    pick = smooth.argmax(axis=0)
    return factor, VARIANCES[pick], float(table[pick, np.arange(horizons)].sum())


def _log_nb(k: FloatArray, mean: FloatArray, size: FloatArray) -> FloatArray:
    return np.asarray(
        special.gammaln(size + k)
        - special.gammaln(size)
        - special.gammaln(k + 1)
        + size * np.log(size / (size + mean))
        + k * np.log(mean / (size + mean))
    )


def _withdrawn(history: _History, now: int, delays: int) -> FloatArray:
    """Chance that an event reported at horizon h is withdrawn at a later delay, `[horizon]`."""
    known = (history.report[: now + 1] <= now) & ~history.unusual[history.report[: now + 1]]
    lost = np.where(known, np.maximum(-history.count[:, : now + 1], 0.0), 0.0).sum(axis=(0, 1))
    held = np.where(known, history.before[:, : now + 1], 0.0).sum(axis=(0, 1))
    rate = np.divide(lost, held, out=np.zeros(delays), where=held > 0)
    return np.asarray(1 - np.cumprod((1 - np.minimum(rate, 0.5))[::-1])[::-1])[1:]


def _predict(history: _History, view: View, learnt: Learnt, first: int, first_event: int) -> Nowcast:
    delays = history.count.shape[2]
    mean, shape = _expected(view, learnt.discount, view.now + delays)
    mean = mean * learnt.factor
    size = 1 / (1 / shape + learnt.variance)
    event = np.arange(first, view.now + 1)
    horizon = view.now - event
    reported = view.reported[:, event]
    areas = reported.shape[0]
    seen = view.seen()[:, event]
    open_ = horizon < delays - 1
    to_come = np.where(open_, mean[:, np.minimum(horizon, delays - 2)], 0.0)
    spread = np.where(open_, size[:, np.minimum(horizon, delays - 2)], 1.0)
    support = int((reported + to_come + 8 * np.sqrt(to_come + to_come**2 / spread) + 25).max()) + 1
    probability = np.zeros((areas, event.size, support + 1))
    lost = np.where(open_, learnt.withdrawn[np.minimum(horizon, delays - 2)], 0.0)
    _fill(probability, reported, to_come, spread, lost)
    return Nowcast(event + first_event, reported, seen, probability)


@compiled
def _fill(out: FloatArray, reported: FloatArray, mean: FloatArray, size: FloatArray, lost: FloatArray) -> None:
    """Reported less binomial withdrawals plus negative-binomial additions, over whole counts."""
    areas, events, length = out.shape
    row = np.empty(length)
    for a in range(areas):
        for t in range(events):
            _negative_binomial(max(mean[a, t], 1e-12), size[a, t], row)
            number = reported[a, t]
            chance = (1 - lost[t]) ** number
            for gone in range(MOST_WITHDRAWN + 1):
                if gone > number or chance < 1e-12:
                    break
                shift = int(number) - gone
                for k in range(length - shift):
                    out[a, t, k + shift] += chance * row[k]
                chance *= (number - gone) / (gone + 1.0) * lost[t] / (1 - lost[t])
            out[a, t] /= out[a, t].sum()


@compiled
def _negative_binomial(mean: float, size: float, row: FloatArray) -> None:
    """Probabilities of 0, 1, ..., outwards from the mode, where nothing underflows."""
    odds = mean / (size + mean)
    mode = max(0, min(row.size - 1, int(mean * (size - 1) / size)))
    log = math.lgamma(size + mode) - math.lgamma(size) - math.lgamma(mode + 1.0)
    row[mode] = np.exp(log + size * np.log1p(-odds) + mode * np.log(odds))
    for k in range(mode, row.size - 1):
        row[k + 1] = row[k] * (size + k) / (k + 1.0) * odds
    for k in range(mode, 0, -1):
        row[k - 1] = row[k] * k / ((size + k - 1) * odds)
