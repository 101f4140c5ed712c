"""Pages of access: choosing an office, agreements, who looked, invitations, one's own account. Forms and links only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commonweal.apps.access import acting, agreements, configuration, pages, queries
from commonweal.apps.access.middleware import needs_no_office
from commonweal.apps.access.scope import Actor, ScopeMissing, scoped_read
from commonweal.apps.access.signin import accounts
from commonweal.apps.access.signin.entrance import sign_in_invited
from commonweal.apps.access.signin.sessions import sign_out_everywhere
from commonweal.core.access.permissions import may, may_speak_for
from commonweal.core.access.policies import STATE_WORDS, can_accept, can_end, waiting_for
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import asking, db, exports
from commonweal.web.pages import Help, Link, Page, Pager

WHO_LOOKED_COLUMNS = (
    "at", "office", "organisation", "person", "on_behalf_of", "purpose", "query", "class", "place_codes", "row_count",
    "exported", "as_of", "agreements",
)  # fmt: skip
READS_A_PAGE = 100
HELP = Help(
    "Who may see what: offices, agreements between the two tiers, and the record of every reading.",
    (
        ("Office", "A post with duties for a place. You may hold several and choose which one acts."),
        ("Agreement", "What opens the records of a place to both tiers, at the same moment or not at all."),
        ("Reading", "One look at records about people, written down before its first row left."),
    ),
    "Your data-protection officer, or the operator of this service.",
)


class PasswordForm(forms.Form):
    """A new password, typed twice."""

    password = forms.CharField(
        label="Password",
        help_text="12 signs or more. Three unrelated words make a good one.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label="The same again", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("password") and given.get("password_again") and given["password"] != given["password_again"]:
            self.add_error("password_again", "The two passwords differ. Type the same one twice.")
        return given


@needs_no_office
@require_http_methods(["GET", "POST"])
def choose_office(request: HttpRequest) -> HttpResponse:
    """Choose which office acts, and for what. With one office and one purpose there is nothing to choose."""
    onwards = _onwards(request)
    if request.method == "POST":
        office_id, _, purpose = request.POST.get("acting", "").partition("|")
        acting.choose(request, office_id, purpose, frozenset(configuration.roles().purposes))
        return HttpResponseRedirect(onwards)
    held = acting.seats(request)
    if acting.actor(request) and sum(len(seat.purposes) for seat in held) == 1:
        return HttpResponseRedirect(onwards)
    words = configuration.roles().purposes
    choices = [
        {"value": f"{seat.office_id}|{purpose}", "label": seat.label, "purpose": words.get(purpose, purpose),
         "now": acting.actor(request) == Actor(UUID(seat.person_id), seat.office_id, purpose)}
        for seat in held for purpose in seat.purposes
    ]  # fmt: skip
    return render(
        request,
        "access/acting.html",
        {"page": _page("Which office do you act for?"), "choices": choices, "next": onwards},
    )


@require_GET
def agreement_list(request: HttpRequest) -> HttpResponse:
    """The agreements of the acting office's organisation, those that wait for it first."""
    seat = acting.seat(request)
    organisation = seat.organisation_id if seat else ""
    found = [_described(row, organisation) for row in queries.agreements(organisation=organisation)]
    found.sort(key=lambda row: not row["waits_for_us"])
    waiting = sum(row["waits_for_us"] for row in found)
    return render(
        request, "access/agreements.html", {"page": _page("Agreements"), "agreements": found, "waiting": waiting}
    )


@require_GET
def agreement_page(request: HttpRequest, agreement_id: str) -> HttpResponse:
    """The whole text of one agreement, where each party stands, and the button to accept or give notice."""
    seat = acting.seat(request)
    row = queries.agreement(agreement_id)
    if row is None or seat is None or seat.organisation_id not in row["parties"]:
        raise NotThere(f"No agreement {agreement_id!r} of your organisation.")
    ours = seat.organisation_id
    who = may_speak_for(seat, ours, row["parties"])
    state = queries.state_of(row)
    return render(
        request,
        "access/agreement.html",
        {
            "page": _page(row["title"], Link("Agreements", reverse("access:agreements")), Link(row["title"], "")),
            "agreement": _described(row, ours),
            "hash": bytes(row["document_hash"]).hex(),
            "who": who,
            "instead": None if who else _who_may(request, ours, row["parties"]),
            "accept": can_accept(state, ours),
            "end": can_end(state, ours, "asked for by the form"),
        },
    )


def _who_may(request: HttpRequest, organisation: str, parties: Sequence[str]) -> tuple[str, str] | None:
    """Another office of the same person that speaks for the organisation, as (choice to act as it, its title)."""
    held = (one for one in acting.seats(request) if one.organisation_id == organisation and one.purposes)
    found = next((one for one in held if may_speak_for(one, organisation, parties)), None)
    present = acting.actor(request)
    if found is None or present is None:
        return None
    purpose = present.purpose if present.purpose in found.purposes else found.purposes[0]
    return f"{found.office_id}|{purpose}", found.title


