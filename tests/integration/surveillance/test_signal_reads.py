"""Who may read a signal: whoever may read the counts of any authority it touches, from the same commit; nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import Error, connections

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.surveillance import checks, signals
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.views import signals as signals_view
from commonweal.core.errors import Refused
from commonweal.web import db
from tests.integration.access.build import accept, agreement, office
from tests.integration.intake import world as intake_world

from . import written

CITY, DISTRICT = "E06000016", "E07000135"


@pytest.fixture(scope="module")
def actors(space: str) -> dict[str, Actor]:
    intake_world.make_places()
    found = {"nation": office("nation", [CITY, DISTRICT]), "city": office("city", [CITY], "unitary_authority")}
    found["district"] = office("district", [DISTRICT], "lower_tier_authority")
    for place, local in ((CITY, "city"), (DISTRICT, "district")):
        signed = agreement(place, ["nation", local])
        accept(signed, found["nation"])
        accept(signed, found[local])
    return found


@pytest.fixture(scope="module")
def instants(actors: dict[str, Actor]) -> list[datetime]:
    """Signal 1 of the city, which then spreads over the boundary; signal 2 of the district alone, later closed."""
    with db.recorded("engine") as write:
        sweep = written.sweep(write)
        written.signal(write, 1, sweep)
        written.change(write, 1, 1, "opened", [CITY], sweep)
        written.finding(write, sweep, 1, [CITY])
    first = db.freeze()
    with db.recorded("engine") as write:
        sweep = written.sweep(write, as_of="2020-06-21T06:00:00Z")
        written.change(write, 1, 2, "growing", [CITY, DISTRICT], sweep)
        written.finding(write, sweep, 1, [CITY, DISTRICT])
        written.signal(write, 2, sweep)
        written.change(write, 2, 1, "opened", [DISTRICT], sweep)
        written.change(write, 2, 2, "closed", [DISTRICT], sweep)
        written.finding(write, sweep, 2, [DISTRICT])
    return [first, db.freeze()]


def seen(actor: Actor, as_of: datetime) -> dict[int, str]:
    with scoped_read(actor, query="signals", data_class="L1", as_of=as_of) as scope:
        return {row["number"]: row["state"] for row in signals.signals(scope, as_of=as_of)}


def test_local_and_national_see_a_signal_from_the_same_commit(
    actors: dict[str, Actor], instants: list[datetime]
) -> None:
    before, now = instants
    assert seen(actors["city"], before) == seen(actors["nation"], before) == {1: "opened"}
    assert seen(actors["district"], before) == {}
    assert seen(actors["nation"], now) == {1: "growing", 2: "closed"}
    assert seen(actors["city"], now) == {1: "growing"}
    assert seen(actors["district"], now) == {1: "growing", 2: "closed"}


def test_a_foreign_scope_and_no_scope_read_nothing(actors: dict[str, Actor], instants: list[datetime]) -> None:
    tables = ("signal", "signal_change", "finding")
    for table in tables:
        assert db.rows("app", f"select * from surveillance.{table}") == []
    with scoped_read(actors["city"], query="signals", data_class="L1") as scope:
        assert signals.signal(scope, 2) is None
        assert signals.changes(scope, 2) == []
        assert signals.findings(scope, signal=2) == []
        for table in tables:
            column = "number" if table == "signal" else "signal"
            rows = scope.rows(f"select {column} as of_signal from surveillance.{table}")
            assert {row["of_signal"] for row in rows} == {1}
    assert db.rows("app", "select * from surveillance.finding") == [], "the scope has closed"


def test_of_a_life_each_reader_sees_the_part_that_touches_their_places(
    actors: dict[str, Actor], instants: list[datetime]
) -> None:
    with scoped_read(actors["district"], query="signals", data_class="L1") as scope:
        assert [row["state"] for row in signals.changes(scope, 1)] == ["growing"]
        assert len(signals.findings(scope, signal=1)) == 1
    with scoped_read(actors["nation"], query="signals", data_class="L1") as scope:
        assert [row["state"] for row in signals.changes(scope, 1)] == ["opened", "growing"]


def test_pages_of_signals_follow_one_another(actors: dict[str, Actor], instants: list[datetime]) -> None:
    with scoped_read(actors["nation"], query="signals", data_class="L1") as scope:
        (first,) = signals.signals(scope, limit=1)
        (second,) = signals.signals(scope, limit=1, after=(first["rank"], first["weight"], first["number"]))
        assert (first["number"], second["number"]) == (1, 2), "what goes on before what is over"
        assert signals.signals(scope, after=(second["rank"], second["weight"], second["number"])) == []
        assert [row["number"] for row in signals.signals(scope, signals.Wanted(states=["closed"]))] == [2]
        assert [row["number"] for row in signals.signals(scope, signals.Wanted(places=[CITY]))] == [1]


def test_the_most_urgent_come_first_over_all_pages_and_not_within_each(actors: dict[str, Actor]) -> None:
    rates = (12.5, None, 90.0, 12.5, 310.25, 0.004, 40.0)
    states = ("opened", "growing", "reopened", "fading", "closed")
    with db.recorded("engine") as write:
        sweep = written.sweep(write, as_of="2020-06-22T06:00:00Z")
        for number in range(3, 33):
            written.signal(write, number, sweep)
            written.change(write, number, 1, "opened", [CITY], sweep)
            rate = rates[number % len(rates)]
            written.change(write, number, 2, states[number % len(states)], [CITY], sweep, rate)
    with scoped_read(actors["nation"], query="signals", data_class="L1") as scope:
        whole = signals.signals(scope)
        paged: list[int] = []
        after = None
        while some := signals.signals(scope, limit=4, after=after):
            paged += [row["number"] for row in some]
            after = signals_view.after_of(signals_view.place_of(some[-1]))
    assert paged == [row["number"] for row in whole] == [row["number"] for row in words.by_urgency(whole)]
    assert len(paged) == len(set(paged)) > 30
    assert next(row["state"] for row in whole) == "growing"


@pytest.mark.parametrize("typed", ["1", "1-2", "x-1-2", "1-2-3-4", "9-1-1", "1--2", "1-²-3"])
def test_a_place_in_the_list_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="is no place in the list"):
        signals_view.after_of(typed)


def test_only_the_engine_writes_and_nobody_changes(actors: dict[str, Actor], instants: list[datetime]) -> None:
    with pytest.raises(Error, match="permission denied"), db.recorded("app") as write:
        written.signal(write, 99, 1)
    with pytest.raises(Error, match="permission denied|holds facts"), db.recorded("engine") as write:
        write.cursor.execute("update surveillance.signal_change set state = 'closed'")


def test_sweeps_are_listed_with_what_they_could_not_do(actors: dict[str, Actor], instants: list[datetime]) -> None:
    *_, newest, oldest = signals.sweeps()
    assert newest["id"] > oldest["id"]
    assert signals.sweep(oldest["id"])["not_done"] == {"E01000001": "no population is loaded"}
    assert [row["id"] for row in signals.sweeps(as_of=instants[0])] == [oldest["id"]]
    with pytest.raises(Error, match="duplicate key"), db.recorded("engine") as write:
        written.sweep(write)


def test_a_signal_is_read_by_those_whom_its_changes_touch(instants: list[datetime], actors: dict[str, Actor]) -> None:
    (readers,) = (check for check in checks.CHECKS if check.name == "signals are read by those whom they touch")
    assert readers.run() == []
    with connections["migrate"].cursor() as cursor:
        cursor.execute("delete from surveillance.signal_reader where signal = 2")
    try:
        assert 2 not in seen(actors["district"], db.freeze() + timedelta(days=1)), "row security goes by the table"
        assert readers.run() == [f"signal 2 touches {DISTRICT}, whose offices do not read it"]
    finally:
        with connections["migrate"].cursor() as cursor:
            cursor.execute("insert into surveillance.signal_reader values (%s, 2)", [DISTRICT])
    assert readers.run() == []


def test_the_findings_of_a_signal_are_those_that_name_it(instants: list[datetime], actors: dict[str, Actor]) -> None:
    with scoped_read(actors["nation"], query="signals", data_class="L1") as scope:
        every = signals.findings(scope)
        for number in (1, 2, 3):
            named = [row for row in every if number in (row["signal"], row["held_by"])]
            assert signals.findings(scope, signal=number) == named
        assert {row["signal"] for row in every} == {1, 2}
