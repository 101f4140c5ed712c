"""R day by day in all areas together: renewal with a random walk of log R, weekdays, delays and pooling.

The areas' total gives a common path of log R (a random walk); each area moves around it by an autoregressive deviation,
so that an area with few cases follows the common path and one with many its own. Infections are a hidden state: chance
in who infects whom and chance in who is counted are told apart, because the second does not infect. The size of the
moves and the noises are those under which the counts of all areas are likeliest. Given draws of a nowcast instead of
counts, every draw is filtered and the answers are mixed: the last days are as unsure as the nowcast is.

Sources: Cori et al. 2013 (renewal); Gostic et al. 2020 (delays and truncation); `kalman` for the filter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray, Seed
from commonweal.core.epi.compiled import compiled
from commonweal.core.epi.nowcast.event_level import weekday_factors
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.reproduction import kalman
from commonweal.core.epi.reproduction.serial_interval import checked
from commonweal.core.errors import Refused

START = (0.03, 0.6, 0.02, 1.0, 0.03)
"""Where the search begins: move, kappa, v, omega, and forgetting = 1 - rho."""
BOUNDS = ((0.003, 0.3), (0.02, 5.0), (1e-6, 0.5), (0.05, 50.0), (0.005, 0.3))
EVALUATIONS = 160
FIRST_STEP = 0.5
MOST_TO_LEARN = 100
"""Areas from which moves and noises are learnt, spread over the list."""
START_SD = 1.0
SHARED = 0.3
"""Correlation of the areas' nowcast errors on a day: reports are late for reasons that areas share."""
WIDER = 1.1
"""Moves and noises are learnt from the same counts; on simulated cities intervals are a tenth too narrow for it."""
PATHS = 40
"""Draws of the common path where counts are known."""
LAGS = 15
"""Later days that still sharpen a day's R: about three serial intervals."""
FEWEST_DAYS = 21


@dataclass(frozen=True)
class Renewal:
    """R of each area and day of infection, `[area, day]`, and its quantiles `[area, day, level]`.

    day: numbers of the days (the first days of the counts only feed the force of infection). common: quantiles of the
    areas' common R, `[day, level]`. common_move, own_move: sd of log R's daily moves. noise: (kappa, v, omega) of the
    areas: variance of infections kappa x mean + v x mean^2, of counts omega x mean. memory: share of an area's
    deviation that is left a day later. weekday: factors of the days 0..6 (0 is Monday), mean 1.
    """

    day: IntArray
    mean: FloatArray
    sd: FloatArray
    quantiles: FloatArray
    levels: FloatArray
    common: FloatArray
    common_move: float
    own_move: float
    noise: FloatArray
    memory: float
    weekday: FloatArray


def renewal(
    counts: ArrayLike,
    serial_interval: ArrayLike,
    *,
    delay: ArrayLike = (1.0,),
    first_weekday: int = 0,
    levels: Sequence[float] = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975),
    samples: int = 400,
    seed: Seed = 0,
) -> Renewal:
    """Fit to final counts `[area, day]`, or to draws of them `[draw, area, day]` (see `with_nowcast`).

    serial_interval: weights of lags 0, 1, ... days. delay: probability of 0, 1, ... days from infection to event; with
    the default R belongs to the day of the event. first_weekday: of day 0 (0 = Monday). samples: draws of R in all.

    Raises `Refused` for fewer than three weeks after the serial interval and the delay have passed.
    """
    y = checks.counts("counts", counts)
    if y.ndim not in (2, 3):
        raise Refused(f"counts has {y.ndim} axes; pass [area, day] or draws [draw, area, day].")
    y = y[None] if y.ndim == 2 else y
    w, late = checked(serial_interval), _delay(delay)
    first = max(w.size, late.size)
    if y.shape[2] < first + FEWEST_DAYS:
        raise Refused(
            f"counts has {y.shape[2]} days; with this serial interval and delay at least {first + FEWEST_DAYS} are "
            "needed. Load more history or cut the tails of both."
        )
    if first_weekday not in range(7):
        raise Refused(f"first_weekday is {first_weekday}; pass 0 (Monday) to 6 (Sunday).")
    weekday = (np.arange(y.shape[2]) + first_weekday) % 7
    usual = y.mean(axis=0)
    factors = weekday_factors(usual, np.ones(usual.shape), weekday)
    model = _Model(w, late, np.ascontiguousarray(factors[weekday]), first)
    # the last days of one draw are as noisy as counts are, those of a mean would not be
    learnt = model.learn(y[0])
    p = np.asarray(levels, dtype=np.float64)
    return _sampled(model, learnt, y, p, max(samples, y.shape[0]), checks.generator(seed), factors)


