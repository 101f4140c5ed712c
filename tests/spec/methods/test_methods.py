"""The worked examples of the method pages are run, and the pages are what they would be if written now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.spec.methods import calendars, detection, estimation, explanation
from tests.spec.methods.pages import Page, Spec, outcome, render, wanted

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference" / "methods"
PAGES = (*detection.PAGES, *calendars.PAGES, *estimation.PAGES, *explanation.PAGES)
EXAMPLES = [(page, spec) for page in PAGES for spec in page.specs]


@pytest.mark.parametrize(("page", "spec"), EXAMPLES, ids=[f"{page.name}: {spec.title}" for page, spec in EXAMPLES])
def test_the_call_gives_the_table(page: Page, spec: Spec):
    assert outcome(page, spec) == wanted(spec)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_up_to_date(page: Page):
    file = FOLDER / f"{page.name}.md"
    if os.environ.get("COMMONWEAL_WRITE_DOCUMENTS"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        file.write_text(render(page), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == render(page), "run this test with COMMONWEAL_WRITE_DOCUMENTS=1"


def test_every_page_is_one_of_these():
    kept = {file.stem for file in FOLDER.glob("*.md")} - {"index", "gallery"}
    assert kept == {page.name for page in PAGES}
