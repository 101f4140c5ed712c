"""Registers the room with Django."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.intake"
    label = "intake"

    def ready(self) -> None:
        from commonweal.apps.access import shell

        shell.register("My area", "intake:my_area", "read_counts")
        shell.register("Feeds", "intake:feeds")
        shell.register("Why was this late?", "intake:late", "read_records")
        shell.register("Balance", "intake:balance")
