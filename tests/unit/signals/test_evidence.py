"""One way to write a document: whatever order its names came in, and never with a value that could be read two ways."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.signals.evidence import evidence, plain

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates(), st.datetimes(timezones=st.just(UTC))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=12,
)  # fmt: skip


@dataclass(frozen=True)
class Rate:
    value: float
    days: tuple[date, ...]


@given(st.dictionaries(st.text(), VALUES))
def test_the_same_document_has_the_same_bytes_in_any_order_and_reads_back(document: dict[str, Any]) -> None:
    made = evidence(document)
    again = evidence(dict(reversed(list(document.items()))))
    assert (again.body, again.sha256) == (made.body, made.sha256)
    assert made.sha256 == hashlib.sha256(made.body).hexdigest()
    assert json.loads(made.body) == made.document
    assert evidence(made.document).body == made.body


@given(st.dictionaries(st.text(), st.integers(), min_size=1), st.data())
def test_any_change_of_a_value_changes_the_checksum(document: dict[str, int], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(document)))
    assert evidence({**document, name: document[name] + 1}).sha256 != evidence(document).sha256


def test_times_are_one_instant_and_numbers_are_finite_or_null() -> None:
    here = datetime(2020, 6, 29, 1, 4, tzinfo=timezone(timedelta(hours=1)))
    assert plain({"at": here, 1: (float("nan"), float("inf"), 0.1)}) == {
        "at": "2020-06-29T00:04:00.000000+00:00", "1": [None, None, 0.1],
    }  # fmt: skip
    assert plain(Rate(float("nan"), (date(2020, 6, 1),))) == {"value": None, "days": ["2020-06-01"]}


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), Rate])
def test_what_has_no_one_way_to_be_written_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no one way to be written"):
        evidence({"value": value})
