"""Registers the room with Django."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.places"
    label = "places"
