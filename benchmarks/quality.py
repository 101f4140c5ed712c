"""How well the statistics find and estimate: simulated truth, and the two shared sets of known power."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import numpy as np

from benchmarks import false_alarms, quality_time

ROOT = Path(__file__).resolve().parent.parent
EVALUATED_WEEKS = 49


@click.command(help="Power, false alarms and coverage on simulated truth.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--only", default="", help="Only the parts whose name holds this text.")
@click.option("--shared", type=click.Path(path_type=Path), default=None, help="Folder of reference data.")
def quality(as_json: bool, only: str, shared: Path | None) -> int:
    folder = shared or Path(os.environ.get("COMMONWEAL_SHARED", ROOT.parent / "shared"))
    answer = {name: part() for name, part in parts(folder).items() if only in name}
    if as_json:
        click.echo(json.dumps(answer, indent=1))
    else:
        for name, values in answer.items():
            click.echo(name)
            for key, value in values.items():
                click.echo(f"  {key:<46} {value if not isinstance(value, float) else round(value, 4)}")
    return 0 if all(values["passed"] for values in answer.values()) else 1


def parts(folder: Path) -> dict[str, Callable[[], dict[str, object]]]:
    """Every part of the report by name; those on shared data only where the data are."""
    found: dict[str, Callable[[], dict[str, object]]] = {
        "scan size under the null": scan_size,
        "scan finds a planted cluster": scan_accuracy,
        "scan decision is that of all replicates": scan_decisions,
        "decomposition gives planted causes their share": planted_causes,
        "sweeps keep their budget of false alarms": false_alarms.daily_looks,
        "nowcast on simulated reporting": quality_time.simulated_nowcasts,
        "R on nowcast draws of a simulated epidemic": quality_time.simulated_reproduction,
    }
    vintages = folder / "data" / "ltla_cases_vintages_2020_autumn"
    if vintages.is_dir():
        found["nowcast on published districts, autumn 2020"] = partial(quality_time.published_nowcasts, vintages)
    if (folder / "golden" / "power").is_dir():
        series, hot = (folder / "golden/power" / name for name in ("temporal_noufaily_style", "ne_usa_hotspots_600"))
        found["temporal detection on the shared series"] = partial(temporal, series)
        found["scan power on the shared hot spots"] = partial(hot_spots, hot)
    return found


def scan_size(runs: int = 400) -> dict[str, object]:
    """Share of data sets without a cluster that are called significant at 0.05 (all models, 199 replicates each)."""
    from commonweal.core.epi.scan import significance
    from commonweal.core.epi.scan.analysis import null_maxima

    answer: dict[str, object] = {}
    passed = True
    for model in ("poisson", "permutation", "bernoulli"):
        prepared = _city(model, None)
        rng = np.random.default_rng(5)
        reference = null_maxima(prepared, 1999, rng)
        fresh = null_maxima(prepared, runs, rng)
        size = float(np.mean(significance.monte_carlo(fresh, reference) <= 0.05))
        error = float(np.sqrt(0.05 * 0.95 * (1 / runs + 1 / 1999)))
        passed &= abs(size - 0.05) <= 2 * error
        answer[f"{model}: size at 0.05 (2 errors = {2 * error:.3f})"] = size
    return {**answer, "passed": passed}


def scan_accuracy(runs: int = 40) -> dict[str, object]:
    """Sensitivity and predictive value of the members of a planted cluster (rate x 4, 8 places, 6 days)."""
    from commonweal.core.epi.scan.analysis import Inference, run

    found, sensitivity, predictive = [], [], []
    for seed in range(runs):
        prepared = _city("poisson", seed)
        result = run(prepared, Inference(replicates=199), seed=seed)
        members, truth = set(result.members[0].tolist()), set(_planted(prepared.sites.points))
        found.append(result.p_value[0] <= 0.05)
        if found[-1]:
            sensitivity.append(len(members & truth) / len(truth))
            predictive.append(len(members & truth) / len(members))
    power = float(np.mean(found))
    return {
        "found at 0.05": power,
        "members found": float(np.mean(sensitivity)),
        "members right": float(np.mean(predictive)),
        "passed": power > 0.8,
    }


def scan_decisions(quiet: int = 200, planted: int = 60) -> dict[str, object]:
    """Same cluster and same side of a recurrence interval of 365 days as with 999 replicates.

    On planted clusters many p-values lie near the limit, where two full runs differ too: that is printed beside.
    """
    from commonweal.core.epi.scan.analysis import Inference, run

    def far(result: object) -> bool:
        return bool(result.recurrence_days[0] > 365)  # type: ignore[attr-defined]

    same: dict[str, list[bool]] = {"quiet": [], "planted": [], "twice": []}
    overlap, replicates = [], []
    for seed in range(quiet + planted):
        kind = "quiet" if seed < quiet else "planted"
        prepared = _city("poisson", 1000 + seed, rate=1.0 if kind == "quiet" else 4.0)
        whole = run(prepared, Inference(), seed=seed)
        short = run(prepared, Inference(method="decision"), seed=5000 + seed)
        same[kind].append(far(whole) == far(short))
        a, b = set(whole.members[0].tolist()), set(short.members[0].tolist())
        overlap.append(len(a & b) / len(a | b))
        replicates.append(short.replicates)
        if kind == "planted":
            same["twice"].append(far(whole) == far(run(prepared, Inference(), seed=9000 + seed)))
    share = {kind: float(np.mean(values)) for kind, values in same.items()}
    return {
        f"same side of the limit, {quiet} seeds": share["quiet"],
        f"the same with a planted cluster, {planted} seeds": share["planted"],
        "two full runs with a planted cluster": share["twice"],
        "least overlap of the cluster (Jaccard)": float(np.min(overlap)),
        "replicates used, quiet, mean": float(np.mean(replicates[:quiet])),
        "passed": share["quiet"] >= 0.99
        and float(np.min(overlap)) >= 0.9
        and share["planted"] >= share["twice"] - 0.03,
    }


def planted_causes() -> dict[str, object]:
    """Each cause alone, and two together, drawn as counts: parts within 10 % of what was planted."""
    from commonweal.core.epi.decomposition import CAUSES, split_change

    rng = np.random.default_rng(2)
    tests = rng.integers(20_000, 60_000, 12).astype(float)
    risk = rng.uniform(0.02, 0.15, 12)
    moved = tests * np.where(risk > np.median(risk), 1.6, 0.55)
    moved *= tests.sum() / moved.sum()
    plans = {
        "volume": (tests * 1.5, risk),
        "targeting": (moved, risk),
        "positivity": (tests, risk * 1.5),
    }
    worst = 0.0
    for cause, (after, changed) in plans.items():
        cases = tuple(rng.binomial(n.astype(int), p) for n, p in ((tests, risk), (after, changed)))
        split = split_change(cases, (tests, np.floor(after)))
        planted = float((after * changed).sum() - (tests * risk).sum())
        worst = max(worst, abs(split.total[CAUSES.index(cause)] / planted - 1))
    return {"largest error of a planted part": worst, "passed": worst <= 0.10}


def temporal(folder: Path) -> dict[str, object]:
    """False alarms and outbreaks found, our pooled method and the reference's, over the evaluated weeks."""
    from commonweal.core.epi.aberration.farrington import farrington, noufaily
    from commonweal.core.epi.aberration.pooled import pooled

    rows = _rows(folder / "input_series.csv")
    names = [name for name in rows[0] if name != "t"]
    counts = np.array([[float(row[name]) for row in rows] for name in names])
    steps = np.arange(counts.shape[1] - EVALUATED_WEEKS, counts.shape[1])
    scenario = np.array([int(row["scenario"]) for row in _rows(folder / "series_meta.csv")])
    outbreak = np.zeros((counts.shape[0], EVALUATED_WEEKS), dtype=bool)
    for row in _rows(folder / "outbreaks.csv"):
        if row["type"] == "current":
            first, last = int(row["start"]) - 1 - steps[0], int(row["last"]) - 1 - steps[0]
            outbreak[int(row["series"]) - 1, max(0, first) : last + 1] = True
    ours = pooled(counts, steps=steps, groups=scenario).alarm
    reference = farrington(counts, steps=steps, options=noufaily()).alarm
    answer: dict[str, object] = {}
    for name, alarm in (("pooled", ours), ("Farrington Flexible (reference)", reference)):
        answer[f"{name}: false-positive rate"] = float(alarm[~outbreak].mean())
        answer[f"{name}: outbreaks found"] = float(np.mean((alarm & outbreak).any(axis=1)))
    answer["passed"] = answer["pooled: false-positive rate"] <= 0.01 and answer["pooled: outbreaks found"] >= 0.50
    return answer


