"""The access room's pages as values: who looked, with office, person, purpose and size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.web import times
from commonweal.web.pages import Empty, Help, Link, Page, Pager, ShownTable

HELP = Help(
    "Every read of data about people who live in your area, entered before its first row left the database.",
    (
        ("Purpose", "What the office said it read for. Offices read for their own purposes only."),
        ("Rows", "How many records left. A read that was broken off has none."),
        ("Identifiable", "Names, addresses or contact details were part of what was read."),
    ),
    "Your data-protection officer, who can question a read.",
)
CLASSES = {"L1": "counts", "L2": "records without names", "L3": "identifiable"}


@dataclass(frozen=True)
class WhoLooked:
    page: Page
    sentence: str
    offices: ShownTable | None
    reads: ShownTable | None
    days: tuple[Link, ...]
    pager: Pager
    empty: Empty


def who_looked(
    rows: Sequence[Mapping[str, Any]],
    offices: Sequence[Mapping[str, Any]],
    days: Sequence[tuple[date, int]],
    day: date | None,
    pager: Pager,
    now: datetime,
    downloads: tuple[Link, ...] = (),
) -> WhoLooked:
    """``rows`` of one day (or of all): at, office, organisation, person, purpose, query, class, row_count, exported."""
    return WhoLooked(
        Page("Who looked", HELP),
        sentence(offices, day),
        by_office(offices) if offices else None,
        ShownTable(
            PictureTable("Every read, newest first", READS, tuple(read(row, now) for row in rows)),
            downloads,
            identity="reads",
        )
        if rows
        else None,
        tuple(
            Link(f"{wording.day(each)} ({wording.thousands(count)})", f"?day={each}", current=each == day)
            for each, count in days
        ),
        pager,
        Empty("Nobody read data about people of your area.", "Each read appears here at the moment it is made."),
    )


def sentence(offices: Sequence[Mapping[str, Any]], day: date | None) -> str:
    when = f"On {wording.day(day)}" if day else "Up to now"
    if not offices:
        return f"{when}, nobody read data about people of your area."
    who = wording.counted(len({row["office"] for row in offices}), "office", "offices")
    reads, named, exported = (sum(row[name] for row in offices) for name in ("reads", "named", "exported"))
    said = f"{when}, {who} read data of your area {wording.counted(reads, 'time', 'times')}"
    return f"{said}: {wording.thousands(named)} with names, {wording.thousands(exported)} taken away as a file."


READS = (
    Column("When", numeric=False),
    Column("Office", numeric=False),
    Column("Person", numeric=False),
    Column("Purpose", numeric=False),
    Column("What", numeric=False),
    Column("Kind", numeric=False),
    Column("Rows", absent="under way or broken off"),
    Column("File", numeric=False),
)


def read(row: Mapping[str, Any], now: datetime) -> tuple[str | int | None, ...]:
    stands_in = f" ({row['on_behalf_of']})" if row.get("on_behalf_of") else ""
    return (
        times.when(row["at"], now),
        row["office"] if row["organisation"] in row["office"] else f"{row['office']}, {row['organisation']}",
        f"{row['person']}{stands_in}",
        str(row["purpose"]).replace("_", " "),
        str(row["query"]).replace("_", " "),
        CLASSES.get(row["class"], row["class"]),
        row["row_count"],
        "yes" if row["exported"] else "no",
    )


def by_office(offices: Sequence[Mapping[str, Any]]) -> ShownTable:
    columns = (
        Column("Office", numeric=False),
        Column("Organisation", numeric=False),
        Column("Purpose", numeric=False),
        Column("Reads"),
        Column("Rows"),
    )
    cells = tuple(
        (row["office"], row["organisation"], str(row["purpose"]).replace("_", " "), row["reads"], row["row_count"])
        for row in offices
    )
    return ShownTable(PictureTable("By office and purpose", columns, cells), identity="offices")
