"""Reading the folder of published series (cases, publications, populations) that benchmarks and replays run on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonweal.core.errors import NotThere, Refused

if TYPE_CHECKING:
    import polars as pl

    from commonweal.core.epi.checks import FloatArray
    from commonweal.core.signals.publications import Triangle


SHAPE = "The folder needs the shape of the reference data."


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
    table = read_counts(path, "published")
    if table.is_empty():
        raise NotThere(f"{path} has no publication. {SHAPE}")
    return triangle(table, own["start"])


def read_counts(path: Path, *dates: str) -> pl.DataFrame:
    """A long table of counts with its dates (`specimen_date` and those named) as dates. Raises `Refused` with the row
    of the first cell that is no date or whole number."""
    import polars as pl

    from commonweal.core.formats.indicators.cells import days, numbers

    columns = ("specimen_date", *dates)
    table = read_csv(path, "area_code", "new_cases", *columns)
    counts = numbers(table, "new_cases", str(path))
    broken = (counts.is_null() | (counts != counts.floor())).arg_true()
    if len(broken):
        row = int(broken[0])
        raise Refused(
            f"{path}: new_cases of {table['area_code'][row]} on {table['specimen_date'][row]} is no whole number."
        )
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