def with_nowcast(
    reported: ArrayLike, nowcast: Nowcast, draws: int, seed: Seed, *, correlation: float = SHARED
) -> FloatArray:
    """Counts `[draw, area, day]`: as reported `[area, day]`, the last days replaced by draws of their nowcast.

    The nowcast's event steps are the last days of `reported`. correlation: of the areas' errors on a day.
    """
    known = checks.counts("reported", reported)
    last = nowcast.reported.shape[1]
    if known.ndim != 2 or known.shape[0] != nowcast.reported.shape[0] or known.shape[1] < last:
        raise Refused(
            f"reported has shape {known.shape} and the nowcast {nowcast.reported.shape}; pass the same areas, and days "
            "that end with the nowcast's."
        )
    out = np.repeat(known[None], checks.at_least("draws", draws, 1), axis=0)
    out[:, :, known.shape[1] - last :] = nowcast.draws(draws, seed, correlation=correlation)
    return out


Three = tuple[float, float, float]
Five = tuple[float, float, float, float, float]
Walk = Callable[[Five], Three]


@dataclass(frozen=True)
class _Learnt:
    """(move, kappa, v, omega, forgetting) of the common path and of the areas."""

    common: Five
    own: Five


class _Model:
    """The fixed parts: weights of the serial interval, delay, factor of each day, first day with a full history."""

    def __init__(self, w: FloatArray, delay: FloatArray, factor: FloatArray, first: int) -> None:
        self.w, self.delay, self.factor, self.first = w, delay, factor, first

    def run(
        self, y: FloatArray, centre: FloatArray, walk: Three, noise: Three
    ) -> tuple[FloatArray, FloatArray, FloatArray, float]:
        """Mean and sd of log R `[series, day]`, covariances of the last days, log likelihood of all series."""
        mean, sd = np.zeros(y.shape), np.zeros(y.shape)
        last = np.zeros((y.shape[0], LAGS, LAGS))
        likelihood = _all(np.ascontiguousarray(y), self.factor, self.w, self.delay, centre, walk, noise, mean, sd, last)
        return mean, sd, last, likelihood

    def learn(self, y: FloatArray) -> _Learnt:
        """The likeliest moves and noises, first of the total, then of the areas around the common path."""
        total = y.sum(axis=0)[None]
        common = self._likeliest(total, np.zeros(total.shape[1]), common_walk, START)
        if y.shape[0] == 1:
            return _Learnt(common, common)
        some = y[:: -(-y.shape[0] // MOST_TO_LEARN)]
        own = START
        for _ in range(2):
            centre = self.centre(y, _Learnt(common, own))[0]
            own = self._likeliest(some, centre, own_walk, own)
        return _Learnt(common, own)

    def centre(self, y: FloatArray, learnt: _Learnt) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Common path of log R, its sd by day, and a root of the correlation of its last days.

        The total's path speaks for the large areas; it is moved by the mean deviation of all, each as far as its counts
        say anything (posterior deviation = reliability x deviation).
        """
        total = y.sum(axis=0)[None]
        mean, sd, last, _ = self.run(total, np.zeros(total.shape[1]), common_walk(learnt.common), learnt.common[1:4])
        path, wide = self._held(mean[0]), self._held(sd[0])
        scale = np.sqrt(np.diag(last[0]))
        root = np.linalg.cholesky(last[0] / np.outer(scale, scale) + 1e-8 * np.eye(LAGS))
        if y.shape[0] == 1:
            return path, wide, root
        walk = own_walk(learnt.own)
        own, own_sd, _, _ = self.run(y, path, walk, learnt.own[1:4])
        reliability = np.maximum(1 - (own_sd / walk[2]) ** 2, 1e-3).sum(axis=0)
        path = self._held(path + (own - path).sum(axis=0) / reliability)
        # moving the path as a whole leaves its day-to-day errors: they stay those of the total
        return path, wide, root

    def _held(self, path: FloatArray) -> FloatArray:
        """The first day with a full history stands for those before."""
        return np.concatenate([np.full(self.first, path[self.first]), path[self.first :]])

    def _likeliest(self, y: FloatArray, centre: FloatArray, walk: Walk, start: Five) -> Five:
        """Nelder and Mead's search on the log scale."""
        low, high = np.log(np.array(BOUNDS)).T
        origin = np.log(np.array(start))

        def unlikely(logs: FloatArray) -> float:
            five = _five(np.exp(np.clip(logs, low, high)))
            outside = float((np.maximum(logs - high, 0) + np.maximum(low - logs, 0)).sum())
            return -self.run(y, centre, walk(five), five[1:4])[3] + 10 * outside

        simplex = origin + FIRST_STEP * np.concatenate([np.zeros((1, origin.size)), np.eye(origin.size)])
        options = {"maxfev": EVALUATIONS, "xatol": 0.03, "fatol": 0.3, "initial_simplex": simplex}
        found = optimize.minimize(unlikely, origin, method="Nelder-Mead", options=options)
        return _five(np.exp(np.clip(found.x, low, high)))


def _five(values: FloatArray) -> Five:
    move, kappa, v, omega, forgetting = (float(value) for value in values)
    return move, kappa, v, omega, forgetting


def common_walk(learnt: Five) -> Three:
    """Move, memory and sd at the start of the common path: a random walk from a wide start."""
    return learnt[0], 1.0, START_SD


def own_walk(learnt: Five) -> Three:
    """Move, memory and sd at the start of an area's deviation."""
    memory = 1 - learnt[4]
    return learnt[0], memory, learnt[0] / float(np.sqrt(1 - memory**2))


def _sampled(
    model: _Model,
    learnt: _Learnt,
    y: FloatArray,
    levels: FloatArray,
    samples: int,
    rng: np.random.Generator,
    factors: FloatArray,
) -> Renewal:
    draws, areas, days = y.shape
    rows = max(draws, PATHS)
    each = -(-samples // rows)
    logs, common = np.empty((rows * each, areas, days)), np.empty((rows * each, days))
    for m in range(rows):
        counts = y[m % draws]
        middle, wide, root = model.centre(counts, learnt)
        here = slice(m * each, (m + 1) * each)
        # one path a row: what is unsure in common is unsure in every area
        recent = (root @ rng.standard_normal(LAGS))[::-1]
        path = middle + wide * np.concatenate([np.full(days - LAGS, recent[0]), recent])
        common[here] = path
        if areas == 1:
            logs[here] = middle + wide * rng.standard_normal((each, 1, 1))
            continue
        mean, sd, _, _ = model.run(counts, path, own_walk(learnt.own), learnt.own[1:4])
        logs[here] = mean + WIDER * sd * rng.standard_normal((each, areas, 1))
    value = np.exp(logs[:, :, model.first :])
    shared = np.exp(common[:, model.first :])
    return Renewal(
        day=np.arange(model.first, days),
        mean=value.mean(axis=0),
        sd=value.std(axis=0),
        quantiles=np.moveaxis(np.quantile(value, levels, axis=0), 0, -1),
        levels=levels,
        common=np.moveaxis(np.quantile(shared, levels, axis=0), 0, -1),
        common_move=learnt.common[0],
        own_move=learnt.own[0],
        noise=np.array(learnt.own[1:4]),
        memory=1 - learnt.own[4],
        weekday=factors,
    )


@compiled
def _all(
    y: FloatArray,
    factor: FloatArray,
    w: FloatArray,
    delay: FloatArray,
    centre: FloatArray,
    walk: Three,
    noise: Three,
    mean: FloatArray,
    sd: FloatArray,
    last: FloatArray,
) -> float:
    total = 0.0
    for s in range(y.shape[0]):
        total += kalman.filtered(y[s], factor, w, delay, centre, walk, noise, mean[s], sd[s], last[s])
    return total


def _delay(delay: ArrayLike) -> FloatArray:
    d = checks.non_negative("delay", delay)
    if d.ndim != 1 or abs(d.sum() - 1) > 0.01:
        raise Refused(f"delay adds up to {d.sum():g}; pass probabilities of 0, 1, 2, ... days that add up to 1.")
    return np.asarray(d / d.sum())
