"""Signals, sweeps and figures of places for programs, below `/api/v1/`: the reads of the pages, as known at any moment.

By token or session, within the scope of the office; every read is entered in the access record. Answers carry an ETag
of what they say: asked again with `If-None-Match`, an answer that says the same is 304 without a body, whatever the
moment.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from commonweal.apps.access.queries import seats_of
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.intake.pull_api import REFUSALS, ActingOffice, Token
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import signal_reads
from commonweal.apps.surveillance import signals as reads
from commonweal.apps.surveillance.api_schemas import OneSignal, PlaceFigures, Signal, Signals, Sweeps
from commonweal.apps.surveillance.outlined import TYPE, collection, feature, plain
from commonweal.apps.surveillance.pages import place_pictures
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages import signals as pages
from commonweal.apps.surveillance.pages.place_figures import Figures
from commonweal.apps.surveillance.views import place as place_view
from commonweal.apps.surveillance.views import signal as signal_view
from commonweal.apps.surveillance.views import signals as signals_view
from commonweal.core.access.permissions import may
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.core.pictures import Column, PictureTable
from commonweal.web import db, files

router = Router(tags=["surveillance"])
AUTH = [Token(), ActingOffice(csrf=False)]
MOST = 200
FORMS = ("csv", "parquet", "geojson")


@router.get("/signals", auth=AUTH, response={200: Signals, **REFUSALS})
def signals(
    request: HttpRequest,
    as_of: str = "",
    state: str = "",
    level: str = "",
    method: str = "",
    place: str = "",
    since: str = "",
    cursor: str = "",
    limit: int = 50,
) -> HttpResponse:
    """Signals of the office's places, the most urgent first.

    `state` is one state, `all`, or empty for those that go on; `method` a kind of signal; `place` the code of an
    authority or more; `since` the day of the newest change at the earliest. A signal that was merged into another one
    of the list stands in that one's `merged`; by its number it is read as before, with `merged_into`.
    """
    moment, asked = at(as_of), narrowed(state, level, method, place, since)
    after = signals_view.after_of(cursor)
    most = within(limit)
    with scoped_read(
        actor(request), query="signals", filters=asked_filters(asked), as_of=moment, data_class="L1"
    ) as scope:
        rows = reads.signals(scope, signals_view.wanted(asked), as_of=moment, after=after, limit=most + 1)
    shown, more = rows[:most], len(rows) > most
    names = signal_reads.names_for(shown)
    last = signals_view.place_of(shown[-1]) if shown else cursor
    body = {
        "items": [told(row, names) for row in shown], "cursor": last, "more": more, "as_of": moment,
        "agreements": list(scope.agreements),
    }  # fmt: skip
    return answer(request, Signals.model_validate(body))


@router.get("/signals.{form}", auth=AUTH, response={200: Any, **REFUSALS})
def signals_file(
    request: HttpRequest,
    form: str,
    as_of: str = "",
    state: str = "",
    level: str = "",
    method: str = "",
    place: str = "",
    since: str = "",
) -> HttpResponse:
    """The same as a file: `csv`, `parquet`, or `geojson` with the outline of each signal; at most 200, the rest is
    reached by the filters."""
    one_of(form)
    moment, asked = at(as_of), narrowed(state, level, method, place, since)
    with scoped_read(
        exporter(request), query="signals", filters=asked_filters(asked), as_of=moment, data_class="L1", exported=True
    ) as scope:
        rows = reads.signals(scope, signals_view.wanted(asked), as_of=moment, limit=MOST)
    names = signal_reads.names_for(rows)
    if form == "geojson":
        features = [feature(told(row, names), outline(row, names)) for row in rows]
        return geojson(request, features, moment)
    return tagged(request, files.of_table(as_table(rows, names), "signals", form, moment, scope.agreements))


@router.get("/signals/{int:number}.geojson", auth=AUTH, response={200: Any, **REFUSALS})
def signal_outline(request: HttpRequest, number: int, as_of: str = "") -> HttpResponse:
    """A signal with the outline of its small areas, else of its place."""
    moment = at(as_of)
    if not 0 < number < 2**63:
        raise NotThere(f"There is no signal {number}.")
    facts = signal_view.read(exporter(request), number, moment, exported=True).facts
    return geojson(request, [feature(told(facts.row, facts.names), outline(dict(facts.row), facts.names))], moment)


@router.get("/signals/{number}", auth=AUTH, response={200: OneSignal, **REFUSALS})
def signal(request: HttpRequest, number: int, as_of: str = "") -> HttpResponse:
    """A signal with every change of its life and what the methods found. 404 outside the office's scope."""
    moment = at(as_of)
    if not 0 < number < 2**63:
        raise NotThere(f"There is no signal {number}.")
    found = signal_view.read(actor(request), number, moment, exported=False)
    facts = found.facts
    body = {
        "signal": told(facts.row, facts.names), "changes": [change(row) for row in facts.changes],
        "findings": [finding(row) for row in facts.findings], "as_of": moment, "agreements": list(found.agreements),
    }  # fmt: skip
    return answer(request, OneSignal.model_validate(body))


