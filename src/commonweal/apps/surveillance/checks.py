"""What must hold of surveillance: what sweeps carry on from, and who reads a signal, is what the facts say."""

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


CHECKS = (
    Check("signals stand as their findings leave them", "traceability", _standing, thorough=True),
    Check("cases summed by hour are what the changes say", "traceability", _sums, thorough=True),
    Check("signals are read by those whom they touch", "parity", _readers, thorough=True),
)
