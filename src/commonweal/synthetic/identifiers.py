"""Identifiers that cannot belong to anybody: NHS numbers, telephone numbers, e-mail addresses and postcodes.

* NHS numbers begin with 999, the range kept for tests, and carry a right modulus-11 check digit.
* Telephone numbers lie in the ranges that Ofcom keeps for drama.
* E-mail is at example.org, which RFC 2606 keeps for examples.
* Postcodes are in area ZZ, which the Royal Mail does not use. District ZZ99 is left out as well: health systems use it
  for people without a fixed home or from abroad.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.synthetic.chance import Ints, hashed_index

POSTCODE_AREA = "ZZ"
MOST_POSTCODE_DISTRICTS = 98
UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # inward codes never use C I K M O V
UNITS_A_SECTOR = len(UNIT_LETTERS) ** 2

# (prefix of the number as written, digits that follow): Ofcom, "Telephone numbers for use in TV and radio drama"
DRAMA_RANGES = (("07700 900", 3), ("01632 960", 3), ("020 7946 0", 3), ("0116 496 0", 3))
MOBILE_SHARE = 0.8


@cache
def nhs_number_pool() -> Ints:
    """Every valid ten-digit number that begins with 999, ascending (about 909,000 of them)."""
    digits = 999_000_000 + np.arange(1_000_000, dtype=np.int64)
    weighted = np.zeros(len(digits), dtype=np.int64)
    for place, weight in enumerate(range(10, 1, -1)):
        weighted += digits // 10 ** (8 - place) % 10 * weight
    check = (11 - weighted % 11) % 11
    pool = (digits * 10 + check)[check < 10]
    pool.flags.writeable = False
    return pool


def nhs_numbers(seed: int, persons: Ints) -> Ints:
    """One valid test-range NHS number a person, different for different persons.

    Parameters: persons, numbers from 0 to below the size of the pool. Raises Refused for a number outside it.
    """
    pool = nhs_number_pool()
    if len(persons) and not 0 <= int(persons.min()) <= int(persons.max()) < len(pool):
        raise Refused(
            f"Person number {int(persons.max())} has no NHS number: the test range holds {len(pool):,}. "
            "Use a smaller scale."
        )
    step = 611_953  # prime, so that stepping through the pool visits every number once
    return pool[(persons * step + seed % len(pool)) % len(pool)]


def phone_numbers(seed: int, persons: Ints) -> pl.Series:
    """A telephone number a person, from the drama ranges only; a mobile number for four in five."""
    choice = hashed_index(seed, "phone range", persons, 10)
    which = np.where(choice < 10 * MOBILE_SHARE, 0, 1 + choice % (len(DRAMA_RANGES) - 1))
    prefix = pl.Series([prefix for prefix, _ in DRAMA_RANGES]).gather(which)
    tail = pl.Series(1000 + hashed_index(seed, "phone", persons, 1000)).cast(pl.String).str.slice(1)
    return (prefix + tail).alias("phone")


def postcode(district: int, sector: int, unit: int) -> str:
    """The postcode of a fictional place: `postcode(3, 1, 0)` is "ZZ3 1AA".

    Parameters: district 1 to 98, sector 0 to 9, unit 0 to 399.
    """
    if not (1 <= district <= MOST_POSTCODE_DISTRICTS and 0 <= sector <= 9 and 0 <= unit < UNITS_A_SECTOR):
        raise Refused(f"No postcode for district {district}, sector {sector}, unit {unit}. Use a smaller scale.")
    first, second = divmod(unit, len(UNIT_LETTERS))
    return f"{POSTCODE_AREA}{district} {sector}{UNIT_LETTERS[first]}{UNIT_LETTERS[second]}"
