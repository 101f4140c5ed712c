"""What a sweep found becomes facts: findings, signals and their changes, and the offices concerned are told at once.

All of it is one transaction of the engine: local and national offices see the same signals from the same commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from commonweal import __version__
from commonweal.apps.desk import telling
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance.count_sweeping import SOURCE, Outcome, Rules
from commonweal.core import wording
from commonweal.core.signals.found import EVENTS, Found
from commonweal.core.signals.life import OPENED, REOPEN_WITHIN, REOPENED
from commonweal.core.signals.running import Advanced, Kept, Running, Step, Written, advance, restored
from commonweal.web import db

KEEP_LOCK = 4312  # one sweep is written at a time: each goes on from the one before
PERMISSION = "judge_signals"
ANSWER_WITHIN = timedelta(days=1)

SWEPT = """
select s.id, s.as_of from surveillance.sweep s
 where s.source = %s and s.as_of = %s and s.touched is not distinct from %s::text[]
   and s.code_version = %s and s.parameters_version = %s
"""
NEWEST = "select max(as_of) from surveillance.sweep where source = %s"
ENTER = """
insert into surveillance.sweep (source, as_of, morning, touched, code_version, parameters_version, executor, seconds,
  cost, places, not_done, budget, tick_id)
values (%s, %s, %s, %s::text[], %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb, %s) returning id
"""
# Signals that may go on: not closed, or found not long ago. A narrowed sweep touches those of its findings' authorities
# only: whatever makes two findings one thing lies in a common authority.
ALIVE = """
select s.number, s.kind from surveillance.signal s
 where s.source = %s
   and (exists (select from surveillance.finding f where f.signal = s.number and f.morning >= %s)
     or 'closed' <> (select c.state from surveillance.signal_change c
                      where c.signal = s.number order by c.step desc limit 1))
   and (%s::text[] is null
     or exists (select from surveillance.signal_change c where c.signal = s.number and c.scope && %s::text[]))
 order by 1
"""
FOUND = """
select f.sweep_id, f.signal, f.morning, f.level, f.place_code, coalesce(f.setting_id, '') as setting_id, f.method,
       f.scope, f.members, f.first_day, f.last_day, f.observed, f.rate, f.strength
  from surveillance.finding f where f.signal = any (%s) order by f.id
"""
STEPS = """
select c.sweep_id, c.signal, c.morning, c.state, c.level, c.place_code from surveillance.signal_change c
 where c.signal = any (%s) order by c.signal, c.step
"""
NUMBER = "select coalesce(max(number), 0) + 1 as number from surveillance.signal"
STEP_OF = "select signal, max(step) as step from surveillance.signal_change where signal = any (%s) group by 1"
SIGNAL = """
insert into surveillance.signal (number, source, kind, level, place_code, setting_id, sweep_id, morning, tick_id)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
FINDING = """
insert into surveillance.finding (sweep_id, signal, held_by, morning, level, place_code, setting_id, method, scope,
  first_day, last_day, observed, expected, expected_low, expected_high, rate, strength, p_value, recurrence_days,
  members, evidence, tick_id)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
CHANGE = """
insert into surveillance.signal_change (signal, step, sweep_id, morning, state, level, place_code, scope, members, rate,
  observed, strength, recurrence_days, evidence, tick_id)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
OFFICES = """
select c.code, array_agg(distinct o.id order by o.id) as offices,
       bool_or(c.code = any (places.resolve_scope(g.area_code))) as local
  from unnest(%s::text[]) as c (code)
  join access.mandate m on c.code = any (places.resolve_scope(m.place_code))
  join access.office o on o.id = m.office_id join access.organisation g on g.id = o.organisation_id
 where %s = any (o.permissions) group by 1 order by 1
"""
LONGEST = 1e15  # a recurrence interval is kept up to here: beyond it is no number of days any more


@dataclass(frozen=True)
class KeptSweep:
    """The number of a sweep that was written (None: it was not, since a newer one is there), and what it changed."""

    number: int | None
    repeated: bool
    changes: tuple[tuple[int, Step], ...]


def kept_before(as_of: datetime, touched: Sequence[str] | None, rules: Rules) -> int | None:
    """The number of the same sweep at the same as-of, if it ran before."""
    row = db.one("engine", SWEPT, [SOURCE, as_of, _sorted(touched), __version__, rules.version])
    return None if row is None else int(row["id"])


