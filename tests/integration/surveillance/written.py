"""Findings and signals put into the tables as the engine writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from commonweal.web import db

MORNING = date(2020, 6, 20)


def sweep(write: db.Recorded, **changes: Any) -> int:
    row = {
        "source": "counts", "as_of": "2020-06-20T06:00:00Z", "morning": MORNING, "touched": None, "code_version": "1",
        "parameters_version": "1", "executor": "serial", "seconds": 1.0, "cost": json.dumps({}),
        "places": json.dumps({"lsoa": 3}), "not_done": json.dumps({"E01000001": "no population is loaded"}),
        "budget": json.dumps({}), "tick_id": write.tick,
    } | changes  # fmt: skip
    return insert(write, "surveillance.sweep", row, "id")


def signal(write: db.Recorded, number: int, sweep_id: int, **other: object) -> int:
    row = {
        "number": number, "source": "counts", "kind": "rise", "level": "ltla", "place_code": "E06000016",
        "sweep_id": sweep_id, "morning": MORNING, "tick_id": write.tick, **other,
    }  # fmt: skip
    return insert(write, "surveillance.signal", row, "number")


def change(
    write: db.Recorded,
    number: int,
    step: int,
    state: str,
    scope: Sequence[str],
    sweep_id: int,
    rate: float | None = 50.0,
) -> None:
    row = {
        "signal": number, "step": step, "sweep_id": sweep_id, "morning": MORNING + timedelta(days=step),
        "state": state, "level": "ltla", "place_code": "E06000016", "scope": list(scope), "members": [],
        "rate": rate, "observed": 9.0, "strength": 1.0, "recurrence_days": 900.0, "evidence": ["nine cases"],
        "tick_id": write.tick,
    }  # fmt: skip
    insert(write, "surveillance.signal_change", row, "step")


def finding(write: db.Recorded, sweep_id: int, signal: int, scope: Sequence[str]) -> int:
    row = {
        "sweep_id": sweep_id, "signal": signal, "morning": MORNING, "level": "ltla", "place_code": scope[0],
        "method": "rate rule", "scope": list(scope), "first_day": MORNING, "last_day": MORNING, "observed": 9.0,
        "strength": 1.0, "members": [], "evidence": "nine cases", "tick_id": write.tick,
    }  # fmt: skip
    return insert(write, "surveillance.finding", row, "id")


def insert(write: db.Recorded, table: str, row: dict[str, Any], answer: str) -> int:
    columns = ", ".join(row)
    marks = ", ".join(["%s"] * len(row))
    write.cursor.execute(f"insert into {table} ({columns}) values ({marks}) returning {answer}", list(row.values()))
    return int(write.cursor.fetchone()[0])