@router.get("/sweeps", auth=AUTH, response={200: Sweeps, **REFUSALS})
def sweeps(request: HttpRequest, as_of: str = "", source: str = "", cursor: str = "", limit: int = 50) -> HttpResponse:
    """The sweeps that ran, the newest first; they hold no figure of a place."""
    moment, most = at(as_of), within(limit)
    if cursor and not (cursor.isdigit() and len(cursor) < 19):
        raise Refused(f"{cursor[:40]!r} is no cursor; leave it out to begin with the newest sweep.")
    rows = reads.sweeps(source=source or None, as_of=moment, before=int(cursor) if cursor else None, limit=most + 1)
    shown = rows[:most]
    last = str(shown[-1]["id"]) if shown else cursor
    items = [{**row, "number": row["id"]} for row in shown]
    body = {"items": items, "cursor": last, "more": len(rows) > most, "as_of": moment}
    return answer(request, Sweeps.model_validate(body))


@router.get("/places/{code}.{form}", auth=AUTH, response={200: Any, **REFUSALS})
def place_file(request: HttpRequest, code: str, form: str, as_of: str = "") -> HttpResponse:
    """The figures of a place as a file: `csv` or `parquet` by day, or `geojson` with the outline."""
    one_of(form)
    moment = at(as_of)
    found = place_view.read(exporter(request), code, moment, exported=True)
    if form == "geojson":
        level = found.ground.level
        shape = places.outlines([code], level).get(code)
        summary = {
            name: value
            for name, value in figures(found, moment).items()
            if name not in ("days", "series", "series_not_drawn")
        }
        return geojson(request, [feature(summary, shape)], moment)
    table = place_pictures.by_day(found.figures)
    return tagged(request, files.of_table(table, f"{code}-by-day", form, moment, found.agreements))


@router.get("/places/{code}", auth=AUTH, response={200: PlaceFigures, **REFUSALS})
def place(request: HttpRequest, code: str, as_of: str = "") -> HttpResponse:
    """The figures of a place at small-area, neighbourhood, ward, authority, county or region level. 404 outside the
    office's scope."""
    moment = at(as_of)
    found = place_view.read(actor(request), code, moment, exported=False)
    return answer(request, PlaceFigures.model_validate(figures(found, moment)))


# What is asked --------------------------------------------------------------------------------------------------------


def actor(request: HttpRequest) -> Actor:
    """Who asks, as the token or the session says."""
    found: Actor = request.auth  # type: ignore[attr-defined]
    return found


