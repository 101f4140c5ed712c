"""What can be asked of surveillance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from commonweal.apps.surveillance.definitions import sources as sources_known
from commonweal.web import db

# Of one source a place, the newest publication up to the day asked about; `known_at` also leaves out what came here
# later. What a source published before it counted something else is no part of its curve.
AS_OF = """
with chosen as materialized (
  select place_code, source, since from surveillance.sources(%(metric)s, %(places)s, %(as_of)s, %(known_at)s,
    %(prefer)s, %(current)s, %(redefined)s::jsonb) where rank = 1
)
select distinct on (v.place_code, v.day)
       v.place_code, v.day, v.low, v.high, v.denominator, v.published, v.source
  from chosen c
  join surveillance.value v on v.metric = %(metric)s and v.place_code = c.place_code and v.source = c.source
  join ledger.tick t on t.id = v.tick_id
 where (%(first)s::date is null or v.day >= %(first)s) and (%(last)s::date is null or v.day <= %(last)s)
   and (%(as_of)s::date is null or v.published <= %(as_of)s) and (c.since is null or v.published >= c.since)
   and (%(known_at)s::timestamptz is null or t.known_at <= %(known_at)s)
 order by v.place_code, v.day, v.published desc
"""
OF_ONE = """
with chosen as materialized (
  select source, since from surveillance.whole_sources(%(metric)s, %(as_of)s, %(known_at)s, %(prefer)s, %(current)s,
    %(redefined)s::jsonb) where source = %(source)s
)
select distinct on (v.place_code, v.day)
       v.place_code, v.day, v.low, v.high, v.denominator, v.published, v.source
  from chosen c
  join surveillance.value v on v.metric = %(metric)s and v.source = c.source
  join ledger.tick t on t.id = v.tick_id
 where (%(places)s::text[] is null or v.place_code = any (%(places)s))
   and (%(first)s::date is null or v.day >= %(first)s) and (%(last)s::date is null or v.day <= %(last)s)
   and (%(as_of)s::date is null or v.published <= %(as_of)s) and (c.since is null or v.published >= c.since)
   and (%(known_at)s::timestamptz is null or t.known_at <= %(known_at)s)
 order by v.place_code, v.day, v.published desc
"""
SPEAK = """
select place_code, source, newest, since, rank::integer as rank
  from surveillance.sources(%(metric)s, %(places)s, %(as_of)s, %(known_at)s, %(prefer)s, %(current)s,
    %(redefined)s::jsonb)
 order by place_code, rank
"""
# One source for many places: of the current ones that which has most of them.
COMMON = """
select source from surveillance.whole_sources(%(metric)s, %(as_of)s, %(known_at)s, %(prefer)s, %(current)s,
  %(redefined)s::jsonb) where rank = 1
"""
DATASETS = """
select d.label, d.layout, d.title, d.source, d.first_published, d.last_published, d.row_count, d.new_count, d.outcomes,
       d.attribution, t.known_at
  from surveillance.dataset d join ledger.tick t on t.id = d.tick_id order by d.id
"""


def choosing(metric: str, places: Sequence[str] | None, as_of: date | None, known_at: Any) -> dict[str, Any]:
    """The parameters of `surveillance.sources`: which series, as known when, how one source is chosen of several."""
    rules = sources_known()
    redefined = [{"source": each.source, "since": str(each.since)} for each in rules.redefined if each.metric == metric]
    return {
        "metric": metric, "places": None if places is None else list(places), "as_of": as_of, "known_at": known_at,
        "prefer": rules.order, "current": rules.current_days, "redefined": json.dumps(redefined),
    }  # fmt: skip


def values(
    metric: str,
    places: Sequence[str] | None = None,
    *,
    first: date | None = None,
    last: date | None = None,
    as_of: date | None = None,
    known_at: Any = None,
    source: str | None = None,
    alias: str = "app",
) -> list[dict[str, Any]]:
    """The series of places as published up to `as_of` (the whole day), and as known here at `known_at`.

    Each place is answered by one source: the one named, else the first of `speaking`. Rows place_code, day, low, high,
    denominator, published, source, in order of place and day. low < high is a suppressed cell. A day without a row is
    unknown, not 0.
    """
    asked = choosing(metric, places, as_of, known_at)
    sql = AS_OF if source is None else OF_ONE
    return db.rows(alias, sql, {**asked, "first": first, "last": last, "source": source})


def speaking(
    metric: str, places: Sequence[str], *, as_of: date | None = None, known_at: Any = None, alias: str = "app"
) -> list[dict[str, Any]]:
    """Every source of a series and places: place_code, source, newest publication, since when it counts the same, rank
    (1 answers where none is named)."""
    return db.rows(alias, SPEAK, choosing(metric, places, as_of, known_at))


def common_source(metric: str, *, as_of: date | None = None, known_at: Any = None, alias: str = "app") -> str | None:
    """The one source by which places can be held against each other: of the current ones that which has most of them.
    None without any."""
    found: str | None = db.value(alias, COMMON, choosing(metric, None, as_of, known_at))
    return found


def datasets(alias: str = "app") -> list[dict[str, Any]]:
    """Every file of series, in the order it was loaded."""
    return db.rows(alias, DATASETS)


def dataset_of(sha256: bytes, alias: str = "ingest") -> dict[str, Any] | None:
    """The dataset of these bytes, or None."""
    sql = "select layout, title, source, row_count, outcomes from surveillance.dataset where sha256 = %s"
    return db.one(alias, sql, [sha256])


def place_codes(alias: str = "ingest") -> list[str]:
    """The codes of all loaded places; empty while none are."""
    return [row["code"] for row in db.rows(alias, "select distinct code from places.area")]


def wards_of_postcodes(codes: Sequence[str], alias: str = "app") -> list[str]:
    """Which of these are wards that postcodes lie in: wards come with postcodes, often without a file of areas."""
    sql = "select distinct ward from places.postcode_now where ward = any (%s)"
    return [row["ward"] for row in db.rows(alias, sql, [list(codes)])]


def today(alias: str = "ingest") -> date:
    """The London day of the space's own clock."""
    day: date = db.value(alias, "select (commonweal.now() at time zone 'Europe/London')::date")
    return day
