"""Reverse hazards of reporting, shared by all areas: delay, weekday, drift, and what each area adds.

g_d = P(delay = d | delay <= d) of an event reported on step r is modelled on the logit scale as a level of the delay,
an effect of the weekday of r (common, and of the delay), and a drift with r, all shrunk by ridge penalties; each area
moves each delay's level by an amount that is shrunk towards 0 as far as the areas differ no more than chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.compiled import compiled

ROUNDS = 30
PRECISION = 1e-8
LEVEL_SD, WEEKDAY_SD, WEEKDAY_DELAY_SD = 5.0, 1.0, 0.5
DRIFT_SD, DRIFT_DELAY_SD = 0.3, 0.2
"""Prior standard deviations on the logit scale; drifts are per `DRIFT_STEPS` steps."""
DRIFT_STEPS = 14.0
LARGEST_LOGIT = 12.0


@dataclass(frozen=True)
class Hazards:
    """logit `[delay, weekday]` at step `now`; slope `[delay]` per step; area `[area, delay]` added to the logit.

    dispersion: extra variation of the totals over binomial (at least 1). coefficients: where a next fit may start.
    """

    logit: FloatArray
    slope: FloatArray
    area: FloatArray
    dispersion: float
    coefficients: FloatArray

    def completeness(self, report_weekday: IntArray) -> FloatArray:
        """F(d) = product over later delays of 1 - g, `[area, event, delay]`.

        report_weekday: `[event, delay]` weekday on which each delay of each event is reported. Future drift is none:
        hazards stay as they are now.
        """
        eta = self.logit[np.arange(self.logit.shape[0])[None, :], report_weekday]
        log_rest = -np.logaddexp(0.0, eta[None] + self.area[:, None, :])
        later = np.cumsum(log_rest[..., ::-1], axis=-1)[..., ::-1] - log_rest
        return np.asarray(np.exp(later))


def fit(
    added: FloatArray,
    at_risk: FloatArray,
    report_weekday: IntArray,
    age: FloatArray,
    used: BoolArray,
    *,
    half_life: float,
    start: FloatArray | None = None,
) -> Hazards:
    """Fit to cells `added` of `at_risk` events `[area, event, delay]`.

    age: `[event, delay]` steps since the report day; used: `[event, delay]` cells that count. Older reports weigh less
    (half after `half_life` steps). start: coefficients of a fit to nearly the same data.
    """
    n = np.where(used, added, 0.0).sum(axis=0)
    total = np.where(used, at_risk, 0.0).sum(axis=0)
    rows = np.argwhere(total > 0)
    event, delay = rows[:, 0], rows[:, 1]
    delays = added.shape[2]
    column, value, penalty = _design(delay, report_weekday[event, delay], age[event, delay], delays)
    cases, people = n[event, delay], total[event, delay]
    weight = 0.5 ** (age[event, delay] / half_life)
    beta = np.zeros(penalty.size) if start is None else start.copy()
    _ridge(column, value, penalty, cases, people, weight, beta)
    dispersion = _dispersion((beta[column] * value).sum(axis=1), cases, people, weight)
    _ridge(column, value, penalty, cases, people, weight / dispersion, beta)
    level, common, by_delay = beta[:delays], beta[delays : delays + 7], beta[delays + 7 : 8 * delays + 7]
    logit = level[:, None] + common[None, :] + by_delay.reshape(delays, 7)
    drift = beta[8 * delays + 7] + beta[8 * delays + 8 :]
    slope = -drift / DRIFT_STEPS
    eta = np.clip(logit[np.arange(delays)[None, :], report_weekday] - slope * age, -LARGEST_LOGIT, LARGEST_LOGIT)
    recent = np.where(used, 0.5 ** (np.maximum(age, 0.0) / half_life), 0.0)
    area = np.zeros((added.shape[0], delays))
    _areas(added, at_risk, special.expit(eta), recent, area)
    return Hazards(logit, slope, area, dispersion, beta)


def _design(
    delay: IntArray, weekday: IntArray, age: FloatArray, delays: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """The five columns of each row that are not 0 (level of the delay, weekday, weekday of the delay, drift, drift of
    the delay), their values, and the ridge weight of every column."""
    steps = age / DRIFT_STEPS
    ones = np.ones(delay.size)
    column = np.stack(
        [
            delay,
            delays + weekday,
            delays + 7 + delay * 7 + weekday,
            np.full(delay.size, 8 * delays + 7),
            8 * delays + 8 + delay,
        ],
        axis=1,
    )
    sd = np.concatenate(
        [
            np.full(delays, LEVEL_SD),
            np.full(7, WEEKDAY_SD),
            np.full(7 * delays, WEEKDAY_DELAY_SD),
            [DRIFT_SD],
            np.full(delays, DRIFT_DELAY_SD),
        ]
    )
    return column, np.stack([ones, ones, ones, steps, steps], axis=1), 1 / sd**2


@compiled
def _ridge(
    column: IntArray,
    value: FloatArray,
    penalty: FloatArray,
    n: FloatArray,
    total: FloatArray,
    weight: FloatArray,
    beta: FloatArray,
) -> None:
    """Penalised logistic regression by Newton's method; steps are halved while the objective falls. Changes `beta`."""
    size = beta.size
    curve, score = np.empty((size, size)), np.empty(size)
    reached = _objective(column, value, penalty, n, total, weight, beta)
    for _ in range(ROUNDS):
        curve[:] = 0.0
        for k in range(size):
            curve[k, k] = penalty[k]
            score[k] = -penalty[k] * beta[k]
        for i in range(n.size):
            eta = 0.0
            for a in range(5):
                eta += beta[column[i, a]] * value[i, a]
            p = 1 / (1 + np.exp(-eta))
            w = weight[i] * total[i] * p * (1 - p)
            residual = weight[i] * (n[i] - total[i] * p)
            for a in range(5):
                score[column[i, a]] += residual * value[i, a]
                for b in range(5):
                    curve[column[i, a], column[i, b]] += w * value[i, a] * value[i, b]
        _solve(curve, score)
        step = 1.0
        moved = beta + score
        gained = _objective(column, value, penalty, n, total, weight, moved) - reached
        while gained < 0 and step > 1e-6:
            step /= 2
            moved = beta + step * score
            gained = _objective(column, value, penalty, n, total, weight, moved) - reached
        if gained < 0:
            return
        beta[:] = moved
        reached += gained
        if gained < PRECISION * (abs(reached) + 1):
            return


