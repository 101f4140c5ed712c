"""Changing one's own password, for accounts that have one."""

from __future__ import annotations

from allauth.account import views as account
from django.http import HttpRequest, HttpResponseBase

from commonweal.core.errors import Refused


def change(request: HttpRequest) -> HttpResponseBase:
    """The form to change a password. Raises `Refused` for an account without one: whom a demonstration signs in by its
    link, or whose password was taken away."""
    user = request.user
    if user.is_authenticated and not user.has_usable_password():
        raise Refused(
            "This account has no password to change: it is signed in by a link. "
            "To get one, ask the operator of this service for a new invitation."
        )
    answer: HttpResponseBase = account.password_change(request)
    return answer
