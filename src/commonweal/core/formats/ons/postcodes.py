"""Postcode files: every layout comes out as the same table, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.ons import checks
from commonweal.core.formats.ons.recognise import Recognised
from commonweal.core.formats.ons.stream import Block, frame, utf8
from commonweal.core.formats.ons.tables import AreaTables, shaped
from commonweal.core.places.codes import SMALL_AREA_VINTAGES
from commonweal.core.places.postcodes import NORTHERN_IRELAND_LETTERS, normalised, spaced_column

CODES = ("oa11", "oa21", "lsoa11", "lsoa21", "msoa11", "msoa21", "ward", "ltla", "county", "region", "country")

# What every block comes out as. `pcd` is the key without spaces, `dointr` and `doterm` are yyyymm (doterm null: in
# use), easting and northing metres of the National Grid, lat and long degrees; a code that does not apply is null.
SCHEMA: dict[str, pl.DataType] = {
    "pcd": pl.String(),
    "pcds": pl.String(),
    "dointr": pl.Int32(),
    "doterm": pl.Int32(),
    "large_user": pl.Boolean(),
    **dict.fromkeys(CODES, pl.String()),
    "easting": pl.Int32(),
    "northing": pl.Int32(),
    "lat": pl.Float64(),
    "long": pl.Float64(),
}

_NESTED = (("oa11", "lsoa11"), ("lsoa11", "msoa11"), ("oa21", "lsoa21"), ("lsoa21", "msoa21"))
_COUNTED = ("lsoa11", "lsoa21", "ltla", "county", "region", "country")


@dataclass
class PostcodeReading:
    """One pass over a postcode file. After the last block the counts are final and the whole file has been checked.

    `left_out` counts rows of Northern Ireland, whose licence differs; `newest` is the latest month (yyyymm) in which
    the file introduces or ends a postcode, so the edition is no older than that.
    """

    recognised: Recognised
    label: str
    rows: int = 0
    left_out: int = 0
    newest: int = 0
    _keys: list[pl.DataFrame] = field(default_factory=list, repr=False)
    _nests: dict[tuple[str, str], list[pl.DataFrame]] = field(default_factory=dict, repr=False)
    _counts: list[pl.DataFrame] = field(default_factory=list, repr=False)

    @property
    def columns(self) -> dict[str, int]:
        """Our names of the columns this file has, with their positions in it."""
        return {found.column.name: found.position for found in self.recognised.found}

    @property
    def ltla_vintage(self) -> int | None:
        """The year of the lower-tier codes where the heading names one ("lad25cd"), else None."""
        found = self.recognised.one("ltla")
        return found.vintage if found else None

    def frames(self, blocks: Iterable[Block]) -> Iterator[pl.DataFrame]:
        """Checked frames of `SCHEMA`, one a block. Raises `Refused` for the first fault, at the latest at the end."""
        rules = checks.checks_of(self.recognised, self.columns)
        for block in blocks:
            data = utf8(block, self.label, latin1=self.recognised.layout.latin1)
            read = frame(data, block.first_row, self.columns, self.recognised.width, self.label)
            read = read.with_columns(normalised("pcds").alias("pcd"))
            kept = read.filter(~pl.col("pcd").str.starts_with(NORTHERN_IRELAND_LETTERS).fill_null(value=False))
            self.left_out += read.height - kept.height
            checks.refuse_first_bad(kept, rules, self.label)
            table = _canonical(kept, self.columns)
            self._remember(table)
            yield table.select(*SCHEMA)
        self._finish()

    def _remember(self, table: pl.DataFrame) -> None:
        self.rows += table.height
        months = table.select(pl.max_horizontal(pl.col("dointr").max(), pl.col("doterm").max())).item()
        self.newest = max(self.newest, months or 0)
        self._keys.append(table.select("pcd", "row"))
        self._counts.append(
            table.group_by(_COUNTED).agg(pl.len().alias("all"), pl.col("doterm").is_null().sum().alias("live"))
        )
        for pair in _NESTED:
            pairs = table.select(*pair, "row").unique(subset=list(pair), keep="first")
            self._nests.setdefault(pair, []).append(pairs)

    def authorities(self, vintage: int) -> AreaTables:
        """The authorities of the file and what each (or most of its postcodes) lies in. Call after the last block."""
        counts = pl.concat(self._counts).drop_nulls("ltla")
        above = [
            _parents(counts.filter(pl.col(column).str.starts_with(start)), ("ltla", "ltla"), (column, level), vintage)
            for column, level, start in (
                ("county", "utla", "E10"),
                ("region", "region", ""),
                ("country", "country", ""),
            )
        ]
        known = counts.select(code=pl.col("ltla").unique(maintain_order=True))
        return AreaTables(
            areas=shaped("areas", [known.with_columns(level=pl.lit("ltla"), vintage=pl.lit(vintage))]),
            parents=shaped("parents", [table.with_columns(vintage=pl.lit(vintage)) for table in above]),
        )

    def small_areas(self, vintage: int) -> pl.DataFrame:
        """The authority of most postcodes in use of each LSOA, shaped as parents. Call after the last block."""
        counts = pl.concat(self._counts).drop_nulls("ltla")
        found = [
            _parents(counts.drop_nulls(f"lsoa{year % 100}"), (f"lsoa{year % 100}", "lsoa"), ("ltla", "ltla"), vintage)
            for year in SMALL_AREA_VINTAGES
        ]
        dated = zip(found, SMALL_AREA_VINTAGES, strict=True)
        return shaped("parents", [table.with_columns(vintage=pl.lit(year)) for table, year in dated])

    def _finish(self) -> None:
        if not self.rows + self.left_out:
            raise Refused(f"{self.label}: a header and no rows. The file may be cut off; fetch it again.")
        heading = self.recognised.one("pcds")
        checks.refuse_repeated(pl.concat(self._keys), "pcd", heading.heading if heading else "pcds", self.label)
        for (child, parent), pairs in self._nests.items():
            checks.refuse_two_parents(pl.concat(pairs), child, parent, self.label)


def _parents(counts: pl.DataFrame, child: tuple[str, str], parent: tuple[str, str], vintage: int) -> pl.DataFrame:
    """One parent for each child (column, level): that of most postcodes in use, then of most at all, then the first."""
    totals = counts.drop_nulls(parent[0]).group_by(child[0], parent[0]).agg(pl.col("live", "all").sum())
    ordered = totals.sort([child[0], "live", "all", parent[0]], descending=[False, True, True, False])
    return ordered.unique(child[0], keep="first", maintain_order=True).select(
        code=child[0],
        level=pl.lit(child[1]),
        parent_code=parent[0],
        parent_level=pl.lit(parent[1]),
        parent_vintage=pl.lit(vintage),
    )


def _canonical(read: pl.DataFrame, columns: dict[str, int]) -> pl.DataFrame:
    """The frame in the types of `SCHEMA` (columns the file lacks are null), with "row"."""
    made = [pl.col("pcd"), checks.whole("dointr"), checks.whole("doterm"), pl.col("row")]
    made += [checks.code_or_null(name) for name in CODES if name in columns]
    if "large_user" in columns:
        made.append((pl.col("large_user").str.strip_chars() == "1").alias("large_user"))
    made += [checks.metres(name) for name in ("easting", "northing") if name in columns]
    if "lat" in columns and "long" in columns:
        made += checks.degrees("lat", "long")
    table = read.select(made)
    lacking = [pl.lit(None, dtype=SCHEMA[name]).alias(name) for name in SCHEMA if name not in table.columns]
    return table.with_columns(*lacking).with_columns(spaced_column("pcd").alias("pcds"))
