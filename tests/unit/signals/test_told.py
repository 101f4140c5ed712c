"""Words that hold health data are refused by what was found; words about places are not."""

from __future__ import annotations

import contextlib
import time
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.errors import Refused
from commonweal.core.formats.social import Attribute, attributes_from, read
from commonweal.core.signals.told import REFERENCE_LENGTH, cleaned, reference_of, refuse_health_data, typed_reference

TODAY = date(2020, 6, 20)


@pytest.mark.parametrize(
    "words",
    [
        "A testing unit opened at the mosque on 12 June 2020.",
        "The factory kept open; about 400 people work there in 3 shifts.",
        "Buses 21, 22 and 48 are full from 7 to 9.",
        "People have nowhere to wait at the Saffron Lane site.",
        "Ten digits that are no NHS number: 943 476 5910.",
        "The school had 1,200 pupils in 2019.",
        "Otter Foundry has kept open and workers cough there.",
        "Several people tested positive at Walkers Crisps.",
        "Spinney Hill Road was full; many have symptoms and no test site.",
        "Two pupils of Mellor Primary School are ill.",
        "On Monday Highfields Mosque was crowded. People are afraid of covid.",
        "Staff of Evington Lodge were told not to isolate.",
        "My shop stayed open, and my neighbours want a test site.",
        "I run the hall. Nobody told us of the virus.",
        "Ann Lee runs the community centre.",
        "Their manager told people who tested positive to come in.",
        "I think many people at the hall have covid.",
        "My shop is next to the hall where people cough.",
        "Pupils aged 11 to 16 go to the school at LE5 5AB.",
        "The 16-year-olds of LE5 5AB have no test site.",
        "Call-outs: 12.06.2020, 14.06.2020 and 17.06.2020.",
    ],
)
def test_what_is_said_of_places_passes(words: str) -> None:
    refuse_health_data(words, TODAY)
    with pytest.raises(Refused, match="NHS number"):
        refuse_health_data(f"{words} It is 9434765919.", TODAY)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("943-476-5919", "NHS number"),
        ("It is 9434765919.", "NHS number"),
        ("943.476.5919", "NHS number"),
        ("943 / 476 / 5919", "NHS number"),
        ("943\u00a0476\u00a05919", "NHS number"),
        ("943\u2013476\u20135919", "NHS number"),
        ("\uff19\uff14\uff13\uff14\uff17\uff16\uff15\uff19\uff11\uff19", "NHS number"),
        ("the woman of 43, LE4 5AB, aged 43", "age of somebody at a postcode"),
        ("a 43 year old in le45ab", "age of somebody at a postcode"),
        ("43yo LE4 5AB", "age of somebody at a postcode"),
        ("DOB 1961", "date of birth"),
        ("3 March 1961", "date of birth"),
        ("1961-03-12", "date of birth"),
        ("12.03.61", "date of birth"),
        ("name@example.org", "e-mail"),
        ("+44 116 496 0001", "telephone"),
        ("Mary Jones was ill.", "name of somebody"),
        ("Mrs Patel tested positive last week.", "name of somebody"),
        ("Mary Jones's test came back positive", "name of somebody"),
        ("On Monday Ann Lee, 34, had symptoms", "name of somebody"),
        ("A positive test: J\u00fcrgen M\u00fcller.", "name of somebody"),
        ("We know that Sean O'Brien caught covid at work", "name of somebody"),
        ("covid-19 case is Mohammed al Rashid of the late shift", "name of somebody"),
        ("Ann Lee of the bakery has diabetes", "name of somebody"),
        ("we are sure Ann Lee has it", "name of somebody"),
        ("my son has covid", "illness of one person"),
        ("her elderly neighbour is in hospital", "illness of one person"),
        ("I tested positive and still had to come in", "illness of one person"),
        ("I've got symptoms", "illness of one person"),
    ],
)
def test_what_is_said_of_somebody_is_refused(words: str, found: str) -> None:
    with pytest.raises(Refused, match=found):
        refuse_health_data(f"Please look: {words}", TODAY)


