"""The embedded PostgreSQL server: made once, shared by every command, adopted or recovered after any kill.

Each command holds a shared lock on the lease file for as long as it lives; the launcher stops the server when nobody
holds one. Only the launcher starts servers, only one launcher can run (it is started under a lock).
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from commonweal.core.errors import NotThere, Refused
from commonweal.server import keys
from commonweal.server.account import Account, server_account
from commonweal.server.binaries import Binaries, wheel_binaries
from commonweal.server.home import PRIVATE, Home

SUPERUSER = "cw_super"
PORT = 5432  # names the socket file; no network port is opened
IDLE_SECONDS = 10.0
START_SECONDS = 60.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "150",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "2GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "max_prepared_transactions": "0",
    "jit": "off",
}

_leases: dict[Path, IO[str]] = {}


def ensure_running(home: Home | None = None) -> str:
    """Start the embedded server of this home unless it answers already, and hold its lease.

    Returns the libpq address of the superuser's maintenance database. Raises `NotThere` when the server does not
    come up, `Refused` when the data belong to another major version.
    """
    home = (home or Home.current()).make()
    _hold_lease(home)
    dsn = superuser_dsn(home)
    with home.start_lock.open("a") as start_lock:
        fcntl.flock(start_lock, fcntl.LOCK_EX)
        if answers(dsn) and _launcher_alive(home):
            return dsn
        binaries = wheel_binaries()
        account = server_account()
        data = _make_cluster(home, binaries, account)
        _wait_for_leftovers(home, dsn)
        launcher = _launch(home, binaries, account, data)
        _wait_until_up(home, dsn, launcher)
    return dsn


def superuser_dsn(home: Home) -> str:
    """The address of the maintenance database on the private socket, password included."""
    password = keys.secret(home, "database-superuser")
    return f"host={home.socket_folder()} port={PORT} user={SUPERUSER} password={password} dbname=postgres"


def answers(dsn: str) -> bool:
    """Whether a server takes a connection and a query at this address."""
    import psycopg

    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def release_lease(home: Home) -> None:
    """Let go of the lease before the process ends (tests and long-lived supervisors)."""
    if held := _leases.pop(home.lease, None):
        held.close()


def _hold_lease(home: Home) -> None:
    if home.lease not in _leases:
        handle = home.lease.open("a")
        fcntl.flock(handle, fcntl.LOCK_SH)
        _leases[home.lease] = handle


def _make_cluster(home: Home, binaries: Binaries, account: Account) -> Path:
    """The data folder; made by `initdb` in a draft folder and renamed, so that half a cluster never counts."""
    folder = home.server_folder()
    data = folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    _make_enterable(folder, account)
    version_file = data / "PG_VERSION"
    if version_file.exists():
        _refuse_other_version(version_file.read_text().strip(), binaries, data)
        return data
    draft = folder / f"data.{secrets.token_hex(4)}"
    for leftover in folder.glob("data.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(mode=PRIVATE)
    account.own(draft)
    with tempfile.NamedTemporaryFile("w", prefix="cw-", suffix=".pw") as password_file:
        password_file.write(keys.secret(home, "database-superuser"))
        password_file.flush()
        account.own(Path(password_file.name))
        command = [binaries.program("initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=scram-sha-256"]
        command += [f"--pwfile={password_file.name}", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]
        done = subprocess.run(  # noqa: S603 - fixed arguments
            command, capture_output=True, text=True, check=False, **_options(account)
        )
    if done.returncode != 0:
        raise NotThere(f"The embedded server could not be set up in {folder}: {done.stderr.strip() or done.stdout}")
    (draft / "pg_hba.conf").write_text("local all all scram-sha-256\n")
    with (draft / "postgresql.conf").open("a") as configuration:
        configuration.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    draft.rename(data)
    return data


def _make_enterable(folder: Path, account: Account) -> None:
    """Under root the account must be able to walk to its data: the home is opened for passage, not for reading."""
    if account.switch:
        for part in (folder, folder.parent):
            part.chmod(part.stat().st_mode | 0o011)


def _refuse_other_version(found: str, binaries: Binaries, data: Path) -> None:
    if found != str(binaries.major):
        raise Refused(
            f"The data in {data} were written by PostgreSQL {found}; this installation brings PostgreSQL "
            f"{binaries.major}. Make a backup with the version that wrote them and restore it into a new "
            "COMMONWEAL_HOME. Nothing was changed."
        )


def _launch(home: Home, binaries: Binaries, account: Account, data: Path) -> subprocess.Popen[bytes]:
    sockets = home.socket_folder()
    sockets.parent.mkdir(parents=True, exist_ok=True)
    sockets.mkdir(mode=PRIVATE, exist_ok=True)
    account.own(sockets)
    owner = sockets.lstat()
    if owner.st_uid != account.uid or owner.st_mode & 0o077 or not sockets.is_dir():
        raise NotThere(f"{sockets} is not a private folder of the server's account; remove it and try again.")
    command = [binaries.program("postgres"), "-D", str(data), "-k", str(sockets), "-p", str(PORT)]
    for setting in filter(None, os.environ.get("COMMONWEAL_POSTGRES_SETTINGS", "").split(",")):
        command += ["-c", setting]
    plan = {
        "command": command,
        "options": _options(account),
        "data": str(data),
        "lease": str(home.lease),
        "idle_seconds": float(os.environ.get("COMMONWEAL_IDLE_SECONDS", IDLE_SECONDS)),
    }
    with home.log.open("ab") as log:
        launcher = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "commonweal.server.launcher", json.dumps(plan)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (home.path / "launcher.pid").write_text(str(launcher.pid))
    return launcher


def _wait_until_up(home: Home, dsn: str, launcher: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if answers(dsn):
            return
        if launcher.poll() is not None:
            break
        time.sleep(0.05)
    tail = "\n".join(home.log.read_text(errors="replace").splitlines()[-5:])
    raise NotThere(f"The embedded server did not start within {START_SECONDS:.0f} s. Its log {home.log} ends:\n{tail}")


def _wait_for_leftovers(home: Home, dsn: str) -> None:
    """Let a server whose launcher was killed finish its fast shutdown before the next one starts."""
    deadline = time.monotonic() + START_SECONDS
    pid_file = home.server_folder() / "data" / "postmaster.pid"
    socket_lock = home.socket_folder() / f".s.PGSQL.{PORT}.lock"
    while time.monotonic() < deadline and (pid_file.exists() or socket_lock.exists()):
        alive = [pid for lock in (pid_file, socket_lock) if (pid := _postgres_of(lock)) is not None]
        if not alive:
            # a killed postmaster leaves its locks, and stays a zombie until somebody reaps it: it is dead all the same
            pid_file.unlink(missing_ok=True)
            socket_lock.unlink(missing_ok=True)
            return
        if not _launcher_alive(home):
            os.kill(alive[0], 2)
        time.sleep(0.1)


def _postgres_of(lock: Path) -> int | None:
    """The process that a lock file names, if it is a living postgres."""
    try:
        pid = int(lock.read_text().split()[0])
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        program = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError, IndexError):
        return None
    return None if state == "Z" or program != "postgres" else pid


def _launcher_alive(home: Home) -> bool:
    try:
        pid = int((home.path / "launcher.pid").read_text())
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    return stat != "Z" and b"commonweal.server.launcher" in command


def _options(account: Account) -> dict[str, Any]:
    return dict(account.popen_options())
