"""*My area*: the page, its stream, its downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from commonweal.apps.access import queries as access
from commonweal.apps.access.scope import Scope, StreamScope, scoped_read
from commonweal.apps.desk.search import place_page
from commonweal.apps.intake import area, area_ground, latency, page_reads, page_settings, stream
from commonweal.apps.intake.area_ground import Ground
from commonweal.apps.intake.pages import my_area
from commonweal.apps.intake.pages.area_figures import WEEK, AreaFacts, Reading, Row, last_complete_day
from commonweal.apps.intake.pages.area_pictures import Address
from commonweal.apps.intake.views import common
from commonweal.core.epi.rates.intervals import wilson
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import asking, files, times

QUERY = "my area"
PATH = "/my-area"
CARE_HOMES = "care homes newly affected"
QUIET_DAYS = 28


def places_asked(request: HttpRequest) -> list[str] | None:
    """The place that narrows the mandate, or None for all of it."""
    place = request.GET.get("place", "").strip()
    return [place] if place else None


def address_of(request: HttpRequest) -> Address:
    place = request.GET.get("place", "").strip()
    return Address(PATH, asking.with_changed(request, place=place) if place else "", places=f"{PATH}?place=")


def share_limits(part: int, whole: int) -> tuple[float, float]:
    """Wilson's 95% limits of a share."""
    found = wilson(part, whole)
    return float(found.lower), float(found.upper)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The page as known now, or at the moment in the address or typed into the form."""
    typed = asking.typed_moment(request)
    if typed is not None:
        clean = asking.with_changed(
            request, as_of=times.link_form(typed), **{f"at-{part}": None for part in ("day", "month", "year", "time")}
        )
        return HttpResponseRedirect(f"{PATH}{clean}")
    as_of, looking_back = common.as_of(request)
    try:
        facts, ground, _ = read(request, as_of, exported=False)
    except NotAllowed:
        if agreements_wait(request):
            return HttpResponseRedirect(reverse("access:agreements"))
        raise
    built = build(request, facts, ground, looking_back=looking_back)
    return render(request, "intake/my_area.html", {"page": built.page, "area": built})


def agreements_wait(request: HttpRequest) -> bool:
    """Whether no agreement of the office's organisation is in force, and one is there to be accepted: the next step."""
    states = {row["state"] for row in access.agreements(organisation=common.seat(request).organisation_id)}
    return "in_force" not in states and "offered" in states and common.has(request, "accept_agreement")


@require_GET
def download(request: HttpRequest, what: str, form: str) -> HttpResponse:
    """One picture or table of the page as a file, as known at the moment in the address."""
    common.require(request, "export_records", "download what a page shows")
    as_of, _ = common.as_of(request)
    facts, ground, agreements = read(request, as_of, exported=True)
    built = build(request, facts, ground, looking_back=True)
    shown = {"curve": built.curve, "positivity": built.positivity, "ages": built.ages, "areas": built.area_map}.get(
        what
    )
    if shown is not None:
        return files.of_picture(shown.picture, form, as_of, agreements)
    table = {"latest": built.latest, "areas": built.area_table}.get(what)
    if table is None or form == "svg":
        raise files.nothing_there(what)
    return files.of_table(table.table, what, form, as_of, agreements)


def build(request: HttpRequest, facts: AreaFacts, ground: Ground, *, looking_back: bool) -> my_area.MyArea:
    address = address_of(request)
    if not ground.whole:
        address = Address(address.path, address.query, places=place_page("msoa", "", ""))
    reading = page_settings.reading()
    return my_area.build(facts, reading, share_limits, address, shapes=ground.shapes, looking_back=looking_back)


def read(request: HttpRequest, as_of: datetime, *, exported: bool) -> tuple[AreaFacts, Ground, tuple[str, ...]]:
    """Everything that the page counts, in one scope at one moment; and what is known of the places."""
    reading, actor, places = page_settings.reading(), common.actor(request), places_asked(request)
    filters = {"place": places[0] if places else None}
    with scoped_read(
        actor, query=QUERY, filters=filters, as_of=as_of, places=places, data_class="L1", exported=exported
    ) as scope:
        looked = page_reads.last_looked(scope, actor.person_id, QUERY)
        ground = area_ground.of_scope(scope.codes, places or area_ground.mandate(actor))
        rows = counts(scope, reading, as_of, whole=ground.whole)
        since = area.changes_since(scope, scope.codes, looked, as_of, by_authority=ground.whole) if looked else []
        latest = page_reads.latest_arrivals(scope, as_of)
    facts = AreaFacts(
        place=ground.name,
        residents=ground.residents,
        residents_note=ground.residents_note,
        as_of=as_of,
        today=times.local(as_of).date(),
        last_looked=looked,
        daily=rows.daily,
        daily_before=rows.daily_before,
        small=rows.small,
        ages=rows.ages,
        since=since,
        latest=latest,
        feeds=page_reads.feed_freshness(as_of),
        areas=ground.areas,
        group_residents=ground.group_residents,
        latency=latency.of_last_hour(as_of),
        group_word="Authority" if ground.whole else "Neighbourhood",
        new_care_homes=care_homes(request, places, looked, as_of),
    )
    return facts, ground, scope.agreements


def care_homes(
    request: HttpRequest, places: Sequence[str] | None, since: datetime | None, as_of: datetime
) -> tuple[str, ...] | None:
    """Care homes newly affected: read from single records, so only for offices that may; None for the others."""
    if not common.has(request, "read_records"):
        return None
    start = since or as_of - timedelta(days=1)
    quiet = times.local(as_of).date() - timedelta(days=QUIET_DAYS)
    try:
        with scoped_read(
            common.actor(request), query=CARE_HOMES, filters={"since": start}, as_of=as_of, places=places
        ) as scope:
            return page_reads.new_care_homes(scope, start, as_of, quiet)
    except NotAllowed:
        return None  # no agreement opens single records of this place; the sentence says that it is not known


@dataclass(frozen=True)
class Counts:
    """The rows that sentences and pictures are made of."""

    daily: Sequence[Row]
    daily_before: Sequence[Row]
    small: Sequence[Row]
    ages: Sequence[Row]


def counts(scope: Scope, reading: Reading, as_of: datetime, *, whole: bool) -> Counts:
    """Counts of the curve's days, of the week as known a day earlier, of small areas in the week, of ages."""
    today = times.local(as_of).date()
    last = last_complete_day(today, reading)
    week, codes = last - timedelta(days=WEEK - 1), scope.codes
    curve_from = today - timedelta(days=reading.curve_days - 1)
    ages_from = today - timedelta(days=reading.age_days - 1)
    by_place = area.authority_counts if whole else area.small_area_counts
    yesterday = area.Window(codes, week - timedelta(days=1), last - timedelta(days=1), as_of - timedelta(days=1))
    return Counts(
        daily=area.daily_counts(scope, area.Window(codes, curve_from, today, as_of)),
        daily_before=area.daily_counts(scope, yesterday),
        small=by_place(scope, area.Window(codes, week, last, as_of)),
        ages=area.age_counts(scope, area.Window(codes, ages_from, today, as_of)),
    )


@require_GET
def live(request: HttpRequest) -> StreamingHttpResponse:
    """Server-sent events of what becomes known after ``since``."""
    since = asking.moment(request, "since")
    if since is None:
        raise Refused("The stream needs the moment that the page shows; open the page again.")
    scope = StreamScope(
        common.actor(request), query=QUERY, filters={"live": True}, places=places_asked(request), data_class="L1"
    )
    events = stream.events(scope, since, latency.tier_of(common.seat(request).organisation_id))
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
