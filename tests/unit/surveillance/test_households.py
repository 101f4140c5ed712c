"""Who shares a household, from what records say of where people live."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.surveillance.why_cases import households
from commonweal.core.signals.why_data import UNKNOWN

Row = Mapping[str, Any]


def lives(
    address: str | None = None, uprn: str | None = None, postcode: str = "LE1 1AA", kind: str | None = None
) -> Row:
    return {"address": address, "uprn": uprn, "postcode": postcode, "setting_type": kind}


def together(rows: Sequence[Row]) -> set[frozenset[int]]:
    numbers = households(rows).tolist()
    groups = {frozenset(at for at, other in enumerate(numbers) if other == number) for number in numbers}
    return {group for group in groups if numbers[min(group)] != UNKNOWN}


def test_the_same_address_written_otherwise_is_one_household() -> None:
    assert together([lives("4 Mill Lane"), lives("4, MILL LANE."), lives("5 Mill Lane")]) == {
        frozenset({0, 1}), frozenset({2}),
    }  # fmt: skip


def test_the_same_property_reference_is_one_household_however_the_address_is_written() -> None:
    rows = [lives("4 Mill Lane", "10001"), lives("The Old Mill, Mill Ln", "000010001", "LE1 1AB"), lives("4 Mill Lane")]
    assert together(rows) == {frozenset({0, 1, 2})}


def test_the_same_address_at_another_postcode_is_another_household() -> None:
    assert len(together([lives("Flat 1"), lives("Flat 1", postcode="LE2 2BB")])) == 2


def test_nothing_known_and_a_care_home_are_no_household() -> None:
    assert households([lives(), lives("The Limes", "7", kind="care_home"), lives(" - ", " ")]).tolist() == [UNKNOWN] * 3
    assert households([]).tolist() == []


RECORDS = st.builds(
    lives, st.sampled_from([None, "1 A", "2 A", "3 A"]), st.sampled_from([None, "1", "2", "3"]),
    st.sampled_from(["LE1 1AA", "LE1 1AB"]), st.sampled_from([None, "care_home", "workplace"]),
)  # fmt: skip


@given(st.lists(RECORDS, max_size=12))
def test_as_one_would_say_it(rows: list[Row]) -> None:
    def shares(one: Row, other: Row) -> bool:
        at = one["address"] and (one["address"], one["postcode"]) == (other["address"], other["postcode"])
        return bool(at or (one["uprn"] and one["uprn"] == other["uprn"]))

    known = [
        at for at, row in enumerate(rows) if row["setting_type"] != "care_home" and (row["address"] or row["uprn"])
    ]
    groups = [{at} for at in known]
    for one, other in itertools.combinations(known, 2):
        if shares(rows[one], rows[other]):
            joined = [group for group in groups if group & {one, other}]
            groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    assert together(rows) == {frozenset(group) for group in groups}
