"""Words for what became of records: outcomes, reasons, and the sum that always closes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commonweal.core import wording
from commonweal.core.intake.balance import KEYS, OUTCOMES, Balance

SAID = {
    "accepted": ("accepted", "accepted"),
    "duplicate": ("duplicate", "duplicates"),
    "superseded": ("correction of an earlier record", "corrections of earlier records"),
    "rejected": ("rejected with a reason", "rejected with a reason"),
    "pending": ("waiting for a place", "waiting for a place"),
}
WORDS = (
    ("Received", "Every record that was sent. It has exactly one of the five outcomes below, for ever."),
    ("Accepted", "Taken in as a new result."),
    ("Duplicate", "The same record with the same content had been sent before. Nothing changed."),
    ("Superseded", "A correction: a newer version of a record replaced the earlier one, which is kept."),
    ("Rejected", "Not taken in, with a reason. It can be mended and sent again."),
    ("Pending", "The place it belongs to is not known. It waits with an owner and a clock."),
)


def parts(balance: Balance) -> tuple[str, ...]:
    """'1,190 accepted', '8 duplicates', … for every outcome that occurs."""
    counts = {name: getattr(balance, name) for name in OUTCOMES}
    return tuple(wording.counted(count, *SAID[name]) for name, count in counts.items() if count)


def sentence(balance: Balance) -> str:
    """What became of the records, and whether they add up."""
    if not balance.received:
        return "No record was received."
    said = f"{wording.counted(balance.received, 'record', 'records')} received: {wording.joined(parts(balance))}."
    if balance.closes:
        return f"{said} They add up."
    differ = wording.counted(abs(balance.unaccounted), "record", "records")
    return f"{said} They do not add up: {differ} without an outcome."


def cells(balance: Balance) -> tuple[int, ...]:
    """The six numbers in their published order."""
    return tuple(balance.as_dict().values())


def balance_of(row: Mapping[str, Any]) -> Balance:
    """The balance in a row of a query, whose columns have the names of the six keys."""
    return Balance(**{key: row[key] for key in KEYS})
