"""kill -9 anywhere leaves all of a submission or none of it, and the balance closes."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from commonweal.apps.intake import queries, writing
from commonweal.core.errors import NotThere
from commonweal.server import provider

from .world import as_csv, record, send, send_file, stored

KILLS = 50
RECORDS = 150
# what a session shows of itself while it takes a submission in: nobody may read its statements
HOLDING_A_FEED = "from pg_locks where locktype = 'advisory' and classid = 4310 and granted"


class Sender:
    """The program that is killed, and how far the database has written ahead."""

    def __init__(self, space: str) -> None:
        program = Path(__file__).with_name("killed_sender.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), space, "lab-one"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._answer() == "ready"
        self._watch = psycopg.connect(provider.ensure_server(), autocommit=True)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def written(self) -> int:
        row = self._watch.execute("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
        assert row is not None
        return int(row[0])

    def take(self, path: Path, kill_after: int | None) -> tuple[str, int]:
        """Take a file in; kill it when this many bytes were written ahead. How it ended, and the bytes written."""
        start = self.written()
        assert self._process.stdin is not None
        print(path, file=self._process.stdin, flush=True)
        child = int(self._answer())
        deadline = time.monotonic() + 30
        while kill_after is not None and self.written() - start < kill_after and time.monotonic() < deadline:
            if not Path(f"/proc/{child}").exists():
                break
            time.sleep(0.001)
        if kill_after is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return self._answer(), self.written() - start

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._watch.close()


@pytest.fixture(scope="module")
def sender(space: str, tokens: dict[str, str]) -> Iterator[Sender]:
    program = Sender(space)
    yield program
    program.close()


def a_file(folder: Path, number: int) -> Path:
    path = folder / f"{number}.csv"
    rows = [
        record(
            record_id=f"K{number}-{place}",
            person_id=f"K{place % 150}",
            result="positive" if place % 7 == 0 else "negative",
            postcode="LE1 1AA" if place % 50 else "LE9 9ZZ",
            age_years=str(place % 130),
        )
        for place in range(RECORDS)
    ]
    path.write_bytes(as_csv(*rows))
    return path


def settled() -> None:
    """Wait until no session of a killed sender holds its feed."""
    for _ in range(2000):
        if not stored(f"select 1 {HOLDING_A_FEED}"):
            return
        time.sleep(0.005)
    raise AssertionError("a killed sender's session is still at work")


def what_is_there() -> tuple[int, int, int]:
    """Outcomes, results with sealed fields, counted results: of everything in the space."""
    row = stored(
        "select (select count(*) from intake.outcome) as outcomes,"
        " (select count(*) from record.result join identity.sealed s on s.result_id = id) as results,"
        " (select coalesce(sum(n), 0)::int from counts.delta where result <> 'case') as counted"
    )[0]
    return row["outcomes"], row["results"], row["counted"]


def test_fifty_kills_lose_nothing_and_double_nothing(sender: Sender, tmp_path: Path) -> None:
    chance = random.Random(1)
    how, whole = sender.take(a_file(tmp_path, 0), None)
    assert how == "ended 0"
    before = what_is_there()
    assert before[0] == RECORDS
    each = (RECORDS, before[1], before[2])
    kept = 0
    for number in range(1, KILLS + 1):
        sender.take(a_file(tmp_path, number), int(chance.uniform(0.02, 1.15) * whole))
        settled()
        after = what_is_there()
        assert after in (before, tuple(b + e for b, e in zip(before, each, strict=True)))
        kept += after != before
        before = after
    assert kept < KILLS, "nothing was killed in time"
    for number in range(1, KILLS + 1):
        send_file(tmp_path / f"{number}.csv")
    assert what_is_there() == tuple(count * (KILLS + 1) for count in each)
    lines = queries.sheet()
    assert all(line["closes"] for line in lines)
    assert queries.totals(lines).received == RECORDS * (KILLS + 1)
    cases = stored(
        "select count(*) as n from (select distinct on (case_id) withdrawn from record.case_version"
        " order by case_id, version desc) newest where not withdrawn"
    )[0]["n"]
    assert cases == len(
        {place % 150 for place in range(RECORDS) if place % 7 == 0 and place % 50 and place % 130 <= 120}
    )


def test_a_server_that_stops_half_way_is_named_and_nothing_is_there(tokens: dict[str, str]) -> None:
    before = what_is_there()
    failures: list[BaseException] = []

    def take() -> None:
        try:
            send(as_csv(*[record(record_id=f"S{place}") for place in range(20_000)]))
        except NotThere as error:
            failures.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    with psycopg.connect(provider.ensure_server(), autocommit=True) as watch:
        while thread.is_alive() and not failures:
            if watch.execute(f"select 1 {HOLDING_A_FEED}".encode()).fetchone():
                time.sleep(0.1)
                watch.execute(f"select pg_terminate_backend(pid) {HOLDING_A_FEED}".encode())
    thread.join()
    assert len(failures) == 1
    assert "Nothing was taken: send it again" in str(failures[0])
    assert what_is_there() == before


def test_a_full_disk_is_named_and_nothing_is_there(tokens: dict[str, str], space: str) -> None:
    """The server says 53100 in the middle of a submission, as it does when a write finds no room."""
    before = what_is_there()
    with psycopg.connect(provider.ensure_server(), dbname=provider.database_name(space), autocommit=True) as admin:
        admin.execute(
            "create function public.full_disk() returns trigger language plpgsql as $$ begin"
            " raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"
        )
        admin.execute("grant execute on function public.full_disk() to public; grant usage on schema public to public")
        admin.execute("create trigger full_disk before insert on intake.tally execute function public.full_disk()")
        try:
            with pytest.raises(
                NotThere, match="no room left .*No space left on device.* Nothing was taken: free space"
            ):
                send(as_csv(record(record_id="D1")))
        finally:
            admin.execute("drop trigger full_disk on intake.tally")
    assert what_is_there() == before
    assert send(as_csv(record(record_id="D1"))).balance.accepted == 1


@pytest.mark.parametrize(("way", "plain_rows"), [("steps", writing.PLAIN_ROWS), ("plain", 1)])
def test_two_feeds_at_once_agree_on_persons(
    tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch, way: str, plain_rows: int
) -> None:
    """Both send the same people at the same time; each person is one, whoever was first."""
    monkeypatch.setattr(writing, "PLAIN_ROWS", plain_rows)
    month = {"steps": 4, "plain": 5}[way]

    def take(feed: str) -> None:
        from django.db import connections

        try:
            for batch in range(6):
                rows = [
                    record(
                        record_id=f"C{way}{batch}-{n}",
                        person_id=f"{feed}-{way}-{n}",
                        full_name=f"Person {way} {'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}",
                        date_of_birth="1980-01-01",
                        result="positive",
                        specimen_date=f"2020-{month:02d}-{1 + batch:02d}",
                    )
                    for n in range(100)
                ]
                send(as_csv(*rows), feed)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(feed,)) for feed in ("lab-one", "lab-two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people = stored(
        "select count(distinct c.root) as people, count(*) as results from record.result r"
        " join identity.component c on c.id = r.person_id where extract(month from r.specimen_date) = %s",
        [month],
    )[0]
    assert people == {"people": 100, "results": 1200}
    cases = stored(
        "select count(*) as n from (select distinct on (case_id) withdrawn, episode_start from record.case_version"
        " order by case_id, version desc) c where not withdrawn and extract(month from episode_start) = %s",
        [month],
    )[0]["n"]
    assert cases == 100
