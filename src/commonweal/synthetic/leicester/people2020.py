"""The invented people of the Leicester line list: ages, sexes, homes, routes and results."""

from __future__ import annotations

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Flags, Floats, Ints, weighted_index
from commonweal.synthetic.identifiers import postcode
from commonweal.synthetic.leicester.published import Published

# how much likelier than average a positive, or a test, is in each five-year band (0-4 to 90 and over), by pillar:
# hospital tests found old people in spring, community tests people of working age
RISK_PILLAR1 = np.array(
    [0.15, 0.1, 0.12, 0.25, 0.5, 0.6, 0.7, 0.7, 0.8, 0.9, 1.1, 1.3, 1.4, 1.6, 2.2, 3.2, 4.8, 6.5, 7.5]
)
RISK_PILLAR2 = np.array(
    [0.3, 0.35, 0.5, 0.9, 1.3, 1.4, 1.4, 1.4, 1.3, 1.3, 1.2, 1.1, 0.9, 0.6, 0.5, 0.6, 0.9, 1.3, 1.5]
)
STAND_IN_DISTRICT, STAND_INS_A_SMALL_AREA = 90, 5


def draw_ages(rng: np.random.Generator, published: Published, district: Ints, pillar1: Flags) -> Ints:
    """Ages in completed years, from each district's mid-2019 population times the risk of each band."""
    bands = published.ages.select(pl.col("^age_.*$")).to_numpy().astype(float)
    ages = np.zeros(len(district), dtype=np.int64)
    for number in range(len(published.districts)):
        for risk, hospital in ((RISK_PILLAR1, True), (RISK_PILLAR2, False)):
            here = np.flatnonzero((district == number) & (pillar1 == hospital))
            ages[here] = 5 * weighted_index(rng, bands[number] * risk, len(here)) + rng.integers(0, 5, len(here))
    return ages


def draw_birth(rng: np.random.Generator, ages: Ints, day: Ints) -> Ints:
    """Birth days (day numbers) of people who have these ages on these days."""
    birth: Ints = day - np.floor(ages * 365.2425).astype(np.int64) - rng.integers(1, 364, len(ages))
    return birth


def draw_small_areas(rng: np.random.Generator, published: Published, middle: Ints) -> Ints:
    """Positions in `published.lsoas`, by population inside each person's middle area."""
    position = {code: number for number, code in enumerate(published.middles["msoa11cd"])}
    of_lsoa = np.array([position[code] for code in published.lsoas["msoa11cd"]])
    return draw_inside(rng, of_lsoa, published.lsoas["pop2020"].to_numpy().astype(float), middle)


def draw_inside(rng: np.random.Generator, group_of: Ints, weights: Floats, wanted: Ints) -> Ints:
    """For each wanted group one of its members, in proportion to weight."""
    order = np.argsort(group_of, kind="stable")
    cumulative = np.concatenate([[0.0], np.cumsum(weights[order])])
    first = np.searchsorted(group_of[order], wanted, side="left")
    past = np.searchsorted(group_of[order], wanted, side="right")
    at = cumulative[first] + rng.random(len(wanted)) * (cumulative[past] - cumulative[first])
    chosen = np.clip(np.searchsorted(cumulative, at, side="right") - 1, first, past - 1)
    members: Ints = order[chosen].astype(np.int64)
    return members


def homes(published: Published) -> pl.DataFrame:
    """Postcodes to live at: the published ones, and stand-ins in area ZZ for small areas that have none in the file.

    The shared file holds the LE postcode area only; parts of North West Leicestershire, Melton and Hinckley and
    Bosworth have DE, NG or CV postcodes. Columns as in the file; stand-ins lie at the point of their small area.
    """
    return pl.concat([published.postcodes, stand_ins(published)]).sort("lsoa11cd", "pcds")


def stand_ins(published: Published) -> pl.DataFrame:
    """Invented postcodes for the small areas without a published one; load them beside the official file."""
    without = published.lsoas.join(published.postcodes, on="lsoa11cd", how="anti", maintain_order="left")
    rows = without[np.repeat(np.arange(len(without)), STAND_INS_A_SMALL_AREA)]
    number = np.arange(len(rows))
    newest = published.postcodes["dointr"].max()  # a file of postcodes is as old as its newest one
    names = [postcode(STAND_IN_DISTRICT + n // 4000, n // 400 % 10, n % 400) for n in number.tolist()]
    return rows.select(
        pl.Series("pcds", names, dtype=pl.String),
        pl.lit(newest, dtype=pl.Int64).alias("dointr"),
        pl.lit(None, dtype=pl.Int64).alias("doterm"),
        pl.lit(0, dtype=pl.Int64).alias("usertype"),
        pl.lit(None, dtype=pl.String).alias("oa11cd"),
        "lsoa11cd",
        "msoa11cd",
        pl.col("lad19cd").alias("ladcd"),
        pl.col("bng_e").alias("oseast1m"),
        pl.col("bng_n").alias("osnrth1m"),
        "lat",
        "long",
    )


def draw_postcodes(rng: np.random.Generator, published: Published, table: pl.DataFrame, lsoa: Ints) -> Ints:
    """Positions in the table of homes, each postcode of a small area equally likely."""
    position = {code: number for number, code in enumerate(published.lsoas["lsoa11cd"])}
    of_postcode = np.array([position[code] for code in table["lsoa11cd"]])
    return draw_inside(rng, of_postcode, np.ones(len(table)), lsoa)
