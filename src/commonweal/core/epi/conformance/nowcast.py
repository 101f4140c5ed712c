"""Cases of nowcasting: by delay distribution, and chain ladder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.conformance.tables import Case, Table
from commonweal.core.epi.conformance.verdicts import Check, Outcome, absolute, exact, relative
from commonweal.core.epi.nowcast import classical
from commonweal.core.epi.nowcast.chain_ladder import ChainLadder, chain_ladder
from commonweal.core.epi.nowcast.predictive import Nowcast
from commonweal.core.epi.nowcast.random_walk import random_walk
from commonweal.core.epi.nowcast.triangle import Triangle, from_line_list
from commonweal.core.errors import Refused

EXACT = 1e-6
SHARE, CASES = 0.05, 2.0
"""What two samplers of 1,000 delay distributions may differ by: 5 %, or 2 cases."""
MEDIAN_SHARE, LIMIT_SHARE = 0.05, 0.10
"""What a Gibbs sampler's median and limits may differ by."""
SEED = 20201122
SAMPLED = ("bayes.notrunc", "bayes.trunc")

NEARLY_POISSON = 1e-4
NEARLY_FLAT = 1e7


def outcomes(case: Case) -> Iterator[Outcome]:
    """Every method of the surveillance table, then the chain ladder."""
    if "expected_surveillance_nowcast.csv" in case.tables:
        triangle = _from_case(case)
        for (method,), rows in case.table("expected_surveillance_nowcast.csv").groups("method"):
            found = _run(method, triangle, case.documents["params.json"])
            yield Outcome(case.method, case.name, method, tuple(_checks(method, found, rows)))
    if "expected_chain_ladder.csv" in case.tables:
        cells = _delay_columns(case.table("input_triangle.csv"))
        known = chain_ladder(np.where(np.isnan(cells), np.nan, np.nancumsum(cells, axis=1)))
        yield Outcome(case.method, case.name, "chain ladder", tuple(_ladder_checks(case, known)))


def cumulative_outcomes(case: Case) -> Iterator[Outcome]:
    """A triangle of cumulative amounts with its published totals."""
    table, want = case.table("input_cumulative.csv"), case.table("expected.csv")
    columns = [name for name in table.columns if name != "origin"]
    found = chain_ladder(np.stack([table.numbers(name) for name in columns], axis=1))
    checks = [
        relative("ultimate", found.ultimate[0], want.numbers("ultimate"), EXACT),
        absolute("ibnr", found.ultimate[0] - found.latest[0], want.numbers("ibnr"), EXACT),
        relative("se", found.se[0], want.numbers("se"), EXACT, floor=1.0),
    ]
    document = case.documents.get("published.json", {})
    if document:
        total = float(found.total[0] - found.latest[0].sum())
        checks.append(relative("total ibnr", total, document["computed"]["total_ibnr"], EXACT))
        checks.append(relative("total se", found.total_se[0], document["computed"]["total_se"], EXACT))
        checks.append(relative("factors", found.factor[0], document["computed"]["f"], EXACT))
        published = document["published"]
        checks.append(absolute("published ibnr", total, published["total_ibnr"], 0.5))
        checks.append(absolute("published se", found.total_se[0], published["total_mack_se"], 0.5))
    yield Outcome(case.method, case.name, "chain ladder", tuple(checks))


def _from_case(case: Case) -> Triangle:
    lines, document = case.table("input_linelist.csv"), case.documents["params.json"]
    return from_line_list(
        _days(lines.words("event")),
        _days(lines.words("report")),
        now=date.fromisoformat(document["now"]).toordinal(),
        max_delay=int(document["D"]),
    )


def _run(method: str, triangle: Triangle, document: dict[str, Any]) -> Nowcast:
    support = int(document.get("N_tInf_max", 1000))
    if method == "lawless":
        return classical.lawless(triangle, support=support, compat="surveillance")
    if method == "bayes.notrunc.bnb":
        return classical.beta_negative_binomial(triangle, support=support)
    if method not in SAMPLED:
        raise Refused(f"nowcast method {method!r} is not known; known are lawless, bayes.notrunc.bnb and {SAMPLED}.")
    prior = document["prior"]
    chosen = _prior(prior)
    truncated = method == "bayes.trunc"
    return classical.bayes(triangle, chosen, truncated=truncated, support=support, draws=4000, seed=SEED)


