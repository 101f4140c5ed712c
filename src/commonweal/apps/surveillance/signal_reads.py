"""What the pages of signals read beside `signals`: names of places, counts of members by day, places alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from commonweal.apps.access.scope import Scope
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import place_reads
from commonweal.apps.surveillance.definitions import metrics, past_rule
from commonweal.apps.surveillance.pages.signal_facts import Told
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.apps.surveillance.place_settings import setting
from commonweal.core.signals.own_past import step
from commonweal.web import db, times

SMALL = """
select distinct on (lsoa_code) lsoa_code, msoa_code, scope_code from places.lsoa_scope where lsoa_code = any (%s)
"""
# What makes places alike: residents, how deprived their small areas are, and the share of older people.
TRAITS = """
select s.base_lsoa as lsoa_code, s.msoa_code,
       (select p.n from places.population p where p.code = s.base_lsoa and p.level = 'lsoa' and p.band = 'all'
          and p.sex = 'all' order by p.reference_date desc, p.dataset_id desc limit 1) as residents,
       (select d.decile from places.deprivation d where d.code = s.base_lsoa and d.domain = 'imd'
         order by d.index_year desc, d.dataset_id desc limit 1) as decile,
       (select sum(p.n) from places.population p where p.code = s.base_lsoa and p.level = 'lsoa' and p.sex = 'all'
          and p.band ~ '^(6[05]|7|8|9)' and p.reference_date = (select max(x.reference_date) from places.population x
          where x.code = s.base_lsoa and x.level = 'lsoa')) as older
  from (select distinct base_lsoa, msoa_code from places.lsoa_scope where scope_code = any (%s)) s
"""
OPENED = """
select unnest(c.scope) as code, count(distinct c.signal) as opened, min(c.morning) as first
  from surveillance.signal_change c join surveillance.signal s on s.number = c.signal
  join ledger.tick t on t.id = c.tick_id
 where c.state = 'opened' and c.morning > %(since)s and t.known_at <= %(as_of)s
   and s.kind in ('rise', 'cluster') and c.scope && %(codes)s
 group by 1
"""
FOUND_BY = """
select f.method, count(*) as findings, count(distinct f.signal) as signals, count(f.held_by) as held
  from surveillance.finding f join ledger.tick t on t.id = f.tick_id
 where f.sweep_id = %(sweep)s and t.known_at <= %(as_of)s group by 1 order by 1
"""


def names_version() -> int:
    """Changes whenever names of places or settings may have changed."""
    return places.newest_dataset()


def names_for(rows: Iterable[dict[str, Any]]) -> Names:
    """The names of every place and setting in some signals, changes or findings."""
    codes: set[str] = set()
    settings: set[str] = set()
    for row in rows:
        if row.get("setting_id"):
            settings.add(row["setting_id"])
        codes.update(row.get("scope") or (), row.get("members") or ())
        if row.get("place_code"):
            codes.add(row["place_code"])
    return _names(tuple(sorted(codes)), tuple(sorted(settings)), places.newest_dataset())


@lru_cache(maxsize=256)
def _names(codes: tuple[str, ...], settings: tuple[str, ...], _dataset: int) -> Names:
    named, standing = places.setting_names(settings), places.setting_areas(settings)
    asked = sorted({*codes, *standing.values()})
    small = db.rows("app", SMALL, [asked]) if asked else []
    inside = {row["lsoa_code"]: row["msoa_code"] for row in small if row["msoa_code"]}
    authority = {row["lsoa_code"]: row["scope_code"] for row in small}
    series = {metric.id: (metric.label, metric.unit) for metric in metrics().all}
    called = places.names(sorted({*codes, *inside.values(), *authority.values()}))
    return Names(called, inside, authority, named, standing, series)


@lru_cache(maxsize=64)
def _traits(authorities: tuple[str, ...], _dataset: int) -> list[dict[str, Any]]:
    return db.rows("app", TRAITS, [list(authorities)])


def traits(authorities: Sequence[str]) -> list[dict[str, Any]]:
    """Rows lsoa_code, msoa_code, residents, decile, older of the small areas of some authorities."""
    return _traits(tuple(authorities), places.newest_dataset())


def opened_since(scope: Scope, since: date, as_of: datetime) -> dict[str, int]:
    """Authority of the scope -> rises and clusters opened in it after a day: what the false-alarm budget is about."""
    rows = scope.rows(OPENED, {"since": since, "as_of": as_of, "codes": list(scope.codes)})
    return {row["code"]: row["opened"] for row in rows if row["code"] in scope.codes}


def found_by(scope: Scope, sweep: int, as_of: datetime) -> list[dict[str, Any]]:
    """Rows method, findings, signals, held of a sweep, as far as the scope reads them."""
    return scope.rows(FOUND_BY, {"sweep": sweep, "as_of": as_of})


def told_by(row: Mapping[str, Any], as_of: datetime) -> Told | None:
    """The loaded series that told a signal, with the weeks of its past; None for one of counts."""
    metric = next((each for each in metrics().all if each.id == row["told_by"]), None)
    if metric is None:
        return None
    past, today = past_rule(), times.local(as_of).date()
    first = today - timedelta(days=setting().history_days - 1)
    reach = (1 + past.skipped_weeks + past.weeks) * step(metric.window_days)
    place = row["place_code"] or ""
    series = place_reads.series_told(metric, place, first - reach, as_of)
    return None if series is None else Told(places.names([place]).get(place, place), as_of, series, first, past)
