"""What is counted for a place, inside an open scope: people by the day they became known, tests, peers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from commonweal.apps.access.scope import Scope
from commonweal.apps.intake import area, kept, page_reads
from commonweal.apps.surveillance import queries
from commonweal.apps.surveillance.pages.place_series import Told
from commonweal.apps.surveillance.place_ground import Ground
from commonweal.core import wording
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.web import db, times

# `ago`: whole days (of 24 hours) between becoming known and the present moment. `own`: of the place's small areas.
PEOPLE = """
select d.specimen_day as day, extract(day from %(as_of)s::timestamptz - t.known_at)::integer as ago,
       d.pillar, sum(d.n)::bigint as whole,
       coalesce(sum(d.n) filter (where %(small)s::text[] is null or d.lsoa_code = any (%(small)s)), 0)::bigint as own
  from counts.delta d join ledger.tick t on t.id = d.tick_id
 where d.scope_ltla = any (%(codes)s) and d.specimen_day between %(first)s and %(last)s and d.result = 'case'
   and t.known_at <= %(as_of)s
 group by 1, 2, 3
"""
TESTS = """
select d.specimen_day as day, d.pillar, d.test_type, d.result, sum(d.n)::bigint as n
  from counts.delta d join ledger.tick t on t.id = d.tick_id
 where d.scope_ltla = any (%(codes)s) and d.specimen_day between %(first)s and %(last)s
   and d.lsoa_code = any (%(small)s) and d.result in ('positive', 'negative') and t.known_at <= %(as_of)s
 group by 1, 2, 3, 4 having sum(d.n) <> 0
"""
METRICS = """
with recursive found as (
  (select metric from surveillance.value order by metric limit 1)
  union all
  select (select v.metric from surveillance.value v where v.metric > f.metric order by v.metric limit 1)
    from found f where f.metric is not null
)
select f.metric from found f
 where f.metric is not null
   and exists (select from surveillance.value v where v.metric = f.metric and v.place_code = %(code)s)
"""


@dataclass(frozen=True)
class Counted:
    """Rows of a place: people (day, ago, pillar, whole, own), tests (day, pillar, test_type, result, n), and the
    people of the places it is compared with (lsoa_code, day, result, n)."""

    people: kept.Rows
    tests: kept.Rows
    compared: kept.Rows


def counted(scope: Scope, ground: Ground, days: tuple[date, date], week: tuple[date, date], as_of: datetime) -> Counted:
    """Everything that is counted, of specimen days `days`; those of the places compared in `week` (both included)."""
    of_week = area.Window(ground.authorities, week[0], week[1], as_of)
    by_group = area.authority_counts if ground.compared_level == "ltla" else area.small_area_counts
    own = people_and_tests(scope, ground, days, as_of)
    return Counted(own.people, own.tests, by_group(scope, of_week))


def people_and_tests(scope: Scope, ground: Ground, days: tuple[date, date], as_of: datetime) -> Counted:
    """The same without the places that it is compared with."""
    small = None if ground.small is None else list(ground.small)
    values = {"codes": list(ground.authorities), "small": small, "first": days[0], "last": days[1], "as_of": as_of}
    window = area.Window(ground.authorities, days[0], days[1], as_of)

    def read(sql: str) -> kept.Rows:
        return kept.rows(scope, (sql, ground.small, days), window.codes, as_of, lambda: scope.rows(sql, values))

    return Counted(read(PEOPLE), area.daily_counts(scope, window) if small is None else read(TESTS), ())


def metrics_of(code: str) -> list[str]:
    """The metrics of published series that have a value for a place, whenever published."""
    return [row["metric"] for row in db.rows("app", METRICS, {"code": code})]


def series_told(metric: Metric, code: str, first: date, as_of: datetime) -> Told | None:
    """A published series of a place from a day on, as published and known here at the moment; None without a value."""
    today = times.local(as_of).date()
    rows = queries.values(metric.id, [code], first=first, as_of=today, known_at=as_of)
    if not rows:
        return None
    speak = queries.speaking(metric.id, [code], as_of=today, known_at=as_of)
    return Told(metric, tuple(rows), tuple(each["source"] for each in speak if each["source"] != rows[0]["source"]))


def feeds_said(as_of: datetime) -> str:
    """How many of the open feeds sent on the day of the moment: '2 of 3 feeds sent today.'; empty without feeds."""
    feeds, today = page_reads.feed_freshness(as_of), times.local(as_of).date()
    sent = sum(at is not None and times.local(at).date() == today for _, at in feeds)
    return f"{sent} of {wording.counted(len(feeds), 'feed', 'feeds')} sent today." if feeds else ""
