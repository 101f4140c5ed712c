"""*Why was this late?*: delays by feed and day, the reason asked for, the reason given."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from commonweal.apps.access.scope import scoped_read
from commonweal.apps.intake import area_ground, delay_reasons, page_reads, page_settings
from commonweal.apps.intake.pages import from_rows, late
from commonweal.apps.intake.views import common
from commonweal.core import wording
from commonweal.core.errors import NotThere, Refused
from commonweal.core.pictures import DelayRow
from commonweal.web import asking, db, files, times
from commonweal.web.pages import Link

DAYS = 7
NAME = "delays"
Rows = list[tuple[date, DelayRow]]


def days_asked(request: HttpRequest) -> tuple[date, date]:
    """The seven days received that are shown: up to ``to``, or up to today."""
    last = asking.day(request, "to") or times.local(common.now()).date()
    return last - timedelta(days=DAYS - 1), last


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), times.LONDON)


@require_GET
def why_late(request: HttpRequest, form: str = "") -> HttpResponse:
    """The page, or its picture or table as a file."""
    common.require(request, "read_records", "see how long single records took")
    first, last = days_asked(request)
    as_of, _ = common.as_of(request)
    with scoped_read(
        common.actor(request), query=NAME, filters={"to": last}, as_of=as_of, exported=bool(form)
    ) as scope:
        rows = page_reads.delays(scope, midnight(first), midnight(last + timedelta(days=1)), as_of)
    organisation = common.seat(request).organisation_id
    asked = [from_rows.question(row) for row in page_reads.questions(scope.codes, organisation, first, last)]
    place = area_ground.of_scope(scope.codes, area_ground.mandate(common.actor(request))).name
    feeds, days = from_rows.delay_rows(rows, place)
    holders = {row["number"] for row in page_reads.questions((), organisation, first, last)}
    built = late.build(
        place,
        f"received {wording.day(first)} to {wording.day_and_year(last)}",
        feeds,
        days,
        asked,
        as_of,
        may_ask=common.has(request, "explain_delay"),
        answerable=frozenset(holders if common.has(request, "explain_delay") else ()),
        downloads=tuple(Link(kind.upper(), f"/late.{kind}?to={last}") for kind in ("csv", "xlsx", "parquet", "svg")),
    )
    if form:
        if built.picture is None:
            raise files.nothing_there("delays")
        return files.of_picture(built.picture.picture, form, as_of, scope.agreements)
    return render(request, "intake/late.html", {"page": built.page, "late": built})


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask the longest holder of a feed's day for the reason; the clock starts now."""
    common.require(request, "explain_delay", "ask for the reason of a delay")
    feed, day = request.POST.get("feed", ""), request.POST.get("day", "")
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise Refused(f"{day!r} is no day; choose a line of the table.") from None
    as_of = db.freeze()
    with scoped_read(common.actor(request), query=NAME, filters={"to": wanted, "feed": feed}, as_of=as_of) as scope:
        rows = page_reads.delays(scope, midnight(wanted), midnight(wanted + timedelta(days=1)), as_of)
    found = [row for row in rows if row["feed"] == feed]
    stage = from_rows.joined(feed, found, "").longest() if found else None
    if stage is None:
        raise NotThere(
            f"No delay of {feed!r} on {wording.day_and_year(wanted)} can be told, so there is no reason to ask for."
        )
    hours = from_rows.joined(feed, found, "").hours[stage] or 0.0
    holder = found[0]["owner_id"] if stage < 3 else common.seat(request).organisation_id
    moment = common.now()
    due = late.due_at(moment, page_settings.holidays(times.local(moment).date() + timedelta(days=14)))
    asked = delay_reasons.Asked(feed, wanted, stage, hours, holder, scope.codes)
    number = delay_reasons.ask(common.actor(request), asked, due)
    return HttpResponseRedirect(f"/late?to={wanted}#question-{number}")


@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Give the reason that was asked of this office's organisation."""
    common.require(request, "explain_delay", "answer for results that came late")
    delay_reasons.answer(common.actor(request), number, request.POST.get("reason", ""))
    return HttpResponseRedirect(f"/late#question-{number}")
