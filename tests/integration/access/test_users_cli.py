"""`commonweal users …`: the whole way on the command line, with its exit codes; what is held on a person, as JSON."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from commonweal.apps.access import actions, agreements, subjects
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.access.signin import accounts
from commonweal.cli import commands
from commonweal.cli.errors import run
from commonweal.site import installation

from . import build
from .build import entries

OFFICE = "director-of-public-health-e06000016"
HELD, NATION = "director-of-public-health-e06000017", "national-decision-maker-e92000001"


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    """A space that is open already: the command line's own opening of it is tested with spaces."""
    build.authorities(E06000017="Rutland", E06000018="Nottingham")
    actions.invite("ivan@rutland.example", "Ivan B", [HELD])
    actions.invite("min@nation.example", "Min", [NATION])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", space)
        patch.setattr(installation, "open_existing", lambda name: None)
        yield


def command(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str]:
    """Exit code and everything printed by one command line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
        code = run(commands)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_from_nothing_to_a_director_and_away_again(capsys: pytest.CaptureFixture[str]) -> None:
    def done(line: str) -> str:
        code, printed = command(capsys, line)
        assert code == 0, printed
        return printed

    printed = done("users authorities E06000016=Leicester --region 'E12000004=East Midlands'")
    assert "1 organisations, 5 offices and 1 agreements made; 17 offices are vacant." in printed
    assert '"organisations": []' in done("users authorities E06000016=Leicester --json")
    link = done(f"users invite ivan@leicester.example --name 'Ivan B' --office {OFFICE}").splitlines()[0]
    token = re.fullmatch(r"http://127\.0\.0\.1:8000/invitation/([\w-]{43})/", link)
    assert token is not None
    assert accounts.invited(token.group(1)) is not None
    assert "deputy in" in done(
        "users appoint ivan@leicester.example --office analyst-e06000016 --deputy --until 2099-01-01"
    )
    (row,) = (row for row in json.loads(done("users list --json")) if row["email"].startswith("ivan@leicester"))
    assert (row["email"], row["name"], row["second_factor"]) == ("ivan@leicester.example", "Ivan B", False)
    assert [(o["office"], o["capacity"]) for o in row["offices"]] == [
        ("analyst-e06000016", "deputy"),
        (OFFICE, "holder"),
    ]
    assert "leader-e06000016  Mayor or leader, Leicester  VACANT" in done("users list --offices")
    assert "Ivan B (deputy)" in done("users list --offices")
    assert "1 appointment " in done(
        "users end-appointment ivan@leicester.example --office analyst-e06000016 --reason 'back at work'"
    )
    assert "0 sessions" in done("users sign-out ivan@leicester.example")
    assert "It works once, until" in done("users reset-second-factor ivan@leicester.example")
    assert "is organisation lab-1" in done("users add-organisation lab-1 --name 'Laboratory One' --kind laboratory")
    assert "is office laboratory-lab-1" in done("users add-office --role laboratory --organisation lab-1")
    assert [e["subject"] for e in entries("access.sign_in_reset")] == [
        str(accounts.require("ivan@leicester.example").person_id)
    ]


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("users add-organisation x1 --name X --kind circus", 64, "no kind of organisation 'circus'"),
        ("users add-organisation X --name X --kind school", 64, "'X' cannot name an organisation"),
        ("users add-organisation x1 --name X --kind unitary_authority", 64, "An authority governs a place"),
        ("users add-office --role wizard --organisation x1", 64, "no role 'wizard'"),
        ("users add-office --role analyst --organisation nobody --place E06000016", 69, "no organisation 'nobody'"),
        ("users invite nonsense --name X", 64, "'nonsense' is no email address"),
        ("users appoint who@x.example --office y", 69, "Nobody has an account"),
        ("users authorities Leicester", 64, "as CODE=NAME"),
        ("users authorities E12000004=East", 64, "no authority's code"),
        ("users sar", 64, "Say whom"),
        ("users sar --name X --postcode LE1", 64, "name, birth date and postcode together"),
        ("users sar --nhs-number 1", 64, "This is no NHS number"),
        ("users fly", 2, "No such command"),
        ("agreements accept x --as ivan@rutland.example --office y", 69, "no agreement 'x'"),
    ],
)
def test_a_mistake_is_one_sentence_and_a_documented_code(
    capsys: pytest.CaptureFixture[str], line: str, code: int, sentence: str
) -> None:
    got, printed = command(capsys, line)
    assert (got, sentence in printed) == (code, True), printed
    assert "Traceback" not in printed


def test_agreements_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    local = f"--as ivan@rutland.example --office {HELD}"
    assert "it is offered" in command(capsys, f"agreements accept public-health-e06000017-1 {local}")[1]
    nation = f"--as min@nation.example --office {NATION}"
    assert "it is in force" in command(capsys, f"agreements accept public-health-e06000017-1 {nation}")[1]
    code, printed = command(capsys, f"agreements accept public-health-e06000017-1 {nation}")
    assert (code, "accepted this agreement already" in printed) == (77, True)
    (row,) = json.loads(command(capsys, "agreements list --place E06000017 --json")[1])
    assert (row["state"], row["accepted"]) == ("in_force", ["authority-e06000017", "national-health-protection"])


def test_everything_held_on_a_member_of_staff_is_exported_and_nothing_of_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    office = "director-of-public-health-e06000018"
    actions.invite("asks@nottingham.example", "Asks", [office, "analyst-e06000018"])
    actions.reset_second_factor("asks@nottingham.example")
    actions.end_appointment("asks@nottingham.example", "analyst-e06000018", "back at work")
    person = accounts.require("asks@nottingham.example").person_id
    readers = [Actor(person, office, "audit"), Actor(accounts.require("min@nation.example").person_id, NATION, "audit")]
    for reader in readers:
        agreements.accept("public-health-e06000018-1", reader)
    for reader in readers:
        with scoped_read(reader, query=f"by {reader.office_id}", data_class="L1", places=["E06000018"]):
            pass
    code, printed = command(capsys, "users sar asks@nottingham.example")
    held = json.loads(printed)
    assert code == 0
    assert sorted(held) == ["account", "agreements_accepted", "appointments", "data_read", "invitations", "person",
                            "second_factors", "sessions"]  # fmt: skip
    assert held["person"][0]["name"] == "Asks"
    assert {(a["office_id"], a["reason"]) for a in held["appointments"]} == {
        (office, None), ("analyst-e06000018", "back at work")}  # fmt: skip
    assert [a["office_id"] for a in held["agreements_accepted"]] == [office]
    assert [read["query"] for read in held["data_read"]] == [f"by {office}"]
    assert len(held["invitations"]) == 2
    assert entries("access.held_data_exported")[-1]["subject"] == str(person)


def test_rooms_that_keep_identifiers_answer_for_tested_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[subjects.TestedPerson] = []

    def provider(person: subjects.TestedPerson) -> Mapping[str, Any] | None:
        asked.append(person)
        return {"results": [1, 2]} if person.nhs_number == "9434765919" else None

    monkeypatch.setattr(subjects, "_providers", {})
    subjects.register("intake", provider)
    assert json.loads(command(capsys, "users sar --nhs-number 9434765919")[1]) == {"intake": {"results": [1, 2]}}
    assert json.loads(command(capsys, "users sar --name 'A B' --birth-date 1950-02-01 --postcode 'LE1 1AA'")[1]) == {}
    assert str(asked[-1].birth_date) == "1950-02-01"
    entry = entries("access.held_data_exported")[-1]
    assert (entry["subject"], "9434765919" in str(entry)) == ("tested_person", False)
