"""Nothing that the synthetic world hands out can belong to anybody."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.errors import Refused
from commonweal.synthetic.identifiers import nhs_number_pool, nhs_numbers, phone_numbers, postcode

# every postcode area of the United Kingdom and the Crown dependencies
REAL_POSTCODE_AREAS = """
    AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL
    GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL
    OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF
    WN WR WS WV YO ZE
"""
# Ofcom's ranges for drama, as first and last number
DRAMA = [(7700900000, 7700900999), (1632960000, 1632960999), (2079460000, 2079460999), (1164960000, 1164960999)]


def valid_nhs_number(number: str) -> bool:
    """The modulus-11 rule, digit by digit."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:9], range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11 == int(number[9])


def test_every_nhs_number_of_the_pool_is_a_valid_one_of_the_test_range() -> None:
    pool = nhs_number_pool()
    assert 900_000 < len(pool) < 920_000
    assert pool[0] >= 9_990_000_000
    assert pool[-1] <= 9_999_999_999
    assert len(np.unique(pool)) == len(pool)
    assert all(valid_nhs_number(str(number)) for number in pool[:: len(pool) // 2000])


@given(seed=st.integers(0, 2**31))
def test_two_persons_never_share_an_nhs_number(seed: int) -> None:
    numbers = nhs_numbers(seed, np.arange(5_000))
    assert len(np.unique(numbers)) == 5_000


def test_a_person_beyond_the_pool_is_refused() -> None:
    with pytest.raises(Refused, match="smaller scale"):
        nhs_numbers(1, np.array([1_000_000]))


def test_telephone_numbers_lie_in_the_drama_ranges() -> None:
    for text in phone_numbers(3, np.arange(4_000)):
        number = int(text.replace(" ", ""))
        assert any(low <= number <= high for low, high in DRAMA), text
        assert len(text.replace(" ", "")) == 11


@given(district=st.integers(1, 98), sector=st.integers(0, 9), unit=st.integers(0, 399))
def test_postcodes_have_the_right_shape_in_no_real_area(district: int, sector: int, unit: int) -> None:
    text = postcode(district, sector, unit)
    assert re.fullmatch(r"ZZ[1-9][0-9]? [0-9][ABD-HJLNP-UW-Z]{2}", text)
    assert re.match(r"[A-Z]+", text)[0] not in REAL_POSTCODE_AREAS.split()  # type: ignore[index]


@pytest.mark.parametrize(("district", "unit"), [(99, 0), (0, 0), (1, 400)])
def test_postcode_district_99_and_overfull_sectors_are_refused(district: int, unit: int) -> None:
    with pytest.raises(Refused):
        postcode(district, 0, unit)
