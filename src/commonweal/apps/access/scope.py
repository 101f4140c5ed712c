"""Scopes: the only way to rows about people. Minting one enters the access record first, in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import Error, connections, transaction
from django.db.backends.utils import CursorWrapper

from commonweal.core.errors import NotAllowed
from commonweal.web import db

OUR_REFUSALS = "CW"


class ScopeMissing(NotAllowed):
    """A query for record-level data was made outside a scope."""


@dataclass(frozen=True)
class Actor:
    """One person acting as one office for one purpose."""

    person_id: UUID
    office_id: str
    purpose: str


@dataclass
class Scope:
    """An open scope: run queries with `rows`; the number of rows that left is entered when it closes."""

    cursor: CursorWrapper
    codes: tuple[str, ...]
    agreements: tuple[str, ...]
    read_id: UUID
    counted: int = 0
    exported: bool = False

    def rows(self, sql: str, params: db.Params = ()) -> list[dict[str, Any]]:
        """Rows within the scope, as dictionaries."""
        found = db.fetch(self.cursor, sql, params)
        self.counted += len(found)
        return found

    def one(self, sql: str, params: db.Params = ()) -> dict[str, Any]:
        """The only row of a query that always gives one (a count, a total)."""
        return self.rows(sql, params)[0]


@contextmanager
def scoped_read(
    actor: Actor | None,
    *,
    query: str,
    filters: Mapping[str, Any] | None = None,
    as_of: datetime | None = None,
    places: Sequence[str] | None = None,
    data_class: str = "L2",
    exported: bool = False,
) -> Iterator[Scope]:
    """Open a scope for one read.

    `query` names the read in the access record, `filters` says what was asked, `places` narrows the office's mandate
    (any codes), `data_class` is L1, L2 or L3. The rows can be read inside the block only. Raises `ScopeMissing`
    without an actor, `NotAllowed` with the sentence of the database when office, purpose or agreement is missing.
    """
    if actor is None:
        raise ScopeMissing(f"The query {query!r} reads data about people and needs an office to act as.")
    with transaction.atomic(using="app"), connections["app"].cursor() as cursor:
        cursor.execute("select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()")
        pid, backend_start = cursor.fetchone()
        minted = _mint(actor, query, filters or {}, as_of, places, data_class, pid, backend_start)
        cursor.execute("select set_config('app.handle', %s, true)", [minted["handle"]])
        scope = Scope(cursor, tuple(minted["codes"]), tuple(minted["agreements"]), minted["read_id"], exported=exported)
        try:
            yield scope
        finally:
            _close(minted["handle"], scope)


def _mint(
    actor: Actor,
    query: str,
    filters: Mapping[str, Any],
    as_of: datetime | None,
    places: Sequence[str] | None,
    data_class: str,
    pid: int,
    backend_start: datetime,
) -> dict[str, Any]:
    values = [actor.person_id, actor.office_id, actor.purpose, data_class, query, json.dumps(filters, default=str)]
    values += [as_of, list(places) if places is not None else None, pid, backend_start]
    try:
        with db.transaction("authn") as cursor:
            return db.fetch(
                cursor,
                "select * from access.mint(%s::uuid, %s, %s, %s, %s, %s::jsonb, %s::timestamptz, %s::text[], "
                "%s::integer, %s::timestamptz)",
                values,
            )[0]
    except Error as error:
        raise refusal(error) from error


def refusal(error: Error) -> Exception:
    """The database's own sentence as `NotAllowed` when one of our rules refused; the error itself otherwise."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    diagnostic = getattr(cause, "diag", None)
    if state.startswith(OUR_REFUSALS) and diagnostic is not None:
        return NotAllowed(diagnostic.message_primary or str(error))
    return error


def _close(handle: str, scope: Scope) -> None:
    with db.transaction("authn") as cursor:
        cursor.execute("select access.close_handle(%s)", [handle])
        cursor.execute(
            "select access.count_rows(%s::uuid, %s::bigint, %s::boolean)",
            [scope.read_id, scope.counted, scope.exported],
        )


class StreamScope:
    """Repeated reads of one open page: entered once a minute, a new handle for each read in between.

    Not shared between threads. `codes` are those of the last entry.
    """

    def __init__(
        self,
        actor: Actor,
        *,
        query: str,
        filters: Mapping[str, Any],
        places: Sequence[str] | None = None,
        data_class: str = "L2",
    ) -> None:
        self.actor = actor
        self.codes: tuple[str, ...] = ()
        self._asked = (query, dict(filters), places if places is None else list(places), data_class)
        self._read_id: UUID | None = None

    def enter(self) -> tuple[str, ...]:
        """Enter the access record for the coming minute; returns the codes. Raises `NotAllowed`."""
        query, filters, places, data_class = self._asked
        with scoped_read(self.actor, query=query, filters=filters, places=places, data_class=data_class) as scope:
            self._read_id, self.codes = scope.read_id, scope.codes
        return self.codes

    def still_appointed(self) -> bool:
        """Whether the person still holds the office: asked every few seconds while the page is open."""
        sql = "select 1 from access.current_appointment where person_id = %s and office_id = %s"
        return db.value("authn", sql, [self.actor.person_id, self.actor.office_id]) is not None

    @contextmanager
    def read(self) -> Iterator[Scope]:
        """A scope under the present minute's entry. Raises `NotAllowed` when the appointment has ended."""
        with transaction.atomic(using="app"), connections["app"].cursor() as cursor:
            cursor.execute("select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()")
            pid, backend_start = cursor.fetchone()
            try:
                with db.transaction("authn") as minting:
                    minted = db.fetch(
                        minting,
                        "select * from access.mint_again(%s::uuid, %s::uuid, %s, %s::integer, %s::timestamptz)",
                        [self._read_id, self.actor.person_id, self.actor.office_id, pid, backend_start],
                    )[0]
            except Error as error:
                raise refusal(error) from error
            cursor.execute("select set_config('app.handle', %s, true)", [minted["handle"]])
            try:
                yield Scope(cursor, tuple(minted["codes"]), (), self._read_id or UUID(int=0))
            finally:
                with db.transaction("authn") as closing:
                    closing.execute("select access.close_handle(%s)", [minted["handle"]])
