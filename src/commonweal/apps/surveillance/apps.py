"""Registers the room with Django."""

from django.apps import AppConfig


class SurveillanceConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.surveillance"
    label = "surveillance"

    def ready(self) -> None:
        from commonweal.apps.surveillance import known_desk

        known_desk.register_all()
