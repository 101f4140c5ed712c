"""*Sweeps*: what ran, on what data, how long, what it cost, alarms against the budget, and what could not be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from commonweal.apps.surveillance.pages import how
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.signal_words import LEVELS
from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.core.pictures.table import Cell
from commonweal.web import times
from commonweal.web.pages import Computed, Empty, Help, Known, Link, Page, Pager, ShownTable

HELP = Help(
    "Each run of every method over every place: what it looked at, how long it took, and what it could not do.",
    (
        ("Sweep", "One run at one moment; it sees only what was known by then, and always gives the same answer."),
        ("Budget", "How many false alarms a year each authority is meant to have at most, by all methods together."),
        ("Not done", "A place that could not be looked at, with the reason. It never stops the others."),
        ("Cost", "Seconds of computing by part, added up over all workers."),
    ),
    "The operator of this service.",
)
Row = Mapping[str, Any]
MOST_NAMED = 200
WORKERS = {
    "serial": "this machine, one process",
    "processes": "this machine, several processes",
    "dask": "a cluster",
}


def by_whom(executor: str) -> str:
    """Where a sweep was computed, in words; the name of the executor where there are none for it."""
    return WORKERS.get(executor.lower(), executor)


@dataclass(frozen=True)
class SweepsPage:
    """The list of sweeps, and alarms against the budget."""

    page: Page
    number: str
    number_caption: str
    lead: tuple[str, ...]
    next_step: Link | None
    table: ShownTable | None
    pager: Pager
    budget: ShownTable | None
    budget_sentence: str
    empty: Empty


@dataclass(frozen=True)
class SweepPage:
    """One sweep."""

    page: Page
    lead: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    places: ShownTable | None
    cost: ShownTable | None
    limits: ShownTable | None
    found: ShownTable | None
    not_done: ShownTable | None
    computed: Computed


def build(
    rows: Sequence[Row], opened: Mapping[str, int], names: Mapping[str, str], address: Address, pager: Pager
) -> SweepsPage:
    """The list. ``opened`` counts the rises and clusters opened in a year by authority of the office."""
    return SweepsPage(
        page=Page("Sweeps", HELP, (Link("Signals", "/signals"), Link("Sweeps", "")), known(address)),
        number=wording.thousands(done(rows[0])) if rows else "",
        number_caption=f"places looked at by the newest sweep of {data(rows[0])}" if rows else "",
        lead=lead(rows, address),
        next_step=next_step(rows),
        table=ShownTable(
            listed(rows),
            address.downloads("sweeps", picture=False),
            tuple(f"/sweeps/{row['id']}" for row in rows),
            "sweeps",
            how.of_sweeps(rows[0], address),
        )
        if rows
        else None,
        pager=pager,
        budget=against_budget(rows, opened, names, address),
        budget_sentence=budget_sentence(rows),
        empty=Empty(
            "No sweep has run yet.",
            "One runs every morning and within a minute of results arriving, for the places touched. "
            "An operator can start one: commonweal sweep.",
        ),
    )


def known(address: Address) -> Known:
    return Known(address.as_of, address.here, (), latest=address.newest if address.pinned else "", rebuild=address.path)


def lead(rows: Sequence[Row], address: Address) -> tuple[str, ...]:
    """The newest sweep in words."""
    if not rows:
        return ()
    row = rows[0]
    when = times.when(row["known_at"], address.as_of)
    said = f"The newest sweep, {when}, looked at {wording.thousands(done(row))} places in {took(row)}"
    left = len(row["not_done"])
    rest = f" and could not do {wording.counted(left, 'place', 'places')}." if left else " and could do all of them."
    return (f"{said}{rest}",)


def next_step(rows: Sequence[Row]) -> Link | None:
    """What the newest sweep could not do, else the signals that go on."""
    if not rows:
        return None
    row = rows[0]
    if row["not_done"]:
        return Link("See which places could not be done, and why", f"/sweeps/{row['id']}#not-done")
    return Link("See the signals that go on", "/signals")


def done(row: Row) -> int:
    """How many places it looked at."""
    return sum(int(n) for n in row["places"].values())


def took(row: Row) -> str:
    """How long it ran."""
    return wording.seconds(round(row["seconds"], 1))


def data(row: Row) -> str:
    """What data a sweep looked at."""
    return "counts of results" if row["source"] == "counts" else f"the series {row['source'].replace('_', ' ')}"


def which(row: Row) -> str:
    """Every place, or those touched by results that arrived."""
    if row["touched"] is None:
        return "every place"
    return f"places of {wording.counted(len(row['touched']), 'authority', 'authorities')} touched"


def listed(rows: Sequence[Row]) -> PictureTable:
    """Sweeps, the newest first."""
    columns = (
        Column("Sweep", numeric=False),
        Column("As known at", numeric=False),
        Column("Data", numeric=False),
        Column("Which places", numeric=False),
        Column("Places"),
        Column("Not done"),
        Column("Seconds", decimals=1),
        Column("Computed by", numeric=False),
    )
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (
            row["id"], times.moment(row["as_of"]), data(row), which(row), done(row), len(row["not_done"]),
            row["seconds"], by_whom(row["executor"]),
        )
        for row in rows
    )  # fmt: skip
    return PictureTable("Sweeps, the newest first", columns, cells)


def budget_sentence(rows: Sequence[Row]) -> str:
    """What is allowed, in words; nothing before a sweep with a budget."""
    budget = next((row["budget"] for row in rows if row["budget"]), None)
    if budget is None:
        return ""
    times_a_year = (
        wording.counted(round(budget["a_year"]), "time", "times") if budget["a_year"] >= 1 else "less than once"
    )
    return (
        f"Chance alone may raise a signal in one authority about {times_a_year} a year, all methods together. "
        "Signals opened in a year are those and the real ones."
    )


def against_budget(
    rows: Sequence[Row], opened: Mapping[str, int], names: Mapping[str, str], address: Address
) -> ShownTable | None:
    """Rises and clusters opened in a year, by authority, beside what chance may raise."""
    budget = next((row["budget"] for row in rows if row["budget"]), None)
    if budget is None or not names:
        return None
    columns = (
        Column("Authority", numeric=False),
        Column("Opened in a year"),
        Column("Chance may raise", decimals=1),
    )
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (names[code], opened.get(code, 0), budget["a_year"])
        for code in sorted(names, key=lambda code: (-opened.get(code, 0), names[code]))
    )
    table = PictureTable("Rises and clusters opened in the last year, against the budget", columns, cells)
    chosen = next(row for row in rows if row["budget"])
    return ShownTable(
        table, address.downloads("budget", picture=False), identity="budget", computed=how.of_budget(chosen, address)
    )


def build_one(row: Row, found: Sequence[Row], names: Mapping[str, str], address: Address) -> SweepPage:
    """One sweep. ``found`` are its findings by method, as far as the office reads them."""
    number = row["id"]
    title = f"Sweep {number}"
    return SweepPage(
        page=Page(
            title, HELP, (Link("Signals", "/signals"), Link("Sweeps", "/sweeps"), Link(title, "")), known(address)
        ),
        lead=(
            f"It looked at {wording.thousands(done(row))} places in {took(row)}: {which(row)}, "
            f"by {data(row)} as known at {times.moment(row['as_of'])}.",
        ),
        facts=(
            ("Data", f"{data(row)}, as known at {times.exact(row['as_of'])}"),
            ("Morning", wording.day_and_year(row["morning"])),
            ("Which places", which(row)),
            ("Written", times.moment(row["known_at"])),
            ("Computed by", by_whom(row["executor"])),
            ("Versions", f"code {row['code_version']}; parameters {row['parameters_version']}"),
        ),
        places=with_downloads(
            _pairs("Places looked at", "Level", "Places", {_level(k): v for k, v in row["places"].items()}, "done"),
            address,
        ),
        cost=with_downloads(
            _pairs("What it cost", "Part", "Seconds (replicates: number)", row["cost"], "cost", decimals=1), address
        ),
        limits=with_downloads(limits(row["budget"]), address),
        found=with_downloads(by_method(found), address),
        not_done=refused(row["not_done"], names, address),
        computed=Computed(
            (
                "Every method looks at every place as known at the moment, and gives the same answer for it again.",
                *how.METHODS,
                *((how.allowed(row["budget"]),) if row["budget"] else ()),
                *how.ADJUSTED,
                how.WHERE_SET,
            ),
            (data(row),),
            f"As known at {times.exact(row['as_of'])}. Code {row['code_version']}; parameters "
            f"{row['parameters_version']}.",
        ),
    )


def with_downloads(shown: ShownTable | None, address: Address) -> ShownTable | None:
    """A table with the addresses of its files."""
    return None if shown is None else replace(shown, downloads=address.downloads(shown.identity, picture=False))


def _level(level: str) -> str:
    return wording.upper_first(LEVELS.get(level, level.replace("_", " ")))


def _pairs(
    caption: str, first: str, second: str, values: Mapping[str, Any], identity: str, *, decimals: int = 0
) -> ShownTable | None:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (wording.upper_first(str(name).replace("_", " ")), value)
        for name, value in values.items()
        if isinstance(value, int | float)
    )
    columns = (Column(first, numeric=False), Column(second, decimals=decimals))
    return ShownTable(PictureTable(caption, columns, rows), identity=identity) if rows else None


def limits(budget: Mapping[str, Any]) -> ShownTable | None:
    """How the budget was shared out: what each family of tests may use, and the limit that follows."""
    shares = budget.get("shares")
    if not shares:
        return None
    by_family = budget.get("limit_days_by_family", {})
    columns = (
        Column("Family of tests", numeric=False),
        Column("Share of the budget", percent=True),
        Column("Told when chance is rarer than once in (days)", decimals=0),
    )
    rows = tuple((_family(name), share, by_family.get(name)) for name, share in shares.items())
    return ShownTable(PictureTable("How the false-alarm budget is shared out", columns, rows), identity="limits")


def _family(name: str) -> str:
    return _level(name) if name in LEVELS else f"{wording.upper_first(name)} scans"


def by_method(found: Sequence[Row]) -> ShownTable | None:
    """What it found in the places of the office."""
    if not found:
        return None
    columns = (Column("Method", numeric=False), Column("Findings"), Column("Signals"), Column("Held back"))
    rows = tuple((row["method"].replace("_", " "), row["findings"], row["signals"], row["held"]) for row in found)
    return ShownTable(PictureTable("What it found in your places", columns, rows), identity="found")


def refused(not_done: Mapping[str, str], names: Mapping[str, str], address: Address) -> ShownTable | None:
    """Places that could not be done, with the reason."""
    if not not_done:
        return None
    columns = (Column("Place", numeric=False), Column("Why", numeric=False), Column("Code", numeric=False))
    chosen = sorted(not_done.items(), key=lambda item: (item[1], item[0]))
    rows = tuple((names.get(code, code), why, code) for code, why in chosen[:MOST_NAMED])
    more = f" (the first {MOST_NAMED} of {len(not_done):,})" if len(not_done) > MOST_NAMED else ""
    table = PictureTable(f"Places that could not be done{more}", columns, rows)
    return ShownTable(table, address.downloads("not-done", picture=False), identity="not-done")


def all_refused(not_done: Mapping[str, str], names: Mapping[str, str]) -> PictureTable:
    """All of them, for a download."""
    columns = (Column("Place", numeric=False), Column("Why", numeric=False), Column("Code", numeric=False))
    rows = tuple((names.get(code, code), why, code) for code, why in sorted(not_done.items()))
    return PictureTable("Places that could not be done", columns, rows)
