"""A sweep over the loaded series: every level and place, as published up to a day."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import yaml

from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import queries
from commonweal.apps.surveillance.executors import Executor
from commonweal.core.errors import NotThere
from commonweal.core.signals.life import Finding, lives
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.sweep import Block, from_changes, sweep_block
from commonweal.server import parameters
from commonweal.web import db

METRIC = "cases_by_specimen_date"
HISTORY_DAYS, MORNINGS = 120, 56
LEVELS = {"ltla": ("E06", "E07", "E08", "E09"), "utla": ("E10",), "region": ("E12",)}
ROWS = """
select v.place_code, v.day, v.published, v.low
  from surveillance.sources(%(metric)s, null, %(as_of)s, null, %(prefer)s, %(current)s, %(redefined)s::jsonb,
       %(prefixes)s) c
  join surveillance.value v on v.metric = %(metric)s and v.place_code = c.place_code and v.source = c.source
 where c.rank = 1 and v.published <= %(as_of)s and v.day >= %(first)s and v.low = v.high
 order by v.place_code, v.day, v.published
"""


@dataclass(frozen=True)
class Sweep:
    """What a sweep found: signals with their life, what was noticed, and the places it could not do and why."""

    as_of: date
    metric: str
    places: int
    signals: list[dict[str, Any]]
    events: list[dict[str, Any]]
    not_done: dict[str, str]
    seconds: float


def published(as_of: date, metric: str = METRIC) -> bool:
    """Whether any value of a series was published up to a day."""
    sql = "select exists (select from surveillance.value where metric = %s and published <= %s)"
    return bool(db.value("app", sql, [metric, as_of]))


def sweep(as_of: date, executor: Executor, area: str | None = None, metric: str = METRIC) -> Sweep:
    """Hold every place of the loaded series against the rule, as published up to `as_of`.

    One bad place never fails the others: it is listed with its reason. Raises `NotThere` when no series is loaded.
    """
    began = time.monotonic()
    setting = Setting.from_document(yaml.safe_load(parameters.text("signals/rule.yaml")))
    start = as_of - timedelta(days=HISTORY_DAYS - 1)
    blocks: list[Block] = []
    not_done: dict[str, str] = {}
    for level, prefixes in LEVELS.items():
        block, refused = _block(level, prefixes, metric, start, as_of, setting)
        not_done |= refused
        if block is not None:
            blocks.append(block)
    if not blocks and not not_done:
        raise NotThere(f"No {metric} published up to {as_of} is loaded. Load a file: commonweal series load FILE…")
    swept = executor.map(sweep_block, blocks)
    findings = [finding for each in swept for finding in each.findings]
    events = [
        {"level": each.level, "day": str(start + timedelta(days=event.morning)), "kind": event.kind,
         "areas": event.areas, "before": event.before, "after": event.after}
        for each in swept for event in each.events
    ]  # fmt: skip
    signals = _signals(findings, start, setting, area)
    done = sum(len(block.triangle.areas) for block in blocks)
    return Sweep(as_of, metric, done, signals, events, not_done, round(time.monotonic() - began, 3))


def _block(
    level: str, prefixes: tuple[str, ...], metric: str, start: date, as_of: date, setting: Setting
) -> tuple[Block | None, dict[str, str]]:
    asked = {**queries.choosing(metric, None, as_of, None), "first": start, "prefixes": list(prefixes)}
    rows = db.rows("app", ROWS, asked)
    people = places.denominators(sorted({row["place_code"] for row in rows}), level=level) if rows else {}
    refused = {row["place_code"]: "no population is loaded" for row in rows if row["place_code"] not in people}
    usable = [
        (row["place_code"], row["day"], row["published"], row["low"]) for row in rows if row["place_code"] in people
    ]
    triangle, holes = from_changes(usable, start, as_of)
    refused |= holes
    if triangle is None:
        return None, refused
    population = np.array([float(people[code].n) for code in triangle.areas])
    last = HISTORY_DAYS - 1
    return Block(level, triangle, population, last - MORNINGS, last, setting), refused


def _signals(findings: list[Finding], start: date, setting: Setting, area: str | None) -> list[dict[str, Any]]:
    mornings = range(HISTORY_DAYS)
    found = []
    for signal in lives(findings, mornings, setting.life):
        if area is None or area in signal.scope:
            changes = [
                {"day": str(start + timedelta(days=change.morning)), "state": change.state,
                 "evidence": list(change.evidence)}
                for change in signal.changes
            ]  # fmt: skip
            found.append({"areas": sorted(signal.scope), "state": signal.state, "changes": changes})
    return found
