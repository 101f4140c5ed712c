"""*Today*, its stream, and single notices: opened by being read, acknowledged by a button."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from commonweal.apps.access import acting
from commonweal.apps.access.scope import Actor, ScopeMissing
from commonweal.apps.desk import around, brief, configuration, queries, stream, telling, waiting
from commonweal.apps.desk.pages import today, told
from commonweal.apps.desk.waiting import Who
from commonweal.core.errors import NotAllowed, NotThere
from commonweal.web import db

FIRST_VISIT = timedelta(days=7)


def actor(request: HttpRequest) -> Actor:
    """Who acts."""
    found = acting.actor(request)
    if found is None:
        raise ScopeMissing("Choose the office you act for first.")
    return found


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The page. What it shows counts as delivered."""
    who, seat = around.who(request), acting.seat(request)
    duty = queries.on_duty(queries.organisations_of(who.offices))
    items = waiting.for_offices(who)
    looked = db.value("app", "select desk.look(%s)", [who.person_id])
    since = looked or who.now - FIRST_VISIT
    job = configuration.job_of(
        seat.permissions if seat else (), on_duty=any(row["person_id"] == who.person_id for row in duty)
    )
    built = today.build(
        job,
        items,
        queries.since(who, since),
        waiting.against_others(who),
        duty,
        looked,
        _own(request, job),
        who.now,
        many_offices=len(who.offices) > 1,
    )
    told_here = [(one.notice, office) for one in items if one.notice
                 for office in (one.office_id, *(other for other, _ in one.also))]  # fmt: skip
    db.value(
        "app",
        "select desk.shown(%s::uuid[], %s::text[], %s::uuid)",
        [[told for told, _ in told_here], [office for _, office in told_here], who.person_id],
    )
    return render(request, "desk/today.html", {"page": built.page, "today": built})


def _own(request: HttpRequest, job: configuration.Job) -> list[today.Own]:
    """What this kind of work looks at first, in the scope of the office that acts."""
    acts = acting.actor(request)
    found = brief.of_job(job.parts, acts) if acts is not None else []
    return [today.Own(part.heading, tuple(said), part.link) for part, said in found]


@require_GET
def live(request: HttpRequest) -> StreamingHttpResponse:
    """The stream of an open Today: says when something new waits."""
    response = StreamingHttpResponse(stream.events(around.who(request)), content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def notice(request: HttpRequest, notice_id: UUID, office: str) -> HttpResponse:
    """One notice; reading it is recorded as opening it."""
    who = around.who(request)
    row = queries.notice(notice_id, office)
    as_office = queries.acting_as(_person(who), notice_id, office, who.offices)
    if row is None or (as_office is None and row["by_office"] not in who.offices):
        raise NotThere("There is no such notice for one of your offices.")
    receipts = queries.receipts(notice_id, office)
    if as_office is not None and not any(each["state"] == "recalled" for each in receipts):
        telling.open_notice(Actor(_person(who), as_office, ""), notice_id, office)
        receipts = queries.receipts(notice_id, office)
    built = told.build(
        row,
        queries.told_to(notice_id),
        receipts,
        who.now,
        may_acknowledge=as_office is not None,
        act_as=_act_as(request, as_office),
        is_ours=row["by_office"] in who.offices,
        may_recall=_may_recall(request, row, who),
    )
    return render(request, "desk/told.html", {"page": built.page, "told": built})


@require_GET
def by_number(request: HttpRequest, number: int) -> HttpResponse:
    """The short address in an SMS: leads to the notice it was about, which opens for whoever it was told to."""
    row = queries.message(number)
    if row is None:
        raise NotThere("There is no such message any more. What waits for you is on Today.")
    return HttpResponseRedirect(reverse("desk:told", args=[row["notice_id"], row["office_id"]]))


@require_POST
def acknowledge(request: HttpRequest, notice_id: UUID, office: str) -> HttpResponse:
    """Acknowledge for an office, and for the others of one's own that the button named; whoever comes second sees who
    was first."""
    who = around.who(request)
    wanted = list(dict.fromkeys([office, *request.POST.getlist("also")]))
    acting_as = {each: queries.acting_as(_person(who), notice_id, each, who.offices) for each in wanted}
    if None in acting_as.values():
        raise NotAllowed("This notice was not told to one of your offices.")
    answers = [
        telling.acknowledge(Actor(_person(who), as_office, ""), notice_id, each)
        for each, as_office in acting_as.items()
        if as_office is not None
    ]
    answer = answers[0]
    if not answer.mine or request.POST.get("stay"):
        return HttpResponseRedirect(reverse("desk:told", args=[notice_id, office]))
    return HttpResponseRedirect(reverse("desk:today") + "#waiting")


def _person(who: Who) -> UUID:
    if who.person_id is None:
        raise NotAllowed("You hold no office today.")
    return who.person_id


def _may_recall(request: HttpRequest, row: Mapping[str, Any], who: Who) -> bool:
    """Whether the acting office told this and the ten minutes are not over."""
    minutes = timedelta(minutes=configuration.rules().recall_minutes)
    return bool(row["by_office"] == actor(request).office_id and who.now < row["told_at"] + minutes)


def _act_as(request: HttpRequest, office: str | None) -> str:
    """The choice that opens a link as the office it is for; empty when that office acts already."""
    seat = next((each for each in acting.seats(request) if each.office_id == office), None)
    present = acting.actor(request)
    if seat is None or present is None or present.office_id == office:
        return ""
    purpose = present.purpose if present.purpose in seat.purposes else seat.purposes[0]
    return f"{seat.office_id}|{purpose}"
