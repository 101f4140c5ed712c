"""Work that goes on by itself: the steps of notices and the outbox, every second."""

from __future__ import annotations

from procrastinate.contrib.django import app

from commonweal.apps.desk import brief, digest, missed, own, sending, steps
from commonweal.apps.desk.ways import WAYS
from commonweal.web import db

# An advisory lock for each way, with the way's place: a server that hangs holds up its own way and one job, no other.
ONE_SENDER = 4319


def _send() -> int:
    """Send what is due by every way by which nobody is sending; returns how many messages were tried."""
    return sum(_send_by(way) for way in sending.ways_due())


def _send_by(way: str) -> int:
    lock = [ONE_SENDER, WAYS.index(way)]
    if not db.value("queue", "select pg_try_advisory_lock(%s, %s)", lock):
        return 0
    tried = 0
    try:
        while some := sending.run(by=(way,)):
            tried += some
    finally:
        db.value("queue", "select pg_advisory_unlock(%s, %s)", lock)
    return tried


@app.periodic(cron="* * * * * *")
@app.task(queue="desk", queueing_lock="desk-steps", pass_context=False)
def turn_to_the_next(timestamp: int) -> int:
    """Carry out the steps that are due and send at once what they queued; returns how many steps."""
    done = 0
    while some := steps.run():
        done += some
    if done:
        _send()  # the outbox has its own job: this saves the wait for its next second
    return done


@app.periodic(cron="* * * * * *")
@app.task(queue="desk", queueing_lock="desk-outbox", pass_context=False)
def send_what_waits(timestamp: int) -> int:
    """Send the messages that are due; returns how many were tried. A way that another worker uses is left to it."""
    return _send()


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
