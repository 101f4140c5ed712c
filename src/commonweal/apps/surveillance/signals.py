"""What sweeps found, as known at an instant: signals with their lives, findings, and the sweeps themselves.

Signals, changes and findings are read inside an open scope (`scoped_read(..., data_class="L1")`): a signal can be read
by whoever may read the counts of any authority that it touches, and by nobody else. Sweeps tell no figure of a place
and are read without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from commonweal.apps.access.scope import Scope
from commonweal.apps.intake import kept
from commonweal.web import db

MOST = 200
After = tuple[int, int, int]

# The newest change of each signal as known at the instant, the most urgent first: what grows, what is back, what is
# new, what fades, what is over; of one state the highest rate (weight: in thousandths), then the newest.
SIGNALS = """
with newest as (
  select distinct on (c.signal) c.signal, c.step, c.sweep_id, c.morning, c.state, c.level, c.place_code, c.scope,
         c.members, c.rate, c.observed, c.strength, c.recurrence_days, c.evidence, t.known_at as changed_at,
         array_position(array['growing', 'reopened', 'opened', 'fading', 'closed'], c.state) as rank,
         round(coalesce(c.rate, 0) * 1000)::bigint as weight
    from surveillance.signal_change c join ledger.tick t on t.id = c.tick_id
   where (%(as_of)s::timestamptz is null or t.known_at <= %(as_of)s)
     and (%(number)s::bigint is null or c.signal = %(number)s)
   order by c.signal, c.step desc
)
select s.number, s.source, s.kind, s.setting_id, s.morning as opened_on, o.known_at as opened_at,
       n.state, n.step, n.morning, n.changed_at, n.sweep_id, n.level,
       coalesce(n.place_code, s.place_code) as place_code, n.scope, n.members, n.rate,
       n.observed, n.strength, n.recurrence_days, n.evidence, n.rank, n.weight,
       (select w.source from surveillance.sweep w where w.id = n.sweep_id) as told_by
  from newest n join surveillance.signal s on s.number = n.signal join ledger.tick o on o.id = s.tick_id
 where (%(number)s::bigint is null or s.number = %(number)s)
   and (%(states)s::text[] is null or n.state = any (%(states)s))
   and (%(kinds)s::text[] is null or s.kind = any (%(kinds)s))
   and (%(levels)s::text[] is null or n.level = any (%(levels)s))
   and (%(places)s::text[] is null or n.scope && %(places)s::text[])
   and (%(since)s::date is null or n.morning >= %(since)s)
   and (%(after_rank)s::int is null
     or (n.rank, -n.weight, -s.number) > (%(after_rank)s, -%(after_weight)s::bigint, -%(after_number)s::bigint))
 order by n.rank, n.weight desc, s.number desc limit %(limit)s
"""
CHANGES = """
select c.signal, c.step, c.sweep_id, c.morning, c.state, c.level, c.place_code, c.scope, c.members, c.rate, c.observed,
       c.strength, c.recurrence_days, c.evidence, t.known_at
  from surveillance.signal_change c join ledger.tick t on t.id = c.tick_id
 where c.signal = %(number)s and (%(as_of)s::timestamptz is null or t.known_at <= %(as_of)s) order by c.step
"""
FINDINGS = """
select f.id, f.sweep_id, f.signal, f.held_by, f.morning, f.level, f.place_code, f.setting_id, f.method, f.scope,
       f.first_day, f.last_day, f.observed, f.expected, f.expected_low, f.expected_high, f.rate, f.strength, f.p_value,
       f.recurrence_days, f.members, f.evidence, t.known_at,
       (select w.source from surveillance.sweep w where w.id = f.sweep_id) as source
  from {source} f join ledger.tick t on t.id = f.tick_id
 where (%(as_of)s::timestamptz is null or t.known_at <= %(as_of)s)
   and (%(sweep)s::bigint is null or f.sweep_id = %(sweep)s)
   and (%(place)s::text is null or f.place_code = %(place)s)
   and (%(held)s::boolean is null or (f.held_by is not null) = %(held)s)
   and (%(before)s::bigint is null or f.id < %(before)s)
 order by f.id desc limit %(limit)s
"""
OF_SIGNAL = """(select * from surveillance.finding x where x.signal = %(signal)s
         union all select * from surveillance.finding x where x.held_by = %(signal)s)"""
SWEEPS = """
select s.id, s.source, s.as_of, s.morning, s.touched, s.code_version, s.parameters_version, s.executor, s.seconds,
       s.cost, s.places, s.not_done, s.budget, t.known_at
  from surveillance.sweep s join ledger.tick t on t.id = s.tick_id
 where (%(as_of)s::timestamptz is null or t.known_at <= %(as_of)s)
   and (%(source)s::text is null or s.source = %(source)s) and (%(number)s::bigint is null or s.id = %(number)s)
   and (%(before)s::bigint is null or s.id < %(before)s)
 order by s.id desc limit %(limit)s
