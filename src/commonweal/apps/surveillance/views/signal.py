"""*Signal*: the page and its downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.intake import area
from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import happened, outlined, place_ground, place_reads, signal_reads, slots, why_slot
from commonweal.apps.surveillance import signals as reads
from commonweal.apps.surveillance.pages import place_figures, signal, signal_facts, signal_pictures, signal_tables
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.place_figures import Figures
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.apps.surveillance.pages.signals import NEWER_DAYS
from commonweal.apps.surveillance.place_ground import WORDS, Ground
from commonweal.apps.surveillance.place_settings import setting
from commonweal.apps.surveillance.views import signals
from commonweal.apps.surveillance.views.place import subject, typed
from commonweal.core.errors import NotThere
from commonweal.core.pictures import AreaMap, AreaValue, Classes, Outline, Picture, draw_map, shapes_from_geojson
from commonweal.core.signals.alike import Traits, most_alike
from commonweal.web import files, times

QUERY = "signal"
ALIKE, ALIKE_DAYS, FINDINGS = 6, 28, 60


@dataclass(frozen=True)
class Read:
    """A signal as read: its facts, the map, the authorities of it that the office reads, the agreements."""

    facts: signal_facts.Facts
    area_map: Picture | None
    codes: tuple[str, ...]
    agreements: tuple[str, ...]


@require_GET
def page(request: HttpRequest, number: int) -> HttpResponse:
    """A signal as known now, or at the moment in the address."""
    moved = typed(request, f"/signals/{number}")
    if moved is not None:
        return moved
    common.require(request, "read_counts", "see signals")
    as_of, pinned = common.as_of(request)
    found = read(common.actor(request), number, as_of, exported=False)
    address = Address(f"/signals/{number}", "", as_of, pinned)
    built = signal.build(
        found.facts, found.area_map, address, setting().versions, may_judge=common.has(request, "judge_signals"),
        swept=signals.newest_sweep(as_of), feeds=place_reads.feeds_said(as_of),
    )  # fmt: skip
    row = found.facts.row
    asked = slots.Asked(request, as_of, pinned, found.codes, row["place_code"] or "", row)
    context = {"page": built.page, "signal": built, "slots": slots.parts(slots.SIGNAL, asked)}
    return render(request, "surveillance/signal.html", context)


@require_GET
def download(request: HttpRequest, number: int, what: str, form: str) -> HttpResponse:
    """One picture or table of the page as a file, as known at the moment in the address."""
    common.require(request, "export_records", "download what a page shows")
    as_of, pinned = common.as_of(request)
    found = read(common.actor(request), number, as_of, exported=True)
    if what == why_slot.WHY_PARTS:
        shown = why_slot.picture(request, found.facts.row, found.codes, as_of if pinned else None)
        return files.of_picture(shown, form, as_of, found.agreements)
    drawn = signal_pictures.pictures(found.facts) | ({"map": found.area_map} if found.area_map else {})
    if what == "map" and form == "geojson" and found.area_map:
        return outlined.of_map(found.area_map.table, f"signal-{number}-map", as_of, found.agreements)
    if what in drawn:
        return files.of_picture(drawn[what], form, as_of, found.agreements)
    table = signal_tables.tables(found.facts).get(what)
    if table is None or form == "svg":
        raise files.nothing_there(what)
    return files.of_table(table, f"signal-{number}-{what}", form, as_of, found.agreements)


def read(actor: Actor, number: int, as_of: datetime, *, exported: bool) -> Read:
    """Everything about a signal, in one scope at one moment. Raises `NotThere` for one that is not in scope."""
    with scoped_read(
        actor, query=QUERY, filters={"signal": number}, as_of=as_of, data_class="L1", exported=exported
    ) as scope:
        row = reads.signal(scope, number, as_of=as_of)
        if row is None:
            raise NotThere(f"There is no signal {number} among the places that your office reads. See /signals.")
        changes = reads.changes(scope, number, as_of=as_of)
        found = found_of(scope, row, as_of)
        names = signal_reads.names_for([row, *changes, *found])
        mine = tuple(code for code in row["scope"] if code in scope.codes)
        ground, whole = of_signal(row, names, mine)
        figures = None if ground is None else counted(scope, ground, as_of)
        others = titles(scope, (*row["merged_into"], *row["merged"]), as_of)
        compared = alike(scope, row, names, mine, as_of)
        happened_to = happened.breaks(scope, mine, as_of) if mine else []
        drawn = None if figures is None else cluster_map(scope, row, names, mine, figures)
    if figures is not None:
        happened_to += happened.notes(actor, None, {}, as_of, signal=number)
        events = happened.within(happened_to, figures.days[0].day, figures.today)
        figures = replace(figures, events=events)
    days = tuple(compared_days(as_of))
    word = WORDS[alike_level(row)][1] if compared else ""
    facts = signal_facts.Facts(
        row,
        names,
        changes,
        found,
        as_of,
        figures,
        whole,
        compared,
        word,
        days,
        mine,
        others,
        signal_reads.told_by(row, as_of),
    )
    return Read(facts, drawn, mine, scope.agreements)


def found_of(scope: Scope, row: Mapping[str, Any], as_of: datetime) -> list[dict[str, Any]]:
    """The newest findings of a signal, and always those that made its newest change, however long ago that was."""
    newest = reads.findings(scope, signal=row["number"], as_of=as_of, limit=FINDINGS)
    if len(newest) < FINDINGS:
        return newest
    made = reads.findings(scope, signal=row["number"], sweep=row["sweep_id"], as_of=as_of)
    return [*newest, *(each for each in made if each["id"] < newest[-1]["id"])]


def titles(scope: Scope, numbers: Sequence[int], as_of: datetime) -> dict[int, str]:
    """'Signal 3: Rise in Larkminster' of those that the scope reads."""
    found = [row for number in numbers if (row := reads.signal(scope, number, as_of=as_of)) is not None]
    names = signal_reads.names_for(found)
    return {row["number"]: f"Signal {row['number']}: {words.title(row, names)}" for row in found}


def of_signal(row: Mapping[str, Any], names: Names, mine: Sequence[str]) -> tuple[Ground | None, bool]:
    """What is counted for a signal, and whether that is all of it: a cluster's small areas, else its place."""
    if row["level"] in ("cluster", "setting") or not row["place_code"]:
        small = tuple(each for each in row["members"] if names.authority_of.get(each) in mine)
        return (together(row, names, small, mine) if small else None), len(small) == len(row["members"])
    ground = place_ground.of_place(row["place_code"], row["level"])
    if set(ground.authorities) <= set(mine):
        return ground, True
    return None, False


