"""Cases of rates, standardisation, funnels and smoothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi.conformance.tables import Case
from commonweal.core.epi.conformance.verdicts import Check, Outcome, absolute, relative
from commonweal.core.epi.rates import autocorrelation, bym2, funnel, intervals, smoothing, standardised
from commonweal.core.epi.rates.neighbours import Neighbours, from_pairs

TOLERANCE = 1e-9
MONTE_CARLO_ERRORS = 3.0
PROBABILITY_TOLERANCE = 0.03


def interval_outcomes(case: Case) -> Iterator[Outcome]:
    """Byar, exact and Wilson limits, one variant a level."""
    for (level,), rows in case.table("expected.csv").groups("conf"):
        x, n, conf = rows.numbers("x"), rows.numbers("n"), float(level)
        found = {
            "byar": intervals.byar(x, level=conf),
            "exact": intervals.exact_poisson(x, level=conf),
            "wilson": intervals.wilson(x, n, level=conf),
        }
        checks = []
        for name, interval in found.items():
            for side, values in (("lo", interval.lower), ("hi", interval.upper)):
                if f"{name}_{side}" in rows:
                    checks.append(
                        relative(f"{name}_{side}", values, rows.numbers(f"{name}_{side}"), TOLERANCE, floor=1.0)
                    )
        yield Outcome(case.method, case.name, f"level {level}", tuple(checks))


def standardisation_outcomes(case: Case) -> Iterator[Outcome]:
    """Direct (Fay-Feuer, Dobson) and, with a reference table, indirect standardisation."""
    rows, want = case.table("input.csv"), case.documents["expected.json"]
    found = standardised.direct(rows.numbers("count"), rows.numbers("pop"), rows.numbers("std"), per=1)
    values = {
        "crude": found.crude,
        "adj": found.value,
        "fay_feuer_lci": found.fay_feuer.lower,
        "fay_feuer_uci": found.fay_feuer.upper,
        "dobson_lci": found.dobson.lower,
        "dobson_uci": found.dobson.upper,
        "var": found.variance,
    }
    yield Outcome(case.method, case.name, "direct", tuple(_named(values, want)))
    if "reference.csv" in case.tables:
        reference = case.tables["reference.csv"]
        rate = reference.numbers("ref_count") / reference.numbers("ref_pop")
        ratio = standardised.indirect(rows.numbers("count").sum(), rows.numbers("pop"), rate)
        pairs = {
            "expected": ratio.expected,
            "smr": ratio.ratio,
            "smr_exact": np.array([[ratio.exact.lower, ratio.exact.upper]]),
            "smr_byar": np.array([[ratio.byar.lower, ratio.byar.upper]]),
        }
        yield Outcome(case.method, case.name, "indirect", tuple(_named(pairs, want)))


def funnel_outcomes(case: Case) -> Iterator[Outcome]:
    """Interpolated exact and normal limits, z-scores and over-dispersion."""
    rows, want = case.table("input.csv"), case.table("expected.csv")
    observed, expected = rows.numbers("observed"), rows.numbers("expected")
    levels = [name.removeprefix("spieg_p") for name in want.columns if name.startswith("spieg_p")]
    limits = funnel.ratio_limits(expected, levels=[float(level) for level in levels])
    checks = [relative("smr", observed / expected, want.numbers("smr"), TOLERANCE)]
    for i, level in enumerate(levels):
        for name, values in (("spieg", limits.exact[i]), ("normal", limits.normal[i])):
            checks.append(absolute(f"{name}_p{level}", values, want.numbers(f"{name}_p{level}"), TOLERANCE))
    spread = funnel.overdispersion(observed, expected)
    for name, values in (("z_naive", spread.naive), ("z_sqrt", spread.root), ("z_additive", spread.additive)):
        checks.append(absolute(name, values, want.numbers(name), TOLERANCE))
    document = case.documents.get("expected.json", {})
    single = {"phi_winsorised10": spread.winsorised_phi, "tau2": spread.tau2}
    checks += [absolute(name, value, document[name], TOLERANCE) for name, value in single.items() if name in document]
    yield Outcome(case.method, case.name, "limits", tuple(checks))


def smoothing_outcomes(case: Case) -> Iterator[Outcome]:
    """Empirical Bayes rates, Moran's I and local statistics."""
    rows, want, document = case.table("input.csv"), case.table("expected.csv"), case.documents.get("expected.json", {})
    events, people, graph = rows.numbers("n"), rows.numbers("x"), neighbours_of(case, len(rows))
    overall = smoothing.global_rates(events, people)
    local = smoothing.local_rates(events, people, graph, compat="spdep")
    checks = [
        absolute("eb_global", overall.smoothed, want.numbers("eb_global"), TOLERANCE),
        absolute("eb_local", local.smoothed, want.numbers("eb_local"), TOLERANCE),
    ]
    if "eb_params" in document:
        checks.append(absolute("b", overall.prior_mean[0], document["eb_params"]["b"], TOLERANCE))
        checks.append(absolute("a", overall.prior_variance[0], document["eb_params"]["a"], TOLERANCE))
    yield Outcome(case.method, case.name, "empirical Bayes", tuple(checks))
    pattern = autocorrelation.moran(overall.raw, graph)
    values = {
        "moran_I": pattern.statistic,
        "moran_E": pattern.expectation,
        "moran_Var": pattern.variance,
        "ebi_moran": autocorrelation.moran_of_rates(events, people, graph),
    }
    checks = [absolute(name, value, document[name], TOLERANCE) for name, value in values.items() if name in document]
    if "expected_local.csv" in case.tables:
        table, single = case.tables["expected_local.csv"], autocorrelation.local_moran(overall.raw, graph)
        star = autocorrelation.gi_star(overall.raw, graph)
        for name, found in (("Ii", single.statistic), ("Z_Ii", single.z), ("Gi_star", star)):
            checks.append(absolute(name, found, table.numbers(name), TOLERANCE))
    yield Outcome(case.method, case.name, "autocorrelation", tuple(checks))


