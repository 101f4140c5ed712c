"""A sweep of England over drawn results, and from 1,000 results sent to the signal on the pages of both tiers."""

from __future__ import annotations

import http.client
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.installation import FEED, Installation, bare_installation
from benchmarks.nation import nation
from benchmarks.people import Visitors, sign_in
from benchmarks.serving import server
from commonweal.core.errors import NotThere

CITY = "E06000016"
RESULTS, POSITIVE_A_DAY, DAYS = 1000, 8, 3
MOST_SECONDS = 240.0
LOOK_EVERY = 0.25

CURRENT = """
from commonweal.site.installation import open_space
open_space("live")
"""
# Whether every place was swept this morning already: the measurement is run again on the same installation.
SWEPT = """
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
print(db.value("backup", "select exists (select from surveillance.sweep where source = 'counts' and touched is null"
               " and morning = (commonweal.now() at time zone 'Europe/London')::date)"))
"""
TOKEN = """
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.apps.intake import feeds
print(feeds.rotate("bench"))
"""
# A postcode in each of four small areas of the city that lie side by side, and one in each of many others around it. Each
# round begins at another small area: what an earlier round raised goes on as its own signal.
HOMES = """
import json, sys
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
near = db.rows("app", "with placed as (select distinct on (s.base_lsoa) s.base_lsoa, a.easting, a.northing, p.pcd from places.lsoa_scope s"
               " join places.area_now a on a.code = s.base_lsoa and a.level = 'lsoa' join places.postcode_current p on p.lsoa_code = s.base_lsoa"
               " and not p.terminated where s.scope_code = %s order by s.base_lsoa, p.pcd),"
               " middle as (select * from placed where base_lsoa not in (select unnest(members) from surveillance.signal_change)"
               "   order by md5(base_lsoa || %s) limit 1)"
               " select p.pcd, p.base_lsoa from placed p, middle m order by (p.easting - m.easting)^2 + (p.northing - m.northing)^2 limit 4", [sys.argv[1], sys.argv[2]])
far = db.rows("app", "select distinct on (p.lsoa_code) p.pcd from places.postcode_current p where p.scope_ltla is not null and not p.terminated"
              " order by p.lsoa_code, p.pcd")
print(json.dumps({"near": [r["pcd"] for r in near], "areas": [r["base_lsoa"] for r in near], "far": [r["pcd"] for r in far]}))
"""
# When what was sent became known, how long the sweep that saw it looked, when what it found was kept. What lies between is
# waiting for the sweep to begin (it looks every ten seconds, and rests after a sweep as long as that took) and writing.
STAGES = """
import json, sys
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
row = db.one("backup", "select t.known_at as committed, w.seconds, k.known_at as kept, w.touched, w.cost, w.id"
             " from ledger.tick t join intake.submission s on s.tick_id = t.id, surveillance.signal_change c"
             " join surveillance.sweep w on w.id = c.sweep_id join ledger.tick k on k.id = w.tick_id"
             " where s.id = %s and c.signal = %s and w.as_of >= t.known_at order by c.step limit 1",
             [int(sys.argv[1]), int(sys.argv[2])])
size = db.one("backup", "select (select count(*) from ledger.tick) as ticks, (select count(*) from counts.delta) as changes")
print(json.dumps({**{k: (v.timestamp() if hasattr(v, "timestamp") else v) for k, v in row.items()}, **size}))
"""


@dataclass
class Seen:
    """When a tier's page first had the signal, and which one it was: a new one, or one that was there and went on."""

    number: int | None = None
    at: float = 0.0
    known: set[tuple[int, str]] = field(default_factory=set)


def with_database(rows: int, fill_seconds: float, at: Path | None) -> dict[str, Any]:
    """Fill, sweep all of England, then send results to the running service and wait for the signal on its pages."""
    with bare_installation(at=at) as place:
        place.python(CURRENT)
        if not (place.folder / "filled").exists():
            nation(place, rows, fill_seconds)
            (place.folder / "filled").touch()
        _postcodes(place)
        whole = {} if place.python(SWEPT).output.split()[-1] == "True" else _whole(place)
        visitors = sign_in(place, ready=True, area=CITY)
        token = place.python(TOKEN).output.strip().splitlines()[-1]
        homes = json.loads(place.python(HOMES, CITY, str(time.time())).output.strip().splitlines()[-1])
        with server(place, worker=True) as site:
            warm = _warm(site.port, token, visitors, homes)
            touched = _measured(place, site.port, token, visitors, homes)
    return {"rows": rows, **whole, "first_touched_sweep_seconds": warm, "touched": touched}


def _whole(place: Installation) -> dict[str, Any]:
    """Every place of England, from the command line."""
    ran = place.run("sweep", "--source", "counts", "--json", "--workers", "2")
    answer = ran.json
    return {
        "sweep_seconds": round(ran.seconds, 1), "sweep_phases": answer["cost"], "sweep_findings": answer["findings"],
        "sweep_gigabytes": round(ran.peak_bytes / 2**30, 2),
    }  # fmt: skip


def _postcodes(place: Installation) -> None:
    """Results come with postcodes: those around the city are loaded, once."""
    if (place.folder / "postcodes").exists():
        return
    path = Path(os.environ.get("COMMONWEAL_SHARED", "../shared")) / "data" / "postcodes_le" / "postcodes_le.csv.gz"
    if not path.is_file():
        raise NotThere(f"The postcodes around the city are not at {path}; set COMMONWEAL_SHARED.")
    place.run("places", "load", str(path), quiet=True)
    (place.folder / "postcodes").touch()


