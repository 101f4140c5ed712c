"""Reads that only pages need: what arrived last, how fresh the feeds are, who held results for how long, reasons asked.

Those that take a scope run inside it and see its places only; the others read what is no record of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from commonweal.apps.access.scope import Scope
from commonweal.apps.intake import kept
from commonweal.apps.places.queries import setting_names
from commonweal.core.places.settings import CARE_HOME
from commonweal.web import db

ANOTHER_LOOK = timedelta(minutes=30)
NEWEST_TICKS = 50

LAST_LOOKED = """
select intake.last_looked(%(person)s::uuid, %(query)s, commonweal.now() - %(gap)s::interval, %(codes)s::text[]) as at
"""
# The newest ticks, and what each of them brought to some places.
TICKS = "select id, known_at from ledger.tick where known_at <= %(as_of)s order by known_at desc limit %(ticks)s"
BROUGHT = """
select d.tick_id, coalesce(sum(d.n) filter (where d.result = 'positive'), 0)::bigint as positive,
       coalesce(sum(d.n) filter (where d.result = 'negative'), 0)::bigint as negative,
       coalesce(sum(d.n) filter (where d.result = 'void'), 0)::bigint as void,
       array_agg(distinct d.lsoa_code) as places
  from unnest(%(ticks)s::bigint[]) t (id)
 cross join lateral (
   select x.* from counts.delta x where x.tick_id = t.id and x.scope_ltla = any (%(codes)s) offset 0) d
 where d.result <> 'case'
 group by 1
"""
FRESHNESS = """
select f.name, newest.known_at as newest
  from intake.feed f
  join lateral (select s.state from intake.feed_state s where s.feed = f.name order by s.tick_id desc limit 1) s on true
  left join lateral (
    select k.known_at from intake.submission b join ledger.tick k on k.id = b.tick_id
     where b.feed = f.name and k.known_at <= %(as_of)s order by b.tick_id desc limit 1) newest on true
 where s.state = 'open' order by 1
"""
# Only homes of which something became known since the instant can be new; the others' cases are not looked into.
NEW_CARE_HOMES = """
with held as materialized (
  select x.case_id, x.version, x.setting_id, x.withdrawn, t.known_at
    from record.case_version x join ledger.tick t on t.id = x.tick_id and t.known_at <= %(as_of)s
   where x.scope_ltla = any (%(codes)s) and x.setting_type = 'care_home' and x.episode_start >= %(quiet_since)s
), touched as (
  select distinct h.case_id from held h
   where h.setting_id in (select f.setting_id from held f where f.known_at > %(since)s)
), standing as (
  select distinct on (h.case_id) h.case_id, h.setting_id, h.withdrawn,
         min(h.known_at) over (partition by h.case_id) as first_known
    from held h join touched using (case_id)
   order by h.case_id, h.version desc
)
select setting_id from standing where not withdrawn and setting_id is not null
 group by setting_id having min(first_known) > %(since)s order by setting_id
"""
# The outcomes of one submission, side by side.
SIDE_BY_SIDE = """
   select coalesce(sum(n) filter (where outcome = 'accepted'), 0)::bigint as accepted,
          coalesce(sum(n) filter (where outcome = 'duplicate'), 0)::bigint as duplicate,
          coalesce(sum(n) filter (where outcome = 'superseded'), 0)::bigint as superseded,
          coalesce(sum(n) filter (where outcome = 'rejected'), 0)::bigint as rejected,
          coalesce(sum(n) filter (where outcome = 'pending'), 0)::bigint as pending
     from intake.tally x where x.submission_id = b.id
"""
FEEDS = f"""
select f.name, o.name as owner, f.owner_id, s.state, s.reason, w.*,
       (select max(b.received_at) from intake.submission b where b.feed = f.name) as newest
  from intake.feed f
  join access.organisation o on o.id = f.owner_id
  join lateral (
    select x.state, x.reason from intake.feed_state x where x.feed = f.name order by x.tick_id desc limit 1) s on true
 cross join lateral (
   select coalesce(sum(b.declared), 0)::bigint as received,
          coalesce(sum(t.accepted), 0)::bigint as accepted, coalesce(sum(t.duplicate), 0)::bigint as duplicate,
          coalesce(sum(t.superseded), 0)::bigint as superseded, coalesce(sum(t.rejected), 0)::bigint as rejected,
          coalesce(sum(t.pending), 0)::bigint as pending
     from intake.submission b cross join lateral ({SIDE_BY_SIDE}) t
    where b.feed = f.name and b.received_at > commonweal.now() - interval '7 days') w
 where %(feed)s::text is null or f.name = %(feed)s order by f.name
