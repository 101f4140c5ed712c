"""Single records by HTTP from four senders, and how long each takes to reach fifty open pages."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import click

from benchmarks.browser import chromium, open_pages, seen
from benchmarks.installation import FEED, Installation, installation
from benchmarks.people import Visitors, sign_in
from benchmarks.serving import quantile, server

TICKS = """
import json
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
print(json.dumps([r["known_at"].timestamp() for r in db.rows("app", "select t.known_at from ledger.tick t join intake.submission s on s.tick_id = t.id where s.channel = 'http' group by 1 order by 1")]))
"""
TOKEN = """
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.apps.intake import feeds
print(feeds.rotate("bench"))
"""
HOME = """
import sys
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
print(db.value("app", "select pcd from places.postcode_current where scope_ltla = %s order by md5(pcd) limit 1", [sys.argv[1]]))
"""
STORED = """
import json
from datetime import datetime, timezone
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.apps.intake import latency
print(json.dumps(latency.of_last_hour(datetime.now(timezone.utc))))
"""
BARE = """
import json, threading, time, psycopg
from commonweal.server import provider
dsn = provider.ensure_server()
with psycopg.connect(dsn, autocommit=True) as c:
    c.execute("create table if not exists bare_commit (n int)")
done = []
def work():
    n = 0
    with psycopg.connect(dsn, autocommit=True) as c:
        while time.monotonic() < end:
            c.execute("insert into bare_commit values (1)"); n += 1
    done.append(n)
end = time.monotonic() + 3
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
with psycopg.connect(dsn, autocommit=True) as c:
    c.execute("drop table bare_commit")
