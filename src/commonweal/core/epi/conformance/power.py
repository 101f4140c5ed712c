"""Detection benchmarks: the reference's alarms on the shared simulated series, and the power of its spatial scan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from commonweal.core.epi import checks
from commonweal.core.epi.aberration.ears import ears
from commonweal.core.epi.aberration.farrington import FarringtonOptions, farrington, noufaily
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.conformance.tables import Case, Table
from commonweal.core.epi.conformance.verdicts import Check, Outcome, exact, relative
from commonweal.core.epi.scan import prepare
from commonweal.core.epi.scan.maxima import Plans, exact_maxima, maxima
from commonweal.core.epi.scan.randomise import Cases, Null, draw
from commonweal.core.errors import Refused

EVALUATED_WEEKS = 49
BOUND_TOLERANCE = 1e-8
POWER_MARGIN = 0.01
REPLICATIONS = 10_000
NULL_BATCHES, ALTERNATIVE_BATCHES = 24, 2
"""The critical value decides about all alternatives: it is taken from the most data sets."""
PILOT, FLOOR_QUANTILE = 1000, 0.8
"""Maxima below a floor are not worked out: only the largest twentieth matters."""
SEED = 20201122
LEVELS = (("power05", 0.05), ("power01", 0.01))


def alarm_outcomes(case: Case) -> Iterator[Outcome]:
    """Every alarm of every method over the evaluated weeks, and the bounds where they are given."""
    series = case.table("input_series.csv")
    names = [name for name in series.columns if name != "t"]
    counts = np.stack([series.numbers(name) for name in names])
    steps = np.arange(counts.shape[1] - EVALUATED_WEEKS, counts.shape[1])
    for (method,), rows in case.table("expected_alarms.csv").groups("method"):
        alarm, upper = alarms(method, counts, steps)
        want = np.zeros(alarm.shape, dtype=bool)
        want[rows.numbers("series").astype(int) - 1, rows.numbers("t").astype(int) - 1 - steps[0]] = True
        compared = [exact("alarms", alarm, want)]
        if method == "farrington_noufaily_nb" and "expected_noufaily_nb.csv" in case.tables:
            compared += _bounds(case.tables["expected_noufaily_nb.csv"], upper, steps)
        yield Outcome(case.method, case.name, method, tuple(compared))


def alarms(method: str, counts: FloatArray, steps: IntArray) -> tuple[BoolArray, FloatArray]:
    """Alarms and bounds `[series, step]` of a named reference method."""
    if method.startswith("farrington"):
        original = FarringtonOptions(alpha=0.01, weights_threshold=1.0, left_out=3)
        chosen = original if method == "farrington_original" else noufaily(0.01)
        found = farrington(counts, steps=steps, options=chosen)
        return found.alarm, found.upper
    if method.startswith("ears_c"):
        result = ears(counts, method=method[-2:].upper(), least_sd=0.0, compat="surveillance")
        return result.alarm[:, steps], result.upper[:, steps]
    raise Refused(f"method {method!r} is not known; known are farrington_noufaily_nb, farrington_original, ears_c1-3.")


def _bounds(table: Table, upper: FloatArray, steps: IntArray) -> Iterator[Check]:
    place = (table.numbers("series").astype(int) - 1, table.numbers("t").astype(int) - 1 - steps[0])
    yield relative("upperbound", upper[place], table.numbers("upperbound"), BOUND_TOLERANCE)


def scan_power_outcomes(case: Case) -> Iterator[Outcome]:
    """Power of the spatial Poisson scan: at most 0.01 below the reference's (Monte Carlo error 0.003 on both sides)."""
    places, want = case.table("input_locations.csv"), case.table("expected_power.csv")
    population = places.numbers("population")
    points = np.stack([places.numbers("x"), places.numbers("y")], axis=1)
    cases = int(case.name.rsplit("_", 1)[-1]) if case.name.rsplit("_", 1)[-1].isdigit() else 600
    filled = np.zeros((population.size, 1))
    filled[int(np.argmax(population)), 0] = cases
    prepared = prepare.poisson(filled, population, points, prepare.Windows(period="spatial"))
    rng = checks.generator(SEED)
    problem, circles, site = prepared.problem, prepared.circles, prepared.sites.of_place
    index = {identifier: i for i, identifier in enumerate(places.words("id"))}

    plans = Plans(problem, circles)

    def drawn(weight: FloatArray, number: int) -> Cases:
        return draw(Null("multinomial", problem.count[None].astype(np.int64), weight), number, rng)

    pilot = exact_maxima(problem, circles, drawn(problem.size, PILOT), plans=plans)
    floor = float(np.quantile(pilot, FLOOR_QUANTILE))

    def largest(weight: FloatArray) -> FloatArray:
        return maxima(problem, circles, drawn(weight, REPLICATIONS), floor, plans=plans)

    ordered = np.sort(np.concatenate([largest(problem.size) for _ in range(NULL_BATCHES)]))[::-1]
    for row in range(len(want)):
        weight = problem.size.copy()
        members = [site[index[word]] for word in want.words("members")[row].split()]
        weight[members] *= want.numbers("rr")[row]
        found = np.concatenate([largest(weight) for _ in range(ALTERNATIVE_BATCHES)])
        compared = []
        for column, level in LEVELS:
            critical = ordered[int(level * (ordered.size + 1)) - 1]
            short = want.numbers(column)[row] - float(np.mean(found > critical))
            compared.append(Check(f"{column} short of the reference", max(0.0, short), POWER_MARGIN))
        variant = f"{want.words('centre')[row]}, {want.words('size')[row]} places"
        yield Outcome(case.method, case.name, variant, tuple(compared))
