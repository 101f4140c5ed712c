"""The process that stands over the embedded server: `python -m commonweal.server.launcher PLAN`.

A program of its own with a single thread, because the kernel ties a child's parent-death signal to the thread that
made it. It starts `postgres`, brings it back when it is killed, and stops it when no command has held the lease for
`idle_seconds`. If the launcher itself is killed, the kernel interrupts the server (fast shutdown).
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.25
STOP_SECONDS = 30
RESTARTS_A_MINUTE = 5


def main(plan_text: str) -> int:
    """Run until the server is idle, asked to stop, or cannot be kept alive. Returns an exit code."""
    plan: dict[str, Any] = json.loads(plan_text)
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    child = _start(plan)
    restarts: list[float] = []
    idle_since: float | None = None
    with Path(plan["lease"]).open("a") as lease:
        while True:
            time.sleep(POLL_SECONDS)
            if child.poll() is not None:
                now = time.monotonic()
                restarts = [moment for moment in restarts if now - moment < 60] + [now]
                if len(restarts) > RESTARTS_A_MINUTE:
                    return 1
                _wait_until_backends_left(plan)
                child = _start(plan)
            if stopping:
                return _stop(child)
            if not _nobody_holds(lease):
                idle_since = None
                continue
            idle_since = idle_since or time.monotonic()
            if time.monotonic() - idle_since >= plan["idle_seconds"] and _nobody_holds(lease, keep=True):
                return _stop(child)


def _start(plan: dict[str, Any]) -> subprocess.Popen[bytes]:
    def before_exec() -> None:
        # After the change of account: a change of credentials would clear the signal again.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT)

    return subprocess.Popen(  # noqa: S603 - the plan is written by embedded.py
        plan["command"], preexec_fn=before_exec, stdin=subprocess.DEVNULL, **plan["options"]
    )


def _stop(child: subprocess.Popen[bytes]) -> int:
    """Fast shutdown; after half a minute, an immediate one (the next start recovers from the log)."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGQUIT)
        child.wait(STOP_SECONDS)
    return 0


def _nobody_holds(lease: Any, *, keep: bool = False) -> bool:
    """Whether no command uses the server now; `keep` holds new ones back until this process ends."""
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if not keep:
        fcntl.flock(lease, fcntl.LOCK_UN)
    return True


def _wait_until_backends_left(plan: dict[str, Any]) -> None:
    """Give the orphans of a killed postmaster up to half a minute to notice and leave its shared memory."""
    data = Path(plan["data"])
    for _ in range(120):
        if not any(_works_in(pid, data) for pid in _process_ids()):
            return
        time.sleep(0.25)


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data and _state(pid) != "Z"
    except OSError:
        return False


def _state(pid: int) -> str:
    """The kernel's one-letter state of a process; Z is dead but not yet reaped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
