"""The desk: a thousand offices told at once, search at scale and out of scope, with the worker that an installation runs."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from benchmarks.installation import FEED, Installation, bare_installation, installation, line_list
from benchmarks.nation import filled
from benchmarks.people import Visitors, sign_in
from benchmarks.serving import opened, quantile, server
from commonweal.core.errors import NotThere

OFFICES = """
import sys
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
count = int(sys.argv[1])
with db.recorded("authn") as w:
    w.cursor.execute("insert into access.organisation select 'told-' || n, 'Body ' || n, 'community_body', null, %s from generate_series(1, %s::int) n", [w.tick, count])
    w.cursor.execute("insert into access.office select 'told-' || n, 'told-' || n, 'Office ' || n, '{read_counts}', '{outbreak_control}', %s from generate_series(1, %s::int) n", [w.tick, count])
    w.cursor.execute("insert into access.person (id, name, tick_id) select md5('told-' || n)::uuid, 'Person ' || n, %s from generate_series(1, %s::int) n", [w.tick, count])
    w.cursor.execute("insert into access.appointment (person_id, office_id, capacity, starts_at, tick_id) select md5('told-' || n)::uuid, 'told-' || n, 'holder', commonweal.now(), %s from generate_series(1, %s::int) n", [w.tick, count])
    w.cursor.execute("insert into desk.contact_way (person_id, way, address) select md5('told-' || n)::uuid, 'email', 'told-' || n || '@bench.example' from generate_series(1, %s::int) n", [count])
"""
TELL = """
import json, sys, time
from datetime import timedelta
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.apps.desk import telling
from commonweal.web import db
count, rounds = int(sys.argv[1]), int(sys.argv[2])
offices = [f"told-{n}" for n in range(1, count + 1)]
found = []
for _ in range(rounds):
    by = db.value("app", "select commonweal.now()") + timedelta(hours=2)
    start = time.perf_counter()
    with db.recorded("app") as w:
        notice = telling.tell(w, offices, "Something for everybody", "/", 1, by, kind="bench.event")
        queued = db.fetch(w.cursor, "select count(*) as n from desk.pending_step where notice_id = %s", [notice])[0]["n"]
    told = time.perf_counter()
    sent = 0
    while sent < count and time.perf_counter() - told < 60:
        time.sleep(0.05)
        sent = db.value("backup", "select count(*) from desk.receipt where notice_id = %s and state = 'sent'", [notice])
    found.append({"queued_in_the_transaction": queued, "telling_s": round(told - start, 3), "sent": sent, "all_sent_after_s": round(time.perf_counter() - told, 2)})
    with db.transaction("queue") as c:
        c.execute("delete from desk.pending_step")
print(json.dumps(found))
"""
PLACES = """
import random, sys
from commonweal.site.installation import open_existing
open_existing("live")
from django.db import connections
from commonweal.web import db
count, rng = int(sys.argv[1]), random.Random(4)
syllables = "bel grave wig ston ham ford ley by thorpe mark field bury chester combe dale east west north south hill wood bridge marsh".split()
scopes = [row["scope_code"] for row in db.rows("app", "select distinct scope_code from places.scope_cover order by 1")]
rows = [(f"E01{900000 + n:06d}", " ".join("".join(rng.choices(syllables, k=2)).title() for _ in range(rng.choice([1, 2]))), rng.choice(scopes)) for n in range(count)]
with connections["migrate"].cursor() as c:
    for start in range(0, count, 2000):
        part = rows[start:start + 2000]
        c.execute("insert into places.area_now (code, level, vintage, name) select c, 'lsoa', 2011, n from unnest(%s::text[], %s::text[]) as x(c, n)", [[r[0] for r in part], [r[1] for r in part]])
        c.execute("insert into places.lsoa_scope (lsoa_code, base_lsoa, scope_code) select c, c, s from unnest(%s::text[], %s::text[]) as x(c, s)", [[r[0] for r in part], [r[2] for r in part]])
    c.execute("delete from desk.search_state")
