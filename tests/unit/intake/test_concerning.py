"""Which records concern a person: by hash where columns can be read, by text where not, and nobody else's."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.intake.asking import identifiers_of
from commonweal.core.intake.concerning import Person, Written, concerning
from commonweal.core.intake.identifiers import Hasher, Kind, label

HASHERS = (Hasher(1, b"first"), Hasher(2, b"second"))
NUMBER = "9434765919"
BORN = date(1950, 2, 1)
NAMED = Person(frozenset(), name="Ann Lee", born=BORN, postcode="LE1 1AA")
NUMBERED = Person(frozenset(), nhs_number="943 476 5919")


def is_theirs(raw: str, person: Person, values: dict[str, str] | None = None, feed: str = "lab") -> bool:
    return concerning([Written(feed, values or {}, raw.encode())], person, HASHERS)[0]


def known_by(**who: str) -> Person:
    given = {"nhs_number": None, "name": None, "born": None, "postcode": None, **who}
    return Person(frozenset(digest for _, digest in identifiers_of(HASHERS, **given)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "raw",
    ["a,943 476 5919,b", "943-476-5919", '{"n": {"nested": 9434765919}}', "x 9434765919", "9434765919"],
)
def test_a_number_is_found_wherever_it_stands(raw: str) -> None:
    assert is_theirs(raw, NUMBERED)


@pytest.mark.parametrize("raw", ["19434765919", "94347659190", "943476591", "943,476,5919", ""])
def test_digits_of_another_number_are_not_theirs(raw: str) -> None:
    assert not is_theirs(raw, NUMBERED)


@pytest.mark.parametrize("day", ["1950-02-01", "01/02/1950", "19500201", "01.02.1950"])
def test_a_name_counts_with_birth_date_and_postcode(day: str) -> None:
    assert is_theirs(f"lee;ANN;{day};le11aa", NAMED)
    assert not is_theirs(f"lee;ANN;{day};LE1 1AB", NAMED)
    assert not is_theirs(f"Lee;{day};LE1 1AA", NAMED)
    assert not is_theirs("Lee;Ann;1951-02-01;LE1 1AA", NAMED)


def test_a_name_alone_finds_nobody() -> None:
    assert not is_theirs("Ann Lee", Person(frozenset(), name="Ann Lee"))


@given(key=st.sampled_from(HASHERS), day=st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]), upper=st.booleans())
def test_columns_are_compared_as_they_would_have_been_linked(key: Hasher, day: str, upper: bool) -> None:
    hashes = known_by(name="Ann Lee", born=BORN, postcode="LE1 1AA").hashes  # type: ignore[arg-type]
    name = "LEE, ANN" if upper else "ann lee"
    values = {"full_name": name, "date_of_birth": BORN.strftime(day), "postcode": "le1 1aa"}
    mine = key.one(label(Kind.NAME_BIRTH_POSTCODE, ""), "ANN LEE\x1f1950-02-01\x1fLE11AA")
    assert mine in hashes
    assert is_theirs("", Person(frozenset({mine})), values)
    assert not is_theirs("", Person(frozenset({mine})), {**values, "full_name": "Ann Leigh"})


def test_a_feed_s_own_number_is_theirs_in_that_feed_only() -> None:
    mine = Person(frozenset({HASHERS[0].one(label(Kind.FEED_PERSON, "lab"), "p7")}))
    assert is_theirs("", mine, {"person_id": "p7"})
    assert not is_theirs("", mine, {"person_id": "p7"}, feed="other")


@given(
    st.dictionaries(st.sampled_from(["nhs_number", "full_name", "date_of_birth", "postcode", "person_id"]), st.text()),
    st.text(),
)
def test_no_text_stops_the_search_and_empty_hashes_match_nothing(values: dict[str, str], raw: str) -> None:
    assert concerning([Written("lab", values, raw.encode("utf-8", "replace"))], Person(frozenset()), HASHERS) == [False]
