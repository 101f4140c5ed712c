"""One port, three sizes: the same answers to the last bit, also when a worker is killed in the middle of its work."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonweal.apps.surveillance import executors
from commonweal.apps.surveillance.executors import Cluster, Processes, Serial
from commonweal.core.errors import NotThere
from commonweal.core.signals.surroundings import Looked, look_around

from . import grids

BLOCKS = 12
PATIENCE = 60


@pytest.fixture(scope="module")
def expected() -> list[list[Looked]]:
    return Serial().map(look_around, grids.items(BLOCKS))


def kill_soon(find: object, seen: list[int]) -> threading.Thread:
    """A thread that kills the first worker that `find` shows at work."""

    def wait() -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not seen:
            pid = find()  # type: ignore[operator]
            if pid:
                os.kill(pid, signal.SIGKILL)
                seen.append(pid)
            time.sleep(0.05)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_killed_process_changes_nothing(expected: list[list[Looked]]) -> None:
    killed: list[int] = []
    began = time.monotonic()

    def busy() -> int | None:
        children = multiprocessing.active_children()
        return children[0].pid if len(children) == 2 and time.monotonic() - began > 2 else None

    thread = kill_soon(busy, killed)
    answers = Processes(2).map(look_around, grids.items(BLOCKS))
    thread.join()
    assert killed, "a worker was killed while it worked"
    assert any(looked.found for block in expected for looked in block)
    assert answers == expected, "equal to the last bit: figures are compared as they are"


@contextlib.contextmanager
def running(*program: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet = {**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}
    with subprocess.Popen([sys.executable, "-m", *program], env=quiet, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("distributed", reason="Dask is not installed (extra [cluster])")
    found = tmp_path / "scheduler.json"
    where = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(found))
    with running("distributed.cli.dask_scheduler", *where):
        wait_for(found.exists)
        wait_for(lambda: found.read_text().endswith("}"))
        yield json.loads(found.read_text())["address"]


def wait_for(ready: object) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < end, "nothing came in time"
        time.sleep(0.05)


def worker(address: str, folder: Path) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--death-timeout", "60")
    return running("distributed.cli.dask_worker", address, *options, "--local-directory", str(folder))


def test_a_killed_worker_of_a_cluster_changes_nothing(
    expected: list[list[Looked]], scheduler: str, tmp_path: Path
) -> None:
    from distributed import Client

    killed: list[int] = []
    with worker(scheduler, tmp_path) as first, worker(scheduler, tmp_path) as second, Client(scheduler) as watching:
        watching.wait_for_workers(2, timeout=PATIENCE)

        def busy() -> int | None:
            done = [len(keys) for keys in watching.has_what().values()]
            at_work = [len(keys) for keys in watching.processing().values()]
            return second.pid if len(at_work) == 2 and all(at_work) and sum(done) >= 2 else None

        thread = kill_soon(busy, killed)
        answers = Cluster(scheduler).map(look_around, grids.items(BLOCKS))
        thread.join()
        assert killed == [second.pid]
        assert second.wait(10) == -signal.SIGKILL
        assert first.poll() is None
    assert answers == expected, "equal to the last bit: figures are compared as they are"


def test_a_scheduler_by_tls_asks_for_certificates_and_one_that_is_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotThere, match=r"ca.pem, certificate.pem, key.pem of this installation is not in"):
        Cluster("tls://cluster.example:8786", tmp_path)
    pytest.importorskip("distributed", reason="Dask is not installed (extra [cluster])")
    monkeypatch.setattr(executors, "ANSWER_SECONDS", 1)
    with pytest.raises(NotThere, match="does not answer"):
        Cluster("tcp://127.0.0.1:1").map(look_around, [])
