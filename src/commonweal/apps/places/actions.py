"""All writes of places: official files are taken in, each whole and in one transaction, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from django.db.backends.utils import CursorWrapper

from commonweal.core.errors import NotThere, Refused
from commonweal.core.formats.ons import OfficialFile, open_official
from commonweal.core.formats.ons.postcodes import SCHEMA, PostcodeReading
from commonweal.core.formats.ons.tables import AreaTables
from commonweal.web import db

PIECE = 4 * 1024 * 1024
LOAD_LOCK = 4310  # one load at a time: the staging table and the projections have one writer

# What must be there before what: small areas and their authorities first, postcodes last.
_ORDER = (
    "lsoa_table",
    "lsoa_sheet",
    "lsoa_changes",
    "msoa_table",
    "msoa_sheet",
    "msoa_names",
    "la_population",
    "deprivation",
    "boundaries",
)
_SETS_SCOPE = ("lsoa_table", "lsoa_sheet")  # whole countries; a boundary file may be of one county only
_FACTS = {
    "areas": "area",
    "parents": "area_parent",
    "changes": "code_change",
    "populations": "population",
    "deprivation": "deprivation",
    "boundaries": "boundary",
    "neighbours": "neighbour",
}

Progress = Callable[[str, int], None]  # label of the file, bytes read since the last call


@dataclass(frozen=True)
class Loaded:
    """What became of one file.

    `rows` were read, `left_out` of them have a licence of their own (Northern Ireland); `new` are the facts that were
    not known before. `replayed`: these very bytes were loaded before, and nothing was done.
    """

    label: str
    layout: str
    title: str
    edition: date | None
    rows: int
    left_out: int
    new: int
    replayed: bool
    seconds: float
    attribution: str


def load_files(
    paths: Sequence[Path],
    *,
    edition: date | None = None,
    scope_vintage: int | None = None,
    progress: Progress = lambda label, size: None,
) -> list[Loaded]:
    """Load official files in the order that works, whatever order they are named in.

    Every file is recognised before any is read. Each is one transaction: when one is refused, those before it stay
    loaded and the same call can be made again. `edition` is for postcode files that do not name theirs;
    `scope_vintage` chooses the year of the authorities by which records are scoped, once, with the first table of
    LSOAs. Raises `Refused` (with column, row, value) and `NotThere`.
    """
    layouts = {path: _recognised(path, edition).layout for path in paths}
    return [_load(path, edition, scope_vintage, progress) for path in sorted(paths, key=lambda p: _turn(layouts[p]))]


def _turn(layout: str) -> int:
    return _ORDER.index(layout) if layout in _ORDER else len(_ORDER)


def _recognised(path: Path, edition: date | None, progress: Progress = lambda label, size: None) -> OfficialFile:
    return open_official(_pieces(path, progress), path.name, edition)


def _pieces(path: Path, progress: Progress) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                progress(path.name, len(piece))
                yield piece
    except OSError as error:
        raise NotThere(f"{path}: {error.strerror}. Check the name of the file.") from error


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    for piece in _pieces(path, lambda label, size: None):
        digest.update(piece)
    return digest.digest()


def _load(path: Path, edition: date | None, scope_vintage: int | None, progress: Progress) -> Loaded:
    began = time.monotonic()
    digest = _digest(path)
    if known := db.one("ingest", "select * from places.dataset where sha256 = %s", [digest]):
        return _replayed(known, path, began)
    with db.recorded("ingest") as write:
        write.cursor.execute("select pg_advisory_xact_lock(%s)", [LOAD_LOCK])
        file = _recognised(path, edition, progress)
        dataset = _Dataset(write, _next_id(write.cursor), digest, file)
        if file.family == "postcodes":
            rows, left_out, new = _load_postcodes(dataset)
        else:
            rows, left_out, new = _load_areas(dataset, scope_vintage)
        write.cursor.execute(
            "select ledger.append('places.loaded', %s, '{}', null, %s::jsonb)",
            [digest.hex(), json.dumps({"layout": file.layout, "label": file.label, "rows": rows})],
        )
    seconds = time.monotonic() - began
    return Loaded(
        file.label, file.layout, file.title, dataset.edition, rows, left_out, new, False, seconds, file.attribution
    )


def _replayed(known: dict[str, object], path: Path, began: float) -> Loaded:
    return Loaded(
        path.name,
        str(known["layout"]),
        str(known["title"]),
        known["edition"] if isinstance(known["edition"], date) else None,
        int(str(known["row_count"])),
        int(str(known["left_out"])),
        0,
        True,
        time.monotonic() - began,
        str(known["attribution"]),
    )


@dataclass
class _Dataset:
    """A file on its way into the database."""

    write: db.Recorded
    id: int
    sha256: bytes
    file: OfficialFile
    edition: date | None = None

    def enter(self, rows: int, left_out: int = 0, *, overrides: bool = True) -> None:
        """Write the dataset's own row, once its counts are known."""
        self.write.cursor.execute(
            "insert into places.dataset (id, sha256, layout, family, title, label, edition, edition_stated, overrides, row_count,"
            " left_out, attribution, tick_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                self.id,
                self.sha256,
                self.file.layout,
                self.file.family,
                self.file.title,
                self.file.label,
                self.edition,
                self.file.edition is not None,
                overrides,
                rows,
                left_out,
                self.file.attribution,
                self.write.tick,
            ],
        )


