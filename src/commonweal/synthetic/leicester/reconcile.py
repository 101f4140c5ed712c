"""Making two publications agree: district counts by day, middle-area counts by week.

Within one district and week the days are known exactly, and each middle area is known exactly or lies in 0 to 2. Any
whole numbers for the middle areas that add up to the days' total can be laid out over the days (a transport problem
without limits on single cells always has a solution), so the two publications can both be true if and only if the
total T lies between the sum L of the lowest and the sum H of the highest values. Otherwise the middle areas together
must leave their intervals by at least max(L - T, T - H, 0), because each unit of the sum beyond L or H is a
unit of some area beyond its interval; `row_totals` reaches that bound.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Floats, Ints, stream
from commonweal.synthetic.leicester.published import (
    FIRST_WEEK,
    LAST_WEEK,
    LAST_WEEK_OF_JULY_TABLE,
    SUPPRESSED_AT_MOST,
    Published,
    Table,
)

MUCH_LIKELIER = 1e6


def row_totals(rng: np.random.Generator, low: Ints, high: Ints, total: int, likely: Floats) -> Ints:
    """Whole numbers that add up to `total` and leave the intervals low..high by the smallest possible sum.

    Parameters: low, high: (areas,), 0 <= low <= high; likely: (areas,) positive weights for who gets units that could
    go to several areas.
    """
    if total > high.sum():
        return high + capped_draw(rng, likely, np.full(len(high), total), int(total - high.sum()))
    if total < low.sum():
        return low - capped_draw(rng, low.astype(float) + 1e-9, low, int(low.sum() - total))
    return low + capped_draw(rng, likely, high - low, int(total - low.sum()))


def capped_draw(rng: np.random.Generator, weights: Floats, caps: Ints, total: int) -> Ints:
    """`total` units drawn without replacement from caps[i] units of each area, each unit in proportion to its weight.

    Exponential keys (Efraimidis and Spirakis 2006): the units with the smallest keys are a weighted sample. Raises
    ValueError when there are fewer units than `total`.
    """
    if total > caps.sum():
        raise ValueError(f"{total} units were asked for, but the caps allow {int(caps.sum())}.")
    owner = np.repeat(np.arange(len(caps)), np.minimum(caps, total))
    keys = rng.exponential(size=len(owner)) / np.maximum(weights[owner], 1e-300)
    chosen = owner[np.argsort(keys, kind="stable")[:total]]
    return np.bincount(chosen, minlength=len(caps)).astype(np.int64)


def lay_out(rng: np.random.Generator, rows: Ints, columns: Ints) -> Ints:
    """A random (rows, columns) table of whole numbers with these margins; both must have the same sum."""
    if rows.sum() != columns.sum():
        raise ValueError(f"The rows add up to {int(rows.sum())} and the columns to {int(columns.sum())}.")
    of_row = np.repeat(np.arange(len(rows)), rows)
    of_column = rng.permutation(np.repeat(np.arange(len(columns)), columns))
    table = np.zeros((len(rows), len(columns)), dtype=np.int64)
    np.add.at(table, (of_row, of_column), 1)
    return table


def interval_tables(published: Published, table: Table) -> tuple[Ints, Ints]:
    """Lowest and highest count of each middle area and week; weeks after the July table are those of October."""
    counts = published.weekly["october"].copy()
    if table == "july":
        known = LAST_WEEK_OF_JULY_TABLE - FIRST_WEEK + 1
        counts[:, :known] = published.weekly["july"][:, :known]
    return np.maximum(counts, 0), np.where(counts < 0, SUPPRESSED_AT_MOST, counts)


def allocate(published: Published, seed: int, table: Table = "july") -> tuple[Ints, pl.DataFrame]:
    """Counts by middle area and day that agree with the district days exactly and with the weeks as nearly as can be.

    Returns: (middle areas, days) counts; and the report of `reconciliation`.
    """
    rng = stream(seed, f"reconcile {table}")
    low, high = interval_tables(published, table)
    other = published.weekly["october" if table == "july" else "july"]
    population = published.middles["population"].to_numpy().astype(float)
    district = published.middles["lad19cd"].to_numpy()
    counts = np.zeros((len(population), len(published.days)), dtype=np.int64)
    report = []
    for number, code in enumerate(published.districts):
        members = np.flatnonzero(district == code)
        for place, week in enumerate(range(FIRST_WEEK, LAST_WEEK + 1)):
            columns = published.daily[number, 7 * place : 7 * place + 7]
            bottom, top, total = low[members, place], high[members, place], int(columns.sum())
            # where the other table shows more than this one allows, that is where further people most likely lived
            likely = population[members] + MUCH_LIKELIER * np.maximum(other[members, place] - top, 0)
            likely = likely + MUCH_LIKELIER * ((bottom == 0) & (other[members, place] > 0))
            rows = row_totals(rng, bottom, top, total, likely)
            counts[members, 7 * place : 7 * place + 7] = lay_out(rng, rows, columns)
            report.append((code, week, *_compared(bottom, top, total, rows)))
    names = ("lad19cd", "week", "district_total", "lowest", "highest", "suppressed", "achieved", "miss", "areas_missed")
    return counts, _labelled(published, table, pl.DataFrame(report, schema=list(names), orient="row"))


def reconciliation(published: Published, table: Table = "july") -> pl.DataFrame:
    """One row a district and ISO week of 2020, whether the two publications can both be true.

    Columns: table, lad19cd, district (name), week, district_total (sum of its days), lowest and highest (what the
    middle areas allow), suppressed (areas known only as 0 to 2), achieved (sum of the areas in the line list), miss
    (units by which areas leave what was published: the smallest possible), areas_missed.
    """
    return allocate(published, 0, table)[1]


def report_text(report: pl.DataFrame) -> str:
    """The report in words: how many district weeks agree, and each that cannot with its smallest miss."""
    apart = report.filter(pl.col("miss") > 0)
    agree = f"{len(report) - len(apart)} of {len(report)} district weeks agree with every published middle-area count."
    lines = (
        f"{row['district']}, week {row['week']}: the days add up to {row['district_total']}, the middle areas allow "
        f"{row['lowest']} to {row['highest']}; missed by {row['miss']}, the smallest possible."
        for row in apart.iter_rows(named=True)
    )
    return "\n".join([agree, *lines])


def _compared(low: Ints, high: Ints, total: int, rows: Ints) -> tuple[int, int, int, int, int, int, int]:
    outside = np.maximum(low - rows, 0) + np.maximum(rows - high, 0)
    return (
        total,
        int(low.sum()),
        int(high.sum()),
        int((high > low).sum()),
        int(rows.sum()),
        int(outside.sum()),
        int((outside > 0).sum()),
    )


def _labelled(published: Published, table: str, report: pl.DataFrame) -> pl.DataFrame:
    names = dict(published.lsoas.select("lad19cd", "lad19nm").unique().iter_rows())
    return report.select(
        pl.lit(table).alias("table"),
        "lad19cd",
        pl.col("lad19cd").replace_strict(names).alias("district"),
        pl.exclude("lad19cd"),
    )
