"""Spaces: databases of their own for real work, exercises and replays, in one server."""

from __future__ import annotations

from typing import Any

from commonweal.core.errors import NotThere, Refused
from commonweal.server import provider, roles
from commonweal.server.home import Home

KINDS = ("live", "exercise", "replay")


def create_database(space: str, home: Home | None = None, *, template: str | None = None) -> bool:
    """Make the empty database of a space; False when it is there already."""
    import psycopg
    from psycopg import sql

    dsn = provider.ensure_server(home)
    database = provider.database_name(space)
    with psycopg.connect(dsn, autocommit=True) as connection:
        if exists(connection, database):
            return False
        source = sql.Identifier(provider.database_name(template) if template else "template0")
        statement = "create database {} owner cw_owner template {} encoding 'UTF8'"
        statement += "" if template else " locale 'C.UTF-8'"
        connection.execute(sql.SQL(statement).format(sql.Identifier(database), source))
    with psycopg.connect(dsn, autocommit=True, dbname=database) as connection:
        roles.close_database(connection, database)
    return True


def drop_database(space: str, home: Home | None = None) -> None:
    """Remove a space and everything in it. The live space is never removed by this."""
    import psycopg
    from psycopg import sql

    if space == provider.LIVE:
        raise Refused("The live space cannot be removed. Stop the server and remove its COMMONWEAL_HOME instead.")
    with psycopg.connect(provider.ensure_server(home), autocommit=True) as connection:
        name = sql.Identifier(provider.database_name(space))
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))


def listing(home: Home | None = None) -> list[str]:
    """The names of the spaces of this server."""
    import psycopg

    with psycopg.connect(provider.ensure_server(home), autocommit=True) as connection:
        found = connection.execute("select datname from pg_database where datname like 'cw\\_%' order by 1").fetchall()
    return [str(row[0])[3:] for row in found]


def require(space: str, home: Home | None = None) -> None:
    """Raise `NotThere` when the space has no database."""
    if space not in listing(home):
        raise NotThere(f"There is no space {space!r}. Make it with: commonweal space create {space}")


def exists(connection: Any, database: str) -> bool:
    """Whether a database of this name is on the server."""
    return connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone() is not None
