"""Words for what became of records: outcomes, reasons, and the sum that always closes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commonweal.core import wording

OUTCOMES = ("accepted", "duplicate", "superseded", "rejected", "pending")
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


@dataclass(frozen=True)
class Tally:
    """Records of a feed, a day or a submission, by outcome."""

    received: int
    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    rejected: int = 0
    pending: int = 0

    @property
    def accounted(self) -> int:
        return self.accepted + self.duplicate + self.superseded + self.rejected + self.pending

    @property
    def closes(self) -> bool:
        return self.received == self.accounted

    def __add__(self, other: Tally) -> Tally:
        mine, theirs = self.cells(), other.cells()
        return Tally(*(first + second for first, second in zip(mine, theirs, strict=True)))

    def cells(self) -> tuple[int, ...]:
        return (self.received, self.accepted, self.duplicate, self.superseded, self.rejected, self.pending)

    def parts(self) -> tuple[str, ...]:
        """'1,190 accepted', '8 duplicates', … for every outcome that occurs."""
        counts = {name: getattr(self, name) for name in OUTCOMES}
        return tuple(wording.counted(count, *SAID[name]) for name, count in counts.items() if count)

    def sentence(self) -> str:
        """What became of the records, and whether they add up."""
        received = wording.counted(self.received, "record", "records")
        if not self.received:
            return "No record was received."
        said = f"{received} received: {wording.joined(self.parts())}."
        if self.closes:
            return f"{said} They add up."
        missing = wording.counted(abs(self.received - self.accounted), "record", "records")
        return f"{said} They do not add up: {missing} differ."


def tally_of(row: Mapping[str, object]) -> Tally:
    """The tally in a row of a query, whose columns have the names of the outcomes and ``received``."""
    return Tally(*(as_int(row[name]) for name in ("received", *OUTCOMES)))


def as_int(value: object) -> int:
    """A count from a row; absent ones are nought."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    raise TypeError(f"A count of the balance is {value!r} instead of a whole number.")
