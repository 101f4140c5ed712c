"""What intake holds, as known at an instant, in arrays: what a sweep over counts reads.

The engine reads counts only; the cases of a setting are counted inside the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.apps.places import queries as places
from commonweal.core.epi.checks import BoolArray, FloatArray
from commonweal.core.signals.batches import USUAL_DAYS
from commonweal.core.signals.large import HISTORY, KNOWN, Level
from commonweal.web import db, times

ALIAS = "engine"
TABLES = ("cases", "positives", "negatives", "late_cases", "late_positives", "late_negatives")

# Cases by the whole days since the hour in which they became known, so that each number of days is one "publication" at
# this hour. Full hours are read as they were summed up; what came since is read from the changes themselves.
BY_AUTHORITY = """
with edge as (
  select least(coalesce((select known_hour from surveillance.summed_to), '-infinity'),
               date_trunc('hour', %(as_of)s::timestamptz)) as at
),
known as (
  select h.known_hour, h.scope_ltla, h.specimen_day, h.cases
    from surveillance.known_hour h
   where h.known_hour < (select at from edge) and h.specimen_day between %(first)s and %(last)s
  union all
  select date_trunc('hour', t.known_at), d.scope_ltla, d.specimen_day, d.n
    from ledger.tick t join counts.delta d on d.tick_id = t.id
   where t.known_at >= (select at from edge) and t.known_at <= %(as_of)s
     and d.result = 'case' and d.specimen_day between %(first)s and %(last)s
)
select least(floor(extract(epoch from (%(as_of)s - k.known_hour)) / 86400)::integer, %(oldest)s) as back, k.scope_ltla,
       k.specimen_day, sum(k.cases)::bigint as cases
  from known k group by 1, 2, 3
"""
BEGAN = """
select c.code, b.specimen_day
  from unnest(%(codes)s::text[]) c (code)
 cross join lateral (
   select d.specimen_day from counts.delta d join ledger.tick t on t.id = d.tick_id
    where d.scope_ltla = c.code and d.specimen_day between %(first)s and %(last)s and t.known_at <= %(as_of)s
    order by d.specimen_day limit 1) b
"""
SUM_UP = """
insert into surveillance.known_hour
select d.scope_ltla, d.specimen_day, date_trunc('hour', t.known_at), sum(d.n)
  from ledger.tick t join counts.delta d on d.tick_id = t.id
 where t.known_at >= %(since)s and t.known_at < %(until)s and d.result = 'case'
 group by 1, 2, 3 having sum(d.n) <> 0
"""
SUM_LOCK = 4313
SMALL = """
with cell as (
  select d.lsoa_code, d.specimen_day - %(first)s as day,
         coalesce(sum(d.n) filter (where d.result = 'case'), 0) as cases,
         coalesce(sum(d.n) filter (where d.result = 'positive'), 0) as positives,
         coalesce(sum(d.n) filter (where d.result = 'negative'), 0) as negatives,
         coalesce(sum(d.n) filter (where d.result = 'case' and l.late), 0) as late_cases,
         coalesce(sum(d.n) filter (where d.result = 'positive' and l.late), 0) as late_positives,
         coalesce(sum(d.n) filter (where d.result = 'negative' and l.late), 0) as late_negatives
    from counts.delta d join ledger.tick t on t.id = d.tick_id
   cross join lateral (
     select t.known_at > %(batch_from)s and (d.scope_ltla = any (%(batches)s) or d.lsoa_code = any (%(small)s))
        and (t.known_at at time zone 'Europe/London')::date - d.specimen_day >= %(least_delay)s as late) l
   where t.known_at <= %(as_of)s and d.scope_ltla = any (%(codes)s) and d.specimen_day between %(first)s and %(last)s
   group by 1, 2
)
select lsoa_code, array_agg(day::integer) as days, array_agg(cases::integer) as cases,
       array_agg(positives::integer) as positives, array_agg(negatives::integer) as negatives,
       array_agg(late_cases::integer) as late_cases, array_agg(late_positives::integer) as late_positives,
       array_agg(late_negatives::integer) as late_negatives
  from cell group by 1