def newest_as_of() -> datetime | None:
    """The as-of of the newest sweep over counts."""
    found: datetime | None = db.value("engine", NEWEST, [SOURCE])
    return found


def keep(outcome: Outcome, rules: Rules, executor: str) -> KeptSweep:
    """Write a sweep and carry the signals on. The same sweep again changes nothing; one that looks further back than a
    sweep that was written is not written: signals only go forward."""
    with db.recorded("engine") as write:
        write.cursor.execute("select pg_advisory_xact_lock(%s)", [KEEP_LOCK])
        again = db.fetch(write.cursor, SWEPT, _names(outcome, rules))
        if again:
            return KeptSweep(int(again[0]["id"]), True, ())
        newest = db.fetch(write.cursor, NEWEST, [SOURCE])[0]["max"]
        if newest is not None and outcome.as_of < newest:
            return KeptSweep(None, False, ())
        number = _enter(write, outcome, rules, executor)
        known: set[tuple[Any, ...]] = set()
        signals = _alive(write, outcome, rules, known)
        first_new = int(db.fetch(write.cursor, NUMBER)[0]["number"])
        done = _advance(signals, outcome, rules, first_new)
        _write_signals(write, number, outcome.morning, signals, done, first_new)
        _write_findings(write, number, outcome, done, known)
        _write_changes(write, number, signals, done)
        _tell(write, number, signals, done)
    return KeptSweep(number, False, tuple(done.changes))


def _names(outcome: Outcome, rules: Rules) -> list[Any]:
    return [SOURCE, outcome.as_of, _sorted(outcome.touched), __version__, rules.version]


