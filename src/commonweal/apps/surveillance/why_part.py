"""Why a signal is rising, as a part of its page."""

from __future__ import annotations

from commonweal.apps.intake.views import common
from commonweal.apps.surveillance import slots, why_explaining, why_keeping
from commonweal.apps.surveillance.pages import why as why_page
from commonweal.apps.surveillance.slots import Asked, Part


def why(asked: Asked) -> Part | None:
    """Why a signal is rising, in words and a picture, as known to its sweep."""
    row = asked.signal
    if row is None:
        return None
    kept = why_keeping.of_signal(
        common.actor(asked.request), row, asked.codes, asked.as_of if asked.pinned else None,
        records=common.has(asked.request, "read_records"), addresses=common.has(asked.request, "read_identifiable"),
    )  # fmt: skip
    shown = None
    if kept is not None:
        shown = why_page.of_signal(kept.name, kept.why, kept.span, kept.as_of, why_explaining.setting(), kept.place)
    context = {"shown": shown, "by": kept.office if kept else "", "place": kept.place if kept else asked.place}
    return Part("why", "Why is it rising?", "surveillance/part_why.html", context)


def register_all() -> None:
    """Called once at start-up."""
    slots.register(slots.SIGNAL, "why", why, 10)
