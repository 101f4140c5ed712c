"""One door for every official file: recognise it, then read it whole or refuse it whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.ons import checks
from commonweal.core.formats.ons.areas import read_areas, unique_names
from commonweal.core.formats.ons.boundaries import is_geojson, read_boundaries
from commonweal.core.formats.ons.edition import edition_month
from commonweal.core.formats.ons.layouts import attribution
from commonweal.core.formats.ons.postcodes import PostcodeReading
from commonweal.core.formats.ons.recognise import Recognised, recognise
from commonweal.core.formats.ons.settings import read_settings
from commonweal.core.formats.ons.sheets import read_authorities, read_changes, read_deprivation, read_sheet
from commonweal.core.formats.ons.stream import (
    LONGEST_PREAMBLE,
    LONGEST_RECORD,
    cells,
    frame,
    plain,
    records,
    utf8,
)
from commonweal.core.formats.ons.tables import AreaTables

POSTCODES, BOUNDARIES = "postcodes", "boundaries"

_READERS: dict[str, Callable[[Recognised, pl.DataFrame, str], AreaTables]] = {
    "areas": read_areas,
    "changes": read_changes,
    "sheet": read_sheet,
    "authorities": read_authorities,
    "deprivation": read_deprivation,
    "settings": read_settings,
}


@dataclass
class OfficialFile:
    """A file that has been recognised and not yet read. It can be read once, by `tables` or by `postcodes`."""

    label: str
    edition: date | None
    recognised: Recognised | None  # None: boundaries as GeoJSON
    _stream: Iterator[bytes]

    @property
    def layout(self) -> str:
        """The key of the layout: "onspd", "lsoa_table", ..., "boundaries"."""
        return self.recognised.layout.key if self.recognised else BOUNDARIES

    @property
    def title(self) -> str:
        """What the file is, in words."""
        return self.recognised.layout.title if self.recognised else "boundaries as GeoJSON"

    @property
    def family(self) -> str:
        """How it is read: "postcodes", "boundaries", "areas", "changes", "sheet", "authorities", "deprivation",
        "settings"."""
        return self.recognised.layout.family if self.recognised else BOUNDARIES

    @property
    def attribution(self) -> str:
        """The sentences to print wherever something made from this file is shown."""
        if self.recognised is None:
            return attribution(maps=True)
        used_names = self.recognised.one("msoa_used_name") is not None
        points = any(self.recognised.one(name) for name in ("easting", "lat"))
        return attribution(postal=self.recognised.layout.postal, maps=points, used_names=used_names)

    def postcodes(self) -> tuple[PostcodeReading, Iterator[pl.DataFrame]]:
        """The counts so far and the frames of a postcode file."""
        if self.recognised is None or self.family != POSTCODES:
            raise ValueError(f"{self.label} holds {self.title}, not postcodes")
        reading = PostcodeReading(self.recognised, self.label)
        return reading, reading.frames(self._body(self.recognised))

    def tables(self) -> AreaTables:
        """Everything that a file other than postcodes states. Raises `Refused` for the first fault."""
        if self.recognised is None:
            outlines = read_boundaries(self._stream, self.label)
            return replace(outlines, rows=outlines.boundaries.height)
        if self.family == POSTCODES:
            raise ValueError(f"{self.label} holds postcodes; read them block by block")
        found = self.recognised
        names = {name: position for position, name in unique_names(found).items()}
        rules = checks.checks_of(found, names)
        blocks = []
        for block in self._body(found):
            data = utf8(block, self.label, latin1=found.layout.latin1)
            read = frame(data, block.first_row, names, found.width, self.label)
            read = read.filter(~pl.all_horizontal(pl.col(*names).str.strip_chars() == ""))  # blank last rows of a sheet
            checks.refuse_first_bad(read, rules, self.label)
            blocks.append(read)
        if not sum(block.height for block in blocks):
            raise Refused(f"{self.label}: a header and no rows. The file may be cut off; fetch it again.")
        whole = pl.concat(blocks)
        return replace(_READERS[self.family](found, whole, self.label), rows=whole.height)

    def _body(self, found: Recognised) -> Iterator:  # type: ignore[type-arg]
        return records(_skip_records(self._stream, found.header_row), self.label, first_row=found.header_row + 1)


def open_official(blocks: Iterable[bytes], label: str, edition: date | None = None) -> OfficialFile:
    """Recognise a file from its bytes (plain or gzipped, in pieces of any size).

    `label` names the file in messages and may tell the edition ("ONSPD_MAY_2020_UK.csv") unless `edition` does.
    Raises `Refused` for a file that is empty, damaged or none of the layouts.
    """
    stream = plain(blocks, label)
    head = _head(stream)
    known = edition or edition_month(label)
    if is_geojson(head):
        return OfficialFile(label, known, None, _chain(head, stream))
    recognised = recognise(_first_rows(head, label), label)
    return OfficialFile(label, known, recognised, _chain(head, stream))


def _head(stream: Iterator[bytes]) -> bytes:
    head = b""
    for piece in stream:
        head += piece
        if head.count(b"\n") > LONGEST_PREAMBLE or len(head) >= LONGEST_RECORD:
            break
    return head


def _first_rows(head: bytes, label: str) -> list[list[str]]:
    return cells(b"\n".join(head.split(b"\n", LONGEST_PREAMBLE)[:LONGEST_PREAMBLE]), label)


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _skip_records(stream: Iterator[bytes], how_many: int) -> Iterator[bytes]:
    """The stream without its first records (the preamble and the header)."""
    head = b""
    for piece in stream:
        head += piece
        end = _end_of_record(head, how_many)
        if end:
            yield head[end:]
            break
    yield from stream


def _end_of_record(head: bytes, how_many: int) -> int:
    """Where the first `how_many` records end; 0 when the head does not hold them."""
    position = 0
    quoted = False
    for index, character in enumerate(head):
        if character == ord('"'):
            quoted = not quoted
        elif character == ord("\n") and not quoted:
            position += 1
            if position == how_many:
                return index + 1
    return 0
