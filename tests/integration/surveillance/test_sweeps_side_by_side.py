"""A sweep of every place and one of touched places at the same time: nobody waits, and one thing is one signal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.db import connections

from commonweal.apps.surveillance import checks, jobs, keeping, sweeps
from commonweal.apps.surveillance.count_sweeping import Outcome, look, rules
from commonweal.apps.surveillance.executors import Serial
from commonweal.apps.surveillance.sweeps import Ran
from commonweal.web import db
from tests.conftest import make_space, remove_space

from . import city

FIRST = date(2027, 1, 4)
LAST = FIRST + timedelta(days=city.HISTORY)
MORNING = LAST + timedelta(days=15)
PATIENCE = 60
EARLIER = [city.at(row, column) for row in (8, 9) for column in (8, 9)]  # in the east; over when the morning comes
FRESH = (city.at(3, 1), city.at(3, 2))  # in the west, on the morning itself
STANDING = """
select c.signal, s.kind, c.scope, c.members, c.last_found, c.places, c.sizes, c.state
  from surveillance.standing c join surveillance.signal s on s.number = c.signal order by 1
"""
FOUND = """
select distinct signal, level, place_code, method, first_day, last_day, observed, rate, scope, members
  from surveillance.finding order by 1, 2, 3, 4, 5, 6, 7, 8
"""
STATES = "select signal, state, sweep_id from surveillance.signal_change order by signal, step"


class Held:
    """An executor that begins its work only when it is let go."""

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        self.began.set()
        assert self.go_on.wait(PATIENCE)
        return Serial().map(function, items)


@contextmanager
def space(template: str) -> Iterator[None]:
    """An outbreak that is over, then a morning with a new one in the west, after a sweep some days before."""
    name = make_space(template, "replay")
    try:
        city.load_places()
        counts = city.Counts(FIRST)
        counts.extra = {(place, LAST - timedelta(days=back)): 4 for place in EARLIER for back in range(1, 6)}
        counts.until(LAST - timedelta(days=1))
        city.move_clock(LAST)
        assert sweeps.run(Serial()).opened == 1
        for later in range((MORNING - LAST).days):
            counts.day(LAST + timedelta(days=later))
        fresh(5)
        city.move_clock(MORNING)
        yield
    finally:
        remove_space(name)


def fresh(each: int) -> None:
    city.put(
        [(place, MORNING - timedelta(days=back), result, each)
         for place in FRESH for back in (1, 2, 3) for result in ("case", "positive")], MORNING,
    )  # fmt: skip


def more_results() -> None:
    fresh(2)
    city.move_clock(MORNING, hour=8)


@contextmanager
def sweeping_everything(answer: list[Ran]) -> Iterator[None]:
    """The sweep of every place stands still in its computing phase inside, and has been kept after."""
    executor = Held()

    def work() -> None:
        try:
            answer.append(sweeps.run(executor))
        finally:
            executor.began.set()
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert executor.began.wait(PATIENCE)
        yield
    finally:
        executor.go_on.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def looked(codes: list[str]) -> Outcome:
    return look(db.freeze("engine"), Serial(), codes)


def result() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Signals as they go on, without when which growth was told; and everything that was found."""
    standing = city.rows(STANDING)
    for row in standing:
        row["sizes"] = [size[:5] for size in row["sizes"]]
        row["goes on"] = row["state"] in ("opened", "growing", "reopened")
        row["state"] = row["state"] if not row["goes on"] else ""
    return standing, city.rows(FOUND)


def test_touched_places_are_seen_while_every_place_is_swept_and_both_find_one_signal(template: str) -> None:
    with space(template):
        every = sweeps.run(Serial())
        more_results()
        touched = sweeps.run_touched(Serial())
        assert touched is not None
        assert every.sweep is not None
        in_order = result()
        opened = [row["signal"] for row in city.rows(STATES) if row["sweep_id"] == every.sweep]
        assert len(opened) == 2, "the old one grows old, the new one opens"

    with space(template):
        ran: list[Ran] = []
        with sweeping_everything(ran):
            more_results()
            touched = sweeps.run_touched(Serial())
            assert touched is not None
            assert touched.opened == 1
            seen = [row for row in city.rows(STATES) if row["sweep_id"] == touched.sweep]
            assert [row["state"] for row in seen] == ["opened"], "seen while every place is still being swept"
            assert ran == []
        (every,) = ran
        assert every.outcome is not None
        assert touched.outcome is not None
        assert every.outcome.as_of < touched.outcome.as_of, "it looked earlier and was kept later"
        assert (every.sweep, every.opened) == (3, 0)
        assert result() == in_order
        assert [problem for check in checks.CHECKS for problem in check.run()] == []
        assert sweeps.run_touched(Serial()) is None, "nothing came since the newest look"
        assert keeping.keep(every.outcome, rules(), "serial", 3).repeated


def test_a_sweep_that_a_newer_one_of_its_places_overtook_is_not_kept(template: str) -> None:
    with space(template):
        ran: list[Ran] = []
        with sweeping_everything(ran):
            more_results()
            newer = sweeps.run(Serial())
        assert (ran[0].sweep, newer.sweep) == (None, 2)
        begun = keeping.newest_number()
        west, both = looked([city.WEST]), looked([city.EAST, city.WEST])
        city.put([(city.at(0, 0), MORNING, "negative", 1)], MORNING)
        east = sweeps.run(Serial(), touched=[city.EAST])
        assert keeping.keep(west, rules(), "serial").number is None, "not known to have begun before"
        assert keeping.keep(west, rules(), "serial", begun).number == (east.sweep or 0) + 1
        sweeps.run(Serial(), touched=[city.EAST, city.WEST])
        assert keeping.keep(both, rules(), "serial", begun).number is None


def test_what_a_person_narrows_a_sweep_to_leaves_the_rest_to_be_swept(template: str) -> None:
    with space(template):
        sweeps.run(Serial())
        more_results()
        sweeps.run(Serial(), touched=[city.EAST])
        city.move_clock(MORNING, hour=9)
        ran = sweeps.run_touched(Serial())
        assert ran is not None
        assert ran.outcome is not None
        assert ran.outcome.touched is not None
        assert city.WEST in ran.outcome.touched
        city.move_clock(MORNING, hour=10)
        assert sweeps.run_touched(Serial()) is None, "all that changed was swept"


def test_no_kind_of_sweep_waits_for_another() -> None:
    tasks = (jobs.sweep_every_place, jobs.sweep_what_was_touched, jobs.sweep_loaded_series)
    assert len({task.lock for task in tasks}) == len(tasks)
