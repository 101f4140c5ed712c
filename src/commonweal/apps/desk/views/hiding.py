"""Hiding words of talk and of whatever other rooms register, and showing them again within ten minutes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from commonweal.apps.desk import around, configuration, hiding
from commonweal.apps.desk.hiding import Kind
from commonweal.apps.desk.pages import hiding as pages
from commonweal.apps.desk.views.today import actor
from commonweal.core.desk import hiding as rules
from commonweal.core.errors import NotThere, Refused
from commonweal.web.forms import NOTHING, Sent

LARGEST = 10**18


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """The words with the form to hide them; posting hides them from everybody."""
    one, sent = _kind(name, number), NOTHING
    if request.method == "POST":
        sent = hidden_by(request, one, number)
        if not sent.wrong:
            return HttpResponseRedirect(hiding.words(actor(request), one, number).stands)
    who = actor(request)
    found = hiding.words(who, one, number)
    minutes = configuration.rules().recall_minutes
    built = pages.build(one, number, found, around.now(), who.office_id, who.person_id, minutes, sent)
    context = {"page": built.page, "hide": built, "form_is_wrong": sent.wrong}
    return render(request, "desk/hide.html", context, status=400 if sent.wrong else 200)


@require_POST
def show_again(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Show words again that one has hidden, within ten minutes."""
    one, who = _kind(name, number), actor(request)
    hiding.show_again(who, one, number)
    return HttpResponseRedirect(hiding.words(who, one, number).stands)


def hidden_by(request: HttpRequest, one: Kind, number: int) -> Sent:
    """Hide by the form of `hide_form`, which asks for a tick that says so; the form again where it is refused."""
    reason, target = request.POST.get("reason", ""), "hide-sure"
    try:
        if request.POST.get("sure") != "yes":
            raise Refused(f"Tick the box that says that the words of {one.called} {number} are hidden from everybody.")
        target = "hide-words" if reason in rules.HIDDEN_FOR else "hide-reason"
        hiding.hide(actor(request), one, number, reason, request.POST.get("words", ""))
    except Refused as refused:
        return Sent("hide", str(refused), target, {name: str(value) for name, value in request.POST.items()})
    return NOTHING


def _kind(name: str, number: int) -> Kind:
    one = hiding.kind(name)
    if one is None or number >= LARGEST:
        raise NotThere("There are no words to hide at this address.")
    return one
