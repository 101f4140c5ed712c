"""*What a record holds*: the published line list for those who send and those who receive."""

from __future__ import annotations

from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.intake.published import Documented, documented
from commonweal.core.intake.schema import LineList
from commonweal.web.pages import Help, Link, Page

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
    columns: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]


def said(column: Documented) -> str:
    """One column in sentences: a table of five columns cannot be read on a telephone."""
    needed = {"yes": "Needed.", "no": "Not needed."}.get(column.needed, f"Needed: {column.needed}.")
    return f"{wording.upper_first(column.kind)}. {needed} Class {column.access}. {column.meaning}".strip()


def build(line_list: LineList) -> LineListPage:
    """The page of a version of the line list."""
    columns = documented(line_list)
    needed = sum(1 for each in columns if each.needed != "no")
    return LineListPage(
        Page("What a record holds", HELP),
        f"{wording.counted(len(columns), 'column', 'columns')}, {needed} of them needed. "
        "Their order does not matter; columns of other names are left out and named to the sender.",
        tuple((each.name, said(each)) for each in columns),
        LINKS,
    )
