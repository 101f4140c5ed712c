"""Where people spend their days: workplaces, schools and care homes, and who goes to which.

Setting numbers have the shape of the registers they stand for: care-home location ids 1-999…, school numbers 9990…,
premises references ZZP….
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from scipy.spatial import cKDTree

from commonweal.synthetic import placenames as names
from commonweal.synthetic.chance import Flags, Floats, Ints, stream, weighted_index
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.people import NOBODY, People

WORKPLACE, PRIMARY, SECONDARY, CARE_HOME = range(4)
SETTING_TYPES = ("workplace", "school", "school", "care_home")
EMPLOYED_SHARE = 0.72  # of people aged 18 to 66
JOBS_A_WORKPLACE, LARGEST_WORKPLACE = 18.0, 1_800
PUPILS = {PRIMARY: 380, SECONDARY: 1_100}
STAFF_A_PUPIL, STAFF_A_RESIDENT = 0.09, 1.1
STAY_IN_DISTRICT, GO_TO_CITY = 0.62, 0.24


@dataclass(frozen=True)
class Settings:
    """Settings and who belongs to them.

    table: one row a setting: setting (number), kind, setting_id, name, postcode (row of Geography.postcodes), lsoa,
    jobs, beds (care homes only). work, school: (people,) the setting number of each person, or NOBODY. A resident's
    care home is setting `first_care_home + People.care_home`.
    """

    table: pl.DataFrame
    work: Ints
    school: Ints
    first_care_home: int


def make_settings(geography: Geography, people: People, on: date) -> Settings:
    """Workplaces, schools and homes for this county, and everybody's place in them by their age on one day."""
    rng = stream(geography.seed, "settings")
    ages = people.ages(on)
    parts = [
        _workplaces(rng, geography, ages),
        _schools(rng, geography, PRIMARY, int(((ages >= 4) & (ages < 11)).sum())),
        _schools(rng, geography, SECONDARY, int(((ages >= 11) & (ages < 18)).sum())),
        _homes(geography, people),
    ]
    table = pl.concat(parts).with_row_index("setting").with_columns(pl.col("setting").cast(pl.Int64))
    kind = table["kind"].to_numpy()
    school = np.full(len(ages), NOBODY)
    for level, pupils in ((PRIMARY, (ages >= 4) & (ages < 11)), (SECONDARY, (ages >= 11) & (ages < 18))):
        school[pupils] = _nearest(geography, table, level, people.lsoa[pupils])
    residents = people.care_home != NOBODY
    workers = (ages >= 18) & (ages < 67) & (rng.random(len(ages)) < EMPLOYED_SHARE) & ~residents
    work = np.full(len(ages), NOBODY)
    work[workers] = _work(rng, geography, table, people.lsoa[workers])
    return Settings(table, work, school, int(np.flatnonzero(kind == CARE_HOME)[0]))


def _frame(
    kind: int, ids: list[str], labels: list[str], postcode: Ints, lsoa: Ints, jobs: Ints, beds: Ints
) -> pl.DataFrame:
    columns = {"setting_id": ids, "name": labels, "postcode": postcode, "lsoa": lsoa, "jobs": jobs, "beds": beds}
    return pl.DataFrame(columns).with_columns(pl.lit(kind, dtype=pl.Int64).alias("kind"))


