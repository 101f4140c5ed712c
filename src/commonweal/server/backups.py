"""A space's database as one file and back, by PostgreSQL's own programs; keys are never in it.

What is put back is closed to the roles that serve people until the caller opens it: between the two, what was erased
since the backup is ended once more.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonweal.core.errors import NotThere, Refused
from commonweal.server import provider, roles, spaces
from commonweal.server.binaries import wheel_binaries
from commonweal.server.home import PRIVATE, Home

if TYPE_CHECKING:
    import psycopg

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"
BEFORE_OPENING = ("cw_migrate", "cw_backup", "cw_retention", "cw_authn")  # what is done before it is open logs in so
BLOCK = 1 << 20
STATE = """
select s.name, s.kind, commonweal.now()::text, (select coalesce(max(id), 0) from ledger.tick),
       (select count(*) from ledger.entry), (select count(*) from record.result)
  from commonweal.space s
"""
HELD = """
select s.name, s.kind, (select coalesce(max(id), 0) from ledger.tick), (select count(*) from ledger.entry),
       (select count(*) from record.result) from commonweal.space s
"""


@dataclass(frozen=True)
class Manifest:
    """What a backup is of: the space, the instant by its own clock, and how much was there in the same snapshot."""

    format: int
    space: str
    kind: str
    taken_at: str
    newest_tick: int
    ledger_entries: int
    results: int
    server_major: int
    sha256: str


def take(folder: Path, space: str, home: Home | None = None) -> Manifest:
    """Write a backup of a space into a new folder: everything of one snapshot, readable by its owner only.

    Raises `NotThere` for a space that is not there, `Refused` for a folder that is, or a database that cannot be read.
    """
    import psycopg

    spaces.require(space, home)
    if folder.exists():
        raise Refused(f"{folder} is there already. Name a new folder for each backup.")
    draft = folder.with_name(f".{folder.name}.draft-{os.getpid()}")
    _make(draft)
    dsn = provider.ensure_server(home)
    with psycopg.connect(dsn, dbname=provider.database_name(space)) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        snapshot = _one(connection, "select pg_export_snapshot()")[0]
        name, kind, taken_at, tick, entries, results = _one(connection, STATE)
        _run(dsn, space, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={draft / DUMP}")
        major = connection.info.server_version // 10000
    (draft / DUMP).chmod(0o600)
    found = Manifest(FORMAT, name, kind, taken_at, tick, entries, results, major, _sha256(draft / DUMP))
    (draft / MANIFEST).write_text(json.dumps(asdict(found), indent=1) + "\n")
    _to_disk(draft)
    draft.rename(folder)
    return found


def manifest_of(folder: Path) -> Manifest:
    """What a backup says of itself, its file held against it. Raises `NotThere` and `Refused`."""
    try:
        found = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except FileNotFoundError as error:
        raise NotThere(f"{folder} holds no backup: it has no {MANIFEST}.") from error
    except (OSError, ValueError, TypeError) as error:
        raise Refused(f"{folder / MANIFEST} cannot be read ({error}). Take another copy of the backup.") from error
    if found.format != FORMAT:
        raise Refused(
            f"{folder} has format {found.format}; this version reads {FORMAT}. Use the version that wrote it."
        )
    provider.checked_space_name(found.space)
    if not (folder / DUMP).is_file():
        raise NotThere(f"{folder} has no {DUMP}. Take another copy of the backup.")
    if _sha256(folder / DUMP) != found.sha256:
        raise Refused(f"{folder / DUMP} is not what {MANIFEST} says: it was cut or changed. Take another copy.")
    return found


def put_back(folder: Path, home: Home | None = None) -> Manifest:
    """Make the space of a backup anew, closed: only the roles of `BEFORE_OPENING` may connect. `open_to_all` opens it.

    A restore that was interrupted begins again. Raises `Refused` where the space is there, and where what was put back
    is not what the manifest says.
    """
    import psycopg
    from psycopg import sql

    found = manifest_of(folder)
    dsn = provider.ensure_server(home)
    database = provider.database_name(found.space)
    with psycopg.connect(dsn, autocommit=True) as connection:
        if spaces.exists(connection, database):
            _refuse_unless_half(connection, found.space)
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(database)))
        # nobody connects before it is closed: a database of another name is no space
        draft = f"restoring_{database}"
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(draft)))
        connection.execute(
            sql.SQL("create database {} owner cw_owner template template0 encoding 'UTF8' locale 'C.UTF-8'").format(
                sql.Identifier(draft)
            )
        )
        connection.execute(
            sql.SQL("comment on database {} is {}").format(sql.Identifier(draft), sql.Literal(spaces.HALF))
        )
        with psycopg.connect(dsn, autocommit=True, dbname=draft) as inside:
            roles.close_database(inside, draft)
        for role in roles.LOGIN_ROLES:
            if role not in BEFORE_OPENING:
                _connect(connection, draft, role, "revoke connect on database {} from {}")
        _run(dsn, draft, "pg_restore", "--exit-on-error", "--single-transaction", str(folder / DUMP), whole=draft)
        connection.execute(sql.SQL("alter database {} rename to {}").format(*map(sql.Identifier, (draft, database))))
    with psycopg.connect(dsn, dbname=database) as connection:
        there = _one(connection, HELD)
    said = (found.space, found.kind, found.newest_tick, found.ledger_entries, found.results)
    if tuple(there) != said:
        raise Refused(f"What was put back ({there}) is not what {folder / MANIFEST} says ({said}). It stays closed.")
    return found


def open_to_all(space: str, home: Home | None = None) -> None:
    """Let every role in again: the restore is over."""
    import psycopg
    from psycopg import sql

    database = provider.database_name(space)
    with psycopg.connect(provider.ensure_server(home)) as connection:  # one transaction: open and no longer half
        for role in roles.LOGIN_ROLES:
            _connect(connection, database, role, "grant connect on database {} to {}")
        connection.execute(sql.SQL("comment on database {} is null").format(sql.Identifier(database)))


def _refuse_unless_half(connection: psycopg.Connection[Any], space: str) -> None:
    if spaces.is_half(connection, space):
        return
    hint = (
        "Restore it in a new COMMONWEAL_HOME that holds the keys"
        if space == provider.LIVE
        else f"Remove it first with: commonweal space remove {space}"
    )
    raise Refused(f"The space {space} is there, and a restore would end what it holds. {hint}.")


def _connect(connection: psycopg.Connection[Any], database: str, role: str, statement: str) -> None:
    from psycopg import sql

    connection.execute(sql.SQL(statement).format(sql.Identifier(database), sql.Identifier(role)))


def _one(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise Refused("This database is no space of ours: it does not say which one it is.")
    return tuple(row)


def _run(dsn: str, space: str, program: str, *arguments: str, whole: str | None = None) -> None:
    """Run one of PostgreSQL's programs on a database; what it says when it fails is the message."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    given = conninfo_to_dict(dsn)
    secret = str(given.pop("password", "") or "")  # not among the arguments, which others on the machine can read
    given["dbname"] = whole or provider.database_name(space)
    where = make_conninfo(**given)  # type: ignore[arg-type]
    done = subprocess.run(  # noqa: S603 - our own programs, arguments of ours
        [wheel_binaries().program(program), f"--dbname={where}", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "PGPASSWORD": secret},
    )  # fmt: skip
    if done.returncode != 0:
        raise Refused(f"{program} could not do it: {done.stderr.strip()[-500:]}")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=PRIVATE, parents=True)
    except OSError as error:
        raise NotThere(f"{folder.parent} cannot be written ({error.strerror}). Name another folder.") from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _to_disk(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
