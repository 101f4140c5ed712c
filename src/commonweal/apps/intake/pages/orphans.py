"""*Orphans*: records whose place is not known. Nobody's records have a queue, an owner and a clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from commonweal.apps.intake.pages import reasons
from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.web import times
from commonweal.web.pages import Empty, Help, Link, Page, Pager, ShownTable

HELP = Help(
    "Records that could not be given to a place, for example because the postcode does not exist.",
    (
        ("Owner", "The office that has to find the place, or to drop the record with a reason."),
        ("Due", "The clock: when it has run out, the record is shown as overdue to everybody who may see it."),
    ),
    "The office named as owner.",
)


@dataclass(frozen=True)
class OrphanRow:
    submission: int
    row_number: int
    feed: str
    reason: str
    since: datetime
    due: datetime
    owner: str


@dataclass(frozen=True)
class Orphans:
    page: Page
    sentence: str
    table: ShownTable | None
    ended: str
    pager: Pager
    empty: Empty


def build(
    rows: Sequence[OrphanRow],
    waiting: int,
    ended: Mapping[str, int],
    pager: Pager,
    now: datetime,
    mine: Collection[int] = (),
) -> Orphans:
    """``rows`` is a page of those waiting, soonest due first; ``ended`` counts how earlier ones ended; ``mine`` are the
    submissions whose records the reader may open, to give them a place."""
    columns = (
        Column("Record", numeric=False),
        Column("Feed", numeric=False),
        Column("Why its place is not known", numeric=False),
        Column("Waiting since", numeric=False),
        Column("Due", numeric=False),
        Column("Owner", numeric=False),
    )
    cells = tuple(
        (
            f"{row.submission}, row {row.row_number}",
            row.feed,
            reasons.sentence(row.reason),
            times.when(row.since, now),
            f"overdue since {times.when(row.due, now)}" if row.due < now else times.when(row.due, now),
            row.owner,
        )
        for row in rows
    )
    links = tuple(
        f"/orphans/{row.submission}/{row.row_number}"
        if row.submission in mine
        else f"/submissions/{row.submission}?outcome=pending"
        for row in rows
    )
    resolved, dropped = ended.get("resolved", 0), ended.get("dropped", 0)
    return Orphans(
        Page("Records without a place", HELP, (Link("Feeds", "/feeds"), Link("Without a place", ""))),
        sentence(rows, waiting, now),
        ShownTable(PictureTable("Waiting, soonest due first", columns, cells), links=links, identity="orphans")
        if rows
        else None,
        f"Of earlier ones, {wording.thousands(resolved)} were given a place and {wording.thousands(dropped)} dropped.",
        pager,
        Empty("No record waits for a place.", "One that cannot be placed appears here with its owner and its clock."),
    )


@dataclass(frozen=True)
class Orphan:
    """One record that waits, opened by somebody who may place it."""

    page: Page
    why: str
    facts: tuple[tuple[str, str], ...]
    address: str


def build_one(submission: int, row: int, note: str, values: Mapping[str, str]) -> Orphan:
    """A waiting record with what was received of it, by field."""
    trail = (Link("Feeds", "/feeds"), Link("Without a place", "/orphans"), Link(f"Row {row}", ""))
    facts = tuple((reasons.field_name(name), value) for name, value in values.items())
    return Orphan(
        Page(f"Row {row} of submission {submission}", HELP, trail), note, facts, f"/orphans/{submission}/{row}"
    )


def sentence(rows: Sequence[OrphanRow], waiting: int, now: datetime) -> str:
    if not waiting or not rows:
        return "Every record received has a place."
    said = f"{wording.counted(waiting, 'record waits', 'records wait')} for a place"
    first = min(rows, key=lambda row: row.due)
    if first.due < now:
        return f"{said}; the first was due {times.when(first.due, now)} and is overdue, with {first.owner}."
    return f"{said}; the first is due {times.when(first.due, now)}, with {first.owner}."
