"""*Why is it rising?* of a place and two windows: the page and its downloads."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.intake import page_settings
from commonweal.apps.intake.pages.area_figures import last_complete_day
from commonweal.apps.intake.views import common
from commonweal.apps.surveillance import why_explaining, why_reads, why_waiting
from commonweal.apps.surveillance.pages import why as page_of
from commonweal.apps.surveillance.views.place import typed
from commonweal.apps.surveillance.why_asking import AXES, Question, place_of
from commonweal.apps.surveillance.why_explaining import Explained
from commonweal.core.errors import Refused
from commonweal.core.pictures import draw_parts
from commonweal.core.signals.why_windows import Windows, windows
from commonweal.web import asking, files, times
from commonweal.web.pages import Link

DAYS = 14


@require_GET
def place(request: HttpRequest, code: str) -> HttpResponse:
    """The explanation of a place, as known now or at the moment in the address."""
    moved = typed(request, f"/places/{code}/why")
    if moved is not None:
        return moved
    as_of, pinned = common.as_of(request)
    found = in_time(request, code, as_of)
    if found is None:
        return still_working(request, code, as_of)
    asked = question(request, code, as_of)
    query = asking.with_changed(request, as_of=times.link_form(as_of), whole=None)
    together = asked.living_together(found, pinned=pinned) if found.why else ""
    built = page_of.build(
        found.where.name, found.why, found.span, as_of, why_explaining.setting(),
        basis=page_of.Basis(found.with_addresses, asked.who_can_tell(found)), households=together,
        by_report=asked.by_report, address=f"/places/{code}/why", query=query,
        around=around(request, found.where), heard=found.heard[1],
    )  # fmt: skip
    return render(request, "surveillance/why.html", {"page": built.page, "why": built})


@require_GET
def download(request: HttpRequest, code: str, what: str, form: str) -> HttpResponse:
    """The picture of the parts, or its table, as a file."""
    if common.has(request, "read_records"):
        common.require(request, "export_records", "download what a page shows")
    as_of, _ = common.as_of(request)
    found = question(request, code, as_of).answered(exported=True)
    if what != "parts" or found.why is None:
        raise files.nothing_there(what)
    parts = page_of.parts_of(found.where.name, found.why, found.span, as_of, why_explaining.setting())
    return files.of_picture(draw_parts(parts), form, as_of, found.agreements)


def in_time(request: HttpRequest, code: str, as_of: datetime) -> Explained | None:
    """The explanation, or None where the place is a wide one and it is still being worked out."""
    asked = question(request, code, as_of)
    if not why_waiting.is_wide(asked.where):
        return asked.answered()
    seconds = why_waiting.WHOLE if request.GET.get("whole") else why_waiting.PATIENCE
    _, found = why_waiting.answer(asked, asked.answered, seconds)
    return found


def still_working(request: HttpRequest, code: str, as_of: datetime) -> HttpResponse:
    """What is known at once of a wide place: how many people, of which days; and where the whole will be."""
    asked = question(request, code, as_of)
    moment = times.link_form(as_of)
    built = page_of.working(
        asked.where.name, why_reads.people(asked.actor, asked.where, asked.span, as_of), asked.span, as_of,
        authorities=len(asked.where.authorities), records=asked.records, by_report=asked.by_report,
        address=f"/places/{code}/why", around=around(request, asked.where),
        whole=asking.with_changed(request, as_of=moment, whole="yes"),
    )  # fmt: skip
    return render(request, "surveillance/why.html", {"page": built.page, "why": built})


def question(request: HttpRequest, code: str, as_of: datetime) -> Question:
    """The question in the address. Raises `NotThere` for a place that is too wide or none."""
    common.require(request, "read_counts", "see why a place is rising")
    return Question(
        common.actor(request), place_of(code), span(request, as_of), as_of, common.has(request, "read_records"),
        common.has(request, "read_identifiable"), by_report(request),
    )  # fmt: skip


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


def around(request: HttpRequest, where: why_reads.Where) -> tuple[Link, ...]:
    """Where more about the place is: all its figures (at the moment that was asked for), and what people know."""
    wanted = asking.moment(request)
    moment = f"?as_of={times.link_form(wanted)}" if wanted else ""
    return (
        Link(f"All figures of {where.name}", f"/places/{where.code}{moment}"),
        Link("What people know here", f"/places/{where.code}/known"),
    )
