"""After its time a result's identifiable fields open no more; what was counted stays; nobody else can do it."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Iterator

import pytest
from django.db import Error, connections

from commonweal.apps.access import configuration, retention, subjects
from commonweal.apps.intake import checks
from commonweal.core.access.retention import Schedule
from commonweal.core.errors import NotAllowed
from commonweal.web import db
from tests.conftest import make_space, remove_space

from . import world
from .world import as_csv, record, send, stored

ERASED = "erased: their key was destroyed"
COUNTS = "select * from counts.delta order by tick_id, lsoa_code, specimen_day, result"
RESULTS = "select * from record.result order by id"


@pytest.fixture(autouse=True)
def ground(template: str) -> Iterator[None]:
    """An exercise, whose clock can be moved; one old result of Ann, one waiting record, one rejected one."""
    name = make_space(template, "exercise")
    world.make_places()
    world.make_laboratory("lab-one")
    send(as_csv(ann("A1", result="positive"), record(record_id="W1", postcode="LE9 9ZZ"), record(record_id="")))
    yield
    remove_space(name)


def ann(record_id: str, **changes: str) -> dict[str, str]:
    return record(record_id=record_id, nhs_number="9434765919", full_name="Ann Lee", **changes)


def pass_days(days: int) -> None:
    db.rows("migrate", "select commonweal.move_clock(commonweal.now() + make_interval(days => %s))", [days])


def ended() -> dict[str, int | None]:
    return {row["data"]: row["ended"] for row in retention.run()}


def identifiable() -> list[object]:
    found = subjects.held_on_tested_person(subjects.TestedPerson(nhs_number="9434765919"))
    return [result["identifiable"] for result in found["intake"]["results"]]


def test_old_fields_open_no_more_young_ones_do_and_no_figure_changes() -> None:
    pass_days(60)
    send(as_csv(ann("A2")))
    pass_days(31)
    before = (stored(COUNTS), stored(RESULTS), stored("select payload from identity.sealed order by result_id"))
    assert [fields["full_name"] for fields in identifiable()] == ["Ann Lee", "Ann Lee"]
    assert ended()["line_list_record"] == 1
    first, second = identifiable()
    assert (first, second["full_name"]) == (ERASED, "Ann Lee")
    assert (
        stored(COUNTS), stored(RESULTS), stored("select payload from identity.sealed order by result_id")
    ) == before  # fmt: skip
    assert [sentence for check in checks.CHECKS for sentence in check.run()] == []


def test_the_ledger_has_number_and_fingerprint_and_running_again_changes_nothing() -> None:
    (result,) = stored("select id from record.result")
    pass_days(93)
    assert checks._old_keys() == ["1 keys of identifiable fields are kept too long: commonweal retention run"]
    assert (ended()["line_list_record"], ended()["line_list_record"]) == (1, 0)
    entries = stored(
        "select x.body from ledger.entry e join ledger.entry_text x on x.entry_id = e.id"
        " where e.kind = 'retention.ended' and e.subject = 'line_list_record'"
    )
    fingerprint = hashlib.sha256(str(result["id"]).encode()).hexdigest()
    assert [(e["body"]["ended"], e["body"]["fingerprint"]) for e in entries] == [(1, fingerprint)]


def test_copies_of_records_not_taken_go_with_their_clock_and_the_waiting_one_ends() -> None:
    pass_days(89)
    assert ended()["held_record"] == 0
    pass_days(4)
    assert [sentence for sentence in checks._old_held() if sentence.startswith("2 copies")]
    assert ended()["held_record"] == 2
    assert stored("select 1 from intake.held") == []
    assert [row["how"] for row in stored("select how from intake.orphan_end")] == ["dropped"]
    assert [sentence for check in checks.CHECKS for sentence in check.run()] == []


def test_a_case_worked_out_after_the_keys_went_is_the_same() -> None:
    pass_days(91)
    ended()
    send(as_csv(ann("A1", result="positive", revision="2", ward_code="")))
    send(as_csv(ann("A3", result="positive", specimen_date="2020-06-27")))
    cases = stored("select distinct case_id, episode_start from record.case_version where not withdrawn")
    assert len(cases) == 1
    assert checks._counts() == []
    assert checks._cases() == []


def test_cheat_a_document_cannot_end_a_line_list_at_once() -> None:
    rules = [
        dataclasses.replace(rule, days=0) if rule.data == "line_list_record" else rule
        for rule in configuration.schedule().rules
    ]
    with pytest.raises(NotAllowed, match="line_list_record must be kept 30 days or longer"):
        retention.run(Schedule("mine", 1, tuple(rules)))


ROLES = ("app", "authn", "ingest", "queue", "web", "backup", "retention")
BY_HAND = (
    "update identity.sealed set wrapped_key = null",
    "select intake.end_line_list(now())",
    "delete from intake.held",
)


def test_cheat_nobody_destroys_by_hand_not_even_the_owner() -> None:
    for alias, statement in itertools.product(ROLES, BY_HAND):
        with pytest.raises(Error, match=r"permission denied|read-only transaction"):
            db.rows(alias, statement)
    with connections["migrate"].cursor() as cursor:
        cursor.execute(BY_HAND[0])
        assert cursor.rowcount == 0, "row security shows the owner nothing to change outside retention"
    (fields,) = identifiable()
    assert fields != ERASED
