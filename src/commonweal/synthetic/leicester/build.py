"""The line list of Leicester and Leicestershire, February to July 2020, and when each record became known to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Flags, Ints, hashed_share, round_to_total, stream, weighted_index
from commonweal.synthetic.delays import DAY, measured_delays, to_utc
from commonweal.synthetic.leicester.history import NEVER, Upper, first_public, upper_areas
from commonweal.synthetic.leicester.people2020 import (
    draw_ages,
    draw_birth,
    draw_inside,
    draw_postcodes,
    draw_small_areas,
    homes,
    stand_ins,
)
from commonweal.synthetic.leicester.published import LAST_KEPT_DAY, Published, Table, read_published
from commonweal.synthetic.leicester.reconcile import allocate
from commonweal.synthetic.linelist import HOSPITAL_FEED, NATIONAL_FEED, as_text, dates, datetimes
from commonweal.synthetic.people import NOBODY, ages_on, day_number
from commonweal.synthetic.persons import describe
from commonweal.synthetic.specimens import (
    CARE_HOME_ROUTE,
    HOME_KIT,
    HOSPITAL,
    NEGATIVE,
    NEGATIVES_A_POSITIVE,
    PILLAR2_ROUTES,
    POSITIVE,
    RESULTS,
    TEST_ROUTES,
    VOID,
)

RECORDS_TO_COUNCIL = datetime(2020, 6, 25, 9, 0)  # noqa: DTZ001 - UTC; access given to the council's named users
VOID_SHARE, NHS_NUMBER_SHARE, CARE_HOME_SHARE = 0.012, 0.90, 0.5
CAPACITY_RAMP = (0.35, 1.65)  # tests a positive, first to last day, relative to the mean: capacity grew all spring
NEGATIVE_PILLAR1 = (1.0, 0.35)  # share of pillar 1 among negatives, March and July
AFTER_THE_LAST_DAYS = 14


@dataclass(frozen=True)
class Replay:
    """The line list and what belongs to it.

    records: one row a record in order of reporting: typed columns as `linelist.as_text` takes them, and feed, lsoa11cd,
    msoa11cd, lad19cd, held_since (UTC, when the result was issued), local_at (UTC, when record-level data first reached
    the council; null for negatives, which were left out of what councils were sent), public_at (UTC, first counted in a
    public figure; null for negatives and voids). report: as `reconciliation`. stand_in_postcodes: invented postcodes to
    load beside the official file, with its columns.
    """

    records: pl.DataFrame
    report: pl.DataFrame
    stand_in_postcodes: pl.DataFrame

    def line_list(self, feed: str | None = None) -> pl.DataFrame:
        """The records of one feed (or both) as text, columns as laboratories send them."""
        chosen = self.records if feed is None else self.records.filter(pl.col("feed") == feed)
        return as_text(chosen)


def leicester_replay(shared: Path, seed: int = 2020, table: Table = "july") -> Replay:
    """Build the line list from the folder of shared reference data; same folder and seed, same rows.

    Parameters: table: the middle-area table to agree with in weeks 5 to 28 (weeks 29 to 31 are always October's).
    Raises NotThere where a file of the folder is absent.
    """
    published = read_published(shared)
    counts, report = allocate(published, seed, table)
    positives = _positives(stream(seed, "positives"), published, counts)
    others = _others(stream(seed, "negatives"), published, counts)
    people = {name: np.concatenate([positives[name], others[name]]) for name in positives}
    kept = people["day"] <= (LAST_KEPT_DAY - published.days[0]).days
    people = {name: column[kept] for name, column in people.items()}
    return Replay(_records(seed, published, people), report, stand_ins(published))


def _positives(rng: np.random.Generator, published: Published, counts: Ints) -> dict[str, Ints]:
    """One person a positive: middle area and day from the counts, pillar and publication from the daily vintages."""
    middle = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    day = np.concatenate([np.repeat(np.arange(counts.shape[1]), row) for row in counts])
    district_of = {code: number for number, code in enumerate(published.districts)}
    district = np.array([district_of[code] for code in published.middles["lad19cd"]])[middle]
    shuffled = rng.permutation(len(middle))
    middle, day, district = middle[shuffled], day[shuffled], district[shuffled]
    pillar1, which, public = (np.zeros(len(middle), dtype=np.int64) for _ in range(3))
    for upper in upper_areas(published):
        here = np.flatnonzero(np.isin(district, upper.districts))
        here = here[np.lexsort((~_first_of_district(upper, district[here], day[here]), day[here]))]
        rank = np.arange(len(here)) - np.searchsorted(day[here], day[here], side="left")
        pillar1[here], which[here], public[here] = first_public(published, upper, day[here], rank)
    count = len(middle)
    held = _held_since(rng, published, day, pillar1 == 1, which, public)
    return {
        "middle": middle,
        "district": district,
        "day": day,
        "pillar1": pillar1,
        "result": np.full(count, POSITIVE),
        "held": held,
        "public": _public_times(rng, published, which, public, held),
    }


def _first_of_district(upper: Upper, district: Ints, day: Ints) -> Flags:
    """Whether each person is among the first of its district and day, as many as were pillar 1 there."""
    key = district * 1_000 + day
    order = np.argsort(key, kind="stable")
    rank = np.empty(len(key), dtype=np.int64)
    rank[order] = np.arange(len(key)) - np.searchsorted(key[order], key[order], side="left")
    row = np.searchsorted(np.array(upper.districts), district)
    first: Flags = rank < upper.pillar1[row, day]
    return first


def _held_since(
    rng: np.random.Generator, published: Published, day: Ints, pillar1: Flags, which: Ints, public: Ints
) -> Ints:
    """UTC minute at which each positive was issued.

    Where a publication shows when the person was first counted, the day of that publication, before its hour. For
    pillar 2 before July, and for everybody in the first publication, the publication hides the delay: it is drawn as
    measured in July 2020, and cut off at the publication.
    """
    start = day_number(published.days[0])
    count, first_combined = len(day), int((~published.vintages["combined"]).sum())
    drawn = (start + day + measured_delays(rng, count)) * DAY + rng.integers(60, 14 * 60, count)
    shown_on = np.array([day_number(d) for d in published.vintages["published"]])
    position = np.minimum(which, len(shown_on) - 1)
    that_day = shown_on[position] * DAY + rng.integers(60, 14 * 60, count)
    hidden = (which == 0) | (~pillar1 & (which == first_combined))
    held = np.where(hidden, np.minimum(drawn, public - 60), that_day)
    late = day_number(published.vintages["published"][-1]) * DAY + rng.integers(DAY, AFTER_THE_LAST_DAYS * DAY, count)
    return np.where(which == NEVER, late, held)


def _public_times(rng: np.random.Generator, published: Published, which: Ints, public: Ints, held: Ints) -> Ints:
    """UTC minute of the first public count: before the first publication here, the afternoon after the report."""
    afternoon = (held // DAY + (held % DAY > 15 * 60)) * DAY + 16 * 60
    public = np.where(which == 0, np.minimum(afternoon, public), public)
    return np.where(which == NEVER, afternoon + DAY * rng.integers(0, 2, len(held)), public)


def _others(rng: np.random.Generator, published: Published, counts: Ints) -> dict[str, Ints]:
    """Negatives, exactly ten a positive in each district, and a few voids; days follow positives and capacity."""
    days = counts.shape[1]
    last = (LAST_KEPT_DAY - published.days[0]).days + 1
    ramp = np.linspace(*CAPACITY_RAMP, days)
    parts = []
    for number in range(len(published.districts)):
        daily = published.daily[number].astype(float)
        smooth = np.convolve(daily, np.ones(7) / 7, mode="same") * ramp
        smooth[last:] = 0.0
        total = NEGATIVES_A_POSITIVE * int(daily[:last].sum())
        negatives = round_to_total(smooth, total)
        voids = round_to_total(smooth, round(total * VOID_SHARE))
        for kind, count in ((NEGATIVE, negatives), (VOID, voids)):
            when = np.repeat(np.arange(days), count)
            parts.append((np.full(len(when), number), when, np.full(len(when), kind)))
    district, day, result = (np.concatenate(column) for column in zip(*parts, strict=True))
    share = np.interp(day, [35, 155], NEGATIVE_PILLAR1)
    district_of = {code: number for number, code in enumerate(published.districts)}
    of_middle = np.array([district_of[code] for code in published.middles["lad19cd"]])
    start = day_number(published.days[0])
    held = (start + day + measured_delays(rng, len(day))) * DAY + rng.integers(60, 24 * 60, len(day))
    return {
        "middle": draw_inside(rng, of_middle, published.middles["population"].to_numpy().astype(float), district),
        "district": district,
        "day": day,
        "pillar1": (rng.random(len(day)) < share).astype(np.int64),
        "result": result,
        "held": held,
        "public": np.full(len(day), NEVER),
    }


def _records(seed: int, published: Published, people: dict[str, Ints]) -> pl.DataFrame:
    rng = stream(seed, "records")
    pillar1, positive = people["pillar1"] == 1, people["result"] == POSITIVE
    count = len(pillar1)
    day = day_number(published.days[0]) + people["day"]
    lsoa = draw_small_areas(rng, published, people["middle"])
    table = homes(published)
    home = draw_postcodes(rng, published, table, lsoa)
    age = draw_ages(rng, published, people["district"], pillar1)
    birth = draw_birth(rng, age, day)
    sex = rng.integers(0, 2, count)
    route = _routes(rng, pillar1, age)
    specimen = day * DAY + np.floor((8 + 11 * rng.beta(1.6, 1.9, count)) * 60).astype(np.int64)
    held = np.maximum(people["held"], to_utc(specimen) + 120)
    symptomatic = rng.random(count) < np.where(positive, 0.75, 0.6)
    onset = np.where(symptomatic & (rng.random(count) < 0.7), day - rng.poisson(2.2, count), NOBODY)
    received = to_utc(specimen) + np.floor((held - to_utc(specimen)) * rng.uniform(0.3, 0.7, count)).astype(np.int64)
    public = pl.Series(people["public"] != NEVER)
    person = np.arange(count)
    feed = pl.Series([NATIONAL_FEED, HOSPITAL_FEED]).gather(pillar1.astype(np.int64))
    prefix = pl.Series(["NT-", "HL-"]).gather(pillar1.astype(np.int64))
    local = np.where(pillar1, held, np.maximum(held, _minute(RECORDS_TO_COUNCIL)))
    records = describe(seed, person, person, sex, home).with_columns(
        (prefix + pl.Series(person).cast(pl.String).str.zfill(8)).alias("record_id"),
        (prefix + "P" + pl.Series(person).cast(pl.String).str.zfill(8)).alias("person_id"),
        pl.when(pl.Series(hashed_share(seed, "nhs", person) < NHS_NUMBER_SHARE)).then(pl.col("nhs_number")),
        dates(birth).alias("date_of_birth"),
        pl.Series("age_years", ages_on(birth, day)),
        pl.Series(["female", "male"]).gather(sex).alias("sex"),
        table["pcds"].gather(home).alias("postcode"),
        pl.Series(["given_at_test", "patient_index"]).gather(pillar1.astype(np.int64)).alias("postcode_source"),
        pl.lit(None, dtype=pl.String).alias("workplace_name"),
        pl.lit(None, dtype=pl.String).alias("workplace_postcode"),
        pl.Series(["pillar2", "pillar1"]).gather(pillar1.astype(np.int64)).alias("pillar"),
        pl.Series(TEST_ROUTES).gather(route).alias("test_route"),
        pl.lit("pcr").alias("test_type"),
        pl.Series(RESULTS).gather(people["result"]).alias("result"),
        pl.Series("symptomatic", symptomatic),
        dates(onset, NOBODY).alias("onset_date"),
        datetimes(specimen).alias("specimen"),
        pl.Series("date_only", (route == HOME_KIT) & (rng.random(count) < 0.3)),
        datetimes(received).alias("lab_received"),
        datetimes(held).alias("reported"),
        pl.lit("unknown").alias("setting_type"),
        pl.lit(None, dtype=pl.String).alias("setting_id"),
        pl.Series("revision", np.ones(count, dtype=np.int64)),
        feed.alias("feed"),
        table["lsoa11cd"].gather(home).alias("lsoa11cd"),
        table["msoa11cd"].gather(home).alias("msoa11cd"),
        table["ladcd"].gather(home).alias("lad19cd"),
        datetimes(held).alias("held_since"),
        pl.when(pl.Series(positive)).then(datetimes(local)).alias("local_at"),
        pl.when(public).then(datetimes(np.where(people["public"] == NEVER, 0, people["public"]))).alias("public_at"),
    )
    return records.sort("reported", "record_id")


def _routes(rng: np.random.Generator, pillar1: Flags, age: Ints) -> Ints:
    """Hospitals for pillar 1; for pillar 2 care-home rounds for half of the oldest, sites and kits for the others."""
    other = weighted_index(rng, PILLAR2_ROUTES, len(age))
    in_home = (age >= 75) & (rng.random(len(age)) < CARE_HOME_SHARE)
    return np.select([pillar1, in_home], [HOSPITAL, CARE_HOME_ROUTE], other)


def _minute(instant: datetime) -> int:
    return (instant.date() - date(1970, 1, 1)).days * DAY + instant.hour * 60 + instant.minute