@require_POST
def accept_agreement(request: HttpRequest, agreement_id: str) -> HttpResponse:
    """Accept for the organisation of the acting office, if the text is still the one that was read."""
    row = queries.agreement(agreement_id)
    if row is None or request.POST.get("hash") != bytes(row["document_hash"]).hex():
        raise Refused("The text you read is not the text that is offered. Read it again before you accept it.")
    agreements.accept(agreement_id, _actor(request))
    return HttpResponseRedirect(reverse("access:agreement", args=[agreement_id]))


@require_POST
def end_agreement(request: HttpRequest, agreement_id: str) -> HttpResponse:
    """Give notice with a reason that is published."""
    agreements.give_notice(agreement_id, _actor(request), request.POST.get("reason", ""))
    return HttpResponseRedirect(reverse("access:agreement", args=[agreement_id]))


@require_GET
def who_looked(request: HttpRequest) -> HttpResponse:
    """Who read records of my area: both tiers, on one list."""
    _check(request, "see_who_looked", "see who looked")
    asked, offset = _day(request), asking.number(request, "offset")
    with scoped_read(_actor(request), query="who looked", filters={"day": asked}, data_class="L1") as scope:
        days = [(row["day"], int(row["reads"])) for row in queries.days_looked(scope)]
        day = asked or (days[0][0] if days else None)
        reads = queries.who_looked(scope, day, limit=READS_A_PAGE + 1, offset=offset)
        offices = queries.looked_by_office(scope, day)
    pager = Pager(
        f"Reads {offset + 1} to {offset + len(reads[:READS_A_PAGE])}.",
        previous=asking.with_changed(request, offset=max(0, offset - READS_A_PAGE)) if offset else "",
        next=asking.with_changed(request, offset=offset + READS_A_PAGE) if len(reads) > READS_A_PAGE else "",
    )
    links = tuple(
        Link(form.upper(), reverse("access:who_looked_file", args=[form]) + (f"?day={day}" if day else ""))
        for form in exports.TYPES
    )
    now = db.value("app", "select commonweal.now()")
    looked = pages.who_looked(reads[:READS_A_PAGE], offices, days, day, pager, now, links)
    return render(request, "access/who_looked.html", {"page": looked.page, "looked": looked})


@require_GET
def who_looked_file(request: HttpRequest, form: str) -> HttpResponse:
    """The same list as a file, whole: of a day, or of everything that is kept."""
    _check(request, "see_who_looked", "see who looked")
    day = _day(request)
    with scoped_read(
        _actor(request), query="who looked", filters={"day": day}, data_class="L1", exported=True
    ) as scope:
        reads = queries.who_looked(scope, day)
    rows = [[read[column] for column in WHO_LOOKED_COLUMNS] for read in reads]
    now = db.value("app", "select commonweal.now()")
    provenance = exports.provenance(now, scope.agreements, f"Who looked: {day or 'all days'}")
    return exports.download(exports.Table(f"who-looked-{day or 'all'}", WHO_LOOKED_COLUMNS, rows, provenance), form)


@needs_no_office
@require_GET
def my_account(request: HttpRequest) -> HttpResponse:
    """What one can do about one's own sign-in."""
    return render(request, "access/account.html", {"page": _page("Your account")})


@needs_no_office
@require_POST
def sign_out_everywhere_view(request: HttpRequest) -> HttpResponse:
    """End every session of mine, this one included."""
    if request.user.is_authenticated:
        sign_out_everywhere(request.user.pk)
    request.session.flush()
    return HttpResponseRedirect(resolve_url("account_login"))


@login_not_required
@never_cache
@sensitive_post_parameters("password", "password_again")
@sensitive_variables("password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """A one-time link: set a password, and be led to the second factor. Looking at it does not use it up."""
    account = accounts.invited(token)
    if account is None:
        return render(request, "access/invitation_over.html", {"page": _page("This link is over")}, status=410)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return sign_in_invited(request, accounts.redeem(token, form.cleaned_data["password"]))
        except Refused as refused:
            form.add_error("password", str(refused))
    context = {"page": _page("Set your password"), "email": account.email, "form": form}
    return render(request, "access/invitation.html", context, status=400 if form.errors else 200)


def _page(title: str, *trail: Link) -> Page:
    return Page(title, HELP, trail)


def _described(row: dict[str, Any], ours: str) -> dict[str, Any]:
    """An agreement as pages show it: the state in words, and where each party stands."""
    state = queries.state_of(row)
    waiting = waiting_for(state, row["parties"])
    names = queries.organisations(row["parties"])
    parties = [
        {"name": names[party]["name"], "ours": party == ours, "accepted": party in state.accepted,
         "ending": party in state.ending}
        for party in row["parties"]
    ]  # fmt: skip
    return {**row, "state_words": STATE_WORDS[row["state"]], "party_states": parties, "waits_for_us": ours in waiting}


def _actor(request: HttpRequest) -> Actor:
    found = acting.actor(request)
    if found is None:
        raise ScopeMissing("Choose the office you act for first.")
    return found


def _check(request: HttpRequest, permission: str, described_as: str) -> None:
    answer = may(acting.seat(request), permission, described_as)
    if not answer:
        raise NotAllowed(answer.sentence)


def _day(request: HttpRequest) -> date | None:
    given = request.GET.get("day")
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise Refused(f"{given!r} is no day: write it as 2020-06-26.") from error


def _onwards(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted != request.path else resolve_url(settings.LOGIN_REDIRECT_URL)
