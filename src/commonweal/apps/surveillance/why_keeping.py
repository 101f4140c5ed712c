"""Explanations of signals, kept: the first office that reads records works it out, every other one reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import Error

from commonweal.apps.access.scope import Actor, refusal, scoped_read
from commonweal.apps.intake import page_settings
from commonweal.apps.surveillance import why_counts, why_explaining, why_reads, why_waiting
from commonweal.core.errors import CommonwealError
from commonweal.core.signals.why import Why
from commonweal.core.signals.why_plain import from_plain, to_plain
from commonweal.core.signals.why_windows import Windows
from commonweal.web import db

DAYS = 14
QUERY = "why a signal is rising"
# That of the newest change up to the one shown; of two the one that looked at who lives together.
KEPT = """
select e.place_code, e.as_of, e.last_day, e.days, e.with_addresses, e.result, e.step, o.title as office
  from surveillance.explanation e join access.office o on o.id = e.office_id
  join ledger.tick t on t.id = e.tick_id
 where e.signal = %(signal)s and e.step <= %(step)s and e.place_code = %(place)s
   and (%(as_of)s::timestamptz is null or t.known_at <= %(as_of)s)
 order by e.step desc, e.with_addresses desc, e.id desc limit 1
"""
# Of a setting whose people live in several authorities: those of which some office has worked it out, the most first.
PARTS = """
select e.scope from surveillance.explanation e join ledger.tick t on t.id = e.tick_id
 where e.signal = %(signal)s and e.step <= %(step)s and starts_with(e.place_code, %(setting)s || ' ')
   and e.scope <@ %(codes)s::text[] and (%(as_of)s::timestamptz is null or t.known_at <= %(as_of)s)
 order by e.step desc, cardinality(e.scope) desc, e.scope limit 1
"""
KEEP = """
insert into surveillance.explanation (signal, step, place_code, scope, as_of, last_day, days, with_addresses, label,
                                      result, parameters_version, office_id, person_id, tick_id)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s) on conflict do nothing
