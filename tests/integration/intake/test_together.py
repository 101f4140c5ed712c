"""Groups of small submissions: the same outcomes as one by one, nothing left behind, one tick; latencies kept by tier."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from commonweal.apps.intake import feeds, latency, sources
from commonweal.apps.intake.gather import Company
from commonweal.apps.intake.preparing import Preparation, Stages
from commonweal.apps.intake.rulebook import rulebook
from commonweal.apps.intake.together import Ready, take_in_together
from commonweal.core.intake.few import Few
from commonweal.web import db

from .world import as_csv, outcomes, record, send, stored

STAGING = ("staged", "decided", "replaced", "staged_identifier", "linked", "counted", "touched", "root")
COUNTS = (
    "select d.scope_ltla, d.lsoa_code, d.specimen_day, d.result, sum(d.n)::bigint as n from counts.delta d"
    " where d.tick_id in (select tick_id from intake.submission where feed = %s) group by 1, 2, 3, 4 having sum(d.n) <> 0 order by 1, 2, 3, 4"
)


def ready(feed: str, *records: dict[str, str]) -> Ready:
    source = sources.from_body(json.dumps(records).encode(), sources.Provenance("http", "test"), is_json=True)
    now = db.value("ingest", "select commonweal.now()")
    preparation = Preparation(source, rulebook("covid-19"), feed, {}, now, Stages())
    pieces = tuple(piece for piece in preparation.pieces() if isinstance(piece, Few))
    return Ready(feed, "covid-19", source, pieces, preparation.header, Stages())


def of(prefix: str) -> list[list[dict[str, str]]]:
    """Submissions whose records are good, corrected, repeated, faulty and without a known place."""
    return [
        [record(record_id=f"{prefix}1", person_id="A", result="positive")],
        [record(record_id=f"{prefix}2", person_id="B"), record(record_id=f"{prefix}3", person_id="C")],
        [record(record_id=f"{prefix}1", person_id="A", result="negative", revision="2")],
        [record(record_id=f"{prefix}2", person_id="B")],
    ]


@pytest.mark.parametrize("troubled", [False, True])
def test_a_group_gives_what_one_by_one_gives(tokens: dict[str, str], troubled: bool) -> None:
    extra = [record(record_id="X", age_years="x"), record(record_id="Y", postcode="LE9 9ZZ")] if troubled else []
    name = f"T{int(troubled)}"
    together = take_in_together([ready("lab-one", *each) for each in [*of(name), *([extra] if extra else [])]])
    single = [send(as_csv(*each), "lab-two") for each in [*of(name), *([extra] if extra else [])]]
    assert [receipt.balance for receipt in together] == [receipt.balance for receipt in single]
    for one, other in zip(together, single, strict=True):
        assert outcomes(one.submission) == outcomes(other.submission)
        if one.records is not None:
            rows = [(r["row_number"], r["outcome"], r["reasons"], r["notes"]) for r in one.records]
            assert rows == outcomes(one.submission)
    assert stored(COUNTS, ["lab-one"]) == stored(COUNTS, ["lab-two"])
    ticks = stored(
        "select count(distinct tick_id) as n from intake.submission where id = any (%s)",
        [[receipt.submission for receipt in together]],
    )
    assert ticks == [{"n": 1}], "one tick for the group"


def test_nothing_stays_in_the_staging_tables(tokens: dict[str, str]) -> None:
    met = [ready("lab-one", record(record_id=name, person_id="S", result="positive")) for name in ("S1", "S2")]
    take_in_together(met)  # one person twice: not plain, so by way of the staging tables
    left = {table: db.value("ingest", f"select count(*) from pg_temp.{table}") for table in STAGING}
    assert left == dict.fromkeys(STAGING, 0)
    assert db.value("ingest", "select current_setting('commonweal.open_tick', true)") in ("", None)


def test_those_answered_together_are_expected_together_and_not_for_long() -> None:
    company = Company()
    assert company.expected(100.0) == 0
    company.came(4, 100.0)
    company.came(1, 100.01)
    assert company.expected(100.02) == 4
    company.came(1, 100.02)
    company.came(1, 100.03)
    assert company.expected(100.04) == 1, "three groups later one of four is forgotten"
    assert company.expected(100.5) == 0


def test_a_token_is_remembered_for_a_second_and_no_longer_when_rotated_here(tokens: dict[str, str]) -> None:
    first = feeds.remembered_door(tokens["lab-one"], "lab-one")
    again = feeds.remembered_door(tokens["lab-one"], "lab-one")
    assert first is not None
    assert again is not None
    assert timedelta(0) <= again.now - first.now < timedelta(seconds=5)
    assert feeds.remembered_door(tokens["lab-one"], "lab-two") is None
    feeds.rotate("lab-one")
    assert feeds.remembered_door(tokens["lab-one"], "lab-one") is None


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [([0.05] * 95 + [0.9] * 5, 0.1), ([0.05] * 94 + [0.9] * 6, 1.0), ([9.0] * 10, None), ([0.25], 0.3)],
)
def test_latency_is_the_smallest_limit_that_95_of_100_kept(
    tokens: dict[str, str], seconds: list[float], kept: float | None
) -> None:
    start: Any = db.value("app", "select commonweal.now()")
    log = latency.Log()
    for each in seconds:
        log.note(latency.LOCAL, each)
        log.note(latency.NATIONAL, 0.15)
    log.keep()
    rows = db.rows("app", latency.READ, {"start": start, "stop": db.value("app", "select commonweal.now()")})
    assert {row["tier"]: latency.within(row["buckets"]) for row in rows} == {"local": kept, "national": 0.2}
