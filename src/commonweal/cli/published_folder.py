"""Reading the folder of published series (cases, publications, populations) that benchmarks and replays run on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonweal.core.errors import NotThere, Refused

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from commonweal.core.epi.checks import FloatArray
    from commonweal.core.signals.publications import Triangle


SHAPE = "The folder needs the shape of the reference data."
AUTHORITIES = r"^E0[6-9]"  # unitary, district, metropolitan and London codes of England


class Populations:
    """Residents by authority: the authorities' own table, else the sum of small areas; merged areas added up."""

    def __init__(self, people: dict[str, float], merged: dict[str, list[str]]) -> None:
        self.people, self.merged = people, merged

    @classmethod
    def read(cls, directory: Path, plan: dict[str, Any]) -> Populations:
        """From the two tables that the plan names."""
        import polars as pl

        from commonweal.core.formats.indicators.cells import numbers

        small = read_csv(directory / plan["small_areas"], "lad19cd", "utla19cd", "pop2020")
        people: dict[str, float] = {}
        for column in ("lad19cd", "utla19cd"):
            counted = small.with_columns(numbers(small, "pop2020", str(directory / plan["small_areas"])))
            sums = counted.group_by(column).agg(pl.col("pop2020").sum())
            people |= dict(zip(sums[column], sums["pop2020"], strict=True))
        table = read_csv(directory / plan["populations"], "area_code", "all_ages")
        stated = numbers(table, "all_ages", str(directory / plan["populations"]))
        people |= {code: n for code, n in zip(table["area_code"], stated, strict=True) if n}
        return cls(people, plan["merged"])

    def of(self, areas: list[str]) -> FloatArray:
        """Residents of each area. Raises `NotThere` naming those without."""
        import numpy as np

        missing = [code for code in areas if not self.people.get(code)]
        if missing:
            raise NotThere(f"There is no population of {', '.join(missing[:5])} in the folder.")
        extra = [
            sum(self.people.get(other, 0.0) for other in self.merged.get(code, []) if other not in areas)
            for code in areas
        ]
        found: FloatArray = np.array([self.people[code] for code in areas]) + np.array(extra)
        return found


def read_triangle(directory: Path, own: dict[str, Any]) -> Triangle:
    """Every publication of one of the plan's triangles. Raises `NotThere` where it has none."""
    from commonweal.core.signals.publications import triangle

    path = directory / own["file"]
    table = once(read_counts(path, "published"), path, "published")
    if table.is_empty():
        raise NotThere(f"{path} has no publication. {SHAPE}")
    return triangle(table, own["start"])


def read_authorities(path: Path, first: date, last: date) -> pl.DataFrame:
    """Counts of lower-tier authorities, which must reach from `first` to `last`. Rows of other levels are left out, by
    `area_type` or, without that column, by the beginnings of English authorities' codes. Raises `NotThere`."""
    import polars as pl

    table = read_counts(path)
    if "area_type" in table.columns:
        own = pl.col("area_type").str.to_lowercase() == "ltla"
    else:
        own = pl.col("area_code").str.contains(AUTHORITIES)
    kept = once(table.filter(own), path)
    if kept.is_empty():
        raise NotThere(f"{path} has no authority (area_type ltla). {SHAPE}")
    days = kept["specimen_date"].to_list()
    if min(days) > first or max(days) < last:
        raise NotThere(f"{path} has cases from {min(days)} to {max(days)}; they must reach from {first} to {last}.")
    return kept


def once(table: pl.DataFrame, path: Path, *dates: str) -> pl.DataFrame:
    """The table with each area and day (and each of `dates`) once: rows that say the same twice are one. Raises
    `Refused` with the first that says two things."""
    import polars as pl

    keys = ["area_code", "specimen_date", *dates]
    if table.select(pl.struct(keys).hash().n_unique()).item() == table.height:
        return table  # a million different keys; only where two look alike are they compared in full
    kept = table.unique(subset=[*keys, "new_cases"], maintain_order=True)
    twice = kept.filter(pl.struct(keys).is_duplicated())
    if not twice.is_empty():
        area, day = twice["area_code"][0], twice["specimen_date"][0]
        said = twice.filter((pl.col("area_code") == area) & (pl.col("specimen_date") == day))["new_cases"].to_list()
        raise Refused(f"{path}: new_cases of {area} on {day} is both {said[0]} and {said[1]}. Keep the one that holds.")
    return kept


def read_counts(path: Path, *dates: str) -> pl.DataFrame:
    """A long table of counts with its dates (`specimen_date` and those named) as dates. Raises `Refused` with the row
    of the first cell that is no date or whole number."""
    import polars as pl

    from commonweal.core.formats.indicators.cells import days, numbers

    columns = ("specimen_date", *dates)
    table = read_csv(path, "area_code", "new_cases", *columns)
    counts = numbers(table, "new_cases", str(path))
    broken = (counts.is_null() | (counts != counts.floor()) | (counts < 0)).arg_true()
    if len(broken):
        row = int(broken[0])
        what = "no whole number" if counts[row] is None or counts[row] >= 0 else f"{counts[row]:g}, less than nobody"
        raise Refused(f"{path}: new_cases of {table['area_code'][row]} on {table['specimen_date'][row]} is {what}.")
    return table.with_columns(*(days(table, name, str(path)) for name in columns), counts.cast(pl.Int64))


def read_csv(path: Path, *needed: str) -> pl.DataFrame:
    """A table of the folder as text, which has at least the columns named. Raises `NotThere` and `Refused`."""
    from commonweal.core.formats.indicators.opening import ROW, opened

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise NotThere(f"{path}: {error.strerror}. {SHAPE}") from error
    table = opened(raw, str(path), needed)
    found = [name for name in table.columns if name != ROW]
    missing = [name for name in needed if name not in found]
    if missing:
        raise Refused(f"{path}: it lacks the column {', '.join(missing)}; it has {', '.join(found[:8])}. {SHAPE}")
    return table