def _prior(prior: dict[str, Any]) -> classical.Prior:
    """The reference's priors as a negative binomial: Poisson and uniform are its ends."""
    kind = prior.get("type")
    if kind == "poisgamma":
        return classical.Prior(float(prior["mean_lambda"]), float(prior["var_lambda"]))
    if kind == "pois":
        mean = float(prior["lambda"] if "lambda" in prior else prior["mean_lambda"])
        return classical.Prior(mean, mean * (1 + NEARLY_POISSON))
    if kind == "unif":
        # a geometric distribution with a mean far above every count is flat
        return classical.Prior(NEARLY_FLAT, NEARLY_FLAT + NEARLY_FLAT**2)
    raise Refused(f"prior type {kind!r} is not known; poisgamma, pois and unif are.")


def _checks(method: str, found: Nowcast, rows: Table) -> Iterator[Check]:
    step = _days(rows.words("event")) - int(found.event[0])
    yield exact("reported", found.reported[0, step], rows.numbers("reported"))
    levels = {name: float(name[1:]) for name in rows.columns if name.startswith("q0.")} | {"median": 0.5}
    mean, quantiles = found.mean()[0, step], found.quantile(list(levels.values()))[0, step]
    if method not in SAMPLED:
        yield absolute("pmf_sum", found.probability[0, step].sum(axis=-1), rows.numbers("pmf_sum"), EXACT)
        yield relative("mean", mean, rows.numbers("mean"), EXACT, floor=1.0)
        for i, name in enumerate(levels):
            yield exact(name, quantiles[:, i], rows.numbers(name))
        return
    yield _sampled("mean", mean, rows.numbers("mean"))
    for i, name in enumerate(levels):
        yield _sampled(name, quantiles[:, i], rows.numbers(name))


def _sampled(name: str, got: FloatArray, want: FloatArray) -> Check:
    """Largest difference in units of what sampling allows."""
    allowed = np.maximum(SHARE * np.abs(want), CASES)
    return Check(f"{name} (of 5 % or 2 cases)", float(np.max(np.abs(got - want) / allowed)), 1.0)


def _ladder_checks(case: Case, found: ChainLadder) -> Iterator[Check]:
    want = case.table("expected_chain_ladder.csv")
    yield exact("latest", found.latest[0], want.numbers("latest"))
    yield relative("ultimate", found.ultimate[0], want.numbers("ultimate"), EXACT, floor=1.0)
    yield relative("se", found.se[0], want.numbers("se"), EXACT, floor=1.0)
    if "expected_chain_ladder_factors.csv" in case.tables:
        factors = case.tables["expected_chain_ladder_factors.csv"]
        step = factors.numbers("delay_from").astype(int)
        yield relative("factor", found.factor[0, step], factors.numbers("f"), EXACT, floor=1.0)
        known = ~np.isnan(factors.numbers("sigma2"))
        yield relative("sigma2", found.sigma2[0, step][known], factors.numbers("sigma2")[known], EXACT, floor=1.0)


def _delay_columns(table: Table) -> FloatArray:
    names = [name for name in table.columns if name[0] == "d" and name[1:].isdigit()]
    return np.stack([table.numbers(name) for name in names], axis=1)


def _days(words: tuple[str, ...]) -> IntArray:
    return np.array([date.fromisoformat(word).toordinal() for word in words], dtype=np.int64)


def random_walk_outcomes(case: Case) -> Iterator[Outcome]:
    """The random-walk model with Poisson and negative-binomial cells, against another sampler."""
    table, document = case.table("input.csv"), case.documents["params.json"]
    number = table.numbers("n").astype(int)
    # weekly data: steps are weeks from the first onset
    first = _days(table.words("onset_week")).min()
    onset, report = ((_days(table.words(name)) - first) // 7 for name in ("onset_week", "report_week"))
    now = (date.fromisoformat(document["now"]).toordinal() - int(first)) // 7
    longest = int(document.get("max_D", now))
    triangle = from_line_list(
        np.repeat(onset, number), np.repeat(report, number), now=now, max_delay=longest, beyond="drop"
    )
    for (model,), rows in case.table("expected.csv").groups("model"):
        found = random_walk(triangle, negative_binomial=model == "NB", draws=6000, burn_in=1500, seed=SEED)
        step = (_days(rows.words("onset_date")) - int(first)) // 7
        quantiles = found.quantile([0.5, 0.025, 0.975])[0, step]
        columns = (("estimate", MEDIAN_SHARE), ("lower", LIMIT_SHARE), ("upper", LIMIT_SHARE))
        checks = [exact("reported", found.reported[0, step], rows.numbers("n.reported"))]
        for i, (name, share) in enumerate(columns):
            want = rows.numbers(name)
            allowed = np.maximum(share * want, CASES)
            error = float(np.max(np.abs(quantiles[:, i] - want) / allowed))
            checks.append(Check(f"{name} (of {share:.0%} or 2 cases)", error, 1.0))
        yield Outcome(case.method, case.name, model, tuple(checks))
