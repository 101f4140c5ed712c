"""Erasure reaches records that were never taken, and a backup that is older than it does not undo it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from datetime import date

import pytest
from click.testing import CliRunner, Result
from django.db import connections

from commonweal.apps.access import actions, subjects
from commonweal.apps.access.subjects import Erasure
from commonweal.apps.intake import checks, erasing
from commonweal.cli import commands
from commonweal.core.errors import NotAllowed, NotThere
from commonweal.server import erased, provider, spaces
from commonweal.server.home import Home
from commonweal.site import installation
from commonweal.web import db
from tests import conftest
from tests.conftest import make_space, remove_space
from tests.integration.access.build import entries
from tests.integration.intake import ground

from . import world
from .world import as_csv, record, send, stored

NUMBER = "9434765919"
ANN = {"nhs_number": NUMBER, "full_name": "Ann Lee", "date_of_birth": "1950-02-01", "age_years": "70"}
BOB = {
    "nhs_number": "4010232137",
    "full_name": "Bob B",
    "date_of_birth": "1981-01-01",
    "age_years": "39",
    "person_id": "bob",
}
OFFICE = "data-protection-officer-e06000016"
DECIDED = Erasure(OFFICE, "objection")
ALL_KEYS = "select count(*) as n from identity.sealed where wrapped_key is not null"
ALL_COPIES = "select submission_id, row_number from intake.held order by 1, 2"
STANDS = "what a person had erased stays erased"


@pytest.fixture(autouse=True)
def here(template: str) -> Iterator[str]:
    """Leicester with two feeds; its own list of erasures."""
    name = make_space(template)
    world.make_places()
    ground.offices()
    world.make_laboratory("lab-one", "lab-two")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", name)
        patch.setattr(installation, "open_existing", lambda name: None)
        yield name
    remove_space(name)


def asked(**changes: object) -> subjects.TestedPerson:
    return subjects.TestedPerson(**{"nhs_number": NUMBER, **changes})  # type: ignore[arg-type]


def ran(line: str) -> Result:
    return CliRunner().invoke(commands, shlex.split(line))


def problems() -> list[str]:
    return next(check for check in checks.CHECKS if check.name == STANDS).run()


def kept_back(name: str) -> str:
    """A backup of the space as it is now."""
    connections.close_all()
    spaces.create_database(f"{name}_b", template=name)
    return f"{name}_b"


def put_back(name: str, backup: str) -> None:
    """The space as it was when the backup was made; what came since is gone."""
    remove_space(name)
    conftest._rename(backup, name)


def send_ann() -> None:
    """Ann taken once; rejected by name only, with a birth date that is none for intake; waiting; and a broken line."""
    send(as_csv(record(**ANN, record_id="A1", result="positive")))
    english = {**ANN, "nhs_number": "", "date_of_birth": "01/02/1950", "age_years": "many"}
    send(
        as_csv(
            record(**english, record_id="A2"),
            record(**BOB, record_id="B1"),
            record(**{**BOB, "age_years": "x"}, record_id="B2"),
        )
    )
    send(
        as_csv(record(**ANN, record_id="A3", postcode="LE9 9ZZ"), record(**BOB, record_id="B3", postcode="LE9 9ZZ")),
        "lab-two",
    )
    send(as_csv(record(record_id="A4")).replace(b"\nA4,", b"\nA4,943 476 5919,too,many,cells,"))


def test_cheat_copies_of_rejected_and_waiting_records_do_not_outlive_an_erasure() -> None:
    send_ann()
    before = stored(ALL_COPIES)
    assert len(before) == 5
    assert subjects.erase_tested_person(asked(), DECIDED) == 4
    left = db.rows("backup", "select h.submission_id, h.row_number from intake.held h order by 1, 2")
    assert [(row["submission_id"] - before[0]["submission_id"], row["row_number"]) for row in left] == [
        (0, 3),
        (1, 2),
    ], "Bob's two copies"
    (end,) = stored("select how, reason, office_id from intake.orphan_end")
    assert end == {"how": "dropped", "reason": "what was received had to be erased", "office_id": None}
    body = entries("intake.person_erased")[-1]["body"]
    assert (body["erased"], body["copies"]) == (1, 3)
    assert [sentence for check in checks.CHECKS for sentence in check.run()] == []
    with pytest.raises(NotThere):
        subjects.erasable(asked())


def test_who_is_known_from_rejected_records_only_is_told_and_erased() -> None:
    send(as_csv(record(**{**BOB, "age_years": "x"}, record_id="B2"), record(**BOB, record_id="B3", postcode="LE9 9ZZ")))
    bob = subjects.TestedPerson(name="b, bob", birth_date=date(1981, 1, 1), postcode="LE1 1AA")
    told = subjects.held_on_tested_person(bob)["intake"]
    assert json.loads(json.dumps(told)) == told
    assert told["results"] == []
    (copy,) = told["not_taken"]
    assert copy["received"]["full_name"] == "Bob B"
    assert copy["why_not_taken"].startswith("Age years is not a number")
    actions.add_organisation("rutland", "Rutland", "unitary_authority", "E06000017")
    with db.recorded("authn") as write:
        for office, organisation in (("chief-executive-e06000017", "rutland"), ("lab-chief", "lab")):
            write.cursor.execute(
                "insert into access.office values (%s, %s, 'Chief', array['accept_agreement'], array['audit'], %s)",
                [office, organisation, write.tick],
            )
    for office in ("chief-executive-e06000017", OFFICE):
        with pytest.raises(NotAllowed, match="its organisation sent nothing of what was not taken"):
            subjects.erase_tested_person(bob, Erasure(office, "objection"))
    assert subjects.erase_tested_person(bob, Erasure("lab-chief", "objection")) == 1
    both = subjects.held_on_tested_person(subjects.TestedPerson(nhs_number=BOB["nhs_number"]))
    assert len(both["intake"]["not_taken"]) == 1, "the number finds the other one, in which the postcode differs"


def test_cheat_a_restored_backup_opens_nothing_that_was_erased_since(here: str) -> None:
    send_ann()
    send(as_csv(record(**BOB, record_id="B9")))
    backup = kept_back(here)
    keys, copies = stored(ALL_KEYS), stored(ALL_COPIES)
    subjects.erase_tested_person(asked(), DECIDED)
    # what comes after the backup takes numbers that the restored space will give to others
    send(as_csv(record(**{**ANN, "nhs_number": ""}, record_id="A9", result="positive")))
    assert subjects.erase_tested_person(asked(), DECIDED) == 1
    put_back(here, backup)
    assert (stored(ALL_KEYS), stored(ALL_COPIES)) == (keys, copies), "as in the backup"
    (said,) = [line for line in problems() if "open again" in line]
    assert said.startswith("4 sealed copies that were erased open again")
    send(as_csv(record(**BOB, record_id="B10")))
    done = ran("erase --again --json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {"erased_again": 4}
    assert problems() == []
    assert erasing.find(asked()) == 0
    assert stored(ALL_KEYS)[0]["n"] == keys[0]["n"], "Ann's one is gone, Bob's new one has the number that she had"
    event = entries("intake.erased_again")[-1]
    assert (event["subject"], event["office_id"]) == ("restored_copy", None)
    assert (event["body"]["erased"], event["body"]["copies"]) == (1, 3)
    assert "nothing to do" in ran("erase --again").output


def test_the_list_names_nobody_and_its_loss_is_noticed(here: str) -> None:
    send_ann()
    subjects.erase_tested_person(asked(), DECIDED)
    path = Home.current().keys / "erased" / f"{here}.list"
    text = path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert all(re.fullmatch(r"(result|held) \d+ \d+ [0-9a-f]{64}", line) for line in text.splitlines())
    assert not [told for told in (NUMBER, "Ann", "Lee", "1950", "LE1", "E06") if told in text]
    lines = text.splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    assert "1 erased copies of the register are not in the list" in problems()[0]
    path.write_text("result 1 0 abc\n")
    assert "names no sealed copy" in str(ran("erase --again").exception)
    path.write_text(text)
    assert problems() == []


def test_cheat_a_number_alone_ends_nothing(here: str) -> None:
    send(as_csv(record(**BOB, record_id="B1")))
    (row,) = stored("select result_id from identity.sealed")
    erased.enlist(Home.current(), provider.current_space(), [erased.Ended("result", row["result_id"], 0, "0" * 64)])
    assert subjects.erase_again() == 0
    assert stored(ALL_KEYS)[0]["n"] == 1
    args = [[row["result_id"]], [bytes(32)]]
    sql = "select * from intake.erase_again(%s::bigint[], %s::bytea[], '{}', '{}', '{}')"
    with db.recorded("retention") as write:
        assert db.fetch(write.cursor, sql, args) == []
    assert stored(ALL_KEYS)[0]["n"] == 1


def test_the_command_wants_a_person_or_again_not_both() -> None:
    assert "--again stands alone" in ran(f"erase --again --nhs-number {NUMBER}").output
    assert "Give --office and --ground" in ran(f"erase --nhs-number {NUMBER}").output
