"""What a sweep found becomes facts: findings, signals and their changes, and the offices concerned are told at once.

All of it is one transaction of the engine: local and national offices see the same signals from the same commit.
Sweeps look at the same time and are kept one after the other; each goes on from the signals as they stand when it is
kept, so that what two of them found is one signal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from commonweal import __version__
from commonweal.apps.surveillance import announcing, carried
from commonweal.apps.surveillance.count_sweeping import SOURCE, Outcome, Rules
from commonweal.core.signals.found import EVENTS, Found
from commonweal.core.signals.life import REOPEN_WITHIN
from commonweal.core.signals.running import Advanced, Running, Step, advance
from commonweal.web import db

KEEP_LOCK = 4312  # one sweep is written at a time: each goes on from the one before

SWEPT = """
select s.id, s.as_of from surveillance.sweep s
 where s.source = %s and s.as_of = %s and s.touched is not distinct from %s::text[]
   and s.code_version = %s and s.parameters_version = %s
"""
NEWEST = "select max(as_of) from surveillance.sweep where source = %s"
# By counts: the newest sweep after which nothing that changed before it is left to be swept.
NEWEST_WHOLE = """
select max(as_of) from surveillance.sweep
 where source = 'counts' and (touched is null or changed_since is not null)
"""
NEWEST_NUMBER = "select coalesce(max(id), 0) as number from surveillance.sweep"
# Sweeps that looked later: those kept before this one began, and those kept since that looked at all its places.
OVERTAKEN_BY = """
select s.id from surveillance.sweep s
 where s.source = %(source)s and s.as_of > %(as_of)s
   and (%(begun_after)s::bigint is null or s.id <= %(begun_after)s or s.touched is null
        or s.touched @> %(touched)s::text[])
 limit 1
"""
LATEST_MORNING = "select max(morning) from surveillance.sweep"
ENTER = """
insert into surveillance.sweep (source, as_of, morning, touched, code_version, parameters_version, executor, seconds,
  cost, places, not_done, budget, changed_since, tick_id)
values (%s, %s, %s, %s::text[], %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb, %s, %s) returning id
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
LONGEST = 1e15  # a recurrence interval is kept up to here: beyond it is no number of days any more


@dataclass(frozen=True)
class KeptSweep:
    """The number of a sweep that was written (None: it was not, since a newer one is there), and what it changed."""

    number: int | None
    repeated: bool
    changes: tuple[tuple[int, Step], ...]


def kept_before(as_of: datetime, touched: Sequence[str] | None, rules: Rules, source: str = SOURCE) -> int | None:
    """The number of the same sweep at the same as-of, if it ran before."""
    row = db.one("engine", SWEPT, [source, as_of, _sorted(touched), __version__, rules.version])
    return None if row is None else int(row["id"])


def newest_as_of(source: str) -> datetime | None:
    """The as-of of the newest sweep over a loaded series (its metric)."""
    found: datetime | None = db.value("engine", NEWEST, [source])
    return found


def swept_up_to() -> datetime | None:
    """Up to which instant every change of the counts was swept; what a person narrowed a sweep to moves it not."""
    found: datetime | None = db.value("engine", NEWEST_WHOLE)
    return found


def newest_number() -> int:
    """The number of the sweep that was kept last, of any source; 0 before the first."""
    number: int = db.value("engine", NEWEST_NUMBER)
    return number


