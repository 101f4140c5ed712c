"""What a file would become, before anything is committed: everything that taking it in does, and then undone.

The file waits, sealed under a key outside the database, in a folder of the installation until its sender confirms it;
an hour later it is removed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from commonweal.apps.intake import feeds, queries
from commonweal.apps.intake.actions import ALIAS, beginning_again
from commonweal.apps.intake.preparing import Preparation, Stages
from commonweal.apps.intake.rulebook import Rulebook, rulebook
from commonweal.apps.intake.sources import Provenance, Source, from_body
from commonweal.apps.intake.writing import Writing, encode
from commonweal.core.errors import NotThere, Refused
from commonweal.core.intake.balance import Balance
from commonweal.core.intake.reading import CHUNK_BYTES, LineListReader
from commonweal.core.intake.sealing import Sealed
from commonweal.server.home import PRIVATE, Home
from commonweal.web import db

ROWS = 50
WAITING_SECONDS = 3600
LARGEST = 100 * 2**20
OUTCOMES = "select row_number, outcome, reasons, notes from intake.outcome where submission_id = %s order by row_number"


@dataclass(frozen=True)
class Preview:
    """What would become of a file. ``before`` is the submission that had the same bytes, if one had.

    ``first`` are the first rows as read, by field; ``unknown`` columns feed no field; ``absent`` fields have no column.
    ``refused`` says why the file would be refused whole, where its columns can still be matched to fields.
    """

    balance: Balance
    outcomes: tuple[dict[str, Any], ...]
    first: tuple[dict[str, str | None], ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    before: int | None = None
    refused: str = ""


class _Undone(Exception):
    """Carries the answer out of a transaction that must not be committed."""

    def __init__(self, preview: Preview) -> None:
        super().__init__("undone")
        self.preview = preview


def preview(feed_name: str, source: Source) -> Preview:
    """What would become of every record. Nothing is changed. Raises like `actions.take_in`, but for missing columns."""
    try:
        return beginning_again(lambda: _preview_once(feed_name, source))
    except Refused as refused:
        unknown, absent = unmatched(feed_name, source)
        if not unknown or not absent:
            raise
        return Preview(Balance(), (), (), unknown, absent, refused=str(refused))


def unmatched(feed_name: str, source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns that feed no field, and fields without a column, however few of the required ones are there."""
    line_list = rulebook(feeds.feed(feed_name).pathogen).line_list
    lenient = replace(line_list, fields=tuple(replace(each, required=False) for each in line_list.fields))
    header = LineListReader(source.blocks(), lenient, mapping=feeds.column_mapping(feed_name)).header
    return header.unknown, header.absent


def _preview_once(feed_name: str, source: Source) -> Preview:
    book, mapping = rulebook(feeds.feed(feed_name).pathogen), feeds.column_mapping(feed_name)
    try:
        with db.recorded(ALIAS) as write:
            writing = Writing(write.cursor, book, Stages())
            opened = writing.begin(feed_name, source)
            if opened is None:
                before = queries.submission_that_came_before(feed_name, source.sha256, None)["id"]
                raise _Undone(Preview(Balance(), (), (), (), (), before))
            stages = Stages()
            preparation = Preparation(source, book, feed_name, mapping, opened.now, stages)
            for piece in preparation.pieces(CHUNK_BYTES):
                writing.put(opened, encode(opened, piece, stages))
            balance = Balance.of(writing.finish(opened, source))
            outcomes = tuple(db.fetch(write.cursor, OUTCOMES, [opened.submission]))
            header = preparation.header
            unknown, absent = (header.unknown, header.absent) if header else ((), ())
            raise _Undone(Preview(balance, outcomes, first_rows(source, book, mapping), unknown, absent))
    except _Undone as undone:
        return undone.preview


def first_rows(source: Source, book: Rulebook, mapping: dict[str, str]) -> tuple[dict[str, str | None], ...]:
    """The first rows as text by field, fields without any value left out."""
    reader = LineListReader(source.blocks(), book.line_list, mapping=mapping)
    for chunk in reader.chunks():
        frame = chunk.frame.head(ROWS)
        filled = [name for name in frame.columns if frame[name].null_count() < frame.height]
        return tuple(frame.select(pl.col(filled)).iter_rows(named=True))
    return ()


def remember_mapping(feed_name: str, mapping: dict[str, str]) -> None:
    """Remember which column of a sender's file is which field; an empty one goes back to the field ids."""
    known = set(rulebook(feeds.feed(feed_name).pathogen).line_list.ids)
    strange = sorted(set(mapping.values()) - known)
    if strange:
        raise Refused(f"{strange[0]!r} is no field of the line list, so no column can stand for it.")
    twice = sorted({field for field in mapping.values() if list(mapping.values()).count(field) > 1})
    if twice:
        raise Refused(f"Two columns stand for {twice[0]!r}; choose one of them.")
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into intake.column_mapping (feed, mapping, tick_id) values (%s, %s::jsonb, %s)",
            [feed_name, json.dumps(mapping), write.tick],
        )


# The waiting file ----------------------------------------------------------------------------------------------------


def keep(body: bytes, feed_name: str, person: str) -> str:
    """Keep a file for its sender until it is confirmed; returns the token that finds it again."""
    if len(body) > LARGEST:
        raise Refused(
            f"The file has {len(body) / 2**20:,.0f} MB; this page takes {LARGEST // 2**20}. "
            "Send it with: commonweal intake FILE --feed NAME, or over HTTP."
        )
    drop_old()
    token = secrets.token_urlsafe(24)
    secret = _sealing(feed_name)
    sealed = secret.sealer.seal([body], [_binding(feed_name, person, token)], secret.random_bytes)[0]
    _path(token).write_bytes(len(sealed.wrapped_key).to_bytes(2, "big") + sealed.wrapped_key + sealed.payload)
    _path(token).chmod(0o600)
    return token


def kept(token: str, feed_name: str, person: str, label: str) -> Source:
    """The file that waits under a token, for the person who sent it to that feed. Raises `NotThere` when it is gone."""
    try:
        stored = _path(token).read_bytes()
    except FileNotFoundError:
        raise NotThere("This file is no longer waiting: it was sent, or an hour has passed. Choose it again.") from None
    cut = 2 + int.from_bytes(stored[:2], "big")
    sealed = Sealed(stored[2:cut], stored[cut:])
    body = _sealing(feed_name).sealer.open(sealed, _binding(feed_name, person, token))
    return from_body(body, Provenance("upload", label, sent_by=person), is_json=False)


def forget(token: str) -> None:
    """Remove a waiting file."""
    _path(token).unlink(missing_ok=True)


def drop_old() -> None:
    """Remove files that nobody confirmed within the hour."""
    for path in _folder().iterdir():
        if path.stat().st_mtime < time.time() - WAITING_SECONDS:
            path.unlink(missing_ok=True)


def _folder() -> Path:
    folder = Home.current().path / "uploads"
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    return folder


def _path(token: str) -> Path:
    return _folder() / hashlib.sha256(token.encode()).hexdigest()


def _binding(feed_name: str, person: str, token: str) -> bytes:
    return f"upload/{feed_name}/{person}/{token}".encode()


def _sealing(feed_name: str) -> Any:
    return rulebook(feeds.feed(feed_name).pathogen).secrets
