"""Work that goes on by itself: the steps of notices and the outbox, every second."""

from __future__ import annotations

from procrastinate.contrib.django import app

from commonweal.apps.desk import brief, digest, missed, own, sending, steps
from commonweal.web import db

ONE_SENDER = 4310  # an advisory lock: a mail server that hangs holds up one job, not every place of the worker


@app.periodic(cron="* * * * * *")
@app.task(queue="desk", queueing_lock="desk-steps", pass_context=False)
def turn_to_the_next(timestamp: int) -> int:
    """Carry out the steps that are due; returns how many."""
    done = 0
    while some := steps.run():
        done += some
    return done


@app.periodic(cron="* * * * * *")
@app.task(queue="desk", queueing_lock="desk-outbox", pass_context=False)
def send_what_waits(timestamp: int) -> int:
    """Send the messages that are due; returns how many were tried. Does nothing while another worker sends."""
    if not db.value("queue", "select pg_try_advisory_lock(%s)", [ONE_SENDER]):
        return 0
    tried = 0
    try:
        while some := sending.run():
            tried += some
    finally:
        db.value("queue", "select pg_advisory_unlock(%s)", [ONE_SENDER])
    return tried


@app.periodic(cron="* * * * *")
@app.task(queue="desk", queueing_lock="desk-search-keys", pass_context=False)
def keep_search_keys(timestamp: int) -> bool:
    """Rebuild the search keys when places were loaded; returns whether they were."""
    return bool(db.value("queue", "select desk.refresh_search_keys()"))


@app.periodic(cron="*/5 * * * *")
@app.task(queue="desk", queueing_lock="desk-subscriptions", pass_context=False)
def look_at_subscriptions(timestamp: int) -> int:
    """Tell whoever asked that a number was passed; returns how many were told."""
    return own.look()


@app.periodic(cron="* * * * *")
@app.task(queue="desk", queueing_lock="desk-missed", pass_context=False)
def find_missed_clocks(timestamp: int) -> int:
    """Ask why, for every clock that ran out; returns how many were new."""
    return missed.look()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="desk", queueing_lock="desk-digest", pass_context=False)
def write_digests(timestamp: int) -> int:
    """Write the digests of the hour; returns how many."""
    return digest.write()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="desk", queueing_lock="desk-brief", pass_context=False)
def send_briefs(timestamp: int) -> int:
    """Tell leaders of quiet areas that their brief is there; returns how many."""
    return brief.send()
