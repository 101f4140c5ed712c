"""How the tables of official files get into the database: COPY into facts, then one rebuild of what is in force."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
from django.db.backends.utils import CursorWrapper

from commonweal.core.errors import Refused
from commonweal.core.formats.ons import OfficialFile
from commonweal.core.formats.ons.postcodes import SCHEMA, PostcodeReading
from commonweal.core.formats.ons.tables import AreaTables
from commonweal.web import db

_SETS_SCOPE = ("lsoa_table", "lsoa_sheet")  # whole countries; a boundary file may be of one county only
_CHANGES_SUMS = {"populations", "changes"}
_FACTS = {
    "areas": "area",
    "parents": "area_parent",
    "changes": "code_change",
    "populations": "population",
    "deprivation": "deprivation",
    "boundaries": "boundary",
    "neighbours": "neighbour",
    "settings": "setting",
}
_STAGED = [name for name in SCHEMA if name != "pcds"]

KNOWN = "select sha256, layout, title, edition, row_count, left_out, attribution from places.dataset"


@dataclass(frozen=True)
class Known:
    """A dataset that is in the database."""

    layout: str
    title: str
    edition: date | None
    row_count: int
    left_out: int
    attribution: str

    @classmethod
    def of(cls, row: dict[str, Any]) -> Known:
        """From a row of `KNOWN`."""
        return cls(**{name: value for name, value in row.items() if name != "sha256"})


@dataclass(frozen=True)
class Taken:
    """What a file brought: rows read, rows left out, facts that are new, and the month it speaks for."""

    rows: int
    left_out: int
    new: int
    edition: date | None


@dataclass
class _Dataset:
    """A file on its way in."""

    id: int
    sha256: bytes
    file: OfficialFile


@dataclass
class Session:
    """One load of any number of files, inside one open transaction. `close` brings what is in force up to date."""

    write: db.Recorded
    scope_vintage: int | None = None
    _stale: bool = field(default=False)
    _sums_stale: bool = field(default=False)

    def known(self, digest: bytes) -> Known | None:
        """A dataset of the same bytes, when it is there (also from earlier in this session)."""
        rows = db.fetch(self.write.cursor, f"{KNOWN} where sha256 = %s", [digest])
        return Known.of(rows[0]) if rows else None

    def take(self, file: OfficialFile, digest: bytes) -> Taken:
        """Read a file and write its facts. Raises `Refused`; the caller's transaction then undoes all of it."""
        self.write.cursor.execute("select nextval('places.dataset_id')")
        dataset = _Dataset(int(self.write.cursor.fetchone()[0]), digest, file)
        return self._take_postcodes(dataset) if file.family == "postcodes" else self._take_areas(dataset)

    def close(self) -> None:
        """Rebuild the projections of areas when facts came in since the last time."""
        if self._stale:
            self.write.cursor.execute("select places.refresh_areas(%s::boolean)", [self._sums_stale])
        self._stale = self._sums_stale = False

    def _take_areas(self, dataset: _Dataset) -> Taken:
        tables = dataset.file.tables()
        found = tables.nonempty()
        for name, table in found.items():
            self._copy(f"places.{_FACTS[name]}", table, dataset)
        new = sum(table.height for table in found.values())
        taken = Taken(tables.rows - tables.left_out, tables.left_out, new, dataset.file.edition)
        self._enter(dataset, taken)
        if dataset.file.layout in _SETS_SCOPE:
            self._choose_scope(dataset, tables)
        self._stale |= set(found) != {"settings"}  # what is in force of settings is a view
        self._sums_stale |= bool(_CHANGES_SUMS & set(found)) or dataset.file.layout in _SETS_SCOPE
        return taken

    def _choose_scope(self, dataset: _Dataset, tables: AreaTables) -> None:
        """Let the first table of LSOAs settle by which year's authorities records are scoped."""
        cursor, wanted = self.write.cursor, self.scope_vintage
        if chosen := db.fetch(cursor, "select ltla_vintage from places.scope_vintage"):
            if wanted not in (None, chosen[0]["ltla_vintage"]):
                raise Refused(
                    f"Records are scoped by the authorities of {chosen[0]['ltla_vintage']} here, not of {wanted}. "
                    "That was settled by the first table of LSOAs; changing it means moving every record."
                )
            return
        above = tables.parents.filter(pl.col("level") == "lsoa")
        years = above.filter(pl.col("parent_level") == "ltla")["parent_vintage"].unique(maintain_order=True).to_list()
        with_tier = above.filter(pl.col("parent_level") == "utla")["parent_vintage"].unique().to_list()
        if wanted is not None and wanted not in years:
            raise Refused(
                f"{dataset.file.label} names authorities of {', '.join(map(str, years))}, not of {wanted}: "
                "choose one of these as the scope vintage."
            )
        # The year whose counties are known too, else the newest one.
        year = wanted or next((year for year in years if year in with_tier), max(years))
        cursor.execute(
            "insert into places.scope_vintage (name, ltla_vintage, small_area_vintage, dataset_id, tick_id)"
            " values (%s, %s, %s, %s, %s)",
            [f"lad{year % 100:02d}", year, above["vintage"][0], dataset.id, self.write.tick],
        )

    def _take_postcodes(self, dataset: _Dataset) -> Taken:
        cursor, file = self.write.cursor, dataset.file
        if not db.fetch(cursor, "select 1 from places.scope_vintage"):
            raise Refused(
                f"{file.label}: a table of LSOAs with their authorities must be loaded first or with it (columns such "
                "as lsoa11cd and lad19cd, or the mid-year population by LSOA); it says whose records a postcode's are."
            )
        self.close()
        reading, frames = file.postcodes()
        first = db.fetch(cursor, "select not exists (select from places.postcode) as empty")[0]["empty"]
        if first:
            cursor.execute("select places.open_first_load()")
        for frame in _ahead(frames):
            if first:
                self._copy("places.postcode", frame.select(_STAGED), dataset)
            else:
                copy_in(cursor, "places.postcode_staging", frame.select(_STAGED))
        edition = file.edition or date(reading.newest // 100, reading.newest % 100, 1)
        cursor.execute("select max(edition) from places.dataset where family = 'postcodes'")
        newest = cursor.fetchone()[0]
        entered = Taken(reading.rows, reading.left_out, 0, edition)
        self._enter(dataset, entered, overrides=newest is None or edition >= newest)
        self._learn_areas(dataset, reading, edition)
        self.close()  # where the postcodes lie is read from the hierarchy, which the file may have added to
        if first:
            cursor.execute("select places.close_first_load()")
        else:
            cursor.execute("select places.take_postcodes(%s::bigint)", [dataset.id])
        return Taken(reading.rows, reading.left_out, int(cursor.fetchone()[0]), edition)

    def _learn_areas(self, dataset: _Dataset, reading: PostcodeReading, edition: date) -> None:
        """What a postcode file says of areas: its authorities, and those of LSOAs when it covers most of the country.

        An extract would know only the fringe of the authorities around it, so it says nothing of LSOAs.
        """
        vintage = reading.ltla_vintage or edition.year
        learned, small = reading.authorities(vintage), reading.small_areas(vintage)
        covered = db.fetch(
            self.write.cursor,
            "select count(distinct base_lsoa) * 2 > (select count(distinct base_lsoa) from places.lsoa_scope) as most"
            " from places.lsoa_scope where lsoa_code = any (%s)",
            [small["code"].to_list()],
        )
        self._copy("places.area", learned.areas, dataset)
        self._copy("places.area_parent", learned.parents, dataset)
        if covered[0]["most"]:
            self._copy("places.area_parent", small, dataset)
        self._stale = True

    def _copy(self, table: str, frame: pl.DataFrame, dataset: _Dataset) -> None:
        copy_in(self.write.cursor, table, frame.with_columns(dataset_id=pl.lit(dataset.id)))

    def _enter(self, dataset: _Dataset, taken: Taken, *, overrides: bool = True) -> None:
        """Write the dataset's own row, once its counts are known."""
        file = dataset.file
        values: dict[str, Any] = {
            "id": dataset.id,
            "sha256": dataset.sha256,
            "layout": file.layout,
            "family": file.family,
            "title": file.title,
            "label": file.label,
            "edition": taken.edition,
            "edition_stated": file.edition is not None,
            "overrides": overrides,
            "row_count": taken.rows,
            "left_out": taken.left_out,
            "attribution": file.attribution,
            "tick_id": self.write.tick,
        }
        marks = ", ".join(["%s"] * len(values))
        self.write.cursor.execute(
            f"insert into places.dataset ({', '.join(values)}) values ({marks})",  # noqa: S608 - names from above
            list(values.values()),
        )


def copy_in(cursor: CursorWrapper, table: str, frame: pl.DataFrame) -> None:
    """Append a frame to a table by COPY; columns go by their names."""
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False)
    columns = ", ".join(frame.columns)
    with cursor.copy(f"copy {table} ({columns}) from stdin (format csv)") as copy:
        copy.write(buffer.getbuffer())


def _ahead(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same frames, read by a thread that is at most two ahead, so that reading and writing overlap."""
    with ThreadPoolExecutor(1) as reader:
        waiting = [reader.submit(next, frames, None), reader.submit(next, frames, None)]
        while (frame := waiting.pop(0).result()) is not None:
            waiting.append(reader.submit(next, frames, None))
            yield frame
