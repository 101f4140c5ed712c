"""A worker that is killed while the site is open is started again; one that is closed is not."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time

import pytest

from commonweal.cli.kept_running import KeptRunning


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def another(kept: KeptRunning, than: int) -> int:
    """The number of the process once it is another one."""
    for _ in range(1200):
        if kept.process.pid != than:
            return kept.process.pid
        time.sleep(0.05)
    raise AssertionError(f"process {than} was not followed by another one")


def test_a_process_that_is_killed_is_followed_by_another_until_it_is_closed(capfd: pytest.CaptureFixture[str]) -> None:
    kept = KeptRunning("The sleeper", sleeper, first_pause=0.05)
    seen = [kept.process.pid]
    for _ in range(2):
        os.kill(seen[-1], signal.SIGKILL)
        seen.append(another(kept, seen[-1]))
    assert len(set(seen)) == 3
    kept.close()
    assert kept.process.pid == seen[-1]
    assert kept.process.returncode is not None
    assert capfd.readouterr().err.count("The sleeper ended (-9) and is started again") == 2


def test_what_ends_at_once_is_waited_for_longer_each_time() -> None:
    started: list[float] = []

    def short() -> subprocess.Popen[bytes]:
        started.append(time.monotonic())
        return subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])

    kept = KeptRunning("What fails", short, first_pause=0.2)
    while len(started) < 4:
        time.sleep(0.05)
    kept.close()
    # a busy machine makes a pause longer, never shorter
    waited = [later - earlier for earlier, later in itertools.pairwise(started[:4])]
    assert all(gap >= pause for gap, pause in zip(waited, (0.2, 0.4, 0.8), strict=True)), "the pauses grow"
    count = len(started)
    time.sleep(0.3)
    assert len(started) == count, "nothing is started after it was closed"
