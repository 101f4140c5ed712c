"""England's areas with millions of made-up results: real tables, partitions, row security, indexes and triggers.

Rows are drawn in the database itself, because a line list of this size takes minutes to take in and the pages do not
care. Left out is what no page of an area reads: identifiers, keys of records, outcomes of single records; the trigger
`submission_balances`, which would miss the outcomes, is off while the submissions are written.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.installation import FEED, Installation
from commonweal.core.errors import NotThere

# (columns of) results of one connection's share: known over `days` days, swabbed up to six days before
SHARE = 250_000
DRAW = """
create temp table drawn as
select g.n, nextval('record.result_id') as result_id, t.id as tick_id, t.known_at, a.lsoa_code, a.scope_code as scope_ltla, a.msoa_code,
       (t.known_at - make_interval(hours => (abs(hashint8(g.n * 7 + 1)) %% 140)))::date as specimen_date,
       case when abs(hashint8(g.n * 7 + 2)) %% 5 = 0 then 'pillar1' else 'pillar2' end as pillar,
       case when abs(hashint8(g.n * 7 + 3)) %% 4 = 0 then 'lateral_flow' else 'pcr' end as test_type,
       case when abs(hashint8(g.n * 7 + 4)) %% 100 < 9 then 'positive'
            when abs(hashint8(g.n * 7 + 4)) %% 100 = 99 then 'void' else 'negative' end as result,
       bands.band[1 + abs(hashint8(g.n * 7 + 5)) %% 17] as age_band,
       case when abs(hashint8(g.n * 7 + 6)) %% 2 = 0 then 'female' else 'male' end as sex
  from generate_series(%(first)s::bigint, %(last)s::bigint) g (n)
  join drawn_tick t on t.place = g.n * (select count(*) from drawn_tick) / %(rows)s
  join drawn_area a on a.place = abs(hashint8(g.n * 7)) %% (select count(*) from drawn_area)
 cross join (select array['0-4','5-9','10-14','15-19','20-24','25-29','30-34','35-39','40-44','45-49','50-54','55-59',
                          '60-64','65-69','70-74','75-79','80+'] as band) bands
