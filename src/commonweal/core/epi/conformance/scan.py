"""Cases of scan statistics, with the options of the reference program as they stand in params.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.conformance.tables import Case, Table
from commonweal.core.epi.conformance.verdicts import Check, Outcome, absolute, exact
from commonweal.core.epi.scan import expectation, prepare, significance
from commonweal.core.epi.scan.analysis import Inference, Prepared, ScanResult, run
from commonweal.core.errors import Refused

RATIO_TOLERANCE = 1e-5
EXPECTED_TOLERANCE = 1e-2
QUANTILE_TOLERANCE = 0.03
ERRORS = 4.0
"""Standard errors of both simulations that a p-value or null quantile may be off (some 400 are compared)."""
SEED = 20201122
KNOWN_OPTIONS = (
    ("AnalysisType", ("1", "3", "4")),
    ("ModelType", ("0", "1", "2")),
    ("CriteriaForReportingSecondaryClusters", ("0", "1", "2", "3", "4", "5")),
    ("IncludePurelySpatial", ("n",)),
    ("IncludePurelyTemporal", ("n",)),
    ("SpatialAdjustmentType", ("0",)),
    ("SpatialWindowShapeType", ("0",)),
    ("TimeTrendAdjustmentType", ("0", "4")),
    ("IterativeScan", ("n",)),
    ("UseAdjustmentsByRRFile", ("n",)),
    ("MinimumCasesInLowRateClusters", ("0",)),
)
TIME_COLUMNS = ("date", "year", "t")
YEAR, MONTH, DAY, GENERIC = "1", "2", "3", "4"
MODELS = MappingProxyType({"0": "poisson", "1": "bernoulli", "2": "permutation"})
PERIODS = MappingProxyType({"1": "spatial", "3": "retrospective", "4": "prospective"})
DIRECTIONS = MappingProxyType({"1": "high", "2": "low", "3": "both"})
OVERLAPS = MappingProxyType(
    {
        "0": "space_time",
        "1": "centre_in_either",
        "2": "centre_in_stronger",
        "3": "centre_in_weaker",
        "4": "centre_in_both",
        "5": "none",
    }
)
P_VALUES = MappingProxyType({"0": "auto", "1": "monte_carlo", "2": "sequential", "3": "gumbel"})


@dataclass(frozen=True)
class Clock:
    """The study period cut into steps, counted back from its end: the first may be shorter by `short` units.

    Generic time has whole numbers instead of dates; `origin` is its first one.
    """

    unit: str
    first: date
    steps: int
    length: int
    short: int = 0
    origin: int = 0

    def step(self, text: str) -> int:
        """The step in which a date lies; refuses dates outside."""
        if self.steps == 1:
            return 0
        apart = int(float(text)) - self.origin if self.unit == GENERIC else self._units_after(as_date(text))
        step = (apart + self.short) // self.length if apart >= 0 else -1
        if not 0 <= step < self.steps:
            raise Refused(f"date {text} lies outside the study period of {self.steps} steps from {self.first}.")
        return step

    def _units_after(self, day: date) -> int:
        months = (day.year - self.first.year) * 12 + day.month - self.first.month
        return {YEAR: day.year - self.first.year, MONTH: months}.get(self.unit, (day - self.first).days)

    def boundaries(self) -> FloatArray:
        """Day numbers at which the steps begin, and the end of the last."""
        return np.array([self._begin(i).toordinal() for i in range(self.steps + 1)], dtype=np.float64)

    def _begin(self, step: int) -> date:
        units = max(0, step * self.length - self.short)
        if self.unit == YEAR:
            return date(self.first.year + units, 1, 1)
        if self.unit == MONTH:
            month = self.first.month - 1 + units
            return date(self.first.year + month // 12, month % 12 + 1, 1)
        return date.fromordinal(self.first.toordinal() + units)


def outcomes(case: Case) -> Iterator[Outcome]:
    """Every variant of params.json."""
    for name, variant in case.documents["params.json"]["variants"].items():
        try:
            checks = tuple(_variant(case, name, variant))
        except (Refused, KeyError) as error:
            checks = (Check("variant", float("nan"), 0.0, f"{type(error).__name__}: {error}"),)
        yield Outcome(case.method, case.name, name, checks)


def _variant(case: Case, name: str, variant: dict[str, Any]) -> Iterator[Check]:
    options = variant["options"]
    _refuse_unknown(options)
    prepared, clock = prepared_case(case, options)
    analyses = _earlier_analyses(options, clock)
    inference = Inference(
        method=P_VALUES[options.get("PValueReportType", "1")],
        replicates=int(options.get("MonteCarloReps", 999)),
        earlier_analyses=analyses,
        days_per_step=_days_per_step(clock),
    )
    overlap = OVERLAPS[options.get("CriteriaForReportingSecondaryClusters", "0")]
    result = run(prepared, inference, seed=SEED, overlap=overlap, most=prepared.circles.stop.size)
    ids = case.table("coordinates.csv").words("id")
    place = {identifier: int(site) for identifier, site in zip(ids, prepared.sites.of_place, strict=True)}
    yield from _best_per_centre(case.table(f"{name}.best_per_centroid.csv"), prepared, result, place)
    clusters, members = case.table(f"{name}.clusters.csv"), case.table(f"{name}.members.csv")
    yield from _clusters(clusters, members, prepared, result, place, clock, inference)
    # the permutation model prints its locations for another period, and stratified time as above
    comparable = prepared.null.kind in ("multinomial", "sample")
    if comparable and "expected_per_location.csv" in case.tables:
        yield _per_location(case.tables["expected_per_location.csv"], prepared, place)
    if "null_llr" in variant:
        yield from _null(variant["null_llr"], result.null_maxima)


def _refuse_unknown(options: dict[str, str]) -> None:
    """An option that would change the result and is not known here must fail, not be passed over."""
    for key, allowed in KNOWN_OPTIONS:
        value = options.get(key, allowed[0])
        if value not in allowed:
            raise Refused(f"{key} is {value}; only {', '.join(allowed)} can be reproduced.")


def prepared_case(case: Case, options: dict[str, str]) -> tuple[Prepared, Clock]:
    """Cells, populations and coordinates of a case under the reference's options."""
    clock = _clock(options)
    coordinates = case.table("coordinates.csv")
    geographic = "lat" in coordinates
    axes = ("lat", "lon") if geographic else ("x", "y")
    points = np.stack([coordinates.numbers(axis) for axis in axes], axis=1)
    index = {identifier: i for i, identifier in enumerate(coordinates.words("id"))}
    windows = _windows(options, clock)
    model = MODELS[options["ModelType"]]
    cases = case.table("cases.csv")
    strata = _strata(cases, case.tables.get("population.csv") if model == "poisson" else None)
    count = _cells(cases, strata, index, clock)
    if model == "bernoulli":
        controls = _cells(case.table("controls.csv"), {(): 0}, index, clock)
        cells = count.sum(axis=0)
        return prepare.bernoulli(cells, controls[0], points, windows, geographic=geographic), clock
    if model == "permutation":
        if options.get("AdjustForWeeklyTrends") == "y":
            count, _ = expectation.by_weekday(count, count, _weekdays(clock))
        return prepare.permutation(count, points, windows, geographic=geographic), clock
    trend = options.get("TimeTrendAdjustmentType", "0")
    population = _population(case.table("population.csv"), strata, index, clock)
    weekday = _weekdays(clock) if options.get("AdjustForWeeklyTrends") == "y" else None
    return (
        prepare.poisson(
            count,
            population,
            points,
            windows,
            geographic=geographic,
            weekday=weekday,
            weekday_compat="satscan",
            time_stratified=trend == "4",
        ),
        clock,
    )


