"""Files whose taker is killed with SIGKILL at random points: all of a file is there or none of it, and nothing twice.

The points are spread over the bytes that the database writes ahead for a whole file. Afterwards every file is sent again,
as a sender would, and everything must be there exactly once, with a balance that closes.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import click

from benchmarks.installation import FEED, Installation, installation, line_list, number_log, problems_of

SENDER = Path(__file__).parents[1] / "tests" / "integration" / "intake" / "killed_sender.py"
# what a session shows of itself while it takes a submission in
HOLDING_A_FEED = "select 1 from pg_locks where locktype = 'advisory' and classid = 4310 and granted"
HELD = """
select (select count(*) from intake.outcome), (select count(*) from record.result r join identity.sealed s on s.result_id = r.id),
       (select count(*) from record.record_key), (select coalesce(sum(n), 0) from intake.tally),
       (select count(*) from intake.submission), (select count(*) from intake.outcome o
         where not exists (select from intake.submission s where s.id = o.submission_id))"""
MIRROR = """
import sys, json, psycopg
from commonweal.server import provider
with psycopg.connect(provider.ensure_server(), dbname=provider.database_name("live"), autocommit=True) as connection:
    for line in sys.stdin:
        print(json.dumps([list(map(int, row)) for row in connection.execute(json.loads(line)).fetchall()]), flush=True)
"""


class Program:
    """A program of the installation that answers a line with a line."""

    def __init__(self, place: Installation, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            env=place.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Database:
    """Numbers as the superuser sees them."""

    def __init__(self, place: Installation) -> None:
        self._program = Program(place, "-c", MIRROR)

    def rows(self, sql: str) -> list[list[int]]:
        self._program.say(json.dumps(sql))
        answer: list[list[int]] = json.loads(self._program.hear())
        return answer

    def written(self) -> int:
        return self.rows("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")[0][0]

    def settle(self) -> None:
        while self.rows(HOLDING_A_FEED):
            time.sleep(0.005)

    def close(self) -> None:
        self._program.close()


@click.command(help="Random kill -9 while files are taken in: nothing lost, nothing doubled.")
@click.option("--kills", default=200, show_default=True)
@click.option("--rows", default=600, show_default=True, help="Records a file.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def kills(kills: int, rows: int, seed: int, as_json: bool) -> None:
    with installation(scale=0.05) as place:
        answer = measure(place, kills, rows, random.Random(seed))
    click.echo(json.dumps(answer, indent=None if as_json else 2))
    if answer["lost"] or answer["doubled"] or answer["halves"] or answer["check_problems"]:
        raise SystemExit(1)


def measure(place: Installation, kills: int, rows: int, chance: random.Random) -> dict[str, object]:
    """Kill, look, and send everything again; returns what was lost, doubled or left in half, and the balance."""
    # some files are taken in before their kill comes, so there are more files than kills
    files = split(line_list(place, "lines.csv", rows * (1 + kills + kills // 2)), rows)
    sender, database = Program(place, str(SENDER), "live", FEED), Database(place)
    assert sender.hear() == "ready"
    _, whole = take(sender, database, files[0], None)
    start, killed, halves, before = time.perf_counter(), 0, 0, database.rows(HELD)[0]
    used = 1
    while killed < kills and used < len(files):
        path, used = files[used], used + 1
        how, _ = take(sender, database, path, int(chance.uniform(0.02, 1.15) * whole))
        database.settle()
        after = database.rows(HELD)[0]
        submissions = after[4] - before[4]
        halves += after[0] - before[0] != rows * submissions or after[5] > 0 or after[3] != after[0]
        killed += how == "killed"
        before = after
    survived = before[4] - 1
    for path in files[1:used]:
        take(sender, database, path, None)
    last = database.rows(HELD)[0]
    sender.close()
    database.close()
    sheet = place.run("balance", "--json", quiet=True).json
    number_log(place)
    sent = rows * used
    return {
        "kills": killed,
        "files": used - 1,
        "whole_before_the_kill": survived,
        "halves": halves,
        "sent": sent,
        "stored_outcomes": last[0],
        "lost": max(sent - last[0], 0),
        "doubled": max(last[0] - sent, 0) + abs(last[1] - last[2]),
        "balance": sheet,
        "check_problems": problems_of(place),
        "seconds": round(time.perf_counter() - start, 1),
    }


def take(sender: Program, database: Database, path: Path, kill_after: int | None) -> tuple[str, int]:
    """Take a file in; kill it when so many bytes were written ahead. How it ended, and the bytes written."""
    start = database.written()
    sender.say(str(path))
    child = int(sender.hear())
    while kill_after is not None and Path(f"/proc/{child}").exists() and database.written() - start < kill_after:
        time.sleep(0.0005)
    if kill_after is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return sender.hear(), database.written() - start


def split(path: Path, rows: int) -> list[Path]:
    """The file cut into files of so many records."""
    header, *lines = path.read_text().splitlines(keepends=True)
    answer = []
    for number, start in enumerate(range(0, len(lines), rows)):
        part = path.with_name(f"part-{number}.csv")
        part.write_text(header + "".join(lines[start : start + rows]))
        answer.append(part)
    return answer
