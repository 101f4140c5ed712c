"""What must hold of surveillance: a signal is read by the offices of every place that it touched, and by no others."""

from __future__ import annotations

from commonweal.web import db
from commonweal.web.checks import Check

READERS = """
with touched as (
  select distinct code as scope_ltla, c.signal
    from surveillance.signal_change c cross join lateral unnest(c.scope) code)
select signal, scope_ltla, t.signal is not null as touches
  from surveillance.signal_reader r full join touched t using (signal, scope_ltla)
 where r.signal is null or t.signal is null order by 1, 2 limit 20
"""


def _readers() -> list[str]:
    return [
        f"signal {row['signal']} touches {row['scope_ltla']}, whose offices do not read it"
        if row["touches"]
        else f"signal {row['signal']} does not touch {row['scope_ltla']}, whose offices read it"
        for row in db.rows("backup", READERS)
    ]


CHECKS = (Check("signals are read by those whom they touch", "parity", _readers, thorough=True),)
