"""A sweep over one loaded series as known at an instant: its places at every level, held against its detector."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import counted, queries
from commonweal.apps.surveillance.count_sweeping import Clock, Outcome, Rules
from commonweal.apps.surveillance.counted import Instant
from commonweal.apps.surveillance.definitions import metrics
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.signals import in_series
from commonweal.core.signals.in_series import HISTORY_DAYS, Ground
from commonweal.core.signals.own_past import step
from commonweal.web import db

ALIAS = "engine"
# level -> how the codes of its places begin; a country has no authority that it could be told to
LEVELS = {
    "lsoa": ("E01",), "msoa": ("E02",), "ward": ("E05",), "ltla": ("E06", "E07", "E08", "E09"), "utla": ("E10",),
    "region": ("E12",),
}  # fmt: skip
LOADED = """
select m.metric, exists (select from surveillance.value v join ledger.tick t on t.id = v.tick_id
                          where v.metric = m.metric and t.known_at <= %(as_of)s) as known
  from unnest(%(metrics)s::text[]) m (metric)
"""
NEWEST = """
select max(t.known_at)
  from (select distinct v.tick_id from surveillance.value v where v.metric = %(metric)s) v
  join ledger.tick t on t.id = v.tick_id
 where t.known_at <= %(as_of)s
"""
# Of each place by the one source that answers for it then.
VALUES = """
select v.place_code, v.day, v.published, v.low, v.high, v.denominator
  from surveillance.sources(%(metric)s, null, %(morning)s, %(as_of)s, %(prefer)s, %(current)s, %(redefined)s::jsonb,
       %(prefixes)s) c
  join surveillance.value v on v.metric = %(metric)s and v.place_code = c.place_code and v.source = c.source
  join ledger.tick t on t.id = v.tick_id
 where c.rank = 1 and t.known_at <= %(as_of)s and v.published <= %(morning)s and v.day >= %(first)s
 order by v.place_code, v.day, v.published
"""
SMALL = """
select s.msoa_code as code, array_agg(distinct s.scope_code) as scope, array_agg(distinct s.base_lsoa) as members
  from places.lsoa_scope s where s.msoa_code = any (%(codes)s) group by 1
union all
select s.base_lsoa, array_agg(distinct s.scope_code), array_agg(distinct s.base_lsoa)
  from places.lsoa_scope s where s.base_lsoa = any (%(codes)s) group by 1
"""
WIDE = """
select c.code, array_agg(distinct c.scope_code) as scope from places.scope_cover c where c.code = any (%(codes)s)
 group by 1
"""


def watched(as_of: datetime) -> list[Metric]:
    """The metrics that have a detector and of which something is loaded, in the order of their definition."""
    able = {metric.id: metric for metric in metrics().all if metric.detect != "none"}
    rows = db.rows(ALIAS, LOADED, {"as_of": as_of, "metrics": list(able)})
    known = {row["metric"] for row in rows if row["known"]}
    return [metric for name, metric in able.items() if name in known]


def newest_known(metric: Metric, as_of: datetime) -> datetime:
    """When something was last added to a series."""
    found: datetime = db.value(ALIAS, NEWEST, {"as_of": as_of, "metric": metric.id})
    return found


def look(as_of: datetime, metric: Metric, rules: Rules, published_by: date | None = None) -> Outcome:
    """Hold every place of a series against its detector as known at an instant. Nothing is written.

    published_by: as published up to that day, whenever it came here; the instant's own day where it is left out.
    A place that cannot be done is listed with its reason and never stops the others; neither does a level.
    """
    began, clock = time.perf_counter(), Clock()
    morning = published_by or Instant(as_of).morning
    out = Outcome(as_of, morning, None, source=metric.id)
    count = sum(1 for each in watched(as_of) if each.detect == "own_past")
    how = in_series.Rules(rules.setting, rules.past, rules.how.budget, max(1, count), batches=rules.batches.least)
    spans = 1 + rules.past.skipped_weeks + rules.past.weeks
    reach = max(HISTORY_DAYS, spans * step(metric.window_days).days) + metric.window_days + rules.past.late_days
    for level, prefixes in LEVELS.items():
        with clock.phase("reading series"):
            asked = {**queries.choosing(metric.id, None, morning, as_of), "morning": morning, "as_of": as_of,
                     "prefixes": list(prefixes), "first": morning - timedelta(days=reach)}  # fmt: skip
            rows = db.rows(ALIAS, VALUES, asked)
            ground = _ground(rows, level)
        if not rows:
            continue
        with clock.phase("series"):
            told = [(row["place_code"], row["day"], row["published"], row["low"], row["high"]) for row in rows]
            _take(out, level, in_series.look(metric, level, told, ground, morning, how))
    out.cost = clock.spent
    out.seconds = round(time.perf_counter() - began, 3)
    return out


def _take(out: Outcome, level: str, found: in_series.InSeries) -> None:
    out.found += found.found
    out.held += found.held
    out.events += found.events
    out.places[level] = found.done
    out.not_done |= {f"{level} {place}": reason for place, reason in found.not_done.items()}


def _ground(rows: list[dict[str, Any]], level: str) -> Ground:
    """Where the places of a series lie, and who lives there: by the loaded places, else by the series' own figures."""
    codes = sorted({row["place_code"] for row in rows})
    if level == "ward":
        return _wards(codes)
    small = level in ("lsoa", "msoa")
    found = db.rows("app", SMALL if small else WIDE, {"codes": codes}) if codes else []
    scope = {row["code"]: frozenset(row["scope"]) for row in found}
    members = {row["code"]: frozenset(row["members"]) for row in found} if small else {}
    residents = {row["place_code"]: float(row["denominator"]) for row in rows if row["denominator"]}
    if codes:
        residents |= {code: float(each.n) for code, each in places.denominators(codes, level=level).items()}
    return Ground(scope, members, residents)


def _wards(codes: list[str]) -> Ground:
    """Wards as sweeps over counts know them: the small areas of which most postcodes in use lie in one."""
    own = counted.geography()
    wanted = set(codes)
    scope: dict[str, set[str]] = {}
    members: dict[str, set[str]] = {}
    residents: dict[str, float] = {}
    for place, ward in enumerate(own.parents["ward"]):
        if ward in wanted:
            scope.setdefault(ward, set()).add(own.authority[place])
            members.setdefault(ward, set()).add(own.codes[place])
            residents[ward] = residents.get(ward, 0.0) + float(np.nan_to_num(own.population[place]))
    return Ground(
        {ward: frozenset(part) for ward, part in scope.items()},
        {ward: frozenset(part) for ward, part in members.items()},
        residents,
    )
