"""A million-row line list through `intake`, against COPY of the same values into the same tables, in one run.

Two yardsticks: COPY of every value that intake wrote into an untouched copy of the same tables (keys, indexes,
partitions, policies and triggers in force), and COPY of the file into one bare table of text columns.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from benchmarks.installation import FEED, Installation, installation, line_list, number_log, problems_of

# every table that taking a line list in writes to, parents before children
COPY_ALL = """
import json, os, sys, time
import psycopg
from commonweal.server import provider, spaces
source, target, folder = sys.argv[1:4]
dsn = provider.ensure_server()
def tables(connection):
    return [r[0] for r in connection.execute(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('intake', 'record', 'identity', 'counts', 'ledger')"
        " order by n.nspname = 'ledger' desc, c.relname in ('feed', 'submission') desc, c.relname = 'feed' desc, 1")]
rows, size, names = 0, 0, []
with psycopg.connect(dsn, dbname=provider.database_name(source)) as old, psycopg.connect(dsn, dbname=provider.database_name(target)) as new:
    skip = {t for t in tables(new) if new.execute(f"select exists (select from {t})").fetchone()[0]}
    for table in tables(old):
        if table in skip:
            continue
        n = old.execute(f"select count(*) from {table}").fetchone()[0]
        if n:
            query = f"(select * from {table})"
            with open(f"{folder}/{table}.copy", "wb") as out, old.cursor().copy(f"copy {query} to stdout") as copy:
                for block in copy:
                    out.write(block)
            names.append(table); rows += n; size += os.path.getsize(f"{folder}/{table}.copy")
    tick = new.execute("select ledger.begin_tick()").fetchone()[0]
    new.execute("select commonweal.make_month_partition('record.result', commonweal.now()::date)")
    for (submission,) in old.execute("select id from intake.submission").fetchall():
        new.execute("insert into intake.opened_submission values (%s)", [submission])
    start = time.perf_counter(); seconds = {}
    for table in names:
        begin = time.perf_counter()
        generated = new.execute("select exists (select from pg_attribute where attrelid = %s::regclass and attidentity = 'a')", [table]).fetchone()[0]
        with new.cursor().copy(f"copy {table} from stdin") as copy, open(f"{folder}/{table}.copy", "rb") as source_file:
            while block := source_file.read(1 << 20):
                copy.write(block)
        seconds[table] = round(time.perf_counter() - begin, 2)
    new.execute("delete from intake.opened_submission")
    new.execute("delete from ledger.opened_tick where id = %s", [tick])
    new.commit()
    total = time.perf_counter() - start
print(json.dumps({"seconds": round(total, 2), "rows": rows, "bytes": size, "tables": seconds}))
"""
BARE = """
import json, sys, time
import psycopg
from commonweal.server import provider
space, path = sys.argv[1:3]
with psycopg.connect(provider.ensure_server(), dbname=provider.database_name(space)) as c, open(path, "rb") as f:
    columns = f.readline().decode().strip().split(",")
    c.execute("create table public.bare (" + ", ".join(f'"{name}" text' for name in columns) + ")")
    start = time.perf_counter()
    with c.cursor().copy("copy public.bare from stdin (format csv)") as copy:
        while block := f.read(1 << 20):
            copy.write(block)
    c.commit()
    print(json.dumps({"seconds": round(time.perf_counter() - start, 2)}))
    c.execute("drop table public.bare")
"""
CLONE = """
import sys
from commonweal.server import spaces
spaces.create_database(sys.argv[2], template=sys.argv[1])
"""


@click.command(help="A million records through intake, against COPY of the same values.")
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--file", "given", type=click.Path(exists=True, path_type=Path), help="A line list of your own instead.")
@click.option("--json", "as_json", is_flag=True)
def intake(rows: int, given: Path | None, as_json: bool) -> None:
    with installation() as place:
        answer = measure(place, given or line_list(place, "lines.csv", rows))
    click.echo(json.dumps(answer, indent=None if as_json else 2))


def measure(place: Installation, path: Path) -> dict[str, object]:
    """Take the file in twice and copy the same values; returns rates, ratios, stage seconds and peak memory."""
    place.python(CLONE, "live", "yardstick")
    first = place.run("intake", str(path), "--feed", FEED, "--json", allow=(0, 1), quiet=True)
    again = place.run("intake", str(path), "--feed", FEED, "--json", allow=(0, 1), quiet=True)
    (place.folder / "copies").mkdir(exist_ok=True)
    same = json.loads(place.python(COPY_ALL, "live", "yardstick", str(place.folder / "copies")).output)
    bare = json.loads(place.python(BARE, "yardstick", str(path)).output)
    taken, repeated = first.json, again.json
    seconds = float(taken["seconds"])
    number_log(place)
    return {
        "rows": taken["received"],
        "bytes": path.stat().st_size,
        "balance": {
            key: taken[key] for key in ("received", "accepted", "duplicate", "superseded", "rejected", "pending")
        },
        "intake_seconds": seconds,
        "intake_rows_a_second": round(taken["received"] / seconds),
        "stages": taken.get("stages"),
        "command_seconds": round(first.seconds, 2),
        "same_tables_copy": same,
        "bare_copy_seconds": bare["seconds"],
        "ratio_to_same_tables": round(same["seconds"] / seconds, 3),
        "ratio_to_bare_copy": round(bare["seconds"] / seconds, 3),
        "again_seconds": repeated["seconds"],
        "again_faster": repeated["seconds"] < seconds,
        "again_accepted": repeated["accepted"],
        "again_replayed": repeated.get("replayed"),
        "peak_memory_bytes": first.peak_bytes,
        "check_problems": problems_of(place),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
