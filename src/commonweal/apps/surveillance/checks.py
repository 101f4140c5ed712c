"""What must hold of surveillance: what sweeps carry on from, and how and for whom signals are listed, is what the facts
say."""

from __future__ import annotations

from commonweal.apps.surveillance import carried
from commonweal.web import db
from commonweal.web.checks import Check

SUMS = """
with facts as (
  select d.scope_ltla, d.specimen_day, date_trunc('hour', t.known_at) as known_hour, sum(d.n) as cases
    from counts.delta d join ledger.tick t on t.id = d.tick_id
   where d.result = 'case' and t.known_at < (select s.known_hour from surveillance.summed_to s)
   group by 1, 2, 3 having sum(d.n) <> 0
)
select scope_ltla, specimen_day, known_hour, f.cases as facts, h.cases as summed
  from facts f full join surveillance.known_hour h using (scope_ltla, specimen_day, known_hour)
 where f.cases is distinct from h.cases limit 20
"""
READERS = """
with touched as (
  select distinct code as scope_ltla, c.signal
    from surveillance.signal_change c cross join lateral unnest(c.scope) code)
select signal, scope_ltla, t.signal is not null as touches
  from surveillance.signal_reader r full join touched t using (signal, scope_ltla)
 where r.signal is null or t.signal is null order by 1, 2 limit 20
"""
NEWEST = """
with facts as (
  select distinct on (c.signal) c.signal, c.step, c.state, c.level, s.kind, c.morning, c.scope,
         surveillance.urgency(c.state) as urgency, surveillance.weight(c.rate) as weight, c.tick_id
    from surveillance.signal_change c join surveillance.signal s on s.number = c.signal order by c.signal, c.step desc)
select coalesce(f.signal, n.signal) as signal
  from facts f full join surveillance.signal_newest n on n.signal = f.signal
 where (f.signal, f.step, f.state, f.level, f.kind, f.morning, f.scope, f.urgency, f.weight, f.tick_id) is distinct from
       (n.signal, n.step, n.state, n.level, n.kind, n.morning, n.scope, n.urgency, n.weight, n.tick_id)
 order by 1 limit 20
"""


def _standing() -> list[str]:
    return [
        f"signal {number} does not stand as its findings and changes leave it; delete its row of surveillance.standing "
        "and the next sweep writes it anew"
        for number in carried.wrong()[:20]
    ]


def _sums() -> list[str]:
    return [
        f"{row['scope_ltla']} {row['specimen_day']}, known in the hour of {row['known_hour']}: {row['summed'] or 0} "
        f"cases summed up, {row['facts'] or 0} in the changes"
        for row in db.rows("backup", SUMS)
    ]


def _readers() -> list[str]:
    return [
        f"signal {row['signal']} touches {row['scope_ltla']}, whose offices do not read it"
        if row["touches"]
        else f"signal {row['signal']} does not touch {row['scope_ltla']}, whose offices read it"
        for row in db.rows("backup", READERS)
    ]


def _newest() -> list[str]:
    return [
        f"signal {row['signal']} is listed otherwise than by its newest change" for row in db.rows("backup", NEWEST)
    ]


CHECKS = (
    Check("signals stand as their findings leave them", "traceability", _standing, thorough=True),
    Check("cases summed by hour are what the changes say", "traceability", _sums, thorough=True),
    Check("signals are read by those whom they touch", "parity", _readers, thorough=True),
    Check("signals are listed by their newest change", "traceability", _newest, thorough=True),
)