def exporter(request: HttpRequest) -> Actor:
    """Who asks for a file. Raises `NotAllowed`, as the page does, where their office takes nothing out."""
    found = actor(request)
    seat = next((each for each in seats_of(found.person_id) if each.office_id == found.office_id), None)
    allowed = may(seat, "export_records", "download what a page shows")
    if not allowed:
        raise NotAllowed(allowed.sentence)
    return found


def at(given: str) -> datetime:
    """The moment asked for, or now, frozen. Raises `Refused` for what is no moment or has not happened."""
    frozen: datetime = db.freeze()
    if not given:
        return frozen
    try:
        # in an address a plus sign stands for a space
        found = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(f"{given[:60]!r} is no moment; write it like 2020-06-29T00:04:00Z, with its zone.")
    if found > frozen:
        raise Refused(f"{found.isoformat()} has not happened yet; the newest moment is {frozen.isoformat()}.")
    return found


def within(limit: int) -> int:
    """How many a page holds. Raises `Refused` for none or too many."""
    if not 1 <= limit <= MOST:
        raise Refused(f"limit is {limit}; ask for 1 to {MOST}.")
    return limit


def one_of(form: str) -> None:
    if form not in FORMS:
        raise NotThere(f"There is no file as {form[:20]!r}; there are {', '.join(FORMS)}.")


def narrowed(state: str, level: str, method: str, place: str, since: str) -> pages.Asked:
    """The filters, checked as the page checks them."""
    return signals_view.checked({"state": state, "level": level, "method": method, "place": place}, since)


def asked_filters(asked: pages.Asked) -> dict[str, str]:
    return {name: value for name, value in vars(asked).items() if value}


# What is answered -----------------------------------------------------------------------------------------------------


def told(row: dict[str, Any] | Any, names: words.Names) -> dict[str, Any]:
    """A row of a signal in the words of the interface."""
    return {
        "number": row["number"], "title": words.title(row, names), "kind": row["kind"], "state": row["state"],
        "level": row["level"], "place_code": place_code(row, names), "place": words.where(row, names),
        "authorities": list(row["scope"]), "members": list(row["members"]), "setting_id": row["setting_id"],
        "opened_on": row["opened_on"], "opened_at": row["opened_at"], "changed_on": row["morning"],
        "changed_at": row["changed_at"], "people": pages.people_of(row, names), "source": row["told_by"],
        "rate_per_100000": row["rate"],
        "recurrence_days": row["recurrence_days"], "evidence": [names.said(each) for each in row["evidence"]],
        "merged_into": list(row["merged_into"]), "merged": list(row["merged"]),
    }  # fmt: skip


def place_code(row: dict[str, Any] | Any, names: words.Names) -> str | None:
    """The place of a signal; of a setting the small area where its register says that it stands, if any does."""
    return names.standing.get(row["setting_id"]) if row["setting_id"] else row["place_code"]


def change(row: Any) -> dict[str, Any]:
    same = ("step", "state", "known_at", "morning", "level", "place_code", "recurrence_days")
    return {
        **{name: row[name] for name in same}, "members": list(row["members"]), "people": row["observed"],
        "rate_per_100000": row["rate"], "evidence": list(row["evidence"]), "sweep": row["sweep_id"],
    }  # fmt: skip


def finding(row: Any) -> dict[str, Any]:
    same = (
        "method", "level", "place_code", "morning", "first_day", "last_day", "expected", "expected_low",
        "expected_high", "p_value", "recurrence_days", "held_by", "evidence", "known_at", "source",
    )  # fmt: skip
    return {
        **{name: row[name] for name in same}, "members": list(row["members"]), "seen": row["observed"],
        "rate_per_100000": row["rate"], "sweep": row["sweep_id"],
    }  # fmt: skip


