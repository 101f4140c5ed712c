"""EARS C1, C2 and C3: today against the mean of a short baseline.

Source: Hutwagner et al. 2003. With b baseline steps, z the normal quantile of 1 - alpha, and s the standard deviation
(divisor b - 1) floored at `least_sd`:

* C1 takes the b steps before today, C2 leaves a gap of two; both alarm when y > mean + z s.
* C3 sums max(0, C2_i - 1) over today and the two steps before it, C2_i = (y_i - mean_i)/s_i, and alarms when the sum
  exceeds z. In R's `surveillance` today's own count does not enter that sum; `compat="surveillance"` reproduces it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.epi.distributions import normal_quantile
from commonweal.core.errors import Refused

GAP = 2
"""Steps left out between baseline and today by C2 and C3."""
SUMMED = 3
"""Steps whose excess C3 adds up, today included."""


@dataclass(frozen=True)
class EarsResult:
    """All arrays `[area, time]` (or `[time]` for one series); NaN and no alarm where the history is too short.

    `upper` is the count above which the step alarms, `statistic` the standardised excess that C1-C3 compare with z.
    """

    statistic: FloatArray
    mean: FloatArray
    sd: FloatArray
    upper: FloatArray
    alarm: BoolArray


def ears(
    counts: ArrayLike,
    *,
    method: str = "C1",
    baseline: int = 7,
    least_sd: float = 0.5,
    alpha: float | None = None,
    compat: str = "cdc",
) -> EarsResult:
    """Run C1, C2 or C3 over whole series of counts per step (usually days).

    `alpha` defaults to 0.001 (C1, C2) and 0.025 (C3). `least_sd` keeps a silent baseline from turning one case into
    an alarm; with 0 a baseline without variation gives an infinite statistic when y exceeds the mean. A missing count
    (NaN) makes every result that uses it NaN. Raises `Refused` for bad counts or options.
    """
    checks.one_of("method", method, ("C1", "C2", "C3"))
    checks.one_of("compat", compat, ("cdc", "surveillance"))
    width = checks.at_least("baseline", baseline, 2)
    if least_sd < 0:
        raise Refused(f"least_sd is {least_sd}; a standard deviation cannot be negative. Pass 0 for no floor.")
    y, single = checks.series("counts", counts, least=1, missing_allowed=True)
    level = (0.025 if method == "C3" else 0.001) if alpha is None else checks.proportion("alpha", alpha)
    z = float(normal_quantile(1 - level))
    mean, sd = _baseline(y, width, 0 if method == "C1" else GAP, least_sd)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = (y - mean) / sd
        if method == "C3":
            result = _c3(y, mean, sd, excess, z, compat)
        else:
            upper = mean + z * sd
            result = EarsResult(excess, mean, sd, upper, y > upper)
    return _first(result) if single else result


def _baseline(y: FloatArray, width: int, gap: int, least_sd: float) -> tuple[FloatArray, FloatArray]:
    """Mean and floored sd of the `width` steps that end `gap + 1` steps before each step; NaN where there are fewer."""
    mean, sd = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    first = width + gap
    if y.shape[1] > first:
        windows = sliding_window_view(y, width, axis=1)[:, : y.shape[1] - first]
        mean[:, first:] = windows.mean(axis=2)
        deviation = windows - mean[:, first:, None]
        sd[:, first:] = np.maximum(np.sqrt((deviation**2).sum(axis=2) / (width - 1)), least_sd)
    return mean, sd


def _c3(y: FloatArray, mean: FloatArray, sd: FloatArray, excess: FloatArray, z: float, compat: str) -> EarsResult:
    beyond = np.where(np.isnan(excess), np.nan, np.maximum(excess - 1, 0))
    earlier = np.full(y.shape, np.nan)
    if y.shape[1] >= SUMMED:
        earlier[:, 2:] = beyond[:, 1:-1] + beyond[:, :-2]
    if compat == "surveillance":
        upper = np.maximum(y + sd * (z - earlier), 0.0)
        return EarsResult(earlier, mean, sd, upper, y > upper)
    statistic = earlier + beyond
    # Solved for today's count: an alarm needs z - earlier more than 1 sd above the mean, or is certain already.
    upper = np.where(earlier > z, -1.0, mean + sd * (1 + z - earlier))
    return EarsResult(statistic, mean, sd, upper, statistic > z)


def _first(result: EarsResult) -> EarsResult:
    return EarsResult(result.statistic[0], result.mean[0], result.sd[0], result.upper[0], result.alarm[0])
