"""The list of signals: the same as from all lives, at every moment and for every office; merged ones stand together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.surveillance import checks, known, signals
from commonweal.apps.surveillance.signals import Wanted
from commonweal.web import db

from . import test_undo as undo
from . import written

actors = undo.actors  # an exercise with the nation, the city and the county; signals of one and of both
CITY, DISTRICT = undo.CITY, undo.DISTRICT
STATES = ("opened", "growing", "reopened", "fading", "closed")
OWN = 100  # the lives made here have numbers from here on
ORDER = ("growing", "reopened", "opened", "fading", "closed")
SLOW = """
select c.signal as number, c.step, c.state, c.level, c.morning, c.scope, c.rate, s.kind, t.known_at
  from surveillance.signal_change c join surveillance.signal s on s.number = c.signal join ledger.tick t on t.id = c.tick_id
"""


def own(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["number"] >= OWN]


def slow(scope: Scope, wanted: Wanted, as_of: datetime) -> list[tuple[int, int]]:
    """Every change that the office reads, gone through one by one; nothing is merged here."""
    newest: dict[int, dict[str, Any]] = {}
    for row in sorted(own(scope.rows(SLOW)), key=lambda row: row["step"]):
        if row["known_at"] <= as_of:
            newest[row["number"]] = row
    kept = [
        row
        for row in newest.values()
        if (wanted.states is None or row["state"] in wanted.states)
        and (wanted.kinds is None or row["kind"] in wanted.kinds)
        and (wanted.levels is None or row["level"] in wanted.levels)
        and (wanted.places is None or set(row["scope"]) & set(wanted.places))
        and (wanted.since is None or row["morning"] >= wanted.since)
    ]
    kept.sort(key=lambda row: (ORDER.index(row["state"]), -round((row["rate"] or 0) * 1000), -row["number"]))
    return [(row["number"], row["step"]) for row in kept]


@dataclass
class Lives:
    """Signals from 100 on that grow over the boundary, and the moments between."""

    steps: dict[int, int] = field(default_factory=dict)
    scopes: dict[int, set[str]] = field(default_factory=dict)
    moments: list[datetime] = field(default_factory=list)
    sweeps: int = 0

    def go_on(self, some: list[tuple[int, str, str, float | None]]) -> None:
        with db.recorded("engine") as write:
            self.sweeps += 1
            sweep = written.sweep(write, as_of=f"2021-01-01T06:00:{self.sweeps % 60:02d}.{self.sweeps:06d}Z")
            for place, state, code, rate in some:
                number = OWN + place
                if number not in self.steps:
                    written.signal(write, number, sweep)
                self.steps[number] = self.steps.get(number, 0) + 1
                self.scopes.setdefault(number, set()).add(code)
                written.change(write, number, self.steps[number], state, sorted(self.scopes[number]), sweep, rate)
        self.moments.append(db.freeze())


@pytest.fixture(scope="module")
def lives() -> Lives:
    return Lives()


changes = st.tuples(
    st.integers(0, 5),
    st.sampled_from(STATES),
    st.sampled_from([CITY, DISTRICT]),
    st.sampled_from([None, 12.5, 40.0, 90.0]),
)
asked = st.builds(
    Wanted, states=st.one_of(st.none(), st.lists(st.sampled_from(STATES))),
    kinds=st.sampled_from([None, ["rise"], ["cluster"]]), levels=st.sampled_from([None, ["ltla"], ["lsoa"]]),
    places=st.sampled_from([None, [CITY], [DISTRICT], [CITY, DISTRICT]]),
    since=st.sampled_from([None, written.MORNING + timedelta(days=2)]),
)  # fmt: skip


@given(st.lists(changes, min_size=1, max_size=4), asked, st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_list_is_that_of_all_lives_at_every_moment_for_every_office(
    actors: dict[str, Actor],
    lives: Lives,
    some: list[tuple[int, str, str, float | None]],
    wanted: Wanted,
    data: st.DataObject,
) -> None:
    lives.go_on(some)
    moments = {lives.moments[-1], data.draw(st.sampled_from(lives.moments))}
    for actor in actors.values():
        with scoped_read(actor, query="signals", data_class="L1") as scope:
            for moment in moments:
                listed = own(signals.signals(scope, wanted, as_of=moment, limit=200))
                assert [(row["number"], row["step"]) for row in listed] == slow(scope, wanted, moment)
                for row in listed[:3]:
                    assert signals.signal(scope, row["number"], as_of=moment) == row
            live = signals.signals(scope, wanted, limit=200)
            assert live == signals.signals(scope, wanted, as_of=lives.moments[-1], limit=200)
    assert [problem for check in checks.CHECKS if "listed" in check.name for problem in check.run()] == []


ONE, ACROSS, NEXT_DOOR = undo.CITY_ALONE, undo.ACROSS, undo.NEXT_DOOR
FIRST, SECOND, THIRD = undo.MANY


def listed(actor: Actor, wanted: Wanted = signals.EVERY, as_of: datetime | None = None) -> dict[int, list[int]]:
    with scoped_read(actor, query="signals", data_class="L1") as scope:
        rows = signals.signals(scope, wanted, as_of=as_of, limit=200)
        return {row["number"]: row["merged"] for row in rows if row["number"] < OWN}


def test_what_is_merged_stands_under_the_other_for_those_who_read_that_one(actors: dict[str, Actor]) -> None:
    city, nation, district = actors["city"], actors["nation"], actors["district"]
    before = db.freeze()
    every = {ONE, ACROSS, FIRST, SECOND, THIRD}
    assert set(listed(city)) == every
    merge = known.judge(city, ACROSS, "merge", "The same works.", ONE)
    at = db.freeze()
    assert listed(city) == listed(city, as_of=at) == {ONE: [ACROSS], FIRST: [], SECOND: [], THIRD: []}
    assert set(listed(nation)) == {ONE, NEXT_DOOR, FIRST, SECOND, THIRD}
    assert set(listed(district)) == {NEXT_DOOR, ACROSS}, "who does not read the other one goes on seeing this one"
    assert set(listed(city, as_of=before)) == every, "at an earlier moment nothing was merged"
    assert set(listed(city, Wanted(places=[DISTRICT]))) == {ACROSS}, "the other one is not in this list"
    with scoped_read(city, query="signals", data_class="L1") as scope:
        gone = signals.signal(scope, ACROSS)
        assert gone is not None
        assert (gone["merged_into"], gone["merged"]) == ([ONE], [])
        assert signals.signal(scope, ACROSS, as_of=before) == gone | {"merged_into": []}
    known.take_back(city, merge)
    assert set(listed(city)) == every, "undone, both stand as before"
    assert set(listed(city, as_of=at)) == every - {ACROSS}, "and that moment answers as it did"
    for one, into in ((SECOND, FIRST), (THIRD, SECOND), (FIRST, THIRD)):
        known.judge(city, one, "merge", "All one.", into)
    assert listed(city) == {ONE: [], ACROSS: [], FIRST: [SECOND, THIRD]}, "of a circle the lowest stays"
    known.judge(nation, FIRST, "split", "Not that one.", SECOND)
    assert set(listed(city)) == {ONE, ACROSS, SECOND}, "3 into 2 and 1 into 3 still stand"
    assert listed(city)[SECOND] == [FIRST, THIRD]


def test_what_still_grows_is_not_hidden_under_what_is_over(actors: dict[str, Actor]) -> None:
    with db.recorded("engine") as write:
        sweep = written.sweep(write, as_of="2020-07-01T06:00:00Z")
        written.change(write, FIRST, 2, "closed", [CITY], sweep)
    known.judge(actors["city"], SECOND, "merge", "The same.", FIRST)
    going_on = Wanted(states=("growing", "reopened", "opened", "fading"))
    assert SECOND in listed(actors["city"], going_on)
    assert SECOND not in listed(actors["city"])
