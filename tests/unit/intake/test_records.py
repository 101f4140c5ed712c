"""What the checks say of single records: one small change to a good record, one answer."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from commonweal.core.intake.obvious import Verdict, check_record
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.rules import Fate
from commonweal.core.intake.schema import LineList

NOW = datetime(2020, 11, 6, 12, 0, tzinfo=UTC)
GOOD = {
    "record_id": "T1", "person_id": "P1", "age_years": "39", "sex": "female", "postcode": "LE1 1AA",
    "postcode_source": "given_at_test", "pillar": "pillar2", "test_route": "home_kit", "test_type": "pcr",
    "result": "negative", "specimen_date": "2020-06-26T14:05", "reported_at": "2020-06-27T09:00:00Z", "revision": "1",
}  # fmt: skip


@pytest.fixture
def check(line_list: LineList, pack: PathogenPack):  # type: ignore[no-untyped-def]
    def run(**changes: str | None) -> Verdict:
        return check_record({**GOOD, **changes}, line_list, pack, now=NOW, test_sites=frozenset({"LE16NB"}))

    return run


REJECTED = {
    "unknown result code": ({"result": "NEG"}, ["result:unknown_code"]),
    "no result": ({"result": None}, ["result:missing"]),
    "age 250": ({"age_years": "250"}, ["age_years:out_of_range"]),
    "age in words": ({"age_years": "forty"}, ["age_years:not_a_number"]),
    "half a year of age": ({"age_years": "40.5"}, ["age_years:not_a_number"]),
    "no age at all": ({"age_years": None}, ["age_years:missing"]),
    "a future date": ({"specimen_date": "2021-01-05"}, ["specimen_date:future", "reported_at:before_specimen"]),
    "day and month swapped into the future": (
        {"specimen_date": "2020-12-06", "reported_at": "2020-06-13"},
        ["specimen_date:future", "specimen_date:day_month_swapped?", "reported_at:before_specimen"],
    ),
    "day and month swapped into no date": (
        {"specimen_date": "2020-26-06"},
        ["specimen_date:not_a_date", "specimen_date:day_month_swapped?"],
    ),
    "a day before the disease": ({"specimen_date": "2002-06-26"}, ["specimen_date:too_early"]),
    "a British date": ({"specimen_date": "26/06/2020"}, ["specimen_date:not_a_date"]),
    "reported before taken": ({"reported_at": "2020-06-25"}, ["reported_at:before_specimen"]),
    "an hour that spring skipped": ({"specimen_date": "2020-03-29T01:30"}, ["specimen_date:no_such_time"]),
    "unknown sex code": ({"sex": "F"}, ["sex:unknown_code"]),
    "nobody": ({"person_id": None, "nhs_number": "9434765918"}, ["person_id:missing"]),
    "a record id that is a novel": ({"record_id": "x" * 101}, ["record_id:too_long"]),
    "a revision that is no number": ({"revision": "v2"}, ["revision:not_a_number"]),
}


def test_a_whole_number_as_statistics_programs_write_it(check) -> None:  # type: ignore[no-untyped-def]
    assert check(age_years="40.0").values["age_years"] == 40
    assert check(age_years="40.00").fate == Fate.GOOD


@pytest.mark.parametrize("name", REJECTED)
def test_rejected(name: str, check) -> None:  # type: ignore[no-untyped-def]
    changes, reasons = REJECTED[name]
    verdict = check(**changes)
    assert verdict.fate == Fate.REJECTED
    assert [reason for _, reason in verdict.reasons] == reasons


WAITS = {
    "no postcode": (None, "postcode:missing"),
    "a test site": ("LE1 6NB", "postcode:test_site"),
    "a French address": ("75001", "postcode:foreign"),
    "a Canadian address": ("K1A 0B1", "postcode:foreign"),
    "an Irish address": ("D02 AF30", "postcode:foreign"),
    "no fixed address": ("ZZ99 3VZ", "postcode:no_fixed_address"),
    "no postcode at all": ("somewhere", "postcode:not_a_postcode"),
}


@pytest.mark.parametrize("name", WAITS)
def test_waits_for_a_place(name: str, check) -> None:  # type: ignore[no-untyped-def]
    postcode, reason = WAITS[name]
    verdict = check(postcode=postcode)
    assert verdict.fate == Fate.WAITS
    assert [reason for _, reason in verdict.reasons] == [reason]


NOTED = {
    "sex not given": ({"sex": None}, "sex:not_given", {"sex": "unknown"}),
    "a wrong check digit": ({"nhs_number": "9434765918"}, "nhs_number:check_digit", {"link_nhs": None}),
    "no date of birth": ({"date_of_birth": "1.1.80"}, "date_of_birth:not_a_date", {"link_born": None}),
    "born after the test": ({"date_of_birth": "2020-07-01"}, "date_of_birth:impossible", {"link_born": None}),
    "an age that the birth date contradicts": (
        {"date_of_birth": "1950-01-01"}, "age_years:differs_from_birth_date", {"age_years": 39},
    ),
    "received before taken": ({"lab_received_at": "2020-06-25"}, "lab_received_at:before_specimen", {}),
    "an unknown setting": ({"setting_type": "moon"}, "setting_type:unknown_code", {"setting_type": None}),
    "the repeated hour in October": (
        {"specimen_date": "2020-10-25T01:30", "reported_at": "2020-10-26"},
        "specimen_date:repeated_hour",
        {"specimen_at": datetime(2020, 10, 25, 0, 30, tzinfo=UTC)},
    ),
    "day and month perhaps swapped": (
        {"specimen_date": "2020-06-11", "reported_at": "2020-11-06T09:00Z"},
        "specimen_date:day_month_swapped?",
        {"specimen_date": date(2020, 6, 11)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTED)
def test_accepted_with_a_note(name: str, check) -> None:  # type: ignore[no-untyped-def]
    changes, note, values = NOTED[name]
    verdict = check(**changes)
    assert verdict.fate == Fate.GOOD
    assert note in verdict.notes
    assert {key: verdict.values[key] for key in values} == values


def test_a_value_that_could_not_be_read_is_kept(check) -> None:  # type: ignore[no-untyped-def]
    assert check(setting_type="moon", symptomatic="rather").unread == {"setting_type": "moon", "symptomatic": "rather"}


def test_times(check) -> None:  # type: ignore[no-untyped-def]
    values = check(specimen_date="2020-06-26T00:30", reported_at="2020-06-27T09:00:00.5+05:30").values
    assert values["specimen_at"] == datetime(2020, 6, 25, 23, 30, tzinfo=UTC)
    assert values["specimen_date"] == date(2020, 6, 26)
    assert values["reported_at"] == datetime(2020, 6, 27, 3, 30, 0, 500_000, tzinfo=UTC)
    date_only = check(specimen_date="2020-06-26").values
    assert (date_only["specimen_date"], date_only["specimen_at"]) == (date(2020, 6, 26), None)


def test_an_age_is_worked_out_from_the_birth_date(check) -> None:  # type: ignore[no-untyped-def]
    assert check(age_years=None, date_of_birth="1980-06-26").values["age_years"] == 40
    assert check(age_years=None, date_of_birth="1980-06-27").values["age_years"] == 39


def test_letter_case_and_spaces_of_codes_do_not_matter_and_the_content_is_the_same(check) -> None:  # type: ignore[no-untyped-def]
    loud = check(result="Negative", postcode="le11aa", reported_at="2020-06-27T10:00:00+01:00")
    assert loud.values["content"] == check().values["content"]
    assert check(result="positive").values["content"] != check().values["content"]
