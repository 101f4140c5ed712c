"""Expected cases of every place and time step under the null of each model."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused


def poisson(count: ArrayLike, population: ArrayLike) -> FloatArray:
    """Indirectly standardised expectation `[place, time]`: sum over strata of population * stratum rate.

    count, population: `[stratum, place, time]`. Each stratum's rate is its cases over its person-time, so the sum
    equals the number of cases. A stratum with cases but no population is refused.
    """
    cases, people = checks.counts("count", count), checks.non_negative("population", population)
    checks.same_shape("count", cases, "population", people)
    by_stratum, time_at_risk = cases.sum(axis=(1, 2)), people.sum(axis=(1, 2))
    if ((time_at_risk == 0) & (by_stratum > 0)).any():
        k = int(np.argmax((time_at_risk == 0) & (by_stratum > 0)))
        raise Refused(f"stratum {k} has {by_stratum[k]:g} cases and no population; add its population or merge strata.")
    rate = np.divide(by_stratum, time_at_risk, out=np.zeros_like(by_stratum), where=time_at_risk > 0)
    return np.asarray(np.einsum("kpt,k->pt", people, rate))


def permutation(count: ArrayLike) -> FloatArray:
    """Space-time permutation: row total * column total / total, per stratum (`[stratum, place, time]`), summed."""
    cases = checks.counts("count", count)
    place, time, total = cases.sum(axis=2), cases.sum(axis=1), cases.sum(axis=(1, 2))
    share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(np.einsum("kp,kt,k->pt", place, time, share))


def with_completeness(expected: FloatArray, completeness: ArrayLike) -> FloatArray:
    """Scale recent days by the share of their cases already reported (`[time]` or `[place, time]`), same total."""
    share = checks.positive("completeness", completeness)
    if (share > 1).any():
        raise Refused(f"completeness reaches {share.max():g}; it is the share already reported, at most 1.")
    scaled = expected * share
    return np.asarray(scaled * (expected.sum() / scaled.sum()))


def time_stratified(expected: FloatArray, count: FloatArray) -> FloatArray:
    """Scale each day so that its expectation equals its cases (days without cases expect none)."""
    by_day = expected.sum(axis=0)
    factor = np.divide(count.sum(axis=0), by_day, out=np.zeros_like(by_day), where=by_day > 0)
    return np.asarray(expected * factor)


def by_weekday(
    count: FloatArray, population: FloatArray, weekday: ArrayLike, *, compat: str = "plain"
) -> tuple[FloatArray, FloatArray]:
    """Make the day of the week a stratum: `[stratum, place, time]` in, seven times as many strata out.

    SaTScan (10.3) interpolates the population of a weekday stratum linearly between days, which spreads each day over
    its neighbours with weights 1/4, 1/2, 1/4; `compat="satscan"` reproduces that, `plain` keeps each day to itself.
    """
    checks.one_of("compat", compat, ("plain", "satscan"))
    day = np.asarray(weekday, dtype=np.int64)
    strata_counts, strata_people = [], []
    for number in range(7):
        mine = (day == number).astype(np.float64)
        spread = mine
        if compat == "satscan":
            before, after = np.concatenate([[0.0], mine[:-1]]), np.concatenate([mine[1:], [0.0]])
            spread = 0.25 * before + 0.5 * mine + 0.25 * after
        strata_counts.append(count * mine)
        strata_people.append(population * spread)
    return np.concatenate(strata_counts), np.concatenate(strata_people)


def person_time(population: ArrayLike, known_at: ArrayLike, boundaries: ArrayLike) -> FloatArray:
    """Population summed over time steps, from figures at a few dates: `[..., date]` in, `[..., step]` out.

    known_at: day numbers of the figures; boundaries: day numbers at which the steps begin, and the end of the last.
    Linear between the dates, constant outside; the result is the average over the step times its share of all days.
    """
    people = checks.non_negative("population", population)
    dates, edges = checks.finite("known_at", known_at), checks.finite("boundaries", boundaries)
    days = np.arange(edges[0], edges[-1]) + 0.5
    daily = np.stack([np.interp(days, dates, row) for row in people.reshape(-1, dates.size)])
    step = np.searchsorted(edges, days, side="right") - 1
    total = np.zeros((daily.shape[0], edges.size - 1))
    np.add.at(total.T, step, daily.T)
    mean_length = (edges[-1] - edges[0]) / (edges.size - 1)
    return np.asarray(total.reshape(*people.shape[:-1], edges.size - 1) / mean_length)
