"""What really happened in an outbreak: the answers that the line list only hints at."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Flags, Ints
from commonweal.synthetic.epidemic import ROUTES
from commonweal.synthetic.identifiers import nhs_numbers
from commonweal.synthetic.linelist import dates
from commonweal.synthetic.outbreak import Outbreak
from commonweal.synthetic.people import NOBODY
from commonweal.synthetic.specimens import ANTIBODY, NEGATIVE, POSITIVE, VOID

Level = Literal["lsoa", "msoa", "ltla"]
CODE_COLUMN = {"lsoa": "lsoa11cd", "msoa": "msoa11cd", "ltla": "lad_code"}


def truth(outbreak: Outbreak) -> pl.DataFrame:
    """One row an infection, in order of infection.

    Columns: infection (row number), person (number in the world), nhs_number (as every record that has one gives it),
    infected_on, infector (row number or null), route, cluster (name, or "background"), generation, first_positive (day
    of the first specimen with a positive PCR or lateral-flow result, null where none), lsoa11cd, msoa11cd, lad_code (of
    the home).
    """
    infections, world = outbreak.infections, outbreak.world
    names = ["background", *(cluster.name for cluster in outbreak.plan.clusters)]
    count = len(infections.person)
    first = np.full(count, np.iinfo(np.int64).max)
    found = _current_positives(outbreak)
    np.minimum.at(first, outbreak.specimens.infection[found], outbreak.specimens.day[found])
    first = np.where(first == np.iinfo(np.int64).max, NOBODY, first)
    places = world.geography.lsoas.select("lsoa11cd", "msoa11cd", "lad_code")[world.people.lsoa[infections.person]]
    return pl.DataFrame(
        {
            "infection": np.arange(count),
            "person": infections.person,
            "nhs_number": pl.Series(nhs_numbers(world.seed, infections.person)).cast(pl.String),
            "infected_on": dates(infections.day),
            "infector": pl.Series(infections.infector).replace(NOBODY, None),
            "route": pl.Series(ROUTES).gather(infections.route),
            "cluster": pl.Series(names).gather(infections.cluster),
            "generation": infections.generation,
            "first_positive": dates(first, NOBODY),
        }
    ).hstack(places)


def true_counts(outbreak: Outbreak, level: Level) -> pl.DataFrame:
    """Counts by home area and day, rows with nothing left out, in order of code and day.

    Columns: code, date, infections (by day of infection), people_positive (by first positive specimen, antibody tests
    apart), positive, negative, void (specimens other than antibody tests, by specimen day, as finally known).
    """
    specimens = outbreak.specimens
    table = truth(outbreak)
    current = specimens.kind != ANTIBODY
    parts = [
        _tally(outbreak, level, outbreak.infections.person, outbreak.infections.day, "infections"),
        table.drop_nulls("first_positive")
        .group_by(pl.col(CODE_COLUMN[level]).alias("code"), pl.col("first_positive").alias("date"))
        .agg(pl.len().cast(pl.Int64).alias("people_positive")),
    ]
    for name, result in (("positive", POSITIVE), ("negative", NEGATIVE), ("void", VOID)):
        rows = np.flatnonzero(current & (specimens.result == result))
        parts.append(_tally(outbreak, level, specimens.person[rows], specimens.day[rows], name))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.join(part, on=["code", "date"], how="full", coalesce=True)
    return joined.fill_null(0).sort("code", "date")


def reporting_triangle(outbreak: Outbreak, most_days: int = 14) -> pl.DataFrame:
    """Positive specimens (not antibody) by specimen day and whole days until reported: the truth for delay estimates.

    Columns: specimen_date, delay_days (0 to most_days, later ones left out), count.
    """
    first = outbreak.messages.filter(
        (pl.col("revision") == 1) & (pl.col("result") == "positive") & (pl.col("test_type") != "antibody")
    )
    first = first.unique("record_id", keep="first", maintain_order=True)
    day = pl.col("specimen").dt.date()
    delay = (pl.col("reported").dt.date() - day).dt.total_days()
    counted = first.select(day.alias("specimen_date"), delay.alias("delay_days")).filter(
        pl.col("delay_days").is_between(0, most_days)
    )
    return (
        counted.group_by("specimen_date", "delay_days").agg(pl.len().alias("count")).sort("specimen_date", "delay_days")
    )


def _current_positives(outbreak: Outbreak) -> Flags:
    specimens = outbreak.specimens
    found: Flags = (specimens.result == POSITIVE) & (specimens.kind != ANTIBODY) & (specimens.infection != NOBODY)
    return found


def _tally(outbreak: Outbreak, level: Level, person: Ints, day: Ints, name: str) -> pl.DataFrame:
    codes = outbreak.world.geography.lsoas[CODE_COLUMN[level]].gather(outbreak.world.people.lsoa[person])
    frame = pl.DataFrame({"code": codes, "date": dates(day)})
    return frame.group_by("code", "date").agg(pl.len().cast(pl.Int64).alias(name))