"""
STEPS = (
    """insert into record.result (id, known_month, tick_id, feed_number, record_hash, revision, person_id, link_id, scope_ltla,
         lsoa_code, msoa_code, postcode, specimen_date, reported_at, age_years, age_band, sex, pillar, test_route, test_type,
         result)
       select result_id, date_trunc('month', known_at)::date, tick_id, 1, decode(md5(n::text), 'hex'), 1,
              gen_random_uuid(), gen_random_uuid(), scope_ltla, lsoa_code, msoa_code, 'ZZ11AA', specimen_date, known_at, 40,
              age_band, sex, pillar, 'home_kit', test_type, result from drawn""",
    """insert into counts.delta
       select tick_id, scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, count(*)
         from (select n, tick_id, known_at, lsoa_code, scope_ltla, msoa_code, specimen_date, pillar, test_type, result,
                      age_band, sex from drawn union all
               select n, tick_id, known_at, lsoa_code, scope_ltla, msoa_code, specimen_date, pillar, test_type, 'case',
                      age_band, sex from drawn where result = 'positive') d group by 1, 2, 3, 4, 5, 6, 7""",
    """insert into counts.delta_age
       select tick_id, scope_ltla, specimen_date, age_band, sex, result, count(*)
         from (select tick_id, scope_ltla, specimen_date, age_band, sex, result from drawn union all
               select tick_id, scope_ltla, specimen_date, age_band, sex, 'case' from drawn where result = 'positive') d
        group by 1, 2, 3, 4, 5, 6""",
    """insert into record.case_version (case_id, version, tick_id, withdrawn, pathogen, person_id, episode_start, result_id,
         scope_ltla, lsoa_code, msoa_code, pillar, test_type, age_band, sex, setting_type, setting_id)
       select gen_random_uuid(), 1, tick_id, false, 'covid-19', gen_random_uuid(), specimen_date, result_id, scope_ltla, lsoa_code,
              msoa_code, pillar, test_type, age_band, sex,
              case when n % 50 = 0 then 'care_home' end, case when n % 50 = 0 then 'Home ' || lsoa_code end
         from drawn where result = 'positive'""",
)
PREPARE = """
import sys
import psycopg
from commonweal.server import provider
days, feed = int(sys.argv[1]), sys.argv[2]
with psycopg.connect(provider.ensure_server(), dbname=provider.database_name("live")) as c:
    c.execute("set role cw_owner")
    c.execute("create table counts.drawn_tick as select place, nextval('ledger.tick_id') as id,"
              " now() - make_interval(secs => (%s * 86400.0) * (1 - (place + 1) / 14401.0)) as known_at from generate_series(0, 14399) place", [days])
    c.execute("insert into ledger.tick select id, known_at from counts.drawn_tick")
    c.execute("create table counts.drawn_area as select row_number() over () - 1 as place, lsoa_code, scope_code, msoa_code from places.lsoa_scope")
    c.execute("create table counts.drawn_share (first bigint primary key)")
    c.execute("grant select on counts.drawn_tick, counts.drawn_area to cw_ingest")
    c.execute("grant select, insert on counts.drawn_share to cw_ingest")
    c.execute("reset role")
    c.execute("select set_config('commonweal.open_tick', '1', true)")
    c.execute("alter table intake.submission disable trigger submission_balances")  # single outcomes are left out
    c.execute("insert into intake.submission (id, feed, sha256, declared, channel, label, bytes, received_at, line_list_version, tick_id)"
              " select 1000000 + place, %s, sha256(place::text::bytea), 350, 'http', 'drawn', 1000, known_at, 1, id from counts.drawn_tick", [feed])
    c.execute("alter table intake.submission enable trigger submission_balances")
    for back in range(days // 28 + 2):
        c.execute("select commonweal.make_month_partition('record.result', (now() - make_interval(months => %s))::date)", [back])
"""
# Draws share after share until all are there or the time is up; each share is one transaction that notes itself.
SHARES = """
import sys, threading, time
import psycopg
from commonweal.server import provider
from benchmarks.nation import DRAW, SHARE, STEPS
rows, until = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
def connect():
    c = psycopg.connect(provider.ensure_server(), dbname=provider.database_name("live"))
    c.execute("set synchronous_commit = off; set work_mem = '256MB'; set temp_buffers = '256MB'")
    c.execute("set search_path = pg_catalog, counts")
    return c
with connect() as c:
    done = {first for first, in c.execute("select first from counts.drawn_share")}
left = [first for first in range(0, rows, SHARE) if first not in done]
lock, starts = threading.Lock(), iter(left)
def work():
    with connect() as c:
        while True:
            with lock:
                start = next(starts, None) if time.monotonic() < until else None
            if start is None:
                return
            c.execute("set role cw_ingest")
            c.execute("select set_config('commonweal.open_tick', '1', false)")
            c.execute(DRAW, {"first": start, "last": min(start + SHARE, rows) - 1, "rows": rows}, prepare=False)
            for step in STEPS:
                c.execute(step)
            c.execute("drop table drawn")
            c.execute("insert into counts.drawn_share values (%s)", [start])
            c.commit()
            left.remove(start)
threads = [threading.Thread(target=work) for _ in range(2)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(left))
"""
# Snapshots as the worker left them, one a day; each is a transaction of its own, so that this goes on where it stopped.
FINISH = """
import sys, time
import psycopg
from commonweal.server import provider
rows, until = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
with psycopg.connect(provider.ensure_server(), dbname=provider.database_name("live"), autocommit=True) as c:
    found = c.execute("select count(*) from record.result").fetchone()[0]
    assert found == rows, found
    c.execute("select setval('intake.submission_id', 2000000)")
    c.execute("vacuum analyze")
    end = c.execute("select max(known_at) from counts.drawn_tick").fetchone()[0]
    for back in range(13, 0, -1):
        at = c.execute("select %s - make_interval(days => %s)", [end, back]).fetchone()[0]
        if not c.execute("select exists (select from counts.snapshot where as_of >= %s)", [at]).fetchone()[0]:
            if time.monotonic() > until:
                print(back)
                raise SystemExit
            c.execute("select counts.take_snapshot(%s)", [at])
    c.execute("select counts.make_snapshot(1)")
    c.execute("vacuum analyze")
    c.execute("drop table counts.drawn_tick, counts.drawn_area, counts.drawn_share")
print(0)
"""
PEOPLE = """
import json, sys, time
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.apps.access import actions, authorities
from commonweal.web import db
places = db.rows("app", "select distinct on (code) code, coalesce(name_people_use, name, code) as name from places.area_now where level in ('ltla', 'utla') and code in (select code from places.scope_cover) and code ~ '^E(06|07|08|09|10)' order by code")
authorities.ensure({p["code"]: p["name"] for p in places})
offices = [r["id"] for r in db.rows("authn", "select distinct on (organisation_id) id from access.office where 'accept_agreement' = any (permissions) order by organisation_id, id")]
clerk = actions.invite("clerk@example.org", "Bench clerk", offices)
with db.recorded("app") as w:
    w.cursor.execute("insert into access.acceptance (agreement_id, organisation_id, office_id, person_id, document_hash, tick_id)"
        " select a.id, o.organisation_id, o.id, %s, a.document_hash, %s from access.agreement a"
        " join access.office o on o.organisation_id = any (a.parties) where o.id = any (%s) on conflict do nothing",
        [clerk.person_id, w.tick, offices])
"""


class NotFilled(NotThere):
    """The time was up before everything was drawn."""


def nation(place: Installation, rows: int, seconds: float, days: int = 60) -> None:
    """Load England, appoint, accept every agreement, draw the results; goes on where an earlier call stopped.

    Raises `NotFilled` after so many seconds of drawing.
    """
    if not (place.folder / "ready").exists():
        shared = Path(os.environ.get("COMMONWEAL_SHARED", "../shared")) / "data"
        if not shared.is_dir():
            raise NotThere(f"The reference data folder is not at {shared.parent}; set COMMONWEAL_SHARED.")
        areas = [shared / "lsoa_england" / "lsoa11_england.csv.gz"]
        areas += sorted((shared / "boundaries_england").glob("*.geojson.gz"))
        place.run("places", "load", *map(str, areas), quiet=True)
        place.run("feeds", "add", FEED, "--owner", "bench-laboratory", quiet=True)
        place.python(PEOPLE)
        place.python(PREPARE, str(days), FEED)
        (place.folder / "ready").touch()
    start = time.monotonic()
    left = int(place.python(SHARES, str(rows), str(seconds)).output)
    if left:
        whole = -(-rows // SHARE)
        raise NotFilled(f"{whole - left} of {whole} shares of the results are drawn; run it again to go on.")
    left = int(place.python(FINISH, str(rows), str(seconds - (time.monotonic() - start))).output)
    if left:
        raise NotFilled(f"{left} snapshots are still to be made; run it again to go on.")


def filled(place: Installation, rows: int, seconds: float) -> None:
    """`nation`, unless the folder was filled before."""
    mark = place.folder / "filled"
    if not mark.exists():
        nation(place, rows, seconds)
        mark.touch()