print(db.value("app", "select desk.refresh_search_keys()"), db.value("backup", "select count(*) from desk.search_key"))
"""
HAS_POSTCODES = """
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
print(db.value("backup", "select exists (select from places.postcode_now)"))
"""
SEARCH = """
import json, random, sys, time
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.apps.access import queries
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import search
from commonweal.apps.surveillance.at_the_desk import found_signals
from commonweal.web import db
local, national, searches, attempts = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(5)
db.value("app", "select desk.refresh_search_keys()")
names = [r["name"] for r in db.rows("backup", "select name from desk.search_key where kind <> 'postcode' order by random() limit 500")]
codes = [r["pcd"] for r in db.rows("backup", "select pcd from places.postcode_now order by random() limit 500")]
def asker(office):
    row = db.one("app", "select person_id from access.current_appointment where office_id = %s limit 1", [office])
    seat = next(s for s in queries.seats_of(row["person_id"]) if s.office_id == office)
    return Actor(row["person_id"], office, seat.purposes[0]), seat
def typed():
    name, code = rng.choice(names), rng.choice(codes)
    return rng.choice([name, name[: rng.randint(2, len(name))], name.split()[-1], code, code[:3], code[:5]])
answer = {}
for label, office in (("local", local), ("national", national)):
    who, seat = asker(office)
    took = []
    for _ in range(searches):
        text = typed()
        start = time.perf_counter()
        search.search(search.Asked(text, who, seat))
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    answer[label] = {"median_ms": round(took[len(took) // 2], 1), "p95_ms": round(took[int(len(took) * 0.95)], 1), "worst_ms": round(took[-1], 1)}
who, seat = asker(local)
digits = lambda: (lambda nine: nine + str((11 - sum(int(d) * (10 - i) for i, d in enumerate(nine)) % 11) % 11))("".join(rng.choices("0123456789", k=9)))
took = []
if "read_identifiable" in seat.permissions:
    while len(took) < min(searches, 100):
        number = digits()
        if len(number) != 10:
            continue
        start = time.perf_counter()
        search.search_people(search.Asked(number, who, seat))
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    answer["people"] = {"median_ms": round(took[len(took) // 2], 1), "p95_ms": round(took[int(len(took) * 0.95)], 1)}
ours = set(db.value("app", "select desk.codes_of(%s, %s)", [local, who.person_id]))
inside = {r["code"] for r in db.rows("backup", "select distinct code from desk.search_key where scope_code = any (%s)", [sorted(ours)])}
readable = {str(r["signal"]) for r in db.rows("backup", "select signal from surveillance.signal_reader where scope_ltla = any (%s)", [sorted(ours)])}
outside, asked = 0, 0
while asked < attempts:
    text = typed()
    words = [w.lower() for w in search.WORD.findall(text)] or ["le"]
    rows = db.rows("app", "select * from desk.find_places(%s, %s, %s::text[], 50)", [local, who.person_id, words])
    rows += db.rows("app", "select * from desk.find_postcodes(%s, %s, %s, 50)", [local, who.person_id, "".join(text.upper().split())])
    outside += sum(r["scope_code"] not in ours or (r["kind"] != "postcode" and r["code"] not in inside) for r in rows)
    if "read_counts" in seat.permissions:
        hits = found_signals(search.Asked(f"signal {words[0]}" if asked % 2 else text, who, seat))
        outside += sum(hit.link.removeprefix("/signals/") not in readable for hit in hits)
    asked += 1
places = db.value("backup", "select count(distinct (kind, code)) from desk.search_key")
answer |= {"attempts": asked, "hits_out_of_scope": outside, "places": places, "typed": [typed() for _ in range(200)]}
print(json.dumps(answer))
"""


class _Sink(socketserver.StreamRequestHandler):
    """A mail server that takes everything."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline().rstrip(b"\r\n") != b".":
                    pass
            elif word == b"QUIT":
                self.wfile.write(b"221 goodbye\r\n")
                return
            self.wfile.write(b"250 yes\r\n")


@contextmanager
def mail_sink() -> Iterator[int]:
    """A server on loopback; gives its port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Sink) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def worker(place: Installation, **environment: str) -> Iterator[None]:
    """The worker that an installation runs, for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "commonweal", "worker"],
        env={**place.environment, **environment},
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(6)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


@click.command(help="A thousand offices told; search at scale and out of scope.")
@click.option("--offices", default=1000, show_default=True, help="0 leaves telling out.")
@click.option("--rows", default=5_000_000, show_default=True)
@click.option("--places", default=34_000, show_default=True)
@click.option("--searches", default=500, show_default=True)
@click.option("--attempts", default=10_000, show_default=True)
@click.option(
    "--at",
    type=click.Path(path_type=Path),
    help="Search in the filled installation of this folder (see `bench pages`).",
)
@click.option(
    "--fill-seconds", default=3600.0, show_default=True, help="Stop drawing after that; with --at, go on later."
)
@click.option("--json", "as_json", is_flag=True)
def desk(
    offices: int,
    rows: int,
    places: int,
    searches: int,
    attempts: int,
    at: Path | None,
    fill_seconds: float,
    as_json: bool,
) -> None:
    answer = {"load_average": os.getloadavg()[0], "offices": offices, "rows": rows, "processors": os.cpu_count()}
    if at is None:
        with installation() as place:
            answer |= telling(place, offices) if offices else {}
            visitors = sign_in(place)
            place.python(PLACES, str(places))
            if rows:
                place.run("intake", str(line_list(place, "many.csv", rows)), "--feed", FEED, quiet=True)
            answer |= searching(place, visitors, searches, attempts)
    else:
        with bare_installation(at=at) as place:
            filled(place, rows, fill_seconds)
            with_postcodes(place)
            answer |= searching(place, sign_in(place, ready=True), searches, attempts)
        if offices:  # the worker that it needs would begin a sweep of the nation there
            with installation() as place:
                answer |= telling(place, offices)
    answer["holds"] = (
        answer.get("all_sent_worst_s", 0) < 5
        and max(answer[each]["p95_ms"] for each in ("local", "national", "local_page", "national_page")) < 200
        and answer["hits_out_of_scope"] == 0
    )
    if as_json:
        click.echo(json.dumps(answer))
        return
    for name, value in answer.items():
        click.echo(f"{name.replace('_', ' ')}: {value}")


def telling(place: Installation, offices: int) -> dict[str, Any]:
    """So many offices told at once, three times, with a mail server that takes everything."""
    place.python(OFFICES, str(offices))
    with mail_sink() as port, worker(place, COMMONWEAL_WAY_EMAIL=f"smtp://127.0.0.1:{port}"):
        told = json.loads(place.python(TELL, str(offices), "3").output)
    click.echo(f"told: {json.dumps(told)}", err=True)  # a long run that is stopped has said what it knows
    return {"told_by_smtp": told, "all_sent_worst_s": max(each["all_sent_after_s"] for each in told)}


def with_postcodes(place: Installation) -> None:
    """Load the postcodes of one county where the installation has none: a nation's are not at hand."""
    if place.python(HAS_POSTCODES).output.strip() == "True":
        return
    shared = Path(os.environ.get("COMMONWEAL_SHARED", "../shared")) / "data" / "postcodes_le"
    if not shared.is_dir():
        raise NotThere(f"The reference data folder is not at {shared.parent.parent}; set COMMONWEAL_SHARED.")
    place.run("places", "load", *(str(path) for path in sorted(shared.glob("*.csv*"))), quiet=True)


def searching(place: Installation, visitors: Visitors, searches: int, attempts: int) -> dict[str, Any]:
    """Searches of both tiers by the function and by the page, of people, and what is found out of scope."""
    offices = visitors.local_office, visitors.national_office
    answer: dict[str, Any] = json.loads(place.python(SEARCH, *offices, str(searches), str(attempts)).output)
    took: dict[str, list[float]] = {"local_page": [], "national_page": []}
    typed = answer.pop("typed")
    with server(place) as site:
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        for at, text in enumerate(typed):
            pairs = [("local_page", visitors.local), ("national_page", visitors.national)][:: 1 if at % 2 else -1]
            for name, cookie in pairs:
                took[name].append(opened(connection, f"/search?q={quote(text)}", cookie))
    first = {f"{name}_first_ms": round(values[0], 1) for name, values in took.items()}
    return answer | first | {
        name: {"median_ms": round(quantile(values[1:], 0.5), 1), "p95_ms": round(quantile(values[1:], 0.95), 1)}
        for name, values in took.items()
    }  # fmt: skip
