"""Carries out the steps of notices: whom to turn to next, and the messages that go to them. Run by the worker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from commonweal.apps.desk import configuration
from commonweal.apps.desk.rows import columns
from commonweal.core.desk import escalation
from commonweal.core.desk.escalation import DEPUTY, HOLDER, Person, Rung
from commonweal.web import db

BLOCK = 2000
DUE = """
select s.notice_id, s.office_id, s.number, n.severity, n.acknowledge_by, o.organisation_id, commonweal.now() as now
  from desk.pending_step s join desk.notice n on n.id = s.notice_id join access.office o on o.id = s.office_id
 where s.due_at <= commonweal.now()
 order by s.due_at, s.notice_id, s.office_id limit %s for update of s skip locked
"""
TRIED = """
select r.notice_id, r.office_id, r.number, r.person_id from desk.reached r
  join unnest(%s::uuid[], %s::text[]) as w(notice_id, office_id) using (notice_id, office_id)
 where r.person_id is not null
"""
SUCCESSION = """
select o.id as organisation_id, coalesce(
         (select s.office_ids from desk.succession s where s.organisation_id = o.id order by s.tick_id desc limit 1),
         array(select f.id from access.office f where f.organisation_id = o.id and f.permissions && %s::text[]
                order by (select min(array_position(%s::text[], p)) from unnest(f.permissions) p), f.id)) as office_ids
  from access.organisation o where o.id = any (%s)
"""


class Ladders:
    """The ladders of many offices, with the people who are there now."""

    def __init__(self, offices: Mapping[str, str]) -> None:
        """`offices` gives each office's organisation."""
        organisations = sorted(set(offices.values()))
        order = configuration.succession_permissions()
        self._offices = offices
        self._succession: dict[str, Sequence[str]] = {
            row["organisation_id"]: row["office_ids"]
            for row in db.rows("queue", SUCCESSION, [order, order, organisations])
        }
        self._duty = {
            row["organisation_id"]: row
            for row in db.rows("queue", "select * from desk.on_duty(%s, commonweal.now())", [organisations])
        }
        wanted = set(offices) | {office for ids in self._succession.values() for office in ids}
        wanted |= {row["office_id"] for row in self._duty.values() if row["office_id"]}
        self._people: dict[tuple[str, str], list[Person]] = defaultdict(list)
        people = db.rows("queue", "select * from desk.people_of(%s) order by starts_at, person_id", [sorted(wanted)])
        for row in people:
            if row["living"] and row["away_until"] is None:
                self._people[row["office_id"], row["capacity"]].append(Person(str(row["person_id"]), row["office_id"]))

    def of(self, office: str) -> tuple[Rung, ...]:
        """The ladder of one office."""
        organisation = self._offices[office]
        return escalation.ladder(
            self._people[office, HOLDER],
            self._people[office, DEPUTY],
            self._on_duty(organisation),
            [self._people[each, HOLDER] for each in self._succession.get(organisation, ()) if each != office],
        )

    def _on_duty(self, organisation: str) -> list[Person]:
        line = self._duty.get(organisation)
        if line is None or line["person_id"] is None:
            return []
        there = [*self._people[line["office_id"], HOLDER], *self._people[line["office_id"], DEPUTY]]
        return [person for person in there if person.id == str(line["person_id"])]


def run(block: int = BLOCK) -> int:
    """Carry out one block of the steps that are due; returns how many."""
    with db.transaction("queue") as cursor:
        due = db.fetch(cursor, DUE, [block])
        if not due:
            return 0
        ladders = Ladders({row["office_id"]: row["organisation_id"] for row in due})
        tried = _tried(cursor, due)
        people = sorted({person.id for row in due for rung in ladders.of(row["office_id"]) for person in rung.people})
        reachable = _ways(people)
        reached: list[list[Any]] = []
        messages: list[list[Any]] = []
        following: list[list[Any]] = []
        for row in due:
            _step(row, ladders.of(row["office_id"]), tried, reachable, reached, messages, following)
        _write(cursor, reached, messages, following)
    return len(due)


def _step(
    row: Mapping[str, Any],
    rungs: Sequence[Rung],
    tried: Mapping[tuple[str, str], list[tuple[int, str]]],
    reachable: Mapping[str, set[str]],
    reached: list[list[Any]],
    messages: list[list[Any]],
    following: list[list[Any]],
) -> None:
    """Add what one due step writes to the three lists."""
    rules, waking, now = configuration.rules(), configuration.waking(), row["now"]
    severity = rules.severities[row["severity"]]
    key = (str(row["notice_id"]), row["office_id"])
    first = row["number"] - row["number"] % len(rungs)
    before = {person for number, person in tried.get(key, ()) if number >= first}
    turn = escalation.take_turn(
        severity, rungs, row["number"], before, now, row["acknowledge_by"], waking, rules.rounds
    )
    for number, rung in turn.rungs:
        for person in rung.people or (None,):
            reached.append([*key, number, rung.capacity, person and person.id, person and person.as_office])
    for _, person in turn.people:
        ways = [way for way in severity.ways if way in reachable[person.id]] or ["print"]
        for way in ways:
            messages.append([*key, person.id, way, escalation.leaves_at(severity, way, now, waking)])
    following.append([*key, turn.next_number, turn.next_at])


def _tried(cursor: Any, due: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[tuple[int, str]]]:
    again = [row for row in due if row["number"]]
    found: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    if again:
        wanted = [[row["notice_id"] for row in again], [row["office_id"] for row in again]]
        for row in db.fetch(cursor, TRIED, wanted):
            found[str(row["notice_id"]), row["office_id"]].append((row["number"], str(row["person_id"])))
    return found


def _ways(people: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {person: set() for person in people}
    for row in db.rows("queue", "select person_id, way from desk.addresses(%s::uuid[])", [list(people)]):
        found[str(row["person_id"])].add(row["way"])
    return found


def _write(cursor: Any, reached: list[list[Any]], messages: list[list[Any]], following: list[list[Any]]) -> None:
    cursor.execute(
        "insert into desk.reached (notice_id, office_id, number, capacity, person_id, as_office)"
        " select * from unnest(%s::uuid[], %s::text[], %s::int[], %s::text[], %s::uuid[], %s::text[])"
        " on conflict do nothing",
        columns(reached, 6),
    )
    cursor.execute(
        "insert into desk.outbox (notice_id, office_id, person_id, way, due_at)"
        " select * from unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::timestamptz[])",
        columns(messages, 5),
    )
    over = [row[:2] for row in following if row[3] is None]
    cursor.execute(
        "update desk.pending_step p set number = f.number, due_at = f.due_at"
        " from unnest(%s::uuid[], %s::text[], %s::int[], %s::timestamptz[]) as f(notice_id, office_id, number, due_at)"
        " where (p.notice_id, p.office_id) = (f.notice_id, f.office_id)",
        columns([row for row in following if row[3] is not None], 4),
    )
    cursor.execute(
        "delete from desk.pending_step p using unnest(%s::uuid[], %s::text[]) as f(notice_id, office_id)"
        " where (p.notice_id, p.office_id) = (f.notice_id, f.office_id)",
        columns(over, 2),
    )
