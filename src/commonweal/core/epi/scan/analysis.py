"""A whole scan: options, observed clusters, simulation, p-values, recurrence intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray, Seed
from commonweal.core.epi.scan import significance
from commonweal.core.epi.scan.clusters import RULES, apart, members_of
from commonweal.core.epi.scan.geometry import Circles, Sites
from commonweal.core.epi.scan.likelihood import EXPECTATION
from commonweal.core.epi.scan.maxima import Plans, exact_maxima, maxima
from commonweal.core.epi.scan.observed import BestWindows, best_windows, best_windows_apart
from commonweal.core.epi.scan.problem import Problem
from commonweal.core.epi.scan.randomise import Null, draw
from commonweal.core.errors import Refused

INFERENCES = ("monte_carlo", "sequential", "gumbel", "auto", "decision")
GUMBEL_BELOW_RANK = 10
LEAST_FOR_GUMBEL = 99


@dataclass(frozen=True)
class Inference:
    """How p-values are found.

    method: `monte_carlo` (all replicates), `sequential` (stop after `stop_after` exceedances), `gumbel` (tail fitted to
    the maxima), `auto` (Gumbel where fewer than ten maxima reach the ratio), `decision` (as few as it takes to tell on
    which side of `limit_days` the recurrence interval of the most likely cluster lies; the p-value itself is rough).
    days_per_step: days between analyses. dispersion: by how much counts in clumps exceed the variance of the model;
    ratios are divided by it before they are compared with the replicates (quasi-likelihood).
    """

    method: str = "monte_carlo"
    replicates: int = 999
    stop_after: int = 50
    days_per_step: float = 1.0
    earlier_analyses: int = 1
    limit_days: float = 365.0
    threads: int = 1
    dispersion: float = 1.0


@dataclass(frozen=True)
class Prepared:
    """A scan that is ready to run: what is scanned, the circles, how the null is drawn, and which site a place has.

    `null_problem` differs from `problem` only when earlier analyses are adjusted for (more windows are simulated).
    """

    problem: Problem
    null_problem: Problem
    circles: Circles
    null: Null
    sites: Sites
    split_in_time: bool


@dataclass(frozen=True)
class ScanResult:
    """Clusters by falling ratio; every array has one entry a cluster.

    centre: site number; first, last: steps (both inside); cases, expected: inside; relative_risk: inside over outside;
    ratio: log likelihood ratio; p_value by the chosen method; gumbel_p: from the fitted tail (NaN without maxima);
    recurrence_days: prospective scans only, else NaN; members: sites, nearest to the centre first; null_maxima: of the
    simulated data sets (0 where only known to lie below the observed); replicates: simulated data sets.
    """

    centre: IntArray
    radius: FloatArray
    first: IntArray
    last: IntArray
    cases: FloatArray
    expected: FloatArray
    relative_risk: FloatArray
    ratio: FloatArray
    p_value: FloatArray
    gumbel_p: FloatArray
    recurrence_days: FloatArray
    members: tuple[IntArray, ...]
    null_maxima: FloatArray
    replicates: int
    best: BestWindows = field(repr=False)


def run(
    prepared: Prepared, inference: Inference, *, seed: Seed, overlap: str = "space_time", most: int = 50
) -> ScanResult:
    """Find clusters in the observed data, simulate, and say how surprising each is.

    overlap: `space_time` keeps clusters that share no place on a common day, `space` those that share no place at all,
    `none` keeps the best window of every centre; the rules on centres are told in `clusters.apart`.

    Raises `Refused` for unknown options.
    """
    checks.one_of("method", inference.method, INFERENCES)
    checks.one_of("overlap", overlap, RULES)
    checks.at_least("replicates", inference.replicates, 0)
    search = best_windows_apart if prepared.split_in_time else best_windows
    best = search(prepared.problem, prepared.circles)
    chosen = apart(prepared.problem, prepared.circles, best, rule=overlap, most=most)
    if not inference.dispersion >= 1:
        raise Refused(
            f"dispersion is {inference.dispersion}; counts never vary less than the model says: give 1 or more."
        )
    return _judged(prepared, best, chosen, inference, checks.generator(seed))


def null_maxima(prepared: Prepared, replicates: int, rng: np.random.Generator, *, threads: int = 1) -> FloatArray:
    """The largest ratio of each of so many data sets without clusters."""
    cases = draw(prepared.null, replicates, rng)
    return exact_maxima(prepared.null_problem, prepared.circles, cases, threads=threads)


def _judged(
    prepared: Prepared, best: BestWindows, chosen: list[int], inference: Inference, rng: np.random.Generator
) -> ScanResult:
    ratio = best.ratio[chosen] / inference.dispersion
    simulated, replicates = np.empty(0), inference.replicates
    p_value = gumbel_p = np.full(ratio.size, np.nan)
    if replicates and inference.method == "decision" and ratio.size:
        taken = _decided(prepared, float(ratio[0]), inference, rng)
        simulated, replicates = taken.maxima, taken.replicates
        gumbel_p = taken.gumbel_p(ratio)
        p_value = taken.p_value(ratio)
    elif replicates and inference.method == "sequential" and ratio.size:
        plans = Plans(prepared.null_problem, prepared.circles)
        outcome = significance.sequential(
            lambda number, floor: maxima(
                prepared.null_problem,
                prepared.circles,
                draw(prepared.null, number, rng),
                floor,
                threads=inference.threads,
                plans=plans,
            ),
            float(ratio[0]),
            most=replicates,
            stop_after=inference.stop_after,
        )
        simulated, replicates = outcome.maxima, outcome.replicates
        p_value = significance.sequential_p(ratio, outcome)
    elif replicates:
        simulated = null_maxima(prepared, replicates, rng, threads=inference.threads)
        p_value = significance.monte_carlo(ratio, simulated)
        if replicates >= LEAST_FOR_GUMBEL:
            gumbel_p = significance.fit_gumbel(simulated).tail(ratio)
        p_value = _by_method(p_value, gumbel_p, inference)
    return _result(prepared, best, chosen, p_value, gumbel_p, inference, simulated, replicates)


def _decided(
    prepared: Prepared, observed: float, inference: Inference, rng: np.random.Generator
) -> significance.Decision:
    plans = Plans(prepared.null_problem, prepared.circles)

    def reaching(number: int, floor: float) -> FloatArray:
        cases = draw(prepared.null, number, rng)
        return maxima(prepared.null_problem, prepared.circles, cases, floor, threads=inference.threads, plans=plans)

    def exact(number: int) -> FloatArray:
        cases = draw(prepared.null, number, rng)
        return exact_maxima(prepared.null_problem, prepared.circles, cases, threads=inference.threads, plans=plans)

    limit = significance.p_limit(
        inference.limit_days, days_per_step=inference.days_per_step, earlier_analyses=inference.earlier_analyses
    )
    return significance.decide(reaching, exact, observed, limit=limit, most=inference.replicates)


def _by_method(monte_carlo: FloatArray, gumbel_p: FloatArray, inference: Inference) -> FloatArray:
    if inference.method == "gumbel":
        return gumbel_p
    if inference.method == "auto":
        rank = np.round(monte_carlo * (inference.replicates + 1))
        return np.where(rank < GUMBEL_BELOW_RANK, gumbel_p, monte_carlo)
    return monte_carlo


def _result(
    prepared: Prepared,
    best: BestWindows,
    chosen: list[int],
    p_value: FloatArray,
    gumbel_p: FloatArray,
    inference: Inference,
    simulated: FloatArray,
    replicates: int,
) -> ScanResult:
    problem, circles = prepared.problem, prepared.circles
    window, centre, sites = best.window[chosen], best.centre[chosen], best.sites[chosen]
    members = tuple(members_of(circles, best, position) for position in chosen)
    expected = np.array([_expected(problem, m, w) for m, w in zip(members, window, strict=True)])
    alive = bool((problem.end == problem.end[0]).all()) and problem.start.size > 1
    recurrence = np.full(p_value.shape, np.nan)
    if alive:
        recurrence = significance.recurrence_days(
            p_value, days_per_step=inference.days_per_step, earlier_analyses=inference.earlier_analyses
        )
    return ScanResult(
        centre=centre,
        radius=circles.distance[centre, sites - 1].astype(np.float64),
        first=problem.start[window],
        last=problem.end[window] - 1,
        cases=best.cases[chosen],
        expected=expected,
        relative_risk=_relative_risk(problem, best, chosen),
        ratio=best.ratio[chosen],
        p_value=p_value,
        gumbel_p=gumbel_p,
        recurrence_days=recurrence,
        members=members,
        null_maxima=simulated,
        replicates=replicates,
        best=best,
    )


def _expected(problem: Problem, members: IntArray, window: int) -> float:
    span = slice(int(problem.start[window]), int(problem.end[window]))
    return float(problem.expected[members, span].sum())


def _relative_risk(problem: Problem, best: BestWindows, chosen: list[int]) -> FloatArray:
    """Rate inside over rate outside (for an expectation-based scan: observed over expected)."""
    cases, size, window = best.cases[chosen], best.size[chosen], best.window[chosen]
    inside = cases / size
    if problem.model == EXPECTATION:
        return np.asarray(inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(inside / ((problem.cases[window] - cases) / (problem.total_size[window] - size)))
