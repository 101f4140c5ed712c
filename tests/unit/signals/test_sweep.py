"""A sweep's blocks, and the same answer from every executor, a killed worker included."""

from __future__ import annotations

import os
import signal
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from commonweal.apps.surveillance.executors import Cluster, Processes, Serial, chosen, configured
from commonweal.core.errors import NotThere, Refused
from commonweal.core.signals.sweep import Block, from_changes, sweep_block

from .test_rule import MONDAY, PEOPLE, SETTING, epidemic, publications, thinned


def blocks() -> list[Block]:
    out = []
    for seed in (5, 6, 7):
        final = epidemic(np.random.default_rng(seed))
        source = thinned(final)
        from commonweal.core.signals.publications import Triangle

        triangle = Triangle(MONDAY, source.areas, list(range(40, 90)), publications(final, source, 40, 89))
        out.append(Block("ltla", triangle, PEOPLE, 60, 85, SETTING))
    return out


def dies_once(marker: Path) -> int:
    """Kills its own process the first time, as an operator or the kernel would."""
    if not marker.exists():
        marker.write_text("was here")
        os.kill(os.getpid(), signal.SIGKILL)
    return 7


def dies(marker: Path) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_processes_answer_as_one_process_does_bit_for_bit():
    alone, together = Serial().map(sweep_block, blocks()), Processes(2).map(sweep_block, blocks())
    assert alone == together  # every float equal
    assert [len({finding.place for finding in swept.findings}) for swept in alone] == [5, 5, 5]


def test_a_killed_worker_changes_nothing(tmp_path: Path):
    assert Processes(2).map(dies_once, [tmp_path / "mark"] * 5) == [7] * 5


def test_workers_that_always_die_are_told():
    with pytest.raises(Refused, match="1 of 1 blocks were lost 3 times"):
        Processes(1).map(dies, [Path("x")])


def test_a_scheduler_elsewhere_needs_tls_and_dask():
    with pytest.raises(Refused, match="tcp://cluster:8786' is neither on this machine"):
        Cluster("tcp://cluster:8786")
    assert isinstance(chosen(1, None), Serial)
    assert isinstance(chosen(2, None), Processes)
    cluster = chosen(1, "tcp://127.0.0.1:1")
    try:
        import distributed  # noqa: F401
    except ImportError:
        with pytest.raises(NotThere, match=r"commonweal\[cluster\]"):
            cluster.map(dies, [])
    with pytest.raises(Refused, match="0 workers"):
        Processes(0)


def test_an_installation_says_where_its_jobs_compute(monkeypatch):
    monkeypatch.delenv("COMMONWEAL_SWEEP_SCHEDULER", raising=False)
    monkeypatch.delenv("COMMONWEAL_SWEEP_WORKERS", raising=False)
    assert isinstance(configured(), Serial)
    monkeypatch.setenv("COMMONWEAL_SWEEP_WORKERS", "2")
    assert isinstance(configured(), Processes)
    monkeypatch.setenv("COMMONWEAL_SWEEP_SCHEDULER", "tcp://127.0.0.1:8786")
    assert isinstance(configured(), Cluster)
    monkeypatch.delenv("COMMONWEAL_SWEEP_SCHEDULER")
    monkeypatch.setenv("COMMONWEAL_SWEEP_WORKERS", "two")
    with pytest.raises(Refused, match="'two'"):
        configured()


DAYS = [date(2020, 5, 1) + timedelta(days=n) for n in range(40)]


def test_publications_are_rebuilt_from_what_each_newly_said():
    rows = [("E06000001", day, max(day + timedelta(days=1), date(2020, 6, 1)), 2.0) for day in DAYS]
    rows += [("E06000001", date(2020, 6, 1), date(2020, 6, 5), 9.0)]
    triangle, refused = from_changes(rows, DAYS[0], DAYS[-1] + timedelta(days=1))
    assert refused == {}
    assert triangle is not None
    day = (date(2020, 6, 1) - DAYS[0]).days
    seen = [float(triangle.seen((date(2020, 6, n) - DAYS[0]).days)[0, day]) for n in (1, 2, 4, 5, 9)]
    assert seen == [0, 2, 2, 9, 9]


def test_a_place_with_a_hole_or_too_short_is_left_out_by_name_and_the_others_are_done():
    whole = [("E06000001", day, day, 1.0) for day in DAYS]
    holed = [("E06000002", day, day, 1.0) for day in DAYS if day != DAYS[20]]
    short = [("E06000003", day, day, 1.0) for day in DAYS[:10]]
    triangle, refused = from_changes(whole + holed + short, DAYS[0], DAYS[-1])
    assert triangle is not None
    assert triangle.areas == ["E06000001"]
    assert refused["E06000002"] == "no value for the day before 2020-05-22, and a missing day is not 0"
    assert refused["E06000003"].startswith("10 days of counts")