def as_date(text: str) -> date:
    """`2020/06/28`, `1977` or a two-digit year of the twentieth century."""
    parts = [int(part) for part in text.split("/")]
    year, month, day = (*parts, 1, 1)[:3]
    return date(year + 1900 if year < 100 else year, month, day)


def _clock(options: dict[str, str]) -> Clock:
    if options.get("PrecisionCaseTimes") == GENERIC:
        return _generic_clock(options)
    first, last = as_date(options["StartDate"]), as_date(options["EndDate"])
    unit, length = options.get("TimeAggregationUnits", DAY), int(options.get("TimeAggregationLength", "1"))
    if options.get("PrecisionCaseTimes") == "0":
        return Clock(GENERIC, first, 1, 1)
    units = {
        YEAR: last.year - first.year + 1,
        MONTH: (last.year - first.year) * 12 + last.month - first.month + 1,
        DAY: (last - first).days + 1,
    }.get(unit, 1)
    steps = -(-units // length)
    return Clock(unit, first, steps, length, steps * length - units)


def _generic_clock(options: dict[str, str]) -> Clock:
    """Steps of whole numbers: "1" to "28"."""
    origin, last = int(options["StartDate"]), int(options["EndDate"])
    length = int(options.get("TimeAggregationLength", "1"))
    units = last - origin + 1
    steps = -(-units // length)
    return Clock(GENERIC, date(1, 1, 1), steps, length, steps * length - units, origin)


def _windows(options: dict[str, str], clock: Clock) -> prepare.Windows:
    longest = int(options.get("MaxTemporalSize", "50"))
    if options.get("MaxTemporalSizeInterpretation", "0") == "0":
        longest = max(1, clock.steps * longest // 100)
    elif clock.length > 1:
        longest = max(1, longest // clock.length)
    by_distance = options.get("UseDistanceFromCenterOption") == "y"
    return prepare.Windows(
        period=PERIODS[options["AnalysisType"]],
        shortest=int(options.get("MinimumTemporalClusterSize", "1")),
        longest=min(longest, clock.steps),
        max_share=float(options.get("MaxSpatialSizeInPopulationAtRisk", "50")) / 100,
        max_radius=float(options["MaxSpatialSizeInDistanceFromCenter"]) if by_distance else np.inf,
        direction=DIRECTIONS[options.get("ScanAreas", "1")],
        least_cases=int(options.get("MinimumCasesInHighRateClusters", "2")),
        earlier_analyses=_earlier_analyses(options, clock),
    )


def _earlier_analyses(options: dict[str, str], clock: Clock) -> int:
    if options.get("AdjustForEarlierAnalyses") != "y":
        return 1
    return clock.steps - clock.step(options["ProspectiveStartDate"])


def _days_per_step(clock: Clock) -> float:
    return float(np.round(np.diff(clock.boundaries()).mean(), 4)) if clock.unit != YEAR else 365.2425 * clock.length


def _weekdays(clock: Clock) -> IntArray:
    return np.array([date.fromordinal(int(day)).weekday() for day in clock.boundaries()[:-1]], dtype=np.int64)


def _strata(cases: Table, population: Table | None) -> dict[tuple[str, ...], int]:
    """Number of each combination of the columns beyond place, count and time."""
    names = [name for name in cases.columns if name not in ("id", "n", *TIME_COLUMNS)]
    keys = list(zip(*(cases.words(name) for name in names), strict=True)) if names else [()]
    if population is not None and names:
        keys += list(zip(*(population.words(name) for name in names), strict=True))
    return {key: i for i, key in enumerate(dict.fromkeys(keys))}


def _keys(table: Table, strata: dict[tuple[str, ...], int]) -> list[int]:
    if list(strata) == [()]:
        return [0] * len(table)
    names = [name for name in table.columns if name not in ("id", "n", "pop", *TIME_COLUMNS)]
    return [strata[key] for key in zip(*(table.words(name) for name in names), strict=True)]


def _cells(table: Table, strata: dict[tuple[str, ...], int], index: dict[str, int], clock: Clock) -> FloatArray:
    cells = np.zeros((len(strata), len(index), clock.steps))
    time = next((name for name in TIME_COLUMNS if name in table), None)
    steps = [clock.step(text) for text in table.words(time)] if time and clock.steps > 1 else [0] * len(table)
    places = [index[identifier] for identifier in table.words("id")]
    np.add.at(cells, (np.array(_keys(table, strata)), np.array(places), np.array(steps)), table.numbers("n"))
    return cells


def _population(table: Table, strata: dict[tuple[str, ...], int], index: dict[str, int], clock: Clock) -> FloatArray:
    """Population by stratum, place and step; figures are for 1 July of their year unless they have a date."""
    time = next((name for name in TIME_COLUMNS if name in table), None)
    words = table.words(time) if time else ("2000",) * len(table)
    dates = [as_date(text).replace(month=7) if "/" not in text else as_date(text) for text in words]
    known = sorted(set(dates))
    cells = np.zeros((len(strata), len(index), len(known)))
    places = np.array([index[identifier] for identifier in table.words("id")])
    when = np.array([known.index(day) for day in dates])
    np.add.at(cells, (np.array(_keys(table, strata)), places, when), table.numbers("pop"))
    if len(known) == 1:
        return np.repeat(cells, clock.steps, axis=2)
    return expectation.person_time(cells, [day.toordinal() for day in known], clock.boundaries())


def _statistic(table: Table) -> FloatArray:
    return table.numbers("LLR" if "LLR" in table else "TEST_STAT")


def _best_per_centre(table: Table, prepared: Prepared, result: ScanResult, place: dict[str, int]) -> Iterator[Check]:
    """The first row of each centre; centres that are not listed must score below all that are."""
    ratio = np.zeros(prepared.circles.stop.size)
    np.maximum.at(ratio, result.best.centre, result.best.ratio)
    first: dict[int, int] = {}
    for row, identifier in enumerate(table.words("LOC_ID")):
        first.setdefault(place[identifier], row)
    centres, rows = np.array(list(first)), np.array(list(first.values()))
    yield absolute("best per centre", ratio[centres], _statistic(table)[rows], RATIO_TOLERANCE)
    rest = np.setdiff1d(np.arange(ratio.size), centres)
    excess = max(0.0, float(ratio[rest].max(initial=0.0) - _statistic(table)[rows].min(initial=np.inf)))
    yield Check("unlisted centres score below", excess, RATIO_TOLERANCE)


def _clusters(
    table: Table,
    members: Table,
    prepared: Prepared,
    result: ScanResult,
    place: dict[str, int],
    clock: Clock,
    inference: Inference,
) -> Iterator[Check]:
    number = len(table)
    want = _statistic(table)
    got = result.ratio[:number]
    if got.size < number:
        yield Check("number of clusters", float(number - got.size), 0.0, f"{got.size} instead of {number}")
        return
    yield absolute("cluster ratio", got, want, RATIO_TOLERANCE)
    pairing = _pairing(table, members, result, place, clock)
    yield Check("members and span", float(sum(match is None for match in pairing)), 0.0)
    known = [i for i, match in enumerate(pairing) if match is not None]
    own = np.array([match for match in pairing if match is not None], dtype=np.int64)
    yield exact("observed", result.cases[own], table.numbers("OBSERVED")[known])
    expected = table.numbers("EXPECTED")[known]
    yield absolute("expected", _printed(prepared, result, own), expected, EXPECTED_TOLERANCE)
    if "REL_RISK" in table:
        yield absolute("relative risk", result.relative_risk[own], table.numbers("REL_RISK")[known], EXPECTED_TOLERANCE)
    yield from _p_values(table, known, own, result, inference)


def _printed(prepared: Prepared, result: ScanResult, own: IntArray) -> FloatArray:
    """Expectation as the reference prints it: with stratified time, from the window's start to the last step."""
    if not prepared.problem.stratified:
        return result.expected[own]
    size = prepared.problem.size
    return np.array([size[result.members[i], result.first[i] :].sum() for i in own])


def _pairing(table: Table, members: Table, result: ScanResult, place: dict[str, int], clock: Clock) -> list[int | None]:
    """For each reference cluster ours with the same sites and span; equal ratios may come in another order."""
    sets: dict[str, set[int]] = {}
    for identifier, cluster in zip(members.words("LOC_ID"), members.words("CLUSTER"), strict=True):
        sets.setdefault(cluster, set()).add(place[identifier])
    own = [
        (frozenset(map(int, m)), int(a), int(b))
        for m, a, b in zip(result.members, result.first, result.last, strict=True)
    ]
    pairing: list[int | None] = []
    for i, cluster in enumerate(table.words("CLUSTER")):
        start, end = table.words("START_DATE")[i], table.words("END_DATE")[i]
        wanted = (frozenset(sets[cluster]), clock.step(start), clock.step(end))
        tied = np.flatnonzero(np.abs(result.ratio - _statistic(table)[i]) <= RATIO_TOLERANCE)
        pairing.append(next((int(k) for k in tied if own[k] == wanted), None))
    return pairing


def _per_location(table: Table, prepared: Prepared, place: dict[str, int]) -> Check:
    """Expectation of each site over the whole period; places at one point are added up."""
    wanted, printed = np.zeros(prepared.problem.expected.shape[0]), np.zeros(prepared.problem.expected.shape[0])
    known = [place[identifier] for identifier in table.words("LOC_ID")]
    np.add.at(wanted, known, table.numbers("EXPECTED"))
    np.add.at(printed, known, 1.0)
    error = np.abs(prepared.problem.expected.sum(axis=1) - wanted) / np.maximum(printed, 1.0)
    return Check("expected per location", float(error[printed > 0].max()), EXPECTED_TOLERANCE)


def _p_values(
    table: Table, known: list[int], own: IntArray, result: ScanResult, inference: Inference
) -> Iterator[Check]:
    """Within so many standard errors of both simulations; `error` is in standard errors."""
    want = table.numbers("P_VALUE")[known]
    got = result.p_value[own]
    replicates = inference.replicates
    p = (want + got) / 2
    if inference.method in ("gumbel", "auto"):
        # A fitted tail is as uncertain as its two moments: about as a rank a few times its size.
        error = np.sqrt(2.0 * np.maximum(p * (1 - p), 1e-9) / replicates) * 1.5 + 0.15 * p
    else:
        error = np.sqrt(2.0 * np.maximum(p * (1 - p), 1 / replicates) / replicates)
    yield Check("p-value (standard errors)", float(np.max(np.abs(got - want) / error, initial=0.0)), ERRORS)
    if "GBL_PVALUE" in table:
        printed = table.numbers("GBL_PVALUE")[known]
        tail = result.gumbel_p[own]
        middle = (printed + tail) / 2
        error = np.sqrt(2.0 * np.maximum(middle * (1 - middle), 1e-9) / replicates) * 1.5 + 0.15 * middle
        yield Check(
            "Gumbel p-value (standard errors)", float(np.max(np.abs(tail - printed) / error, initial=0.0)), ERRORS
        )
    if "RECURR_INT" in table:
        days = significance.recurrence_days(
            want, days_per_step=inference.days_per_step, earlier_analyses=inference.earlier_analyses
        )
        printed = table.numbers("RECURR_INT")[known]
        # The reference's p-value is printed with three digits: what that rounding leaves open is allowed.
        margin = np.maximum(1.0, printed * np.where(want < 0.1, 0.0006 / want, 0.02)) + 0.01 * printed
        yield Check(
            "recurrence interval of the reference p", float(np.max(np.abs(days - printed) / margin, initial=0.0)), 1.0
        )


def _null(want: dict[str, Any], maxima: FloatArray) -> Iterator[Check]:
    """Quantiles of the null maxima: 3 %, or four standard errors of both simulations where those are wider."""
    beta = float(want["gumbel_mom"]["beta"])
    for text, value in want["q"].items():
        p = float(text)
        density = -p * np.log(p) / beta
        error = np.sqrt(p * (1 - p) * (1 / maxima.size + 1 / want["n"])) / density
        tolerance = max(QUANTILE_TOLERANCE, ERRORS * error / value)
        yield Check(f"null quantile {text}", float(abs(np.quantile(maxima, p) / value - 1)), float(tolerance))
