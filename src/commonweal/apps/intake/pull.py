"""Everything new since last time, for an authority's own systems: in the order in which it became known.

A cursor names an instant below which nothing can still arrive, and the last item taken at it. Nothing is skipped, and
taking the same page twice is safe: items carry the record and its version. Corrections and departures from scope are
items too.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.core.errors import Refused
from commonweal.web import db

MOST_ITEMS = 10_000
START = datetime(1, 1, 1, tzinfo=UTC)

ITEMS = """
with ticks as (
  select id, known_at from ledger.tick
   where known_at <= %(as_of)s and known_at >= %(known_at)s order by known_at, id
),
items as (
  select t.known_at, t.id as tick, 0 as kind, r.id as number, to_jsonb(r) - 'known_month' as body
    from ticks t join record.result r on r.tick_id = t.id and r.scope_ltla = any (%(codes)s)
  union all
  select t.known_at, t.id, 1, d.revision, to_jsonb(d)
    from ticks t join record.departure d on d.tick_id = t.id and d.scope_ltla = any (%(codes)s)
)
select * from items
 where (known_at, tick, kind, number) > (%(known_at)s, %(tick)s, %(kind)s, %(number)s)
 order by known_at, tick, kind, number limit %(limit)s
"""


@dataclass(frozen=True)
class Cursor:
    """Where a reader stands: the last item taken, by the instant it became known."""

    known_at: datetime
    tick: int
    kind: int
    number: int

    def text(self) -> str:
        """The cursor as one opaque word."""
        document = json.dumps([self.known_at.isoformat(), self.tick, self.kind, self.number])
        return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The cursor that a word stands for; an empty word is the beginning. Raises `Refused` for anything else."""
        if not text:
            return cls(START, 0, 0, 0)
        try:
            known_at, tick, kind, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return cls(datetime.fromisoformat(known_at), int(tick), int(kind), int(number))
        except (ValueError, TypeError, binascii.Error) as error:
            raise Refused(
                f"The cursor {text[:40]!r} was not given out by this service. Begin again without one, or use the "
                "cursor of the last page you took."
            ) from error


@dataclass(frozen=True)
class PageOfItems:
    """What was taken, the cursor to ask with next time, and whether more is waiting now."""

    items: list[dict[str, Any]]
    cursor: str
    more: bool
    as_of: datetime
    agreements: tuple[str, ...]


def take(actor: Actor, since: str, *, limit: int = 1000, places: list[str] | None = None) -> PageOfItems:
    """The next items after a cursor. Raises `Refused` for a bad cursor or limit, `NotAllowed` without a scope."""
    if not 1 <= limit <= MOST_ITEMS:
        raise Refused(f"A page may have 1 to {MOST_ITEMS} items, not {limit}.")
    start = Cursor.read(since)
    as_of = db.freeze()
    filters = {"since": start.known_at, "limit": limit, "places": places}
    with scoped_read(actor, query="pull results", filters=filters, as_of=as_of, places=places, exported=True) as scope:
        rows = scope.rows(ITEMS, {**start.__dict__, "as_of": as_of, "codes": list(scope.codes), "limit": limit + 1})
    taken = rows[:limit]
    last = taken[-1] if taken else None
    end = Cursor(last["known_at"], last["tick"], last["kind"], last["number"]) if last else start
    return PageOfItems([_item(row) for row in taken], end.text(), len(rows) > limit, as_of, scope.agreements)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    body = row["body"]
    version = {"record": body.pop("record_hash").removeprefix("\\x"), "version": body.pop("revision")}
    body.pop("tick_id", None)
    kind = "result" if row["kind"] == 0 else "departure"
    return {"kind": kind, "known_at": row["known_at"].isoformat(), **version, **body}
