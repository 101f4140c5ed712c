"""The database roles of an installation, one for each kind of work, each with a password of its own.

| role | logs in | for |
| --- | --- | --- |
| cw_owner | no | owns every table; no process runs as it |
| cw_migrate | yes | changes the schema; the only one besides the next two that row security does not bind |
| cw_engine | yes | statistics: counts without postcode or person |
| cw_backup | yes | reads everything for a backup |
| cw_app | yes | pages and the interface for programs: nothing without a scope |
| cw_authn | yes | people, sessions, second factors, tokens; opens scopes |
| cw_ingest | yes | takes results in |
| cw_queue | yes | background jobs |
| cw_web | yes | published tables only |
| cw_retention | yes | one function: ends what is kept too long |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from commonweal.server import keys
from commonweal.server.home import Home

if TYPE_CHECKING:
    import psycopg

OWNER = "cw_owner"
VERSION = 1  # raise it when what ensure_roles() does changes in a way the table below does not show


@dataclass(frozen=True)
class Role:
    """A role's name and what sets it apart."""

    name: str
    login: bool = True
    bypass_row_security: bool = False
    member_of_owner: bool = False
    settings: tuple[tuple[str, str], ...] = ()


HIDDEN = (("track_activities", "off"),)  # nobody reads another session's statement in pg_stat_activity

ROLES = (
    Role(OWNER, login=False),
    Role("cw_migrate", bypass_row_security=True, member_of_owner=True),
    Role("cw_app", settings=(*HIDDEN, ("statement_timeout", "30s"), ("idle_in_transaction_session_timeout", "60s"))),
    Role("cw_authn", settings=(*HIDDEN, ("statement_timeout", "30s"))),
    Role("cw_ingest", settings=HIDDEN),
    Role("cw_engine", bypass_row_security=True),
    Role("cw_queue"),
    Role("cw_web", settings=(("statement_timeout", "30s"),)),
    Role("cw_backup", bypass_row_security=True, settings=(("default_transaction_read_only", "on"),)),
    Role("cw_retention"),
)
LOGIN_ROLES = tuple(role.name for role in ROLES if role.login)

# What any role could otherwise call to disturb, or to write outside its tables.
CLOSED_FUNCTIONS = (
    "pg_terminate_backend(integer, bigint)",
    "pg_cancel_backend(integer)",
    "lo_creat(integer)",
    "lo_create(oid)",
    "lo_open(oid, integer)",
    "lo_from_bytea(oid, bytea)",
    "lo_get(oid)",
    "lo_get(oid, bigint, integer)",
    "lo_put(oid, bigint, bytea)",
    "lo_unlink(oid)",
    "loread(integer, integer)",
    "lowrite(integer, bytea)",
    "lo_truncate(integer, integer)",
)


def password(home: Home, role: str) -> str:
    """The generated password of a role, kept below COMMONWEAL_HOME/keys."""
    return keys.secret(home, f"role-{role}")


def ensure_roles(connection: psycopg.Connection[tuple[object, ...]], home: Home) -> None:
    """Create or bring up to date every role of the cluster. Needs a superuser's connection."""
    from psycopg import sql

    # Roles belong to the whole cluster: two commands at once must not both create them.
    connection.execute("select pg_advisory_lock(4301)")
    present = {str(row[0]) for row in connection.execute("select rolname from pg_roles").fetchall()}
    for role in ROLES:
        name = sql.Identifier(role.name)
        if role.name not in present:
            connection.execute(sql.SQL("create role {}").format(name))
        attributes = ["nosuperuser", "nocreatedb", "nocreaterole", "noreplication"]
        attributes.append("login" if role.login else "nologin")
        attributes.append("bypassrls" if role.bypass_row_security else "nobypassrls")
        connection.execute(sql.SQL("alter role {} " + " ".join(attributes)).format(name))
        if role.login:
            secret = sql.Literal(password(home, role.name))
            connection.execute(sql.SQL("alter role {} password {}").format(name, secret))
        for setting, value in role.settings:
            connection.execute(
                sql.SQL("alter role {} set {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
            )
        if role.member_of_owner:
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(OWNER), name))
    # Scopes are bound to a connection by its process and that process's start, which only this membership shows.
    connection.execute(sql.SQL("grant pg_read_all_stats to {}").format(sql.Identifier(OWNER)))
    connection.execute("select pg_advisory_unlock(4301)")


def close_database(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    """Take away what PostgreSQL gives to everybody in a new database, and let our roles connect."""
    from psycopg import sql

    name = sql.Identifier(database)
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute("revoke all on schema public from public")
    for role in LOGIN_ROLES:
        connection.execute(sql.SQL("grant connect on database {} to {}").format(name, sql.Identifier(role)))
    connection.execute(sql.SQL("grant create on database {} to {}").format(name, sql.Identifier(OWNER)))
    connection.execute(sql.SQL("grant temporary on database {} to cw_ingest").format(name))
    for function in CLOSED_FUNCTIONS:
        connection.execute(f"revoke execute on function pg_catalog.{function} from public".encode())
