"""The outbox: messages leave in blocks, are tried again, and go another way when one fails. Run by the worker.

A message is claimed and committed before it leaves, so two workers never send it both; a worker that dies in between
gives its claims back after a minute. What became of a few messages is written down before the next ones leave over the
same connections: of a sender that was killed only those in flight may come twice (their keys are the same), and none
is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections

from commonweal.apps.desk import configuration, ways
from commonweal.apps.desk.rows import batched, columns
from commonweal.apps.desk.ways import Letter, Outcome
from commonweal.core.desk.escalation import leaves_at
from commonweal.core.desk.messages import outgoing, short
from commonweal.web import db, times

BLOCK = 200
CLAIM_SECONDS = 60
WAITING = """
     o.due_at <= commonweal.now() and (
       o.state = 'waiting' or (o.state = 'taken' and o.taken_at < commonweal.now() - make_interval(secs => %s)))
"""
DUE = f"select distinct o.way from desk.outbox o where {WAITING}"  # noqa: S608 - no value from outside
CLAIM = f"""
with chosen as (
  select o.id from desk.outbox o join desk.notice n on n.id = o.notice_id
   where {WAITING} and o.way = any (%s)
   order by n.severity, o.due_at, o.id limit %s for update of o skip locked
), taken as (
  update desk.outbox o set state = 'taken', taken_at = commonweal.now(), attempts = attempts + 1
    from chosen where chosen.id = o.id returning o.*
)
select t.id, t.notice_id, t.office_id, t.person_id, t.way, t.attempts, n.severity, n.acknowledge_by, f.title,
       commonweal.now() as now, s.capacity, coalesce(s.as_office, t.office_id) as as_office
  from taken t join desk.notice n on n.id = t.notice_id join access.office f on f.id = t.office_id
  left join lateral (
    select r.capacity, r.as_office from desk.reached r where r.notice_id = t.notice_id and r.office_id = t.office_id
       and r.person_id = t.person_id order by r.id desc limit 1) s on true
 order by n.severity, t.id
"""  # noqa: S608 - no value from outside
# One statement, one way to the database and back: it stands between the letters over the same connections.
WRITTEN_DOWN = """
with ended as (
  update desk.outbox o set state = e.state, due_at = coalesce(e.due_at, o.due_at)
    from unnest(%s::bigint[], %s::text[], %s::timestamptz[]) as e(id, state, due_at)
   where e.id = o.id and o.state = 'taken'
), proven as (
  insert into desk.receipt (notice_id, office_id, state, way, person_id, words)
  select * from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::text[])
)
select set_config('synchronous_commit', 'off', true)
"""
OTHER_WAY = """
insert into desk.outbox (notice_id, office_id, person_id, way, due_at)
select n.* from unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::timestamptz[])
       as n(notice_id, office_id, person_id, way, due_at)
 where not exists (select from desk.outbox o where (o.notice_id, o.office_id, o.person_id, o.way)
                     = (n.notice_id, n.office_id, n.person_id, n.way))
