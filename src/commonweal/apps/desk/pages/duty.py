"""*On duty*: who is in each office, who is away, the weeks of the rota with their holes, who answers at last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.desk.duty_queries import Stretch
from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.web import times
from commonweal.web.pages import Help, Link, Page, ShownTable

HELP = Help(
    "Who answers for your organisation, at any hour.",
    (
        ("Holder", "The person who answers for an office. A deputy answers when the holder does not."),
        (
            "Hole",
            "A time in which nobody is on duty: what nobody acknowledges then goes on to the order of succession.",
        ),
        (
            "Order of succession",
            "The offices that are asked one after the other when even the duty officer does not answer.",
        ),
    ),
    "The office that keeps the rota.",
)
OFFICES = (
    Column("Office", numeric=False),
    Column("Holder", numeric=False),
    Column("Deputies", numeric=False),
)


@dataclass(frozen=True)
class Week:
    """One duty week: from when, and its stretches as (who, when)."""

    start: str
    value: str
    stretches: tuple[tuple[str, str], ...]
    hole: bool


@dataclass(frozen=True)
class Away:
    """One absence and whether it can be ended here."""

    number: int
    text: str


@dataclass(frozen=True)
class Duty:
    page: Page
    sentence: str
    vacant: tuple[str, ...]
    weeks: tuple[Week, ...]
    rota: str
    offices: ShownTable
    away: tuple[Away, ...]
    succession: tuple[str, ...]
    succession_note: str


def build(
    people: Sequence[Mapping[str, Any]],
    vacant: Sequence[Mapping[str, Any]],
    rota: Mapping[str, Any] | None,
    weeks: Sequence[tuple[datetime, datetime, Sequence[Stretch]]],
    away: Sequence[Mapping[str, Any]],
    succession: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Duty:
    """Rows as `duty_queries` gives them."""
    listed = tuple(week(start, stop, stretches, now) for start, stop, stretches in weeks)
    lacking = tuple(_vacant(row) for row in vacant)
    note = (
        "Set by your organisation."
        if succession and succession[0]["set_by_us"]
        else "Not set yet: this is the usual order."
    )
    return Duty(
        Page("On duty", HELP, (Link("Today", "/today"), Link("On duty", ""))),
        sentence(lacking, listed, rota),
        lacking,
        listed,
        _rota(rota),
        ShownTable(PictureTable("Who is in each office", OFFICES, offices(people, now)), identity="offices"),
        tuple(Away(row["id"], _away(row)) for row in away),
        tuple(row["title"] for row in succession),
        note,
    )


def sentence(vacant: Sequence[str], weeks: Sequence[Week], rota: Mapping[str, Any] | None) -> str:
    """The worst first: a vacant office, a hole, or that all is well."""
    if vacant:
        return f"Nobody holds {wording.counted(len(vacant), 'office', 'offices')}."
    holes = sum(week.hole for week in weeks)
    if rota is None:
        return "Your organisation goes by no rota: nobody is on duty when an office does not answer."
    if holes:
        return f"{wording.counted(holes, 'week has', 'weeks have')} a hole."
    return "Every office is held and every week is covered."


def week(start: datetime, stop: datetime, stretches: Sequence[Stretch], now: datetime) -> Week:
    """One week, from now on: nobody fills a hole that is over. A stretch that lasts until its end needs no times."""
    ahead = [part for part in stretches if part.ends_at > now]
    said = []
    for part in ahead:
        whole = part.starts_at <= max(start, now) and part.ends_at == stop
        when = "" if whole else f"{_short(part.starts_at)} to {_short(part.ends_at)}"
        said.append((part.name or _hole(part), when))
    here = times.local(start)
    return Week(wording.day_and_year(here.date()), here.date().isoformat(), tuple(said), any(not p.name for p in ahead))


def _hole(part: Stretch) -> str:
    return f"nobody: a hole, because {part.missing} has left or is away" if part.missing else "nobody: a hole"


def offices(people: Sequence[Mapping[str, Any]], now: datetime) -> tuple[tuple[str, str, str], ...]:
    """A row for each office: its holders and deputies by name, with who is away."""
    rows: dict[str, tuple[str, list[str], list[str]]] = {}
    for row in people:
        _, holders, deputies = rows.setdefault(row["office_id"], (row["title"], [], []))
        if row["name"]:
            (holders if row["capacity"] == "holder" else deputies).append(_person(row))
    return tuple((title, "; ".join(h) or "nobody", "; ".join(d) or "nobody") for title, h, d in rows.values())


def _person(row: Mapping[str, Any]) -> str:
    said = str(row["name"])
    if row["phone"]:
        said += f", {row['phone']}"
    if not row["living"]:
        return f"{said} (account closed)"
    return f"{said} (away until {wording.day(times.local(row['away_until']).date())})" if row["away_until"] else said


def _vacant(row: Mapping[str, Any]) -> str:
    day = wording.day_and_year(times.local(row["since"]).date())
    return f"{row['title']}: nobody holds it since {day} ({row['how']})"


def _rota(rota: Mapping[str, Any] | None) -> str:
    if rota is None:
        return ""
    shared = f", shared with {wording.joined(list(rota['offered_to']))}" if rota["offered_to"] else ""
    return f"{rota['name']}, kept by {rota['keeper']}{shared}"


def _away(row: Mapping[str, Any]) -> str:
    return f"{row['name']}: {_short(row['starts_at'])} to {_short(row['ends_at'])}"


def _short(instant: datetime) -> str:
    here = times.local(instant)
    return f"{wording.day(here.date())} {wording.clock(here)}"
