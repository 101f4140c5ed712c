"""What can be asked of intake: balances, submissions with their outcomes, waiting records."""

from __future__ import annotations

from typing import Any

from commonweal.core.intake.balance import Balance, SecondSheet
from commonweal.web import db

BY_FEED_AND_DAY = """
select s.feed, (s.received_at at time zone 'Europe/London')::date as day, t.outcome, sum(t.n)::bigint as n
  from intake.submission s join intake.tally t on t.submission_id = s.id
 where (%(feed)s::text is null or s.feed = %(feed)s)
 group by 1, 2, 3 order by 1, 2, 3
"""
DECLARED = """
select s.feed, (s.received_at at time zone 'Europe/London')::date as day, sum(s.declared)::bigint as received
  from intake.submission s where (%(feed)s::text is null or s.feed = %(feed)s) group by 1, 2 order by 1, 2
"""
SECOND = """
select count(*) as pending, count(*) filter (where e.how = 'resolved') as resolved,
       count(*) filter (where e.how = 'dropped') as dropped, count(*) filter (where e.how is null) as waiting
  from intake.orphan o left join intake.orphan_end e using (submission_id, row_number)
 where (%(feed)s::text is null or o.feed = %(feed)s)
"""
CAME_BEFORE = """
select s.id, s.sha256, s.idempotency_key from intake.submission s
 where s.id = intake.came_before(%s, %s, %s)
"""

WHY = """
select o.outcome, coalesce(r.reason, '') as reason, count(*) as n,
       (array_agg(o.row_number order by o.row_number))[1:%(first)s::integer] as first_rows
  from intake.outcome o left join lateral unnest(o.reasons) r (reason) on true
 where o.submission_id = %(submission)s and o.outcome in ('rejected', 'pending')
 group by 1, 2 order by 3 desc, 2 limit %(limit)s
"""


def sheet(feed: str | None = None, alias: str = "app") -> list[dict[str, Any]]:
    """The balance by feed and day received (London): the six keys, `closes`, and `unaccounted`."""
    counted: dict[tuple[str, Any], dict[str, int]] = {}
    for row in db.rows(alias, BY_FEED_AND_DAY, {"feed": feed}):
        counted.setdefault((row["feed"], row["day"]), {})[row["outcome"]] = row["n"]
    lines = []
    for row in db.rows(alias, DECLARED, {"feed": feed}):
        outcomes = counted.get((row["feed"], row["day"]), {})
        balance = Balance(received=row["received"], **outcomes)
        lines.append({"feed": row["feed"], "day": row["day"], **balance.as_dict(), "closes": balance.closes})
    return lines


def totals(lines: list[dict[str, Any]]) -> Balance:
    """The sum of a sheet's lines."""
    keys = Balance().as_dict()
    return Balance(**{key: sum(line[key] for line in lines) for key in keys})


def second_sheet(feed: str | None = None, alias: str = "app") -> SecondSheet:
    """Pending = resolved + dropped + waiting."""
    row = db.rows(alias, SECOND, {"feed": feed})[0]
    return SecondSheet(**row)


def submission_that_came_before(feed: str, sha256: bytes, idempotency_key: str | None) -> dict[str, Any]:
    """Id, checksum and key of the first submission with these bytes or this key."""
    return db.rows("ingest", CAME_BEFORE, [feed, sha256, idempotency_key])[0]


def tally(submission: int, alias: str = "ingest") -> list[tuple[str, int]]:
    """Outcome and number of records of a submission."""
    rows = db.rows(alias, "select outcome, n from intake.tally where submission_id = %s", [submission])
    return [(row["outcome"], row["n"]) for row in rows]


def outcomes(submission: int, alias: str = "app") -> list[dict[str, Any]]:
    """Rows row_number, outcome, reasons, notes of a submission, in the order received."""
    sql = "select row_number, outcome, reasons, notes from intake.outcome where submission_id = %s order by row_number"
    return db.rows(alias, sql, [submission])


def why(submission: int, *, reasons: int = 12, rows: int = 5) -> list[dict[str, Any]]:
    """Why records of a submission were rejected or wait: outcome, reason (`column:code`), n, first_rows; most first."""
    return db.rows("app", WHY, {"submission": submission, "first": rows, "limit": reasons})