def hot_spots(folder: Path) -> dict[str, object]:
    """The spatial scan's power beside the reference's, all alternatives."""
    from commonweal.cli.bench_conformance import read_case
    from commonweal.core.epi.conformance.recognise import evaluate

    outcomes = evaluate(read_case(folder))
    short = {f"{outcome.variant}: largest shortfall": max(c.error for c in outcome.checks) for outcome in outcomes}
    return {**short, "passed": all(outcome.passed for outcome in outcomes)}


def _city(model: str, planted: int | None, rate: float = 4.0) -> object:
    from commonweal.core.epi.scan import prepare

    rng = np.random.default_rng(9 if planted is None else 100 + planted)
    points = rng.normal(size=(150, 2))
    population = rng.integers(1000, 2200, 150).astype(float)
    expected = 0.1 * population[:, None] / population.mean() * np.ones(28)
    if planted is not None:
        expected[_planted(points), -6:] *= rate
    count = rng.poisson(expected).astype(float)
    windows = prepare.Windows(longest=14, max_share=0.5 if planted is None else 0.1)
    if model == "poisson":
        return prepare.poisson(count, population, points, windows)
    if model == "permutation":
        return prepare.permutation(count, points, windows)
    return prepare.bernoulli(count, rng.poisson(1.0, count.shape).astype(float), points, windows)


def _planted(points: np.ndarray) -> list[int]:
    """The eight places nearest to the first."""
    return np.argsort(((points - points[0]) ** 2).sum(axis=1))[:8].tolist()


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as text:
        return list(csv.DictReader(text))