print(sum(done) / 3)
"""


OPEN_SECONDS = 90.0
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


@dataclass
class Reader:
    """One open page: when each event came, and up to which instant it told."""

    tier: str
    seen: list[tuple[float, float]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)


@click.command(help="Single records by HTTP, and from commit to the open page.")
@click.option("--seconds", default=30.0, show_default=True)
@click.option("--readers", default=50, show_default=True, help="Open pages; the first few are real ones in Chromium.")
@click.option("--browsers", default=4, show_default=True, help="How many of them are, where Chromium is installed.")
@click.option("--senders", default=4, show_default=True)
@click.option("--rate", default=200.0, show_default=True, help="Records a second while pages are open.")
@click.option("--json", "as_json", is_flag=True)
def live(seconds: float, readers: int, browsers: int, senders: int, rate: float, as_json: bool) -> None:
    with installation(scale=0.2) as place:
        visitors = sign_in(place)
        home = place.python(HOME, visitors.area).output.strip().splitlines()[-1]
        token = place.python(TOKEN).output.strip().splitlines()[-1]
        bare = float(place.python(BARE).output)
        with server(place) as site:
            send_for(site.port, token, 2, senders, None, "warm", home)
            alone = send_for(site.port, token, seconds, senders, None, "a", home)
            sending = Sending(token, seconds, senders, rate, home)
            watched = watch(place, site.port, visitors, sending, readers, browsers if chromium() else 0)
            memory = site.peak_mebibytes
        stored = json.loads(place.python(STORED).output)
    answer = {
        "records_a_second": round(alone["rate"]),
        "p50_ms": alone["p50_ms"],
        "p95_ms": alone["p95_ms"],
        "failed": alone["failed"],
        "bare_commits_a_second": round(bare),
        "ratio_to_bare_commits": round(alone["rate"] / bare, 3),
        "watched": watched,
        "stored_by_the_product": stored,
        "server_peak_mebibytes": memory,
    }
    click.echo(json.dumps(answer, indent=None if as_json else 2))


@dataclass(frozen=True)
class Sending:
    """What is sent while pages are open."""

    token: str
    seconds: float
    senders: int
    rate: float
    home: str


class Line:
    """A kept connection of a sender that costs next to nothing, since it shares the measured machine."""

    def __init__(self, port: int, path: str, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    def post(self, body: bytes) -> int:
        """Send a body and read the whole answer; returns its status."""
        self._socket.sendall(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))
        answer = b""
        while not _is_whole(answer):
            piece = self._socket.recv(65_536)
            if not piece:
                raise RuntimeError(f"the server closed the connection after {answer[:200]!r}")
            answer += piece
        return int(answer[9:12])

    def close(self) -> None:
        self._socket.close()


def _is_whole(answer: bytes) -> bool:
    head, found, content = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return len(content) >= int(length[1]) if length else content.endswith(b"0\r\n\r\n")


def send_for(
    port: int, token: str, seconds: float, senders: int, rate: float | None, name: str, home: str
) -> dict[str, float]:
    """Send single records over kept connections; `rate` paces all senders together, None sends as fast as answered."""
    times: list[float] = []
    failed: list[int] = []
    begin = time.monotonic()

    def sender(number: int) -> None:
        line = Line(port, f"/api/v1/feeds/{FEED}/results", token)
        count = 0
        while time.monotonic() - begin < seconds:
            if rate is not None:
                due = begin + count * senders / rate
                time.sleep(max(0.0, due - time.monotonic()))
            body = json.dumps(a_record(f"{name}-{number}-{count}", home)).encode()
            start = time.perf_counter()
            status = line.post(body)
            times.append((time.perf_counter() - start) * 1000)
            if status not in (200, 201):
                failed.append(status)
            count += 1
        line.close()

    threads = [threading.Thread(target=sender, args=(number,)) for number in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "rate": len(times) / (time.monotonic() - begin),
        "p50_ms": round(quantile(times, 0.5), 1),
        "p95_ms": round(quantile(times, 0.95), 1),
        "failed": len(failed),
    }


def watch(
    place: Installation, port: int, visitors: Visitors, sending: Sending, readers: int, browsers: int
) -> dict[str, object]:
    """Open pages, send, and compare the instants at which ticks became known with those at which pages showed them."""
    cookies = {"local": visitors.local, "national": visitors.national}
    pages = [Reader("local" if number % 2 else "national") for number in range(readers)]
    real, streams = pages[:browsers], pages[browsers:]
    opening, ended = time.monotonic(), threading.Event()
    threads = [
        threading.Thread(target=_read, args=(port, cookies[page.tier], visitors.area, page, ended), daemon=True)
        for page in streams
    ]
    for thread in threads:
        thread.start()
    for page in streams:
        if not page.open.wait(OPEN_SECONDS):
            raise RuntimeError(f"not all of {readers} pages were open after {OPEN_SECONDS:.0f} s")
    address = f"http://127.0.0.1:{port}/my-area?place={visitors.area}"
    window = open_pages(address, [cookies[page.tier] for page in real], sending.seconds + 5) if real else None
    if window is not None and window.stdout is not None:
        window.stdout.readline()
    opened = time.monotonic() - opening
    start = time.time()
    sent = send_for(port, sending.token, sending.seconds, sending.senders, sending.rate, "w", sending.home)
    time.sleep(2)
    ended.set()
    if window is not None:
        for page, found in zip(real, seen(window), strict=True):
            page.seen += found
    ticks = json.loads(place.python(TICKS).output)
    ticks = [tick for tick in ticks if start <= tick <= start + sending.seconds]
    shown = _compared(pages, ticks)
    return {
        "sent_a_second": round(sent["rate"]),
        "send_p95_ms": sent["p95_ms"],
        "readers": readers,
        "of_them_in_chromium": len(real),
        "seconds_to_open_all": round(opened, 1),
        "ticks": len(ticks),
        **shown,
        "in_chromium": _compared(real, ticks) if real else None,
    }


def _compared(pages: list[Reader], ticks: list[float]) -> dict[str, object]:
    """Seconds from commit to page for each tick and page, by tier; and how many were not seen at all."""
    delays: dict[str, list[float]] = {"local": [], "national": []}
    missed = 0
    for page in pages:
        seen_there, place_in = sorted(page.seen), 0
        for tick in ticks:
            while place_in < len(seen_there) and seen_there[place_in][1] < tick:
                place_in += 1
            if place_in == len(seen_there):
                missed += 1
            else:
                delays[page.tier].append(seen_there[place_in][0] - tick)
    found = {tier: round(quantile(values, 0.95), 3) for tier, values in delays.items() if values}
    middle = {tier: round(quantile(values, 0.5), 3) for tier, values in delays.items() if values}
    return {
        "visible_p50_seconds": middle,
        "visible_p95_seconds": found,
        "local_to_national": round(found["local"] / found["national"], 3) if len(found) == 2 else None,
        "not_seen_by_the_end": missed,
    }


def _read(port: int, cookie: str, area: str, page: Reader, ended: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=OPEN_SECONDS)
    connection.request("GET", f"/my-area?place={area}", headers={"Cookie": cookie})
    text = connection.getresponse().read().decode()
    address = re.search(r'data-live="([^"]+)"', text) or re.search(r'"(/my-area/live[^"]*)"', text)
    if address is None:
        raise RuntimeError(f"the page of {area} has no live address: {text[:300]}")
    connection.request("GET", address.group(1).replace("&amp;", "&"), headers={"Cookie": cookie})
    answer = connection.getresponse()
    page.open.set()
    while not ended.is_set():
        line = answer.readline().decode()
        if line.startswith("id: "):
            page.seen.append((time.time(), datetime.fromisoformat(line[4:].strip()).timestamp()))


def a_record(key: str, home: str) -> dict[str, object]:
    """One good record at a home of the fictional city."""
    return {
        "record_id": key, "person_id": key, "age_years": 40, "sex": "female", "postcode": home, "revision": 1,
        "postcode_source": "given_at_test", "pillar": "pillar2", "test_route": "home_kit", "test_type": "pcr",
        "result": "positive" if hash(key) % 10 == 0 else "negative", "specimen_date": f"{YESTERDAY}T10:00",
        "reported_at": f"{YESTERDAY}T23:00:00Z",
    }  # fmt: skip
