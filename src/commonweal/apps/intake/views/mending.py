"""Mending: download what was not taken, give a record its place, or drop it with a reason."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commonweal.apps.intake import mending
from commonweal.apps.intake.pages import orphans
from commonweal.apps.intake.views import common
from commonweal.core.errors import Refused
from commonweal.core.intake.mending import values_of


class PlaceForm(forms.Form):
    """Where a record belongs."""

    postcode = forms.CharField(
        label="Postcode of the person\u2019s home", max_length=10, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class DropForm(forms.Form):
    """Why no place can be found."""

    reason = forms.CharField(
        label="Why no place can be found",
        help_text="Everybody who may see the queue reads it.",
        max_length=mending.LONGEST_REASON,
        widget=forms.Textarea,
    )


@require_GET
def rows_to_mend(request: HttpRequest, number: int, outcome: str) -> HttpResponse:
    """The rejected or pending rows of a submission as they were received, with what to mend."""
    held = mending.opened(common.actor(request), number, outcome, exported=True)
    response = HttpResponse(held.csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="submission-{number}-{outcome}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
def orphan(request: HttpRequest, number: int, row: int) -> HttpResponse:
    """One record without a place: what was received, and the postcode it belongs to."""
    form = PlaceForm(request.POST) if request.method == "POST" else PlaceForm()
    if form.is_valid():
        try:
            receipt = mending.give_place(common.actor(request), number, row, form.cleaned_data["postcode"])
            return HttpResponseRedirect(f"/submissions/{receipt.submission}")
        except Refused as refused:
            form.add_error("postcode", str(refused))
    return _shown(request, number, row, form, DropForm())


@require_POST
def drop(request: HttpRequest, number: int, row: int) -> HttpResponse:
    """End a record's wait with a reason."""
    form = DropForm(request.POST)
    if not form.is_valid():
        return _shown(request, number, row, PlaceForm(), form)
    mending.drop(common.actor(request), number, row, form.cleaned_data["reason"])
    return HttpResponseRedirect("/orphans")


def _shown(request: HttpRequest, number: int, row: int, place: PlaceForm, end: DropForm) -> HttpResponse:
    held = mending.opened(common.actor(request), number, mending.PENDING, row=row)
    built = orphans.build_one(number, row, held.rows[0].note, values_of(held.rows[0], held.columns))
    context = {"page": built.page, "orphan": built, "place": place, "end": end}
    return render(request, "intake/orphan.html", context, status=400 if place.errors or end.errors else 200)
