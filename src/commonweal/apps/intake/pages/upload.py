"""*Upload*: choose a file, see what would become of it, and only then send it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonweal.apps.intake.pages import outcomes as said
from commonweal.apps.intake.pages.outcomes import WORDS
from commonweal.apps.intake.pages.reasons import explained, field_name
from commonweal.core import wording
from commonweal.core.intake.balance import Balance
from commonweal.core.pictures import Column, PictureTable
from commonweal.core.pictures.table import Cell
from commonweal.web.pages import Help, Link, Page, ShownTable

HELP = Help(
    "Send a file of records to a feed of your organisation. You see what would become of it before it is taken in.",
    WORDS,
    "The operator of this service.",
)
LISTED = 500


@dataclass(frozen=True)
class Upload:
    page: Page
    feed: str


@dataclass(frozen=True)
class Unmatched:
    """A column of the file that feeds no field, and the fields it could feed."""

    column: str
    identity: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Previewed:
    page: Page
    feed: str
    label: str
    sentence: str
    token: str
    may_send: bool
    before: Link | None
    first: ShownTable | None
    odd: ShownTable | None
    odd_left_out: str
    unmatched: tuple[Unmatched, ...]
    absent: str


def page_of(feed: str) -> Page:
    return Page(
        f"Send a file to {feed}", HELP, (Link("Feeds", "/feeds"), Link(feed, f"/feeds/{feed}"), Link("Upload", ""))
    )


def start(feed: str) -> Upload:
    return Upload(page_of(feed), feed)


def build(
    feed: str,
    label: str,
    token: str,
    balance: Balance,
    outcomes: Sequence[Mapping[str, Any]],
    first: Sequence[Mapping[str, str | None]],
    unknown: Sequence[str],
    absent: Sequence[str],
    before: int | None,
    refused: str = "",
) -> Previewed:
    """The preview. ``absent`` are fields that no column of the file feeds: a column may be matched to one of them."""
    odd = [row for row in outcomes if row["outcome"] != "accepted" or row["notes"]]
    left = len(odd) - LISTED
    return Previewed(
        page_of(feed),
        feed,
        label,
        refused or sentence(balance, before),
        token,
        before is None and balance.received > 0 and not refused,
        Link(f"Submission {before}", f"/submissions/{before}") if before is not None else None,
        first_table(first) if first else None,
        odd_table(odd[:LISTED], len(outcomes)) if odd else None,
        f"{wording.thousands(left)} more rows are not listed here; each is listed after sending." if left > 0 else "",
        tuple(
            Unmatched(name, f"column-{at}", tuple((field, field_name(field)) for field in absent))
            for at, name in enumerate(unknown)
        ),
        wording.joined([field_name(field) for field in absent]),
    )


def sentence(balance: Balance, before: int | None) -> str:
    if before is not None:
        return "Exactly this file was sent before. Sending it again would change nothing."
    if not balance.received:
        return "The file holds no record."
    records = wording.counted(balance.received, "record", "records")
    return f"If you send it: {wording.joined(said.parts(balance))} of {records}."


def first_table(rows: Sequence[Mapping[str, str | None]]) -> ShownTable:
    columns = (Column("Row"), *(Column(field_name(name), numeric=False, absent="") for name in rows[0]))
    cells: tuple[tuple[Cell, ...], ...] = tuple((at, *row.values()) for at, row in enumerate(rows, 1))
    return ShownTable(
        PictureTable(f"The first {len(rows)} rows as they were read", columns, cells), identity="first-rows"
    )


def odd_table(rows: Sequence[Mapping[str, Any]], received: int) -> ShownTable:
    columns = (Column("Row"), Column("Would be", numeric=False), Column("Why, and what to do", numeric=False))
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (row["row_number"], row["outcome"], explained(row["outcome"], row["reasons"], row["notes"])) for row in rows
    )
    title = f"Rows to look at, of {wording.thousands(received)}"
    return ShownTable(PictureTable(title, columns, cells), identity="odd-rows")
