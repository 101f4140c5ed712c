"""How allauth behaves here: nobody signs up, secrets are sealed, the last second factor cannot be taken off."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from commonweal.apps.access.signin import sealing

USE = "second factor"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by invitation; mail about them is not sent by this process."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, _request: HttpRequest) -> str:
        return reverse("access:acting")

    def add_message(self, *_args: Any, **_kwargs: Any) -> None:
        """Pages say what happened; a store of messages that nobody shows would only grow in the session."""

    def send_notification_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """No mail server is assumed; what happens to an account is on its page."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seals what allauth keeps, and holds on to the last factor where one is required."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text, USE)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, USE)

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        if not settings.SECOND_FACTOR_REQUIRED or authenticator.type not in FACTORS:
            return True
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS)
        return bool(others.exclude(pk=authenticator.pk).exists())

    def get_totp_issuer(self) -> str:
        return "Commonweal"


def has_second_factor(user_id: int) -> bool:
    """Whether an account has a second factor (recovery codes alone are none)."""
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=FACTORS).exists())


def remember_new_factor(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    """Whoever just proved a new factor with a code from it has passed it in this session."""
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
