"""Reading the folder of published series (cases, publications, populations) that benchmarks and replays run on."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonweal.core.errors import NotThere, Refused

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from commonweal.core.epi.checks import FloatArray
    from commonweal.core.signals.publications import Triangle


AUTHORITY = re.compile(r"(lad|ltla|utla|ctyua)\d\dcd")  # headings of codes of authorities, of any year
SHAPE = "The folder needs the shape of the reference data."
AUTHORITIES = r"^E0[6-9]"  # unitary, district, metropolitan and London codes of England


class Populations:
    """Residents by authority: the authorities' own table, else the sum of small areas under the codes of any year that
    their table has, else the sum of the areas that it was made of; merged areas added up."""

    def __init__(
        self, people: dict[str, float], merged: dict[str, list[str]], successors: dict[str, list[str]] | None = None
    ) -> None:
        self.people, self.successors = people, successors or {}
        self.merged = merged | self.successors

    @classmethod
    def read(cls, directory: Path, plan: dict[str, Any]) -> Populations:
        """From the two tables that the plan names."""
        import polars as pl

        from commonweal.core.formats.indicators.cells import numbers

        small = read_csv(directory / plan["small_areas"], "pop2020")
        columns = [name for name in small.columns if AUTHORITY.fullmatch(name.lower())]
        if not columns:
            raise Refused(
                f"{directory / plan['small_areas']}: it has no column with codes of authorities (lad19cd, utla19cd, "
                f"or of another year). {SHAPE}"
            )
        counted = small.with_columns(numbers(small, "pop2020", str(directory / plan["small_areas"])))
        people: dict[str, float] = {}
        for column in columns:
            sums = counted.group_by(column).agg(pl.col("pop2020").sum())
            people |= {code: n for code, n in zip(sums[column], sums["pop2020"], strict=True) if code}
        table = read_csv(directory / plan["populations"], "area_code", "all_ages")
        stated = numbers(table, "all_ages", str(directory / plan["populations"]))
        people |= {code: n for code, n in zip(table["area_code"], stated, strict=True) if n}
        return cls(people, plan["merged"], plan.get("successors"))

    def of(self, areas: list[str]) -> FloatArray:
        """Residents of each area. Raises `NotThere` naming those without."""
        import numpy as np

        residents = {code: self._residents(code, areas) for code in areas}
        missing = [code for code, n in residents.items() if not n]
        if missing:
            raise NotThere(
                f"There is no population of {', '.join(missing[:5])} in the folder. Add it to the populations, "
                "or say in parameters/signals/benchmark.yaml, merged, of which areas it was made."
            )
        found: FloatArray = np.array([residents[code] for code in areas])
        return found

    def _residents(self, code: str, areas: Collection[str]) -> float:
        """Its own residents and those of areas whose cases are in its series; of an area that was made of others, which
        all have to be known, theirs."""
        parts = [other for other in self.merged.get(code, []) if other not in areas]
        if own := self.people.get(code):
            # a unitary authority made of districts has one number for both
            return own + sum(self.people.get(other, 0.0) for other in parts if code not in self.successors)
        theirs = [self.people.get(other, 0.0) for other in parts]
        return sum(theirs) if theirs and all(theirs) else 0.0


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
    kept = authorities(read_counts(path), path)
    days = kept["specimen_date"].to_list()
    if min(days) > first or max(days) < last:
        raise NotThere(f"{path} has cases from {min(days)} to {max(days)}; they must reach from {first} to {last}.")
    return kept


def authorities(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The rows of lower-tier authorities. Raises `NotThere` where there are none, and as `once`."""
    import polars as pl

    if "area_type" in table.columns:
        own = pl.col("area_type").str.to_lowercase() == "ltla"
    else:
        own = pl.col("area_code").str.contains(AUTHORITIES)
    kept = once(table.filter(own), path)
    if kept.is_empty():
        raise NotThere(f"{path} has no authority (area_type ltla). {SHAPE}")
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


def read_weeks(path: Path, first_week_ends: date) -> tuple[pl.DataFrame, list[str]]:
    """A weekly table of middle areas (`msoa11cd`, a column of whole numbers a week) and the names of its weeks.
    Suppressed cells are 0 here.

    Raises `Refused` where the first week is another than the one that ends on `first_week_ends`, a week is left out, or
    a cell is neither a number nor suppressed: counts would be dealt out over the wrong days.
    """
    import polars as pl

    from commonweal.core.formats.indicators.long import SUPPRESSED_MARKS
    from commonweal.core.formats.indicators.wide import WEEK

    table = read_csv(path, "msoa11cd")
    weeks = [name for name in table.columns if WEEK.match(name)]
    expected = [
        f"wk_{(first_week_ends + timedelta(days=7 * number)).isocalendar().week:02d}" for number in range(len(weeks))
    ]
    if not weeks or weeks != expected:
        said = ", ".join(weeks[:3]) or "none"
        raise Refused(
            f"{path}: its weeks begin with {said}; with the first one ending on {first_week_ends} they would be "
            f"{', '.join(expected[:3]) or 'wk_05, wk_06'} and so on. Set first_week_ends in "
            "parameters/signals/replay.yaml."
        )
    read = table.select("msoa11cd", *(pl.col(name).str.replace_all(",", "") for name in weeks))
    numbers = read.with_columns(pl.col(weeks).cast(pl.Float64, strict=False))
    for name in weeks:
        strange = read[name].is_not_null() & numbers[name].is_null() & ~read[name].is_in(SUPPRESSED_MARKS)
        if strange.any():
            row = int(strange.arg_true()[0])
            raise Refused(
                f"{path}: {read[name][row]!r} of {read['msoa11cd'][row]} in {name} is neither a number nor suppressed."
            )
    return numbers.with_columns(pl.col(weeks).fill_null(0).clip(0).cast(pl.Int64)), weeks
