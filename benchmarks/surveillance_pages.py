"""Pages of places, signals and sweeps with millions of results, opened alternately by both tiers."""

from __future__ import annotations

import http.client
import json
import random
import statistics
import time
from pathlib import Path

import click

from benchmarks.installation import bare_installation
from benchmarks.nation import nation
from benchmarks.people import Visitors, sign_in
from benchmarks.serving import quantile, server

# Three signals in every authority, each with five changes and ten findings; places of the local office to be opened.
FILL = """
import json
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
area = __import__("sys").argv[1]
if not db.value("backup", "select exists (select from surveillance.sweep)"):
    with db.recorded("engine") as write:
        run = write.cursor.execute
        day = "(commonweal.now() at time zone 'Europe/London')::date"
        run("insert into surveillance.sweep (source, as_of, morning, touched, code_version, parameters_version, executor,"
            " seconds, cost, places, not_done, budget, tick_id) select 'counts', commonweal.now() - make_interval(days => d),"
            f" {day} - d, null, '1', '1', 'serial', 60, '{{}}', '{{\\"lsoa\\": 34000}}', '{{}}', '{{\\"a_year\\": 1}}', %s"
            " from generate_series(0, 399) d", [write.tick])
        chosen = ("(select row_number() over (order by s.scope_code, n) as number, s.scope_code, s.msoa_code,"
                  " array(select distinct x.base_lsoa from places.lsoa_scope x where x.msoa_code = s.msoa_code) as members"
                  " from (select distinct on (scope_code, n) scope_code, msoa_code, n from places.lsoa_scope,"
                  " generate_series(1, 3) n order by scope_code, n, md5(msoa_code || n)) s) chosen")
        run(f"insert into surveillance.signal select number, 'counts', 'cluster', 'cluster', members[1], null, 1, {day} - 6, %s"
            " from " + chosen, [write.tick])
        run("insert into surveillance.signal_change select number, step, 1, " + day + " - 6 + step, case step when 1 then 'opened'"
            " else 'growing' end, 'cluster', members[1], array[scope_code], members, 100, 12, 3, 900, array['drawn'], %s"
            " from " + chosen + ", generate_series(1, 5) step", [write.tick])
        run("insert into surveillance.finding (sweep_id, signal, morning, level, place_code, method, scope, first_day, last_day,"
            " observed, expected, expected_low, expected_high, rate, strength, members, evidence, tick_id) select 1, number, "
            + day + " - 1, 'cluster', members[1], 'poisson scan', array[scope_code], " + day + " - 12, " + day + " - 3, 12, 3, 0, 8,"
            " 100, 3, members, 'drawn', %s from " + chosen + ", generate_series(1, 10)", [write.tick])
own = db.rows("backup", "select number, place_code from surveillance.signal where place_code in (select base_lsoa from"
              " places.lsoa_scope where scope_code = %s) order by 1", [area])
small = db.rows("backup", "select base_lsoa, msoa_code from places.lsoa_scope where scope_code = %s order by md5(base_lsoa)"
                " limit 40", [area])
region = db.value("backup", "select region_code from places.authority where scope_code = %s and code = %s", [area, area])
print(json.dumps({"signals": [r["number"] for r in own], "lsoa": [r["base_lsoa"] for r in small],
                  "msoa": sorted({r["msoa_code"] for r in small}), "region": region}))
"""


@click.command(help="Places, signals and sweeps with millions of results.")
@click.option("--rows", default=5_000_000, show_default=True)
@click.option("--pairs", default=60, show_default=True, help="Openings of each page by each tier.")
@click.option(
    "--at", type=click.Path(path_type=Path), help="Keep the installation in this folder, and use it when it is there."
)
@click.option(
    "--fill-seconds", default=3600.0, show_default=True, help="Stop drawing after that; with --at, go on later."
)
@click.option("--json", "as_json", is_flag=True)
def surveillance(rows: int, pairs: int, at: Path | None, fill_seconds: float, as_json: bool) -> None:
    with bare_installation(at=at) as place:
        if not (place.folder / "filled").exists():
            nation(place, rows, fill_seconds)
            (place.folder / "filled").touch()
        visitors = sign_in(place, ready=True)
        chosen = json.loads(place.python(FILL, visitors.area).output.strip().splitlines()[-1])
        with server(place) as site:
            answer: dict[str, object] = {"results": rows, **measured(site.port, visitors, chosen, pairs)}
            answer["server_peak_mebibytes"] = site.peak_mebibytes
    click.echo(json.dumps(answer, indent=None if as_json else 2))


def measured(port: int, visitors: Visitors, chosen: dict[str, list[str]], pairs: int) -> dict[str, object]:
    """For each kind of page: p95 of both tiers in milliseconds, first openings apart, and the median of paired ratios."""
    area = visitors.area
    pages = {
        "place_authority": [f"/places/{area}"],
        "place_neighbourhood": [f"/places/{code}" for code in chosen["msoa"]],
        "place_small_area": [f"/places/{code}" for code in chosen["lsoa"]],
        "signals": ["/signals"],
        "signal": [f"/signals/{number}" for number in chosen["signals"]],
        "sweeps": ["/sweeps"],
        "api_signals": ["/api/v1/signals"],
        "api_place": [f"/api/v1/places/{area}"],
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    rng = random.Random(1)
    found: dict[str, object] = {}
    for name, paths in pages.items():
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
    region = f"/places/{chosen['region']}"
    whole = [opened(connection, region, visitors.national) for _ in range(max(10, pairs // 4))]
    found["place_region_national"] = {"first_ms": round(whole[0], 1), "p95_ms": round(quantile(whole[1:], 0.95), 1)}
    return found


def opened(connection: http.client.HTTPConnection, path: str, cookie: str) -> float:
    """Milliseconds from asking to the last byte. Raises RuntimeError for anything but 200."""
    start = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return (time.perf_counter() - start) * 1000
