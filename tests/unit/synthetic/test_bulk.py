"""The benchmark's line list, and equal bytes whatever the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import polars as pl
import pytest

from commonweal.core.errors import Refused
from commonweal.synthetic.bulk import benchmark_line_list
from commonweal.synthetic.linelist import LABORATORY_FIELDS


def test_rows_columns_repeats_and_second_versions() -> None:
    rows = benchmark_line_list(20_000, seed=1)
    assert rows.shape == (20_000, len(LABORATORY_FIELDS))
    assert tuple(rows.columns) == LABORATORY_FIELDS
    assert (rows["revision"] == "2").sum() == 600
    assert rows.height - rows.unique().height == 200
    assert rows["record_id"].n_unique() == 20_000 - 800
    assert 0.07 < (rows["result"] == "positive").mean() < 0.11


def test_people_live_at_the_postcodes_given() -> None:
    rows = benchmark_line_list(500, seed=1, postcodes=["ZZ1 1AA", "ZZ1 1AB"])
    assert set(rows["postcode"]) == {"", "ZZ1 1AA", "ZZ1 1AB"}


def test_one_row_is_enough_and_none_is_refused() -> None:
    assert len(benchmark_line_list(1, seed=1)) == 1
    with pytest.raises(Refused, match="at least one"):
        benchmark_line_list(0, seed=1)
    with pytest.raises(Refused, match="empty"):
        benchmark_line_list(5, seed=1, postcodes=[])


def test_one_person_keeps_name_birth_date_and_home() -> None:
    rows = benchmark_line_list(5_000, seed=2).filter(pl.col("postcode") != "")
    kept = rows.group_by("person_id").agg(pl.col("full_name", "date_of_birth", "postcode").n_unique())
    assert kept.select(pl.col("full_name", "date_of_birth", "postcode").max()).row(0) == (1, 1, 1)


PROGRAM = """
import hashlib
from datetime import date
from commonweal.synthetic.bulk import benchmark_line_list
from commonweal.synthetic.linelist import csv_bytes
from commonweal.synthetic.outbreak import line_list, make_outbreak
from commonweal.synthetic.place_files import lsoa_table, onspd
from commonweal.synthetic.world import make_world
world = make_world(4, 0.02)
frames = [benchmark_line_list(3000, 4), onspd(world), lsoa_table(world)]
frames.append(line_list(make_outbreak(world, 4, date(2020, 5, 1), 30)))
print(hashlib.sha256(b"".join(map(csv_bytes, frames))).hexdigest())
"""


def test_the_same_bytes_with_one_thread_and_with_several() -> None:
    running = []
    for threads in ("1", "4"):
        surroundings = os.environ | {"POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads}
        running.append(
            subprocess.Popen([sys.executable, "-c", PROGRAM], env=surroundings, stdout=subprocess.PIPE, text=True)
        )
    digests = [process.communicate()[0].strip() for process in running]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 64
