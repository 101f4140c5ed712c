"""Counts of an area as known at an instant: what *My area* shows. Every function runs inside an open scope.

A count as known at T is the newest snapshot at or before T plus the changes since, up to T. Days are specimen days.
`case` counts people at the first positive specimen of an episode; `positive` and `negative` count results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from commonweal.apps.access.scope import Scope
from commonweal.apps.intake import kept
from commonweal.web import db

VIRUS_TESTS = ("pcr", "lateral_flow")

# Changes since a snapshot are looked up tick by tick (`offset 0` keeps it so): the few ticks are what bounds the work,
# and where statistics are young the server would rather read every change of a place that there ever was. Where single
# records come by the hundreds a second there are thousands of ticks: then the stretch of ticks is read in one go.
FEW_TICKS = 400

BASE = """
select found.as_of as base, found.as_of = any (counts.whole_snapshots()) as whole, since.*
  from (select {newest} as as_of) found
 cross join lateral (
   select count(*) as ticks, min(t.id) as first_tick, max(t.id) as last_tick from ledger.tick t
    where t.known_at <= %(as_of)s and t.known_at > coalesce(found.as_of, '-infinity'::timestamptz)) since
"""
NEWEST = "counts.newest_snapshot(%(as_of)s)"
NEWEST_SMALL = "counts.small_snapshot(%(as_of)s, %(first)s)"  # of those that hold all days asked for
TICK_BY_TICK = """ledger.tick t
   cross join lateral (
     select x.* from {table} x where x.tick_id = t.id and x.scope_ltla = any (%(codes)s) {only} offset 0) d"""
IN_ONE_GO = """(
     select x.* from {table} x where x.tick_id between %(first_tick)s and %(last_tick)s {only}
        and x.specimen_day between %(first)s and %(last)s
        and x.scope_ltla = any (%(codes)s) offset 0) d join ledger.tick t on t.id = d.tick_id"""
PEOPLE = "and x.result = 'case'"
IN_PLACES = "s.scope_ltla = any (%(codes)s)"

DAILY = """
with changes as (
  select s.specimen_day, s.pillar, s.test_type, s.result, s.n
    from {source} s where s.as_of = %(base)s and {place} and s.specimen_day between %(first)s and %(last)s
  union all
  select d.specimen_day, d.pillar, d.test_type, d.result, d.n
    from {changes}
   where t.known_at <= %(as_of)s and t.known_at > coalesce(%(base)s, '-infinity'::timestamptz)
     and d.specimen_day between %(first)s and %(last)s
)
select specimen_day as day, pillar, test_type, result, sum(n)::bigint as n
  from changes group by 1, 2, 3, 4 having sum(n) <> 0 order by 1, 2, 3, 4
"""

# People by small area; with a snapshot that does not hold every day asked for, all changes are added up.
SMALL_AREAS = """
with changes as (
  select s.lsoa_code, s.scope_ltla, s.specimen_day, s.n
    from {source} s where s.as_of = %(base)s
     and {place} and s.specimen_day between %(first)s and %(last)s and s.result = 'case'
  union all
  select d.lsoa_code, d.scope_ltla, d.specimen_day, d.n
    from {changes}
   where t.known_at <= %(as_of)s and t.known_at > coalesce(%(base)s, '-infinity'::timestamptz)
     and d.specimen_day between %(first)s and %(last)s
)
select lsoa_code, scope_ltla, specimen_day as day, 'case' as result, sum(n)::bigint as n
  from changes group by 1, 2, 3 having sum(n) <> 0 order by 1, 2, 3
"""
ALL_CHANGES = """(
     select x.* from {table} x where x.scope_ltla = any (%(codes)s)
        and x.specimen_day between %(first)s and %(last)s {only}) d join ledger.tick t on t.id = d.tick_id"""

AGES = """
with changes as (
  select s.age_band, s.sex, s.result, s.n
    from {source} s where s.as_of = %(base)s and {place} and s.specimen_day between %(first)s and %(last)s
  union all
  select d.age_band, d.sex, d.result, d.n
    from {changes}
   where t.known_at <= %(as_of)s and t.known_at > coalesce(%(base)s, '-infinity'::timestamptz)
     and d.specimen_day between %(first)s and %(last)s
)
select age_band, sex, result, sum(n)::bigint as n from changes group by 1, 2, 3 having sum(n) <> 0 order by 1, 2, 3
"""

# People by authority, in the shape of SMALL_AREAS: what a map of many authorities shows.
AUTHORITIES = (
    SMALL_AREAS.replace("s.lsoa_code,", "")
    .replace("d.lsoa_code,", "")
    .replace("select lsoa_code,", "select scope_ltla as lsoa_code,")
)

SINCE = """
select d.lsoa_code, 'case' as result, sum(d.n)::bigint as n
  from ledger.tick t
 cross join lateral (
   select x.lsoa_code, x.scope_ltla, x.n from counts.delta x
    where x.tick_id = t.id and x.scope_ltla = any (%(codes)s) and x.result = 'case' offset 0) d
 where t.known_at > %(since)s and t.known_at <= %(as_of)s
 group by 1 having sum(d.n) <> 0 order by 1
