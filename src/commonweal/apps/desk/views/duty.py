"""Views of who is there: rota, absences, order of succession, and how one is reached oneself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commonweal.apps.access import acting
from commonweal.apps.desk import around, contact, duty, duty_queries
from commonweal.apps.desk.pages import duty as pages
from commonweal.apps.desk.pages import words
from commonweal.apps.desk.views.today import actor
from commonweal.core.access.permissions import may
from commonweal.core.errors import Refused
from commonweal.web import times
from commonweal.web.forms import DayField
from commonweal.web.pages import Link, Page

WEEKS = 8
NOBODY = ("", "Nobody: clear this week")


class DutyForm(forms.Form):
    """Who is on duty in a week."""

    week = forms.ChoiceField(label="Week that begins on")
    person = forms.ChoiceField(label="On duty", required=False)


class OfferForm(forms.Form):
    """With whom the rota is shared."""

    organisation = forms.ChoiceField(label="Share the rota with")


class AbsenceForm(forms.Form):
    """From the first day to the last, both included."""

    person = forms.ChoiceField(label="Who is away")
    first = DayField(label="First day away", help_text="For example 12 6 2026.")
    last = DayField(label="Last day away")


class ReachForm(forms.Form):
    """How a person is reached. Everything may be left empty."""

    phone = forms.CharField(label="Work number that colleagues see", required=False, max_length=30)
    email = forms.CharField(
        label="E-mail for messages", required=False, max_length=254, help_text="Empty: the address you sign in with."
    )
    sms = forms.CharField(label="Mobile number for SMS", required=False, max_length=30)
    call = forms.CharField(
        label="Number for calls at night",
        required=False,
        max_length=30,
        help_text="Called only for what cannot wait until the morning.",
    )
    webhook = forms.CharField(
        label="Webhook of your own system",
        required=False,
        max_length=298,
        help_text="An address that begins with https and is open to the internet. It gets the office and the hour.",
    )


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Who is in each office of my organisation, who is away, the weeks ahead."""
    return _shown(request)


@require_POST
def put_on_duty(request: HttpRequest) -> HttpResponse:
    """Put somebody on duty for a week, or clear it."""
    organisation = _organisation(request)
    rota = duty_queries.rota_of(organisation)
    if rota is None:
        raise Refused("Your organisation goes by no rota yet. Make one first.")
    form = _duty_form(organisation, rota["id"], request.POST)
    if not form.is_valid():
        return _shown(request, duty_form=form)
    person, _, office = form.cleaned_data["person"].partition("|")
    day = date.fromisoformat(form.cleaned_data["week"])
    duty.put_on_duty_in_week(actor(request), rota["id"], day, UUID(person) if person else None, office or None)
    return HttpResponseRedirect("/on-duty#weeks")


@require_POST
def make_or_choose(request: HttpRequest) -> HttpResponse:
    """Make a rota, or go by one that was offered."""
    chosen = request.POST.get("rota", "")
    if chosen:
        duty.choose_rota(actor(request), chosen)
    else:
        organisation = _organisation(request)
        duty.make_rota(actor(request), f"rota-{organisation}", request.POST.get("name", ""))
    return HttpResponseRedirect("/on-duty#weeks")


@require_POST
def offer(request: HttpRequest) -> HttpResponse:
    """Offer the rota to another organisation."""
    rota = duty_queries.rota_of(_organisation(request))
    if rota is None:
        raise Refused("Your organisation goes by no rota yet. Make one first.")
    form = _offer_form(rota["id"], request.POST)
    if not form.is_valid():
        return _shown(request, offer_form=form)
    duty.offer_rota(actor(request), rota["id"], form.cleaned_data["organisation"])
    return HttpResponseRedirect("/on-duty#weeks")