def _warm(port: int, token: str, visitors: Visitors, homes: dict[str, list[str]]) -> float:
    """Seconds from the first result sent to a worker that just began until a sweep that saw it; areas are read once."""
    before = _newest_sweep(port, visitors.local)
    began = time.monotonic()
    _send(port, token, [_record(f"warm-{time.time()}", homes["far"][0], "negative", 0)])
    while _newest_sweep(port, visitors.local) == before:
        if time.monotonic() - began > MOST_SECONDS:
            raise RuntimeError(f"the worker swept nothing in {MOST_SECONDS:.0f} s after a result was sent")
        time.sleep(LOOK_EVERY)
    return round(time.monotonic() - began, 1)


def _measured(
    place: Installation, port: int, token: str, visitors: Visitors, homes: dict[str, list[str]]
) -> dict[str, Any]:
    """Send the results, wait until both tiers' pages open the new signal, and say how long each stage took."""
    cookies = {"local": visitors.local, "national": visitors.national}
    seen = {tier: Seen(known=_steps(port, cookie, homes["areas"])) for tier, cookie in cookies.items()}
    began = time.time()
    receipt = _send(port, token, _records(homes))
    answered = time.time()
    while any(each.number is None for each in seen.values()):
        if time.time() - answered > MOST_SECONDS:
            raise RuntimeError(f"no signal after {MOST_SECONDS:.0f} s; {receipt}")
        for tier, cookie in cookies.items():
            _look(port, cookie, seen[tier], homes["areas"])
        time.sleep(LOOK_EVERY)
    number = seen["local"].number
    stages = json.loads(place.python(STAGES, str(receipt["submission"]), str(number)).output.strip().splitlines()[-1])
    visible = {tier: each.at for tier, each in seen.items()}
    return {
        "sent": receipt["received"], "accepted": receipt["accepted"], "signal": number,
        "same_signal": len({each.number for each in seen.values()}) == 1, "authorities_swept": len(stages["touched"] or ()),
        "ticks": stages["ticks"], "changes_of_counts": stages["changes"],
        "seconds_sent_to_committed": round(stages["committed"] - began, 2),
        "seconds_looked": round(stages["seconds"], 2), "looked": stages["cost"],
        "seconds_waited_and_kept": round(stages["kept"] - stages["committed"] - stages["seconds"], 2),
        "seconds_kept_to_visible_local": round(visible["local"] - stages["kept"], 2),
        "seconds_kept_to_visible_national": round(visible["national"] - stages["kept"], 2),
        "seconds_committed_to_visible": round(max(visible.values()) - stages["committed"], 2),
    }  # fmt: skip


def _look(port: int, cookie: str, seen: Seen, areas: list[str]) -> None:
    if seen.number is not None:
        return
    for number, _ in sorted(_steps(port, cookie, areas) - seen.known):
        _get(port, f"/signals/{number}", cookie)  # the page itself, or an error
        seen.number, seen.at = number, time.time()
        return


def _steps(port: int, cookie: str, areas: list[str]) -> set[tuple[int, str]]:
    """The signals of the city that hold one of the small areas, each with the time of its newest change."""
    answer = json.loads(_get(port, f"/api/v1/signals?place={CITY}&limit=200", cookie))
    return {(item["number"], item["changed_at"]) for item in answer["items"] if set(areas) & set(item["members"])}


def _newest_sweep(port: int, cookie: str) -> int:
    return int(json.loads(_get(port, "/api/v1/sweeps?limit=1", cookie))["items"][0]["number"])


def _get(port: int, path: str, cookie: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
    return body


def _send(port: int, token: str, records: list[dict[str, object]]) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/feeds/{FEED}/results", json.dumps(records), headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status not in (200, 201):
        raise RuntimeError(f"the results were answered with {answer.status}: {body[:300]!r}")
    receipt: dict[str, Any] = json.loads(body)
    return receipt


def _records(homes: dict[str, list[str]]) -> list[dict[str, object]]:
    """A thousand results of three days: an outbreak in four small areas side by side, and negatives all around."""
    name = f"{time.time():.0f}"
    made = [
        _record(f"{name}-p-{place}-{back}-{each}", home, "positive", back)
        for place, home in enumerate(homes["near"]) for back in range(DAYS) for each in range(POSITIVE_A_DAY)
    ]  # fmt: skip
    far = homes["far"]
    left = RESULTS - len(made)
    return made + [_record(f"{name}-n-{k}", far[k * 7 % len(far)], "negative", k % DAYS) for k in range(left)]


def _record(key: str, home: str, result: str, days_back: int) -> dict[str, object]:
    now = datetime.now(UTC)
    taken = now - timedelta(days=days_back, minutes=90)
    return {
        "record_id": key, "person_id": key, "age_years": 40, "sex": "female", "postcode": home, "revision": 1,
        "postcode_source": "given_at_test", "pillar": "pillar2", "test_route": "home_kit", "test_type": "pcr",
        "result": result, "specimen_date": f"{taken:%Y-%m-%dT%H:%MZ}",
        "reported_at": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
