"""Pins and names: an address of this site that leads back to the words, and offices named with an @."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.desk import pins
from commonweal.core.desk.mentions import mentioned
from commonweal.core.desk.pins import Pin
from commonweal.core.errors import Refused

OFFICES = [
    ("dph-a", "Director of Public Health, Larkminster"),
    ("lead-a", "Leader, Larkminster"),
    ("lead-b", "Leader, Teal Levels"),
]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


@given(WORDS, st.sampled_from(["/signals/7", "/signals/7#map", "/my-area?place=E06000016", "/my-area#:~:text=old"]))
def test_a_pin_is_read_back_as_it_was_written_and_fits_its_place(words: str, where: str) -> None:
    pin = pins.read(where, words)
    assert len(pin.address()) <= pins.LONGEST
    again = pins.read(pin.address())
    assert (again.page, again.words) == (pin.page, pin.words)
    assert again.address() == pin.address()
    if words.strip() and len(words) < 20:
        assert pin.words == " ".join(words.split())


def test_words_are_looked_for_by_the_browser_and_a_figure_by_its_anchor() -> None:
    assert pins.read("/my-area", "Granary End, 14-16").address() == "/my-area#:~:text=Granary%20End%2C%2014%2D16"
    assert pins.read("/signals/7#map") == Pin("/signals/7", "map")
    assert pins.read("/signals/7#map", "new").address() == "/signals/7#:~:text=new", "words are narrower than a figure"
    assert "x" not in unquote(pins.read("/a#<script>x").address())


@pytest.mark.parametrize(
    "wrong", ["", "signals/7", "//elsewhere.example/", "/\\elsewhere", "https://elsewhere.example", "/a\nb"]
)
def test_a_pin_is_a_page_of_this_site(wrong: str) -> None:
    with pytest.raises(Refused, match="is no page of this site"):
        pins.read(wrong)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("@Director of Public Health, Larkminster please look", ["dph-a"]),
        ("@director of public health: please look", ["dph-a"]),
        ("Ask @Leader", ["lead-a", "lead-b"]),
        ("Ask @Leader, Teal Levels, and @Leader, Teal  Levels again", ["lead-b"]),
        ("Write to someone@leader.example or (see @ 5pm)", []),
    ],
)
def test_an_office_is_named_by_its_whole_name_or_what_stands_before_the_comma(words: str, named: list[str]) -> None:
    assert mentioned(words, OFFICES) == named


def test_the_refusal_lists_the_offices_that_were_most_likely_meant() -> None:
    many = [*((f"o-{n}", f"Analyst {n}, Larkminster") for n in range(9)), ("mayor", "Mayor or leader, Larkminster")]
    with pytest.raises(Refused, match=r"after the @: Mayor or leader, Larkminster\.$"):
        mentioned("@Leader please look", many)


@pytest.mark.parametrize("words", ["@Mayor what now?", "@Leaders all", "@dph"])
def test_an_at_that_names_nobody_is_refused(words: str) -> None:
    with pytest.raises(Refused, match=r"names no office of this place.*Leader, Larkminster"):
        mentioned(words, OFFICES)
