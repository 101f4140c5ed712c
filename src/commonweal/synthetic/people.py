"""The people of the fictional county: households, ages, sexes, and the communal homes they live in.

Households are drawn by kind of neighbourhood from eight compositions; each composition is a list of members with an
age range. Shapes follow what the 2011 census shows for English cities and shires (inner areas: more lone tenants,
sharers and large families; villages: more couples and older people); no figure is that of a real place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from commonweal.synthetic.chance import Ints, stream, weighted_index
from commonweal.synthetic.geography import Geography

MID_2020 = date(2020, 6, 30)  # the day of the official population estimates
FEMALE, MALE = 0, 1
NOBODY = -1

# a member of a household: (lowest age, highest age, chance of being there, relation)
ELDER, ADULT, PARENT, CHILD, LATER = range(5)
COMPOSITIONS: tuple[tuple[str, tuple[tuple[int, int, float, int], ...]], ...] = (
    ("one person, working age", ((22, 66, 1.0, LATER),)),
    ("one person, 65 and over", ((65, 96, 1.0, ELDER),)),
    ("couple without children", ((24, 66, 1.0, LATER), (24, 66, 1.0, LATER), (18, 27, 0.22, CHILD))),
    ("couple, 65 and over", ((65, 92, 1.0, ELDER), (65, 92, 1.0, ELDER))),
    (
        "couple with children",
        ((24, 58, 1.0, PARENT), (24, 58, 1.0, PARENT), (0, 23, 1.0, CHILD), (0, 20, 0.66, CHILD), (0, 16, 0.24, CHILD)),
    ),
    ("one parent", ((20, 56, 1.0, PARENT), (0, 23, 1.0, CHILD), (0, 17, 0.5, CHILD), (0, 14, 0.16, CHILD))),
    ("sharers", ((18, 34, 1.0, ADULT), (18, 34, 1.0, ADULT), (18, 34, 0.7, ADULT),
     (18, 32, 0.45, ADULT), (18, 30, 0.2, ADULT))),
    (
        "three generations",
        ((62, 88, 1.0, ELDER), (62, 88, 0.6, ELDER), (26, 52, 1.0, PARENT), (26, 52, 0.95, PARENT),
         (0, 20, 1.0, CHILD), (0, 17, 0.75, CHILD), (0, 15, 0.4, CHILD)),
    ),
)  # fmt: skip
# share of households of each composition, by kind of neighbourhood (rows: inner city, terraces, suburb, town, village)
MIX = np.array(
    [
        [0.27, 0.07, 0.13, 0.04, 0.17, 0.10, 0.15, 0.07],
        [0.17, 0.09, 0.14, 0.07, 0.24, 0.11, 0.06, 0.12],
        [0.14, 0.13, 0.22, 0.12, 0.28, 0.06, 0.02, 0.03],
        [0.17, 0.14, 0.22, 0.12, 0.24, 0.08, 0.02, 0.01],
        [0.12, 0.14, 0.25, 0.17, 0.26, 0.05, 0.005, 0.005],
    ]
)
MEAN_SMALL_AREA, SPREAD_SMALL_AREA = 1_480.0, 170.0
RESIDENTS_A_CARE_HOME = 24
CARE_HOMES_A_SMALL_AREA = 0.37


@dataclass(frozen=True)
class People:
    """One position a person, in order of small area and household.

    lsoa: index of the small area. household: number, the same for those who live together. postcode: row of
    `Geography.postcodes`. birth: days since 1970-01-01. sex: FEMALE or MALE. care_home: number of the home a person
    lives in, or NOBODY. homes: the small area of each care home.
    """

    lsoa: Ints
    household: Ints
    postcode: Ints
    birth: Ints
    sex: Ints
    care_home: Ints
    homes: Ints

    def ages(self, on: date) -> Ints:
        """Age in completed years on a day."""
        return ages_on(self.birth, np.full(len(self.birth), day_number(on)))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def ages_on(birth: Ints, days: Ints) -> Ints:
    """Completed years from birth to each day; both in days since 1970-01-01. Birthdays of 29 February are in March."""
    born_year, born_place = _year_and_place(birth)
    year, place = _year_and_place(days)
    return year - born_year - (place < born_place)


def _year_and_place(days: Ints) -> tuple[Ints, Ints]:
    """Calendar year, and month and day as one number that orders the days of a year."""
    stamps: NDArray[np.datetime64] = days.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    year = stamps.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12
    return year, month * 32 + (stamps - months).astype(np.int64)


def make_people(geography: Geography, on: date = MID_2020) -> People:
    """Everybody who lives in the county, from the geography's own seed, with the ages they have on one day."""
    rng = stream(geography.seed, "people")
    lsoa, household, ages, sexes = _households(rng, geography)
    homes, home_lsoa, home_ages, home_sexes, home_number = _care_home_residents(rng, len(geography.lsoas))
    first_home = int(household.max()) + 1
    lsoa = np.concatenate([lsoa, home_lsoa])
    household = np.concatenate([household, first_home + home_number])
    ages, sexes = np.concatenate([ages, home_ages]), np.concatenate([sexes, home_sexes])
    care_home = np.concatenate([np.full(len(lsoa) - len(home_lsoa), NOBODY), home_number])
    order = np.lexsort((household, lsoa))
    lsoa, household, care_home = lsoa[order], household[order], care_home[order]
    _, household = np.unique(household, return_inverse=True)
    birth = day_number(on) - np.floor((ages[order] + rng.random(len(lsoa))) * 365.2425).astype(np.int64)
    postcode = _postcodes_of_households(rng, geography, lsoa, household)
    return People(lsoa, household, postcode, birth, sexes[order], care_home, homes)