"""
OLD = """
select d.lsoa_code, floor(extract(epoch from (%(as_of)s - t.known_at)) / 86400)::integer as back,
       sum(d.n)::integer as cases
  from ledger.tick t join counts.delta d on d.tick_id = t.id
 where t.known_at > %(since)s and t.known_at <= %(as_of)s and d.result = 'case' and d.scope_ltla = any (%(codes)s)
   and d.specimen_day between %(first)s and %(last)s
   and (t.known_at at time zone 'Europe/London')::date - d.specimen_day >= %(least_delay)s
 group by 1, 2 having sum(d.n) > 0
"""
# People of one setting live in many authorities: whoever touches it, all of them are counted.
SETTINGS = """
with touched as (
  select distinct x.setting_type, x.setting_id from record.case_version x
   where x.scope_ltla = any (%(codes)s) and x.setting_type = any (%(types)s) and x.setting_id is not null
     and x.episode_start >= %(first)s
),
newest as (
  select distinct on (c.case_id) c.*
    from record.case_version c join ledger.tick t on t.id = c.tick_id
   where t.known_at <= %(as_of)s
     and c.case_id in (select x.case_id from record.case_version x join touched using (setting_type, setting_id)
                        where x.episode_start >= %(first)s)
   order by c.case_id, c.version desc
),
counted as (
  select n.setting_type, n.setting_id, n.scope_ltla, n.lsoa_code, n.episode_start, count(*) as cases,
         count(*) filter (where l.old and t.known_at > %(batch_from)s) as late,
         count(*) filter (where l.old and t.known_at <= %(batch_from)s and t.known_at > %(usual_from)s) as late_before
    from newest n join touched using (setting_type, setting_id)
    left join record.case_version f on f.case_id = n.case_id and f.version = 1
    left join ledger.tick t on t.id = f.tick_id
   cross join lateral (
     select (t.known_at at time zone 'Europe/London')::date - n.episode_start >= %(least_delay)s as old) l
   where not n.withdrawn and n.episode_start between %(first)s and %(last)s
   group by 1, 2, 3, 4, 5
)
select setting_type, setting_id, array_agg(scope_ltla order by episode_start, lsoa_code) as scope,
       array_agg(lsoa_code order by episode_start, lsoa_code) as small,
       array_agg(episode_start order by episode_start, lsoa_code) as days,
       array_agg(cases order by episode_start, lsoa_code) as cases,
       array_agg(late order by episode_start, lsoa_code) as late, sum(late_before)::integer as late_before
  from counted group by 1, 2 order by 1, 2
"""
NEWEST = """
select max(t.known_at) from ledger.tick t
 where t.known_at <= %s and exists (select from counts.delta d where d.tick_id = t.id)
"""
TOUCHED = """
select distinct d.scope_ltla as code from ledger.tick t join counts.delta d on d.tick_id = t.id
 where t.known_at > %s and t.known_at <= %s order by 1
"""
GEOGRAPHY = """
select distinct on (s.base_lsoa) s.base_lsoa as code, s.msoa_code, s.scope_code, s.utla_code, s.region_code,
       a.easting, a.northing
  from places.lsoa_scope s left join places.area_now a on a.code = s.base_lsoa and a.level = 'lsoa'
 order by s.base_lsoa
"""
WARDS = """
select p.lsoa_code, mode() within group (order by p.ward) as ward from places.postcode_now p
 where p.lsoa_code is not null and p.ward is not null and p.doterm is null group by 1
