"""*What a record holds*: the published line list for those who send and those who receive."""

from __future__ import annotations

from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.intake.published import HEADINGS, documented
from commonweal.core.intake.schema import LineList
from commonweal.core.pictures import Column, PictureTable
from commonweal.web.pages import Help, Link, Page, ShownTable

HELP = Help(
    "The columns of a line list of test results, as laboratories send it and local teams receive it.",
    (
        ("L2", "Single records without direct identifiers: opened by an agreement."),
        (
            "L3",
            "Names, addresses and contact details: kept sealed, opened by an agreement and a purpose.",
        ),
        ("Needed", "A file without this column is refused; a record without its value is rejected or waits."),
    ),
    "The operator of this service.",
)
LINKS = (
    Link("Table Schema (JSON)", "/line-list.schema.json"),
    Link("Example (CSV)", "/line-list.example.csv"),
)


@dataclass(frozen=True)
class LineListPage:
    page: Page
    sentence: str
    table: ShownTable
    links: tuple[Link, ...]


def build(line_list: LineList) -> LineListPage:
    """The page of a version of the line list."""
    columns = documented(line_list)
    needed = sum(1 for each in columns if each.needed != "no")
    cells = tuple(each.cells for each in columns)
    return LineListPage(
        Page("What a record holds", HELP),
        f"{wording.counted(len(columns), 'column', 'columns')}, {needed} of them needed. "
        "Their order does not matter; columns of other names are left out and named to the sender.",
        ShownTable(
            PictureTable("Columns", tuple(Column(name, numeric=False) for name in HEADINGS), cells), identity="columns"
        ),
        LINKS,
    )