def _households(rng: np.random.Generator, geography: Geography) -> tuple[Ints, Ints, Ints, Ints]:
    """Small area, household, age and sex of everybody in private households."""
    kind = geography.column("kind")
    size = np.array([sum(chance for _, _, chance, _ in members) for _, members in COMPOSITIONS])
    people = np.clip(rng.normal(MEAN_SMALL_AREA, SPREAD_SMALL_AREA, len(kind)), 1_000, 2_300)
    counts = np.round(people / (MIX[kind] @ size)).astype(np.int64)
    lsoa = np.repeat(np.arange(len(kind)), counts)
    chances = np.cumsum(MIX / MIX.sum(axis=1, keepdims=True), axis=1)
    composition = (rng.random(len(lsoa))[:, None] > chances[kind[lsoa]]).sum(axis=1)
    household = np.arange(len(lsoa))
    parts = [_members(rng, household[composition == c], members) for c, (_, members) in enumerate(COMPOSITIONS)]
    who, ages, sexes = (np.concatenate(column) for column in zip(*parts, strict=True))
    return lsoa[who], who, ages, sexes


def _members(
    rng: np.random.Generator, households: Ints, members: tuple[tuple[int, int, float, int], ...]
) -> tuple[Ints, Ints, Ints]:
    """Household, age and sex of the members of households of one composition; partners are near in age."""
    who, ages, sexes = [], [], []
    count = len(households)
    anchor = sexes_before = np.zeros(count, dtype=np.int64)
    for number, (low, high, chance, relation) in enumerate(members):
        here = rng.random(count) < chance
        age = _ages(rng, low, high, count, relation)
        partner = number > 0 and members[number - 1][3] == relation and relation != CHILD
        if partner:
            age = np.clip(anchor + np.round(rng.normal(0, 3.5, count)).astype(np.int64), low, high)
        sex = rng.integers(0, 2, count)
        if partner and relation != ADULT:
            sex = np.where(rng.random(count) < 0.97, 1 - sexes_before, sex)
        anchor, sexes_before = age, sex
        who.append(households[here])
        ages.append(age[here])
        sexes.append(sex[here])
    return np.concatenate(who), np.concatenate(ages), np.concatenate(sexes)


def _ages(rng: np.random.Generator, low: int, high: int, count: int, relation: int) -> Ints:
    """Elders thin out with age, parents cluster in the middle, those without children are later in life; children
    and sharers are spread evenly."""
    if relation == ELDER:
        return low + np.floor((high - low + 1) * rng.random(count) ** 1.3).astype(np.int64)
    if relation == LATER:
        return low + np.floor((high - low + 1) * rng.random(count) ** 0.62).astype(np.int64)
    if relation == PARENT:
        return low + np.floor((high - low + 1) * rng.beta(2.0, 2.0, count)).astype(np.int64)
    return rng.integers(low, high + 1, count)


def _care_home_residents(rng: np.random.Generator, cells: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Homes (their small areas), then small area, age, sex and home of each resident; two in three are women."""
    homes = np.sort(weighted_index(rng, np.ones(cells), max(3, round(cells * CARE_HOMES_A_SMALL_AREA))))
    residents = np.clip(rng.poisson(rng.gamma(4.0, RESIDENTS_A_CARE_HOME / 4.0, len(homes))), 6, 80)
    number = np.repeat(np.arange(len(homes)), residents)
    ages = np.clip(np.round(rng.normal(85, 7, len(number))), 65, 103).astype(np.int64)
    sexes = np.where(rng.random(len(number)) < 0.67, FEMALE, MALE)
    return homes, homes[number], ages, sexes, number


def _postcodes_of_households(rng: np.random.Generator, geography: Geography, lsoa: Ints, household: Ints) -> Ints:
    """Each household at one live small-user postcode of its small area."""
    table = geography.postcodes
    homes = np.flatnonzero((table["doterm"].to_numpy() == 0) & (table["usertype"].to_numpy() == 0))
    home_lsoa = table["lsoa"].to_numpy()[homes]
    first = np.searchsorted(home_lsoa, np.arange(len(geography.lsoas)))
    count = np.bincount(home_lsoa, minlength=len(geography.lsoas))
    _, head = np.unique(household, return_index=True)
    area = lsoa[head]
    chosen: Ints = homes[first[area] + np.floor(rng.random(len(head)) * count[area]).astype(np.int64)]
    return chosen[household]
