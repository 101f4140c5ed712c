"""What people know of a signal, as it was said by a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import django
from django.apps import apps

if not apps.ready:  # models can be imported only once Django is set up
    django.setup()

from commonweal.apps.surveillance import signal_parts

THEN = datetime(2020, 6, 13, 6, tzinfo=UTC)
LATER = THEN + timedelta(hours=2)


def test_what_was_said_or_answered_later_is_not_there_yet() -> None:
    rows = [
        {"id": 1, "said_at": THEN - timedelta(days=1), "answered_at": LATER, "outcome": "acted"},
        {"id": 2, "said_at": LATER, "answered_at": None, "outcome": None},
    ]
    (shown,) = signal_parts.until(rows, "said_at", THEN)
    assert (shown["id"], shown["outcome"], shown["answered_at"]) == (1, None, None)
    assert [row["outcome"] for row in signal_parts.until(rows, "said_at", LATER)] == ["acted", None]


def test_a_judgement_taken_back_says_so_from_then_on() -> None:
    row = {"verdict": "dispute", "reason": "One family.", "office": "Duty officer", "at": THEN, "recalled_at": LATER}
    assert "(taken back)" not in signal_parts.judgement_sentences([row], THEN)[0]
    assert "(taken back)" in signal_parts.judgement_sentences([row], LATER)[0]
    assert signal_parts.judgement_sentences([row], THEN - timedelta(seconds=1)) == ()
