"""Roles are data: complete, described, and refused with a sentence when they are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from commonweal.core.access.roles import authority_kind, office_id, read_roles
from commonweal.core.errors import Refused
from commonweal.server import parameters

TEXT = parameters.text("access/roles.yaml")
ROLES = read_roles(TEXT, "roles.yaml")
SOURCES = Path(__file__).resolve().parents[3] / "src"


def test_every_permission_is_given_to_a_role_and_every_given_one_is_described() -> None:
    given = {permission for role in ROLES.roles.values() for permission in role.permissions}
    assert given == set(ROLES.permissions)


def test_every_permission_asked_for_in_code_is_one_of_the_list() -> None:
    asked = set()
    for file in (SOURCES / "commonweal" / "apps" / "access").rglob("*.py"):
        text = file.read_text()
        asked |= set(re.findall(r"(?:PERMISSION = |may\([^,]+, |_check\(request, )\"([a-z_]+)\"", text))
    assert {"see_who_looked", "accept_agreement"} <= asked <= set(ROLES.permissions)


def test_code_never_asks_for_a_role_by_name() -> None:
    named = [
        (file.name, role)
        for file in (SOURCES / "commonweal" / "apps").rglob("*.py")
        for role in ROLES.roles
        if "-" in role and f'"{role}"' in file.read_text()  # "laboratory" is a kind of organisation, too
    ]
    assert named == []


def test_who_decides_cannot_read_single_records() -> None:
    assert "read_records" not in ROLES.role("national-decision-maker").permissions
    assert "read_records" not in ROLES.role("leader").permissions
    assert not {p for p in ROLES.role("operator").permissions if p.startswith("read_")}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d["roles"]["analyst"]["permissions"].append("fly"), "role analyst: permissions fly unknown"),
        (lambda d: d["roles"]["analyst"]["purposes"].append("fun"), "role analyst: purposes fun unknown"),
        (lambda d: d["from_the_first_day"]["national_body"].append("king"), "roles king unknown"),
        (lambda d: d.pop("purposes"), "lacks purposes"),
    ],
)
def test_a_wrong_document_is_refused_naming_what_is_wrong(change: object, sentence: str) -> None:
    document = yaml.safe_load(TEXT)
    change(document)  # type: ignore[operator]
    with pytest.raises(Refused, match=sentence):
        read_roles(yaml.safe_dump(document), "roles.yaml")


def test_text_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(Refused, match="must be a mapping"):
        read_roles("- a\n- b\n", "roles.yaml")
    with pytest.raises(Refused, match="not readable as YAML"):
        read_roles("a: [", "roles.yaml")


def test_kind_of_authority_and_office_names_follow_the_code() -> None:
    assert authority_kind("E06000016") == "unitary_authority"
    assert authority_kind("E07000134") == "lower_tier_authority"
    assert authority_kind("E10000018") == "upper_tier_authority"
    assert office_id("analyst", "E06000016") == "analyst-e06000016"
    with pytest.raises(Refused, match="E05000001 is no authority's code"):
        authority_kind("E05000001")
    with pytest.raises(Refused, match="no role 'wizard'"):
        ROLES.role("wizard")