"""
Row = Mapping[str, Any]
Addresses = Mapping[tuple[str, str], str]
SPOKEN = ("sms", "call")
ONLY_TO_KNOW = 3
LEFT = "this person has left the office"


def ways_due() -> list[str]:
    """The ways by which something is to leave now."""
    found = {row["way"] for row in db.rows("queue", DUE, [CLAIM_SECONDS])}
    return [way for way in ways.WAYS if way in found]


def run(block: int = BLOCK, by: Sequence[str] = ways.WAYS) -> int:
    """Send one block of what is due by these ways, the gravest first; returns how many messages were tried."""
    with db.transaction("queue") as cursor:
        claimed = db.fetch(cursor, CLAIM, [CLAIM_SECONDS, list(by), block])
    if not claimed:
        return 0
    addresses = _addresses(claimed)
    by_way: dict[str, list[Row]] = defaultdict(list)
    for row in _withdrawn_where_they_left(claimed):
        by_way[row["way"]].append(row)
    for way, rows in by_way.items():
        for done in _send(way, rows, addresses):
            _write_down(done, addresses)
    return len(claimed)


def _withdrawn_where_they_left(rows: Sequence[Row]) -> list[Row]:
    """The messages of people who still answer for the office as which they were turned to; the others are withdrawn,
    and nothing is tried instead: what an office is told is not for whoever has left it since."""
    offices = sorted({row["as_office"] for row in rows})
    people = db.rows("queue", "select office_id, person_id from desk.people_of(%s) where living", [offices])
    there = {(each["office_id"], each["person_id"]) for each in people}
    left = [row for row in rows if (row["as_office"], row["person_id"]) not in there]
    if left:
        ended = [[row["id"], "withdrawn", None] for row in left]
        receipts = [_receipt(row, "failed", LEFT) for row in left]
        with db.transaction("queue") as cursor:
            cursor.execute(WRITTEN_DOWN, [*columns(ended, 3), *columns(receipts, 6)])
    return [row for row in rows if row not in left]


def _addresses(rows: Sequence[Row]) -> Addresses:
    people = sorted({str(row["person_id"]) for row in rows})
    found = db.rows("queue", "select person_id, way, address from desk.addresses(%s::uuid[])", [people])
    return {(str(each["person_id"]), each["way"]): each["address"] for each in found}


def _send(way: str, rows: Sequence[Row], addresses: Addresses) -> Iterator[list[tuple[Row, Outcome]]]:
    """Try every row of one way, as many at once as its back-end does; gives what became of them before it goes on."""
    ready, lost = [], []
    for row in rows:
        address = "on paper" if way == "print" else addresses.get((str(row["person_id"]), way))
        if address is None:
            lost.append((row, Outcome(False, f"no address for {way} is known any more", bounced=True)))
        else:
            ready.append((row, letter(row, address)))
    if lost:
        yield lost
    if not ready:
        return
    back_end = ways.back_end(way, _kind_of_space())
    try:
        for some in batched(ready, back_end.at_once):
            outcomes = back_end.send([each for _, each in some])
            yield [(row, outcome) for (row, _), outcome in zip(some, outcomes, strict=True)]
    finally:
        back_end.close()


def _write_down(done: Sequence[tuple[Row, Outcome]], addresses: Addresses) -> None:
    """What became of messages. A sender that is killed after this loses nothing; only when the database itself is cut
    off within the same second may a message that has left count as waiting, and come twice."""
    if all(outcome.sent for _, outcome in done):
        with connections["queue"].cursor() as cursor:
            _record(cursor, done, addresses)
        return
    with db.transaction("queue") as cursor:
        _record(cursor, done, addresses)


def _kind_of_space() -> str:
    return str(db.value("queue", "select kind from commonweal.space"))


def letter(row: Row, address: str) -> Letter:
    """The letter about a claimed message. The notice's own words are not among what is read for it."""
    due, now = row["acknowledge_by"], times.local(row["now"])
    stands_in = row["capacity"] if row["capacity"] not in (None, "holder") else ""
    about = row["title"], times.local(due) if due else None, now
    urgent = row["severity"] == 1
    if row["way"] in SPOKEN:
        link = f"{settings.PUBLIC_ADDRESS}/n/{row['id']}"
        message = short(*about, link, urgent=urgent, stands_in=stands_in)
    else:
        link = f"{settings.PUBLIC_ADDRESS}/told/{row['notice_id']}/{row['office_id']}"
        message = outgoing(*about, link, urgent=urgent, stands_in=stands_in)
    return Letter(f"{row['id']}.{row['notice_id']}", address, message)


def _record(cursor: Any, done: Sequence[tuple[Row, Outcome]], addresses: Addresses) -> None:
    ended, receipts, others = [], [], []
    for row, outcome in done:
        state, again = _afterwards(row, outcome)
        ended.append([row["id"], state, again])
        person = str(row["person_id"])
        if outcome.sent:
            receipts.append(_receipt(row, "sent"))
            if outcome.delivered:
                receipts.append(_receipt(row, "delivered"))
            continue
        receipts.append(_receipt(row, "failed", outcome.words))
        if outcome.bounced:
            cursor.execute("select desk.bounced(%s::uuid, %s, %s)", [person, row["way"], outcome.words])
        other = next_way(row["way"], {way for who, way in addresses if who == person}, row["severity"])
        if other is not None:
            others.append([row["notice_id"], row["office_id"], person, other, _leaves(row, other)])
    cursor.execute(WRITTEN_DOWN, [*columns(ended, 3), *columns(receipts, 6)])
    if others:
        cursor.execute(OTHER_WAY, columns(others, 5))


def _afterwards(row: Row, outcome: Outcome) -> tuple[str, datetime | None]:
    """The state of a message after an attempt, and when it is tried again."""
    if outcome.sent:
        return "sent", None
    waits = configuration.rules().retry_minutes
    if outcome.bounced or row["attempts"] > len(waits):
        return "failed", None
    return "waiting", row["now"] + timedelta(minutes=waits[row["attempts"] - 1])


def next_way(failed: str, known: set[str], severity: int) -> str | None:
    """The way tried next, after one that failed: those the person has, a call for severity 1 only, paper at last.

    A webhook is read by a machine beside what the person gets: without it nothing has to be carried to them on paper.
    What is only to be known (a digest) rings no telephone and is carried by nobody: it waits on the page.
    """
    if severity == ONLY_TO_KNOW or (failed == "webhook" and known - {"webhook"}):
        return None
    order = [way for way in ways.WAYS if way != "webhook" or "webhook" in known]
    for way in order[order.index(failed) + 1 :] if failed in order else ["print"]:
        if way == "print" or (way in known and (way != "call" or severity == 1)):
            return way
    return None


def _leaves(row: Row, way: str) -> datetime:
    severity = configuration.rules().severities[row["severity"]]
    return leaves_at(severity, way, row["now"], configuration.waking())


def _receipt(row: Row, state: str, words: str | None = None) -> list[Any]:
    return [row["notice_id"], row["office_id"], state, row["way"], row["person_id"], words]