def _next_id(cursor: CursorWrapper) -> int:
    cursor.execute("select nextval('places.dataset_id')")
    return int(cursor.fetchone()[0])


def _load_areas(dataset: _Dataset, scope_vintage: int | None) -> tuple[int, int, int]:
    tables = dataset.file.tables()
    dataset.edition = dataset.file.edition
    found = tables.nonempty()
    for name, table in found.items():
        copy_in(dataset.write.cursor, f"places.{_FACTS[name]}", table.with_columns(dataset_id=pl.lit(dataset.id)))
    new = sum(table.height for table in found.values())
    dataset.enter(tables.rows)
    if dataset.file.layout in _SETS_SCOPE:
        _choose_scope(dataset, tables, scope_vintage)
    people = bool({"populations", "changes"} & set(found)) or dataset.file.layout in _SETS_SCOPE
    dataset.write.cursor.execute("select places.refresh_areas(%s::boolean)", [people])
    return tables.rows, 0, new


def _choose_scope(dataset: _Dataset, tables: AreaTables, wanted: int | None) -> None:
    """Let the first table of LSOAs settle by which year's authorities records are scoped."""
    cursor = dataset.write.cursor
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
    preferred = [year for year in years if year in with_tier] or sorted(years, reverse=True)
    if wanted is not None and wanted not in years:
        raise Refused(
            f"{dataset.file.label} names authorities of {', '.join(map(str, years))}, not of {wanted}: "
            "choose one of these as the scope vintage."
        )
    year = wanted or preferred[0]
    cursor.execute(
        "insert into places.scope_vintage (name, ltla_vintage, small_area_vintage, dataset_id, tick_id)"
        " values (%s, %s, %s, %s, %s)",
        [f"lad{year % 100:02d}", year, above["vintage"][0], dataset.id, dataset.write.tick],
    )


def _load_postcodes(dataset: _Dataset) -> tuple[int, int, int]:
    cursor = dataset.write.cursor
    if not db.fetch(cursor, "select 1 from places.scope_vintage"):
        raise Refused(
            f"{dataset.file.label}: a table of LSOAs with their authorities must be loaded first (columns such as "
            "lsoa11cd and lad19cd, or the mid-year population by LSOA); it says whose records those of a postcode are."
        )
    reading, frames = dataset.file.postcodes()
    first = db.fetch(cursor, "select not exists (select from places.postcode) as empty")[0]["empty"]
    if first:
        cursor.execute("select places.open_first_load()")
    for frame in _ahead(frames):
        staged = frame.select([name for name in SCHEMA if name != "pcds"])
        if first:
            copy_in(cursor, "places.postcode", staged.with_columns(dataset_id=pl.lit(dataset.id)))
        else:
            copy_in(cursor, "places.postcode_staging", staged)
    dataset.edition = dataset.file.edition or date(reading.newest // 100, reading.newest % 100, 1)
    cursor.execute("select max(edition) from places.dataset where family = 'postcodes'")
    newest = cursor.fetchone()[0]
    dataset.enter(reading.rows, reading.left_out, overrides=newest is None or dataset.edition >= newest)
    if first:
        cursor.execute("select places.close_first_load()")
    else:
        cursor.execute("select places.take_postcodes(%s::bigint)", [dataset.id])
    new = int(cursor.fetchone()[0])
    _learn_areas(dataset, reading)
    return reading.rows, reading.left_out, new


def _learn_areas(dataset: _Dataset, reading: PostcodeReading) -> None:
    """What a postcode file says of areas: its authorities, and those of LSOAs when it covers most of the country.

    An extract would know only the fringe of the authorities around it, so it says nothing of LSOAs.
    """
    cursor = dataset.write.cursor
    vintage = reading.ltla_vintage or (dataset.edition.year if dataset.edition else 0)
    learned = reading.authorities(vintage)
    small = reading.small_areas(vintage)
    cursor.execute(
        "select count(distinct base_lsoa) * 2 > (select count(distinct base_lsoa) from places.lsoa_scope)"
        " from places.lsoa_scope where lsoa_code = any (%s)",
        [small["code"].to_list()],
    )
    most_of_the_country = cursor.fetchone()[0]
    parents = pl.concat([learned.parents, small]) if most_of_the_country else learned.parents
    copy_in(cursor, "places.area", learned.areas.with_columns(dataset_id=pl.lit(dataset.id)))
    copy_in(cursor, "places.area_parent", parents.with_columns(dataset_id=pl.lit(dataset.id)))
    cursor.execute("select places.refresh_areas(false)")


def _ahead(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same frames, read by a thread that is at most two ahead, so that reading and writing overlap."""
    with ThreadPoolExecutor(1) as reader:
        waiting = [reader.submit(next, frames, None), reader.submit(next, frames, None)]
        while (frame := waiting.pop(0).result()) is not None:
            waiting.append(reader.submit(next, frames, None))
            yield frame


def copy_in(cursor: CursorWrapper, table: str, frame: pl.DataFrame) -> None:
    """Append a frame to a table by COPY; columns go by their names."""
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False)
    columns = ", ".join(frame.columns)
    with cursor.copy(f"copy {table} ({columns}) from stdin (format csv)") as copy:
        copy.write(buffer.getbuffer())
