"""Agreements and retention rules are documents: complete, filled in without gaps, with one hash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.access import agreements, classes, retention, roles
from commonweal.core.errors import Refused
from commonweal.server import parameters

NOW = datetime(2020, 7, 6, 9, tzinfo=UTC)
TEMPLATE = agreements.read_template(parameters.text("agreements/public-health.yaml"), "public-health.yaml")
LINE_LIST = classes.read_line_list(parameters.text("line_list/fields.yaml"), "fields.yaml")
SCHEDULE = retention.read_schedule(parameters.text("retention/standard.yaml"), "standard.yaml")
PURPOSES = roles.read_roles(parameters.text("access/roles.yaml"), "roles.yaml").purposes
PARTIES = {"local": ("authority-e06000016", "Leicester"), "national": ("nation", "National health protection")}


def offered(template: agreements.Template = TEMPLATE, **changes: object) -> agreements.Offer:
    given = {"number": 1, "place_code": "E06000016", "place": "Leicester", "parties": PARTIES, "line_list": LINE_LIST,
             "schedule": SCHEDULE, "purposes": PURPOSES, "now": NOW} | changes  # fmt: skip
    return agreements.offer(template, **given)  # type: ignore[arg-type]


def test_the_standard_agreement_is_filled_in_for_a_place() -> None:
    offer = offered()
    text = " ".join(part["body"] for part in offer.document["text"])
    assert offer.id == "public-health-e06000016-1"
    assert offer.title == "Sharing test results for public health in Leicester"
    assert offer.parties == ("authority-e06000016", "nation")
    assert "Leicester" in text
    assert "National health protection" in text
    assert "6 July 2021" in text
    assert "14 days" in text
    assert "{" not in text
    assert offer.expires_at == NOW + timedelta(days=365)


def test_its_classes_and_lawful_bases_are_those_of_the_line_list() -> None:
    offer = offered()
    fields = {entry["class"]: entry["fields"] for entry in offer.document["classes"]}
    assert "nhs_number" in fields["L3"]
    assert "postcode" in fields["L2"]
    assert fields["L1"] == []
    assert set(offer.document["lawful_basis"]) <= set(LINE_LIST.lawful_basis)


def test_every_field_has_one_class() -> None:
    fields = [field for one in LINE_LIST.classes.values() for field in one.fields]
    assert len(fields) == len(set(fields)) == 40
    assert classes.up_to("L2") == ("L1", "L2")


def test_the_line_list_is_the_one_of_the_reference_folder(shared: Path) -> None:
    reference = yaml.safe_load((shared / "domain" / "line_list_fields.yaml").read_text())
    ours = yaml.safe_load(parameters.text("line_list/fields.yaml"))
    assert [f["id"] for f in ours["fields"]] == [f["id"] for f in reference["fields"]]
    assert ours["lawful_basis"] == reference["lawful_basis"]
    assert ours["dpia_items"] == reference["dpia_items"]


def test_the_hash_is_of_the_document_and_nothing_else() -> None:
    assert offered().document_hash == offered(now=NOW).document_hash
    assert offered(place="Oadby").document_hash != offered().document_hash


@given(st.permutations(sorted(offered().document)))
def test_the_order_of_names_never_changes_the_hash(order: list[str]) -> None:
    document = offered().document
    assert agreements.document_hash({name: document[name] for name in order}) == offered().document_hash


def test_a_part_without_a_party_is_refused() -> None:
    with pytest.raises(Refused, match="needs a party for: national"):
        offered(parties={"local": PARTIES["local"]})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d["parties"].pop("local"), "2 parties or more; this one has 1"),
        (lambda d: d["classes"].append("L9"), "classes L9 unknown"),
        (lambda d: d.pop("notice_days"), "lacks notice_days"),
    ],
)
def test_a_wrong_template_is_refused(change: object, sentence: str) -> None:
    document = yaml.safe_load(parameters.text("agreements/public-health.yaml"))
    change(document)  # type: ignore[operator]
    with pytest.raises(Refused, match=sentence):
        agreements.read_template(yaml.safe_dump(document), "mine.yaml")


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "1 day"), (21, "21 days"), (90, "90 days"), (365, "1 year"), (366, "1 year"), (400, "400 days"),
     (1826, "5 years"), (2190, "6 years"), (2922, "8 years")],
)  # fmt: skip
def test_periods_are_said_as_people_say_them(days: int, words: str) -> None:
    assert f"kept {words} from" in retention.Rule("r", "data", days, "its end", "removed", "x").sentence


def test_no_schedule_can_end_the_access_record_within_a_year() -> None:
    text = parameters.text("retention/standard.yaml").replace("days: 2190", "days: 364")
    with pytest.raises(Refused, match="access_record must be kept 365 days or longer; access_record says 364"):
        retention.read_schedule(text, "mine.yaml")


def test_two_rules_for_one_kind_of_data_are_refused() -> None:
    text = parameters.text("retention/standard.yaml").replace("data: expired_session", "data: expired_handle")
    with pytest.raises(Refused, match="expired_handle has two rules"):
        retention.read_schedule(text, "mine.yaml")
