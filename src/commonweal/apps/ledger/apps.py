"""Registers the room with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.ledger"
    label = "ledger"