def _workplaces(rng: np.random.Generator, geography: Geography, ages: Ints) -> pl.DataFrame:
    """Sizes are lognormal, so that half of all jobs are in a small share of workplaces; more of them in inner areas."""
    workers = ((ages >= 18) & (ages < 67)).sum() * EMPLOYED_SHARE
    count = max(20, round(float(workers) / JOBS_A_WORKPLACE))
    jobs = np.clip(np.round(rng.lognormal(1.75, 1.35, count)), 2, LARGEST_WORKPLACE).astype(np.int64)
    lsoa = weighted_index(rng, np.array([4.0, 1.6, 0.8, 1.5, 0.4])[geography.column("kind")], count)
    first = rng.integers(0, len(names.WORKPLACE_WORDS), count)
    second = rng.integers(0, len(names.WORKPLACE_KINDS), count)
    labels = [
        f"{names.WORKPLACE_WORDS[a]} {names.WORKPLACE_KINDS[b]} {n + 1}"
        for n, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    ids = [f"ZZP{n + 1:05d}" for n in range(count)]
    return _frame(WORKPLACE, ids, labels, _large_user_postcodes(geography, lsoa), lsoa, jobs, np.zeros_like(jobs))


def _schools(rng: np.random.Generator, geography: Geography, level: int, pupils: int) -> pl.DataFrame:
    count = max(1, round(pupils / PUPILS[level]))
    lsoa = np.unique(np.round(np.linspace(0, len(geography.lsoas) - 1, count)).astype(np.int64))
    rng.shuffle(lsoa)
    label = names.SCHOOL_KINDS["primary" if level == PRIMARY else "secondary"]
    area = geography.lsoas["msoa11hclnm"]
    labels = [f"{area[int(i)]} {label} {n + 1}" for n, i in enumerate(lsoa)]
    ids = [f"999{(0 if level == PRIMARY else 500) + n + 1:03d}" for n in range(len(lsoa))]
    jobs = np.full(len(lsoa), max(4, round(pupils / len(lsoa) * STAFF_A_PUPIL)))
    return _frame(level, ids, labels, _large_user_postcodes(geography, lsoa), lsoa, jobs, np.zeros_like(jobs))


def _homes(geography: Geography, people: People) -> pl.DataFrame:
    """A home has the postcode where its residents live, and beds for a few more than live there."""
    living = people.care_home != NOBODY
    residents = np.bincount(people.care_home[living], minlength=len(people.homes))
    _, head = np.unique(people.care_home[living], return_index=True)
    area = geography.lsoas["msoa11hclnm"]
    labels = [
        f"{area[int(i)]} {names.HOME_KINDS[n % len(names.HOME_KINDS)]} {n + 1}" for n, i in enumerate(people.homes)
    ]
    ids = [f"1-{999_000_001 + n}" for n in range(len(people.homes))]
    jobs = np.maximum(6, np.round(residents * STAFF_A_RESIDENT)).astype(np.int64)
    return _frame(CARE_HOME, ids, labels, people.postcode[living][head], people.homes, jobs, residents + 2)


def _large_user_postcodes(geography: Geography, lsoa: Ints) -> Ints:
    """The first live large-user postcode of each small area named."""
    table = geography.postcodes
    large = np.flatnonzero((table["usertype"].to_numpy() == 1) & (table["doterm"].to_numpy() == 0))
    first: Ints = large[np.searchsorted(table["lsoa"].to_numpy()[large], lsoa)]
    return first


def _nearest(geography: Geography, table: pl.DataFrame, level: int, lsoa: Ints) -> Ints:
    schools = np.flatnonzero(table["kind"].to_numpy() == level)
    sites = geography.layout.cells.sites
    _, place = cKDTree(sites[table["lsoa"].to_numpy()[schools]]).query(sites)
    nearest: Ints = schools[place][lsoa]
    return nearest


def _work(rng: np.random.Generator, geography: Geography, table: pl.DataFrame, lsoa: Ints) -> Ints:
    """Most people work in their own district, many in the city, some anywhere; places in proportion to their jobs."""
    district = geography.layout.district
    place_district, jobs = district[table["lsoa"].to_numpy()], table["jobs"].to_numpy().astype(float)
    choice = rng.random(len(lsoa))
    wanted = np.select([choice < STAY_IN_DISTRICT, choice < STAY_IN_DISTRICT + GO_TO_CITY], [district[lsoa], 0], -1)
    work = np.empty(len(lsoa), dtype=np.int64)
    for target in np.unique(wanted):
        going: Flags = wanted == target
        weights: Floats = jobs if target < 0 else jobs * (place_district == target)
        work[going] = weighted_index(rng, weights, int(going.sum()))
    return work