def _sorted(codes: Iterable[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)


def _enter(write: db.Recorded, outcome: Outcome, rules: Rules, executor: str) -> int:
    documents = [outcome.cost, outcome.places, outcome.not_done, rules.how.budget.told()]
    source, as_of, touched, code, version = _names(outcome, rules)
    row = [source, as_of, outcome.morning, touched, code, version, executor, outcome.seconds]
    write.cursor.execute(ENTER, [*row, *(json.dumps(each) for each in documents), write.tick])
    return int(write.cursor.fetchone()[0])


def _alive(write: db.Recorded, outcome: Outcome, rules: Rules, known: set[tuple[Any, ...]]) -> list[Running]:
    """The signals that may go on, restored from their facts; `known` takes what was found this morning already."""
    oldest = outcome.morning - timedelta(days=REOPEN_WITHIN * rules.setting.life.closed_after_days)
    near = None
    if outcome.touched is not None:
        near = sorted(set().union(*(each.scope for each in [*outcome.found, *outcome.events])))
    kinds = {row["number"]: row["kind"] for row in db.fetch(write.cursor, ALIVE, [SOURCE, oldest, near, near])}
    numbers = list(kinds)
    rows = db.fetch(write.cursor, FOUND, [numbers])
    kept = [Kept(row["sweep_id"], row["signal"], row["morning"], _found(row)) for row in rows]
    known |= {_name(each.signal, each.found) for each in kept if each.morning == outcome.morning}
    written = [
        Written(row["sweep_id"], row["signal"], Step(row["morning"], row["state"], row["level"], row["place_code"]))
        for row in db.fetch(write.cursor, STEPS, [numbers])
    ]
    return restored(kinds, kept, written)


def _found(row: dict[str, Any]) -> Found:
    return Found(
        row["level"], row["place_code"], row["method"], frozenset(row["scope"]), frozenset(row["members"]),
        row["first_day"], row["last_day"], row["observed"], None, None, None, row["rate"], row["strength"], None, None,
        "", row["setting_id"],
    )  # fmt: skip


def _advance(signals: list[Running], outcome: Outcome, rules: Rules, first_new: int) -> Advanced:
    """Events first, then what they do not explain. What a signal that goes on found before is not held."""
    standing = {key for signal in signals if signal.state != "closed" for key in signal.keys}
    free = [each for each, _ in outcome.held if each.key in standing]
    return advance(
        signals, [*outcome.events, *outcome.found, *free], outcome.morning, rules.setting.life, next_number=first_new,
        whole=outcome.touched is None,
    )  # fmt: skip


def _write_signals(
    write: db.Recorded, sweep: int, morning: date, signals: list[Running], done: Advanced, first_new: int
) -> None:
    heads = {number: found for found, number in reversed(done.homes)}
    for signal in signals:
        if signal.number >= first_new:
            head = heads[signal.number]
            write.cursor.execute(
                SIGNAL,
                [signal.number, SOURCE, signal.kind, head.level, head.place, head.setting or None, sweep, morning,
                 write.tick],
            )  # fmt: skip


def _name(signal: int, found: Found) -> tuple[Any, ...]:
    """What makes a finding the same as one of an earlier sweep of the same morning."""
    return signal, found.key, found.place, found.method, found.members, found.first, found.observed, found.rate


def _write_findings(
    write: db.Recorded, sweep: int, outcome: Outcome, done: Advanced, known: set[tuple[Any, ...]]
) -> None:
    """Findings that this morning's sweeps did not have yet."""
    events = {found: number for found, number in done.homes if found.kind in EVENTS}
    homes = {found for found, _ in done.homes}
    rows = [_row(found, number, None) for found, number in done.homes if _name(number, found) not in known]
    rows += [_row(found, None, events[event]) for found, event in outcome.held if found not in homes]
    if rows:
        write.cursor.executemany(FINDING, [[sweep, *row[:2], outcome.morning, *row[2:], write.tick] for row in rows])


def _row(found: Found, signal: int | None, held_by: int | None) -> list[Any]:
    often = None if found.recurrence is None else min(found.recurrence, LONGEST)
    return [
        signal, held_by, found.level, found.place, found.setting or None, found.method, sorted(found.scope),
        found.first, found.last, found.observed, found.expected, found.low, found.high, found.rate,
        found.strength, found.p_value, often, sorted(found.members), found.evidence,
    ]  # fmt: skip


def _write_changes(write: db.Recorded, sweep: int, signals: list[Running], done: Advanced) -> None:
    by_number = {signal.number: signal for signal in signals}
    before = db.fetch(write.cursor, STEP_OF, [[number for number, _ in done.changes]])
    steps = {row["signal"]: row["step"] for row in before}
    rows = []
    for number, step in done.changes:
        signal = by_number[number]
        often = None if step.recurrence is None else min(step.recurrence, LONGEST)
        rows.append(
            [number, steps.get(number, 0) + 1, sweep, step.morning, step.state, step.level, step.place,
             sorted(signal.scope), sorted(signal.members), step.rate, step.observed, step.strength, often,
             list(step.evidence), write.tick]
        )  # fmt: skip
    if rows:
        write.cursor.executemany(CHANGE, rows)


# Telling -------------------------------------------------------------------------------------------------------------

WORDS = {
    "rise": "a rise", "cluster": "a cluster", "setting": "an outbreak in a setting",
    "definition_break": "a change in what is counted", "late_batch": "a late batch of results",
}  # fmt: skip


def _tell(write: db.Recorded, sweep: int, signals: list[Running], done: Advanced) -> None:
    """Tell the local and national offices of each authority, once a sweep, what was opened there: without figures."""
    by_number = {signal.number: signal for signal in signals}
    opened = [by_number[number] for number, step in done.changes if step.state in (OPENED, REOPENED)]
    by_place: dict[str, list[Running]] = {}
    for signal in opened:
        for code in signal.scope:
            by_place.setdefault(code, []).append(signal)
    names = places.names(sorted(by_place))
    now = db.fetch(write.cursor, "select commonweal.now() as now")[0]["now"]
    for row in db.rows("app", OFFICES, [sorted(by_place), PERMISSION]):
        if not row["local"]:
            continue  # no office stands there yet: nobody else is told of the place before its own
        code, offices = row["code"], row["offices"]
        some = by_place[code]
        act = any(signal.kind not in EVENTS for signal in some)
        telling.tell(
            write, offices, _subject(names.get(code, code), some), _link(code, some), 2 if act else 3,
            now + ANSWER_WITHIN if act else None, kind="surveillance.signals", places=[code],
            event=f"surveillance.sweep.{sweep}.{code}",
        )  # fmt: skip


def _subject(name: str, some: list[Running]) -> str:
    if len(some) == 1:
        return f"{name}: {WORDS[some[0].kind]}"
    return f"{name}: {wording.joined(sorted({WORDS[signal.kind] for signal in some}))}"


def _link(code: str, some: list[Running]) -> str:
    return f"/signals/{some[0].number}" if len(some) == 1 else f"/signals?place={code}"
