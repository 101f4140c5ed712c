"""One search box: places and postcodes in scope, and what rooms register. People's records only with a purpose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from commonweal.apps.access import shell
from commonweal.apps.access.scope import Actor
from commonweal.core.access.permissions import Seat
from commonweal.core.places import settings
from commonweal.core.places.postcodes import normalise
from commonweal.web import db

LIMIT = 20
SHORTEST, LONGEST = 2, 100
WORD = re.compile(r"\w+")
# A word with a digit that may be the beginning of a postcode: "LE1", "SW1A", "LE1 1".
POSTCODE_START = re.compile(r"[A-Z]{1,2}\d[A-Z0-9]{0,5}")


@dataclass(frozen=True)
class Asked:
    """A search: the text as typed, who asks, and the office as which."""

    text: str
    actor: Actor
    seat: Seat

    @property
    def words(self) -> list[str]:
        """Letters and digits in small letters, word by word."""
        return [word.lower() for word in WORD.findall(self.text)]


@dataclass(frozen=True)
class Hit:
    """One answer: what it is called, where it leads, and a few words about it."""

    title: str
    link: str
    about: str = ""


@dataclass(frozen=True)
class Group:
    """The answers of one provider, under its heading."""

    heading: str
    hits: tuple[Hit, ...]


Provider = Callable[[Asked], Iterable[Hit]]
PlacePage = Callable[[str, str, str], str]
_providers: dict[str, tuple[str, Provider, str]] = {}
_people: dict[str, Provider] = {}
_place_page: list[PlacePage] = []


def register(name: str, heading: str, provider: Provider, permission: str = "") -> None:
    """A room calls this at start-up. The provider answers within the scope of the office that asks, at most 20 hits.

    With `permission`, only for offices that have it.
    """
    _providers[name] = (heading, provider, permission)


def register_people(name: str, provider: Provider) -> None:
    """A room with records about people calls this: asked only on purpose, by offices that read identifiable data."""
    _people[name] = provider


def register_place_page(page: PlacePage) -> None:
    """A room calls this with the address of the page for a place, by (kind, code, the authority it lies in)."""
    _place_page[:] = [page]


def search(asked: Asked) -> list[Group]:
    """Everything that is found, provider by provider; empty for a text that is too short."""
    if not SHORTEST <= len("".join(asked.words)) <= LONGEST:
        return []
    found = []
    for heading, provider, permission in _providers.values():
        if not permission or permission in asked.seat.permissions:
            hits = tuple(provider(asked))[:LIMIT]
            if hits:
                found.append(Group(heading, hits))
    return found


def search_people(asked: Asked) -> list[Hit]:
    """Records about a person, by an exact identifier; every asking is entered in the access record by the provider."""
    return [hit for provider in _people.values() for hit in provider(asked)]


def places(asked: Asked) -> list[Hit]:
    """Places by name, code or postcode, within what the office answers for."""
    who = [asked.actor.office_id, asked.actor.person_id]
    rows = []
    whole = normalise(asked.text)
    bare = "".join(asked.text.upper().split())
    if whole is not None:
        rows = db.rows("app", "select * from desk.find_postcodes(%s, %s, %s, %s::integer)", [*who, whole, 1])
    elif POSTCODE_START.fullmatch(bare):
        rows = db.rows("app", "select * from desk.find_postcodes(%s, %s, %s, %s::integer)", [*who, bare, LIMIT])
    if not rows and asked.words:
        # The longest word is the rarest beginning; the others are looked for in the whole name.
        words = sorted(asked.words, key=len, reverse=True)
        rows = db.rows("app", "select * from desk.find_places(%s, %s, %s::text[], %s::integer)", [*who, words, LIMIT])
    return [Hit(row["name"], _link(row), _about(row["kind"], row["within"])) for row in rows]


def pages(asked: Asked) -> list[Hit]:
    """Pages of the navigation by their names."""
    entries = shell.entries_for(asked.seat)
    return [Hit(text, link) for text, link in entries if all(word in text.lower() for word in asked.words)]


def notices(asked: Asked) -> list[Hit]:
    """Notices told to the office, by words of their subject, the newest first."""
    rows = db.rows(
        "app",
        "select n.id, n.subject from (select t.notice_id from desk.told t where t.office_id = %s"
        "  order by t.tick_id desc limit 2000) t join desk.notice n on n.id = t.notice_id"
        " where not exists (select from unnest(%s::text[]) w where strpos(lower(n.subject), w) = 0)"
        " order by n.told_at desc limit %s::integer",
        [asked.actor.office_id, asked.words, LIMIT],
    )
    return [Hit(row["subject"], f"/told/{row['id']}/{asked.actor.office_id}", "Told to you") for row in rows]


KINDS = {
    "postcode": "Postcode", "country": "Country", "region": "Region", "utla": "County", "ltla": "Authority",
    "ward": "Ward", "msoa": "Neighbourhood", "lsoa": "Small area", **settings.KINDS,
}  # fmt: skip


def _about(kind: str, within: str) -> str:
    return f"{KINDS[kind]} in {within}" if within else KINDS[kind]


def place_page(kind: str, code: str, authority: str) -> str:
    """The address of the page for a place, as a room registered it; empty where none did."""
    return _place_page[0](kind, code, authority) if _place_page else ""


def _link(row: Mapping[str, str]) -> str:
    return place_page(row["kind"], row["code"], row["scope_code"])
