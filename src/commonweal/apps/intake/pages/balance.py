"""*Balance*: does everything that was sent add up. Public: closed days only, small feeds of a day merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from commonweal.apps.intake.pages import outcomes as said
from commonweal.apps.intake.pages.outcomes import WORDS
from commonweal.core import wording
from commonweal.core.intake.balance import Balance
from commonweal.core.pictures import Column, PictureTable
from commonweal.core.pictures.table import Cell
from commonweal.web.pages import Empty, Help, Link, Page, ShownTable

HELP = Help(
    "A public sheet of records received, by feed and day. It counts records, never results or places.",
    WORDS,
    "The operator of this service. Every organisation that sends sees its own feeds exactly.",
)
OTHERS = "Feeds with under {} records that day"


@dataclass(frozen=True)
class BalanceRow:
    day: date
    feed: str
    tally: Balance


@dataclass(frozen=True)
class BalancePage:
    page: Page
    sentence: str
    closes: bool
    table: ShownTable | None
    by_feed: ShownTable | None
    empty: Empty


def merged(rows: Sequence[BalanceRow], smallest: int) -> tuple[BalanceRow, ...]:
    """Rows with a day's feeds under ``smallest`` records put together, so that a tiny feed says nothing of people."""
    small: dict[date, Balance] = {}
    kept = []
    for row in rows:
        if row.tally.received < smallest:
            small[row.day] = small.get(row.day, Balance()) + row.tally
        else:
            kept.append(row)
    kept += [BalanceRow(day, OTHERS.format(smallest), tally) for day, tally in small.items()]
    return tuple(sorted(kept, key=lambda row: (-row.day.toordinal(), row.feed)))


def build(
    rows: Sequence[BalanceRow], as_of: datetime, *, smallest: int, downloads: tuple[Link, ...] = ()
) -> BalancePage:
    """The sheet; feeds with fewer than ``smallest`` records a day are merged (0 on the exact, signed-in sheet)."""
    listed = merged(rows, smallest)
    total = sum((row.tally for row in listed), Balance())
    wrong = [row for row in listed if not row.tally.closes]
    return BalancePage(
        Page("Does everything add up?", HELP),
        sentence(total, wrong),
        not wrong,
        ShownTable(by_day(listed), downloads, identity="balance-by-day") if listed else None,
        ShownTable(by_feed(listed), identity="balance-by-feed") if listed else None,
        Empty("No day is closed yet.", "A day appears here when it is over."),
    )


def sentence(total: Balance, wrong: Sequence[BalanceRow]) -> str:
    if not wrong:
        return said.sentence(total)
    days = wording.joined([f"{row.feed} on {wording.day(row.day)}" for row in wrong[:3]])
    return f"The sheet does not add up for {days}. The operator is told; results shown elsewhere may lack records."


COLUMNS = tuple(Column(name) for name in ("Received", "Accepted", "Duplicate", "Superseded", "Rejected", "Pending"))


def by_day(rows: Sequence[BalanceRow]) -> PictureTable:
    columns = (
        Column("Day received", numeric=False),
        Column("Feed", numeric=False),
        *COLUMNS,
        Column("Adds up", numeric=False),
    )
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (row.day, row.feed, *said.cells(row.tally), "yes" if row.tally.closes else "no") for row in rows
    )
    return PictureTable("Records by day and feed", columns, cells)


def by_feed(rows: Sequence[BalanceRow]) -> PictureTable:
    totals: dict[str, Balance] = {}
    for row in rows:
        totals[row.feed] = totals.get(row.feed, Balance()) + row.tally
    cells: tuple[tuple[Cell, ...], ...] = tuple((feed, *said.cells(tally)) for feed, tally in sorted(totals.items()))
    return PictureTable("Records by feed, all days shown", (Column("Feed", numeric=False), *COLUMNS), cells)
