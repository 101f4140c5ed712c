"""Work that goes on by itself: snapshots of the counts, every minute."""

from __future__ import annotations

from procrastinate.contrib.django import app

from commonweal.web import db


@app.periodic(cron="* * * * *")
@app.task(queue="intake", queueing_lock="count-snapshot", pass_context=False)
def make_count_snapshot(timestamp: int) -> str | None:
    """Keep the sums of all count changes at one more instant when enough has changed; returns that instant."""
    made = db.value("app", "select counts.make_snapshot()")
    return made.isoformat() if made else None
