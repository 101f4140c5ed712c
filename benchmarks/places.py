"""A national postcode directory through `places load`, against COPY of the same values into one bare table.

The directory is made of the reference file of one postcode area, repeated under invented area letters.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import polars as pl

from benchmarks.installation import Installation, bare_installation
from commonweal.core.errors import NotThere

LETTERS = "ABCDEFGHKLMNPRSTWY"
BARE = """
import json, sys, time
import polars as pl
import psycopg
from commonweal.server import provider
table = pl.read_csv(sys.argv[1], infer_schema=False)
with psycopg.connect(provider.ensure_server(), dbname=provider.database_name("live")) as connection:
    columns = ", ".join(f"{name} text" for name in table.columns)
    connection.execute(f"create table public.bare ({columns})")
    start = time.perf_counter()
    with open(sys.argv[1], "rb") as source, connection.cursor().copy("copy public.bare from stdin (format csv, header)") as copy:
        while block := source.read(1 << 20):
            copy.write(block)
    seconds = time.perf_counter() - start
    connection.rollback()
print(json.dumps({"seconds": seconds}))
"""
JOIN = """
import json, time
import psycopg
from commonweal.server import provider
from commonweal.site.installation import open_space
open_space("live")
with psycopg.connect(provider.address("cw_ingest", "live").dsn) as connection:
    connection.execute("create temp table asked as select pcd from places.postcode_now order by md5(pcd) limit 1000000")
    connection.execute("analyze asked")
    start = time.perf_counter()
    placed = connection.execute(
        "select count(p.scope_ltla) from asked a left join places.postcode_current p on p.pcd = a.pcd").fetchone()[0]
    many = time.perf_counter() - start
    keys = [row[0] for row in connection.execute("select pcd from asked limit 1000").fetchall()]
    start = time.perf_counter()
    for key in keys:
        connection.execute("select scope_ltla from places.postcode_current where pcd = %s", [key], prepare=True).fetchone()
    one = (time.perf_counter() - start) / len(keys)
print(json.dumps({"million_seconds": many, "placed": placed, "single_ms": 1000 * one}))
"""


@click.command(help="A national postcode directory through places load, and lookups in it.")
@click.option("--rows", default=2_600_000, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def places(rows: int, as_json: bool) -> None:
    shared = Path(os.environ.get("COMMONWEAL_SHARED", "../shared")) / "data"
    if not shared.is_dir():
        raise NotThere(f"The reference data folder is not at {shared.parent}; set COMMONWEAL_SHARED.")
    with bare_installation() as place:
        answer = measured(place, shared, rows)
    if as_json:
        click.echo(json.dumps(answer))
        return
    for name, value in answer.items():
        click.echo(f"{name:28} {value:,.3f}" if isinstance(value, float) else f"{name:28} {value:,}")


def measured(place: Installation, shared: Path, rows: int) -> dict[str, float | int]:
    """Every number of this measurement, taken in one installation."""
    directory = place.folder / "directory-2022-05.csv"
    repeated(shared / "postcodes_le" / "postcodes_le.csv.gz", rows, directory)
    areas = place.run("places", "load", str(shared / "lsoa_england" / "lsoa11_england.csv.gz"), "--json", quiet=True)
    load = place.run("places", "load", str(directory), "--json", quiet=True)
    again = place.run("places", "load", str(directory), "--json", quiet=True)
    bare = place.python(BARE, str(directory)).json["seconds"]
    lookups = place.python(JOIN).json
    seconds = float(load.json[0]["seconds"])
    return {
        "rows": int(load.json[0]["rows"]),
        "areas_seconds": float(areas.json[0]["seconds"]),
        "load_seconds": seconds,
        "load_command_seconds": load.seconds,
        "load_peak_mebibytes": load.peak_bytes / 2**20,
        "same_file_again_seconds": again.seconds,
        "bare_copy_seconds": bare,
        "ratio_to_bare_copy": bare / seconds,
        "million_lookups_seconds": lookups["million_seconds"],
        "single_lookup_ms": lookups["single_ms"],
    }


def repeated(source: Path, rows: int, target: Path) -> None:
    """The rows of one postcode area again and again, each time under other area letters, so that all are distinct."""
    table = pl.read_csv(source, infer_schema=False).filter(pl.col("pcds").str.starts_with("LE"))
    areas = [a + b for a in LETTERS for b in LETTERS if a + b not in ("BT", "GY")]
    with target.open("wb") as out:
        written = 0
        for number, letters in enumerate(areas):
            part = table.with_columns(pcds=pl.lit(letters) + pl.col("pcds").str.slice(2)).head(rows - written)
            part.write_csv(out, include_header=number == 0)
            written += part.height
            if written == rows:
                return
    raise NotThere(f"{source} gives at most {written:,} distinct rows.")
