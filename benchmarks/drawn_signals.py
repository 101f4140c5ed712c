"""Signals of every kind and level in every authority, as the engine would have written them, and places to be opened."""

from __future__ import annotations

import json
from dataclasses import dataclass

from benchmarks.installation import Installation

# number of the first, kind, level, place, authorities touched, small areas, setting: one of each in every authority
# (three clusters), a rise in every region. `a` is an authority with three of its neighbourhoods and their small areas.
DRAW = """
import json, sys
from commonweal.site.installation import open_existing
open_existing("live")
from commonweal.web import db
area = sys.argv[1]
DAY = "(commonweal.now() at time zone 'Europe/London')::date"
AREAS = '''
  select distinct on (s.scope_code, n) s.scope_code, s.region_code, n, s.msoa_code,
         array(select distinct x.base_lsoa from places.lsoa_scope x where x.msoa_code = s.msoa_code) as members,
         dense_rank() over (order by s.scope_code) as at
    from places.lsoa_scope s, generate_series(1, 3) n order by s.scope_code, n, md5(s.msoa_code || n)'''
CHOSEN = f'''
  with a as materialized ({AREAS})
  select row_number() over (order by scope_code, n) as number, 'cluster' as kind, 'cluster' as level, members[1] as place,
         array[scope_code] as scope, members, null::text as setting from a
  union all select 100000 + at, 'rise', 'msoa', msoa_code, array[scope_code], members[1:2], null from a where n = 1
  union all select 200000 + at, 'rise', 'ltla', scope_code, array[scope_code], '{{}}', null from a where n = 1
  union all select 300000 + at, 'rise', 'lsoa', members[1], array[scope_code], members[1:1], null from a where n = 2
  union all select 400000 + at, 'setting', 'setting', members[1], array[scope_code], members[1:1],
                   'care_home:Home ' || members[1] from a where n = 1
  union all select 500000 + at, 'definition_break', 'ltla', scope_code, array[scope_code], '{{}}', null from a where n = 1
  union all select 600000 + at, 'late_batch', 'ltla', scope_code, array[scope_code], '{{}}', null from a where n = 1
  union all select 700000 + row_number() over (order by region_code), 'rise', 'region', region_code,
                   array_agg(scope_code order by scope_code), '{{}}', null
              from a where n = 1 and region_code is not null group by region_code'''
if not db.value("backup", "select exists (select from surveillance.sweep)"):
    with db.recorded("engine") as write:
        write.cursor.execute(
            "insert into surveillance.sweep (source, as_of, morning, touched, code_version, parameters_version, executor,"
            " seconds, cost, places, not_done, budget, tick_id) select 'counts', commonweal.now() - make_interval(days => d),"
            f" {DAY} - d, null, '1', '1', 'serial', 60, '{{}}', '{{\\"lsoa\\": 34000}}', '{{}}', '{{\\"a_year\\": 1}}', %s"
            " from generate_series(0, 399) d", [write.tick])
there = {row["number"] for row in db.rows("backup", "select number from surveillance.signal")}
missing = [row["number"] for row in db.rows("backup", CHOSEN) if row["number"] not in there]
if missing:
    with db.recorded("engine") as write:
        run = write.cursor.execute
        sweep = "(select min(id) from surveillance.sweep)"
        chosen = f"(select * from ({CHOSEN}) c where number = any (%s)) chosen"
        run(f"insert into surveillance.signal select number, 'counts', kind, level, place, setting, {sweep}, {DAY} - 6, %s"
            f" from {chosen}", [write.tick, missing])
        run(f"insert into surveillance.signal_change select number, step, {sweep}, {DAY} - 6 + step, case step when 1"
            " then 'opened' else 'growing' end, level, place, scope, members, 100, 12, 3, 900, array['drawn'], %s"
            f" from {chosen}, generate_series(1, 5) step", [write.tick, missing])
        run("insert into surveillance.finding (sweep_id, signal, morning, level, place_code, setting_id, method, scope,"
            " first_day, last_day, observed, expected, expected_low, expected_high, rate, strength, members, evidence,"
            f" tick_id) select {sweep}, number, {DAY} - 1, level, place, setting, 'poisson scan', scope, {DAY} - 12,"
            f" {DAY} - 3, 12, 3, 0, 8, 100, 3, members, 'drawn', %s from {chosen}, generate_series(1, 10)",
            [write.tick, missing])
    with db.transaction("migrate") as cursor:
        cursor.execute("analyze surveillance.signal, surveillance.signal_change, surveillance.finding")
own = db.rows("backup", "select c.signal, s.kind || '_' || c.level as sort from surveillance.signal_change c join surveillance.signal s"
              " on s.number = c.signal where c.step = 1 and c.scope @> array[%s] order by 1", [area])
small = db.rows("backup", "select base_lsoa, msoa_code from places.lsoa_scope where scope_code = %s order by md5(base_lsoa)"
                " limit 40", [area])
region = db.value("backup", "select region_code from places.authority where scope_code = %s and code = %s", [area, area])
large = db.one("backup", "select scope_code, min(base_lsoa) as small, min(msoa_code) as middle, count(*) as n from"
               " places.lsoa_scope group by 1 order by n desc, 1 limit 1")
signals = {}
for row in own:
    signals.setdefault(row["sort"], []).append(row["signal"])
print(json.dumps({"signals": signals, "small": [r["base_lsoa"] for r in small], "middle": sorted({r["msoa_code"] for r in small}),
                  "region": region, "large": [large["scope_code"], large["middle"], large["small"]]}))
"""


@dataclass(frozen=True)
class Chosen:
    """What is opened: signals of the local office's area by kind and level, its small areas and neighbourhoods, its
    region, and the largest authority of the country with a neighbourhood and a small area of it."""

    signals: dict[str, list[int]]
    small: list[str]
    middle: list[str]
    region: str
    large: list[str]


def drawn_signals(place: Installation, area: str) -> Chosen:
    """Draw what is missing; returns what there is to be opened in and around an authority."""
    return Chosen(**json.loads(place.python(DRAW, area).output.strip().splitlines()[-1]))
