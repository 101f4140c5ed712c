"""How fast the statistics are: processor seconds of one core, beside the reference programs on a machine like this.

The reference seconds were measured on two shared cores of a server processor; each line says the most that is allowed.
The first call of a kernel compiles it (seconds, then cached); it is timed apart.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import click
import numpy as np


@dataclass(frozen=True)
class Line:
    """One measured piece of work: seconds of the processor, of the first call with compiling, largest memory so far."""

    work: str
    seconds: float
    first: float
    reference: str
    most: float
    memory_mb: float

    def text(self) -> str:
        verdict = "ok" if self.seconds <= self.most else "SLOW"
        return (
            f"{self.work:<62} {self.seconds:>9.3f} s  (at most {self.most:g}; first call {self.first:.1f})  "
            f"{self.reference:<24} {self.memory_mb:>5.0f} MB {verdict}"
        )


@click.command(help="How fast the statistics are, and how they scale.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--quick", is_flag=True, help="Without 5,000 places and scaling beyond 2,000.")
def engine(as_json: bool, quick: bool) -> None:
    lines = [*series_lines(), *scan_lines(1000, 1.7, 0.2, "SaTScan 26.0 / 23.9 s")]
    if not quick:
        lines += scan_lines(5000, 64.0, 4.0, "SaTScan 757 / 820 s")
    sizes = (500, 1000, 2000) if quick else (500, 1000, 2000, 5000, 10000)
    scaling = {threads: scaling_exponent(sizes, threads) for threads in (1, 2)}
    threads = thread_gain()
    memory = _memory()
    if as_json:
        document = {
            "lines": [vars(line) for line in lines],
            "exponent": scaling,
            "sizes": sizes,
            "threads": threads,
            "memory_mb": memory,
        }
        click.echo(json.dumps(document, indent=1))
        return
    for line in lines:
        click.echo(line.text())
    click.echo(
        f"scan seconds, {sizes[0]} to {sizes[-1]} places, grow to the power {scaling[1]:.2f} with one thread and "
        f"{scaling[2]:.2f} with two; two threads: {threads:.2f} x the speed of one"
    )
    click.echo(f"largest memory {memory:.0f} MB")


def measured(work: str, call: Callable[[], object], reference: str, most: float, *, again: int = 3) -> Line:
    """The least processor time of a few calls; the first call is told apart."""
    first = _seconds(call)
    seconds = min(_seconds(call) for _ in range(again))
    return Line(work, seconds, first, reference, most, _memory())


def series_lines() -> list[Line]:
    """EARS, Farrington, Cori, nowcast, BYM2 on 300 areas."""
    from commonweal.core.epi.aberration.ears import ears
    from commonweal.core.epi.aberration.farrington import farrington, noufaily
    from commonweal.core.epi.nowcast import classical
    from commonweal.core.epi.nowcast.chain_ladder import chain_ladder
    from commonweal.core.epi.nowcast.reverse_hazard import reverse_hazard
    from commonweal.core.epi.nowcast.triangle import masked
    from commonweal.core.epi.rates.bym2 import bym2
    from commonweal.core.epi.rates.neighbours import from_pairs
    from commonweal.core.epi.reproduction.cori import cori
    from commonweal.core.epi.reproduction.renewal import renewal
    from commonweal.core.epi.reproduction.serial_interval import discretised

    rng = np.random.default_rng(1)
    weekly = rng.negative_binomial(2, 0.1, (300, 624)).astype(float)
    daily = rng.poisson(15.0, (300, 150)).astype(float)
    interval = discretised(5.0, 2.0, 20)
    triangle = masked(rng.poisson(3.0, (300, 30, 15)).astype(float), first_event=0, now=29)
    long = masked(rng.poisson(3.0, (300, 42, 15)).astype(float), first_event=0, now=41)
    draws = rng.poisson(15.0, (40, 300, 70)).astype(float)
    cumulative = np.cumsum(triangle.count, axis=2)
    prior = classical.Prior(40.0, 900.0)
    graph = from_pairs(300, *_lattice(20, 15))
    expected = rng.gamma(3.0, 3.0, 300)
    cases = rng.poisson(expected * np.exp(rng.normal(0, 0.3, 300)))
    steps = np.arange(520, 624)
    return [
        measured("EARS C1, 300 x 104", lambda: ears(weekly[:, :104]), "R 0.80 s", 0.01),
        measured(
            "Farrington Flexible nbPlugin, 300 x 104",
            lambda: farrington(weekly, steps=steps, options=noufaily()),
            "R 318 s",
            1.5,
        ),
        measured("Cori, 300 x 150 days", lambda: cori(daily, interval), "EpiEstim 8.6 s", 0.02),
        measured("chain ladder, 300 areas x 30 x 15", lambda: chain_ladder(cumulative), "R 0.02-0.04 s each", 0.3),
        measured(
            "Bayesian nowcast (trunc), 300 areas x 30 x 15",
            lambda: classical.bayes(triangle, prior, support=300, draws=1000, seed=1),
            "R 1.7 s each",
            10.0,
            again=1,
        ),
        measured(
            "pooled nowcast (reverse hazards), 300 areas x 42 x 15",
            lambda: reverse_hazard(long),
            "R 1.7 s each",
            10.0,
            again=1,
        ),
        measured(
            "renewal model of R, 300 areas x 70 days, 40 nowcast draws",
            lambda: renewal(draws, interval),
            "EpiNow2 a minute each",
            30.0,
            again=1,
        ),
        measured("BYM2, 300 areas", lambda: bym2(cases, expected, graph), "Stan minutes", 1.0, again=2),
    ]


def scan_lines(places: int, most: float, decision: float, reference: str) -> list[Line]:
    """All 999 replicates with exact maxima, and the decision by sequential simulation on the same day."""
    from commonweal.core.epi.scan.analysis import Inference, run

    lines = []
    for model in ("poisson", "permutation"):
        prepared = city(places, model)
        for label, inference, limit in (
            (f"{model} scan, {places} places x 28 d, 999 exact maxima", Inference(), most),
            (f"{model} scan, {places} places, decision", Inference(method="decision"), decision),
        ):
            call = lambda inference=inference, prepared=prepared: run(prepared, inference, seed=1)  # noqa: E731
            lines.append(measured(label, call, reference, limit, again=1 if places > 2000 else 3))
    return lines


def scaling_exponent(sizes: tuple[int, ...], threads: int) -> float:
    """Slope of log wall seconds over log places, 99 replicates each."""
    from commonweal.core.epi.scan.analysis import Inference, run

    seconds = []
    for places in sizes:
        prepared = city(places, "poisson")
        start = time.perf_counter()
        run(prepared, Inference(replicates=99, threads=threads), seed=1)
        seconds.append(time.perf_counter() - start)
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def thread_gain() -> float:
    """Wall time of one thread over that of two, 1,000 places."""
    from commonweal.core.epi.scan.analysis import Inference, run

    prepared = city(1000, "poisson")
    wall = []
    for threads in (1, 2):
        start = time.perf_counter()
        run(prepared, Inference(threads=threads), seed=1)
        wall.append(time.perf_counter() - start)
    return wall[0] / wall[1]


def city(places: int, model: str) -> object:
    """A quiet city of so many places and 28 days, prepared for a prospective scan of up to 14 days and 50 %."""
    from commonweal.core.epi.scan import prepare

    rng = np.random.default_rng(1)
    points = rng.normal(size=(places, 2))
    population = rng.integers(1000, 2200, places).astype(float)
    count = rng.poisson(0.083 * population[:, None] / population.mean() * np.ones(28)).astype(float)
    windows = prepare.Windows(longest=14)
    if model == "poisson":
        return prepare.poisson(count, population, points, windows)
    return prepare.permutation(count, points, windows)


def _lattice(width: int, height: int) -> tuple[list[int], list[int]]:
    cells = [(i, j) for i in range(width) for j in range(height)]
    pairs = [(a, b) for a in cells for b in ((a[0] + 1, a[1]), (a[0], a[1] + 1)) if b[0] < width and b[1] < height]
    number = {cell: k for k, cell in enumerate(cells)}
    both = [(number[a], number[b]) for a, b in pairs] + [(number[b], number[a]) for a, b in pairs]
    return [a for a, _ in both], [b for _, b in both]


def _memory() -> float:
    """Largest memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