def keep(
    outcome: Outcome,
    rules: Rules,
    executor: str,
    begun_after: int | None = None,
    changed_since: datetime | None = None,
) -> KeptSweep:
    """Write a sweep and carry the signals on. The same sweep again changes nothing; one that looks further back than a
    sweep that was written is not written: signals only go forward.

    begun_after: the newest sweep when this one began (`newest_number`). Narrowed sweeps that were kept since, while
    this one still computed, do not undo it: a narrowed sweep lets nothing grow old, and what both found joins. One that
    a newer sweep of all its places overtook, or a new morning, is not written. Left out: any newer sweep counts.
    changed_since: of one narrowed to all that changed after an instant, that instant.
    """
    with db.recorded("engine") as write:
        write.cursor.execute("select pg_advisory_xact_lock(%s)", [KEEP_LOCK])
        again = db.fetch(write.cursor, SWEPT, _names(outcome, rules))
        if again:
            return KeptSweep(int(again[0]["id"]), True, ())
        if _is_overtaken(write, outcome, begun_after):
            return KeptSweep(None, False, ())
        number = _enter(write, outcome, rules, executor, changed_since)
        known: set[tuple[Any, ...]] = set()
        signals = _alive(write, outcome, rules, known)
        first_new = int(db.fetch(write.cursor, NUMBER)[0]["number"])
        done = _advance(signals, outcome, rules, first_new)
        _write_signals(write, number, outcome, signals, done, first_new)
        _write_findings(write, number, outcome, done, known)
        _write_changes(write, number, signals, done)
        moved = {signal for _, signal in done.homes} | {signal for signal, _ in done.changes}
        carried.store(write, [signal for signal in signals if signal.number in moved])
        announcing.tell(write, number, signals, done)
    return KeptSweep(number, False, tuple(done.changes))


def _is_overtaken(write: db.Recorded, outcome: Outcome, begun_after: int | None) -> bool:
    latest = db.fetch(write.cursor, LATEST_MORNING)[0]["max"]
    asked = {"source": outcome.source, "as_of": outcome.as_of, "begun_after": begun_after,
             "touched": _sorted(outcome.touched)}  # fmt: skip
    return (latest is not None and outcome.morning < latest) or bool(db.fetch(write.cursor, OVERTAKEN_BY, asked))


def _names(outcome: Outcome, rules: Rules) -> list[Any]:
    return [outcome.source, outcome.as_of, _sorted(outcome.touched), __version__, rules.version]


def _sorted(codes: Iterable[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)


def _enter(write: db.Recorded, outcome: Outcome, rules: Rules, executor: str, changed_since: datetime | None) -> int:
    documents = [outcome.cost, outcome.places, outcome.not_done, rules.how.budget.told()]
    source, as_of, touched, code, version = _names(outcome, rules)
    row = [source, as_of, outcome.morning, touched, code, version, executor, outcome.seconds]
    write.cursor.execute(ENTER, [*row, *(json.dumps(each) for each in documents), changed_since, write.tick])
    return int(write.cursor.fetchone()[0])


def _alive(write: db.Recorded, outcome: Outcome, rules: Rules, known: set[tuple[Any, ...]]) -> list[Running]:
    """The signals that may go on; `known` takes what was found this morning already."""
    oldest = outcome.morning - timedelta(days=REOPEN_WITHIN * rules.setting.life.closed_after_days)
    near = None
    if outcome.touched is not None:
        near = sorted(set().union(*(each.scope for each in [*outcome.found, *outcome.events])))
    signals = carried.alive(write, oldest, near)
    known |= {_name(number, found) for number, found in carried.found_on(write, signals, outcome.morning)}
    return signals


def _advance(signals: list[Running], outcome: Outcome, rules: Rules, first_new: int) -> Advanced:
    """Events first, then what they do not explain. What a signal that goes on found before is not held."""
    standing = {key for signal in signals if signal.state != "closed" for key in signal.keys}
    free = [each for each, _ in outcome.held if each.key in standing]
    return advance(
        signals, [*outcome.events, *outcome.found, *free], outcome.morning, rules.setting.life, next_number=first_new,
        whole=outcome.touched is None, metric="" if outcome.source == SOURCE else outcome.source,
    )  # fmt: skip


def _write_signals(
    write: db.Recorded, sweep: int, outcome: Outcome, signals: list[Running], done: Advanced, first_new: int
) -> None:
    heads = {number: found for found, number in reversed(done.homes)}
    for signal in signals:
        if signal.number >= first_new:
            head = heads[signal.number]
            write.cursor.execute(
                SIGNAL,
                [signal.number, outcome.source, signal.kind, head.level, head.place, head.setting or None, sweep,
                 outcome.morning, write.tick],
            )  # fmt: skip


def _name(signal: int, found: Found) -> tuple[Any, ...]:
    """What makes a finding the same as one of an earlier sweep of the same morning."""
    return signal, found.measured, found.place, found.method, found.members, found.first, found.observed, found.rate


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
