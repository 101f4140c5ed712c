"""Pages of places, signals and sweeps with millions of results, opened alternately by both tiers."""

from __future__ import annotations

import http.client
import json
import os
import random
import statistics
from pathlib import Path

import click

from benchmarks.drawn_signals import Chosen, drawn_signals
from benchmarks.installation import bare_installation
from benchmarks.nation import filled
from benchmarks.people import Visitors, sign_in
from benchmarks.serving import opened, quantile, server


@click.command(help="Places, signals and sweeps with millions of results.")
@click.option("--rows", default=5_000_000, show_default=True)
@click.option("--pairs", default=60, show_default=True, help="Openings of each page by each tier.")
@click.option(
    "--at", type=click.Path(path_type=Path), help="Keep the installation in this folder, and use it when it is there."
)
@click.option(
    "--fill-seconds", default=3600.0, show_default=True, help="Stop drawing after that; with --at, go on later."
)
@click.option("--only", default="", help="Kinds of pages whose name begins with this.")
@click.option("--json", "as_json", is_flag=True)
def surveillance(rows: int, pairs: int, at: Path | None, fill_seconds: float, only: str, as_json: bool) -> None:
    with bare_installation(at=at) as place:
        filled(place, rows, fill_seconds)
        visitors = sign_in(place, ready=True)
        chosen = drawn_signals(place, visitors.area)
        with server(place) as site:
            answer: dict[str, object] = {"load_average": os.getloadavg()[0], "results": rows}
            answer |= measured(site.port, visitors, chosen, pairs, only)
            answer["server_peak_mebibytes"] = site.peak_mebibytes
            answer["worst_p95_ms"] = max(p95 for each in answer.values() for p95 in p95s(each))
    click.echo(json.dumps(answer, indent=None if as_json else 2))


def p95s(found: object) -> list[float]:
    """The 95th percentiles of one kind of page."""
    return [value for name, value in found.items() if name.endswith("p95_ms")] if isinstance(found, dict) else []


def pages_of_both(area: str, chosen: Chosen) -> dict[str, list[str]]:
    """Kinds of pages that both tiers open, with the addresses of each."""
    places = {"authority": [area], "neighbourhood": chosen.middle, "small_area": chosen.small}
    return {
        **{f"place_{name}": [f"/places/{code}" for code in codes] for name, codes in places.items()},
        **{f"why_{name}": [f"/places/{code}/why" for code in codes[:5]] for name, codes in places.items()},
        **{f"known_{name}": [f"/places/{code}/known" for code in codes[:5]] for name, codes in places.items()},
        "signals": ["/signals"],
        **{
            f"signal_{sort}": [f"/signals/{number}" for number in numbers]
            for sort, numbers in chosen.signals.items()
            if not sort.endswith("region")  # touches authorities of others too: the national office opens it below
        },
        "sweeps": ["/sweeps"],
        "api_signals": ["/api/v1/signals"],
        "api_place": [f"/api/v1/places/{area}"],
    }


def pages_of_the_nation(chosen: Chosen) -> dict[str, list[str]]:
    """Large places that the national office alone reads whole here."""
    city, middle, small = chosen.large
    return {
        "place_region": [f"/places/{chosen.region}"],
        "why_region": [f"/places/{chosen.region}/why"],
        "signal_rise_region": [f"/signals/{number}" for number in chosen.signals["rise_region"]],
        "place_city": [f"/places/{city}"],
        "place_city_neighbourhood": [f"/places/{middle}"],
        "place_city_small_area": [f"/places/{small}"],
        "why_city": [f"/places/{city}/why"],
    }


def measured(port: int, visitors: Visitors, chosen: Chosen, pairs: int, only: str = "") -> dict[str, object]:
    """For each kind of page: p95 of both tiers in milliseconds, first openings apart, and the median of paired ratios."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    rng = random.Random(1)
    found: dict[str, object] = {}
    opened(connection, "/sweeps", visitors.local)  # a process that has just started imports with its first page
    for name, paths in pages_of_both(visitors.area, chosen).items():
        if not name.startswith(only):
            continue
        first = [opened(connection, path, visitors.local) for path in paths[:3]]
        opened(connection, paths[0], visitors.national)
        local, national, ratios = [], [], []
        for number in range(pairs):
            path = rng.choice(paths)
            order = [("l", visitors.local), ("n", visitors.national)][:: 1 if number % 2 else -1]
            took = {who: opened(connection, path, cookie) for who, cookie in order}
            local.append(took["l"])
            national.append(took["n"])
            ratios.append(took["l"] / took["n"])
        found[name] = {
            "first_ms": round(max(first), 1),
            "local_p95_ms": round(quantile(local, 0.95), 1),
            "national_p95_ms": round(quantile(national, 0.95), 1),
            "local_to_national_median": round(statistics.median(ratios), 3),
        }
        said(name, found[name])
    for name, paths in pages_of_the_nation(chosen).items():
        if not name.startswith(only):
            continue
        whole = [opened(connection, rng.choice(paths), visitors.national) for _ in range(1 + max(10, pairs // 4))]
        found[name] = {"first_ms": round(whole[0], 1), "p95_ms": round(quantile(whole[1:], 0.95), 1)}
        said(name, found[name])
    return found


def said(name: str, found: object) -> None:
    """Say what is known so far: a long run that is stopped has not been in vain."""
    click.echo(f"{name}: {json.dumps(found)}", err=True)
