"""*Signals*: what departs from what was expected, by urgency, on a map and in a list; filters as plain forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from commonweal.apps.surveillance.pages import how
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.core import wording
from commonweal.core.pictures import (
    AreaMap,
    AreaShape,
    AreaValue,
    Classes,
    Column,
    Outline,
    Picture,
    PictureTable,
    Symbols,
    draw_map,
)
from commonweal.core.pictures.table import Cell
from commonweal.web import times
from commonweal.web.pages import Computed, Empty, Help, Known, Link, Page, Pager, ShownPicture, ShownTable

HELP = Help(
    "Places where more people test positive than was to be expected, each told once, with its life from first to last.",
    (
        ("Signal", "A statistical departure in a place and period. It is a question to look into, not a verdict."),
        ("Growing, fading, over", "Found again and stronger; not found for some days; not found for a fortnight."),
        ("Cluster", "Small areas side by side with more people than their own past or tests would give."),
        ("Chance alone", "In how many days chance would bring one as sure, after allowing for all places looked at."),
        ("Merged", "Offices said that it is the same as another one, under which it stands; they can undo that."),
        ("Sweep", "One run of every method over every place."),
    ),
    "The public health team of the place; for the methods, the operator of this service.",
)
NEWER_DAYS = "Newer days are still arriving and not counted here."
SOURCE = "Source: results received by Commonweal from laboratories."
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """One choice of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """A filter as a list to choose from."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Asked:
    """What was asked for, as it stands in the address; empty: not narrowed. ``since`` is a day like 2020-06-12."""

    state: str = ""
    level: str = ""
    method: str = ""
    place: str = ""
    since: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any((self.state, self.level, self.method, self.place, self.since))


@dataclass(frozen=True)
class Swept:
    """The newest sweep: when, over how many places; ``ran``: what it leaves on record."""

    known_at: datetime
    morning: date
    places: int
    number: int
    ran: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Ground:
    """The map behind: areas with their seven-day rate.

    ``area_of`` gives the area that a small area lies in; it is empty where the areas are authorities.
    """

    name: str
    shapes: tuple[AreaShape, ...]
    values: tuple[AreaValue, ...]
    breaks: tuple[float, float, float, float]
    period: str
    area_word: str
    area_of: Mapping[str, str]


@dataclass(frozen=True)
class SignalsPage:
    """The view-model of the page."""

    page: Page
    number: str
    number_caption: str
    lead: tuple[str, ...]
    filters: tuple[Filter, ...]
    since: str
    narrowed: bool
    area_map: ShownPicture | None
    table: ShownTable | None
    pager: Pager
    empty: Empty
    sweeps: Link
    next_step: Link | None = None


def build(
    rows: Sequence[Row],
    names: Names,
    asked: Asked,
    areas: Sequence[tuple[str, str]],
    ground: Ground | None,
    swept: Swept | None,
    address: Address,
    pager: Pager,
    place: str,
    feeds: str = "",
) -> SignalsPage:
    """The page. ``areas`` are (code, name) to narrow by; ``place`` names what the office answers for; ``feeds``: how
    many sent today, in words."""
    ordered = words.by_urgency(rows)
    going_on = [row for row in ordered if row["state"] != "closed" and row["kind"] not in words.EVENTS]
    ran = swept.ran if swept else None
    picture = None if ground is None else signal_map(ordered, ground, names, address, how.by_sweep(ran))
    return SignalsPage(
        page=Page(f"Signals: {place}", HELP, known=known(swept, address, feeds)),
        number=wording.thousands(len(going_on)),
        number_caption=caption(going_on, more=bool(pager.next)),
        lead=lead(ordered, going_on, names, place, address.as_of),
        filters=filters(asked, areas),
        since=asked.since,
        narrowed=asked.narrowed,
        area_map=picture,
        table=table(ordered, names, address, areas=len(areas) > 1, computed=how.of_signals(ran, address)),
        pager=pager,
        empty=empty(asked, swept, place),
        sweeps=Link("What was swept, and what it cost", "/sweeps"),
        next_step=next_step(going_on, address),
    )


def next_step(going_on: Sequence[Row], address: Address) -> Link | None:
    """To the most urgent one, as known at the same moment."""
    if not going_on:
        return None
    moment = f"?{address.moment}" if address.pinned else ""
    return Link("Open the most urgent one", f"/signals/{going_on[0]['number']}{moment}")


def caption(going_on: Sequence[Row], *, more: bool) -> str:
    noun = "signal goes on" if len(going_on) == 1 else "signals go on"
    return f"{noun} on this page; more follow" if more else noun


def lead(rows: Sequence[Row], going_on: Sequence[Row], names: Names, place: str, as_of: datetime) -> tuple[str, ...]:
    """What is most urgent, and what explains signals away."""
    if not rows:
        return ()
    found = []
    if going_on:
        top = going_on[0]
        said = words.size(top["observed"], top.get("told_by", ""), names)
        since = words.since(top["opened_on"], times.local(as_of).date()).replace("since", "on", 1)
        counted = f" ({said})" if said else ""
        found.append(f"{words.title(top, names)} is {words.STATES[top['state']]}{counted}; first found {since}.")
        growing = sum(row["state"] == "growing" for row in going_on)
        new = sum(row["state"] in ("opened", "reopened") for row in going_on)
        found.append(f"In {place}: {growing} growing, {new} new or back, {len(going_on) - growing - new} fading.")
    events = [row for row in rows if row["kind"] in words.EVENTS and row["state"] != "closed"]
    found += [f"{words.title(row, names)}: signals that it explains are held back." for row in events[:2]]
    return tuple(found)


def known(swept: Swept | None, address: Address, feeds: str) -> Known:
    """As-of, what the newest sweep was, and how new the results are."""
    if swept is None:
        fresh = "No sweep has run yet."
    else:
        seen = wording.counted(swept.places, "place", "places")
        fresh = f"Newest sweep {times.when(swept.known_at, address.as_of)}, over {seen}."
    return Known(
        address.as_of, address.here, tuple(filter(None, (fresh, feeds))),
        "results of the newest days are still arriving.",
        latest=address.newest if address.pinned else "", rebuild=address.path,
    )  # fmt: skip


def filters(asked: Asked, areas: Sequence[tuple[str, str]]) -> tuple[Filter, ...]:
    """The filters: state, level, method, area."""
    states = [
        ("", "Going on"),
        *((each, wording.upper_first(words.STATES[each])) for each in words.URGENCY),
        ("all", "All"),
    ]
    levels = [("", "Every level"), *((each, wording.upper_first(said)) for each, said in words.LEVELS.items())]
    methods = [("", "Every method"), *((kind, f"{words.KINDS[kind]}: {said}") for kind, said in words.METHODS.items())]
    made = [("state", "State", states, asked.state), ("level", "Level", levels, asked.level),
            ("method", "How it was found", methods, asked.method)]  # fmt: skip
    if len(areas) > 1:
        made.append(("place", "Area", [("", "All my areas"), *areas], asked.place))
    return tuple(
        Filter(name, label, tuple(Choice(value, text, value == chosen) for value, text in choices))
        for name, label, choices, chosen in made
    )


def table(
    rows: Sequence[Row], names: Names, address: Address, *, areas: bool, computed: Computed | None = None
) -> ShownTable | None:
    """Every signal, the most urgent first; with the authorities it touches where the reader answers for several."""
    if not rows:
        return None
    columns = (
        Column("Signal", numeric=False),
        *((Column("Area", numeric=False),) if areas else ()),
        Column("State", numeric=False),
        Column("People in its days", absent="not counted"),
        Column("Rate per 100,000 in seven days", decimals=1, absent="not said"),
        Column("Since", numeric=False),
        Column("Last change", numeric=False),
        Column("How sure", numeric=False, absent="not said"),
        Column("Number"),
    )
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (
            words.title(row, names) + words.with_merged(row),
            *((words.authorities(row, names),) if areas else ()), words.STATES[row["state"]],
            people_of(row, names), row["rate"] or None, row["opened_on"],
            row["morning"], words.sureness(row), row["number"],
        )
        for row in rows
    )  # fmt: skip
    moment = f"?{address.moment}" if address.pinned else ""
    links = tuple(f"/signals/{row['number']}{moment}" for row in rows)
    shown = PictureTable("Signals, the most urgent first", columns, cells)
    downloads = (*address.downloads("signals", picture=False), address.outlines())
    return ShownTable(shown, downloads, links, "signals", computed)


def people_of(row: Row, names: Names) -> float | None:
    """People at the newest change; none where a loaded series counts something else."""
    _, unit = names.series.get(row.get("told_by", ""), ("", "people"))
    return row["observed"] if unit == "people" else None


def signal_map(
    rows: Sequence[Row], ground: Ground, names: Names, address: Address, versions: str = ""
) -> ShownPicture | None:
    """Areas by their rate: those in a rise or cluster that goes on outlined, outbreaks in settings as signs where the
    settings stand."""
    on = [row for row in rows if row["state"] != "closed"]
    marked = frozenset(
        ground.area_of.get(code, code)
        for row in on
        if not row["setting_id"]
        for code in (touched(row) if ground.area_of else row["scope"])
    )
    rings = tuple(ring for shape in ground.shapes if shape.code in marked for ring in shape.rings)
    outlines = (Outline("In a rise or cluster that goes on", rings, codes=marked),) if rings else ()
    if not ground.shapes or {shape.code for shape in ground.shapes} != {value.code for value in ground.values}:
        return None
    picture: Picture = draw_map(
        AreaMap(
            ground.name, Classes("Seven-day rate", "people per 100,000 residents", ground.breaks), ground.shapes,
            ground.values, SOURCE, f"As known at {times.exact(address.as_of)}. {NEWER_DAYS}", ground.period, outlines,
            area_word=ground.area_word, symbols=settings_on(on, ground, names),
        ),
        "signal-map",
    )  # fmt: skip
    steps = (
        "People with a first positive swab in the seven days, each counted once, over residents; the days shown are "
        "those that count as complete.",
        f"Areas are filled in five fixed classes, from {wording.joined([f'{each:g}' for each in ground.breaks])} per "
        "100,000, the same on all pages and days.",
        "Areas that a rise or cluster which goes on touches are outlined; an outbreak in a setting is counted in the "
        "sign of the area where its register says that it stands, if that is on the map.",
    )
    links = tuple(address.of_place(str(row[-1])) for row in picture.table.rows)
    told = Computed(steps, ("results received from laboratories",), address.rests_on(versions))
    return ShownPicture(picture, address.downloads("signal-map", picture=True, area_map=True), told, links)


def settings_on(rows: Sequence[Row], ground: Ground, names: Names) -> Symbols | None:
    """How many outbreaks in settings go on in each area of the map, by where their registers say that they stand."""
    found: Counter[str] = Counter()
    for row in rows:
        stands = names.standing.get(row["setting_id"] or "", "")
        code = ground.area_of.get(stands) if ground.area_of else names.authority_of.get(stands)
        if code:
            found[code] += 1
    return Symbols("Outbreaks in settings that go on", dict(found)) if found else None


def touched(row: Row) -> tuple[str, ...]:
    """The codes that a map marks for a signal: its members, else the place at its heart, else its authorities."""
    if row["members"]:
        return tuple(row["members"])
    return (row["place_code"],) if row["place_code"] else tuple(row["scope"])


def empty(asked: Asked, swept: Swept | None, place: str) -> Empty:
    """Why the list is empty, and what would fill it."""
    if swept is None:
        return Empty(
            f"Nothing has been looked for in {place} yet.",
            "A sweep runs every morning and within a minute of results arriving; the first one fills this page.",
            Link("See what was swept", "/sweeps"),
        )
    if asked.narrowed:
        return Empty(
            "No signal is like that.", "Choose wider filters.", Link("Show every signal that goes on", "/signals")
        )
    return Empty(
        f"No signal goes on in {place}.",
        f"The newest sweep looked at {wording.thousands(swept.places)} places on {wording.day(swept.morning)} and "
        "found nothing beyond what chance makes. What it finds next appears here.",
        Link("Show signals that are over", "/signals?state=closed"),
    )
