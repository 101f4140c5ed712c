"""A large line list for measuring speed: right in shape and in its share of faults, without an epidemic behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.synthetic.chance import Ints, hashed_index, hashed_share, stream, weighted_index
from commonweal.synthetic.delays import draw_times
from commonweal.synthetic.identifiers import nhs_number_pool, postcode
from commonweal.synthetic.linelist import as_text, dates, datetimes
from commonweal.synthetic.people import NOBODY, ages_on, day_number
from commonweal.synthetic.persons import describe
from commonweal.synthetic.specimens import HOME_KIT, HOSPITAL, PILLAR2_ROUTES, PILLARS, RESULTS, TEST_ROUTES, TEST_TYPES

FIRST_DAY, DAYS = date(2020, 6, 1), 60
POSITIVE_SHARE, VOID_SHARE, HOSPITAL_SHARE = 0.09, 0.012, 0.2
SECOND_VERSIONS, REPEATS = 0.03, 0.01
PERSONS_A_RECORD = 0.8
NO_POSTCODE, NO_NHS_NUMBER = 0.02, 0.10


def benchmark_line_list(rows: int, seed: int, postcodes: Sequence[str] | None = None) -> pl.DataFrame:
    """A line list of exactly `rows` rows: 1 % repeats, 3 % second versions, some people tested more than once.

    Parameters: postcodes: those to live at (else some thousands in area ZZ). Columns as `line_list` gives them.
    Raises Refused for fewer than one row or an empty list of postcodes.
    """
    if rows < 1:
        raise Refused(f"A line list of {rows} rows cannot be made. Ask for at least one.")
    if postcodes is not None and not len(postcodes):
        raise Refused("The list of postcodes is empty. Give some, or leave the argument out.")
    rng = stream(seed, "benchmark")
    repeats, seconds = int(rows * REPEATS), int(rows * SECOND_VERSIONS)
    first = _records(rng, seed, rows - repeats - seconds, pl.Series(postcodes or _some_postcodes()))
    second = first[np.sort(rng.permutation(len(first))[:seconds])].with_columns(
        pl.lit(2, dtype=pl.Int64).alias("revision")
    )
    again = first[np.sort(rng.permutation(len(first))[:repeats])]
    return pl.concat([as_text(first), as_text(second), as_text(again)])


def _some_postcodes() -> list[str]:
    return [postcode(district, sector, unit) for district in range(1, 26) for sector in range(10) for unit in range(40)]


def _records(rng: np.random.Generator, seed: int, count: int, postcodes: pl.Series) -> pl.DataFrame:
    persons = max(1, min(int(count * PERSONS_A_RECORD), len(nhs_number_pool())))
    person = rng.integers(0, persons, count)
    household = person // 2
    sex = hashed_index(seed, "sex", person, 2)
    birth = day_number(FIRST_DAY) - 1 - hashed_index(seed, "birth", person, 90 * 365)
    home = hashed_index(seed, "home", household, len(postcodes))
    day = np.sort(day_number(FIRST_DAY) + rng.integers(0, DAYS, count))
    hospital = rng.random(count) < HOSPITAL_SHARE
    route = np.where(hospital, HOSPITAL, weighted_index(rng, PILLAR2_ROUTES, count))
    times = draw_times(rng, day, route)
    symptomatic = rng.random(count) < 0.6
    onset = np.where(symptomatic, day - rng.integers(0, 6, count), NOBODY)
    result = np.searchsorted(np.array([POSITIVE_SHARE, 1 - VOID_SHARE]), rng.random(count), side="right")
    has_postcode, has_nhs = (
        rng.random(count) >= NO_POSTCODE,
        hashed_share(seed, "nhs", np.arange(count)) >= NO_NHS_NUMBER,
    )
    return describe(seed, person, household, sex, home).with_columns(
        _texts("BN-", np.arange(count)).alias("record_id"),
        _texts("BP-", person).alias("person_id"),
        pl.when(pl.Series(has_nhs)).then(pl.col("nhs_number")),
        dates(birth).alias("date_of_birth"),
        pl.Series("age_years", ages_on(birth, day)),
        pl.Series(["female", "male"]).gather(sex).alias("sex"),
        pl.when(pl.Series(has_postcode)).then(postcodes.gather(home)).alias("postcode"),
        pl.Series(["unknown", "given_at_test"]).gather(has_postcode.astype(np.int64)).alias("postcode_source"),
        pl.lit(None, dtype=pl.String).alias("workplace_name"),
        pl.lit(None, dtype=pl.String).alias("workplace_postcode"),
        pl.Series(PILLARS).gather((~hospital).astype(np.int64)).alias("pillar"),
        pl.Series(TEST_ROUTES).gather(route).alias("test_route"),
        pl.lit(TEST_TYPES[0]).alias("test_type"),
        pl.Series(RESULTS).gather(result).alias("result"),
        pl.Series("symptomatic", symptomatic),
        dates(onset, NOBODY).alias("onset_date"),
        datetimes(times.specimen).alias("specimen"),
        pl.Series("date_only", (route == HOME_KIT) & (rng.random(count) < 0.3)),
        datetimes(times.received).alias("lab_received"),
        datetimes(times.reported).alias("reported"),
        pl.lit("unknown").alias("setting_type"),
        pl.lit(None, dtype=pl.String).alias("setting_id"),
        pl.Series("revision", np.ones(count, dtype=np.int64)),
    )


def _texts(prefix: str, numbers: Ints) -> pl.Series:
    return pl.Series([prefix]).new_from_index(0, len(numbers)) + pl.Series(numbers).cast(pl.String).str.zfill(8)