"""

BARE = """
select distinct on (c.signal) c.signal as number, s.kind, c.state, c.morning, c.scope, c.sweep_id
  from surveillance.signal_change c join surveillance.signal s on s.number = c.signal
 order by c.signal desc, c.step desc
"""


@dataclass(frozen=True)
class Wanted:
    """Which signals: None is any. `places` are lower-tier codes, `since` the morning of the newest change."""

    states: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    levels: Sequence[str] | None = None
    places: Sequence[str] | None = None
    since: date | None = None


EVERY = Wanted()


def signals(
    scope: Scope,
    wanted: Wanted = EVERY,
    *,
    as_of: datetime | None = None,
    after: After | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Signals with their newest change as known at `as_of`, the most urgent first (of all that are wanted).

    `after` is (rank, weight, number) of the last row of the page before. Rows: number, source, kind, setting_id,
    opened_on, opened_at, state, step, morning, changed_at, sweep_id, level, place_code, scope, members, rate, observed,
    strength, recurrence_days, evidence (sentences), rank, weight, told_by (counts, or the metric of the loaded
    series, of the newest change; `source`: of the first).
    """
    values = _asked(wanted, as_of, None, after, limit)
    if as_of is None:
        return scope.rows(SIGNALS, values)
    question = (SIGNALS, *(tuple(each) if isinstance(each, list) else each for each in values.values()))
    return list(kept.rows(scope, question, scope.codes, as_of, lambda: scope.rows(SIGNALS, values)))


def signal(scope: Scope, number: int, *, as_of: datetime | None = None) -> dict[str, Any] | None:
    """One signal in the same form, or None when there is none in scope (or was none at that instant)."""
    found = _by_number(scope, SIGNALS, _asked(EVERY, as_of, number, None, 1))
    return found[0] if found else None


def changes(scope: Scope, number: int, *, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """The life of a signal, oldest change first."""
    return _by_number(scope, CHANGES, {"number": number, "as_of": as_of})


def findings(
    scope: Scope,
    *,
    signal: int | None = None,
    sweep: int | None = None,
    place: str | None = None,
    held: bool | None = None,
    as_of: datetime | None = None,
    before: int | None = None,
    limit: int = MOST,
) -> list[dict[str, Any]]:
    """What the methods said, newest first; of a break or batch also what it held back (`held_by`)."""
    asked = {"signal": signal, "sweep": sweep, "place": place, "held": held}
    values = {**asked, "as_of": as_of, "before": before, "limit": limit}
    if signal is None:
        return scope.rows(FINDINGS.format(source="surveillance.finding"), values)
    return _by_number(scope, FINDINGS.format(source=OF_SIGNAL), values)


def sweeps(
    *,
    source: str | None = None,
    as_of: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
    alias: str = "app",
) -> list[dict[str, Any]]:
    """The sweeps that ran, newest first: what data, how long, what it cost, what could not be done, the budget."""
    return db.rows(alias, SWEEPS, _of_sweeps(source, as_of, None, before, limit))


def sweep(number: int, alias: str = "app") -> dict[str, Any] | None:
    """One sweep, or None."""
    return db.one(alias, SWEEPS, _of_sweeps(None, None, number, None, 1))


def newest_at(alias: str = "app") -> datetime | None:
    """When the newest sweep became known, and with it the newest change of any signal; None before the first."""
    at = db.value(alias, "select t.known_at from surveillance.sweep s join ledger.tick t on t.id = s.tick_id"
                  " order by s.id desc limit 1")  # fmt: skip
    return cast("datetime | None", at)


def bare(states: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """For whoever runs the installation: that there are signals, newest first, without a figure of any place."""
    return [row for row in db.rows("engine", BARE) if states is None or row["state"] in states]


def _by_number(scope: Scope, sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of one signal by its number.

    The server cannot tell how many authorities a scope has and would first look up every row that touches any of them;
    without bitmaps it takes the number's own index and tests the scope of those few.
    """
    scope.cursor.execute("set local enable_bitmapscan = off")
    found = scope.rows(sql, params)
    scope.cursor.execute("set local enable_bitmapscan = on")
    return found


def _of_sweeps(
    source: str | None, as_of: datetime | None, number: int | None, before: int | None, limit: int
) -> dict[str, Any]:
    return {"source": source, "as_of": as_of, "number": number, "before": before, "limit": limit}


def _asked(
    wanted: Wanted, as_of: datetime | None, number: int | None, after: After | None, limit: int
) -> dict[str, Any]:
    lists = {name: _list(getattr(wanted, name)) for name in ("states", "kinds", "levels", "places")}
    rank, weight, last = after or (None, None, None)
    return {**lists, "since": wanted.since, "as_of": as_of, "number": number, "after_rank": rank,
            "after_weight": weight, "after_number": last, "limit": limit}  # fmt: skip


def _list(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)