@compiled
def _objective(
    column: IntArray,
    value: FloatArray,
    penalty: FloatArray,
    n: FloatArray,
    total: FloatArray,
    weight: FloatArray,
    beta: FloatArray,
) -> float:
    out = -0.5 * (penalty * beta * beta).sum()
    for i in range(n.size):
        eta = 0.0
        for a in range(5):
            eta += beta[column[i, a]] * value[i, a]
        out += weight[i] * (n[i] * eta - total[i] * (max(eta, 0.0) + np.log1p(np.exp(-abs(eta)))))
    return float(out)


@compiled
def _solve(matrix: FloatArray, vector: FloatArray) -> None:
    """Solve in place by Cholesky; small systems, and the same answer whatever the number of threads."""
    n = vector.size
    for j in range(n):
        for k in range(j):
            vector_k = matrix[j, k]
            matrix[j, j] -= vector_k * vector_k
        matrix[j, j] = np.sqrt(matrix[j, j])
        for i in range(j + 1, n):
            inner = matrix[i, j]
            for k in range(j):
                inner -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = inner / matrix[j, j]
    for j in range(n):
        for k in range(j):
            vector[j] -= matrix[j, k] * vector[k]
        vector[j] /= matrix[j, j]
    for j in range(n - 1, -1, -1):
        for k in range(j + 1, n):
            vector[j] -= matrix[k, j] * vector[k]
        vector[j] /= matrix[j, j]


def _dispersion(eta: FloatArray, n: FloatArray, total: FloatArray, weight: FloatArray) -> float:
    p = special.expit(eta)
    variance = total * p * (1 - p)
    solid = variance > 0.5
    if solid.sum() < 10:
        return 1.0
    chi2 = (weight[solid] * (n - total * p)[solid] ** 2 / variance[solid]).sum() / weight[solid].sum()
    return max(1.0, float(chi2))


@compiled
def _areas(added: FloatArray, at_risk: FloatArray, p: FloatArray, weight: FloatArray, shift: FloatArray) -> None:
    """Each area's shift of each delay's logit: the posterior mode under a normal prior of estimated variance."""
    areas, events, delays = added.shape
    n, expected, information = np.zeros(areas), np.zeros(areas), np.zeros(areas)
    for d in range(delays):
        square = strength = 0.0
        for a in range(areas):
            n[a] = expected[a] = information[a] = 0.0
            noise = 0.0
            for t in range(events):
                w, q = weight[t, d], p[t, d]
                n[a] += w * added[a, t, d]
                expected[a] += w * at_risk[a, t, d] * q
                information[a] += w * at_risk[a, t, d] * q * (1 - q)
                noise += w * w * at_risk[a, t, d] * q * (1 - q)
            square += (n[a] - expected[a]) ** 2 - noise
            strength += information[a] ** 2
        if strength <= 0:
            continue
        variance = min(max(square / strength, 1e-6), 1.0)
        for a in range(areas):
            for _ in range(8):
                score, curve = n[a] - shift[a, d] / variance, 1 / variance
                for t in range(events):
                    if weight[t, d] > 0 and at_risk[a, t, d] > 0:
                        odds = p[t, d] / (1 - p[t, d]) * np.exp(shift[a, d])
                        q = odds / (1 + odds)
                        score -= weight[t, d] * at_risk[a, t, d] * q
                        curve += weight[t, d] * at_risk[a, t, d] * q * (1 - q)
                move = min(max(score / curve, -1.0), 1.0)
                shift[a, d] += move
                if abs(move) < 1e-4:
                    break
