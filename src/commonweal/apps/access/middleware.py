"""From a browser to an actor: signed in, with a second factor, acting as one office. Nothing is open by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from commonweal.apps.access import acting, shell
from commonweal.apps.access.signin import adapters

View = Callable[..., HttpResponseBase]
# The account pages of allauth cannot be marked: these are the steps on the way to a second factor.
SECOND_FACTOR_STEPS = frozenset({"mfa_activate_totp", "account_reauthenticate", "mfa_reauthenticate", "account_logout"})
ACCOUNT_PAGES = ("account_", "mfa_")


def needs_no_office(view: View) -> View:
    """Mark a view that a signed-in person may open before choosing an office (or without holding one)."""
    view.needs_office = False  # type: ignore[attr-defined]
    return view


class KeepSession:
    """A request in a session moves its idle end, once a minute at most; signed-in answers are never stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated:
            if getattr(request.session, "is_due_for_a_touch", False):
                request.session.modified = True
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SecondFactor:
    """A signed-in person whose session did not pass a second factor sets one up, or gives it, before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *_: Any) -> HttpResponse | None:
        if not settings.SECOND_FACTOR_REQUIRED or not request.user.is_authenticated:
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        if name in SECOND_FACTOR_STEPS or getattr(view, "login_required", True) is False:
            return None
        if _passed_second_factor(request):
            return None
        if adapters.has_second_factor(request.user.pk):
            return _on_the_way(request, "mfa_reauthenticate")
        return _on_the_way(request, "mfa_activate_totp")


class ActingOffice:
    """Sets `request.seats` (offices held now), `request.seat` (the one acting) and `request.actor`.

    Looked up again for every request: an appointment that ended acts no more. A person with one office and one
    purpose acts as it; everybody else chooses before a page that needs an office opens.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        acting.attach(request, as_nobody=settings.SECOND_FACTOR_REQUIRED and not _passed_second_factor(request))
        shell.attach(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *_: Any) -> HttpResponse | None:
        if not request.user.is_authenticated or acting.actor(request) is not None:
            return None
        name = (request.resolver_match.url_name if request.resolver_match else None) or ""
        public = getattr(view, "login_required", True) is False
        if public or name.startswith(ACCOUNT_PAGES) or getattr(view, "needs_office", True) is False:
            return None
        return _on_the_way(request, "access:acting")


def _passed_second_factor(request: HttpRequest) -> bool:
    user = request.user
    if not user.is_authenticated:
        return False
    methods = {record.get("method") for record in get_authentication_records(request, user)}
    return "mfa" in methods  # taking a factor away ends every session, so none outlives it


def _on_the_way(request: HttpRequest, step: str) -> HttpResponse:
    """To a step, remembering where the person wanted to go when that is a page that can be opened again."""
    onwards = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return HttpResponseRedirect(reverse(step) + onwards)
