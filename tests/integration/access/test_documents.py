"""The committed impact assessment and record of processing are what the program writes from its configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.test import override_settings

from commonweal.apps.access import configuration, documents

from . import build

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "reference"


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    """The standard fixture: one unitary authority, one district, the national body."""
    build.authorities(E06000016="Leicester", E07000135="Oadby and Wigston")


@pytest.mark.parametrize("name", [documents.ASSESSMENT, documents.RECORD])
def test_the_committed_document_is_up_to_date(name: str) -> None:
    text = documents.written()[name]
    if os.environ.get("COMMONWEAL_WRITE_DOCUMENTS"):
        (COMMITTED / name).write_text(text)
    assert text.splitlines() == (COMMITTED / name).read_text().splitlines(), (
        f"docs/reference/{name} is not what the configuration says any more; "
        "if that is meant, run this test with COMMONWEAL_WRITE_DOCUMENTS=1 and read the difference"
    )


def test_every_item_of_an_assessment_is_there_or_said_to_be_missing_with_who_owes_it() -> None:
    text = documents.written()[documents.ASSESSMENT]
    for item in configuration.line_list().impact_assessment_items:
        section = text.split(f"## {item.replace('_', ' ').capitalize()}\n")[1].split("\n## ")[0].strip()
        assert section, item
    assert "**Missing.** Owed by each Director of Public Health" in text


def test_what_is_switched_off_is_said() -> None:
    with override_settings(SECOND_FACTOR_REQUIRED=False):
        assert "second factor SWITCHED OFF in this space" in documents.written()[documents.ASSESSMENT]


def test_tables_about_people_are_named() -> None:
    text = documents.written()[documents.RECORD]
    assert "`access.read_record`" in text
    assert "| unitary authority | 1 |" in text
