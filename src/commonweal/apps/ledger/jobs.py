"""Work that goes on by itself: numbering the log's entries, every second."""

from __future__ import annotations

from procrastinate.contrib.django import app

from commonweal.web import db


@app.periodic(cron="* * * * * *")
@app.task(queue="ledger", queueing_lock="number-entries", pass_context=False)
def number_entries(timestamp: int) -> int:
    """Give every committed entry its number; returns how many were new."""
    return int(db.value("app", "select ledger.number_entries()"))
