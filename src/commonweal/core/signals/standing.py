"""How a place stands: people by day with what is still to come, trend, reproduction number, its peers.

Days are specimen days, one a step, the newest last. Reports are told by how many whole days before the present moment
they came, so that every past day is seen at the same time of day as the present one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.nowcast.reverse_hazard import LEAST_EVENTS, reverse_hazard
from commonweal.core.epi.nowcast.triangle import Triangle
from commonweal.core.epi.rates.funnel import ratio_limits
from commonweal.core.epi.rates.intervals import crude_rate, wilson
from commonweal.core.epi.reproduction.cori import cori
from commonweal.core.epi.reproduction.serial_interval import discretised

WEEK = 7
LEARNING = 19  # days of arrivals that a past nowcast needs before it, and after it to be compared with what came
LEAST_PAST = 7  # past nowcasts that teach the errors of the present one; with fewer the plain method is used
SETTLED = 14  # days before those that are foretold, whose level speaks for quiet places
BETA_GRID = (np.arange(24) + 0.5) / 24
R_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
FUNNEL_LEVELS = (0.001, 0.025, 0.975, 0.999)
SEED = 20200629

Changes = tuple[tuple[int, ...], ...]
"""[day][delay]: people of a specimen day who became known so many days later; the last delay holds all later ones."""


@dataclass(frozen=True)
class Method:
    """What the estimates go by; see `parameters/pages/place.yaml` and the pathogen pack."""

    delays: int
    least_arrival_days: int
    least_people: int
    least_share: float
    least_told: float
    delay_dispersion: float
    complete_after: int
    window: int
    draws: int
    serial_mean: float
    serial_sd: float
    serial_days: int


@dataclass(frozen=True)
class Likely:
    """What a recent day will have counted in the end: middle, 95% interval, and the share thought to be here."""

    step: int
    share: float
    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class R:
    """R of the window that ends on a day: the ends of its 90% and 50% intervals; whether data outweigh the prior."""

    step: int
    ends: tuple[float, float, float, float, float]
    reliable: bool


@dataclass(frozen=True)
class Standing:
    """What is worked out of the counts of one place.

    ``likely``: the newest days but those of which too little is here to tell. ``open_total``: 95% interval of what
    those among them that are not complete will have counted together. ``why_none``: why nothing is foretold, or empty.
    """

    likely: tuple[Likely, ...]
    open_total: tuple[float, float] | None
    reproduction: tuple[R, ...]
    why_none: str


@dataclass(frozen=True)
class Rate:
    """People in seven days per 100,000 residents with a 95% interval; None where no residents are known."""

    people: int
    residents: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Trend:
    """This week against the one before. ``days``: in which it doubles (above 0) or halves (below), None where unclear.

    ``low`` and ``high`` are the 95% limits of the ratio by chance alone; days_low and days_high belong to them.
    """

    this: int
    before: int
    ratio: float | None
    low: float
    high: float

    @property
    def direction(self) -> str:
        """'rising', 'falling' or 'unclear'."""
        return "rising" if self.low > 1 else "falling" if self.high < 1 else "unclear"

    @property
    def days(self) -> float | None:
        """Days in which the number doubles or halves at this pace."""
        return _days(self.ratio) if self.ratio and self.direction != "unclear" else None

    @property
    def days_between(self) -> tuple[float, float] | None:
        """The same at the limits of the ratio, the shorter first."""
        ends = [_days(end) for end in (self.low, self.high)]
        if self.direction == "unclear" or None in ends:
            return None
        first, second = sorted(end for end in ends if end is not None)
        return first, second


@dataclass(frozen=True)
class Peer:
    """A place among its peers: people seen and expected at the rate of all of them, and where it lies."""

    code: str
    seen: int
    residents: int
    expected: float
    outside: bool


def rate(people: int, residents: int) -> Rate:
    """People per 100,000 residents with Byar's 95% interval."""
    if residents <= 0:
        return Rate(people, 0, None, None, None)
    found = crude_rate(max(0, people), residents)
    return Rate(people, residents, 100_000 * people / residents, float(found.lower), float(found.upper))


def trend(this: int, before: int) -> Trend:
    """The ratio of two weeks. Limits: Wilson's of the share of the later week among both."""
    this, before = max(0, this), max(0, before)
    if this + before == 0:
        return Trend(0, 0, None, 0.0, math.inf)
    share = wilson(this, this + before)
    low, high = float(share.lower), float(share.upper)
    return Trend(this, before, this / before if before else None, _odds(low), _odds(high))


def share_limits(part: int, whole: int) -> tuple[float, float]:
    """Wilson's 95% limits of part / whole."""
    found = wilson(part, whole)
    return float(found.lower), float(found.upper)


