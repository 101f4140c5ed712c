"""A sweep of a country: how long, how much memory, how it grows with places, two workers against one, and how soon a
thousand new results are a signal.

The country is made up from a seed: authorities as towns with their surroundings on a grid, and a dense capital. Counts
are chance around a level of their own for each small area; every twentieth authority holds an outbreak. With --database
the real areas and tables are used (the reference folder is needed) and everything is read and written.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import numpy as np

AS_OF = datetime(2020, 6, 20, 6, tzinfo=UTC)
TOWNS, TOWN, BOROUGHS, BOROUGH = 284, 103, 33, 146
TILE_KM, BOROUGH_KM = 13.0, 5.5
TURNS = 2
DELAY = (0.0, 0.06, 0.41, 0.24, 0.14, 0.08, 0.07)


class Country:
    """Made-up counts in the form in which a sweep reads them."""

    def __init__(self, towns: int, boroughs: int, seed: int = 1, *, quiet_capital: bool = False) -> None:
        from commonweal.apps.surveillance.counted import Geography
        from commonweal.core.signals.large import HISTORY

        rng = np.random.default_rng(seed)
        points, authority = [], []
        across = int(np.ceil(np.sqrt(towns + 4)))
        for number in range(towns):
            middle = TILE_KM * np.array(divmod(number, across)) + TILE_KM / 2
            town = rng.normal(0, 2.0, (TOWN * 7 // 10, 2))
            rest = rng.uniform(-TILE_KM / 2, TILE_KM / 2, (TOWN - len(town), 2))
            points.append(middle + np.concatenate([town, rest]))
            authority += [f"E07{number:06d}"] * TOWN
        for number in range(boroughs):
            middle = np.array([TILE_KM * across + 20, 20]) + BOROUGH_KM * np.array(divmod(number, 6))
            points.append(middle + rng.uniform(-BOROUGH_KM / 2, BOROUGH_KM / 2, (BOROUGH, 2)))
            authority += [f"E09{number:06d}"] * BOROUGH
        where = np.concatenate(points) * 1000.0
        size = len(where)
        codes = tuple(f"E01{place:06d}" for place in range(size))
        middle_areas = tuple(f"E02{place // 5:06d}" for place in range(size))
        wards = tuple(f"E05{place // 6:06d}" for place in range(size))
        regions = tuple(f"E12{int(code[3:]) % 9:06d}" for code in authority)
        self.ground = Geography(
            codes, {code: place for place, code in enumerate(codes)}, tuple(authority),
            {"msoa": middle_areas, "ward": wards, "utla": tuple(authority), "region": regions},
            rng.integers(1200, 2200, size).astype(float), where,
        )  # fmt: skip
        level = rng.gamma(10, 0.1, (size, 1)) * 0.09
        self.cases = rng.poisson(level, (size, HISTORY)).astype(np.int32)
        names = np.array(authority)
        for code in sorted(set(authority))[::20]:
            if quiet_capital and code.startswith("E09"):
                continue
            inside = np.flatnonzero(names == code)
            near = inside[np.argsort(((where[inside] - where[inside[0]]) ** 2).sum(axis=1))[:5]]
            self.cases[near, -8:-1] += rng.poisson(0.9, (5, 7)).astype(np.int32)
        self.negatives = rng.poisson(3.0, (size, HISTORY)).astype(np.int32)
        share = np.cumsum(DELAY)
        seen = np.ones(HISTORY)
        seen[-share.size :] = share[::-1]
        self.cases = rng.binomial(self.cases, seen).astype(np.int32)

    def geography(self) -> Any:
        return self.ground

    def authorities(self, at: Any, ground: Any) -> tuple[Any, dict[str, date]]:
        """Each day's cases became known in the proportions of `DELAY`."""
        from commonweal.core.signals.large import HISTORY, KNOWN, Level

        codes, place = np.unique(np.array(ground.authority), return_inverse=True)
        total = np.zeros((codes.size, HISTORY), dtype=np.int64)
        np.add.at(total, place, self.cases)
        people = np.bincount(place, weights=ground.population)
        counts = np.zeros((KNOWN, codes.size, HISTORY), dtype=np.int64)
        share = np.concatenate([np.cumsum(DELAY), np.ones(HISTORY + KNOWN)])
        for known in range(KNOWN):
            age = HISTORY - KNOWN + known - np.arange(HISTORY)
            part = np.where(age >= 0, share[np.maximum(age, 0)] / share[np.arange(HISTORY)[::-1]].clip(1e-9), 0.0)
            counts[known] = np.round(total * part)
        began = {str(code): at.morning - timedelta(days=HISTORY - 1) for code in codes}
        parts = [frozenset([str(code)]) for code in codes]
        return Level("ltla", [str(code) for code in codes], parts, counts, people), began

    def small_areas(self, at: Any, ground: Any, wanted: Any, days: int, *rest: Any) -> Any:
        from commonweal.apps.surveillance.counted import SmallCounts

        known = np.stack([self.cases, self.cases, self.negatives])[:, :, -days:]
        return SmallCounts(known, np.zeros_like(known))

    def old_cases(self, at: Any, ground: Any, codes: Sequence[str], late: Any) -> Any:
        return np.zeros((len(ground.codes), late.held_days + 7), dtype=np.int32)

    def settings(self, at: Any, codes: Sequence[str], types: Sequence[str], days: int, late: Any) -> list[Any]:
        return []


