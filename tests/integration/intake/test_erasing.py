"""One person's right to erasure: keys gone for good, figures and balance as they were, an event that does not say whose."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from datetime import date

import pytest
from click.testing import CliRunner, Result
from django.db import Error

from commonweal.apps.access import actions, subjects
from commonweal.apps.access.subjects import Erasure
from commonweal.apps.intake import checks, erasing
from commonweal.cli import commands
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.site import installation
from commonweal.web import db
from tests.conftest import make_space, remove_space
from tests.integration.access.build import entries
from tests.integration.intake import ground

from . import world
from .world import as_csv, record, send, stored

ANN = {"nhs_number": "9434765919", "full_name": "Ann Lee", "date_of_birth": "1950-02-01", "age_years": "70"}
ERASED = "erased: their key was destroyed"
OFFICE, ELSEWHERE = "data-protection-officer-e06000016", "chief-executive-e06000017"
FIGURES = (
    "select * from counts.delta order by tick_id, lsoa_code, specimen_day, result",
    "select * from record.result order by id",
    "select * from record.case_version order by case_id, version",
    "select * from intake.tally order by 1, 2",
    "select result_id, payload from identity.sealed order by result_id",
)


@pytest.fixture(autouse=True)
def sent(template: str) -> Iterator[None]:
    """Ann twice, under her number and under her name in another feed; and Bob."""
    name = make_space(template)
    world.make_places()
    ground.offices()
    world.make_laboratory("lab-one", "lab-two")
    send(as_csv(record(**ANN, record_id="A1", result="positive")))
    send(as_csv(record(**{**ANN, "nhs_number": ""}, record_id="A2")), "lab-two")
    bob = {"nhs_number": "4010232137", "full_name": "Bob B", "date_of_birth": "1981-01-01", "age_years": "39"}
    send(as_csv(record(**bob, record_id="B1", person_id="bob")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", name)
        patch.setattr(installation, "open_existing", lambda name: None)
        yield
    remove_space(name)


def identifiable(number: str = ANN["nhs_number"]) -> list[object]:
    found = subjects.held_on_tested_person(subjects.TestedPerson(nhs_number=number))
    return [result["identifiable"] for result in found["intake"]["results"]]


def ran(line: str, typed: str = "") -> Result:
    return CliRunner().invoke(commands, shlex.split(line), input=typed)


def test_the_keys_go_everything_else_stays_and_sar_says_what_is_left() -> None:
    before = [stored(sql) for sql in FIGURES]
    assert ERASED not in identifiable()
    assert (
        subjects.erase_tested_person(subjects.TestedPerson(nhs_number="943 476 5919"), Erasure(OFFICE, "objection"))
        == 2
    )
    assert set(map(str, identifiable())) == {ERASED}
    assert identifiable("4010232137")[-1]["full_name"] == "Bob B"  # type: ignore[index]
    assert [stored(sql) for sql in FIGURES] == before
    assert [sentence for check in checks.CHECKS for sentence in check.run()] == []
    with pytest.raises(NotThere, match="it was erased"):
        subjects.erase_tested_person(subjects.TestedPerson(nhs_number="9434765919"), Erasure(OFFICE, "objection"))


def test_the_event_says_how_many_where_who_and_why_and_not_whose() -> None:
    named = subjects.TestedPerson(name="lee, ANN", birth_date=date(1950, 2, 1), postcode="le11aa")
    assert subjects.erase_tested_person(named, Erasure(OFFICE, "unlawful")) == 2
    gone = [
        row["result_id"] for row in stored("select result_id from identity.sealed where wrapped_key is null order by 1")
    ]
    event = entries("intake.person_erased")[-1]
    assert (event["subject"], event["place_codes"], event["office_id"]) == ("tested_person", ["E06000016"], OFFICE)
    assert event["body"] == {
        "ground": "unlawful", "erased": 2, "copies": 0,
        "fingerprint": hashlib.sha256(" ".join(map(str, gone)).encode()).hexdigest(),
    }  # fmt: skip


def test_a_later_record_of_the_same_person_is_theirs_and_can_be_erased_too() -> None:
    assert (
        subjects.erase_tested_person(subjects.TestedPerson(nhs_number="9434765919"), Erasure(OFFICE, "objection")) == 2
    )
    send(as_csv(record(**ANN, record_id="A-later", specimen_date="2020-06-27")))
    assert subjects.erasable(subjects.TestedPerson(nhs_number="9434765919")) == 1
    cases = stored("select distinct case_id from record.case_version where not withdrawn")
    assert len(cases) == 1, "one person, one episode, as before"
    assert (
        subjects.erase_tested_person(subjects.TestedPerson(nhs_number="9434765919"), Erasure(OFFICE, "objection")) == 1
    )


def test_only_an_office_that_binds_its_organisation_and_answers_for_a_place_decides() -> None:
    person = subjects.TestedPerson(nhs_number="9434765919")
    with pytest.raises(NotAllowed, match="does not decide for its organisation"):
        subjects.erase_tested_person(person, Erasure("analyst-e06000016", "objection"))
    actions.add_organisation("rutland", "Rutland", "unitary_authority", "E06000017")
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.office values (%s, 'rutland', 'Chief executive', array['accept_agreement'], array['audit'], %s)",
            [ELSEWHERE, write.tick],
        )
    with pytest.raises(NotAllowed, match="answers for no place"):
        subjects.erase_tested_person(person, Erasure(ELSEWHERE, "objection"))
    with pytest.raises(Refused, match="no ground for erasure"):
        Erasure(OFFICE, "because")
    assert ERASED not in identifiable()


def test_cheat_no_other_role_erases_and_retention_not_on_a_ground_of_its_own() -> None:
    sql = "select intake.erase_person(array[1]::bigint[], '{}', '{}', %s, %s)"
    again = "select intake.erase_again(array[1]::bigint[], array[sha256('x')], '{}', '{}', '{}')"
    for alias in ("app", "authn", "ingest", "queue", "web", "backup", "engine"):
        with pytest.raises(Error, match="permission denied"):
            db.rows(alias, sql, [OFFICE, "objection"])
        with pytest.raises(Error, match="permission denied"):
            db.rows(alias, again)
    with pytest.raises(Error, match="no ground for erasure"):
        db.rows("retention", sql, [OFFICE, "tidiness"])


def test_the_command_asks_first_and_says_what_is_not_reached() -> None:
    line = f"erase --nhs-number 9434765919 --office {OFFICE} --ground objection"
    stopped = ran(line, "n\n")
    assert stopped.exit_code == 1
    assert "2 records of this person will never again show who it was" in stopped.output
    assert erasing.find(subjects.TestedPerson(nhs_number="9434765919")) == 2
    assert ran(line).exit_code == 1, "nobody there to answer: nothing is done"
    done = ran(line, "y\n")
    assert done.exit_code == 0, done.output
    assert "2 records open no more" in done.output
    assert "Not reached" in done.output


def test_the_command_answers_scripts_and_knows_the_same_grounds() -> None:
    ground_help = ran("erase --help").output
    for ground_name in subjects.GROUNDS:
        assert ground_name in ground_help
    done = ran(f"erase --nhs-number 9434765919 --office {OFFICE} --ground legal_obligation --yes --json")
    assert json.loads(done.output) == {"erased": 2, "office": OFFICE, "ground": "legal_obligation"}
    again = ran(f"erase --nhs-number 9434765919 --office {OFFICE} --ground objection --yes")
    assert isinstance(again.exception, NotThere)
    assert isinstance(ran(f"erase --name Ann --office {OFFICE} --ground objection --yes").exception, Refused)
