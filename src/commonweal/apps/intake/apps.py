"""Registers the room with Django."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.intake"
    label = "intake"

    def ready(self) -> None:
        from commonweal.apps.access import shell, subjects
        from commonweal.apps.intake import at_the_desk, erasing, tested_people

        shell.register("My area", "intake:my_area", "read_counts", place=10)
        shell.register("Feeds", "intake:feeds", place=20)
        shell.register("Why was this late?", "intake:late", "read_records", place=30)
        shell.register("Balance", "intake:balance", place=80)
        subjects.register("intake", tested_people.held)
        subjects.register_eraser("intake", subjects.Eraser(erasing.find, erasing.erase, erasing.erase_again))
        at_the_desk.register_all()
