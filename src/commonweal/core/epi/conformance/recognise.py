"""Which methods a case calls for, told by the files and columns it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from commonweal.core.epi.conformance import (
    aberration,
    control_charts,
    indicators,
    nowcast,
    power,
    rates,
    reproduction,
    scan,
)
from commonweal.core.epi.conformance.tables import Case
from commonweal.core.epi.conformance.verdicts import Check, Outcome
from commonweal.core.errors import Refused

Evaluator = Callable[[Case], Iterator[Outcome]]


def evaluate(case: Case) -> tuple[Outcome, ...]:
    """Run everything the case calls for; a case that cannot be read or run becomes an outcome that fails."""
    evaluators = evaluators_of(case)
    if not evaluators:
        return (_failed(case, "-", "no method is known for these files: " + ", ".join(sorted(case.tables))),)
    outcomes: list[Outcome] = []
    for evaluator in evaluators:
        try:
            outcomes.extend(evaluator(case))
        except (Refused, KeyError, IndexError) as error:
            outcomes.append(_failed(case, "-", f"{type(error).__name__}: {error}"))
    return tuple(outcomes)


def evaluators_of(case: Case) -> tuple[Evaluator, ...]:
    """The evaluators whose files and columns are there, in a fixed order."""
    return tuple(evaluator for applies, evaluator in _rules() if applies(case))


def _rules() -> tuple[tuple[Callable[[Case], bool], Evaluator], ...]:
    return (
        (_has_all("cases.csv", "coordinates.csv"), scan.outcomes),
        (_columns("expected.csv", "method", "baseline", "minSigma", "alpha"), aberration.ears_outcomes),
        (_has_all("input_series.csv", "expected_alarms.csv"), power.alarm_outcomes),
        (_has_all("input_locations.csv", "expected_power.csv"), power.scan_power_outcomes),
        (_control_charts, control_charts.outcomes),
        (_columns("expected.csv", "config", "upperbound", "phi"), aberration.farrington_outcomes),
        (_columns("expected.csv", "config", "t_start", "t_end"), reproduction.outcomes),
        (_columns("expected.csv", "mean", "sd", "k", "w"), reproduction.interval_outcomes),
        (_has_any("expected_surveillance_nowcast.csv", "expected_chain_ladder.csv"), nowcast.outcomes),
        (_columns("expected.csv", "onset_date", "model"), nowcast.random_walk_outcomes),
        (_has_any("input_cumulative.csv"), nowcast.cumulative_outcomes),
        (_columns("expected.csv", "byar_lo", "x"), rates.interval_outcomes),
        (_documents("expected.json", "fay_feuer_lci"), rates.standardisation_outcomes),
        (_columns("expected.csv", "smr", "z_naive"), rates.funnel_outcomes),
        (_columns("expected.csv", "eb_global"), rates.smoothing_outcomes),
        (_columns("expected.csv", "rr_mean", "p_gt_1"), rates.bym2_outcomes),
        (_any_columns("Numerator", "Denominator", "multiplier"), indicators.outcomes),
    )


def _columns(name: str, *columns: str) -> Callable[[Case], bool]:
    return lambda case: name in case.tables and case.tables[name].has(*columns)


def _control_charts(case: Case) -> bool:
    table = case.tables.get("expected.csv")
    return table is not None and table.has("method", "t", "alarm", "upperbound") and "baseline" not in table


def _has_any(*names: str) -> Callable[[Case], bool]:
    return lambda case: any(name in case.tables for name in names)


def _has_all(*names: str) -> Callable[[Case], bool]:
    return lambda case: set(names) <= set(case.tables)


def _any_columns(*columns: str) -> Callable[[Case], bool]:
    return lambda case: any(table.has(*columns) for table in case.tables.values())


def _documents(name: str, key: str) -> Callable[[Case], bool]:
    return lambda case: key in case.documents.get(name, {})


def _failed(case: Case, variant: str, why: str) -> Outcome:
    return Outcome(case.method, case.name, variant, (Check("case", float("nan"), 0.0, why),))