def figures(found: place_view.Read, moment: datetime) -> dict[str, Any]:
    """Everything that the page of a place shows, as values."""
    made, ground = found.figures, found.ground
    trend = made.trend
    high = None if trend.high == float("inf") else trend.high
    return {
        "code": ground.code, "name": ground.name, "level": ground.level, "residents": ground.residents,
        "complete_to": made.last, "people_in_week": trend.this, "people_in_week_before": trend.before,
        "rate_per_100000": {"value": None, "low": None, "high": None}
        if made.nothing_known
        else {"value": made.rate.value, "low": made.rate.low, "high": made.rate.high},
        "rate_yesterday_per_100000": made.rate_before.value, "direction": trend.direction,
        "ratio_to_week_before": {"value": trend.ratio, "low": trend.low, "high": high},
        "doubling_or_halving_days": trend.days, "why_no_forecast": made.why_no_forecast, "days": by_day(made),
        "series": [
            {"metric": told.metric.id, **{name: row[name] for name in ("day", "low", "high", "published", "source")}}
            for told in found.series
            for row in told.rows
        ],
        "series_not_drawn": [
            {"metric": told.metric.id, "source": source} for told in found.series for source in told.others
        ],
        "as_of": moment, "agreements": list(found.agreements),
    }  # fmt: skip


def by_day(made: Figures) -> list[dict[str, Any]]:
    return [
        {
            "day": each.day, "people_hospital_tests": each.people[0], "people_community_tests": each.people[1],
            "positive_tests": each.positive, "tests": each.tests, "complete": each.complete,
            "likely": {"value": each.likely.middle, "low": each.likely.low, "high": each.likely.high}
            if each.likely
            else None,
            "share_here": each.likely.share if each.likely else None,
            "r": {"value": each.r.ends[2], "low": each.r.ends[0], "high": each.r.ends[4]}
            if each.r and each.r.reliable
            else None,
        }
        for each in made.days
    ]  # fmt: skip


def as_table(rows: list[dict[str, Any]], names: words.Names) -> PictureTable:
    """Signals as a table of a file: the fields of the interface."""
    fields = list(Signal.model_fields)
    columns = tuple(Column(name, numeric=False) for name in fields)
    cells = []
    for row in rows:
        said = told(row, names)
        cells.append(
            tuple("; ".join(str(each) for each in v) if isinstance(v := said[name], list) else v for name in fields)
        )
    return PictureTable("Signals", columns, tuple(cells))


def outline(row: dict[str, Any], names: words.Names) -> dict[str, Any] | None:
    """The outlines of a signal's small areas, else of its place, as one shape, of a setting that of the small area
    where it stands; None where no outline is loaded."""
    stands = bool(row["setting_id"])
    small = [] if stands else list(row["members"])
    code = place_code(row, names)
    codes = small or ([code] if code else [])
    level = "lsoa" if small or stands else row["level"]
    found = places.outlines(codes, level) if codes else {}
    polygons: list[Any] = []
    for geometry in found.values():
        polygons += [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return {"type": "MultiPolygon", "coordinates": polygons} if polygons else None


def geojson(request: HttpRequest, features: list[dict[str, Any]], moment: datetime) -> HttpResponse:
    """A feature collection; its moment stands beside the features."""
    response = HttpResponse(collection(features, moment), content_type=TYPE)
    return tagged(request, response, json.dumps(features, default=plain).encode())


def answer(request: HttpRequest, body: Schema) -> HttpResponse:
    """The body as JSON, with the tag of what it says."""
    response = HttpResponse(body.model_dump_json(), content_type="application/json")
    return tagged(request, response, body.model_dump_json(exclude={"as_of"}).encode())


def tagged(request: HttpRequest, response: HttpResponse, says: bytes | None = None) -> HttpResponse:
    """The answer with a weak tag of what it says, else a strong one of its bytes; 304 where the reader has it."""
    digest = hashlib.sha256(response.content if says is None else says).hexdigest()[:32]
    tag = f'"{digest}"' if says is None else f'W/"{digest}"'
    asked = [each.strip() for each in request.headers.get("If-None-Match", "").split(",")]
    if tag in asked or "*" in asked:
        response = HttpResponse(status=304)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-store"
    return response
