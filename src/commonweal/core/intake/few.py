"""A handful of records made ready for the database one by one: what `staging` does for many, in plain Python.

Records sent singly by HTTP go this way, since setting up array operations for one row costs more than the row. A
property test demands the same rows from both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from commonweal.core.intake.identifiers import Kind, label
from commonweal.core.intake.obvious import EPOCH, Value, Verdict
from commonweal.core.intake.persons import components_of
from commonweal.core.intake.reading import Malformed
from commonweal.core.intake.rows import (
    CARRIED,
    CONTENT,
    INSTANTS,
    NewIds,
    Secrets,
    message,
    record_label,
)
from commonweal.core.intake.rules import UNKNOWN, Fate
from commonweal.core.intake.schema import LineList

Cell = Value | bytes | Sequence[str]
Row = dict[str, Cell]

# up to this many records are made ready one by one
FEW = 24


@dataclass(frozen=True)
class Record:
    """One record to make ready: its number in the submission, its texts, what was received, what the checks said."""

    number: int
    texts: Mapping[str, str | None]
    raw: bytes
    verdict: Verdict


@dataclass(frozen=True)
class Carried:
    """One identifier of one record: where the record lies in `Few.rows`, and what it says of its person."""

    row: int
    kind: Kind
    key_id: int
    hash: bytes
    birth: bytes | None
    sex: str | None


@dataclass(frozen=True)
class Few:
    """Rows for the staging tables (STAGED and SEALED in one, without what a group gives them), and who carries what."""

    rows: list[Row]
    carried: list[Carried]
    received: dict[int, bytes]


def stage_few(
    records: Sequence[Record], malformed: Sequence[Malformed], line_list: LineList, secrets: Secrets, *, feed: str
) -> Few:
    """Hash and seal each record. `feed` is the namespace of the feed's own person ids."""
    bands = line_list.band_by_age
    rows, carried = [], []
    for place, record in enumerate(records):
        rows.append(_row(record, bands, line_list, secrets, feed))
        if record.verdict.fate == Fate.GOOD:
            carried += _carried(place, record.verdict.values, secrets, feed)
    rows += [_malformed_row(bad) for bad in malformed]
    received = {record.number: record.raw for record in records} | {bad.number: bad.raw for bad in malformed}
    return Few(rows, carried, received)


def _row(record: Record, bands: Sequence[str], line_list: LineList, secrets: Secrets, feed: str) -> Row:
    verdict, values = record.verdict, record.verdict.values
    age = values["age_years"]
    row: Row = {name: values.get(name) for name in CARRIED}
    row |= {name: _microseconds(values[name]) for name in INSTANTS}
    row |= {
        "row_number": record.number,
        "fate": int(verdict.fate),
        "reasons": list(dict.fromkeys(reason for _, reason in verdict.reasons)),
        "notes": list(dict.fromkeys(verdict.notes)),
        "revision": values["revision"],
        "pcd": values["postcode"],
        "sent_ltla": record.texts.get("ltla_code"),
        "age_band": bands[min(age, len(bands) - 1)] if isinstance(age, int) and age >= 0 else None,
    }
    if verdict.fate != Fate.REJECTED:
        record_hash = secrets.records.one(record_label(feed), str(values["record_id"]))
        row["record_hash"] = record_hash
        row["content_hash"] = secrets.records.one(CONTENT, str(values["content"]))
        if record.verdict.fate == Fate.GOOD:
            text = message(record.texts, verdict.unread, line_list)
            sealed = secrets.sealer.seal([text], [record_hash], secrets.random_bytes)[0]
            row |= {"key_id": secrets.sealer.key_id, "wrapped_key": sealed.wrapped_key, "payload": sealed.payload}
    return row


def _microseconds(instant: Value) -> int | None:
    return (instant - EPOCH) // timedelta(microseconds=1) if isinstance(instant, datetime) else None


def _carried(place: int, values: Mapping[str, Value], secrets: Secrets, feed: str) -> list[Carried]:
    born, name, sex = values["link_born"], values["link_name"], values["sex"]
    day = born.isoformat() if isinstance(born, date) else None
    birth = secrets.persons[0].one("birth", day) if day else None
    texts = {
        Kind.NHS: values["link_nhs"],
        Kind.NAME_BIRTH_POSTCODE: f"{name}\x1f{day}\x1f{values['postcode']}" if name and day else None,
        Kind.FEED_PERSON: values["person_id"],
    }
    return [
        Carried(
            place,
            kind,
            hasher.key_id,
            hasher.one(label(kind, feed), str(text)),
            birth,
            None if sex == UNKNOWN else str(sex),
        )
        for kind, text in texts.items()
        if text is not None
        for hasher in secrets.persons
    ]


