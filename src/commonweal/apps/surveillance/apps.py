"""Registers the room with Django."""

from django.apps import AppConfig


class SurveillanceConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.surveillance"
    label = "surveillance"

    def ready(self) -> None:
        from commonweal.apps.access import shell
        from commonweal.apps.surveillance import at_the_desk, hiding, known_desk, why_slot

        shell.register("Signals", "surveillance:signals", "read_counts", place=12)
        at_the_desk.register_all()
        known_desk.register_all()
        hiding.register_all()
        why_slot.register_all()
