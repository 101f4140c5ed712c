"""Signals as they stand: read before a sweep goes on from them, written after it. A sum of facts, and never more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from commonweal.core.signals.carrying import as_row, differing, from_row
from commonweal.core.signals.found import Found
from commonweal.core.signals.running import Kept, Running, Step, Written, restored
from commonweal.web import db

# Signals that may go on: not closed, or found not long ago. A narrowed sweep touches those of its findings' authorities
# only: whatever makes two findings one thing lies in a common authority.
ALIVE = """
select s.number, s.kind, c.scope, c.members, c.last_found, c.places, c.sizes, c.morning, c.state, c.level, c.place_code
  from surveillance.standing c join surveillance.signal s on s.number = c.signal
 where (c.last_found >= %s or c.state <> 'closed') and (%s::text[] is null or c.scope && %s::text[]) order by 1
"""
LEFT_OUT = """
select s.number, s.kind from surveillance.signal s
 where not exists (select from surveillance.standing c where c.signal = s.number)
   and exists (select from surveillance.signal_change c where c.signal = s.number) order by 1
"""
EVERY = "select s.number, s.kind from surveillance.signal s order by 1"
STANDING = """
select s.number, s.kind, c.scope, c.members, c.last_found, c.places, c.sizes, c.morning, c.state, c.level, c.place_code
  from surveillance.standing c join surveillance.signal s on s.number = c.signal order by 1
"""
FOUND = """
select f.sweep_id, f.signal, f.morning, f.level, f.place_code, coalesce(f.setting_id, '') as setting_id, f.method,
       f.scope, f.members, f.first_day, f.last_day, f.observed, f.rate, f.strength,
       case when w.source = 'counts' then '' else w.source end as metric
  from surveillance.finding f join surveillance.sweep w on w.id = f.sweep_id
 where f.signal = any (%s) and (%s::date is null or f.morning = %s) order by f.id
"""
STEPS = """
select c.sweep_id, c.signal, c.morning, c.state, c.level, c.place_code from surveillance.signal_change c
 where c.signal = any (%s) order by c.signal, c.step
"""
COLUMNS = ("scope", "members", "last_found", "places", "sizes", "morning", "state", "level", "place_code")
STORE = f"""
insert into surveillance.standing (signal, {", ".join(COLUMNS)}) values (%s, {", ".join(["%s"] * len(COLUMNS))})
on conflict (signal) do update set {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)}
"""  # noqa: S608 - names of columns from above


def alive(write: db.Recorded, oldest: date, near: Sequence[str] | None) -> list[Running]:
    """The signals that may go on, by number. One that has no row yet (it was written before there were any) gets it."""
    left_out = db.fetch(write.cursor, LEFT_OUT)
    if left_out:
        store(write, _from_facts(write.cursor, left_out))
    rows = db.fetch(write.cursor, ALIVE, [oldest, near, near])
    return [from_row(row["number"], row["kind"], row) for row in rows]


def found_on(write: db.Recorded, signals: Iterable[Running], morning: date) -> list[tuple[int, Found]]:
    """What the sweeps of a morning found of some signals already."""
    rows = db.fetch(write.cursor, FOUND, [[signal.number for signal in signals], morning, morning])
    return [(row["signal"], _found(row)) for row in rows]


def store(write: db.Recorded, signals: Iterable[Running]) -> None:
    """Write how signals stand now."""
    rows = []
    for signal in signals:
        row = as_row(signal)
        row |= {"places": json.dumps(row["places"]), "sizes": json.dumps(row["sizes"])}
        rows.append([signal.number, *(row[name] for name in COLUMNS)])
    if rows:
        write.cursor.executemany(STORE, rows)


def wrong() -> list[int]:
    """Numbers of signals that do not stand as their facts leave them (reads every finding)."""
    with db.transaction("backup") as cursor:
        stored = [from_row(row["number"], row["kind"], row) for row in db.fetch(cursor, STANDING)]
        facts = [each for each in _from_facts(cursor, db.fetch(cursor, EVERY)) if each.steps]
    known = {each.number for each in stored}
    return differing(stored, [each for each in facts if each.number in known])


def _from_facts(cursor: Any, signals: Sequence[dict[str, Any]]) -> list[Running]:
    numbers = [row["number"] for row in signals]
    kept = [
        Kept(row["sweep_id"], row["signal"], row["morning"], _found(row))
        for row in db.fetch(cursor, FOUND, [numbers, None, None])
    ]
    written = [
        Written(row["sweep_id"], row["signal"], Step(row["morning"], row["state"], row["level"], row["place_code"]))
        for row in db.fetch(cursor, STEPS, [numbers])
    ]
    return restored({row["number"]: row["kind"] for row in signals}, kept, written)


def _found(row: dict[str, Any]) -> Found:
    return Found(
        row["level"], row["place_code"], row["method"], frozenset(row["scope"]), frozenset(row["members"]),
        row["first_day"], row["last_day"], row["observed"], None, None, None, row["rate"], row["strength"], None, None,
        "", row["setting_id"], row["metric"],
    )  # fmt: skip
