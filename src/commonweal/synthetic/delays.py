"""How long a result takes: from the specimen to the laboratory, to the report, by pillar, route and weekday.

Hospital laboratories test next door and report within a day or so. Kits travel by post, which does not run on Sundays;
sites send by courier in the evening. Laboratories work more slowly at weekends. Times are minutes since 1970-01-01;
specimen times are London wall-clock minutes, all others UTC.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Ints, weighted_index
from commonweal.synthetic.specimens import CARE_HOME_ROUTE, HOME_KIT, HOSPITAL, SATELLITE

DAY = 24 * 60
SUNDAY_SLOWNESS, SATURDAY_SLOWNESS = 1.6, 1.3

# share of positives reported within 1, 2 … 6 days of the specimen, Leicester, specimens of July 2020 (published counts)
MEASURED_COMPLETENESS = (0.07, 0.67, 0.86, 0.93, 0.97, 0.99)


class Times(NamedTuple):
    """specimen: London wall-clock minutes. received, reported: UTC minutes. All since 1970-01-01."""

    specimen: Ints
    received: Ints
    reported: Ints


def weekday(days: Ints) -> Ints:
    """0 for Monday to 6 for Sunday, of day numbers since 1970-01-01 (a Thursday)."""
    return (days + 3) % 7


def to_utc(london: Ints) -> Ints:
    """London wall-clock minutes to UTC minutes; of a repeated hour the first, a skipped hour is moved on by one."""
    wall = pl.Series(london * 60_000).cast(pl.Datetime("ms"))
    zoned = wall.dt.replace_time_zone("Europe/London", ambiguous="earliest", non_existent="null")
    minutes = zoned.dt.convert_time_zone("UTC").dt.timestamp("ms") // 60_000
    return minutes.fill_null(pl.Series(london)).to_numpy().astype(np.int64)


def draw_times(rng: np.random.Generator, day: Ints, route: Ints) -> Times:
    """Times of tests taken on `day` (day numbers) by `route` (positions in TEST_ROUTES)."""
    count = len(day)
    hospital, kit = route == HOSPITAL, (route == HOME_KIT) | (route == SATELLITE) | (route == CARE_HOME_ROUTE)
    hour = np.where(hospital, rng.uniform(0, 24, count), 8 + 11 * rng.beta(1.6, 1.9, count))
    specimen = day * DAY + np.floor(hour * 60).astype(np.int64)
    utc = to_utc(specimen)
    next_day_post = 1 + (weekday(day) == 5).astype(np.int64)  # a Saturday's kit is collected on Monday
    by_courier = (day + 1) * DAY + np.floor(rng.uniform(-4, 7, count) * 60).astype(np.int64)
    by_post = (day + next_day_post) * DAY + np.floor(rng.uniform(7, 17, count) * 60).astype(np.int64)
    by_hand = utc + np.floor(rng.gamma(2.0, 90.0, count)).astype(np.int64) + 15
    received = np.maximum(np.select([hospital, kit], [by_hand, by_post], by_courier), utc + 15)
    hours = np.where(hospital, rng.lognormal(2.2, 0.55, count), rng.lognormal(2.75, 0.55, count))
    arrived = weekday(received // DAY)
    slow = np.select([arrived == 6, arrived == 5], [SUNDAY_SLOWNESS, SATURDAY_SLOWNESS], 1.0)
    reported = received + np.floor(hours * slow * 60).astype(np.int64) + 30
    return Times(specimen, received, reported)


def measured_delays(rng: np.random.Generator, count: int) -> Ints:
    """Whole days from specimen to report, drawn so that completeness is as measured in July 2020."""
    shares = np.diff(np.array([0.0, *MEASURED_COMPLETENESS, 0.995, 0.998, 1.0]))
    return 1 + weighted_index(rng, shares, count)
