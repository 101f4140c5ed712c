"""*Search*: what was found, in scope; views kept and numbers watched by oneself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from commonweal.apps.desk.own import Measure
from commonweal.apps.desk.search import LIMIT, SHORTEST, Group
from commonweal.core import wording
from commonweal.web.pages import Help, Link, Page

HELP = Help(
    "One box for places, postcodes, wards, care homes, schools, pages and notices. It finds only what your office "
    "may see.",
    (
        ("In scope", "The places your office answers for. Others are not found, whatever is typed."),
        ("Purpose", "Records about a person are looked for only by number and for a purpose; each search is entered."),
    ),
    "The duty officer named on Today.",
)


@dataclass(frozen=True)
class Kept:
    """Something a person keeps: where it leads (empty: nowhere), and its number."""

    number: int
    text: str
    link: str = ""


@dataclass(frozen=True)
class Search:
    page: Page
    text: str
    sentence: str
    groups: tuple[Group, ...]
    views: tuple[Kept, ...]
    subscriptions: tuple[Kept, ...]
    measures: tuple[tuple[str, str], ...]
    may_ask_people: bool
    purpose: str
    people_said: str
    keep_link: str
    keeps_page: bool


def build(
    text: str,
    groups: Sequence[Group],
    views: Sequence[Mapping[str, Any]],
    subscriptions: Sequence[Mapping[str, Any]],
    measures: Sequence[Measure],
    *,
    may_ask_people: bool,
    purpose: str,
    people_said: str,
    keep: str = "",
) -> Search:
    """`keep` is the address of another page that is to be kept under a name."""
    labels = {measure.name: measure.label for measure in measures}
    return Search(
        Page(f"Search: {text}" if text else "Search", HELP, (Link("Today", "/today"), Link("Search", ""))),
        text,
        sentence(text, groups),
        tuple(groups),
        tuple(Kept(row["id"], row["name"], row["link"]) for row in views),
        tuple(Kept(row["id"], _subscription(row, labels)) for row in subscriptions),
        tuple((measure.name, measure.label) for measure in measures),
        may_ask_people,
        purpose.replace("_", " "),
        people_said,
        keep or (f"/search?{urlencode({'q': text})}" if text and groups else ""),
        bool(keep),
    )


def sentence(text: str, groups: Sequence[Group]) -> str:
    """How much was found, or what to type."""
    if not text:
        return "Type a place, a postcode or the beginning of one, a ward, a page or a word of a notice."
    if len(text) < SHORTEST:
        return f"Type at least {SHORTEST} letters."
    count = sum(len(group.hits) for group in groups)
    if not count:
        return f"Nothing called “{text}” is among what your office may see."
    if any(len(group.hits) >= LIMIT for group in groups):
        return f"The first {LIMIT} answers of a kind for “{text}”; there may be more. Type another word to narrow it."
    return f"{wording.counted(count, 'answer', 'answers')} for “{text}”."


def _subscription(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    stands = {True: "it is above now", False: "it is below now", None: "not looked at yet"}[row["is_above"]]
    label = labels.get(row["measure"], row["measure"])
    return f"{label} of {row['place']} passes {row['threshold'].normalize():f} ({stands})"
