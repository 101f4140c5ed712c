"""Registers the part with Django."""

from django.apps import AppConfig


class SignInConfig(AppConfig):
    """Accounts and sessions; a label of its own so that the router keeps them in the schema `authn`."""

    name = "commonweal.apps.access.signin"
    label = "signin"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from commonweal.apps.access.signin.adapters import remember_new_factor

        authenticator_added.connect(remember_new_factor, dispatch_uid="commonweal.new_factor")
