"""Sealed messages open with what they are bound to, and by no change of a single bit."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.intake.rulebook import line_list
from commonweal.core.errors import Refused
from commonweal.core.intake.rows import message, opened_message, sealed_names
from commonweal.core.intake.sealing import Sealed, Sealer

SEALER = Sealer(1, bytes(range(32)))
NAMES = sealed_names(line_list())
TEXTS = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), min_size=1, max_size=40)


def sealed(text: bytes, binding: bytes) -> Sealed:
    return SEALER.seal([text], [binding], random.Random(7).randbytes)[0]


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_a_message_opens_with_what_it_is_bound_to(text: bytes, binding: bytes) -> None:
    assert SEALER.open(sealed(text, binding), binding) == text


def test_a_message_beside_another_record_does_not_open() -> None:
    with pytest.raises(Refused, match="do not open with identity key 1"):
        SEALER.open(sealed(b"Ann", b"A" * 16), b"B" * 16)


@given(st.data())
def test_no_changed_bit_opens(data: st.DataObject) -> None:
    good = sealed(b"Ann", b"A" * 16)
    whole = bytearray(good.wrapped_key + good.payload)
    place = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[place // 8] ^= 1 << (place % 8)
    changed = Sealed(bytes(whole[: len(good.wrapped_key)]), bytes(whole[len(good.wrapped_key) :]))
    with pytest.raises(Refused, match="do not open"):
        SEALER.open(changed, b"A" * 16)


@given(st.dictionaries(st.sampled_from(NAMES), TEXTS), st.dictionaries(st.just("age_years"), TEXTS))
def test_what_is_written_of_a_record_is_read_again(texts: dict[str, str], unread: dict[str, str]) -> None:
    assert opened_message(message(texts, unread, line_list()), line_list()) == texts | unread


def test_messages_of_an_earlier_line_list_are_read_and_of_a_later_one_refused() -> None:
    first = f"{line_list().version}\x1fA1\x1fann\x1f".encode()
    assert opened_message(first, line_list()) == {"record_id": "A1", "person_id": "ann"}
    with pytest.raises(Refused, match="this program knows version"):
        opened_message(f"{line_list().version + 1}\x1fA1\x1f".encode(), line_list())
