"""Feeds: the ways by which organisations send records. Who owns one, what it takes, whether it is open, its token."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import Error

from commonweal.apps.intake import rulebook
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db

RESULTS = "results"
RECORD_KINDS = (RESULTS,)
STATES = ("open", "paused", "closed")
TOKEN_BYTES = 32
REMEMBERED_SECONDS = 1.0
_NAME = re.compile("[a-z0-9][a-z0-9-]{1,63}")

LISTING = """
select f.name, f.number, f.owner_id, f.record_kinds, f.pathogen, s.state, s.reason, t.known_at as since,
       (select count(*) from intake.submission b where b.feed = f.name) as submissions
  from intake.feed f
  left join lateral (select * from intake.feed_state s where s.feed = f.name order by s.tick_id desc limit 1) s on true
  left join ledger.tick t on t.id = s.tick_id
 where %(name)s::text is null or f.name = %(name)s
 order by f.name
"""
MAPPING = "select mapping from intake.column_mapping where feed = %s order by tick_id desc limit 1"

DOOR = """
select f.pathogen, commonweal.now() as now,
       (select m.mapping from intake.column_mapping m where m.feed = f.name order by m.tick_id desc limit 1) as mapping
  from intake.feed_token t join intake.feed f on f.name = t.feed
 where t.token_sha256 = %s and t.feed = %s and (t.ends_at is null or t.ends_at > commonweal.now())
"""


@dataclass(frozen=True)
class Feed:
    """A feed as it stands now; `since` is when its state became what it is."""

    name: str
    number: int
    owner_id: str
    record_kinds: tuple[str, ...]
    pathogen: str
    state: str
    reason: str
    since: datetime
    submissions: int


def listing(alias: str = "ingest") -> list[Feed]:
    """Every feed, by name."""
    return [_feed(row) for row in db.rows(alias, LISTING, {"name": None})]


def feed(name: str, alias: str = "ingest") -> Feed:
    """One feed. Raises `NotThere` with the command that makes it when there is none."""
    rows = db.rows(alias, LISTING, {"name": name})
    if not rows:
        raise NotThere(f"There is no feed {name!r}. Make it with: commonweal feeds add {name} --owner ORGANISATION")
    return _feed(rows[0])


def _feed(row: Mapping[str, Any]) -> Feed:
    return Feed(**{**row, "record_kinds": tuple(row["record_kinds"])})


def add(name: str, owner: str, *, pathogen: str, kinds: tuple[str, ...] = (RESULTS,)) -> str:
    """Make a feed and open it; returns its token, which is shown once and stored only as a checksum.

    Raises `Refused` for a name that is taken or cannot be one, an owner that is no organisation, an unknown record kind
    or a pathogen without a pack.
    """
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} cannot name a feed: use 2 to 64 lower-case letters, digits and hyphens.")
    if strange := sorted(set(kinds) - set(RECORD_KINDS)):
        raise Refused(f"{strange[0]!r} is no kind of record; a feed takes {', '.join(RECORD_KINDS)}.")
    rulebook.pathogen_pack(pathogen)
    token = _new_token()
    try:
        with db.recorded("authn") as write:
            write.cursor.execute("select 1 from access.organisation where id = %s", [owner])
            if write.cursor.fetchone() is None:
                raise Refused(f"There is no organisation {owner!r}; make it first, then give it the feed {name!r}.")
            write.cursor.execute(
                "insert into intake.feed (name, owner_id, record_kinds, pathogen, tick_id) values (%s, %s, %s, %s, %s)",
                [name, owner, list(kinds), pathogen, write.tick],
            )
            write.cursor.execute("insert into intake.feed_state values (%s, 'open', 'made', %s)", [name, write.tick])
            write.cursor.execute(
                "insert into intake.feed_token values (%s, %s, null, %s)", [checksum(token), name, write.tick]
            )
    except Error as error:
        if getattr(error.__cause__, "sqlstate", None) == "23505":
            raise Refused(f"There is a feed {name!r} already; commonweal feeds list shows it.") from None
        raise
    return token


def rotate(name: str) -> str:
    """Give a feed a new token and end the older ones; returns the new one. A running site notices within a second."""
    feed(name)
    token = _new_token()
    with db.recorded("authn") as write:
        write.cursor.execute(
            "update intake.feed_token set ends_at = commonweal.now() where feed = %s and ends_at is null", [name]
        )
        write.cursor.execute(
            "insert into intake.feed_token values (%s, %s, null, %s)", [checksum(token), name, write.tick]
        )
    _doors.clear()
    return token


def set_state(name: str, state: str, reason: str) -> None:
    """Open, pause or close a feed, saying why."""
    feed(name)
    if state not in STATES:
        raise Refused(f"{state!r} is no state of a feed; the states are {', '.join(STATES)}.")
    if not reason.strip():
        raise Refused(f"Say why the feed {name!r} becomes {state}.")
    with db.recorded("authn") as write:
        write.cursor.execute("insert into intake.feed_state values (%s, %s, %s, %s)", [name, state, reason, write.tick])


def column_mapping(name: str) -> dict[str, str]:
    """The feed's remembered column names: sender's name -> field id; empty when it uses the field ids."""
    found = db.one("ingest", MAPPING, [name])
    return dict(found["mapping"]) if found else {}


@dataclass(frozen=True)
class Door:
    """What a sender with a good token needs to know of its feed; `now` is the space's instant."""

    pathogen: str
    mapping: dict[str, str]
    now: datetime


_doors: dict[tuple[bytes, str], tuple[float, Door]] = {}


def door(token: str, name: str) -> Door | None:
    """The feed of this name when the token is one of its tokens in force, else None."""
    found = db.one("ingest", DOOR, [checksum(token), name])
    return None if found is None else Door(found["pathogen"], dict(found["mapping"] or {}), found["now"])


def remembered_door(token: str, name: str) -> Door | None:
    """As `door`, looked up once a second at most: a sender of many records is not asked for its token by each."""
    known = known_door(token, name)
    if known is not None:
        return known
    now = time.monotonic()
    found = door(token, name)
    for old in [each for each, (at, _) in list(_doors.items()) if now - at >= REMEMBERED_SECONDS]:
        _doors.pop(old, None)
    if found is not None:
        _doors[checksum(token), name] = (now, found)
    return found


def known_door(token: str, name: str) -> Door | None:
    """What `remembered_door` answers from memory alone; None also when that must be looked up."""
    known, now = _doors.get((checksum(token), name)), time.monotonic()
    if known is None or now - known[0] >= REMEMBERED_SECONDS:
        return None
    return replace(known[1], now=known[1].now + timedelta(seconds=now - known[0]))


def checksum(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def _new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)
