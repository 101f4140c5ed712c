"""What surveillance gives the desk: the pages of places, signals that are looked for by place."""

from __future__ import annotations

from commonweal.apps.access.scope import scoped_read
from commonweal.apps.desk import brief as weekly
from commonweal.apps.desk.search import Asked, Hit, register, register_place_page
from commonweal.apps.intake import at_the_desk as intake
from commonweal.apps.surveillance import brief, signal_parts, signal_reads, signals
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.place_ground import LEVELS
from commonweal.core import wording
from commonweal.core.errors import NotAllowed

MOST_SIGNALS = 200


def place_page(kind: str, code: str, authority: str) -> str:
    """*Place* for a place of a level that has one; a postcode leads to *My area*."""
    return f"/places/{code}" if kind in LEVELS else intake.place_page(kind, code, authority)


def found_signals(asked: Asked) -> list[Hit]:
    """Signals of the office's places by their number, or by every word in the names of where they are and what they
    are; the most urgent first. Nothing where no agreement opens counts to the office."""
    typed = set(asked.words) - {"signal", "signals"}
    if not typed and not set(asked.words) & {"signal", "signals"}:
        return []
    try:
        with scoped_read(
            asked.actor, query="search signals", filters={"words": sorted(typed)}, data_class="L1"
        ) as scope:
            rows = signals.signals(scope, limit=MOST_SIGNALS)
            names = signal_reads.names_for(rows)
    except NotAllowed:
        return []
    hits = []
    for row in rows:
        title = words.title(row, names)
        said = f"{title} {words.authorities(row, names)} {words.STATES[row['state']]} {row['number']}".lower()
        if all(word in said for word in typed):
            about = f"{wording.upper_first(words.STATES[row['state']])} {words.since(row['opened_on'], row['morning'])}"
            hits.append(Hit(title, f"/signals/{row['number']}", about))
    return hits


def register_all() -> None:
    """Called at start-up, after intake has registered."""
    register_place_page(place_page)
    register("signals", "Signals", found_signals, "read_counts")
    weekly.register("surveillance.signals", "Signals", brief.of_signals)
    weekly.register("surveillance.neighbours", "As published: around you, and places like yours", brief.of_neighbours)
    signal_parts.register_all()
