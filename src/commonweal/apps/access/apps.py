"""Registers the room with Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.access"
    label = "access"