@require_POST
def absence(request: HttpRequest) -> HttpResponse:
    """Enter an absence."""
    form = _absence_form(request, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        start, stop = _midnight(given["first"]), _midnight(given["last"] + timedelta(days=1))
        try:
            duty.enter_absence(actor(request), UUID(given["person"]), start, stop)
        except Refused as refused:
            form.add_error("last", str(refused))
        else:
            return HttpResponseRedirect("/on-duty#away")
    return _shown(request, absence_form=form)


@require_POST
def end_absence(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody is back."""
    duty.end_absence(actor(request), number)
    return HttpResponseRedirect("/on-duty#away")


@require_POST
def succession(request: HttpRequest) -> HttpResponse:
    """Move an office up by one in the order of succession."""
    organisation, office = _organisation(request), request.POST.get("up", "")
    order = [row["id"] for row in duty_queries.succession(organisation)]
    if office not in order:
        order.append(office)
    place = order.index(office)
    order.insert(max(0, place - 1), order.pop(place))
    duty.set_succession(actor(request), order)
    return HttpResponseRedirect("/on-duty#succession")


@require_http_methods(["GET", "POST"])
def reach_me(request: HttpRequest) -> HttpResponse:
    """How I am reached."""
    person = actor(request)
    known = contact.of_person(person.person_id)
    initial = {**known.addresses, "phone": known.phone}
    form = ReachForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        try:
            contact.set_ways(person, {way: given[way] for way in contact.FORMS})
            if given["phone"].strip() != known.phone:
                duty.set_work_phone(person, given["phone"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return HttpResponseRedirect("/on-duty/me?kept=yes")
    shown = Page(
        "How you are reached",
        words.HELP,
        (Link("Today", "/today"), Link("On duty", "/on-duty"), Link("How you are reached", "")),
    )
    context = {
        "page": shown,
        "form": form,
        "bounced": known.bounced,
        "kept": "kept" in request.GET and not form.is_bound,
    }
    return render(request, "desk/reach_me.html", context, status=400 if form.errors else 200)


def _shown(request: HttpRequest, **forms_given: forms.Form) -> HttpResponse:
    organisation, now = _organisation(request), around.now()
    rota = duty_queries.rota_of(organisation)
    vacant = [row for row in duty_queries.without_holder() if row["organisation_id"] == organisation]
    built = pages.build(
        duty_queries.people([organisation]),
        vacant,
        rota,
        duty_queries.weeks(rota["id"], WEEKS) if rota else [],
        duty_queries.away([organisation]),
        duty_queries.succession(organisation),
        now,
    )
    may_keep = bool(may(acting.seat(request), duty.KEEP_ROTA, ""))
    order = [row["id"] for row in duty_queries.succession(organisation)]
    context: dict[str, Any] = {
        "page": built.page,
        "duty": built,
        "may_keep": may_keep,
        "own_rota": rota is not None and rota["organisation_id"] == organisation,
        "offered": [each for each in duty_queries.offered_to(organisation) if rota is None or each["id"] != rota["id"]],
        "order": order,
        "titles": {row["office_id"]: row["title"] for row in duty_queries.people([organisation])},
        "duty_form": _duty_form(organisation, rota["id"], None) if rota else None,
        "offer_form": _offer_form(rota["id"], None) if rota else None,
        "absence_form": _absence_form(request, None),
        **forms_given,
    }
    wrong = any(form.errors for form in forms_given.values())
    return render(request, "desk/duty.html", context, status=400 if wrong else 200)


def _duty_form(organisation: str, rota: str, given: Any) -> DutyForm:
    form = DutyForm(given, prefix="duty")
    weeks = duty_queries.weeks(rota, WEEKS)
    days = [times.local(start).date() for start, _, _ in weeks]
    form.fields["week"].choices = [(day.isoformat(), pages.wording.day_and_year(day)) for day in days]  # type: ignore[attr-defined]
    form.fields["person"].choices = [NOBODY, *_people(duty_queries.sharing(rota))]  # type: ignore[attr-defined]
    return form


def _offer_form(rota: str, given: Any) -> OfferForm:
    form = OfferForm(given)
    others = duty_queries.may_share(rota)
    form.fields["organisation"].choices = [("", "Choose an organisation"), *others]  # type: ignore[attr-defined]
    return form


def _absence_form(request: HttpRequest, given: Any) -> AbsenceForm:
    form = AbsenceForm(given, prefix="away")
    me = actor(request).person_id
    names = {row["person_id"]: row["name"] for row in duty_queries.people([_organisation(request)]) if row["person_id"]}
    if not may(acting.seat(request), duty.KEEP_ROTA, ""):
        names = {me: names.get(me, "You")}
    ordered = sorted(names.items(), key=lambda pair: (pair[0] != me, pair[1]))
    form.fields["person"].choices = [(str(person), name) for person, name in ordered]  # type: ignore[attr-defined]
    return form


def _people(organisations: Sequence[str]) -> list[tuple[str, str]]:
    """(person|office, words) of everybody who can be on duty, the offices that judge signals or keep records first."""
    rows = [row for row in duty_queries.people(organisations) if row["person_id"] and row["living"]]
    return [(f"{row['person_id']}|{row['office_id']}", f"{row['name']}, {row['title']}") for row in rows]


def _organisation(request: HttpRequest) -> str:
    seat = acting.seat(request)
    if seat is None:
        raise Refused("Choose the office you act for first.")
    return seat.organisation_id


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), times.LONDON)
