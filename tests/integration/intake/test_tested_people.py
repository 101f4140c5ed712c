"""What is held on a tested person: found by any identifier, opened, complete, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from commonweal.apps.access import subjects
from commonweal.core.errors import Refused
from commonweal.server import keys
from commonweal.server.home import Home
from commonweal.web import db

from .world import as_csv, record, send

ANN = {"nhs_number": "943 476 5919", "full_name": "Ann Müller", "date_of_birth": "1950-02-01", "sex": "female"}


@pytest.fixture(scope="module", autouse=True)
def sent(tokens: dict[str, str]) -> None:
    """Ann three times: by number, by name in another feed, and in a newer version; and somebody else."""
    send(as_csv(record(**ANN, record_id="A1", person_id="ann", age_years="70", result="positive")))
    named = {**ANN, "nhs_number": ""}
    send(as_csv(record(**named, record_id="A2", person_id="x9", age_years="70", specimen_date="2020-06-27")), "lab-two")
    send(as_csv(record(**ANN, record_id="A1", person_id="ann", age_years="70", result="positive", revision="2")))
    send(as_csv(record(record_id="B1", person_id="bob", full_name="Bob B", date_of_birth="1981-01-01", age_years="39")))


def held(**who: Any) -> Mapping[str, Any]:
    found = subjects.held_on_tested_person(subjects.TestedPerson(**who))
    assert json.loads(json.dumps(found)) == found, "plain JSON values"
    return found["intake"] if found else {}


def test_everything_is_found_by_the_number_and_by_the_name_alike() -> None:
    by_number = held(nhs_number="9434765919")
    by_name = held(name="müller, ANN", birth_date=date(1950, 2, 1), postcode="le11aa")
    assert by_number == by_name
    kinds = {link["kind"] for link in by_number["identifiers"]}
    assert kinds == {"nhs", "name_birth_postcode", "feed_person"}
    assert by_number["to_be_reviewed"] is False
    results = by_number["results"]
    assert [(r["feed"], r["revision"], r["is_newest_version"]) for r in results] == [
        ("lab-one", 1, False), ("lab-two", 1, True), ("lab-one", 2, True)]  # fmt: skip
    assert [r["identifiable"]["record_id"] for r in results] == ["A1", "A2", "A1"]
    assert {r["identifiable"]["full_name"] for r in results} == {"Ann Müller"}
    assert results[0]["identifiable"]["nhs_number"] == "943 476 5919"
    assert {case["episode_start"] for case in by_number["cases"]} == {"2020-06-26"}
    assert "Bob" not in json.dumps(by_number)


def test_nothing_is_nothing() -> None:
    assert held(nhs_number="4010232137") == {}
    assert held(name="Ann Müller", birth_date=date(1950, 2, 2), postcode="LE1 1AA") == {}


def test_the_ledger_says_that_it_happened_and_not_of_whom() -> None:
    held(nhs_number="9434765919")
    (entry,) = db.rows(
        "backup",
        "select e.*, x.body from ledger.entry e join ledger.entry_text x on x.entry_id = e.id"
        " where e.kind = 'access.held_data_exported' order by e.tick_id desc limit 1",
    )
    assert (entry["subject"], entry["body"]["rooms"]) == ("tested_person", ["intake"])
    assert not [word for word in ("9434765919", "Ann", "1950", "LE1") if word in str(entry)]


def test_an_impossible_number_is_said_rather_than_not_found() -> None:
    with pytest.raises(Refused, match="This is no NHS number"):
        held(nhs_number="9434765918")


def test_identifiers_in_conflict_give_only_what_lies_under_the_one_asked() -> None:
    both = {"nhs_number": "4010232137", "full_name": "Cara C", "age_years": "40"}
    send(as_csv(record(**both, record_id="C1", person_id="c", date_of_birth="1980-01-01")))
    send(as_csv(record(**both, record_id="C2", person_id="c2", date_of_birth="1980-01-02")))
    send(as_csv(record(record_id="C3", person_id="c", nhs_number="", age_years="40")))
    by_number = held(nhs_number="4010232137")
    assert by_number["to_be_reviewed"] is True
    assert [r["identifiable"]["record_id"] for r in by_number["results"]] == ["C1", "C2"]


@pytest.fixture
def rotated() -> Iterator[None]:
    """New person and identity keys; the key folder is every module's, so they go again."""
    folder = Home.current().keys
    before = set(folder.iterdir())
    for family in ("person", "identity"):
        keys.rotate(Home.current(), family)
    yield
    for made in set(folder.iterdir()) - before:
        made.unlink()


@pytest.mark.usefixtures("rotated")
def test_a_person_is_still_found_after_the_keys_were_changed() -> None:
    send(as_csv(record(record_id="D2", person_id="d", nhs_number="9434765870")))
    send(as_csv(record(**ANN, record_id="A4", person_id="ann", age_years="70")))
    records = [r["identifiable"]["record_id"] for r in held(nhs_number="9434765919")["results"]]
    assert records == ["A1", "A2", "A1", "A4"]
