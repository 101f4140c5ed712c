"""Registers the room with Django."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.intake"
    label = "intake"