"""

# One row a result, and the whole in the row without one: places, and the commit of the oldest change.
ARRIVED = """
select d.result, sum(d.n)::bigint as n, count(distinct d.lsoa_code) as places, min(t.known_at) as first_known
  from ledger.tick t
 cross join lateral (
   select x.* from counts.delta x where x.tick_id = t.id and x.scope_ltla = any (%(codes)s) offset 0) d
 where t.known_at > %(since)s and t.known_at <= %(as_of)s
 group by grouping sets ((d.result), ())
"""

SINCE_BY_AUTHORITY = SINCE.replace("select d.lsoa_code", "select d.scope_ltla as lsoa_code")


@dataclass(frozen=True)
class Window:
    """What is asked: lower-tier codes, specimen days (both included), and the instant it was known."""

    codes: Sequence[str]
    first: date
    last: date
    as_of: datetime

    @property
    def parameters(self) -> dict[str, Any]:
        return {"codes": list(self.codes), "first": self.first, "last": self.last, "as_of": self.as_of}


@dataclass(frozen=True)
class Query:
    """How counts are added up: the statement, the table of changes and which of them, the snapshot of the window's own
    authorities (`parts`) or the sum over all (`whole`), and how the newest one is found."""

    statement: str
    changes: str
    parts: str
    whole: str = ""
    only: str = ""
    newest: str = NEWEST


DAILY_QUERY = Query(DAILY, "counts.delta", "counts.snapshot_area", "counts.snapshot_whole")
SMALL_QUERY = Query(SMALL_AREAS, "counts.delta", "counts.snapshot_small", only=PEOPLE, newest=NEWEST_SMALL)
AUTHORITY_QUERY = Query(AUTHORITIES, "counts.delta", "counts.snapshot_area", only=PEOPLE)
AGE_QUERY = Query(AGES, "counts.delta_age", "counts.snapshot_age", "counts.snapshot_whole_age")


def _rows(scope: Scope, query: Query, window: Window) -> kept.Rows:
    """Rows of a query over the changes since the newest snapshot at or before the window's instant.

    The snapshot is that of the window's own authorities, or the sum over all where there is one and the scope covers
    them. Kept while memory lasts, because what was known at an instant stays the same.
    """
    return kept.rows(
        scope, (query, window.first, window.last), window.codes, window.as_of, lambda: _read(scope, query, window)
    )


def _read(scope: Scope, query: Query, window: Window) -> list[dict[str, Any]]:
    base = db.fetch(scope.cursor, BASE.format(newest=query.newest), window.parameters)[0]
    of_all = bool(query.whole) and base["whole"] and set(window.codes) == set(scope.codes)
    if base["base"] is None:
        changes = ALL_CHANGES
    else:
        changes = TICK_BY_TICK if base["ticks"] <= FEW_TICKS else IN_ONE_GO
    sql = query.statement.format(
        source=query.whole if of_all else query.parts,
        place="true" if of_all else IN_PLACES,
        changes=changes.format(table=query.changes, only=query.only),
    )
    return scope.rows(sql, {**window.parameters, **base})


def daily_counts(scope: Scope, window: Window) -> kept.Rows:
    """Rows day, pillar, test_type, result, n of the whole area."""
    return _rows(scope, DAILY_QUERY, window)


def small_area_counts(scope: Scope, window: Window) -> kept.Rows:
    """Rows of people lsoa_code, scope_ltla, day, result ('case'), n."""
    return _rows(scope, SMALL_QUERY, window)


def authority_counts(scope: Scope, window: Window) -> kept.Rows:
    """Rows of people in the shape of `small_area_counts`, an authority's own code standing for its small areas."""
    return _rows(scope, AUTHORITY_QUERY, window)


def age_counts(scope: Scope, window: Window) -> kept.Rows:
    """Rows age_band, sex, result, n over the window's days."""
    return _rows(scope, AGE_QUERY, window)


def changes_since(
    scope: Scope, codes: Sequence[str], since: datetime, as_of: datetime, *, by_authority: bool = False
) -> kept.Rows:
    """Rows of people lsoa_code, result ('case'), n that became known after `since` and up to `as_of`, whatever the
    specimen day.

    `by_authority` gives one row an authority, under its own code.
    """
    sql = SINCE_BY_AUTHORITY if by_authority else SINCE
    asked = {"codes": list(codes), "since": since, "as_of": as_of}
    return kept.rows(scope, (sql, since), codes, as_of, lambda: scope.rows(sql, asked))


def arrived(scope: Scope, since: datetime, as_of: datetime) -> dict[str, Any]:
    """What became known after `since` and up to `as_of`: ``new`` (result -> count), ``places``, and
    ``first_known``, the commit of the oldest change (None without any)."""
    rows = scope.rows(ARRIVED, {"codes": list(scope.codes), "since": since, "as_of": as_of})
    (whole,) = (row for row in rows if row["result"] is None)
    new = {row["result"]: row["n"] for row in rows if row["result"] is not None and row["n"]}
    return {"new": new, "places": whole["places"], "first_known": whole["first_known"]}