@pytest.mark.parametrize(
    "piece", ["A", "Aa ", "Ann Lee ", "my son ", "I have ", "a ", "tested ", "9 ", "O'", "\u00c4-", "@a.", "'s "]
)
def test_long_words_are_looked_through_at_once(piece: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(Refused):
        refuse_health_data((piece * 2000)[:2000], TODAY)
    assert time.process_time() - begun < 1


@given(st.text())
def test_words_are_cleaned_once_and_nothing_turns_what_stands_beside_them(words: str) -> None:
    kept = cleaned(words)
    assert cleaned(kept) == kept
    kept.encode()
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in kept)
    assert not any(
        unicodedata.bidirectional(letter) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI") for letter in kept
    )
    assert kept == "" or any(letter.isalnum() for letter in kept)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("The hall\r\nwas full.\r", "The hall\nwas full."),
        ("a\x00b\x07c\x1bd", "abcd"),
        ("\u202eevil\u202c hall", "evil hall"),
        ("943\u200b476\u200b5919", "9434765919"),
        (
            "\u06a9\u0627\u0631\u062e\u0627\u0646\u06c1 \u06a9\u06be\u0644\u0627 \u06c1\u06d2\u06d4",
            "\u06a9\u0627\u0631\u062e\u0627\u0646\u06c1 \u06a9\u06be\u0644\u0627 \u06c1\u06d2\u06d4",
        ),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("Full \U0001f3ed\U0001f637!", "Full \U0001f3ed\U0001f637!"),
        ("e\u0301", "\u00e9"),
        (" \u200b\u202e \n", ""),
        ("...!?", ""),
    ],
)
def test_scripts_and_pictures_stay_and_signs_that_are_no_words_go(typed: str, kept: str) -> None:
    assert cleaned(typed) == kept


@given(st.binary(min_size=REFERENCE_LENGTH, max_size=40))
def test_a_reference_survives_being_read_out(chance: bytes) -> None:
    reference = reference_of(chance)
    assert typed_reference(f" {reference[:5].lower()}-{reference[5:]} ") == reference


def test_too_little_chance_makes_no_reference() -> None:
    with pytest.raises(Refused, match="3 bytes"):
        reference_of(b"abc")


ATTRIBUTES = {"language": Attribute("language", "Languages", "text", several=True), "size": Attribute("size", "Size", "number"),
              "homes": Attribute("homes", "Homes", "count"), "share": Attribute("share", "Share", "share")}  # fmt: skip
HEAD = "area,attribute,value,source,date\n"
GOOD = "E01000001,size,2.4,Census,2011-03-27\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Belgrave,size,2,Census,2011-03-27", "not_an_area"),
        ("E01000002,size,2,Census,2011-03-27", "unknown_area"),
        ("E01000001,moon,2,Census,2011-03-27", "unknown_attribute"),
        ("E01000001,homes,2.5,Census,2011-03-27", "not_a_count"),
        ("E01000001,homes,-2,Census,2011-03-27", "not_a_count"),
        ("E01000001,size,many,Census,2011-03-27", "not_a_number"),
        ("E01000001,size,inf,Census,2011-03-27", "not_a_number"),
        ("E01000001,share,1.5,Census,2011-03-27", "not_a_share"),
        ("E01000001,language,,Census,2011-03-27", "no_value"),
        ("E01000001,language,Welsh,,2011-03-27", "no_source"),
        ("E01000001,language,Welsh,Census,27/03/2011", "not_a_date"),
        ("E01000001,language,Welsh,Census,2031-03-27", "future_date"),
        (f"E01000001,language,{'x' * 301},Census,2011-03-27", "too_long"),
        ("E01000001,size,2.5,Census,2011-03-27", "repeated"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(row: str, reason: str) -> None:
    reading = read(HEAD + GOOD + row + "\n", ATTRIBUTES, {"E01000001"}, TODAY)
    assert dict(reading.left_out) == {reason: 1}
    assert reading.first_rows == {reason: 3}
    assert [each.value for each in reading.statements] == ["2.4"]


def test_other_columns_and_files_without_a_usable_row_are_refused() -> None:
    with pytest.raises(Refused, match="it needs area, attribute"):
        read("place,value\n", ATTRIBUTES, {"E01000001"}, TODAY)
    with pytest.raises(Refused, match="no row that can be taken: the area is no code"):
        read(HEAD + "x,size,2,Census,2011-03-27\n", ATTRIBUTES, {"E01000001"}, TODAY)
    with pytest.raises(Refused, match="kind that is none"):
        attributes_from({"attributes": {"a": {"label": "A", "kind": "colour"}}})