def together(row: Mapping[str, Any], names: Names, small: tuple[str, ...], mine: Sequence[str]) -> Ground:
    """Small areas as if they were a place."""
    counted = places.denominators(small, level="lsoa")
    residents = sum(each.n for each in counted.values()) if len(counted) == len(small) else 0
    return Ground(
        row["place_code"] or "", "lsoa", words.home(row, names), tuple(mine), small, residents, "residents",
        (), (), (), "lsoa", {}, "", {}, {},
    )  # fmt: skip


def counted(scope: Scope, ground: Ground, as_of: datetime) -> Figures:
    """The figures of the signal's people, as on the page of a place."""
    rules, today = setting(), times.local(as_of).date()
    bare = replace(ground, compared={}, group_of={}, group_residents={})
    days = (today - timedelta(days=rules.history_days - 1), today)
    rows = place_reads.people_and_tests(scope, bare, days, as_of)
    return place_figures.work_out(
        subject(bare), rows.people, rows.tests, {}, as_of=as_of, today=today, history_days=rules.history_days,
        shown_days=rules.shown_days, method=rules.method,
    )  # fmt: skip


def compared_days(as_of: datetime) -> list[date]:
    """The days over which places alike are compared: to the last complete one."""
    last = times.local(as_of).date() - timedelta(days=setting().method.complete_after)
    return [last - timedelta(days=back) for back in range(ALIKE_DAYS - 1, -1, -1)]


