"""What a file would become, before anything is committed: the whole work is done and then undone.

Uploads wait in a private folder of the space under their checksum until they are sent or a day has gone by.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonweal.apps.intake import actions, feeds, sources
from commonweal.apps.intake.prefetch import ahead
from commonweal.apps.intake.preparing import Preparation, Stages
from commonweal.apps.intake.rulebook import rulebook
from commonweal.apps.intake.writing import Writing
from commonweal.core.errors import NotThere, Refused
from commonweal.core.intake.balance import Balance
from commonweal.core.intake.reading import CHUNK_BYTES
from commonweal.server import provider
from commonweal.server.home import Home
from commonweal.web import db

SHOWN_ROWS = 50
LONGEST_UPLOAD = 512 * 1024 * 1024
KEPT_SECONDS = 24 * 3600
HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Preview:
    """What would become of a file's records; `came_before` says that these very bytes were taken in earlier."""

    balance: Balance
    rows: list[dict[str, Any]]
    unknown_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]
    came_before: bool


class _Undone(Exception):
    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


def preview(feed_name: str, source: sources.Source) -> Preview:
    """Take a file in and undo it. Raises like `actions.take_in`."""
    return actions.beginning_again(lambda: _preview_once(feed_name, source))


def _preview_once(feed_name: str, source: sources.Source) -> Preview:
    feed, stages = feeds.feed(feed_name), Stages()
    book = rulebook(feed.pathogen)
    try:
        with db.recorded(actions.ALIAS) as write:
            writing = Writing(write.cursor, book, stages)
            opened = writing.begin(feed_name, source)
            if opened is None:
                known = actions.came_before(feed_name, source, time.perf_counter())
                raise _Undone(Preview(known.balance, [], (), (), came_before=True))
            mapping = feeds.column_mapping(feed_name)
            preparation = Preparation(source, book, feed_name, mapping, opened.now, stages)
            for piece in ahead(preparation.pieces(CHUNK_BYTES)):
                writing.put(opened, piece)
            tally = writing.finish(opened, source)
            rows = db.fetch(
                write.cursor,
                "select row_number, outcome, reasons, notes from intake.outcome where submission_id = %s"
                " order by row_number limit %s",
                [opened.submission, SHOWN_ROWS],
            )
            header = preparation.header
            names = (tuple(header.unknown), tuple(header.absent)) if header else ((), ())
            raise _Undone(Preview(Balance.of(tally), rows, *names, came_before=False))
    except _Undone as undone:
        return undone.preview


def keep(pieces: Iterable[bytes], name: str) -> str:
    """Keep an upload privately; returns its checksum. Raises `Refused` when it is too large or empty."""
    folder = _folder()
    _sweep(folder)
    digest, size = hashlib.sha256(), 0
    draft = folder / f".{time.monotonic_ns()}"
    with draft.open("wb") as out:
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
            if size > LONGEST_UPLOAD:
                draft.unlink()
                raise Refused(f"{name} is larger than {LONGEST_UPLOAD:,} bytes; send it with `commonweal intake`.")
            out.write(piece)
    key = digest.hexdigest()
    draft.replace(folder / key)
    (folder / f"{key}.name").write_text(name, encoding="utf-8")
    return key


def kept(key: str) -> sources.Source:
    """The upload with this checksum. Raises `NotThere` when it is gone."""
    path = _folder() / key
    if len(key) != 64 or not key.isalnum() or not path.is_file():
        raise NotThere("This upload is no longer here: uploads wait for a day. Choose the file again.")
    label = path.with_name(f"{key}.name").read_text(encoding="utf-8")
    return sources.from_file(path, sources.Provenance("upload", label))


def drop(key: str) -> None:
    """Forget an upload."""
    for path in (_folder() / key, _folder() / f"{key}.name"):
        path.unlink(missing_ok=True)


def columns_of(key: str) -> list[str]:
    """The column names in the first line of an upload, as its sender wrote them."""
    path = _folder() / key
    if not path.is_file():
        return []
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")
    return [name.strip() for name in next(csv.reader(io.StringIO(head)), []) if name.strip()]


def remember_columns(feed_name: str, mapping: dict[str, str]) -> None:
    """Remember which of a sender's columns is which field. Raises `Refused` for a field that there is not."""
    book = rulebook(feeds.feed(feed_name).pathogen)
    for column, field in mapping.items():
        if field not in book.line_list.ids:
            raise Refused(f"{field!r}, chosen for the column {column!r}, is no field of the line list.")
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into intake.column_mapping values (%s, %s::jsonb, %s)", [feed_name, json.dumps(mapping), write.tick]
        )


def _folder() -> Path:
    folder = Home.current().space_folder(provider.current_space()) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _sweep(folder: Path) -> None:
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            path.unlink(missing_ok=True)
