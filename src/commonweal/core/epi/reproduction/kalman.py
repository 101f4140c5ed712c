"""An extended Kalman filter for one epidemic: log R and infections of the last days, seen through delayed reports.

State: log R of the last `lags` days and infections of the last days that the serial interval or the delay reaches.
    log R_t - c_t = rho (log R_{t-1} - c_{t-1}) + noise of sd sigma
    i_t = R_t (sum_k w_k i_{t-k} + elsewhere) + noise of variance kappa m + v m^2,  m the mean
    y_t = f_t sum_k d_k i_{t-k} + noise of variance omega mean
Infections are linearised around their prediction. Keeping earlier log R in the state smooths them as later days come.

Source: Anderson and Moore 1979, Optimal Filtering, chapters 7 and 8.
"""

from __future__ import annotations

import numpy as np

from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.compiled import compiled

ELSEWHERE = 0.02
"""Force of infection from outside, in cases a day: a first case in an area is never impossible."""
LEAST_MEAN = 0.3
"""Counts expected below this are given the noise of this many: a normal distribution is too narrow for them."""
LARGEST_LOG = 3.0


@compiled
def filtered(
    y: FloatArray,
    factor: FloatArray,
    w: FloatArray,
    delay: FloatArray,
    centre: FloatArray,
    walk: tuple[float, float, float],
    noise: tuple[float, float, float],
    mean: FloatArray,
    sd: FloatArray,
    last: FloatArray,
) -> float:
    """Run over one series; return the log likelihood of its days, each given those before.

    y: NaN where a day says nothing; factor: weekday factor; centre: c_t; walk: (sigma, rho, sd at the start); noise:
    (kappa, v, omega). mean, sd: `[day]` of log R given up to len(last) - 1 later days, 0 before the first day with a
    full history. last: `[lag, lag]`, covariance of the last days' log R, latest first.
    """
    lags = last.shape[0]
    reach = max(w.size, delay.size)
    size = lags + reach
    sigma, rho, start = walk
    kappa, v, omega = noise
    state, p, old = np.zeros(size), np.zeros((size, size)), np.zeros((size, size))
    gain, slope = np.empty(size), np.zeros(size)
    for k in range(reach):
        day = reach - 1 - k
        low, high = max(0, day - 3), min(reach, day + 4)
        total = weight = 0.0
        for t in range(low, high):
            if not np.isnan(y[t]):
                total += y[t]
                weight += factor[t]
        state[lags + k] = total / weight if weight > 0 else 0.0
        p[lags + k, lags + k] = 0.5 * state[lags + k] + 0.25
    for k in range(lags):
        state[k] = centre[reach - 1]
    p[0, 0] = start * start
    likelihood = 0.0
    for t in range(reach, y.size):
        # shift: what was lag k - 1 becomes lag k; the oldest of each kind falls out
        old[:] = p
        for a in range(size - 1, 0, -1):
            if a != lags:
                state[a] = state[a - 1]
        for a in range(1, size):
            for b in range(1, size):
                if a != lags and b != lags:
                    p[a, b] = old[a - 1, b - 1]
        # log R: moved towards the centre; its covariance with everything older shrinks by rho
        state[0] = centre[t] + rho * (state[1] - centre[t - 1])
        for b in range(1, size):
            if b != lags:
                p[0, b] = p[b, 0] = rho * old[0, b - 1]
        p[0, 0] = rho * rho * old[0, 0] + sigma * sigma
        # infections
        rate = np.exp(min(max(state[0], -LARGEST_LOG), LARGEST_LOG))
        force = ELSEWHERE
        slope[:] = 0.0
        for k in range(1, w.size):
            force += w[k] * state[lags + k]
            slope[lags + k] = rate * w[k]
        expected = max(rate * force, 1e-3)
        slope[0] = expected
        variance = kappa * max(expected, LEAST_MEAN) + v * expected * expected
        for b in range(size):
            if b != lags:
                total = 0.0
                for a in range(size):
                    if slope[a] != 0.0:
                        total += slope[a] * p[a, b]
                gain[b] = total
        for a in range(size):
            if a != lags:
                variance += slope[a] * gain[a]
                p[lags, a] = p[a, lags] = gain[a]
        p[lags, lags] = variance
        state[lags] = expected
        if not np.isnan(y[t]):
            likelihood += _seen(y[t], factor[t], delay, omega, lags, state, p, gain)
        late = t - lags + 1
        if late >= reach:
            mean[late], sd[late] = state[lags - 1], np.sqrt(p[lags - 1, lags - 1])
    for k in range(lags):
        day = y.size - 1 - k
        if day >= reach:
            mean[day], sd[day] = state[k], np.sqrt(p[k, k])
        for m in range(lags):
            last[k, m] = p[k, m]
    return likelihood


@compiled
def _seen(
    y: float,
    factor: float,
    delay: FloatArray,
    omega: float,
    lags: int,
    state: FloatArray,
    p: FloatArray,
    gain: FloatArray,
) -> float:
    """Take one day's count in: state and covariance change in place; return its log likelihood."""
    size = state.size
    expected = 0.0
    for k in range(delay.size):
        expected += factor * delay[k] * state[lags + k]
    for a in range(size):
        gain[a] = 0.0
        for k in range(delay.size):
            gain[a] += factor * delay[k] * p[a, lags + k]
    variance = omega * max(expected, LEAST_MEAN)
    for k in range(delay.size):
        variance += factor * delay[k] * gain[lags + k]
    off = y - expected
    for a in range(size):
        state[a] += gain[a] * off / variance
        for b in range(size):
            p[a, b] -= gain[a] * gain[b] / variance
    for k in range(lags, size):
        state[k] = max(state[k], 0.0)
    return float(-0.5 * (np.log(variance) + off * off / variance))