"""


@dataclass(frozen=True)
class Kept:
    """An explanation of a signal at one of its changes, and which office worked it out (none: it is from counts)."""

    where: why_reads.Where
    span: Windows
    as_of: datetime
    with_addresses: bool
    why: Why
    office: str

    @property
    def place(self) -> str:
        """The code of the place that is explained."""
        return self.where.code

    @property
    def name(self) -> str:
        """Its name."""
        return self.where.name


def of_signal(
    actor: Actor,
    row: Mapping[str, Any],
    codes: tuple[str, ...],
    as_of: datetime | None,
    *,
    name: str,
    records: bool,
    addresses: bool,
) -> Kept | None:
    """Why a signal is rising: kept, or worked out now and kept, as known to the sweep of its newest change.

    row: the signal; name: of where it is, or of the setting; codes: the authorities of it that the office reads.
    records, addresses: what the office may read. as_of: a past moment, at which nothing is worked out. None where
    nobody who reads records has asked yet, or there is nothing to explain.
    """
    place = setting_of(row, codes, name) or place_of(row, codes, name)
    if place is None:
        return None
    kept = _kept(actor, row, place, as_of)
    stale = kept is None or kept[0] < row["step"] or (addresses and not kept[1].with_addresses)
    if stale and records and as_of is None:
        try:
            _begin(actor, row, place, addresses=addresses)
        except CommonwealError:  # a purpose or agreement that does not reach records leaves what is kept
            return kept[1] if kept else None
        kept = _kept(actor, row, place, as_of)
    kept = kept or _of_a_part(actor, row, place, as_of)
    return kept[1] if kept else None


def from_counts(actor: Actor, row: Mapping[str, Any], codes: tuple[str, ...], name: str) -> Kept | None:
    """What counts tell of a signal, as known to the sweep of its newest change: the same for all who read them, and not
    kept as a fact. None where there is nothing to explain or the office does not read its counts."""
    place = place_of(row, codes, name)
    if place is None:
        return None
    as_of, span = _asked(row)
    try:
        found = why_counts.explained(actor, place, span, as_of)
    except CommonwealError:
        return None
    return None if found.why is None else Kept(place, span, as_of, with_addresses=False, why=found.why, office="")


def is_being_worked_out(actor: Actor, row: Mapping[str, Any]) -> bool:
    """Whether an explanation of the signal for this office is on its way."""
    return why_waiting.is_running(_question(actor, row))


def _begin(actor: Actor, row: Mapping[str, Any], place: why_reads.Where, *, addresses: bool) -> None:
    """Work it out; the page does not wait long for that of a wide place."""
    if why_waiting.is_wide(place):
        work = partial(_work_out, actor, row, place, addresses=addresses)
        why_waiting.answer(_question(actor, row), work, why_waiting.PATIENCE)
    else:
        _work_out(actor, row, place, addresses=addresses)


def _question(actor: Actor, row: Mapping[str, Any]) -> tuple[object, ...]:
    return "signal", actor, row["number"], row["step"]


def setting_of(row: Mapping[str, Any], codes: tuple[str, ...], name: str) -> why_reads.Where | None:
    """Of an outbreak in a setting its own people, where the office reads records of them: not everybody around."""
    identity, mine = row.get("setting_id"), set(row["scope"]) & set(codes)
    if not identity or not mine:
        return None
    return why_reads.setting(row["place_code"] or min(mine), name, sorted(mine), identity)


def place_of(row: Mapping[str, Any], codes: tuple[str, ...], name: str) -> why_reads.Where | None:
    """What is explained: the small areas of a cluster or the signal's own place where the office reads all of it, else
    the first authority of it that the office reads. The people of a setting live in many small areas, of which none
    has enough of them to explain: it is seen beside everything else that changed in the authority."""
    code: str | None = row["place_code"]
    if code and row["level"] == "cluster" and row["members"] and set(row["scope"]) <= set(codes):
        return why_reads.cluster(code, name, row["scope"], row["members"])
    own = why_reads.where(code) if code and row["level"] not in ("cluster", "setting") else None
    if own is not None and set(own.authorities) <= set(codes):
        return replace(own, name=name)
    return why_reads.where(sorted(codes)[0]) if codes else None


def _kept(
    actor: Actor, row: Mapping[str, Any], place: why_reads.Where, as_of: datetime | None
) -> tuple[int, Kept] | None:
    asked = {"signal": row["number"], "step": row["step"], "place": place.key, "as_of": as_of}
    with scoped_read(actor, query=QUERY, filters={"signal": row["number"]}, as_of=as_of, data_class="L1") as scope:
        found = scope.rows(KEPT, asked)
    if not found:
        return None
    one = found[0]
    span = Windows(one["last_day"], one["days"], one["last_day"] - timedelta(days=one["days"]))
    return one["step"], Kept(place, span, one["as_of"], one["with_addresses"], from_plain(one["result"]), one["office"])


def _of_a_part(
    actor: Actor, row: Mapping[str, Any], place: why_reads.Where, as_of: datetime | None
) -> tuple[int, Kept] | None:
    """Of a setting what an office of some of its authorities has worked out: whoever sees more reads that same one."""
    if not place.setting:
        return None
    asked = {
        "signal": row["number"], "step": row["step"], "setting": place.setting, "codes": list(place.authorities),
        "as_of": as_of,
    }  # fmt: skip
    with scoped_read(actor, query=QUERY, filters={"signal": row["number"]}, as_of=as_of, data_class="L1") as scope:
        found = scope.rows(PARTS, asked)
    return _kept(actor, row, replace(place, authorities=tuple(found[0]["scope"])), as_of) if found else None


def _work_out(actor: Actor, row: Mapping[str, Any], where: why_reads.Where, *, addresses: bool) -> None:
    as_of, span = _asked(row)
    found = why_explaining.explained(actor, where, span, as_of, addresses=addresses)
    if found.why is None:
        return
    values = [
        row["number"], row["step"], where.key, list(where.authorities), as_of, span.last, DAYS, addresses,
        found.why.label.name, json.dumps(to_plain(found.why)), why_explaining.setting().version,
        actor.office_id, actor.person_id,
    ]  # fmt: skip
    try:
        with (
            scoped_read(actor, query=QUERY, filters={"signal": row["number"]}, data_class="L2"),
            db.recorded("app") as write,
        ):
            write.cursor.execute(KEEP, [*values, write.tick])
    except Error as error:
        raise refusal(error) from error


def _asked(row: Mapping[str, Any]) -> tuple[datetime, Windows]:
    """The as-of of the sweep that told a signal's newest change, and the fortnights up to its last complete day."""
    as_of = db.value("app", "select as_of from surveillance.sweep where id = %s", [row["sweep_id"]])
    last = row["morning"] - timedelta(days=page_settings.reading().complete_after_days)
    return as_of, Windows(last, DAYS, last - timedelta(days=DAYS))
