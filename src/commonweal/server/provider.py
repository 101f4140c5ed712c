"""Which PostgreSQL an installation uses, and how each role reaches a space on it.

`DATABASE_URL` names a server of the operator's (a superuser's address: roles are made there); without it the
embedded server is started. Everything above this module asks for `connection_parameters(role, space)` only.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from commonweal.core.errors import NotThere, Refused
from commonweal.server import roles
from commonweal.server.home import Home

LIVE = "live"
SPACE_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
OLDEST_MAJOR = 15


@dataclass(frozen=True)
class Address:
    """What a driver needs to connect one role to one space's database."""

    host: str
    port: int
    user: str
    password: str
    database: str
    sslmode: str = ""

    @property
    def dsn(self) -> str:
        """The same as a libpq connection string."""
        from psycopg.conninfo import make_conninfo

        extra = {"sslmode": self.sslmode} if self.sslmode else {}
        return make_conninfo(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=self.database, **extra
        )


def current_space() -> str:
    """The space this process works in, from COMMONWEAL_SPACE (default `live`)."""
    return checked_space_name(os.environ.get("COMMONWEAL_SPACE", LIVE))


def checked_space_name(name: str) -> str:
    """The name itself when it can name a database. Raises `Refused` otherwise."""
    if not SPACE_NAME.fullmatch(name):
        raise Refused(
            f"{name!r} cannot name a space: use up to 31 lower-case letters, digits and underscores, "
            "beginning with a letter."
        )
    return name


def database_name(space: str) -> str:
    """The database of a space."""
    return f"cw_{checked_space_name(space)}"


def ensure_server(home: Home | None = None) -> str:
    """Start (or find) the server; returns a superuser's libpq address. Roles exist afterwards."""
    import psycopg

    home = home or Home.current()
    url = os.environ.get("DATABASE_URL")
    if url:
        dsn = url
    else:
        from commonweal.server import embedded

        dsn = embedded.ensure_running(home)
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            _refuse_old_server(connection.info.server_version)
            marker = home.make().path / "roles.done"
            wanted = f"{roles.VERSION} {roles.ROLES!r} {_cluster_id(connection)}"
            if not marker.exists() or marker.read_text() != wanted:
                roles.ensure_roles(connection, home)
                marker.write_text(wanted)
    except psycopg.OperationalError as error:
        raise NotThere(f"The database server does not answer: {str(error).strip()}. Check DATABASE_URL.") from error
    return dsn


def address(role: str, space: str | None = None, home: Home | None = None) -> Address:
    """How `role` reaches `space`. Does not start anything."""
    home = home or Home.current()
    database = database_name(space or current_space())
    url = os.environ.get("DATABASE_URL")
    if url:
        from psycopg.conninfo import conninfo_to_dict

        given = conninfo_to_dict(url)
        return Address(
            str(given.get("host") or "127.0.0.1"),
            int(given.get("port") or 5432),
            role,
            roles.password(home, role),
            database,
            str(given.get("sslmode") or ""),
        )
    from commonweal.server.embedded import PORT

    return Address(str(home.socket_folder()), PORT, role, roles.password(home, role), database)


def _cluster_id(connection: object) -> str:
    row = connection.execute("select system_identifier from pg_control_system()").fetchone()  # type: ignore[attr-defined]
    return str(row[0])


def _refuse_old_server(version: int) -> None:
    if version // 10000 < OLDEST_MAJOR:
        raise Refused(f"PostgreSQL {version // 10000} is too old: {OLDEST_MAJOR} or newer is needed.")
