"""Registers the room with Django."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.desk"
    label = "desk"
