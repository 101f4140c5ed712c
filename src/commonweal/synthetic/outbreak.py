"""An outbreak in the fictional county: infections, specimens, and every message that laboratories send about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.synthetic.chance import Flags, Ints, stream
from commonweal.synthetic.delays import DAY, Times, draw_times
from commonweal.synthetic.epidemic import Infections, Plan, default_plan, simulate
from commonweal.synthetic.linelist import FEEDS, HOSPITAL_FEED, NATIONAL_FEED, as_text, dates, datetimes
from commonweal.synthetic.people import NOBODY, ages_on
from commonweal.synthetic.persons import describe
from commonweal.synthetic.specimens import (
    HOME_KIT,
    LOCAL,
    NEGATIVE,
    PILLARS,
    REGIONAL,
    RESULTS,
    TEST_ROUTES,
    TEST_TYPES,
    VOID,
    Specimens,
    setting_types,
    take_tests,
)
from commonweal.synthetic.world import World

NHS_NUMBER_SHARE = 0.90
POSTCODE_MISSING, POSTCODE_OF_SITE = 0.02, 0.015
CORRECTED_SHARE, RESENT_SHARE = 0.025, 0.008
SEX_UNKNOWN_SHARE = 0.004
DATE_ONLY_SHARE = 0.3  # of home kits: the person wrote a date and no time
TEST_SITES = 6


@dataclass(frozen=True)
class Outbreak:
    """A world, what happened in it, and what was sent.

    messages: one row a message in order of sending, typed columns as `linelist.as_text` takes them, and besides: feed,
    sent (UTC), specimen_number (position in specimens), faulty_postcode (missing or of a test site in this version).
    """

    world: World
    plan: Plan
    seed: int
    infections: Infections
    specimens: Specimens
    messages: pl.DataFrame


def make_outbreak(world: World, seed: int, first_day: date, days: int = 90, plan: Plan | None = None) -> Outbreak:
    """Simulate an outbreak and everything that laboratories report of it; specimens end with the last day.

    Parameters: first_day, days: the span of infections and specimens; plan: other than the usual three clusters.
    """
    plan = plan or default_plan(world, first_day, days)
    infections = simulate(world, plan, seed)
    specimens = take_tests(world, plan, infections, seed)
    return Outbreak(world, plan, seed, infections, specimens, _messages(world, seed, specimens))


def line_list(outbreak: Outbreak, *, feed: str | None = None, until: datetime | None = None) -> pl.DataFrame:
    """What was sent, as text, in order of sending: corrections and repeats included.

    Parameters: feed: one of FEEDS, or None for both; until: an instant (UTC where it names no zone); what
    was sent later is left out.
    """
    return as_text(sent_messages(outbreak, feed=feed, until=until))


def sent_messages(outbreak: Outbreak, *, feed: str | None = None, until: datetime | None = None) -> pl.DataFrame:
    """The messages of `line_list` with typed columns, their feed and the time of sending."""
    messages = outbreak.messages
    if feed is not None:
        if feed not in FEEDS:
            raise Refused(f"There is no feed called {feed}. Choose {' or '.join(FEEDS)}.")
        messages = messages.filter(pl.col("feed") == feed)
    if until is not None:
        instant = until.astimezone(UTC).replace(tzinfo=None) if until.tzinfo else until
        messages = messages.filter(pl.col("sent") <= instant)
    return messages


def _messages(world: World, seed: int, specimens: Specimens) -> pl.DataFrame:
    rng = stream(seed, "messages")
    times = draw_times(rng, specimens.day, specimens.route)
    records = _records(rng, world, seed, specimens, times)
    first, second = _with_corrections(rng, world, specimens, records)
    return _with_repeats(rng, pl.concat([first, second])).sort("sent", "record_id", "revision", maintain_order=True)


def _records(rng: np.random.Generator, world: World, seed: int, specimens: Specimens, times: Times) -> pl.DataFrame:
    """One right record a specimen, before faults."""
    people, person = world.people, specimens.person
    count, hospital = len(person), specimens.pillar == 0
    pcds = world.geography.postcodes["pcds"]
    source = np.where(hospital, 1, np.where(rng.random(count) < 0.9, 0, 2))
    return _who(rng, world, specimens).with_columns(
        pl.Series("specimen_number", np.arange(count)),
        pl.Series([NATIONAL_FEED, HOSPITAL_FEED]).gather(hospital.astype(np.int64)).alias("feed"),
        _numbers(hospital, "HL", "NT", np.arange(count)).alias("record_id"),
        _numbers(hospital, "HP", "NP", _scrambled(seed, person, hospital)).alias("person_id"),
        pl.Series("age_years", ages_on(people.birth[person], specimens.day)),
        pcds.gather(people.postcode[person]).alias("postcode"),
        pl.Series(["given_at_test", "patient_index", "laboratory"]).gather(source).alias("postcode_source"),
        pl.Series(PILLARS).gather(specimens.pillar).alias("pillar"),
        pl.Series(TEST_ROUTES).gather(specimens.route).alias("test_route"),
        pl.Series(TEST_TYPES).gather(specimens.kind).alias("test_type"),
        pl.Series(RESULTS).gather(specimens.result).alias("result"),
        pl.Series("symptomatic", specimens.symptomatic).replace(NOBODY, None).cast(pl.Boolean),
        dates(specimens.onset, NOBODY).alias("onset_date"),
        datetimes(times.specimen).alias("specimen"),
        pl.Series("date_only", (specimens.route == HOME_KIT) & (rng.random(count) < DATE_ONLY_SHARE)),
        datetimes(times.received).alias("lab_received"),
        datetimes(times.reported).alias("reported"),
        datetimes(times.reported).alias("sent"),
        setting_types(world, specimens.setting).alias("setting_type"),
        _of_setting(world, "setting_id", specimens.setting).alias("setting_id"),
        pl.Series("revision", np.ones(count, dtype=np.int64)),
        pl.Series("faulty_postcode", np.zeros(count, dtype=np.bool_)),
    )


def _who(rng: np.random.Generator, world: World, specimens: Specimens) -> pl.DataFrame:
    """The personal columns, one row a specimen; the NHS number is left out for one in ten."""
    people, person = world.people, specimens.person
    unique, back = np.unique(person, return_inverse=True)
    details = describe(world.seed, unique, people.household[unique], people.sex[unique], people.postcode[unique])
    work = np.where(rng.random(len(person)) < 0.12, world.settings.work[person], NOBODY)
    work_postcode = world.geography.postcodes["pcds"][world.settings.table["postcode"].to_numpy()]
    return details[back].with_columns(
        pl.when(pl.Series(rng.random(len(person)) < NHS_NUMBER_SHARE)).then(pl.col("nhs_number")),
        dates(people.birth[person]).alias("date_of_birth"),
        pl.Series(["female", "male"]).gather(people.sex[person]).alias("sex"),
        _of_setting(world, "name", work).alias("workplace_name"),
        pl.when(pl.Series(work != NOBODY)).then(work_postcode.gather(np.maximum(work, 0))).alias("workplace_postcode"),
    )


def _of_setting(world: World, column: str, settings: Ints) -> pl.Series:
    """A text about each setting; null for NOBODY."""
    texts = world.settings.table[column].gather(np.maximum(settings, 0))
    return texts.zip_with(
        pl.Series(settings != NOBODY), pl.Series([None], dtype=pl.String).new_from_index(0, len(texts))
    )


def _numbers(hospital: Flags, for_hospital: str, for_national: str, numbers: Ints) -> pl.Series:
    """Feed numbers such as NT-00012345: a prefix of the feed and eight digits."""
    prefix = pl.Series([for_national, for_hospital]).gather(hospital.astype(np.int64))
    return prefix + "-" + pl.Series(numbers).cast(pl.String).str.zfill(8)


def _scrambled(seed: int, person: Ints, hospital: Flags) -> Ints:
    """Another number for each person, different in the two feeds: a step through a prime field, so none twice."""
    prime = 99_999_989
    step = np.where(hospital, 31_415_927, 27_182_819)
    return (person * step + seed % prime + hospital) % prime


def _with_corrections(
    rng: np.random.Generator, world: World, specimens: Specimens, records: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """First versions with faults in some, and the second versions that mend faults.

    Faults: a postcode missing or that of the test site (half of them mended later), a void that was a negative, a sex
    not known. A correction comes one to six days after the report. The rest of the second versions repeat the first.
    """
    count = len(records)
    chance = rng.random(count)
    at_site = np.isin(specimens.route, (REGIONAL, LOCAL)) & (rng.random(count) < POSTCODE_OF_SITE * 2.4)
    missing = ~at_site & (rng.random(count) < POSTCODE_MISSING)
    unknown_sex = rng.random(count) < SEX_UNKNOWN_SHARE
    was_void = (specimens.result == NEGATIVE) & (rng.random(count) < 0.002)
    faulty = at_site | missing | unknown_sex | was_void
    mended = np.where(faulty, chance < 0.45, chance < CORRECTED_SHARE / 2)
    sites = _test_sites(world)
    first = records.with_columns(
        pl.when(pl.Series(at_site)).then(sites.gather(rng.integers(0, len(sites), count)))
        .when(pl.Series(~missing)).then(pl.col("postcode")).alias("postcode"),
        pl.when(pl.Series(missing)).then(pl.lit("unknown")).otherwise("postcode_source").alias("postcode_source"),
        pl.when(pl.Series(unknown_sex)).then(pl.lit("unknown")).otherwise("sex").alias("sex"),
        pl.when(pl.Series(was_void & mended)).then(pl.lit(RESULTS[VOID])).otherwise("result").alias("result"),
        pl.Series("faulty_postcode", at_site | missing),
    )  # fmt: skip
    later = pl.duration(minutes=pl.lit(pl.Series(rng.integers(DAY, 6 * DAY, count))))
    second = records.with_columns(
        pl.lit(2, dtype=pl.Int64).alias("revision"), pl.col("reported") + later, pl.col("sent") + later
    ).filter(pl.Series(mended))
    return first, second


def _test_sites(world: World) -> pl.Series:
    """Postcodes of the test sites: large users, spread over the county."""
    table = world.geography.postcodes.filter((pl.col("usertype") == 1) & (pl.col("doterm") == 0))
    rows = np.unique(np.round(np.linspace(0, len(table) - 1, TEST_SITES)).astype(np.int64))
    return table["pcds"].gather(rows)


def _with_repeats(rng: np.random.Generator, messages: pl.DataFrame) -> pl.DataFrame:
    """Some messages are sent a second time, word for word, up to two days later."""
    again = messages.filter(pl.Series(rng.random(len(messages)) < RESENT_SHARE))
    later = pl.duration(minutes=pl.lit(pl.Series(rng.integers(30, 2 * DAY, len(again)))))
    return pl.concat([messages, again.with_columns(pl.col("sent") + later)])
