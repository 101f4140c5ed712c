"""All writes of places: official files are taken in, all of one call in one transaction, or none of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from commonweal.apps.places import loading
from commonweal.core.errors import NotThere
from commonweal.core.formats.ons import OfficialFile, open_official
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

Progress = Callable[[str, int], None]  # name of the file, bytes read since the last call


def _silent(_name: str, _size: int) -> None:
    pass


@dataclass(frozen=True)
class Loaded:
    """What became of one file.

    `rows` were read, `left_out` more have a licence of their own (Northern Ireland); `new` are the facts that were not
    known before. `replayed`: these very bytes were loaded before, and nothing was done.
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

    def as_dict(self) -> dict[str, object]:
        """The same by name, for answers as JSON."""
        return asdict(self)


def load_files(
    paths: Sequence[Path],
    *,
    edition: date | None = None,
    scope_vintage: int | None = None,
    progress: Progress = _silent,
) -> list[Loaded]:
    """Load official files in the order that works, whatever order they are named in; answers in that order.

    Everything is recognised before anything is read, and all of it is one transaction: when one file is refused,
    nothing has changed. `edition` is for postcode files that do not name theirs; `scope_vintage` chooses, once, the
    year of the authorities by which records are scoped. Raises `Refused` (column, row, value) and `NotThere`.
    """
    files = sorted(((_recognised(path, edition), path) for path in paths), key=lambda pair: _turn(pair[0]))
    digests = {path: _digest(path) for path in paths}
    known = _known_before(list(digests.values()))
    if all(digest in known for digest in digests.values()):
        return [_replayed(known[digests[path]], path) for _, path in files]
    answers = []
    with db.recorded("ingest") as write:
        write.cursor.execute("select pg_advisory_xact_lock(%s)", [LOAD_LOCK])
        session = loading.Session(write, scope_vintage)
        for _, path in files:
            found = known.get(digests[path]) or session.known(digests[path])
            if found:
                answers.append(_replayed(found, path))
            else:
                answers.append(_taken(session, _recognised(path, edition, progress), digests[path]))
        session.close()
    return answers


def _turn(file: OfficialFile) -> int:
    return _ORDER.index(file.layout) if file.layout in _ORDER else len(_ORDER)


def _taken(session: loading.Session, file: OfficialFile, digest: bytes) -> Loaded:
    began = time.monotonic()
    taken = session.take(file, digest)
    session.write.cursor.execute(
        "select ledger.append('places.loaded', %s, '{}', null, %s::jsonb)",
        [digest.hex(), json.dumps({"layout": file.layout, "label": file.label, "rows": taken.rows})],
    )
    seconds = time.monotonic() - began
    return Loaded(
        label=file.label,
        layout=file.layout,
        title=file.title,
        edition=taken.edition,
        rows=taken.rows,
        left_out=taken.left_out,
        new=taken.new,
        replayed=False,
        seconds=round(seconds, 3),
        attribution=file.attribution,
    )


def _replayed(known: loading.Known, path: Path) -> Loaded:
    return Loaded(
        label=path.name,
        layout=known.layout,
        title=known.title,
        edition=known.edition,
        rows=known.row_count,
        left_out=known.left_out,
        new=0,
        replayed=True,
        seconds=0.0,
        attribution=known.attribution,
    )


def _known_before(digests: list[bytes]) -> dict[bytes, loading.Known]:
    rows = db.rows("ingest", f"{loading.KNOWN} where sha256 = any (%s)", [digests])
    return {bytes(row["sha256"]): loading.Known.of(row) for row in rows}


def _recognised(path: Path, edition: date | None, progress: Progress = _silent) -> OfficialFile:
    return open_official(_pieces(path, progress), path.name, edition)


def _pieces(path: Path, progress: Progress = _silent) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                progress(path.name, len(piece))
                yield piece
    except OSError as error:
        raise NotThere(f"{path}: {error.strerror}. Check the name of the file.") from error


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
    return digest.digest()
