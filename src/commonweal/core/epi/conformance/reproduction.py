"""Cases of reproduction numbers and serial intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.conformance.tables import Case, Table
from commonweal.core.epi.conformance.verdicts import Check, Outcome, absolute, relative
from commonweal.core.epi.reproduction.cori import Reproduction, cori, mixture
from commonweal.core.epi.reproduction.serial_interval import discretised, uncertain
from commonweal.core.epi.reproduction.wallinga_teunis import wallinga_teunis
from commonweal.core.errors import Refused

TOLERANCE = 1e-8
UNCERTAIN_TOLERANCE = 0.05
UNCERTAIN_DRAWS = 200
SEED = 20201122


def interval_outcomes(case: Case) -> Iterator[Outcome]:
    """Discretised serial intervals by mean and sd."""
    for (mean, sd), rows in case.table("expected.csv").groups("mean", "sd"):
        lag = rows.numbers("k").astype(int)
        found = discretised(float(mean), float(sd), int(lag.max()))
        yield Outcome(
            case.method, case.name, f"mean {mean} sd {sd}", (absolute("w", found[lag], rows.numbers("w"), TOLERANCE),)
        )


def outcomes(case: Case) -> Iterator[Outcome]:
    """Every configuration of params.json, and the Wallinga-Teunis means."""
    document, series = case.documents["params.json"], case.table("input.csv")
    incidence = series.numbers("I") if "I" in series else series.numbers("local") + series.numbers("imported")
    imported = series.numbers("imported") if document.get("uses_imported_column") else None
    for (name,), rows in case.table("expected.csv").groups("config"):
        config = document["configs"][name]
        if config.get("method") == "uncertain_si":
            yield Outcome(case.method, case.name, name, tuple(_uncertain(config, incidence, imported, rows)))
            continue
        weights = _weights(case, name, config, incidence.size)
        found = cori(
            incidence,
            weights,
            windows=(rows.numbers("t_start").astype(int) - 1, rows.numbers("t_end").astype(int) - 1),
            imported=imported,
            prior=(
                float(config.get("prior_mean", config.get("mean_prior", 5))),
                float(config.get("prior_sd", config.get("std_prior", 5))),
            ),
            levels=list(_levels(rows).values()),
        )
        checks = [*_cori_checks(found, rows), *_interval_checks(case, name, weights)]
        yield Outcome(case.method, case.name, name, tuple(checks))
    if "expected_wallinga_teunis_mean.csv" in case.tables:
        yield from _wallinga_teunis(case, document, incidence)


def _uncertain(
    config: dict[str, Any], incidence: FloatArray, imported: FloatArray | None, rows: Table
) -> Iterator[Check]:
    """Serial intervals drawn at random on both sides: means and quantiles within a few per cent."""

    def drawn(name: str) -> tuple[float, float, float, float]:
        return tuple(float(config[key.format(name)]) for key in ("{}_si", "std_{}_si", "min_{}_si", "max_{}_si"))  # type: ignore[return-value]

    sets = uncertain(drawn("mean"), drawn("std"), incidence.size - 1, UNCERTAIN_DRAWS, SEED)
    windows = (rows.numbers("t_start").astype(int) - 1, rows.numbers("t_end").astype(int) - 1)
    prior = (float(config.get("prior_mean", 5)), float(config.get("prior_sd", 5)))
    levels = list(_levels(rows).values())
    each = [
        cori(incidence, w / max(w.sum(), 1e-12), windows=windows, imported=imported, prior=prior, levels=levels)
        for w in sets
    ]
    found = mixture(each, 20, SEED)
    known = ~np.isnan(rows.numbers("mean")) & ~np.isnan(found.mean)
    yield relative("mean", found.mean[known], rows.numbers("mean")[known], UNCERTAIN_TOLERANCE)
    for i, name in enumerate(_levels(rows)):
        got, want = found.quantiles[known, i], rows.numbers(name)[known]
        yield relative(name, got, want, 2 * UNCERTAIN_TOLERANCE)


def _wallinga_teunis(case: Case, document: dict[str, Any], incidence: FloatArray) -> Iterator[Outcome]:
    for (name,), rows in case.tables["expected_wallinga_teunis_mean.csv"].groups("config"):
        same = next((other for other in document["configs"] if other.startswith(name)), name)
        weights = _weights(case, same, document["configs"].get(same, {}), incidence.size)
        windows: tuple[IntArray, IntArray] = (
            rows.numbers("t_start").astype(int) - 1,
            rows.numbers("t_end").astype(int) - 1,
        )
        found = wallinga_teunis(incidence, weights, windows=windows, correct_censoring=False)
        check = absolute("mean", found.window_mean, rows.numbers("mean"), TOLERANCE)
        yield Outcome(case.method, case.name, f"Wallinga-Teunis {name}", (check,))


def _weights(case: Case, name: str, config: dict[str, Any], days: int) -> FloatArray:
    if "si_distr" in config:
        return np.asarray(config["si_distr"], dtype=np.float64)
    method = config.get("method", "non_parametric_si")
    if method == "parametric_si":
        return discretised(float(config["mean_si"]), float(config["std_si"]), days - 1)
    if method == "non_parametric_si":
        if "si_nonparametric.csv" in case.tables:
            return case.tables["si_nonparametric.csv"].numbers("w")
        return _listed(case, name)
    raise Refused(f"method {method!r} draws its serial intervals at random; only fixed ones have exact references.")


def _listed(case: Case, name: str) -> FloatArray:
    table = case.table("expected_si.csv")
    return next(rows.numbers("w") for (config,), rows in table.groups("config") if config == name)


def _levels(rows: Table) -> dict[str, float]:
    return {name: float(name[1:]) for name in rows.columns if name[0] == "q" and name[1].isdigit()} | {"median": 0.5}


def _cori_checks(found: Reproduction, rows: Table) -> Iterator[Check]:
    yield relative("mean", found.mean, rows.numbers("mean"), TOLERANCE, floor=1.0)
    yield relative("std", found.sd, rows.numbers("std"), TOLERANCE, floor=1.0)
    for i, name in enumerate(_levels(rows)):
        yield relative(name, found.quantiles[..., i], rows.numbers(name), TOLERANCE, floor=1.0)


def _interval_checks(case: Case, name: str, weights: FloatArray) -> Iterator[Check]:
    if "expected_si.csv" not in case.tables:
        return
    for (config,), rows in case.tables["expected_si.csv"].groups("config"):
        if config == name:
            lag = rows.numbers("lag").astype(int)
            padded = np.zeros(max(int(lag.max()) + 1, weights.size))
            padded[: weights.size] = weights
            yield absolute("serial interval", padded[lag], rows.numbers("w"), TOLERANCE)
