"""What was received of one person in records that were rejected or wait for a place: found by opening, one by one.

Such records lie under no identifier, and shall not: nobody is entered in a list of persons because their record was not
taken. They end within 90 days, so there are few, and people ask rarely. Read by the role that reads everything for a
backup; what concerns nobody asked for is not kept longer than the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from commonweal.apps.access.subjects import TestedPerson
from commonweal.apps.intake import rulebook
from commonweal.apps.intake.pages.reasons import explained
from commonweal.apps.intake.writing import held_binding
from commonweal.core.intake.concerning import Person, Written, concerning
from commonweal.core.intake.mending import HeldRow, values_of
from commonweal.core.intake.sealing import Sealed, Sealer
from commonweal.web import db

AT_ONCE = 5000
COPIES = """
select h.submission_id, h.row_number, b.feed, o.outcome, o.reasons, t.known_at, h.key_id, h.wrapped_key, h.payload,
       c.columns
  from intake.held h
  join intake.submission b on b.id = h.submission_id
  join intake.outcome o on o.submission_id = h.submission_id and o.row_number = h.row_number
  left join intake.held_columns c on c.submission_id = h.submission_id
  left join ledger.tick t on t.id = o.tick_id
 where (h.submission_id, h.row_number) > (%s, %s)
 order by h.submission_id, h.row_number limit %s
"""


@dataclass(frozen=True)
class Copy:
    """One record as received and not taken. `values` by field, empty where it does not split into columns."""

    submission: int
    row: int
    feed: str
    known_at: str
    reasons: str
    values: dict[str, str]
    raw: bytes


def of_person(person: TestedPerson, hashes: frozenset[bytes]) -> list[Copy]:
    """The copies that concern a person; hashes are those of the identifiers linked to them.

    Raises `Refused` where a copy does not open: nobody could say that it is not theirs.
    """
    wanted = Person(hashes, person.nhs_number, person.name, person.birth_date, person.postcode)
    hashers = rulebook.key_ring().persons
    found: list[Copy] = []
    for copies in _all():
        written = [Written(copy.feed, copy.values, copy.raw) for copy in copies]
        found += [
            copy for copy, is_theirs in zip(copies, concerning(written, wanted, hashers), strict=True) if is_theirs
        ]
    return found


def _all() -> Iterator[list[Copy]]:
    """Every copy, some thousand at a time."""
    sealers: dict[int, Sealer] = {}
    after = (0, 0)
    while rows := db.rows("backup", COPIES, [*after, AT_ONCE]):
        for key in {row["key_id"] for row in rows} - set(sealers):
            sealers[key] = rulebook.sealer(key)
        yield [_copy(row, sealers[row["key_id"]]) for row in rows]
        after = (rows[-1]["submission_id"], rows[-1]["row_number"])


def _copy(row: dict[str, object], sealer: Sealer) -> Copy:
    submission, number = int(str(row["submission_id"])), int(str(row["row_number"]))
    sealed = Sealed(bytes(row["wrapped_key"]), bytes(row["payload"]))  # type: ignore[call-overload]
    raw = sealer.open(sealed, held_binding(submission, number))
    note = explained(str(row["outcome"]), row["reasons"])  # type: ignore[arg-type]
    columns = row["columns"]
    values = _values(HeldRow(number, raw, note), None if columns is None else tuple(columns))  # type: ignore[arg-type]
    known = row["known_at"]
    return Copy(
        submission, number, str(row["feed"]), known.isoformat() if known else "", note, values, raw  # type: ignore[attr-defined]
    )  # fmt: skip


def _values(row: HeldRow, columns: tuple[str, ...] | None) -> dict[str, str]:
    """By field; none for a record that came as JSON and is none, which may be why it was not taken."""
    try:
        return values_of(row, columns)
    except ValueError:
        return {}
