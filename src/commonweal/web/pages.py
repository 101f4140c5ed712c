"""What templates are filled with: small frozen values. A room's ``pages.py`` builds them from its queries' rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from commonweal.core.pictures import Picture, PictureTable


@dataclass(frozen=True)
class Link:
    text: str
    href: str
    current: bool = False


@dataclass(frozen=True)
class Help:
    """The foot of every page: what this is, what its words mean, whom to ask."""

    what: str
    words: tuple[tuple[str, str], ...]
    ask: str
    ask_link: Link | None = None


@dataclass(frozen=True)
class Known:
    """As known at, freshness, and what is incomplete.

    ``permalink`` is the address that shows the same numbers for ever. ``latest`` leads back to now when the page shows
    a past moment. ``rebuild`` is the address of the form that rebuilds the page as known at another moment.
    """

    as_of: datetime
    permalink: str
    freshness: tuple[str, ...] = ()
    incomplete: str = ""
    latest: str = ""
    rebuild: str = ""


@dataclass(frozen=True)
class Page:
    """One page: its title (what a tab, a print-out and the history show), its foot, and where it stands.

    ``live`` is the address of the page's event stream; empty where the page does not update itself.
    """

    title: str
    help: Help
    trail: tuple[Link, ...] = ()
    known: Known | None = None
    live: str = ""


@dataclass(frozen=True)
class Acting:
    """The office that acts, and where to choose another one (empty where the person holds only one)."""

    office: str
    change: str = ""


@dataclass(frozen=True)
class Stripe:
    """The band over a page that is not live: EXERCISE or REPLAY, the space's name and its clock."""

    kind: str
    name: str
    clock: datetime


@dataclass(frozen=True)
class Waiting:
    """'For you: 2', leading to what waits for this office."""

    count: int
    href: str


@dataclass(frozen=True)
class Asking:
    """Somebody who answers questions now: a name with a telephone number."""

    name: str
    phone: str


@dataclass(frozen=True)
class Shell:
    """What stands around every page: who acts, in which space, where one can go, whom one can ask.

    ``talk`` is where something is said about the page (an address whose last value is the pin), ``said`` how much was
    said: in all under '', and by the identity of a figure or table. ``keep`` is where the page is
    kept under a name, ``practise`` where one tries things out.
    """

    acting: Acting | None = None
    stripe: Stripe | None = None
    nav: tuple[Link, ...] = ()
    account: tuple[Link, ...] = ()
    waiting: Waiting | None = None
    search: str = ""
    search_words: str = ""
    asking: Asking | None = None
    talk: str = ""
    said: Mapping[str, int] = field(default_factory=dict)
    keep: str = ""
    practise: str = ""
    language: str = "en"
    direction: str = "ltr"


@dataclass(frozen=True)
class Computed:
    """'How was this computed?': the steps in words, the data they use, and versions."""

    steps: tuple[str, ...]
    sources: tuple[str, ...] = ()
    versions: str = ""


@dataclass(frozen=True)
class ShownTable:
    """A table with its downloads. ``links`` gives the first cell of each row an address (empty: none)."""

    table: PictureTable
    downloads: tuple[Link, ...] = ()
    links: tuple[str, ...] = ()
    identity: str = "table"
    computed: Computed | None = None


@dataclass(frozen=True)
class ShownPicture:
    """A picture with its downloads, its table and how it was computed."""

    picture: Picture
    downloads: tuple[Link, ...] = ()
    computed: Computed | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Empty:
    """An empty state: what will appear here and when; ``next_step`` where the reader can do something about it."""

    what: str
    when: str
    next_step: Link | None = None


@dataclass(frozen=True)
class Pager:
    """Where a long list goes on. ``shown`` says how much of it this is."""

    shown: str
    previous: str = ""
    next: str = ""


@dataclass(frozen=True)
class Problem:
    """An error page: what happened, the rule, the next step. ``reference`` lets an operator find it."""

    status: int
    title: str
    sentences: tuple[str, ...]
    links: tuple[Link, ...] = field(default_factory=lambda: (Link("Go to the first page", "/"),))
    reference: str = ""
