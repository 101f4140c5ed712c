"""What can be asked of surveillance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from commonweal.web import db

# The newest publication up to the day asked about; `known_at` also leaves out what came here later.
AS_OF = """
select distinct on (v.place_code, v.day)
       v.place_code, v.day, v.low, v.high, v.denominator, v.published
  from surveillance.value v join ledger.tick t on t.id = v.tick_id
 where v.metric = %(metric)s
   and (%(places)s::text[] is null or v.place_code = any (%(places)s))
   and (%(first)s::date is null or v.day >= %(first)s) and (%(last)s::date is null or v.day <= %(last)s)
   and (%(as_of)s::date is null or v.published <= %(as_of)s)
   and (%(known_at)s::timestamptz is null or t.known_at <= %(known_at)s)
 order by v.place_code, v.day, v.published desc
"""
DATASETS = """
select d.label, d.layout, d.title, d.first_published, d.last_published, d.row_count, d.new_count, d.outcomes,
       d.attribution, t.known_at
  from surveillance.dataset d join ledger.tick t on t.id = d.tick_id order by d.id
"""


def values(
    metric: str,
    places: Sequence[str] | None = None,
    *,
    first: date | None = None,
    last: date | None = None,
    as_of: date | None = None,
    known_at: Any = None,
    alias: str = "app",
) -> list[dict[str, Any]]:
    """The series of places as published up to `as_of` (the whole day), and as known here at `known_at`.

    Rows place_code, day, low, high, denominator, published, in order of place and day. low < high is a suppressed cell.
    A day without a row is unknown, not 0.
    """
    params = {"metric": metric, "places": None if places is None else list(places), "first": first, "last": last}
    return db.rows(alias, AS_OF, {**params, "as_of": as_of, "known_at": known_at})


def datasets(alias: str = "app") -> list[dict[str, Any]]:
    """Every file of series, in the order it was loaded."""
    return db.rows(alias, DATASETS)


def dataset_of(sha256: bytes, alias: str = "ingest") -> dict[str, Any] | None:
    """The dataset of these bytes, or None."""
    sql = "select layout, title, row_count, outcomes from surveillance.dataset where sha256 = %s"
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
