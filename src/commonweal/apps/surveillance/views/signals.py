"""*Signals*: the list with its map, and its downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.intake import area, area_ground
from commonweal.apps.intake.pages.area_figures import WEEK, Rate, grouped
from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import outlined, place_reads, signal_reads
from commonweal.apps.surveillance import signals as reads
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages import signals as pages
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.apps.surveillance.place_settings import setting
from commonweal.apps.surveillance.signals import Wanted
from commonweal.apps.surveillance.views.place import typed
from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import AreaValue
from commonweal.web import asking, files, times
from commonweal.web.pages import Pager

QUERY = "signals"
PATH = "/signals"
PAGE_ROWS = 50


@dataclass(frozen=True)
class Read:
    """Signals as read: rows, names, whether more follow, the map behind, agreements, the codes of the scope."""

    rows: list[dict[str, Any]]
    names: Names
    more: bool
    ground: pages.Ground | None
    agreements: tuple[str, ...]
    codes: tuple[str, ...]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The signals of the office's places as known now, or at the moment in the address."""
    moved = typed(request, PATH)
    if moved is not None:
        return moved
    common.require(request, "read_counts", "see signals")
    as_of, pinned = common.as_of(request)
    asked, actor = asked_for(request), common.actor(request)
    found = read(actor, asked, as_of, after=after_of(request.GET.get("after", "").strip()), exported=False)
    names = places.names(found.codes)
    areas = sorted(((code, names.get(code, code)) for code in found.codes), key=lambda pair: pair[1])
    query = asking.with_changed(request, as_of=None)
    address = Address(PATH, query if query.startswith("?") else "", as_of, pinned)
    built = pages.build(
        found.rows, found.names, asked, areas, found.ground, newest_sweep(as_of), address, pager(request, found, as_of),
        place_name(found.codes, names, asked), place_reads.feeds_said(as_of),
    )  # fmt: skip
    return render(
        request, "surveillance/signals.html", {"page": built.page, "signals": built, "moment": times.link_form(as_of)}
    )


@require_GET
def download(request: HttpRequest, what: str, form: str) -> HttpResponse:
    """The list or the map as a file, as known at the moment in the address."""
    common.require(request, "export_records", "download what a page shows")
    as_of, _ = common.as_of(request)
    found = read(
        common.actor(request),
        asked_for(request),
        as_of,
        after=after_of(request.GET.get("after", "").strip()),
        exported=True,
    )
    address = Address(PATH, "", as_of, pinned=True)
    if what == "signals" and form != "svg":
        shown = pages.table(words.by_urgency(found.rows), found.names, address, areas=len(found.codes) > 1)
        if shown is not None:
            return files.of_table(shown.table, what, form, as_of, found.agreements)
    if what == "signal-map" and found.ground is not None:
        drawn = pages.signal_map(found.rows, found.ground, found.names, address)
        if drawn is not None and form == "geojson":
            return outlined.of_map(drawn.picture.table, what, as_of, found.agreements)
        if drawn is not None:
            return files.of_picture(drawn.picture, form, as_of, found.agreements)
    raise files.nothing_there(what)


def asked_for(request: HttpRequest) -> pages.Asked:
    """The filters in the address. Raises `Refused` for one that does not exist."""
    given = {name: request.GET.get(name, "").strip() for name in ("state", "level", "method", "place")}
    return checked(given, request.GET.get("since", "").strip())


def checked(given: Mapping[str, str], since: str) -> pages.Asked:
    """Filters as typed. Raises `Refused` with those that there are."""
    known: dict[str, Sequence[str]] = {
        "state": (*words.STATES, "all"), "level": tuple(words.LEVELS), "method": tuple(words.KINDS),
    }  # fmt: skip
    for name, allowed in known.items():
        if given[name] and given[name] not in allowed:
            raise Refused(f"There is no {name} {given[name][:40]!r}; there are {', '.join(allowed)}.")
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        raise Refused(f"{since[:60]!r} is no day; write it like 2020-06-29.") from None
    return pages.Asked(**given, since=day.isoformat() if day else "")


def wanted(asked: pages.Asked) -> Wanted:
    """The filters as the query takes them; a place is the authorities that it covers."""
    states = {"": words.GOING_ON, "all": None}.get(asked.state, (asked.state,))
    return Wanted(
        states=states,
        kinds=(asked.method,) if asked.method else None,
        levels=(asked.level,) if asked.level else None,
        places=places.resolve_scope(asked.place) if asked.place else None,
        since=date.fromisoformat(asked.since) if asked.since else None,
    )


