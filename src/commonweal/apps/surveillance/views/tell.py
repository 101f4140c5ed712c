"""*Tell us*: a form that anybody may use, and what came of it by reference. No sign-in, no script needed."""

from __future__ import annotations

import secrets

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import definitions, known
from commonweal.apps.surveillance.forms import TellUs
from commonweal.apps.surveillance.pages import known as page_of
from commonweal.core.errors import Refused
from commonweal.core.signals.languages import HERE, language_of
from commonweal.core.signals.told import typed_reference
from commonweal.web import times
from commonweal.web.pages import Page

AN_HOUR, MOST_AN_HOUR = 3600, 5
A_MINUTE, MOST_A_MINUTE = 60, 30
LONGEST_ONCE = 60


@login_not_required
@require_http_methods(["GET", "POST"])
def tell_us(request: HttpRequest) -> HttpResponse:
    """The form; sent, it leads to the page of its reference."""
    if reference := request.GET.get("reference", "").strip():
        return HttpResponseRedirect(f"/tell-us/{typed_reference(reference)[:20] or 'none'}")
    known_languages = definitions.languages()
    chosen = language_of(request.GET.get("language", "") or HERE, known_languages)
    form = TellUs(
        times.local(common.now()).date(),
        known_languages,
        request.POST if request.method == "POST" else None,
        chosen.code,
    )
    if request.method == "POST" and form.is_valid():
        told = _told(request, form)
        if told is not None:
            return HttpResponseRedirect(f"/tell-us/{told}")
    page = Page("Tell us what you know about a place", page_of.TELL_HELP)
    status = 400 if form.errors else 200
    # a form that is sent twice carries the same sign both times
    once = request.POST.get("once", "")[:LONGEST_ONCE] or secrets.token_urlsafe(24)
    context = {"page": page, "form": form, "once": once, "chosen": chosen, "languages": known_languages[1:-1]}
    return render(request, "surveillance/tell_us.html", context, status=status)


def _told(request: HttpRequest, form: TellUs) -> str | None:
    """The reference of what was told; None with the form's errors set."""
    given = form.cleaned_data
    place = places.postcode(given["postcode"])
    code = None if place is None else place.msoa_code or place.lsoa_code
    if code is None:
        form.add_error("postcode", f"{given['postcode']!r} is no postcode that this service knows. Try one near by.")
        return None
    about = known.About(code, given["first"], given["last"], given["setting"] or None)
    once = request.POST.get("once", "")[:LONGEST_ONCE]
    try:
        if (same := known.told_already(about, given["words"], once)) is not None:
            return same
        _limit(request)
        reference, _ = known.tell_us(
            about, given["words"], given["told_by"], given["email"] or None, given["language"], once=once
        )
    except Refused as refused:
        form.add_error("words", str(refused))
        return None
    return reference


@login_not_required
@require_GET
def outcome(request: HttpRequest, reference: str) -> HttpResponse:
    """What came of what was told."""
    found = known.outcome_of(reference)
    name = places.names([found["place_code"]]).get(found["place_code"], "a place")
    built = page_of.outcome(typed_reference(reference), found, name, common.now())
    answer = render(request, "surveillance/told.html", {"page": built.page, "told": built})
    answer["Cache-Control"] = "private, no-store"
    return answer


def _limit(request: HttpRequest) -> None:
    """Five an hour from one address, thirty a minute from all: each takes one of so many places, kept hashed."""
    who = request.META.get("REMOTE_ADDR", "")
    mine = any(cache.add(f"tell-us:{who}:{place}", 1, AN_HOUR) for place in range(MOST_AN_HOUR))
    if not mine or not any(cache.add(f"tell-us:all:{place}", 1, A_MINUTE) for place in range(MOST_A_MINUTE)):
        raise Refused("Much was told from here within an hour. Try again in an hour, or telephone your council.")
