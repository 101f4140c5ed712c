"""kill -9 while series are loaded leaves all of a file or none of it; the next load completes; two at once are one."""

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
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from commonweal.apps.surveillance import actions, queries
from commonweal.server import provider

from . import city

METRIC = "cases_by_specimen_date"
FIRST, DAYS, PLACES, KILLS = date(2021, 2, 1), 60, 40, 10
REAL = "data/dashboard_csv_samples/coronavirus-cases_latest_2020-08-17_v3.csv.gz"
LOADING = "select 1 as n from pg_locks where locktype = 'advisory' and objid = 4311"
HELD = """
select (select count(*) from surveillance.dataset)::int as files, (select count(*) from surveillance.value)::int as rows,
       (select coalesce(sum(new_count), 0) from surveillance.dataset)::int as entered,
       (select count(*) from surveillance.value v where not exists
         (select from surveillance.dataset d join ledger.tick t on t.id = d.tick_id where d.id = v.dataset_id))::int as lost
"""


class Loader:
    """The program that is killed, and how far the database has written ahead."""

    def __init__(self, space: str) -> None:
        program = Path(__file__).with_name("killed_loader.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), space], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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

    def load(self, path: Path, after_seconds: float = 60.0, after_bytes: int = sys.maxsize) -> tuple[str, float, int]:
        """Load a file; kill it when so long has passed or so much was written ahead. How it ended, time, bytes."""
        start, began = self.written(), time.monotonic()
        assert self._process.stdin is not None
        print(path, file=self._process.stdin, flush=True)
        child = int(self._answer())
        status = Path(f"/proc/{child}/stat")
        while time.monotonic() - began < after_seconds and self.written() - start < after_bytes:
            if not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                break
            time.sleep(0.001)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self._answer(), time.monotonic() - began, self.written() - start

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._watch.close()


@pytest.fixture
def loader(fresh_space: str) -> Iterator[Loader]:
    program = Loader(fresh_space)
    yield program
    program.close()


def settled() -> dict[str, int]:
    """What is there once no session of a killed program loads any more."""
    for _ in range(2000):
        if not city.rows(LOADING):
            (held,) = city.rows(HELD)
            return held
        time.sleep(0.005)
    raise AssertionError("a killed program's session is still at work")


def cases(number: int, place: int, back: int) -> int:
    return 100 * number + place + back


def a_file(folder: Path, number: int) -> Path:
    """Publication `number` of a daily series: every day of every place is said anew."""
    published = FIRST + timedelta(days=DAYS + number)
    rows = [
        f"E070{place:05d},{FIRST + timedelta(days=back)},{METRIC},{cases(number, place, back)},{published}"
        for place in range(PLACES)
        for back in range(DAYS)
    ]
    path = folder / f"{number}.csv"
    path.write_text("\n".join(["place,date,metric,value,published_at", *rows]))
    return path


def test_a_killed_load_leaves_all_or_nothing_and_the_next_one_completes(loader: Loader, tmp_path: Path) -> None:
    chance = random.Random(4)
    how, seconds, written = loader.load(a_file(tmp_path, 0))
    assert how == "ended 0"
    before, each = settled(), {"files": 1, "rows": PLACES * DAYS, "entered": PLACES * DAYS, "lost": 0}
    assert before == each
    kept = 0
    for number in range(1, KILLS + 1):
        moment = chance.uniform(0.1, 1.0) * seconds if number % 2 else 60.0
        loader.load(a_file(tmp_path, number), moment, int(chance.uniform(0.02, 1.1) * written))
        after = settled()
        assert after in (before, {name: before[name] + each[name] for name in each}), number
        kept += after != before
        before = after
    assert kept < KILLS, "nothing was killed in time"
    for number in range(1, KILLS + 1):
        (loaded,) = actions.load_series([tmp_path / f"{number}.csv"])
        assert loaded.replayed or loaded.new == PLACES * DAYS
    assert settled() == {name: count * (KILLS + 1) for name, count in each.items()}
    for number in range(KILLS + 1):
        rows = queries.values(METRIC, ["E07000003"], as_of=FIRST + timedelta(days=DAYS + number))
        assert [row["low"] for row in rows] == [cases(number, 3, back) for back in range(DAYS)]


def test_a_published_file_that_was_killed_is_loaded_as_if_it_had_not_been(loader: Loader, shared: Path) -> None:
    path = shared / REAL
    for share in (0.2, 0.5, 0.7):  # of a second: it takes about one
        loader.load(path, share)
        held = settled()
        assert (held["files"], held["rows"] > 0) in ((0, False), (1, True))
    (loaded,) = actions.load_series([path])
    (entered,) = city.rows("select row_count, new_count from surveillance.dataset")
    held = settled()
    assert loaded.rows == entered["row_count"] == entered["new_count"] == held["rows"]
    assert held["files"] == 1


def test_the_same_file_loaded_twice_at_once_is_one_file_and_one_replay(fresh_space: str, tmp_path: Path) -> None:
    path = a_file(tmp_path, 0)
    found: list[actions.Loaded] = []
    failed: list[BaseException] = []
    ready = threading.Barrier(2)

    def load() -> None:
        ready.wait()
        try:
            found.extend(actions.load_series([path]))
        except BaseException as error:
            failed.append(error)

    both = [threading.Thread(target=load) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert not failed
    assert sorted(each.replayed for each in found) == [False, True]
    assert settled()["files"] == 1