def read(
    actor: Actor, asked: pages.Asked, as_of: datetime, *, after: reads.After | None = None, exported: bool
) -> Read:
    """Signals and the map behind them, in one scope at one moment."""
    filters = {name: value for name, value in vars(asked).items() if value}
    with scoped_read(
        actor, query=QUERY, filters=filters, as_of=as_of, places=None, data_class="L1", exported=exported
    ) as scope:
        rows = reads.signals(scope, wanted(asked), as_of=as_of, after=after, limit=PAGE_ROWS + 1)
        ground = behind(scope, scope.codes, area_ground.mandate(actor), as_of)
    shown = rows[:PAGE_ROWS]
    return Read(shown, signal_reads.names_for(shown), len(rows) > PAGE_ROWS, ground, scope.agreements, scope.codes)


def behind(scope: Scope, codes: Sequence[str], mandate: Sequence[str], as_of: datetime) -> pages.Ground | None:
    """Areas of the scope with their seven-day rates: one authority by neighbourhoods, several by themselves."""
    base = area_ground.of_scope(codes, mandate)
    if not base.shapes:
        return None
    last = times.local(as_of).date() - timedelta(days=setting().method.complete_after)
    window = area.Window(codes, last - timedelta(days=WEEK - 1), last, as_of)
    counts = area.authority_counts(scope, window) if base.whole else area.small_area_counts(scope, window)
    people = grouped(counts, base.areas)
    rates = {code: Rate(people[code], n, last) for code, n in base.group_residents.items()}
    values = tuple(
        AreaValue(shape.code, rate.value, rate.people, rate.residents or None, href=f"/places/{shape.code}")
        if counts  # what nobody told anything of has no rate
        else AreaValue(shape.code, None, None, rate.residents or None, href=f"/places/{shape.code}")
        for shape in base.shapes
        if (rate := rates.get(shape.code, Rate(people[shape.code], 0, last)))
    )
    return pages.Ground(
        base.name, base.shapes, values, setting().rate_breaks, f"seven days to {wording.day_and_year(last)}",
        "Authority" if base.whole else "Neighbourhood",
        {} if base.whole else {code: each.group_code for code, each in base.areas.items()},
    )  # fmt: skip


def newest_sweep(as_of: datetime) -> pages.Swept | None:
    """The newest sweep over counts of every place as known at a moment, else the newest of any."""
    found = reads.sweeps(as_of=as_of, limit=10)
    whole = [row for row in found if row["touched"] is None]
    chosen = next((row for row in [*_over_counts(whole), *whole, *found]), None)
    if chosen is None:
        return None
    return pages.Swept(chosen["known_at"], chosen["morning"], sum(chosen["places"].values()), chosen["id"], chosen)


def _over_counts(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["source"] == "counts"]


def after_of(given: str) -> reads.After | None:
    """Where the list goes on: 'rank-weight-number' of the last row before. Raises `Refused` for anything else."""
    if not given:
        return None
    parts = given.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise Refused(f"{given[:40]!r} is no place in the list; leave it out to begin at the start.")
    rank, weight, number = (int(part) for part in parts)
    if rank > len(words.STATES):
        raise Refused(f"{given[:40]!r} is no place in the list; leave it out to begin at the start.")
    return rank, weight, number


def place_of(row: Mapping[str, Any]) -> str:
    """The place of a row in the list, as `after_of` reads it."""
    return f"{row['rank']}-{row['weight']}-{row['number']}"


def pager(request: HttpRequest, found: Read, as_of: datetime) -> Pager:
    """How much is shown, and where it goes on (as known at the same moment)."""
    said = wording.counted(len(found.rows), "signal", "signals")
    if not found.more:
        return Pager(f"{said}.")
    on = asking.with_changed(request, after=place_of(found.rows[-1]), as_of=times.link_form(as_of))
    return Pager(f"{said}; more follow.", next=on)


def place_name(codes: Sequence[str], names: Mapping[str, str], asked: pages.Asked) -> str:
    """What the list is about."""
    if asked.place:
        return places.names([asked.place]).get(asked.place, asked.place)
    if len(codes) > 3:
        return f"{len(codes)} authorities"
    return wording.joined([names.get(code, code) for code in codes])
