"""Reading the folder of published series (cases, publications, populations) that benchmarks and replays run on."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonweal.core.errors import NotThere

if TYPE_CHECKING:
    import polars as pl

    from commonweal.core.epi.checks import FloatArray
    from commonweal.core.signals.publications import Triangle


class Populations:
    """Residents by authority: the authorities' own table, else the sum of small areas; merged areas added up."""

    def __init__(self, people: dict[str, float], merged: dict[str, list[str]]) -> None:
        self.people, self.merged = people, merged

    @classmethod
    def read(cls, directory: Path, plan: dict[str, Any]) -> Populations:
        """From the two tables that the plan names."""
        import polars as pl

        small = read_csv(directory / plan["small_areas"])
        people: dict[str, float] = {}
        for column in ("lad19cd", "utla19cd"):
            sums = small.group_by(column).agg(pl.col("pop2020").cast(pl.Float64).sum())
            people |= dict(zip(sums[column], sums["pop2020"], strict=True))
        table = read_csv(directory / plan["populations"])
        people |= dict(zip(table["area_code"], table["all_ages"].cast(pl.Float64), strict=True))
        return cls(people, plan["merged"])

    def of(self, areas: list[str]) -> FloatArray:
        """Residents of each area. Raises `NotThere` naming those without."""
        import numpy as np

        missing = [code for code in areas if code not in self.people]
        if missing:
            raise NotThere(f"There is no population of {', '.join(missing[:5])} in the folder.")
        extra = [
            sum(self.people.get(other, 0.0) for other in self.merged.get(code, []) if other not in areas)
            for code in areas
        ]
        found: FloatArray = np.array([self.people[code] for code in areas]) + np.array(extra)
        return found


def read_triangle(directory: Path, own: dict[str, Any]) -> Triangle:
    """Every publication of one of the plan's triangles."""
    from commonweal.core.signals.publications import triangle

    return triangle(read_counts(directory / own["file"]), own["start"])


def read_counts(path: Path) -> pl.DataFrame:
    """A long table of counts with its dates as dates."""
    import polars as pl

    table = read_csv(path)
    dates = [name for name in ("published", "specimen_date") if name in table.columns]
    return table.with_columns(
        *(pl.col(name).str.to_date("%Y-%m-%d") for name in dates),
        pl.col("new_cases").cast(pl.Float64).cast(pl.Int64),
    )


def read_csv(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise NotThere(f"{path}: {error.strerror}. The folder needs the shape of the reference data.") from error
    return pl.read_csv(io.BytesIO(gzip.decompress(raw) if path.suffix == ".gz" else raw), infer_schema=False)
