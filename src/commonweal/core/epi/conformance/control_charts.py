"""Cases of CUSUMs, likelihood-ratio CUSUMs and the Bayes and RKI bounds; options stand in the method's name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from commonweal.core.epi.aberration import bayes, cusum, harmonic, likelihood_ratio
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.conformance.tables import Case, Table
from commonweal.core.epi.conformance.verdicts import Outcome, exact, relative
from commonweal.core.errors import Refused

TOLERANCE = 1e-6
PERIODS = (12, 52, 365)


def outcomes(case: Case) -> Iterator[Outcome]:
    """Every method name of the expected table."""
    table = case.table("input.csv")
    counts, period = table.numbers("observed"), _period(table)
    for (name,), rows in case.table("expected.csv").groups("method"):
        steps = rows.numbers("t").astype(int) - 1
        upper, alarm = evaluate(name, counts, steps, period)
        checks = (
            relative("upperbound", upper, rows.numbers("upperbound"), TOLERANCE, floor=1.0),
            exact("alarm", alarm.astype(float), np.nan_to_num(rows.numbers("alarm"))),
        )
        yield Outcome(case.method, case.name, name, checks)


def evaluate(name: str, counts: FloatArray, steps: IntArray, period: int) -> tuple[FloatArray, BoolArray]:
    """Run the method that a name spells; returns bound (or statistic, for likelihood ratios) and alarm."""
    if name.startswith("cusum_"):
        return _cusum(name, counts, steps, period)
    if name.startswith(("bayes", "rki")):
        return _bound(name, counts, steps, period)
    if name.startswith(("lrpois", "lrnb", "glrpois", "glrnb")):
        return _ratio(name, counts, steps, period)
    raise Refused(f"method {name!r} is not known; known are cusum_*, bayes*, rki1*, lrpois*, lrnb*, glrpois*, glrnb*.")


def _cusum(name: str, counts: FloatArray, steps: IntArray, period: int) -> tuple[FloatArray, BoolArray]:
    transform = name.split("_")[1]
    history = counts[: steps[0]]
    mean = np.full(steps.size, history.mean())
    if "_glm" in name:
        mean = harmonic.fit(history, period=period, trend=False).at(steps.astype(np.float64))
    found = cusum.cusum(
        counts[steps], mean, reference=_number(name, "k", 1.04), limit=_number(name, "h", 2.26), transform=transform
    )
    return found.upper, found.alarm


def _bound(name: str, counts: FloatArray, steps: IntArray, period: int) -> tuple[FloatArray, BoolArray]:
    years, half_window = int(_number(name, "b", 0)), int(_number(name, "w", 6))
    this_year = "_prev" not in name
    if name.startswith("bayes"):
        alpha = _number(name, "alpha", 0.05)
        found = bayes.bayes(
            counts, steps, years=years, half_window=half_window, this_year=this_year, alpha=alpha, period=period
        )
    else:
        found = bayes.rki(counts, steps, years=years, half_window=half_window, this_year=this_year, period=period)
    return found.upper, found.alarm


def _ratio(name: str, counts: FloatArray, steps: IntArray, period: int) -> tuple[FloatArray, BoolArray]:
    binomial = "nb" in name.split("_")[0]
    fitted = harmonic.fit(
        counts[: steps[0]],
        period=period,
        harmonics=int(_number(name, "S", 1)),
        trend="trend" in name,
        negative_binomial=binomial,
    )
    mean = fitted.at(steps.astype(np.float64))
    limit = _number(name, "cARL", 5.0)
    if name.startswith("g"):
        found = likelihood_ratio.generalised_likelihood_ratio(
            counts[steps], mean, limit=limit, overdispersion=fitted.overdispersion
        )
    else:
        shift = float(np.log(float(name.split("theta_log")[1].split("_")[0])))
        found = likelihood_ratio.likelihood_ratio(
            counts[steps], mean, shift=shift, limit=limit, overdispersion=fitted.overdispersion
        )
    return found.statistic, found.alarm


def _number(name: str, key: str, default: float) -> float:
    found = re.search(rf"_{key}(\d+\.?\d*)(?:_|$)", name)
    return float(found.group(1)) if found else default


def _period(table: Table) -> int:
    """Steps a year: the shortest usual period that holds every epoch (week 53 belongs to 52)."""
    largest = table.numbers("epoch_in_year").max() if "epoch_in_year" in table else 52
    return next((period for period in PERIODS if largest <= period + 1), PERIODS[-1])