def measured(country: Country, executor: Any) -> tuple[Any, float]:
    """What a sweep over the made-up country found, and how long the whole of it took."""
    from commonweal.apps.surveillance.count_sweeping import look

    began = time.perf_counter()
    found = look(AS_OF, executor, counts=country)
    return found, time.perf_counter() - began


def gigabytes() -> float:
    """The most memory of this process and of the largest child."""
    return (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ) / 2**20


@click.command(help="A sweep of a country: time, memory, workers, growth; from new results to a signal.")
@click.option(
    "--part",
    default=1.0,
    show_default=True,
    help="Part of the made-up country (1 is 34,000 small areas; 0 leaves it out).",
)
@click.option("--scheduler", help="Also on the two workers of this Dask scheduler.")
@click.option("--exponent/--no-exponent", default=True, show_default=True)
@click.option("--database", is_flag=True, help="Also with real areas and tables, and from 1,000 results to a signal.")
@click.option("--rows", default=1_000_000, show_default=True, help="Results drawn into the database.")
@click.option("--fill-seconds", default=3600.0, show_default=True, help="How long to draw; run again to go on.")
@click.option("--at", type=click.Path(path_type=Path), help="Keep the installation here, and use it when it is there.")
@click.option("--json", "as_json", is_flag=True)
def sweep(
    part: float,
    scheduler: str | None,
    exponent: bool,
    database: bool,
    rows: int,
    fill_seconds: float,
    at: Path | None,
    as_json: bool,
) -> None:
    found = compute(part, scheduler, exponent) if part > 0 else {}
    if database:
        from benchmarks.sweep_database import with_database

        found |= with_database(rows, fill_seconds, at)
    click.echo(json.dumps(found, indent=1) if as_json else as_text(found))


def compute(part: float, scheduler: str | None, exponent: bool) -> dict[str, Any]:
    """Time, memory and ratios of the compute phase, and whether all executors say the same."""
    from commonweal.apps.surveillance.executors import Cluster, Processes, Serial

    phase = "small areas and scans"
    measured(Country(4, 0), Serial())  # kernels are compiled once, and kept
    country = Country(max(4, int(TOWNS * part)), int(BOROUGHS * part))
    one, whole = measured(country, Serial())
    alone = gigabytes()
    two, whole_two = measured(country, Processes(2))
    out: dict[str, Any] = {
        "small_areas": len(country.ground.codes), "authorities": len(set(country.ground.authority)),
        "serial_seconds": round(whole, 1), "serial_compute_seconds": one.cost[phase],
        "two_processes_seconds": round(whole_two, 1), "two_processes_compute_seconds": two.cost[phase],
        "compute_ratio": round(one.cost[phase] / two.cost[phase], 2), "whole_ratio": round(whole / whole_two, 2),
        "same": one.found == two.found, "findings": len(one.found), "not_done": len(one.not_done),
        "gigabytes_serial": round(alone, 2), "gigabytes_two_processes": round(gigabytes(), 2),
    }  # fmt: skip
    if scheduler:
        measured(Country(12, 2), Cluster(scheduler))  # both workers load what they need once
        cluster, seconds = measured(country, Cluster(scheduler))
        out |= {"cluster_seconds": round(seconds, 1), "cluster_compute_seconds": cluster.cost[phase],
                "cluster_compute_ratio": round(one.cost[phase] / cluster.cost[phase], 2),
                "cluster_same": one.found == cluster.found}  # fmt: skip
    return out | (growth(part) if exponent else {})


def growth(part: float) -> dict[str, Any]:
    """Processor seconds of a sweep of an eighth, a quarter, a half and all of the part, and the slope of their logs.

    All sizes are of one kind: outbreaks in every twentieth town and none in the capital, where a single one is found
    from ten boroughs and may lie in one size and not in another. Sizes take turns, and each one's quickest turn counts.
    """
    from commonweal.apps.surveillance.executors import Serial

    parts = [part / 8, part / 4, part / 2, part]
    countries = [Country(max(4, int(TOWNS * each)), max(1, int(BOROUGHS * each)), quiet_capital=True) for each in parts]
    seconds = [float("inf")] * len(countries)
    for _ in range(TURNS):
        for number, country in enumerate(countries):
            began = time.process_time()
            measured(country, Serial())
            seconds[number] = min(seconds[number], time.process_time() - began)
    sizes = [len(country.ground.codes) for country in countries]
    slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    return {"sizes": sizes, "processor_seconds": [round(s, 1) for s in seconds], "exponent": round(float(slope), 2)}


def as_text(found: dict[str, Any]) -> str:
    """One line a figure."""
    return "\n".join(f"{name.replace('_', ' '):<32} {value}" for name, value in found.items())
