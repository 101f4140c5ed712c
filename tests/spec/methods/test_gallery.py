"""The gallery shows what the library draws from the published series today."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.spec.methods import gallery

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("COMMONWEAL_SHARED", ROOT / ".." / "shared")) / "data"
PAGE = ROOT / "docs" / "reference" / "methods" / "gallery.md"
PICTURES = ROOT / "docs" / "images" / "gallery"
LARGEST = 60_000

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"no published series at {DATA}; set COMMONWEAL_SHARED to the folder above them"
    ),
]


def test_pictures_and_their_words_are_those_of_today():
    drawn = gallery.draw(DATA)
    if os.environ.get("COMMONWEAL_WRITE_DOCUMENTS"):
        PICTURES.mkdir(parents=True, exist_ok=True)
        for name, picture in drawn.items():
            (PICTURES / f"{name}.svg").write_text(picture.file, encoding="utf-8")
        PAGE.write_text(gallery.render(drawn), encoding="utf-8")
    assert gallery.render(drawn) == PAGE.read_text(encoding="utf-8"), "run this test with COMMONWEAL_WRITE_DOCUMENTS=1"
    for name in drawn:
        kept = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
        assert drawn[name].words.title in kept.replace("&amp;", "&")
        assert len(kept.encode()) < LARGEST, name
