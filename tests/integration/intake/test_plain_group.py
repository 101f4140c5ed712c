"""Groups of plain single records are written in one statement: the same rows as by the steps, and only when all are plain."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections

from commonweal.apps.intake.together import take_in_together
from commonweal.web import db

from .test_together import ready
from .world import as_csv, outcomes, record, send, stored

OF_FEED = "tick_id in (select s.tick_id from intake.submission s where s.feed = %s)"
# what a group writes, table by table, without what is different each time (ids, hashes, ticks, keys)
WRITTEN = {
    "result": "select r.revision, r.scope_ltla, r.lsoa_code, r.msoa_code, r.ward_code, r.ltla_code, r.utla_code, r.postcode,"
    " r.postcode_source, r.specimen_date, r.specimen_at, r.lab_received_at, r.reported_at, r.reported_date, r.age_years,"
    " r.age_band, r.sex, r.ethnic_group, r.occupation, r.workplace_postcode, r.pillar, r.test_route, r.test_type, r.result,"
    " r.symptomatic, r.onset_date, r.setting_type, r.setting_id, r.incident_id, r.contacts_named,"
    " (select count(*) from identity.link l where l.id = r.link_id and l.component = r.person_id) as linked,"
    " (select count(*) from identity.sealed z where z.result_id = r.id and z.scope_ltla = r.scope_ltla) as sealed,"
    " (select count(*) from record.record_key k where k.result_id = r.id and k.record_hash = r.record_hash"
    "  and k.known_month = r.known_month and k.revision = r.revision) as keyed from record.result r",
    "case": "select version, withdrawn, pathogen, episode_start, scope_ltla, lsoa_code, msoa_code, pillar, test_type, age_band,"
    " sex, setting_type, setting_id from record.case_version",
    "delta": "select scope_ltla, lsoa_code, specimen_day, pillar, test_type, result, sum(n)::bigint as n from counts.delta",
    "delta_age": "select scope_ltla, specimen_day, age_band, sex, result, sum(n)::bigint as n from counts.delta_age",
    "outcome": "select row_number, outcome, result_id is null as none, reasons, notes from intake.outcome",
    "tally": "select outcome, n from intake.tally",
    "link": "select kind, key_id from identity.link",
    "component": "select root = id as is_root, birth, sex from identity.component",
    "submission": "select declared, channel, line_list_version from intake.submission",
}
SUMMED = {"delta": "group by 1, 2, 3, 4, 5, 6", "delta_age": "group by 1, 2, 3, 4, 5"}
PLAIN = [
    {"record_id": "G1", "person_id": "G1", "result": "positive", "setting_type": "care_home", "occupation": "nurse"},
    {"record_id": "G2", "person_id": "G2", "result": "negative", "ltla_code": "E07000135", "age_years": "0"},
    {"record_id": "G3", "person_id": "G3", "result": "positive", "test_type": "antibody", "sex": "unknown"},
    {"record_id": "G4", "person_id": "G4", "nhs_number": "9434765919", "date_of_birth": "1981-03-04", "result": "void"},
]


def written(feed: str) -> dict[str, list[str]]:
    """All rows of a feed's submissions, in an order of their own."""
    return {
        table: sorted(str(row) for row in stored(f"{sql} where {OF_FEED} {SUMMED.get(table, '')}", [feed]))
        for table, sql in WRITTEN.items()
    }


def went_by_steps() -> bool:
    """Whether this connection has staging tables; close it before to know of one group."""
    return db.value("ingest", "select to_regclass('pg_temp.staged') is not null") is True


def test_a_plain_group_writes_what_the_steps_write(tokens: dict[str, str]) -> None:
    connections["ingest"].close()
    together = take_in_together([ready("lab-one", record(**each)) for each in PLAIN])
    assert not went_by_steps(), [receipt.records or outcomes(receipt.submission) for receipt in together]
    for each in PLAIN:
        # the sender's person id is of its own feed; an NHS number is everybody's, and would be met
        send(as_csv(record(**{**each, **({"nhs_number": "9434765870"} if each.get("nhs_number") else {})})), "lab-two")
    assert went_by_steps()
    one, other = written("lab-one"), written("lab-two")
    assert one["outcome"], "something was written"
    assert len(one["case"]) == 1
    assert one == other
    for receipt in together:
        assert receipt.records is not None
        told = [(r["row_number"], r["outcome"], r["reasons"], r["notes"]) for r in receipt.records]
        assert told == outcomes(receipt.submission)
    assert together[1].records is not None
    assert together[1].records[0]["notes"] == ["ltla_code:differs_from_postcode"]


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        ([], [{"record_id": "N1", "age_years": "x"}]),
        ([], [{"record_id": "N2", "postcode": "LE9 9ZZ"}]),
        ([], [{"record_id": "N3", "person_id": "N"}, {"record_id": "N4", "person_id": "N"}]),
        ([{"record_id": "N5", "person_id": "M"}], [{"record_id": "N6", "person_id": "M", "result": "positive"}]),
        ([{"record_id": "N7", "person_id": "O"}], [{"record_id": "N7", "person_id": "P", "revision": "2"}]),
        ([{"record_id": "N8", "postcode": "LE9 9ZZ", "person_id": "Q"}], [{"record_id": "N8", "person_id": "Q"}]),
        ([], [{"record_id": "N9", "person_id": "R"}, {"record_id": "N9", "person_id": "R", "revision": "2"}]),
    ],
    ids=["rejected", "no place", "one person twice", "met person", "new version", "was waiting", "record twice"],
)
def test_one_record_that_is_not_plain_sends_its_group_by_the_steps(
    tokens: dict[str, str], before: list[dict[str, Any]], sent: list[dict[str, Any]]
) -> None:
    bystander = {"record_id": f"Z{sent[0]['record_id']}", "person_id": f"Z{sent[0]['record_id']}"}
    for feed in ("lab-one", "lab-two"):
        for each in before:
            send(as_csv(record(**each)), feed)
    connections["ingest"].close()
    group = [ready("lab-one", record(**each)) for each in [bystander, *sent]]
    balances = [receipt.balance for receipt in take_in_together(group)]
    assert went_by_steps()
    assert balances == [send(as_csv(record(**each)), "lab-two").balance for each in [bystander, *sent]]
    assert written("lab-one") == written("lab-two")


def test_a_feed_with_many_submissions_is_asked_by_their_keys(tokens: dict[str, str]) -> None:
    """A plan made while the table is small must not read all of a feed's submissions when it has grown."""
    for number in range(12):
        send(as_csv(record(record_id=f"K{number}", person_id=f"K{number}")))
    plan = stored(
        "explain (format text) select id from intake.submission where sha256 = '\\x00'::bytea and feed || '' = 'lab-one'"
    )
    assert "submission_sha256_feed_key" in str(plan)
    first = db.value(
        "ingest", "select intake.came_before('lab-one', s.sha256, null) = s.id from intake.submission s limit 1"
    )
    assert first is True
