"""The published test tables of the English public-health indicator methods (one folder, many tables)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.epi.conformance.tables import Case, Table
from commonweal.core.epi.conformance.verdicts import Check, Outcome, relative
from commonweal.core.epi.rates import funnel, intervals, standardised

TOLERANCE = 1e-9
PRINTED = 1e-7
"""Spreadsheets of funnel limits and of non-independent events are printed with seven to ten digits."""
SOLVED = 1e-4
"""The reference solved its funnel of counts by iteration: its exact limits are off by up to 5e-5 at a count of 1."""
SIDES = (("95_0", 0.95), ("99_8", 0.998))
SIGMAS = (("2s", 0.95), ("3s", 0.998))


def outcomes(case: Case) -> Iterator[Outcome]:
    """Every table that is recognised by its columns."""
    standard = _standard_populations(case)
    for name, table in sorted(case.tables.items()):
        label = name.removesuffix(".csv")
        if table.has("x", "n", "confidence", "method"):
            yield Outcome(case.name, label, "limits", tuple(_plain(table)))
        elif table.has("Numerator", "Denominator", "multiplier"):
            yield from _rate_or_proportion(case, label, table)
        elif table.has("area", "total_count", "lower95_0cl"):
            yield from _direct(case, label, table, standard)
        elif table.has("area", "observed", "ref_rate", "lower95_0cl"):
            yield Outcome(case.name, label, "indirect", tuple(_indirect(case, table)))
        elif table.has("Population", "Baseline"):
            yield Outcome(case.name, label, "funnel of a proportion", tuple(_proportion_funnel(table)))
        elif table.has("Events", "lower_2s_limit", "baseline"):
            yield Outcome(case.name, label, "funnel of a rate", tuple(_rate_funnel(table)))
        elif table.has("lower_2s_exp_events"):
            yield Outcome(case.name, label, "funnel of a ratio", tuple(_ratio_funnel(table)))


def _plain(table: Table) -> Iterator[Check]:
    for (method, confidence), rows in table.groups("method", "confidence"):
        level = float(confidence.rstrip("%")) / 100
        rows = rows.where(~np.isnan(rows.numbers("lowercl")))
        if method == "Byars":
            found = intervals.byar(rows.numbers("x"), level=level)
        else:
            # A proportion may be given as events 0.445 of one trial.
            found = intervals.wilson(rows.numbers("x"), rows.numbers("n"), level=level)
        yield relative(f"{method} {confidence} lower", found.lower, rows.numbers("lowercl"), TOLERANCE)
        yield relative(f"{method} {confidence} upper", found.upper, rows.numbers("uppercl"), TOLERANCE)


def _rate_or_proportion(case: Case, label: str, table: Table) -> Iterator[Outcome]:
    known = _known(table, "Numerator", "Denominator", "value")
    for (method, multiplier, statistic), rows in table.where(known).groups("method", "multiplier", "statistic"):
        x, n, per = rows.numbers("Numerator"), rows.numbers("Denominator"), float(multiplier)
        checks = []
        for lower, upper, level in _limit_columns(rows):
            if method == "Wilson":
                found = intervals.wilson(x, n, level=level)
                value, low, high = found.value * per, found.lower * per, found.upper * per
            else:
                found = intervals.crude_rate(x, n, per=per, level=level)
                value, low, high = found.value, found.lower, found.upper
            checks.append(relative("value", value, rows.numbers("value"), TOLERANCE))
            checks.append(relative(lower, low, rows.numbers(lower), TOLERANCE))
            checks.append(relative(upper, high, rows.numbers(upper), TOLERANCE))
        yield Outcome(case.name, label, f"{statistic}, {method}", tuple(checks))


def _direct(case: Case, label: str, table: Table, standard: dict[str, FloatArray]) -> Iterator[Outcome]:
    for (method, statistic), rows in table.groups("method", "statistic"):
        checks: list[Check] = []
        for i, area in enumerate(rows.words("area")):
            strata = _strata(case, area)
            if strata is None:
                continue
            row = rows.where(np.arange(len(rows)) == i)
            per = 1.0 if "NA" in statistic else float(statistic.split()[-1])
            checks += _one_direct(area, row, strata, _standard_for(strata, standard), per)
        if checks:
            yield Outcome(case.name, label, f"{statistic}, {method.split(',')[0]}", tuple(checks))


def _one_direct(area: str, row: Table, strata: Table, standard: FloatArray, per: float) -> Iterator[Check]:
    bundles = [name for name in strata.columns if name[0] == "f" and name[1:].isdigit()]
    variance = sum(float(name[1:]) ** 2 * _filled(strata, name) for name in bundles) if bundles else None
    for column, level in SIDES:
        found = standardised.direct(
            _filled(strata, "count"),
            _filled(strata, "pop"),
            standard,
            per=per,
            level=level,
            event_variance=variance,
            least_events=standardised.LEAST_EVENTS,
        )
        lower, upper = row.numbers(f"lower{column}cl"), row.numbers(f"upper{column}cl")
        tolerance = PRINTED if bundles else TOLERANCE
        if not np.isnan(row.numbers("value")[0]):
            yield relative(f"{area} value", [found.value], row.numbers("value"), tolerance)
        if lower[0] > row.numbers("value")[0]:
            continue  # the table prints these limits per ten times the stated population: not comparable
        yield relative(f"{area} {column} lower", [found.dobson.lower], lower, tolerance)
        yield relative(f"{area} {column} upper", [found.dobson.upper], upper, tolerance)


def _indirect(case: Case, table: Table) -> Iterator[Check]:
    for i, area in enumerate(table.words("area")):
        strata = _strata(case, area, reference=True)
        if strata is None:
            continue
        row = table.where(np.arange(len(table)) == i)
        rate = _filled(strata, "refcount") / strata.numbers("refpop")
        scale = row.numbers("value")[0] / (row.numbers("observed")[0] / row.numbers("expected")[0])
        for column, level in SIDES:
            found = standardised.indirect(_filled(strata, "count").sum(), _filled(strata, "pop"), rate, level=level)
            yield relative(f"{area} expected", [found.expected], row.numbers("expected"), TOLERANCE)
            yield relative(
                f"{area} {column} lower", [found.mixed.lower * scale], row.numbers(f"lower{column}cl"), TOLERANCE
            )
            yield relative(
                f"{area} {column} upper", [found.mixed.upper * scale], row.numbers(f"upper{column}cl"), TOLERANCE
            )


def _proportion_funnel(table: Table) -> Iterator[Check]:
    target = float(table.numbers("Baseline")[0]) / 100
    for sigma, tail, level in (("2s", "0025", 0.95), ("3s", "0001", 0.998)):
        lower, upper = funnel.proportion_limits(table.numbers("Population"), target, level=level)
        yield relative(f"lower {sigma}", lower * 100, table.numbers(f"Lower{sigma}{tail}limit"), PRINTED, floor=1.0)
        yield relative(f"upper {sigma}", upper * 100, table.numbers(f"Upper{sigma}{tail}limit"), PRINTED, floor=1.0)


def _rate_funnel(table: Table) -> Iterator[Check]:
    events, baseline = table.numbers("Events"), table.numbers("baseline")
    statistic = table.words("statistic")[0]
    per = float(statistic.split("per ")[1].rstrip(")").replace(",", ""))
    for sigma, level in SIGMAS:
        low, high = funnel.inverted_limits(events, level=level)
        for side, mean in (("lower", high), ("upper", low)):
            people = mean / baseline * per
            printed = table.numbers(f"{side}_{sigma}_population_1_year")
            years = np.round(np.median(people / printed))
            yield relative(f"{side} {sigma} population", people / years, printed, SOLVED)
            yield relative(
                f"{side} {sigma} limit", events / people * per, table.numbers(f"{side}_{sigma}_limit"), SOLVED
            )


def _ratio_funnel(table: Table) -> Iterator[Check]:
    name = next(column for column in table.columns if column.startswith("Observed"))
    events = table.numbers(name)
    for sigma, level in SIGMAS:
        low, high = funnel.inverted_limits(events, level=level)
        for side, mean in (("lower", high), ("upper", low)):
            yield relative(f"{side} {sigma} expected", mean, table.numbers(f"{side}_{sigma}_exp_events"), SOLVED)
            yield relative(f"{side} {sigma} ratio", events / mean * 100, table.numbers(f"{side}_{sigma}_isr"), SOLVED)


def _limit_columns(rows: Table) -> list[tuple[str, str, float]]:
    if "lowercl" in rows:
        return [("lowercl", "uppercl", float(rows.words("confidence")[0].rstrip("%")) / 100)]
    return [(f"lower{column}cl", f"upper{column}cl", level) for column, level in SIDES]


def _known(table: Table, *names: str) -> BoolArray:
    known = np.ones(len(table), dtype=bool)
    for name in names:
        known &= ~np.isnan(table.numbers(name))
    return known


def _strata(case: Case, area: str, *, reference: bool = False) -> Table | None:
    for name, table in case.tables.items():
        own = table.has("count", "pop") and not name.split(".")[-2].startswith("testdata_err")
        if not own or reference != table.has("refcount", "refpop"):
            continue
        if "area" in table and area in table.words("area"):
            return table.where(np.array([other == area for other in table.words("area")]))
        if "area" not in table and name.split(".")[-2] == area:
            return table
    return None


def _filled(table: Table, name: str) -> FloatArray:
    """A column in which a blank stands for 0, as these spreadsheets mean it."""
    return np.nan_to_num(table.numbers(name))


def _standard_populations(case: Case) -> dict[str, FloatArray]:
    """The standard populations that some table of the folder carries, by column name."""
    return {
        name: table.numbers(name)
        for table in case.tables.values()
        for name in ("stdpop", "esp1976")
        if name in table and (table.numbers(name) > 0).all()
    }


def _standard_for(strata: Table, standard: dict[str, FloatArray]) -> FloatArray:
    return strata.numbers("esp1976") if "esp1976" in strata else standard["stdpop"]
