"""The way in after an invitation: signed in with the password just set, on to the second factor."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse

from commonweal.apps.access.signin.models import User


def sign_in_invited(request: HttpRequest, account: User) -> HttpResponse:
    """Sign an account in whose one-time link was just used. Setting the password counts as having given it."""
    response: HttpResponse = perform_login(request, account, email_verification="none")
    if request.user.is_authenticated:
        record_authentication(request, account, "password", reauthenticated=True)
    return response
