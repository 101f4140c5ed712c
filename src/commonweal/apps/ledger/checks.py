"""What must hold of the ground: the database allows what it should, the log has no gaps."""

from __future__ import annotations

import psycopg

from commonweal.server import catalogue, provider
from commonweal.web import db
from commonweal.web.checks import Check

LATE_SECONDS = 60


def _rights() -> list[str]:
    with psycopg.connect(provider.address("cw_backup").dsn) as connection:
        return catalogue.faults(catalogue.read(connection))


def _numbering() -> list[str]:
    late = db.value(
        "app",
        "select count(*) from ledger.entry e join ledger.tick t on t.id = e.tick_id"
        " where not exists (select from ledger.entry_number n where n.entry_id = e.id)"
        " and t.known_at < commonweal.now() - make_interval(secs => %s)",
        [LATE_SECONDS],
    )
    if not late:
        return []
    return [f"{late} entries of the log have had no number for over {LATE_SECONDS} s; is the worker running?"]


def _gaps() -> list[str]:
    row = db.one("app", "select count(*) as n, coalesce(max(number) + 1, 0) as expected from ledger.entry_number")
    if row is None or row["n"] == row["expected"]:
        return []
    return [f"the log has {row['n']} numbered entries and its newest number is {row['expected'] - 1}: there is a gap"]


CHECKS = (
    Check("the database allows only what it should", "place-scoped access", _rights),
    Check("every entry of the log has its number", "open register", _numbering),
    Check("the log has no gap", "open register", _gaps),
)
