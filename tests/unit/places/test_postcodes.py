"""Postcodes: one spelling for each, and the territory it belongs to."""

import polars as pl
import pytest

from commonweal.core.places.postcodes import (
    normalise,
    normalised,
    sector,
    spaced,
    spaced_column,
    territory,
    territory_of,
)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("LE1 1AA", "LE11AA"),
        (" le1  1aa ", "LE11AA"),
        ("LE11AA", "LE11AA"),
        ("le1-1aa.", "LE11AA"),
        ("LE1\u00a01AA", "LE11AA"),
        ("\ufeffLE1 1AA", "LE11AA"),
        ("SW1A 1AA", "SW1A1AA"),
        ("W1N 2AB", "W1N2AB"),
        ("NPT 1AA", "NPT1AA"),
        ("GIR 0AA", "GIR0AA"),
        ("zz99 3vz", "ZZ993VZ"),
    ],
)
def test_spellings_of_one_postcode_give_one_key(written, key):
    assert normalise(written) == key


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "LE1",
        "LE1 1A",
        "LE1 1AAA",
        "LE1 1CA",
        "LE1 AA1",
        "75001",
        "D02 X285",
        "ßE1 1AA",
        "LE1 1AA\nx",
        "LEO 1AA",
        "1LE 1AA",
    ],
)
def test_what_is_not_a_postcode_gives_none(written):
    assert normalise(written) is None


def test_a_missing_postcode_is_none():
    assert normalise(None) is None


def test_a_letter_for_a_digit_is_not_corrected():
    assert normalise("LE1 OAA") is None


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ("LE11AA", "great britain"),
        ("BT11AA", "northern ireland"),
        ("B11AA", "great britain"),
        ("JE23AB", "jersey"),
        ("GY11AA", "guernsey"),
        ("IM11AA", "isle of man"),
        ("GX111AA", "gibraltar"),
        ("BF11AA", "forces post office"),
        ("ZZ993VZ", "pseudo"),
    ],
)
def test_the_territory_stands_in_the_letters(key, where):
    assert territory(key) == where
    assert pl.select(territory_of(pl.lit(key))).item() == where


def test_a_missing_key_has_no_territory():
    assert pl.select(territory_of(pl.lit(None, dtype=pl.String))).item() is None


def test_people_read_one_space_before_the_last_three_characters():
    assert (spaced("LE11AA"), spaced("SW1A1AA"), sector("LE191AA")) == ("LE1 1AA", "SW1A 1AA", "LE19 1")
    assert pl.select(spaced_column(pl.lit("SW1A1AA"))).item() == "SW1A 1AA"


def test_a_column_is_normalised_row_by_row_and_keeps_nulls():
    frame = pl.DataFrame({"p": ["le1 1aa", None, "75001"]})
    assert frame.select(normalised("p"))["p"].to_list() == ["LE11AA", None, None]
