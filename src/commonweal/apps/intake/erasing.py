"""One person's right to erasure: their data keys are destroyed; results, cases and counts stay.

What was ended is listed beside the keys before the database says that it is done, so that no restored backup undoes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import Error

from commonweal.apps.access.scope import refusal
from commonweal.apps.access.subjects import Erasure, TestedPerson
from commonweal.apps.intake import tested_people
from commonweal.server import erased as ended_list
from commonweal.server.erased import HELD, RESULT, Ended
from commonweal.server.home import Home
from commonweal.server.provider import current_space
from commonweal.web import db

ERASE = "select * from intake.erase_person(%s::bigint[], %s::bigint[], %s::integer[], %s, %s)"
AGAIN = "select * from intake.erase_again(%s::bigint[], %s::bytea[], %s::bigint[], %s::integer[], %s::bytea[])"
OPEN_RESULTS = """
select 'result' as kind, s.result_id as number, 0 as row_number, sha256(s.payload) as print
  from identity.sealed s where s.result_id = any (%s::bigint[]) and s.wrapped_key is not null
"""
OPEN_COPIES = """
select 'held' as kind, h.submission_id as number, h.row_number, sha256(h.payload) as print
  from intake.held h where h.submission_id = any (%s::bigint[])
"""
IN_THE_REGISTER = """
select coalesce(sum((x.body->>'erased')::bigint + (x.body->>'copies')::bigint), 0)
  from ledger.entry e join ledger.entry_text x on x.entry_id = e.id
 where e.kind = 'intake.person_erased' and x.body ? 'copies'
"""


def find(person: TestedPerson) -> int:
    """How many records of a person still open: results, and copies of records that were not taken."""
    return len(tested_people.still_open(person))


def erase(person: TestedPerson, erasure: Erasure) -> int:
    """Destroy the keys of a person's records; returns how many were destroyed. The ledger says how many and why.

    Raises `NotAllowed` with the database's sentence for an office that does not decide for its organisation, or that
    answers for nothing of what is held on the person.
    """
    found = tested_people.still_open(person)
    if not found:
        return 0
    copies = ([copy.submission for copy in found.copies], [copy.row for copy in found.copies])
    try:
        with db.recorded("retention") as write:
            ended = _ended(db.fetch(write.cursor, ERASE, [found.results, *copies, erasure.office, erasure.ground]))
            ended_list.enlist(Home.current(), current_space(), ended)
    except Error as error:
        raise refusal(error) from error
    return len(ended)


def undone() -> list[Ended]:
    """Copies that were ended because a person asked, and that open again since an older database was put back."""
    listed = ended_list.listed(Home.current(), current_space())
    if not listed:
        return []
    results, submissions = ([each.number for each in listed if each.kind == kind] for kind in (RESULT, HELD))
    with db.transaction("backup") as cursor:
        there = db.fetch(cursor, OPEN_RESULTS, [results]) + db.fetch(cursor, OPEN_COPIES, [submissions])
    return sorted(listed & set(_ended(there)))


def erase_again() -> int:
    """End every copy that was ended before and opens again; returns how many. The ledger says so."""
    results, copies = _by_kind(undone())
    if not results and not copies:
        return 0
    values = [
        [each.number for each in results], [bytes.fromhex(each.print) for each in results],
        [each.number for each in copies], [each.row for each in copies],
        [bytes.fromhex(each.print) for each in copies],
    ]  # fmt: skip
    with db.recorded("retention") as write:
        return len(db.fetch(write.cursor, AGAIN, values))


def missing_from_the_list() -> int:
    """How many copies the register says were ended that the list does not have: a part of it was lost."""
    registered = int(db.value("backup", IN_THE_REGISTER))
    return max(0, registered - len(ended_list.listed(Home.current(), current_space())))


def _by_kind(ended: Iterable[Ended]) -> tuple[list[Ended], list[Ended]]:
    every = list(ended)
    return [each for each in every if each.kind == RESULT], [each for each in every if each.kind == HELD]


def _ended(rows: Sequence[Mapping[str, Any]]) -> list[Ended]:
    return [Ended(row["kind"], row["number"], row["row_number"], bytes(row["print"]).hex()) for row in rows]
