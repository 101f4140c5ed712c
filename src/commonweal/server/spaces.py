"""Spaces: databases of their own for real work, exercises and replays, in one server."""

from __future__ import annotations

from typing import Any

from commonweal.core.errors import NotThere, Refused
from commonweal.server import provider, roles
from commonweal.server.home import Home

KINDS = ("live", "exercise", "replay")
HALF = "being restored"  # the comment on a database that a restore has not opened yet


def create_database(space: str, home: Home | None = None, *, template: str | None = None) -> bool:
    """Make the empty database of a space; False when it is there already."""
    import psycopg
    from psycopg import sql

    dsn = provider.ensure_server(home)
    database = provider.database_name(space)
    with psycopg.connect(dsn, autocommit=True) as connection:
        if exists(connection, database):
            _refuse_half(connection, space)
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
    """Raise `NotThere` when the space has no database, `Refused` when a restore of it was interrupted."""
    import psycopg

    with psycopg.connect(provider.ensure_server(home), autocommit=True) as connection:
        if not exists(connection, provider.database_name(space)):
            raise NotThere(f"There is no space {space!r}. Make it with: commonweal space create {space}")
        _refuse_half(connection, space)


def is_half(connection: Any, space: str) -> bool:
    """Whether a restore of the space was interrupted: closed, and erasures perhaps not carried out again."""
    found = connection.execute(
        "select 1 from pg_database where datname = %s and shobj_description(oid, 'pg_database') = %s",
        [provider.database_name(space), HALF],
    )
    return found.fetchone() is not None


def _refuse_half(connection: Any, space: str) -> None:
    if is_half(connection, space):
        raise Refused(
            f"A restore of the space {space} was interrupted, and the space is closed until one is complete. Begin "
            "again with: commonweal restore FOLDER"
        )


def exists(connection: Any, database: str) -> bool:
    """Whether a database of this name is on the server."""
    return connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone() is not None
