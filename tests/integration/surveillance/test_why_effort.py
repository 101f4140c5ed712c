"""Tests that found nothing, as an explanation counts them: the newest revision of each record as known at a moment."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from commonweal.apps.access.scope import scoped_read
from commonweal.apps.surveillance import why_reads
from commonweal.core.signals.why_windows import Windows
from commonweal.web import db
from tests.integration.intake import world as intake

from . import outbreak
from . import test_place as places

EVERYTHING = """
select r.feed_number, r.record_hash, r.revision, r.specimen_date, r.reported_date, r.lsoa_code, r.msoa_code,
       r.scope_ltla, r.symptomatic, r.result, r.test_type, t.known_at
  from record.result r join ledger.tick t on t.id = r.tick_id
"""


@pytest.fixture(scope="module")
def moments(space: str) -> list[datetime]:
    """An outbreak, then records that are revised once and twice: found, not found again, moved to other days."""
    outbreak.lay()
    found, rng = [db.freeze()], np.random.default_rng(4)
    for revision in (2, 3, 5):
        last = outbreak.newest()
        changed = [
            intake.record(
                record_id=f"N{number}", person_id=f"N{number}", revision=str(revision), age_years="40",
                result=str(rng.choice(["negative", "positive", "void"])), symptomatic=str(rng.choice(["", "true", "false"])),
                postcode=str(rng.choice(["LE1 1AA", "LE2 0AA"])),
                specimen_date=f"{last - timedelta(days=int(rng.integers(0, 40)))}T09:00:00Z",
                reported_at=f"{last + timedelta(days=1)}T21:00:00Z",
            )
            for number in rng.choice(280, 40, replace=False).tolist()
        ]  # fmt: skip
        intake.send(intake.as_csv(*changed))
        found.append(db.freeze())
    return found


def slow(
    rows: list[dict[str, Any]], place: why_reads.Where, span: Windows, as_of: datetime, by_report: bool
) -> Counter[Any]:
    """Every result gone through in order of its revision."""
    newest: dict[Any, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["revision"]):
        inside = not place.column or row[place.column] in place.values
        dated = row["specimen_date"] is not None and span.earliest <= row["specimen_date"] <= span.last
        if row["known_at"] <= as_of and inside and dated and row["test_type"] != "antibody":
            newest[row["feed_number"], bytes(row["record_hash"])] = row
    counted: Counter[Any] = Counter()
    for row in newest.values():
        day = row["reported_date"] if by_report else row["specimen_date"]
        window = span.window_of(day) if day and row["result"] == "negative" else None
        if window in (0, 1):
            counted[window, row[place.stratum], row["symptomatic"]] += 1
    return counted


@pytest.mark.parametrize("by_report", [False, True])
@pytest.mark.parametrize("code", [outbreak.CITY, outbreak.NEIGHBOURHOOD, outbreak.SMALL])
def test_they_are_those_of_going_through_every_result(code: str, by_report: bool, moments: list[datetime]) -> None:
    place, last = why_reads.where(code), outbreak.newest()
    span = Windows(last, 14, last - timedelta(days=14))
    told = []
    with scoped_read(places.actor(outbreak.DIRECTOR, outbreak.OFFICE), query="tests", data_class="L2") as scope:
        rows = scope.rows(EVERYTHING)
        assert max(Counter(bytes(row["record_hash"]) for row in rows).values()) >= 3
        for moment in moments:
            read = why_reads.read(scope, place, span, moment, by_report=by_report, addresses=False)
            counted = {(row["window"], row["stratum"], row["symptomatic"]): row["n"] for row in read.effort}
            assert counted == slow(rows, place, span, moment, by_report)
            told.append(counted)
    assert told[0] != told[-1], "what was revised counts as it was last said"
