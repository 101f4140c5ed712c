"""*Search*, saved views and subscriptions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from commonweal.apps.access import acting
from commonweal.apps.desk import own, search
from commonweal.apps.desk.pages import search as pages
from commonweal.apps.desk.views.today import actor
from commonweal.core.access.permissions import may
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web.forms import NOTHING, Sent

PEOPLE = "read_identifiable"


def _asked(request: HttpRequest, text: str) -> search.Asked:
    seat = acting.seat(request)
    if seat is None:
        raise NotAllowed("Choose the office you act for first.")
    return search.Asked(text[: search.LONGEST], actor(request), seat)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What is found for the words in the address; without words, what the person keeps."""
    text = request.GET.get("q", "").strip()
    return _shown(request, text, search.search(_asked(request, text)) if text else [])


@require_POST
@sensitive_post_parameters("person")
def people(request: HttpRequest) -> HttpResponse:
    """A person's records by NHS number. The number travels in the body: addresses are kept in histories and logs."""
    asked = _asked(request, request.POST.get("person", "").strip())
    answer = may(acting.seat(request), PEOPLE, "look for records about a person")
    if not answer:
        raise NotAllowed(answer.sentence)
    try:
        hits = search.search_people(asked)
    except Refused as refused:
        return _shown(request, "", [], people_said=str(refused), status=400)
    said = "" if hits else "No record of this person lies in the places you answer for."
    found = [search.Group("Records of this person", tuple(hits))] if hits else []
    return _shown(request, "", found, people_said=said)


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep a page under a name."""
    name, link = request.POST.get("name", ""), request.POST.get("link", "")
    try:
        own.save_view(actor(request), name, link)
    except Refused as refused:
        sent = Sent("keep", str(refused), "name", {"name": name, "link": link})
        return _shown(request, "", [], sent=sent, status=400)
    return HttpResponseRedirect("/search#kept")


@require_POST
def drop_view(request: HttpRequest, number: int) -> HttpResponse:
    """Forget a kept page."""
    own.drop_view(actor(request), number)
    return HttpResponseRedirect("/search#kept")


@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask to be told when a measure of a place passes a number."""
    given = request.POST
    field = "threshold"
    try:
        own.number_of(given.get("threshold", ""))
        field = "place"
        own.subscribe(actor(request), given.get("measure", ""), given.get("place", ""), given.get("threshold", ""))
    except (Refused, NotThere) as refused:
        typed = {name: str(value) for name, value in given.items()}
        return _shown(request, "", [], sent=Sent("told", str(refused), field, typed), status=400)
    return HttpResponseRedirect("/search#kept")


@require_POST
def unsubscribe(request: HttpRequest, number: int) -> HttpResponse:
    """Be told no more."""
    own.unsubscribe(actor(request), number)
    return HttpResponseRedirect("/search#kept")


def _shown(
    request: HttpRequest,
    text: str,
    groups: list[search.Group],
    people_said: str = "",
    status: int = 200,
    sent: Sent = NOTHING,
) -> HttpResponse:
    who = actor(request)
    built = pages.build(
        text,
        groups,
        own.views_of(who),
        own.subscriptions_of(who),
        own.measures(),
        may_ask_people=bool(may(acting.seat(request), PEOPLE, "")) and bool(search._people),
        purpose=who.purpose,
        people_said=people_said,
        keep=_page_to_keep(sent.of("keep").get("link", "") or request.GET.get("keep", "")),
    )
    context = {"page": built.page, "search": built, "sent": sent, "form_is_wrong": sent.wrong}
    return render(request, "desk/search.html", context, status=status)


def _page_to_keep(link: str) -> str:
    """The page that somebody came from to keep it; nothing for an address of another site."""
    return link if own.is_page(link) else ""
