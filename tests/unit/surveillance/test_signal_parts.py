"""What people know of a signal, as it was said by a moment."""

from __future__ import annotations

from datetime import UTC, datetime

import django
from django.apps import apps

if not apps.ready:  # models can be imported only once Django is set up
    django.setup()

from commonweal.apps.surveillance import signal_parts

THEN = datetime(2020, 6, 13, 6, tzinfo=UTC)
ROW = {
    "signal": 1, "merged_into": None, "verdict": "dispute", "reason": "One family.", "office": "Duty officer", "at": THEN,
    "recalled_at": None,
}  # fmt: skip


def test_a_judgement_taken_back_says_so() -> None:
    assert "(taken back)" not in signal_parts.judgement_sentences([ROW], 1, THEN)[0]
    assert "(taken back)" in signal_parts.judgement_sentences([{**ROW, "recalled_at": THEN}], 1, THEN)[0]


def test_a_merge_names_the_other_signal_seen_from_either_one() -> None:
    merge = {**ROW, "verdict": "merge", "merged_into": 3}
    for here, other in ((1, 3), (3, 1)):
        assert signal_parts.judgement_sentences([merge], here, THEN) == (
            f"The same as another signal: signal {other}: One family. Duty officer, today 7am.",
        )
