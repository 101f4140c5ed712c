"""*Why is it rising?* of a place and two windows: the page and its downloads."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.intake import page_settings
from commonweal.apps.intake.pages.area_figures import last_complete_day
from commonweal.apps.intake.views import common
from commonweal.apps.surveillance import why_counts, why_explaining, why_households, why_reads
from commonweal.apps.surveillance.pages import why as page_of
from commonweal.apps.surveillance.why_explaining import Explained
from commonweal.core.errors import NotThere, Refused
from commonweal.core.pictures import draw_parts
from commonweal.core.signals.why_windows import Windows, windows
from commonweal.web import asking, files, times
from commonweal.web.pages import Link

DAYS = 14
AXES = ("swab", "report")


@require_GET
def place(request: HttpRequest, code: str) -> HttpResponse:
    """The explanation of a place, as known now or at the moment in the address."""
    as_of, pinned = common.as_of(request)
    found = explained(request, code, as_of, exported=False)
    query = asking.with_changed(request, as_of=times.link_form(as_of))
    built = page_of.build(
        found.where.name, found.why, found.span, as_of, why_explaining.setting(), basis=basis(request, found),
        households=living_together(request, found, pinned=pinned), by_report=by_report(request),
        address=f"/places/{code}/why", query=query, around=around(code),
    )  # fmt: skip
    return render(request, "surveillance/why.html", {"page": built.page, "why": built})


@require_GET
def download(request: HttpRequest, code: str, what: str, form: str) -> HttpResponse:
    """The picture of the parts, or its table, as a file."""
    if common.has(request, "read_records"):
        common.require(request, "export_records", "download what a page shows")
    as_of, _ = common.as_of(request)
    found = explained(request, code, as_of, exported=True)
    if what != "parts" or found.why is None:
        raise files.nothing_there(what)
    parts = page_of.parts_of(found.where.name, found.why, found.span, as_of, why_explaining.setting())
    return files.of_picture(draw_parts(parts), form, as_of, found.agreements)


def explained(request: HttpRequest, code: str, as_of: datetime, *, exported: bool) -> Explained:
    """The explanation asked for in the address: from records where the office reads them, else from counts."""
    common.require(request, "read_counts", "see why a place is rising")
    where = why_reads.where(code)
    if where.level == "country":
        raise NotThere(f"Why it is rising is worked out for a region at most. Choose one at /places/{code}.")
    actor, days, axis = common.actor(request), span(request, as_of), by_report(request)
    if common.has(request, "read_records"):
        with suppress(NotThere):  # no agreement opens records here: counts may tell something all the same
            return why_explaining.explained(
                actor, where, days, as_of, addresses=common.has(request, "read_identifiable"), by_report=axis,
                exported=exported,
            )  # fmt: skip
    return why_counts.explained(actor, where, days, as_of, by_report=axis, exported=exported)


def basis(request: HttpRequest, found: Explained) -> page_of.Basis:
    """What an explanation rests on, and for one from counts what they cannot tell and who can."""
    if not found.from_counts:
        return page_of.Basis(with_addresses=found.with_addresses)
    return page_of.Basis(who_can_tell=why_counts.sentence(found.where, why_no_records(request)))


def why_no_records(request: HttpRequest) -> str:
    """Why the acting office reads no records here, in words."""
    if common.has(request, "read_records"):
        return "No agreement in force opens the records of this place to your office for this purpose."
    return "Your office reads counts."


def living_together(request: HttpRequest, found: Explained, *, pinned: bool) -> str:
    """How many live together, for an office that reads no addresses; one that does leaves the number to the others (not
    at a past moment)."""
    actor, rules = common.actor(request), why_explaining.setting()
    if found.with_addresses:
        if not pinned and not by_report(request):
            why_households.keep(actor, found)
        return ""
    told = why_households.told(actor, found.where, found.span, found.as_of, pinned=pinned)
    return why_households.sentence(told, rules.least_told, rules.least_completeness, common.now())


def span(request: HttpRequest, as_of: datetime) -> Windows:
    """The windows in the address; the two fortnights up to the last complete day where it names none."""
    today = times.local(as_of).date()
    last = asking.day(request, "last") or last_complete_day(today, page_settings.reading())
    days, against = asking.number(request, "days", DAYS), asking.day(request, "against")
    return windows(last, days, against, today)


def by_report(request: HttpRequest) -> bool:
    """Whether days are days of report."""
    axis = request.GET.get("by", AXES[0])
    if axis not in AXES:
        raise Refused(f"{axis[:20]!r} is no axis of days; choose {' or '.join(AXES)}.")
    return axis == AXES[1]


def around(code: str) -> tuple[Link, ...]:
    """Where more about the place is."""
    return (Link("What people know here", f"/places/{code}/known"),)
