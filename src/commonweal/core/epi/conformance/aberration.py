"""Cases of EARS and Farrington Flexible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from commonweal.core.epi.aberration.ears import ears
from commonweal.core.epi.aberration.farrington import FarringtonOptions, FarringtonResult, farrington
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.conformance.tables import Case, Table
from commonweal.core.epi.conformance.verdicts import Check, Outcome, absolute, exact, relative

EARS_TOLERANCE = 1e-9
FARRINGTON_TOLERANCE = 1e-8


def ears_outcomes(case: Case) -> Iterator[Outcome]:
    """Every method and option that the expected table names, in the reference's own definition of C3."""
    observed = case.table("input.csv").numbers("observed")
    options = ("method", "baseline", "minSigma", "alpha")
    for (method, baseline, least_sd, alpha), rows in case.table("expected.csv").groups(*options):
        found = ears(
            observed,
            method=method,
            baseline=int(float(baseline)),
            least_sd=float(least_sd),
            alpha=float(alpha),
            compat="surveillance",
        )
        t = rows.numbers("t").astype(int) - 1
        bound = rows.numbers("upperbound")
        checks = (
            absolute("upperbound", found.upper[t], bound, EARS_TOLERANCE),
            exact("alarm", _alarm(found.upper[t], observed[t]), rows.numbers("alarm")),
        )
        yield Outcome(case.method, case.name, f"{method} b={baseline} minSigma={least_sd} alpha={alpha}", checks)


def farrington_outcomes(case: Case) -> Iterator[Outcome]:
    """Every configuration of params.json."""
    table, document = case.table("input.csv"), case.documents["params.json"]
    observed = table.numbers("observed")
    dates = [date.fromisoformat(day) for day in table.words("date")] if document.get("epochAsDate") else None
    for (name,), rows in case.table("expected.csv").groups("config"):
        control = document["configs"][name]
        population = table.numbers("population") if control.get("populationOffset") else None
        steps = rows.numbers("t").astype(int) - 1
        found = farrington(
            observed,
            steps=steps,
            options=farrington_options(control),
            period=int(document["freq"]),
            dates=dates,
            population=population,
        )
        yield Outcome(case.method, case.name, name, tuple(_farrington_checks(found, rows)))


def farrington_options(control: dict[str, Any]) -> FarringtonOptions:
    """The reference's control list in our words; what is absent takes the reference's default."""
    cases, weeks = control.get("limit54", (5, 4))
    return FarringtonOptions(
        years=int(control.get("b", 5)),
        half_window=int(control.get("w", 3)),
        reweight=bool(control.get("reweight", True)),
        weights_threshold=float(control.get("weightsThreshold", 2.58)),
        alpha=float(control.get("alpha", 0.05)),
        trend=bool(control.get("trend", True)),
        trend_p=float(control.get("pThresholdTrend", 0.05)),
        least_cases=int(cases),
        least_steps=int(weeks),
        power=str(control.get("powertrans", "2/3")),
        periods=int(control.get("noPeriods", 1)),
        left_out=control.get("pastWeeksNotIncluded"),
        threshold=str(control.get("thresholdMethod", "delta")),
    )


def _farrington_checks(found: FarringtonResult, rows: Table) -> Iterator[Check]:
    yield relative("upperbound", found.upper, rows.numbers("upperbound"), FARRINGTON_TOLERANCE)
    # Where too few cases fell lately the reference reports nothing at all; we still give the expectation.
    reported = ~np.isnan(rows.numbers("expected"))
    pairs = (("expected", found.expected), ("phi", found.dispersion), ("trend_coef", found.trend))
    for name, values in pairs:
        # A trend near 0 is compared on the scale of a thousandth a step, not of itself.
        floor = 1e-3 if name == "trend_coef" else 1e-6
        yield relative(name, values[reported], rows.numbers(name)[reported], FARRINGTON_TOLERANCE, floor=floor)
    yield absolute("pvalue", found.p_value[reported], rows.numbers("pvalue")[reported], FARRINGTON_TOLERANCE)
    used = found.trend_used.astype(float)
    yield exact("trend_used", used[reported], rows.numbers("trend_used")[reported])
    yield exact("alarm", found.alarm.astype(float), np.nan_to_num(rows.numbers("alarm")))


def _alarm(upper: FloatArray, observed: FloatArray) -> FloatArray:
    """1, 0, or missing where there is no bound."""
    return np.where(np.isnan(upper), np.nan, (observed > upper).astype(np.float64))
