"""Talk, missed clocks with their reasons, digests, and recall of notices."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commonweal.apps.access import acting
from commonweal.apps.access import queries as access
from commonweal.apps.access.middleware import needs_no_office
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import (
    announcing,
    around,
    brief,
    configuration,
    digest,
    hiding,
    missed,
    pinned,
    queries,
    talk,
    telling,
)
from commonweal.apps.desk.pages import talk as pages
from commonweal.apps.desk.views.today import actor
from commonweal.core.access.permissions import may
from commonweal.core.desk import pins
from commonweal.core.desk.pins import Pin
from commonweal.core.errors import NotThere, Refused
from commonweal.web import times
from commonweal.web.forms import NOTHING, Sent
from commonweal.web.shell import kind_of_space

ALL_PLACES = "all"


@require_http_methods(["GET", "POST"])
def all_talk(request: HttpRequest) -> HttpResponse:
    """What was said about my places, or about one page of them; and the form to say something."""
    who, given = actor(request), request.POST or request.GET
    pin = pins.read(given.get("pin") or "/talk", given.get("words-of-it") or request.GET.get("words", ""))
    places = pinned.places_of(who, pin)
    wrong = ""
    if request.method == "POST":
        try:
            return HttpResponseRedirect(f"/talk/{_said(who, pin, places, request)}")
        except Refused as refused:
            wrong = str(refused)
    form = _form(who, pin, places, request, wrong)
    minutes = configuration.rules().recall_minutes
    rows = talk.seen(who, pin if given.get("pin") else None)
    built = pages.listed(rows, pinned.abouts(rows), form, who.person_id, around.now(), minutes)
    may_tell = bool(may(acting.seat(request), announcing.TELL_OFFICES, ""))
    context = {"page": built.page, "talk": built, "may_tell": may_tell, "form_is_wrong": wrong}
    return render(request, "desk/talk.html", context, status=400 if wrong else 200)


def _said(who: Actor, pin: Pin, places: Sequence[str], request: HttpRequest) -> int:
    """Say what was typed; returns its number. Raises `Refused`."""
    given = request.POST
    chosen = given.get("place", "")
    if chosen:
        places = access.mandate(who.office_id) if chosen == ALL_PLACES else [chosen]
    if not places:
        raise Refused("Choose the place that this is about: its offices are those who read it.")
    owner = given.get("owner") or None
    due = _due(given.get("hours", "")) if owner else None
    said = talk.Said(
        pin.address(), places, given.get("words", ""), owner=owner, due_at=due, mentions=given.getlist("mention")
    )
    return talk.say(who, said)


def _form(who: Actor, pin: Pin, places: Sequence[str], request: HttpRequest, wrong: str) -> pages.Form:
    """The form, with what was typed before where something was wrong with it."""
    own = () if places else (*telling.authorities(who), (ALL_PLACES, "All places that your office answers for"))
    asked = places or access.mandate(who.office_id)
    page = Pin(pin.page, pin.figure)
    return pages.Form(
        page.address(), pinned.in_words(page), pin.words, own, tuple(talk.offices_of(asked)),
        request.POST.dict() if wrong else {}, wrong,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One conversation: what was said first, the answers, and the form to answer."""
    who = actor(request)
    rows = talk.seen(who, number=number) if number < 2**63 else []
    first = next((row for row in rows if row["id"] == number), None)
    if first is None:
        raise NotThere("There is no such conversation about places of your office.")
    sent = NOTHING
    if request.method == "POST":
        text = request.POST.get("words", "")
        corrects = request.POST.get("do") == "correct"
        try:
            what = talk.Said(
                first["pin"], (), text, corrects=number if corrects else None, reply_to=None if corrects else number
            )
            talk.say(who, what)
            return HttpResponseRedirect(f"/talk/{number}")
        except Refused as refused:
            sent = Sent("answer", str(refused), "words", {"words": text})
    minutes = configuration.rules().recall_minutes
    may_hide = hiding.hideable(who, [talk.WORDS.key(row["id"]) for row in rows])
    built = pages.conversation(first, rows, pinned.abouts([first]), who.person_id, around.now(), minutes, may_hide)
    context = {"page": built.page, "talk": built, "sent": sent, "form_is_wrong": sent.wrong}
    return render(request, "desk/conversation.html", context, status=400 if sent.wrong else 200)


@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """Take back what one said."""
    talk.take_back(actor(request), number)
    return HttpResponseRedirect("/talk")


@require_POST
def recall(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Recall a notice of the acting office."""
    talk.recall_notice(actor(request), notice_id)
    return HttpResponseRedirect(reverse("desk:told", args=[notice_id, queries.told_to(notice_id)[0]["office_id"]]))


@require_GET
def missed_clocks(request: HttpRequest) -> HttpResponse:
    """Every clock that was missed about my places, with the reason or that none came."""
    return _missed(request)


def _missed(request: HttpRequest, sent: Sent = NOTHING) -> HttpResponse:
    who = actor(request)
    organisation = access.organisation_of(who.office_id)
    built = pages.missed(missed.seen(who), organisation, around.now())
    context = {"page": built.page, "missed": built, "sent": sent, "form_is_wrong": sent.wrong}
    return render(request, "desk/missed.html", context, status=400 if sent.wrong else 200)


@require_POST
def reason(request: HttpRequest, number: int) -> HttpResponse:
    """Say why."""
    said, form = request.POST.get("reason", ""), f"reason-{number}"
    try:
        missed.give_reason(actor(request), number, said)
    except Refused as refused:
        return _missed(request, Sent(form, str(refused), form, {"reason": said}))
    return HttpResponseRedirect(f"/missed#missed-{number}")


@require_GET
def digest_page(request: HttpRequest, office: str) -> HttpResponse:
    """The digest of one of my offices as it is now."""
    who = around.who(request)
    if office not in who.offices:
        raise NotThere("There is no digest for one of your offices at this address.")
    built = pages.digest(digest.lines(office, who.now), who.now)
    return render(request, "desk/digest.html", {"page": built.page, "digest": built})


def _due(hours: str) -> datetime:
    """So many hours from now; the end of tomorrow's waking hours when nothing was given."""
    now = around.now()
    if not hours.strip():
        tomorrow = times.local(now).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(17), times.LONDON)
    if not hours.strip().isdigit() or not 0 < int(hours) <= 720:
        raise Refused(f"{hours!r} is no number of hours from 1 to 720.")
    return now + timedelta(hours=int(hours))


@login_not_required
@needs_no_office
@require_GET
def practise(request: HttpRequest) -> HttpResponse:
    """Where one tries things out without harm: the exercise of this installation, or how to open one."""
    built = pages.practice(os.environ.get("COMMONWEAL_PRACTICE_URL", ""), kind_of_space())
    return render(request, "desk/practise.html", {"page": built.page, "practise": built})


@require_GET
def on_paper(request: HttpRequest) -> HttpResponse:
    """The printed list: whom somebody has to go and tell, because no other way reaches them."""
    organisation = access.organisation_of(actor(request).office_id)
    built = pages.on_paper(queries.on_paper([organisation]), around.now())
    return render(request, "desk/on_paper.html", {"page": built.page, "paper": built})


@require_GET
def weekly_brief(request: HttpRequest) -> HttpResponse:
    """The weekly brief of the acting office as it is now."""
    who = actor(request)
    parts = [(part.heading, said, part.link) for part, said in brief.lines(who)]
    built = pages.brief(brief.question(times.local(around.now()).date()), parts)
    return render(request, "desk/brief.html", {"page": built.page, "brief": built})
