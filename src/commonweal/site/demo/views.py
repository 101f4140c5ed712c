"""Sign-in by link for demonstrations: only in a space that is not live, only with the token printed on the terminal."""

from __future__ import annotations

import hmac
import os

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_GET

from commonweal.apps.access import queries
from commonweal.apps.access.signin import accounts
from commonweal.apps.access.signin.models import User
from commonweal.site.demo.build import Built, record_path
from commonweal.web.shell import kind_of_space

TOKEN_VARIABLE = "COMMONWEAL_DEMO_TOKEN"  # noqa: S105 - the name of a variable


@login_not_required
@require_GET
def enter(request: HttpRequest, token: str, who: str) -> HttpResponse:
    """Sign in as one of the demonstration's people. Anywhere else, or with another token, there is no such page."""
    expected = os.environ.get(TOKEN_VARIABLE, "")
    if not expected or not hmac.compare_digest(token, expected) or kind_of_space() == "live":
        raise Http404
    built = Built.read(record_path(os.environ.get("COMMONWEAL_SPACE", "")))
    seat = next((seat for seat in built.seats if seat.who == who), None) if built else None
    account = accounts.find(seat.email) if seat else None
    if seat is None or account is None:
        raise Http404
    login(request, account, backend=settings.AUTHENTICATION_BACKENDS[0])
    record_authentication(request, account, "mfa", type="demonstration")
    _act(request, account, seat.label)
    return HttpResponseRedirect("/")


def _act(request: HttpRequest, account: User, title: str) -> None:
    from commonweal.apps.access import acting
    from commonweal.apps.access.configuration import roles

    for held in queries.seats_of(account.person_id):
        if held.title == title:
            acting.attach(request)
            acting.choose(request, held.office_id, held.purposes[0], frozenset(roles().purposes))
