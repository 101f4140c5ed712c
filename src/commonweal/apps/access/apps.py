"""Registers the room with Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.access"
    label = "access"

    def ready(self) -> None:
        from commonweal.apps.access import shell

        shell.register("Agreements", "access:agreements", "accept_agreement", "oversee_data_protection")
        shell.register("Who looked", "access:who_looked", "see_who_looked")
