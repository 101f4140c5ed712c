"""How many of a place's people live with another one: a number that an office which reads addresses leaves to others.

Offices whose agreement opens no addresses are told the share and never a key or address; small numbers are not told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.surveillance.why_explaining import Explained
from commonweal.apps.surveillance.why_reads import Where
from commonweal.core import wording
from commonweal.core.signals.why_windows import Windows
from commonweal.web import db, times

QUERY = "how many live together"
NEWEST = """
select h.people, h.together, h.with_address, h.as_of, o.title as office
  from surveillance.household_share h join access.office o on o.id = h.office_id join ledger.tick t on t.id = h.tick_id
 where h.place_code = %(place)s and h.last_day = %(last)s and h.days = %(days)s and h.against = %(against)s
   and h.as_of <= %(as_of)s and (%(known)s::timestamptz is null or t.known_at <= %(known)s)
 order by h.as_of desc, h.id desc limit 1
"""
KEEP = """
insert into surveillance.household_share (place_code, scope, last_day, days, against, as_of, people, together,
                                          with_address, office_id, person_id, tick_id)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""


@dataclass(frozen=True)
class Households:
    """Of `people` in the later window, `together` live with another one and have no setting in common; of
    `with_address` an address is known. Worked out by an office, as known at an instant."""

    people: int
    together: int
    with_address: int
    as_of: datetime
    office: str


def keep(actor: Actor, found: Explained) -> None:
    """Leave the number of an explanation that looked at addresses to the others, where it is a new one."""
    why = found.why
    part = None if why is None else why.part("household")
    if why is None or part is None or not found.with_addresses:
        return
    people = round(why.change.after or 0)
    numbers = (people, round(part.after or 0), round(why.completeness["household"] * people))
    before = told(actor, found.where, found.span, found.as_of, pinned=False)
    if before is not None and (before.people, before.together, before.with_address) == numbers:
        return
    where, span = found.where, found.span
    values: list[Any] = [where.code, list(where.authorities), span.last, span.days, span.against, found.as_of, *numbers]
    asked = {"place": where.code, "kept": True}
    with (
        scoped_read(actor, query=QUERY, filters=asked, places=list(where.authorities), data_class="L3"),
        db.recorded("app") as write,
    ):
        write.cursor.execute(KEEP, [*values, actor.office_id, actor.person_id, write.tick])


def told(actor: Actor, where: Where, span: Windows, as_of: datetime, *, pinned: bool) -> Households | None:
    """The newest number for a place and windows, or None where nobody who reads addresses has looked at them.

    pinned: at a past moment; what was left later is not there yet.
    """
    asked = {
        "place": where.code, "last": span.last, "days": span.days, "against": span.against, "as_of": as_of,
        "known": as_of if pinned else None,
    }  # fmt: skip
    with scoped_read(
        actor, query=QUERY, filters={"place": where.code}, places=list(where.authorities), data_class="L1"
    ) as scope:
        rows = scope.rows(NEWEST, asked)
    return Households(**rows[0]) if rows else None


def sentence(found: Households | None, least: int, least_completeness: float, now: datetime) -> str:
    """In words, for a reader who does not read addresses. Numbers from 1 to below `least` are not told, nor those by
    which they could be told."""
    if found is None:
        return (
            "Who lives together cannot be told to your office, which does not read addresses here; how many it "
            "concerns stands here once an office that reads them has looked at these days."
        )
    by = f"({wording.upper_first(found.office)}, as known {times.when(found.as_of, now)})"
    if found.with_address < least_completeness * found.people:
        return f"How many live together cannot be told: of too few people an address is known {by}."
    many = wording.thousands(found.together)
    if 0 < found.together < least:
        many = f"fewer than {least}"
    elif 0 < found.people - found.together < least:
        many = f"all but fewer than {least}"
    return (
        f"Of the {wording.counted(found.people, 'person', 'people')}, {many} live with another one and have no setting "
        f"in common; above they are among the other parts {by}. Your office does not read addresses here."
    )