def neighbours_of(case: Case, size: int) -> Neighbours:
    """The neighbour graph of a case; its numbers start at 1."""
    pairs = case.table("neighbours.csv")
    origin, target = pairs.numbers("from").astype(int) - 1, pairs.numbers("to").astype(int) - 1
    return from_pairs(size, origin, target)


def _named(found: Mapping[str, ArrayLike], want: Mapping[str, Any]) -> Iterator[Check]:
    for name, value in found.items():
        if name in want:
            yield relative(name, np.asarray(value), np.asarray(want[name]), TOLERANCE)


def bym2_outcomes(case: Case) -> Iterator[Outcome]:
    """Smoothed risks against a sampler: means in its Monte Carlo standard errors, probabilities as they are."""
    rows, want, document = case.table("input.csv"), case.table("expected.csv"), case.documents.get("expected.json", {})
    graph = neighbours_of(case, len(rows))
    found = bym2.bym2(rows.numbers("y"), rows.numbers("expected"), graph, sigma_points=11, rho_points=9)
    error = want.numbers("rr_sd") / np.sqrt(want.numbers("n_eff"))
    apart = float(np.max(np.abs(found.mean - want.numbers("rr_mean")) / error))
    checks = [
        Check("risk mean (Monte Carlo errors)", apart, MONTE_CARLO_ERRORS),
        absolute("p_gt_1", found.above_one, want.numbers("p_gt_1"), PROBABILITY_TOLERANCE),
    ]
    if "scaling_factor" in document and found.scaling.size == 1:
        checks.append(absolute("scaling factor", found.scaling[0], document["scaling_factor"], 1e-6))
    yield Outcome(case.method, case.name, "BYM2", tuple(checks))