"""


@dataclass(frozen=True)
class Geography:
    """Every small area of the scope vintage, sorted: its authority, what else it lies in ("" where that is not known),
    residents (NaN where nobody was counted) and point in metres (NaN where none is loaded)."""

    codes: tuple[str, ...]
    number: Mapping[str, int]
    authority: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]
    population: FloatArray
    points: FloatArray

    def parts(self, level: str) -> dict[str, frozenset[str]]:
        """The authorities in each place of a wider level."""
        out: dict[str, set[str]] = {}
        for wider, authority in zip(self.parents[level], self.authority, strict=True):
            if wider:
                out.setdefault(wider, set()).add(authority)
        return {code: frozenset(part) for code, part in out.items()}


def geography() -> Geography:
    """The small areas in force; worked out anew when a file of places was loaded."""
    from django.db import connections

    return _geography(str(connections["app"].settings_dict["NAME"]), places.newest_dataset())


@lru_cache(maxsize=2)
def _geography(database: str, dataset: int) -> Geography:
    rows = db.rows("app", GEOGRAPHY)
    codes = tuple(row["code"] for row in rows)
    people = places.denominators(codes, level="lsoa")
    wards = {row["lsoa_code"]: row["ward"] for row in db.rows("app", WARDS)}
    parents = {
        "msoa": tuple(row["msoa_code"] or "" for row in rows),
        "ward": tuple(wards.get(row["code"]) or "" for row in rows),
        "utla": tuple(row["utla_code"] or "" for row in rows),
        "region": tuple(row["region_code"] or "" for row in rows),
    }
    population = np.array([float(people[code].n) if code in people else np.nan for code in codes])
    points = np.array([[_metres(row["easting"]), _metres(row["northing"])] for row in rows]).reshape(-1, 2)
    return Geography(codes, {code: place for place, code in enumerate(codes)},
                     tuple(row["scope_code"] for row in rows), parents, population, points)  # fmt: skip


def _metres(value: int | None) -> float:
    return np.nan if value is None else float(value)


@dataclass(frozen=True)
class Instant:
    """What is asked: an instant up to which everything is known, and the London day that it lies in."""

    as_of: datetime

    @property
    def morning(self) -> date:
        """The London day: the last day that windows can end on."""
        return times.local(self.as_of).date()

    @property
    def hour(self) -> int:
        """The hour of that day."""
        return times.local(self.as_of).hour


def newest_known(as_of: datetime) -> datetime | None:
    """When the newest counts up to an instant became known."""
    found: datetime | None = db.value(ALIAS, NEWEST, [as_of])
    return found


def touched_since(since: datetime, as_of: datetime) -> list[str]:
    """The authorities whose counts changed after one instant up to another."""
    return [row["code"] for row in db.rows(ALIAS, TOUCHED, [since, as_of])]


def sum_up(as_of: datetime) -> None:
    """Sum up the full hours before an instant that was frozen; sums change no answer, only its speed."""
    until = as_of.replace(minute=0, second=0, microsecond=0)
    with db.transaction(ALIAS) as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [SUM_LOCK])
        rows = db.fetch(cursor, "select known_hour from surveillance.summed_to")
        since = rows[0]["known_hour"] if rows else None
        if since is not None and since >= until:
            return
        cursor.execute(SUM_UP, {"since": since or "-infinity", "until": until})
        cursor.execute("delete from surveillance.summed_to")
        cursor.execute("insert into surveillance.summed_to values (%s)", [until])


def authorities(at: Instant, ground: Geography) -> tuple[Level, dict[str, date]]:
    """Cases of every authority by day, as known on each of the last days at this hour; and its first day of results."""
    first = at.morning - timedelta(days=HISTORY - 1)
    rows = db.rows(ALIAS, BY_AUTHORITY, {"as_of": at.as_of, "oldest": KNOWN - 1, "first": first, "last": at.morning})
    codes = sorted(set(ground.authority))
    number = {code: place for place, code in enumerate(codes)}
    added = np.zeros((KNOWN, len(codes), HISTORY), dtype=np.int64)
    for row in rows:
        code, day = row["scope_ltla"], row["specimen_day"]
        if code in number:
            added[KNOWN - 1 - row["back"], number[code], (day - first).days] += row["cases"]
    asked = {"as_of": at.as_of, "codes": codes, "first": first, "last": at.morning}
    began = {row["code"]: row["specimen_day"] for row in db.rows(ALIAS, BEGAN, asked)}
    people = np.zeros(len(codes))
    place = np.array([number[code] for code in ground.authority], dtype=np.int64)
    np.add.at(people, place, np.nan_to_num(ground.population))
    parts = [frozenset([code]) for code in codes]
    return Level("ltla", codes, parts, np.cumsum(added, axis=0), people), began


@dataclass(frozen=True)
class SmallCounts:
    """`[table, small area, day]` in the order of the geography; tables: cases, positives, negatives. late: what late
    batches brought of each."""

    known: NDArray[np.int32]
    late: NDArray[np.int32]


@dataclass(frozen=True)
class Late:
    """What counts as brought by a late batch: old cases (`least_delay` days) of the last `held_days`, of authorities
    (`whole`) and of small areas."""

    held_days: int
    least_delay: int
    whole: Sequence[str] = ()
    small: Sequence[str] = ()


def old_cases(at: Instant, ground: Geography, codes: Sequence[str], late: Late) -> NDArray[np.int32]:
    """Cases of some authorities that were old when they became known: `[small area, day of knowing]`, oldest first.

    Days of knowing are those of the last `held_days` and of USUAL_DAYS before, each ending at this hour.
    """
    days = late.held_days + USUAL_DAYS
    asked = {
        "as_of": at.as_of, "since": at.as_of - timedelta(days=days), "codes": list(codes),
        "first": at.morning - timedelta(days=HISTORY - 1), "last": at.morning, "least_delay": late.least_delay,
    }  # fmt: skip
    out = np.zeros((len(ground.codes), days), dtype=np.int32)
    for row in db.rows(ALIAS, OLD, asked):
        place = ground.number.get(row["lsoa_code"])
        if place is not None and row["back"] < days:
            out[place, days - 1 - row["back"]] = row["cases"]
    return out


def small_areas(at: Instant, ground: Geography, wanted: BoolArray, days: int, late: Late) -> SmallCounts:
    """Counts of the small areas of some authorities (`wanted`: by small area) over the last days."""
    codes = sorted({code for code, want in zip(ground.authority, wanted, strict=True) if want})
    first = at.morning - timedelta(days=days - 1)
    asked: dict[str, Any] = {
        "as_of": at.as_of, "codes": codes, "first": first, "last": at.morning,
        "batches": list(late.whole), "small": list(late.small),
        "batch_from": at.as_of - timedelta(days=late.held_days), "least_delay": late.least_delay,
    }  # fmt: skip
    tables = np.zeros((len(TABLES), len(ground.codes), days), dtype=np.int32)
    for row in db.rows(ALIAS, SMALL, asked):
        place = ground.number.get(row["lsoa_code"])
        if place is not None:
            tables[:, place, row["days"]] = [row[name] for name in TABLES]
    tables = np.maximum(tables, 0)
    return SmallCounts(tables[:3], tables[3:])


def settings(at: Instant, codes: Sequence[str], types: Sequence[str], days: int, late: Late) -> list[dict[str, Any]]:
    """All cases of each setting that has one in some authorities: setting_type, setting_id, and lists scope, small,
    days, cases, late.

    late: of the cases those that were old when they became known, in the last days; late_before: a number, those of the
    USUAL_DAYS before.
    """
    batch_from = at.as_of - timedelta(days=late.held_days)
    asked = {
        "as_of": at.as_of, "codes": list(codes), "types": list(types), "first": at.morning - timedelta(days=days - 1),
        "last": at.morning, "batch_from": batch_from, "usual_from": batch_from - timedelta(days=USUAL_DAYS),
        "least_delay": late.least_delay,
    }  # fmt: skip
    return db.rows(ALIAS, SETTINGS, asked)
