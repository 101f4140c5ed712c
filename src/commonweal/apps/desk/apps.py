"""Registers the room with Django."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The room's configuration."""

    name = "commonweal.apps.desk"
    label = "desk"

    def ready(self) -> None:
        from commonweal.apps.access import shell
        from commonweal.apps.desk import around, handover, hiding, missed, own_parts, queries, search, talk, waiting

        shell.register("Today", "desk:today", place=5)
        shell.register("On duty", "desk:duty", place=60)
        shell.register("Talk", "desk:talk", "read_counts", place=55)
        shell.register("Missed clocks", "desk:missed", place=65)
        shell.register_around(around.add)
        own_parts.register_all()
        hiding.register(talk.WORDS)
        search.register("places", "Places", search.places)
        search.register("pages", "Pages", search.pages)
        search.register("notices", "Notices", search.notices)
        waiting.register("notices", queries.open_notices)
        waiting.register("agreements", queries.open_agreements)
        waiting.register_running("notices", queries.running_notices)
        waiting.register_running("agreements", queries.running_agreements)
        waiting.register("handovers", handover.waiting_handovers)
        waiting.register_running("handovers", handover.running_handovers)
        waiting.register("talk", talk.waiting_questions)
        waiting.register_running("talk", talk.running_questions)
        waiting.register_card(talk.QUESTION, talk.words_of_question)
        waiting.register("missed", missed.waiting_reasons)