def alike_level(row: Mapping[str, Any]) -> str:
    """The level on which a signal's place is compared: a cluster and a setting as the neighbourhood at their heart."""
    return {"lsoa": "lsoa", "ward": "ward"}.get(row["level"], "msoa")


def alike(
    scope: Scope, row: Mapping[str, Any], names: Names, mine: Sequence[str], as_of: datetime
) -> tuple[signal_facts.Alike, ...]:
    """The signal's place and those most alike in its own authority; nothing for an authority and more, whose like
    other offices answer for."""
    level = alike_level(row)
    here = names.standing.get(row["setting_id"]) if row["setting_id"] else row["place_code"]
    if row["level"] in ("ltla", "utla", "region") or not here:
        return ()
    inside = names.neighbourhood_of.get(here)
    here = inside if level == "msoa" and inside else here
    own = place_ground.authorities_of(here, level)
    if not own or not set(own) <= set(mine):
        return ()
    group_of = place_ground.groups(level, own)
    traits = by_group(signal_reads.traits(own), group_of)
    inside_it = {group_of[each] for each in row["members"] if each in group_of} if row["level"] == "cluster" else set()
    chosen = (here, *most_alike(here, traits, ALIKE, without=inside_it))
    if len(chosen) < 2:
        return ()
    days = compared_days(as_of)
    people: dict[str, list[int]] = {code: [0] * len(days) for code in chosen}
    for each in area.small_area_counts(scope, area.Window(own, days[0], days[-1], as_of)):
        code = group_of.get(each["lsoa_code"], "")
        if each["result"] == "case" and code in people:
            people[code][(each["day"] - days[0]).days] += each["n"]
    called = places.names(chosen)
    return tuple(signal_facts.Alike(code, called.get(code, code), traits[code], tuple(people[code])) for code in chosen)


def by_group(rows: Sequence[Mapping[str, Any]], group_of: Mapping[str, str]) -> dict[str, Traits]:
    """Traits of the places that small areas make up."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["lsoa_code"] in group_of:
            found.setdefault(group_of[row["lsoa_code"]], []).append(row)
    made = {}
    for code, parts in found.items():
        residents = sum(row["residents"] or 0 for row in parts)
        deciles = [row["decile"] for row in parts if row["decile"] is not None]
        older = [row["older"] for row in parts]
        made[code] = Traits(
            residents,
            sum(deciles) / len(deciles) if deciles else None,
            float(sum(older)) / residents if residents and None not in older else None,
        )
    return made


def cluster_map(
    scope: Scope, row: Mapping[str, Any], names: Names, mine: Sequence[str], figures: Figures
) -> Picture | None:
    """Neighbourhoods of the authorities touched by their rate, with the signal's small areas outlined."""
    base = signals.behind(scope, mine, mine, figures.as_of)
    if base is None:
        return None
    small = [each for each in row["members"] if names.authority_of.get(each) in mine]
    marked, level = (small, "lsoa") if small else ([row["place_code"]], row["level"])
    outlined = places.outlines(
        [code for code in marked if code], level if level in ("lsoa", "msoa", "ward") else "ltla"
    )
    if not outlined:
        return None
    features = [
        {"properties": {"code": code, "name": code}, "geometry": geometry} for code, geometry in outlined.items()
    ]
    rings = tuple(ring for shape in shapes_from_geojson(features, "code", "name") for ring in shape.rings)
    classes = Classes("Seven-day rate", "people per 100,000 residents", base.breaks)
    values: tuple[AreaValue, ...] = base.values
    return draw_map(
        AreaMap(
            base.name, classes, base.shapes, values, "Source: results received by Commonweal from laboratories.",
            f"As known at {times.exact(figures.as_of)}. {NEWER_DAYS}", base.period,
            (Outline(words.home(row, names), rings, codes=frozenset(base.area_of.get(code, code) for code in marked)),),
            area_word=base.area_word,
        ),
        "map",
    )  # fmt: skip
