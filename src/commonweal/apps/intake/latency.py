"""How long results take from their commit to the pages that are open, for local and national readers apart.

Measured where an event is handed to the connection, from the commit of the oldest change in it. Counted by limits, kept
twice a minute, shown on *My area*: nobody has to trust that both tiers are served alike.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

from commonweal.apps.access import queries as access
from commonweal.web import db

LOCAL, NATIONAL = "local", "national"
TIERS = (LOCAL, NATIONAL)
NATIONAL_KINDS = frozenset({"national_body", "regional_team"})
LIMITS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 5.0)
SHARE = 0.95
KEEP_SECONDS = 30.0
SHOWN = timedelta(hours=1)
WRITE = "insert into intake.live_latency (tier, buckets) values (%s, %s)"
READ = """
with counted as (
  select l.tier, b.place, sum(b.n)::bigint as n
    from intake.live_latency l cross join unnest(l.buckets) with ordinality b (n, place)
   where l.at > %(start)s and l.at <= %(stop)s group by 1, 2)
select tier, array_agg(n order by place) as buckets from counted group by 1
"""


def tier_of(organisation_id: str) -> str:
    """Whether an organisation reads as the nation or as a place."""
    kind = access.organisations([organisation_id])[organisation_id]["kind"]
    return NATIONAL if kind in NATIONAL_KINDS else LOCAL


class Log:
    """Counts of one process since they were last kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, list[int]] = {}
        self._kept = time.monotonic()

    def note(self, tier: str, seconds: float) -> None:
        """One event of one page, so many seconds after the commit of the oldest change it tells."""
        with self._lock:
            counts = self._buckets.setdefault(tier, [0] * (len(LIMITS) + 1))
            counts[bisect_left(LIMITS, seconds)] += 1

    @property
    def is_due(self) -> bool:
        return bool(self._buckets) and time.monotonic() - self._kept >= KEEP_SECONDS

    def keep(self) -> None:
        """Write what was counted."""
        with self._lock:
            counted, self._buckets, self._kept = self._buckets, {}, time.monotonic()
        with db.transaction("app") as cursor:
            for tier, counts in counted.items():
                cursor.execute(WRITE, [tier, counts])


log = Log()


def within(buckets: Sequence[int]) -> float | None:
    """The smallest of the limits (seconds) that at least 95 of 100 events kept; None when none of them was."""
    reached, needed = 0, SHARE * sum(buckets)
    for limit, count in zip(LIMITS, buckets, strict=False):
        reached += count
        if reached and reached >= needed:
            return limit
    return None


def of_last_hour(as_of: datetime) -> dict[str, float | None]:
    """For each tier with pages open in the hour to ``as_of``: seconds that 95 of 100 events kept, None for more."""
    rows = db.rows("app", READ, {"start": as_of - SHOWN, "stop": as_of})
    return {row["tier"]: within(row["buckets"]) for row in rows}
