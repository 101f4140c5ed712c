"""The page on which an office tells others something by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import acting
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import announcing, around, talk, telling
from commonweal.apps.desk.pages import words
from commonweal.apps.desk.views.today import actor
from commonweal.core.access.permissions import may
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web.pages import Help, Link, Page

URGENCY = (
    ("2", "Today: acknowledged in waking hours"),
    ("1", "Now: people are called at night if need be"),
    ("3", "For information: nothing to acknowledge"),
)
HELP = Help(
    "Tells offices something and shows who has read it. Every office of the place can read it, also those not told.",
    words.HELP.words,
    words.HELP.ask,
)


class NoticeForm(forms.Form):
    """What to tell, to whom, and by when it is to be acknowledged."""

    subject = forms.CharField(
        label="What it is about", max_length=200, help_text="A few words. No names of people: it may be read aloud."
    )
    words = forms.CharField(
        label="What to say", max_length=1700, widget=forms.Textarea, help_text="Two or three sentences."
    )
    offices = forms.MultipleChoiceField(label="Who is told", widget=forms.CheckboxSelectMultiple)
    severity = forms.ChoiceField(label="How soon", choices=URGENCY, widget=forms.RadioSelect, initial="2")
    hours = forms.IntegerField(
        label="Acknowledge within how many hours", min_value=1, max_value=720, initial=4, required=False
    )


class PlaceForm(forms.Form):
    """Whose offices are told."""

    place = forms.ChoiceField(label="About which place")


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Choose the place where there are many, write a notice; it leads to what became of it."""
    who = actor(request)
    answer = may(acting.seat(request), announcing.TELL_OFFICES, "tell offices something by hand")
    if not answer:
        raise NotAllowed(answer.sentence)
    mine = telling.authorities(who)
    place = (request.POST or request.GET).get("place") or (mine[0][0] if len(mine) == 1 else "")
    built = Page("Tell offices something", HELP, (Link("Today", "/today"), Link("Tell offices something", "")))
    if place not in dict(mine):
        choice = PlaceForm({"place": place} if place else None)
        _choices(choice, "place", mine)
        return render(request, "desk/announce.html", {"page": built, "choice": choice})
    form = NoticeForm(request.POST if request.method == "POST" else None)
    _choices(form, "offices", talk.offices_of([place]))
    if request.method == "POST" and form.is_valid():
        try:
            notice = _announced(who, place, form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return HttpResponseRedirect(f"/told/{notice}/{form.cleaned_data['offices'][0]}")
    return render(request, "desk/announce.html", {"page": built, "form": form, "place": (place, dict(mine)[place])})


def _choices(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def _announced(who: Actor, place: str, given: dict[str, Any]) -> object:
    severity = int(given["severity"])
    due = None
    if severity != announcing.FOR_INFORMATION:
        if not given["hours"]:
            raise Refused("Say within how many hours it is to be acknowledged.")
        due = around.now() + timedelta(hours=given["hours"])
    return announcing.announce(who, [place], given["subject"], given["words"], given["offices"], severity, due)
