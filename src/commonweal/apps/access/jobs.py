"""Work that goes on by itself: ending what has been kept long enough, every night."""

from __future__ import annotations

from procrastinate.contrib.django import app

from commonweal.apps.access import retention


@app.periodic(cron="20 3 * * *")
@app.task(queue="access", queueing_lock="retention", pass_context=False)
def end_what_is_over(timestamp: int) -> int:
    """Carry out the standard schedule; returns how many rows ended."""
    return sum(row["ended"] or 0 for row in retention.run())
