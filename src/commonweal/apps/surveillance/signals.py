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
from commonweal.core.signals.merging import Edge, under
from commonweal.web import db

MOST = 200
After = tuple[int, int, int]

# A signal with one of its changes, `picked`.
SHOWN = """
select s.number, s.source, s.kind, s.setting_id, s.morning as opened_on, o.known_at as opened_at,
       c.state, c.step, c.morning, t.known_at as changed_at, c.sweep_id, c.level,
       coalesce(c.place_code, s.place_code) as place_code, c.scope, c.members, c.rate,
       c.observed, c.strength, c.recurrence_days, c.evidence, surveillance.urgency(c.state) as rank,
       surveillance.weight(c.rate) as weight,
       (select w.source from surveillance.sweep w where w.id = c.sweep_id) as told_by
  from picked p join surveillance.signal_change c on c.signal = p.signal and c.step = p.step
  join surveillance.signal s on s.number = p.signal join ledger.tick o on o.id = s.tick_id
  join ledger.tick t on t.id = c.tick_id
"""
# The newest change of each signal as known at the instant, the most urgent first: what grows, what is back, what is
# new, what fades, what is over; of one state the highest rate (weight: in thousandths), then the newest. Changes that
# became known after the instant are few where it is recent: those signals alone are looked up in their lives. What
# stands under another one (`under`, `heads`: pairs) is left out where that one is listed.
SIGNALS = f"""
with later as (
  select t.id from ledger.tick t where t.known_at > %(as_of)s::timestamptz
),
newest as (
  select n.signal, n.step, n.state, n.level, n.kind, n.morning, n.scope, n.urgency, n.weight
    from surveillance.signal_newest n where n.tick_id not in (select l.id from later l)
  union all
  select n.signal, b.step, b.state, b.level, n.kind, b.morning, b.scope, surveillance.urgency(b.state),
         surveillance.weight(b.rate)
    from surveillance.signal_newest n
   cross join lateral (
     select c.* from surveillance.signal_change c join ledger.tick t on t.id = c.tick_id
      where c.signal = n.signal and t.known_at <= %(as_of)s::timestamptz order by c.step desc limit 1) b
   where n.tick_id in (select l.id from later l)
),
wanted as (
  select n.signal, n.step, n.urgency, n.weight from newest n
   where (%(states)s::text[] is null or n.state = any (%(states)s))
     and (%(kinds)s::text[] is null or n.kind = any (%(kinds)s))
     and (%(levels)s::text[] is null or n.level = any (%(levels)s))
     and (%(places)s::text[] is null or n.scope && %(places)s::text[])
     and (%(since)s::date is null or n.morning >= %(since)s)
),
picked as (
  select w.* from wanted w
   where w.signal not in (select m.signal from unnest(%(under)s::bigint[], %(heads)s::bigint[]) m (signal, head)
                           where m.head in (select h.signal from wanted h))
     and (%(after_rank)s::int is null
       or (w.urgency, -w.weight, -w.signal) > (%(after_rank)s, -%(after_weight)s::bigint, -%(after_number)s::bigint))
   order by w.urgency, w.weight desc, w.signal desc limit %(limit)s
)
{SHOWN} order by p.urgency, p.weight desc, p.signal desc
"""  # noqa: S608 - joined from constants
ONE = f"""
with picked as (
  select c.signal, c.step from surveillance.signal_change c join ledger.tick t on t.id = c.tick_id
   where c.signal = %(number)s and (%(as_of)s::timestamptz is null or t.known_at <= %(as_of)s)
   order by c.step desc limit 1
)
{SHOWN}
"""  # noqa: S608 - joined from constants
MERGES = "select m.signal, m.merged_into from surveillance.merges_seen(%s) m order by 1, 2"
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
    series, of the newest change; `source`: of the first), merged_into (numbers of the signals that this one was last
    said to be the same as and to stand under), merged (those that stand under this one, by way of others too).

    A signal that was merged into another one of the list is left out of it, and stands there in `merged`.
    """
    asked = _asked(wanted, as_of, after, limit)

    def read() -> list[dict[str, Any]]:
        merges = _merges(scope, as_of)
        pairs = under(merges)
        values = {**asked, "under": [signal for signal, _ in pairs], "heads": [head for _, head in pairs]}
        return [_with_merges(row, merges, pairs) for row in _by_index(scope, SIGNALS, values)]

    if as_of is None:
        return read()
    question = (SIGNALS, *(tuple(each) if isinstance(each, list) else each for each in asked.values()))
    return list(kept.rows(scope, question, scope.codes, as_of, read))


def signal(scope: Scope, number: int, *, as_of: datetime | None = None) -> dict[str, Any] | None:
    """One signal in the same form, or None when there is none in scope (or was none at that instant)."""
    found = _by_index(scope, ONE, {"number": number, "as_of": as_of})
    if not found:
        return None
    merges = _merges(scope, as_of)
    return _with_merges(found[0], merges, under(merges))


def changes(scope: Scope, number: int, *, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """The life of a signal, oldest change first."""
    return _by_index(scope, CHANGES, {"number": number, "as_of": as_of})


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
    return _by_index(scope, FINDINGS.format(source=OF_SIGNAL), values)


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
    """When the newest sweep became known, and with it the newest change of any signal, or the newest word on two of
    them being one; None before the first sweep."""
    at = db.value(alias, "select greatest(t.known_at, surveillance.newest_merge()) from surveillance.sweep s"
                  " join ledger.tick t on t.id = s.tick_id order by s.id desc limit 1")  # fmt: skip
    return cast("datetime | None", at)


def bare(states: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """For whoever runs the installation: that there are signals, newest first, without a figure of any place."""
    return [row for row in db.rows("engine", BARE) if states is None or row["state"] in states]


def _by_index(scope: Scope, sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of signals by their numbers.

    The server cannot tell how many authorities a scope has and would first look up every row that touches any of them;
    without bitmaps it takes the numbers' own index and tests the scope of those few.
    """
    scope.cursor.execute("set local enable_bitmapscan = off")
    found = scope.rows(sql, params)
    scope.cursor.execute("set local enable_bitmapscan = on")
    return found


def _merges(scope: Scope, as_of: datetime | None) -> list[Edge]:
    """What was last said of two signals being one; no figure of a place, so it is no row that left the scope."""
    return [(row["signal"], row["merged_into"]) for row in db.fetch(scope.cursor, MERGES, [as_of])]


def _with_merges(row: dict[str, Any], merges: Sequence[Edge], pairs: Sequence[Edge]) -> dict[str, Any]:
    number = row["number"]
    return {
        **row,
        "merged_into": [other for signal, other in merges if signal == number],
        "merged": [signal for signal, head in pairs if head == number],
    }


def _of_sweeps(
    source: str | None, as_of: datetime | None, number: int | None, before: int | None, limit: int
) -> dict[str, Any]:
    return {"source": source, "as_of": as_of, "number": number, "before": before, "limit": limit}


def _asked(wanted: Wanted, as_of: datetime | None, after: After | None, limit: int) -> dict[str, Any]:
    lists = {name: _list(getattr(wanted, name)) for name in ("states", "kinds", "levels", "places")}
    rank, weight, last = after or (None, None, None)
    return {**lists, "since": wanted.since, "as_of": as_of, "after_rank": rank, "after_weight": weight,
            "after_number": last, "limit": limit}  # fmt: skip


def _list(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)
