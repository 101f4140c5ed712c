"""Sealed documents that name what they are bound to: they open by themselves, and by no change of a single bit."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.errors import Refused
from commonweal.core.intake.sealing import Sealed, Sealer

SEALER = Sealer(1, bytes(range(32)))


def sealed(document: dict[str, str], binding: str) -> Sealed:
    chance = random.Random(7).randbytes
    return SEALER.seal([json.dumps(document).encode()], [binding.encode()], chance)[0]


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.text(max_size=40), max_size=5))
def test_a_document_opens_by_the_binding_it_names(record_id: str, more: dict[str, str]) -> None:
    document = {**more, "record_id": record_id}
    assert SEALER.open_document(sealed(document, record_id), "record_id") == document


def test_a_document_bound_to_something_else_than_it_says_does_not_open() -> None:
    with pytest.raises(Refused, match="do not open with identity key 1"):
        SEALER.open_document(sealed({"record_id": "A"}, "B"), "record_id")


@given(st.data())
def test_no_changed_bit_opens(data: st.DataObject) -> None:
    good = sealed({"record_id": "A1", "full_name": "Ann"}, "A1")
    whole = bytearray(good.wrapped_key + good.payload)
    place = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[place // 8] ^= 1 << (place % 8)
    changed = Sealed(bytes(whole[: len(good.wrapped_key)]), bytes(whole[len(good.wrapped_key) :]))
    with pytest.raises(Refused, match="do not open"):
        SEALER.open_document(changed, "record_id")
