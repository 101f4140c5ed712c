"""Views of handovers: list and begin, write and give, take over, take back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commonweal.apps.access import acting
from commonweal.apps.desk import around
from commonweal.apps.desk import handover as actions
from commonweal.apps.desk.pages import handover as pages
from commonweal.apps.desk.views.today import actor
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web.forms import NOTHING, Sent


@require_http_methods(["GET", "POST"])
def all_notes(request: HttpRequest) -> HttpResponse:
    """Notes of my offices; a button for each office begins one."""
    who = around.who(request)
    if request.method == "POST":
        office = request.POST.get("office", "")
        if office not in who.offices:
            raise NotAllowed(f"You do not hold the office {office!r} today, so you cannot hand it over.")
        return _to(actions.begin(actor(request), office))
    offices = [(seat.office_id, seat.title) for seat in acting.seats(request)]
    built = pages.listed(offices, actions.of_offices(who.offices), who.now)
    return render(request, "desk/handovers.html", {"page": built.page, "listed": built})


@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A note, to write, to take over, or to read afterwards."""
    who, found = around.who(request), actions.find(number)
    is_giver = found.from_person == who.person_id
    if found.office_id not in who.offices and not is_giver:
        raise NotThere("There is no such handover of one of your offices.")
    built = pages.note(found, who.now, is_giver=is_giver, may_take=not is_giver and found.office_id in who.offices)
    return render(request, "desk/handover.html", {"page": built.page, "note": built, "sent": NOTHING})


@require_POST
def save(request: HttpRequest, number: int) -> HttpResponse:
    """Keep the words, and give the note when that button was pressed."""
    giver = actor(request)
    keys = {name.removeprefix("key-"): str(value) for name, value in request.POST.items() if name.startswith("key-")}
    words = {key: request.POST.get(f"words-{place}", "") for place, key in keys.items()}
    words[""] = request.POST.get("words", "")
    try:
        actions.write(giver, number, words)
        if request.POST.get("do") == "give":
            actions.give(giver, number)
    except Refused as refused:
        return _refused(request, number, words, str(refused))
    return _to(number)


def _refused(request: HttpRequest, number: int, words: dict[str, str], wrong: str) -> HttpResponse:
    """The note again with what was typed, where it can still be written, and without, to be copied, where it cannot."""
    who, found = around.who(request), actions.find(number)
    built = pages.note(found, who.now, is_giver=found.from_person == who.person_id, may_take=False)
    built = pages.typed(built, words)
    long = next((line.number for line in built.lines if len(line.words) > actions.LONGEST_WORDS), None)
    where = "words" if long is None else f"words-{long}"
    sent = Sent("note", wrong, "unsaved" if built.unsaved else where)
    context = {"page": built.page, "note": built, "sent": sent, "form_is_wrong": wrong}
    return render(request, "desk/handover.html", context, status=400)


@require_POST
def take(request: HttpRequest, number: int) -> HttpResponse:
    """Take the ticked things over."""
    actions.take(actor(request), number, request.POST.getlist("take"))
    return _to(number)


@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """The giver takes the note back."""
    actions.take_back(actor(request), number)
    return _to(number)


def _to(number: int) -> HttpResponse:
    return HttpResponseRedirect(f"/handover/{number}")
