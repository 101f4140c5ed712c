"""What intake holds on a tested person: results with their sealed fields opened, cases, and what links them.

Read by the role that reads everything for a backup and writes nothing; who may ask is settled before, and entered in
the ledger by the room that asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from commonweal.apps.access.subjects import TestedPerson
from commonweal.apps.intake import not_taken, rulebook
from commonweal.apps.intake.not_taken import Copy
from commonweal.core.intake.asking import identifiers_of
from commonweal.core.intake.identifiers import Kind
from commonweal.core.intake.rows import opened_message
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.sealing import Sealed
from commonweal.web import db

Row = dict[str, Any]

# Where a component is in conflict nobody can say that its other identifiers are this person's.
LINKS = """
with asked as (select * from unnest(%s::smallint[], %s::bytea[]) as a (kind, hash)),
met as (select l.id, l.component, c.component is not null as in_conflict
          from asked join identity.link l using (kind, hash) left join identity.conflict c using (component))
select l.id, l.hash, l.kind, l.component, t.known_at as since, c.component is not null as in_conflict
  from identity.link l left join ledger.tick t on t.id = l.tick_id left join identity.conflict c using (component)
 where l.id in (select id from met) or l.component in (select component from met where not in_conflict)
 order by l.kind, l.id
"""
RESULTS = """
select r.id, f.name as feed, t.known_at, r.revision, r.record_hash,
       not exists (select from record.record_key k where k.feed_number = r.feed_number
                    and k.record_hash = r.record_hash and k.revision > r.revision) as is_newest_version,
       r.scope_ltla, r.lsoa_code, r.msoa_code, r.ward_code, r.ltla_code, r.utla_code, r.postcode, r.postcode_source,
       r.specimen_date, r.specimen_at, r.lab_received_at, r.reported_at, r.reported_date, r.age_years, r.age_band,
       r.sex, r.ethnic_group, r.occupation, r.workplace_postcode, r.pillar, r.test_route, r.test_type, r.result,
       r.symptomatic, r.onset_date, r.setting_type, r.setting_id, r.incident_id, r.contacts_named,
       s.key_id, s.wrapped_key, s.payload
  from record.result r join intake.feed f on f.number = r.feed_number left join ledger.tick t on t.id = r.tick_id
  left join identity.sealed s on s.result_id = r.id
 where r.link_id = any (%s::uuid[]) order by t.known_at, r.id
"""
OPEN = """
select r.id from record.result r join identity.sealed s on s.result_id = r.id
 where r.link_id = any (%s::uuid[]) and s.wrapped_key is not null order by r.id
"""
# A person's earlier components are followed back: cases keep the one they were worked out for.
CASES = """
with recursive person as (
  select unnest(%s::uuid[]) as id
  union select j.component from identity.joined j join person p on p.id = j.into_component)
select v.case_id, v.version, t.known_at, v.withdrawn, v.pathogen, v.episode_start, v.result_id, v.scope_ltla,
       v.lsoa_code, v.msoa_code, v.pillar, v.test_type, v.age_band, v.sex, v.setting_type, v.setting_id
  from record.case_version v left join ledger.tick t on t.id = v.tick_id
 where v.person_id in (select id from person) or v.result_id = any (%s::bigint[])
 order by v.case_id, v.version
"""


def held(person: TestedPerson) -> Mapping[str, Any] | None:
    """Everything stored about a person, as values that JSON knows; None when nothing is.

    Raises `Refused` for an impossible NHS number, or where sealed fields do not open.
    """
    line_list = rulebook.line_list()
    with db.transaction("backup") as cursor:
        links = _links(cursor, person)
        results = db.fetch(cursor, RESULTS, [[link["id"] for link in links]])
        persons = sorted({link["id"] if link["in_conflict"] else link["component"] for link in links})
        cases = db.fetch(cursor, CASES, [persons, [result["id"] for result in results]])
    copies = not_taken.of_person(person, _hashes(links))
    if not links and not copies:
        return None
    return {
        "identifiers": [_link(link) for link in links],
        "to_be_reviewed": any(link["in_conflict"] for link in links),
        "results": [_result(row, line_list) for row in results],
        "cases": [_plain(case) for case in cases],
        "not_taken": [_not_taken(copy) for copy in copies],
    }


@dataclass(frozen=True)
class StillOpen:
    """What of a person still opens: numbers of results, and copies of records that were not taken."""

    results: list[int]
    copies: list[Copy]

    def __len__(self) -> int:
        return len(self.results) + len(self.copies)


def still_open(person: TestedPerson) -> StillOpen:
    """What of a person still opens.

    Where identifiers are in conflict only what lies under the one asked for: nobody can say that the rest is theirs.
    """
    with db.transaction("backup") as cursor:
        links = _links(cursor, person)
        rows = db.fetch(cursor, OPEN, [[link["id"] for link in links]])
    return StillOpen([row["id"] for row in rows], not_taken.of_person(person, _hashes(links)))


def _hashes(links: list[Row]) -> frozenset[bytes]:
    return frozenset(bytes(link["hash"]) for link in links)


def _not_taken(copy: Copy) -> Row:
    """A copy in values that JSON knows: its text as it came where it does not split into columns."""
    told = {"feed": copy.feed, "known_at": copy.known_at, "why_not_taken": copy.reasons}
    return told | {"received": copy.values or copy.raw.decode("utf-8", "replace")}


def _links(cursor: CursorWrapper, person: TestedPerson) -> list[Row]:
    asked = identifiers_of(
        rulebook.key_ring().persons,
        nhs_number=person.nhs_number,
        name=person.name,
        born=person.birth_date,
        postcode=person.postcode,
    )
    return db.fetch(cursor, LINKS, [[kind for kind, _ in asked], [digest for _, digest in asked]])


def _link(link: Row) -> Row:
    """What is known by a link; the identifier itself is not kept, only its keyed hash."""
    return _plain({"kind": Kind(link["kind"]).name.lower(), "since": link["since"]})


def _result(row: Row, line_list: LineList) -> Row:
    key_id, wrapped, payload = row.pop("key_id"), row.pop("wrapped_key"), row.pop("payload")
    record_hash = bytes(row.pop("record_hash"))
    identifiable: Row | str = "none kept"
    if payload is not None and wrapped is None:
        identifiable = "erased: their key was destroyed"
    elif payload is not None:
        text = rulebook.sealer(key_id).open(Sealed(bytes(wrapped), bytes(payload)), record_hash)
        identifiable = dict(opened_message(text, line_list))
    return {**_plain(row), "identifiable": identifiable}


def _plain(row: Row) -> Row:
    return {name: _value(value) for name, value in row.items() if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
