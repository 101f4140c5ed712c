"""Bring a space's database to the shape this version needs, and describe the space once."""

from __future__ import annotations

import os
from datetime import datetime

from commonweal.core.errors import Refused
from commonweal.server import provider, spaces
from commonweal.server.home import Home
from commonweal.site.routers import MIGRATION_ALIASES

GRANTING_LOCK = 4320
# Tables of libraries: each schema is one role's alone, whatever a later version of the library adds to it.
LIBRARY_SCHEMAS = (
    "create schema if not exists migrations",
    *(
        statement.format(schema=schema, role=role)
        for schema, role in (("authn", "cw_authn"), ("queue", "cw_queue"))
        for statement in (
            "create schema if not exists {schema}",
            "grant usage on schema {schema} to {role}",
            "alter default privileges in schema {schema} grant select, insert, update, delete on tables to {role}",
            "alter default privileges in schema {schema} grant usage on sequences to {role}",
            "alter default privileges in schema {schema} grant execute on functions to {role}",
            "alter default privileges in schema {schema} grant usage on types to {role}",
        )
    ),
)


def use_space(space: str) -> None:
    """Point this process at a space and set Django up. Call once, before anything of Django is used."""
    os.environ["COMMONWEAL_SPACE"] = provider.checked_space_name(space)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.site.settings")
    import django

    django.setup()


def open_space(space: str = provider.LIVE, kind: str | None = None, starts_at: datetime | None = None) -> None:
    """Start the server, make the space when it is new, migrate it, and set Django up on it.

    `kind` is needed for a new space other than `live`; `starts_at` (aware) sets the clock of a new exercise or replay.
    """
    kind = kind or ("live" if space == provider.LIVE else "exercise")
    if kind not in spaces.KINDS or (kind == "live") != (space == provider.LIVE):
        raise Refused(f"A space called {space!r} cannot be of kind {kind!r}; only `live` is live.")
    Home.current().make()
    spaces.create_database(space)
    use_space(space)
    migrate()
    describe(space, kind, starts_at)


def open_existing(space: str) -> None:
    """Start the server and set Django up on a space that is there (the live one is made when it is not)."""
    if space == provider.LIVE:
        open_space(space)
        return
    spaces.require(space)
    use_space(space)
    migrate()


def migrate() -> None:
    """Apply every migration that is missing, as the role that may."""
    from django.core.management import call_command
    from django.db import connections, transaction

    with transaction.atomic(using="migrate"), connections["migrate"].cursor() as cursor:
        # commands that start at the same moment give the same rights; PostgreSQL refuses that side by side
        cursor.execute("select pg_advisory_xact_lock(%s)", [GRANTING_LOCK])
        for statement in LIBRARY_SCHEMAS:
            cursor.execute(statement)
    for alias in MIGRATION_ALIASES.values():
        call_command("migrate", database=alias, verbosity=0, interactive=False)
        connections[alias].close()


def describe(space: str, kind: str, starts_at: datetime | None = None) -> None:
    """Write once what a space is. Raises `Refused` when it is something else already."""
    from django.db import connections

    with connections["migrate"].cursor() as cursor:
        cursor.execute("select kind from commonweal.space")
        row = cursor.fetchone()
        if row is None:
            offset = "interval '0'" if starts_at is None else "%s - clock_timestamp()"
            params: list[str | datetime] = [space, kind, *([starts_at] if starts_at else [])]
            cursor.execute(f"insert into commonweal.space (name, kind, clock_offset) values (%s, %s, {offset})", params)  # noqa: S608
        elif row[0] != kind:
            raise Refused(f"The space {space!r} is a {row[0]} space and stays one.")
    connections["migrate"].close()