"""  # noqa: S608 - no value from outside
SUBMISSIONS = f"""
select b.id, b.feed, b.label, b.channel, b.received_at, b.sent_by, b.held_since, b.held_by, b.declared as received, t.*
  from intake.submission b cross join lateral ({SIDE_BY_SIDE}) t
 where (%(feed)s::text is null or b.feed = %(feed)s) and (%(number)s::bigint is null or b.id = %(number)s)
   and (%(before)s::bigint is null or b.id < %(before)s)
 order by b.id desc limit %(limit)s
"""  # noqa: S608 - no value from outside
OUTCOMES = """
select row_number, outcome, reasons, notes from intake.outcome
 where submission_id = %(number)s and (%(outcome)s::text is null or outcome = %(outcome)s) and row_number > %(after)s
 order by row_number limit %(limit)s
"""
WAITING = """
select o.submission_id as submission, o.row_number, o.feed, o.reason, t.known_at as since, o.due_at as due,
       g.name as owner
  from intake.orphan o
  join ledger.tick t on t.id = o.tick_id
  join intake.feed f on f.name = o.feed
  join access.organisation g on g.id = f.owner_id
 where not exists (
   select from intake.orphan_end e where (e.submission_id, e.row_number) = (o.submission_id, o.row_number))
 order by o.due_at, o.submission_id, o.row_number limit %(limit)s offset %(offset)s
"""
# A part of the delay is the mean over the results whose two times are both stated and in order.
DELAYS = """
with chosen as (
  select r.feed_number, t.id as tick_id, t.known_at, (t.known_at at time zone 'Europe/London')::date as day,
         r.scope_ltla, r.specimen_at, r.lab_received_at, r.reported_at, b.held_by
    from ledger.tick t
    join record.result r on r.tick_id = t.id
    left join lateral (select x.held_by from intake.submission x where x.tick_id = t.id limit 1) b on true
   where t.known_at >= %(start)s and t.known_at < %(stop)s and t.known_at <= %(as_of)s
     and r.scope_ltla = any (%(codes)s)
),
opened as (
  select c.tick_id, c.scope_ltla, o.at
    from (select distinct tick_id, known_at, scope_ltla from chosen) c
   cross join lateral (
     select r.at from access.read_record r
      where r.at >= c.known_at and r.at <= %(as_of)s and r.place_codes @> array[c.scope_ltla] and r.purpose <> 'audit'
      order by r.at limit 1) o
)
select f.name as feed, g.name as owner, g.id as owner_id, c.day, count(*) as results, max(c.held_by) as held_by,
       avg(extract(epoch from c.lab_received_at - c.specimen_at) / 3600)
         filter (where c.lab_received_at >= c.specimen_at)::float8 as to_laboratory,
       avg(extract(epoch from c.reported_at - c.lab_received_at) / 3600)
         filter (where c.reported_at >= c.lab_received_at)::float8 as to_sender,
       avg(extract(epoch from c.known_at - c.reported_at) / 3600)
         filter (where c.known_at >= c.reported_at)::float8 as to_platform,
       avg(extract(epoch from o.at - c.known_at) / 3600)::float8 as to_opened
  from chosen c
  join intake.feed f on f.number = c.feed_number
  join access.organisation g on g.id = f.owner_id
  left join opened o on o.tick_id = c.tick_id and o.scope_ltla = c.scope_ltla
 group by 1, 2, 3, 4 order by 1, 4
"""
QUESTIONS = """
select q.number, q.feed, q.day, q.stage, q.holder_id, h.name as holder, o.title as asked_by, q.asked_at,
       q.due_at as due, coalesce(a.reason, '') as answer, a.answered_at, coalesce(w.title, '') as answered_by
  from intake.delay_question q
  join access.organisation h on h.id = q.holder_id
  join access.office o on o.id = q.office_id
  left join intake.delay_answer a on a.question = q.number
  left join access.office w on w.id = a.office_id
 where (q.place_codes && %(codes)s::text[] or q.holder_id = %(organisation)s) and q.day between %(first)s and %(last)s
 order by q.number
