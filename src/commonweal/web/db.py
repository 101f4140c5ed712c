"""The one way to the database for rooms: an alias (a role's name without `cw_`), SQL with parameters, plain rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db import transaction as django_transaction
from django.db.backends.utils import CursorWrapper

JSONB = 3802  # PostgreSQL's type number; Django hands such values over as text
Params = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Recorded:
    """An open writing transaction: its cursor, and the tick that its facts carry."""

    cursor: CursorWrapper
    tick: int


def dictionaries(cursor: CursorWrapper) -> list[dict[str, Any]]:
    """The rows a cursor holds, as dictionaries by column name."""
    columns = cursor.description or ()
    names = [column.name for column in columns]
    documents = [place for place, column in enumerate(columns) if column.type_code == JSONB]
    found = [list(row) for row in cursor.fetchall()]
    for row in found if documents else ():
        for place in documents:
            row[place] = None if row[place] is None else json.loads(row[place])
    return [dict(zip(names, row, strict=True)) for row in found]


def fetch(cursor: CursorWrapper, sql: str, params: Params = ()) -> list[dict[str, Any]]:
    """Run a query on an open cursor; returns dictionaries."""
    cursor.execute(sql, params)
    return dictionaries(cursor)


def run_prepared(cursor: CursorWrapper, sql: str, params: Params) -> None:
    """Run a statement that is run many times a second: the server reads and plans it once a connection.

    Raises the driver's errors as they are.
    """
    cursor.cursor.execute(sql, params, prepare=True)


def rows(alias: str, sql: str, params: Params = ()) -> list[dict[str, Any]]:
    """Run one query in a transaction of its own; returns dictionaries."""
    with connections[alias].cursor() as cursor:
        return fetch(cursor, sql, params)


def one(alias: str, sql: str, params: Params = ()) -> dict[str, Any] | None:
    """The first row of a query, or None."""
    found = rows(alias, sql, params)
    return found[0] if found else None


def value(alias: str, sql: str, params: Params = ()) -> Any:
    """The first column of the first row of a query, or None."""
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
        document = bool(cursor.description) and cursor.description[0].type_code == JSONB
    if row is None or row[0] is None:
        return None
    return json.loads(row[0]) if document else row[0]


@contextmanager
def transaction(alias: str) -> Iterator[CursorWrapper]:
    """A transaction on one alias; committed at the end, rolled back by an exception."""
    with django_transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        yield cursor


@contextmanager
def recorded(alias: str) -> Iterator[Recorded]:
    """A transaction that writes facts: opens a tick first and closes it as the last statement."""
    with transaction(alias) as cursor:
        cursor.execute("select ledger.begin_tick()")
        tick = int(cursor.fetchone()[0])
        yield Recorded(cursor, tick)
        cursor.execute("select ledger.close_tick(%s)", [tick])


def freeze(alias: str = "app") -> Any:
    """An as-of (aware datetime) that will answer the same for ever."""
    return value(alias, "select ledger.freeze()")
