"""What surveillance gives the desk: the pages of places, signals that are looked for by place."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice

from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.desk import brief as weekly
from commonweal.apps.desk import pinned
from commonweal.apps.desk.search import LIMIT, Asked, Hit, register, register_place_page
from commonweal.apps.intake import at_the_desk as intake
from commonweal.apps.intake import kept
from commonweal.apps.surveillance import brief, signal_parts, signal_reads, signals
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.place_ground import LEVELS
from commonweal.core import wording
from commonweal.core.errors import NotAllowed

MOST_SIGNALS = 20_000


def place_page(kind: str, code: str, authority: str) -> str:
    """*Place* for a place of a level that has one; a postcode leads to *My area*."""
    return f"/places/{code}" if kind in LEVELS else intake.place_page(kind, code, authority)


def found_signals(asked: Asked) -> list[Hit]:
    """Signals of the office's places by their number, or by every word in the names of where they are and what they
    are; the most urgent first. Nothing where no agreement opens counts to the office."""
    typed = set(asked.words) - {"signal", "signals"}
    if not typed and not set(asked.words) & {"signal", "signals"}:
        return []
    known_at = signals.newest_at()
    if known_at is None:
        return []
    try:
        with scoped_read(
            asked.actor, query="search signals", filters={"words": sorted(typed)}, data_class="L1"
        ) as scope:
            question = ("said", signal_reads.names_version())
            rows = kept.rows(scope, question, scope.codes, known_at, lambda: _said(scope, known_at))
    except NotAllowed:
        return []
    found = (row for row in rows if all(word in row["said"] for word in typed))
    return [Hit(row["title"], row["link"], row["about"]) for row in islice(found, LIMIT)]


def _said(scope: Scope, as_of: datetime) -> list[dict[str, str]]:
    """Every signal of the scope in words, the most urgent first: `said` is what is looked in, in small letters."""
    rows = signals.signals(scope, as_of=as_of, limit=MOST_SIGNALS)
    names = signal_reads.names_for(rows)
    said = []
    for row in rows:
        title, state = words.title(row, names), words.STATES[row["state"]]
        numbers = " ".join(str(each) for each in (row["number"], *row["merged"]))
        whole = f"{title} {words.authorities(row, names)} {state} {numbers}".lower()
        about = f"{wording.upper_first(state)} {words.since(row['opened_on'], row['morning'])}"
        said.append({"said": whole, "title": title, "link": f"/signals/{row['number']}", "about": about})
    return said


def places_of_signal(actor: Actor, found: re.Match[str]) -> tuple[str, ...]:
    """The authorities of a signal that an office reads: what is said about the signal is said about these."""
    number = int(found[1])
    if number >= 2**63:
        return ()
    try:
        with scoped_read(actor, query="ask about a signal", filters={"signal": number}, data_class="L1") as scope:
            row = signals.signal(scope, number)
            return tuple(code for code in row["scope"] if code in scope.codes) if row else ()
    except NotAllowed:
        return ()


def register_all() -> None:
    """Called at start-up, after intake has registered."""
    register_place_page(place_page)
    register("signals", "Signals", found_signals, "read_counts")
    weekly.register("surveillance.signals", "Signals", brief.of_signals, "/signals")
    weekly.register("surveillance.neighbours", "As published: around you, and places like yours", brief.of_neighbours)
    pinned.register(r"/signals/(\d+)(?:/judgements)?", "Signal {0}", places_of_signal)
    signal_parts.register_all()