@lru_cache(maxsize=512)
def standing(place: Changes, rest: Changes, arrival_days: int, weekday: int, method: Method) -> Standing:
    """Nowcast and R of a place; ``rest`` are those who share its laboratories, empty where there are no others.

    arrival_days: for how many days reports were seen coming in (all that came before came at once). weekday: of the
    first step, 0 = Monday. Kept by its arguments, which hold all that it depends on, so the answer for a reader never
    rests on counts that he did not read himself.
    """
    counts = np.maximum(np.array([sum(day) for day in place], dtype=np.float64), 0.0)
    complete = counts.size - 1 - method.complete_after
    likely, draws, why_none = _nowcast(place, rest, arrival_days, weekday, method)
    if not likely:
        return Standing((), None, _reproduction(counts[None, :], complete, method), why_none)
    first = likely[0].step
    paths = np.repeat(counts[None, :], len(draws), axis=0)
    paths[:, first:] = np.maximum(draws, 0.0)
    last = max((each.step for each in likely if each.share >= method.least_share), default=first - 1)
    told = tuple(each for each in likely if each.share >= method.least_told)
    still_open = [each.step - first for each in told if each.step > complete]
    total = np.quantile(draws[:, still_open].sum(axis=1), [0.025, 0.975]) if still_open else None
    ends = None if total is None else (float(total[0]), float(total[1]))
    return Standing(told, ends, _reproduction(paths, last, method), "")


def peers(counts: dict[str, tuple[int, int]]) -> tuple[Peer, ...]:
    """Places (code -> people, residents) against the rate of all together; 'outside' by the exact 99.8% limits."""
    known = {code: pair for code, pair in sorted(counts.items()) if pair[1] > 0}
    people, residents = sum(seen for seen, _ in known.values()), sum(n for _, n in known.values())
    if not people:
        return ()
    expected = {code: people * n / residents for code, (_, n) in known.items()}
    limits = ratio_limits(np.array(list(expected.values())), levels=FUNNEL_LEVELS).exact
    return tuple(
        Peer(code, seen, n, expected[code], not limits[0, at] <= seen / expected[code] <= limits[3, at])
        for at, (code, (seen, n)) in enumerate(known.items())
    )


def funnel_limits(expected: Sequence[float]) -> FloatArray:
    """Rows of limits (0.1%, 2.5%, 97.5%, 99.9%) of seen over expected, for each expected number."""
    return np.asarray(ratio_limits(np.asarray(expected, dtype=np.float64), levels=FUNNEL_LEVELS).exact.T)


def _nowcast(
    place: Changes, rest: Changes, arrival_days: int, weekday: int, method: Method
) -> tuple[tuple[Likely, ...], FloatArray, str]:
    nothing: FloatArray = np.empty((0, 0))
    steps, arrived = len(place), 0
    for each in (place, rest):
        arrived += sum(_arrived(each, arrival_days))
    if arrival_days < method.least_arrival_days or steps < max(LEAST_EVENTS, method.delays + 8):
        return (), nothing, f"results were seen coming in for {arrival_days} days only"
    if arrived < method.least_people:
        return (), nothing, f"only {arrived} people became known in {arrival_days} days"
    if arrival_days - LEARNING < LEAST_PAST:
        found = _plain(place, rest, arrival_days, method)
    else:
        found = _by_past_errors(place, rest, arrival_days, weekday, method)
    return _told(found), found.draws(method.draws, SEED)[:, 0], ""


def _told(found: Nowcast) -> tuple[Likely, ...]:
    """The first area of a nowcast, day by day."""
    ends, middle = found.interval(0.95)[0], found.quantile([0.5])[0, :, 0]
    return tuple(
        Likely(int(step), float(found.completeness[0, at]), float(middle[at]), float(ends[at, 0]), float(ends[at, 1]))
        for at, step in enumerate(found.event)
    )


def _by_past_errors(place: Changes, rest: Changes, arrival_days: int, weekday: int, method: Method) -> Nowcast:
    """Reverse hazards by weekday, drift and area; intervals by the errors of past nowcasts."""
    cells = np.array([each for each in (place, rest) if each], dtype=np.float64)
    now = len(place) - 1
    cells[:, np.add.outer(np.arange(now + 1), np.arange(method.delays + 1)) > now] = np.nan
    before = now - arrival_days
    found = reverse_hazard(
        Triangle(cells, 0, now),
        first_weekday=weekday,
        unusual_reports=[before],
        unusual_events=range(max(0, before + 1)),
        past=min(21, arrival_days - LEARNING),
    )
    return Nowcast(found.event, found.reported[:1], found.completeness[:1], found.probability[:1])


