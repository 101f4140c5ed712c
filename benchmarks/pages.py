"""*My area* with many results, opened alternately by both tiers; and ten thousand attempts to read another area."""

from __future__ import annotations

import http.client
import json
import os
import random
import statistics
import time
from pathlib import Path

import click

from benchmarks.installation import bare_installation
from benchmarks.nation import filled
from benchmarks.people import Visitors, sign_in
from benchmarks.serving import opened, quantile, server

ATTEMPTS = """
import json, random, sys
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.web import db
from django.db import Error
rng = random.Random(int(sys.argv[2]))
office = db.one("authn", "select o.id, o.purposes, c.person_id from access.office o join access.current_appointment c on c.office_id = o.id where o.id like 'director-of-public-health-e06%%' order by o.id limit 1")
actor = Actor(office["person_id"], office["id"], office["purposes"][0])
tables = ["record.result", "record.case_version", "counts.delta", "counts.delta_age", "counts.snapshot_area", "counts.snapshot_small", "counts.snapshot_age", "identity.sealed"]
conditions = ["true", "scope_ltla <> all (%s)", "scope_ltla = any (array['E06000016','E07000129','E08000025'])", "scope_ltla like 'E0%%' or true"]
leaked = asked = 0
while asked < int(sys.argv[1]):
    with scoped_read(actor, query="bench attempts", data_class=rng.choice(["L1", "L2"])) as scope:
        codes = list(scope.codes)
        for _ in range(100):
            table, condition = rng.choice(tables), rng.choice(conditions)
            sql = f"select count(*) as n from (select scope_ltla from {table} where {condition}) x where x.scope_ltla <> all (%s)"
            values = [codes] * sql.count("%s")
            scope.cursor.execute("savepoint a")
            try:
                leaked += scope.one(sql, values)["n"]
            except Error:
                scope.cursor.execute("rollback to savepoint a")
            asked += 1
print(json.dumps({"asked": asked, "rows_of_others": leaked}))
"""


@click.command(help="My area with millions of results; cross-area attempts.")
@click.option("--rows", default=5_000_000, show_default=True)
@click.option("--pairs", default=200, show_default=True, help="How often each tier opens the area; 0 leaves it out.")
@click.option("--attempts", default=10_000, show_default=True, help="Reads of other areas, a tenth of them by address.")
@click.option(
    "--at", type=click.Path(path_type=Path), help="Keep the installation in this folder, and use it when it is there."
)
@click.option(
    "--fill-seconds", default=3600.0, show_default=True, help="Stop drawing after that; with --at, go on later."
)
@click.option("--json", "as_json", is_flag=True)
def pages(rows: int, pairs: int, attempts: int, at: Path | None, fill_seconds: float, as_json: bool) -> None:
    with bare_installation(at=at) as place:
        start = time.perf_counter()
        filled(place, rows, fill_seconds)
        seconds = time.perf_counter() - start
        visitors = sign_in(place, ready=True)
        with server(place) as site:
            answer: dict[str, object] = {
                "load_average": os.getloadavg()[0],
                "results": rows,
                "fill_seconds": round(seconds),
            }
            answer["left_out"] = "identifiers, keys of records, outcomes; submission_balances was off for them"
            answer |= compare(site.port, visitors, pairs) if pairs else {}
            answer["other_areas_by_http"] = other_areas(site.port, visitors, attempts // 10)
            answer["server_peak_mebibytes"] = site.peak_mebibytes
        start = time.perf_counter()
        answer["other_areas_by_sql"] = json.loads(place.python(ATTEMPTS, str(attempts), "1").output.splitlines()[-1])
        answer["seconds_of_sql"] = round(time.perf_counter() - start)
    click.echo(json.dumps(answer, indent=None if as_json else 2))


def compare(port: int, visitors: Visitors, pairs: int) -> dict[str, object]:
    """The same page opened alternately by the area's own office and the national one; then the nation's page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    one_area = f"/my-area?place={visitors.area}"
    for cookie in (visitors.local, visitors.national):
        opened(connection, one_area, cookie)
    local, national, ratios = [], [], []
    for number in range(pairs):
        order = [("l", visitors.local), ("n", visitors.national)][:: 1 if number % 2 else -1]
        took = {who: opened(connection, one_area, cookie) for who, cookie in order}
        local.append(took["l"])
        national.append(took["n"])
        ratios.append(took["l"] / took["n"])
    whole = [opened(connection, "/my-area", visitors.national) for _ in range(max(20, pairs // 4))]
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(1000))
    return {
        "one_area_local_p95_ms": round(quantile(local, 0.95), 1),
        "one_area_national_p95_ms": round(quantile(national, 0.95), 1),
        "nation_p95_ms": round(quantile(whole, 0.95), 1),
        "local_to_national_median": round(statistics.median(ratios), 3),
        "local_to_national_upper95": round(medians[974], 3),
    }


def other_areas(port: int, visitors: Visitors, attempts: int) -> dict[str, int]:
    """The local office asks pages, exports and the interface for programs for areas that are not its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    rng = random.Random(2)
    others = [f"E0{kind}0000{number:02d}" for kind in (6, 7, 8) for number in range(2, 24)]
    answered: dict[str, int] = {"asked": 0, "answered_200_with_rows": 0}
    for _ in range(attempts):
        code = rng.choice(others)
        path = rng.choice(
            [f"/my-area?place={code}", f"/my-area/curve.csv?place={code}", f"/my-area/latest.csv?place={code}",
             f"/api/v1/results?places={code}&limit=5"]
        )  # fmt: skip
        connection.request("GET", path, headers={"Cookie": visitors.local})
        answer = connection.getresponse()
        body = answer.read()
        answered["asked"] += 1
        rows = json.loads(body)["items"] if answer.status == 200 and path.startswith("/api") else []
        if answer.status == 200 and (rows or not path.startswith("/api")):
            answered["answered_200_with_rows"] += 1
    return answered