def _malformed_row(bad: Malformed) -> Row:
    return {"row_number": bad.number, "fate": int(Fate.REJECTED), "reasons": [bad.reason], "notes": []}


@dataclass(frozen=True)
class Part:
    """The rows of one submission within a group that is committed together."""

    submission: int
    feed_number: int
    few: Few


@dataclass(frozen=True)
class Group:
    """Several submissions' rows as one chunk: `rows` with places from 1, identifiers numbered over all of them."""

    rows: list[Row]
    carried: list[Carried]

    def numbered(self) -> dict[tuple[int, int, bytes], int]:
        """A number from 1 for each different identifier."""
        different = dict.fromkeys((each.kind, each.key_id, each.hash) for each in self.carried)
        return {identifier: number for number, identifier in enumerate(different, start=1)}

    def staged_rows(self) -> list[Row]:
        """Every row of STAGED and SEALED, with its strongest identifier and whether its record comes repeatedly."""
        numbers = self.numbered()
        strongest: dict[int, int] = {}
        for each in self.carried:
            strongest.setdefault(each.row, numbers[each.kind, each.key_id, each.hash])
        keys = [(row["feed_number"], row.get("record_hash")) for row in self.rows]
        return [
            {
                **row,
                "place": place + 1,
                "strongest": strongest.get(place),
                "repeated": keys[place][1] is not None and keys.count(keys[place]) > 1,
            }
            for place, row in enumerate(self.rows)
        ]

    def linked(self, left_out: Sequence[int], new_ids: NewIds) -> tuple[list[Row], list[Row]]:
        """Every row of IDENTIFIERS and of COMPONENTS, without the records at the places `left_out`."""
        numbers = self.numbered()
        told = [each for each in self.carried if each.row + 1 not in left_out]
        codes = [numbers[each.kind, each.key_id, each.hash] for each in told]
        local = components_of(
            np.array([each.row for each in told], np.int64), np.array(codes, np.int64), len(self.rows)
        ).tolist()
        ids = [bytes(each).hex() for each in new_ids.make(len(numbers) + 1)]
        once = dict(zip(reversed(codes), reversed(told), strict=True))
        said: dict[int, list[Carried]] = {}
        first: dict[int, int] = {}
        for code, each in zip(codes, told, strict=True):
            own = local[each.row]
            said.setdefault(own, []).append(each)
            first[own] = min(code, first.get(own, code))
        identifiers = [
            _identifier(number, once[number], local[once[number].row], ids[number]) for number in sorted(once)
        ]
        return identifiers, [_component(own, ids[first[own]], members) for own, members in said.items()]


def _identifier(number: int, each: Carried, local: int, new_id: str) -> Row:
    return {
        "number": number,
        "kind": int(each.kind),
        "hash": each.hash,
        "key_id": each.key_id,
        "local": local,
        "id": new_id,
    }


def _component(local: int, component: str, said: Sequence[Carried]) -> Row:
    births = sorted({one.birth for one in said if one.birth is not None})
    sexes = sorted({one.sex for one in said if one.sex is not None})
    return {
        "local": local,
        "component": component,
        "birth": births[0] if births else None,
        "sex": sexes[0] if sexes else None,
        "clash": len(births) > 1 or len(sexes) > 1,
    }


def group(parts: Sequence[Part]) -> Group:
    """Several submissions as one chunk, in their order."""
    rows: list[Row] = []
    carried: list[Carried] = []
    for part in parts:
        start = len(rows)
        rows += [{**row, "submission_id": part.submission, "feed_number": part.feed_number} for row in part.few.rows]
        carried += [Carried(start + c.row, c.kind, c.key_id, c.hash, c.birth, c.sex) for c in part.few.carried]
    return Group(rows, carried)


def as_copy_text(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    """Rows as COPY reads them: CSV without header, null where nothing is."""
    return "".join(",".join(_cell(row.get(column)) for column in columns) + "\n" for row in rows).encode()


def as_json(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Rows as `json_populate_recordset` reads them; what is not said is null."""
    told = [{name: cell for name, cell in row.items() if cell is not None} for row in rows]
    return json.dumps(told, default=_as_text)


def _as_text(value: bytes | date) -> str:
    return "\\x" + value.hex() if isinstance(value, bytes) else value.isoformat()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, Sequence):
        return '"{' + ",".join(map(str, value)) + '}"'
    return str(value)