"""


def last_looked(scope: Scope, person_id: Any, query: str) -> datetime | None:
    """When this person last read the same thing about these places, leaving out the present sitting (30 minutes)."""
    values = {"person": person_id, "query": query, "gap": ANOTHER_LOOK, "codes": list(scope.codes)}
    found: datetime | None = scope.one(LAST_LOOKED, values)["at"]
    return found


def latest_arrivals(scope: Scope, as_of: datetime, limit: int = 10) -> list[dict[str, Any]]:
    """Rows at, positive, negative, void, places of the newest minutes in which results arrived, among the last ticks.

    Read from the newest tick on until there are enough minutes, an older one having shown that the last is whole; what
    a tick brought is kept.
    """
    ticks = db.fetch(scope.cursor, TICKS, {"as_of": as_of, "ticks": NEWEST_TICKS})
    brought: dict[int, dict[str, Any]] = {}
    for chosen in (ticks[: limit + 1], ticks):
        brought |= _brought(scope, [tick["id"] for tick in chosen if tick["id"] not in brought])
        minutes = _by_minute((tick["known_at"], brought[tick["id"]]) for tick in chosen if brought[tick["id"]])
        if len(minutes) > limit:
            break
    scope.counted += len(minutes[:limit])
    return minutes[:limit]


def _brought(scope: Scope, ticks: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Tick -> what it brought to the places of the scope (positive, negative, void, places), empty for nothing.

    A closed tick is never added to, so its part of an answer stays the same and is kept.
    """
    keys = {tick: (kept.space_of(scope), "brought", tick, scope.codes) for tick in ticks}
    found = {tick: rows for tick in ticks if (rows := kept.answers.get(keys[tick])) is not None}
    unread = [tick for tick in ticks if tick not in found]
    values = {"ticks": unread, "codes": list(scope.codes)}
    read = {row["tick_id"]: row for row in db.fetch(scope.cursor, BROUGHT, values)} if unread else {}
    for tick in unread:
        found[tick] = [read[tick]] if tick in read else []
        kept.answers.put(keys[tick], found[tick], 1 + len(read[tick]["places"]) // 4 if tick in read else 1)
    return {tick: rows[0] if rows else {} for tick, rows in found.items()}


def _by_minute(brought: Iterable[tuple[datetime, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What ticks brought, added up by the minute, in the order given."""
    minutes: dict[datetime, dict[str, Any]] = {}
    places: dict[datetime, set[str]] = {}
    for known_at, each in brought:
        at = known_at.replace(second=0, microsecond=0)
        row = minutes.setdefault(at, {"at": at, "positive": 0, "negative": 0, "void": 0})
        for result in ("positive", "negative", "void"):
            row[result] += each[result]
        places.setdefault(at, set()).update(each["places"])
    return [row | {"places": len(places[at])} for at, row in minutes.items()]


def feed_freshness(as_of: datetime) -> list[tuple[str, datetime | None]]:
    """Open feeds with the instant at which their newest submission became known."""
    return [(row["name"], row["newest"]) for row in db.rows("app", FRESHNESS, {"as_of": as_of})]


def new_care_homes(scope: Scope, since: datetime, as_of: datetime, quiet_since: date) -> tuple[str, ...]:
    """Care homes with a first person since an instant, and nobody known before since ``quiet_since``.

    By the names of the register; by their identifiers where no register lists them.
    """
    values = {"codes": list(scope.codes), "since": since, "as_of": as_of, "quiet_since": quiet_since}
    found = [row["setting_id"] for row in scope.rows(NEW_CARE_HOMES, values)]
    names = setting_names([f"{CARE_HOME}:{each}" for each in found]) if found else {}
    return tuple(names.get(f"{CARE_HOME}:{each}", each) for each in found)


def feeds(feed: str | None = None) -> list[dict[str, Any]]:
    """Feeds with owner, state, newest submission and the last seven days by outcome."""
    return db.rows("app", FEEDS, {"feed": feed})


def submissions(
    *, feed: str | None = None, number: int | None = None, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Submissions with their tally, newest first; ``before`` continues a list."""
    return db.rows("app", SUBMISSIONS, {"feed": feed, "number": number, "before": before, "limit": limit})


def outcomes(number: int, *, outcome: str | None = None, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """Outcomes of a submission's records after a row number, in the order sent."""
    return db.rows("app", OUTCOMES, {"number": number, "outcome": outcome, "after": after, "limit": limit})


def orphans_waiting(*, offset: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Records that wait for a place, soonest due first, with the organisation that owns their feed."""
    return db.rows("app", WAITING, {"offset": offset, "limit": limit})


def delays(scope: Scope, start: datetime, stop: datetime, as_of: datetime) -> list[dict[str, Any]]:
    """Mean hours of each part of the delay by feed and London day received, for results known in [start, stop)."""
    return scope.rows(DELAYS, {"codes": list(scope.codes), "start": start, "stop": stop, "as_of": as_of})


def questions(codes: Sequence[str], organisation: str, first: date, last: date) -> list[dict[str, Any]]:
    """Reasons asked about these places or of this organisation, for days received between two days."""
    return db.rows("app", QUESTIONS, {"codes": list(codes), "organisation": organisation, "first": first, "last": last})