def _plain(place: Changes, rest: Changes, arrival_days: int, method: Method) -> Nowcast:
    """For a short history: one completeness F by delay from all people of the days since arrivals were seen.

    F(x) is the product of 1 - n_y/N_y over delays y > x (Lawless 1994), drawn towards no delay by half a person each.
    F is uncertain like a beta with the weight of the people it is learnt from over the dispersion of delays. A day's
    mean has an exponential prior around the level of the fortnight before, which speaks where few are counted: given
    R here and F, the number still to come is negative binomial of size R + 1 and odds (1 - F)/(1/level + 1).
    """
    now = len(place) - 1
    first = max(0, now - min(arrival_days, method.delays) + 1)
    whole = np.array(place, dtype=np.float64) + (np.array(rest, dtype=np.float64) if rest else 0.0)
    since = np.maximum(whole[first:], 0.0)
    seen = np.add.outer(np.arange(first, now + 1), np.arange(method.delays + 1)) <= now
    added, until = (since * seen).sum(axis=0), (np.cumsum(since, axis=1) * seen).sum(axis=0)
    hazard = np.minimum((added + 0.5) / (until + 1.0), 1.0)
    hazard[until == 0] = 0.0
    share = np.concatenate([np.cumprod((1 - hazard)[::-1])[::-1][1:], [1.0]])
    event = np.arange(first, now + 1)
    here = share[np.minimum(now - event, method.delays)]
    counts = np.maximum(np.array(place, dtype=np.float64)[first:].sum(axis=1), 0.0)
    before = np.array([sum(day) for day in place[max(0, first - SETTLED) : first]], dtype=np.float64)
    level = (max(float(before.sum()), 0.0) + 0.5) / (before.size + 1)
    weight = max(4.0, float(since.sum()) / method.delay_dispersion)
    support = int((counts + 12 * (counts + 1) * (1 - here) / here + 40).max())
    chance = np.zeros((event.size, support + 1))
    for at, seen_so_far in enumerate(counts):
        drawn = special.betaincinv(max(weight * here[at], 1.01), max(weight * (1 - here[at]), 1e-3), BETA_GRID)
        for share_here in drawn:
            _add_to_come(chance[at], int(seen_so_far), float(share_here), level)
    return Nowcast(event, counts[None], here[None], (chance / chance.sum(axis=1, keepdims=True))[None])


def _add_to_come(chance: FloatArray, counted: int, share: float, level: float) -> None:
    """Add the chances of the final count, given the share that is here: a negative binomial above the count."""
    more = np.arange(chance.size - counted, dtype=np.float64)
    size, odds = counted + 1.0, (1 - share) / (1 / level + 1)
    if odds < 1e-12:
        chance[counted] += 1.0
        return
    logs = special.gammaln(size + more) - special.gammaln(size) - special.gammaln(more + 1)
    chance[counted:] += np.exp(logs + size * math.log1p(-odds) + more * math.log(odds))


def _arrived(changes: Changes, arrival_days: int) -> list[int]:
    """People of each day who became known in the days in which arrivals were seen."""
    now = len(changes) - 1
    return [
        sum(n for delay, n in enumerate(day) if step + delay > now - arrival_days)
        for step, day in enumerate(changes)
        if step > now - arrival_days - len(day)
    ]


def _reproduction(paths: FloatArray, last: int, method: Method) -> tuple[R, ...]:
    """R of every path together: quantiles of the mixture, windows up to step `last`."""
    if last < method.window + 1 or not paths.any():
        return ()
    weights = discretised(method.serial_mean, method.serial_sd, method.serial_days)
    found = cori(paths[:, : last + 1], weights / weights.sum(), window=method.window)
    known: BoolArray = np.asarray(~np.isnan(found.shape).any(axis=0))
    rng = np.random.default_rng(SEED)
    each = max(1, 2000 // paths.shape[0])
    drawn = rng.standard_gamma(np.where(known, found.shape, 1.0), size=(each, *found.shape.shape))
    drawn = (drawn * np.where(known, found.scale, 1.0)).reshape(-1, known.size)
    ends = found.quantiles[0][:, _R_COLUMNS] if paths.shape[0] == 1 else np.quantile(drawn, R_LEVELS, axis=0).T
    return tuple(
        R(int(step), _five(ends[at]), bool(found.reliable[:, at].all()))
        for at, step in enumerate(found.last)
        if known[at]
    )


_R_COLUMNS = [1, 2, 3, 4, 5]  # of cori's levels: 0.05, 0.25, 0.5, 0.75, 0.95


def _five(row: FloatArray) -> tuple[float, float, float, float, float]:
    a, b, c, d, e = (float(value) for value in row)
    return a, b, c, d, e


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else math.inf


def _days(ratio: float | None) -> float | None:
    """Days to double (or halve) when a week multiplies by the ratio; None where it does not move or is unbounded."""
    if not ratio or math.isinf(ratio) or ratio == 1:
        return None
    return WEEK * math.log(2) / abs(math.log(ratio))
