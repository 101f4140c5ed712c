"""The provider contract: the tests of ticks, spaces and scopes hold on every server that is present.

The embedded server runs them in the ordinary way. Here they run once more against Debian's own server, reached
through DATABASE_URL as an operator's would be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonweal.server import embedded
from commonweal.server.account import server_account

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = ["tests/integration/ledger", "tests/integration/access/test_scope.py"]


def debian_programs() -> Path | None:
    """The newest of Debian's server versions that is new enough."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    new_enough = [path for path in found if int(path.parent.name) >= 15]
    return max(new_enough, key=lambda path: int(path.parent.name), default=None)


@pytest.fixture
def debian_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A throw-away cluster of Debian's server with a superuser's address on a private socket."""
    programs = debian_programs()
    if programs is None:
        pytest.skip("Debian's PostgreSQL 15 or newer is not installed here")
    account = server_account()
    with tempfile.TemporaryDirectory(prefix="cw-debian-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        account.own(folder)
        password = folder / "password"
        password.write_text("only-for-this-test")
        account.own(password)
        options = account.popen_options()
        initdb = [
            str(programs / "initdb"),
            "-D",
            f"{name}/data",
            "-U",
            "boss",
            "-A",
            "scram-sha-256",
            f"--pwfile={password}",
        ]
        subprocess.run(initdb, check=True, capture_output=True, **options)  # type: ignore[call-overload]
        command = [str(programs / "postgres"), "-D", f"{name}/data", "-k", name, "-c", "listen_addresses="]
        command += ["-c", "fsync=off", "-c", "max_connections=60"]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
        try:
            url = f"postgresql://boss:only-for-this-test@/postgres?host={name}"
            deadline = time.monotonic() + 30
            while not embedded.answers(url) and time.monotonic() < deadline:
                time.sleep(0.1)
            yield url
        finally:
            server.send_signal(2)
            server.wait(30)


def test_the_contract_holds_on_debians_server(debian_server: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": debian_server,
        "COMMONWEAL_TEST_HOME": str(tmp_path / "home"),
        "COMMONWEAL_SPACE": "template",
    }
    for variable in ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
        environment.pop(variable, None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *CONTRACT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
