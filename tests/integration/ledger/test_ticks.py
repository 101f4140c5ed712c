"""Known at: an as-of that was handed out answers the same for ever, whatever writers do."""

from __future__ import annotations

import random
import threading
import time

import psycopg
import pytest
from django.db import Error

from commonweal.server import provider
from commonweal.web import db

pytestmark = pytest.mark.usefixtures("space")


def write(body: str = "{}") -> int:
    with db.recorded("app") as recorded:
        recorded.cursor.execute("select ledger.append('test.written', 's', '{}', null, %s::jsonb)", [body])
        return recorded.tick


def known(as_of: object) -> int:
    return db.value(
        "app",
        "select count(*) from ledger.entry e join ledger.tick t on t.id = e.tick_id where t.known_at <= %s",
        [as_of],
    )


def test_what_was_written_is_known_at_the_next_freeze_and_not_before() -> None:
    before = db.freeze()
    write()
    after = db.freeze()
    assert after > before
    assert known(after) == known(before) + 1


def test_a_freeze_of_a_quiet_database_gives_the_same_instant_again() -> None:
    assert db.freeze() == db.freeze()


def test_a_tick_left_open_cannot_be_committed() -> None:
    with pytest.raises(Error, match=r"opened and not closed"), db.transaction("app") as cursor:
        cursor.execute("select ledger.begin_tick()")


def test_facts_outside_a_tick_are_refused() -> None:
    with pytest.raises(Error, match="null value|takes facts only"), db.transaction("app") as cursor:
        cursor.execute("select ledger.append('test.loose', 's', '{}', null, '{}'::jsonb)")


def test_facts_after_the_stamp_are_refused() -> None:
    with pytest.raises(Error), db.transaction("app") as cursor:
        cursor.execute("select ledger.begin_tick()")
        tick = cursor.fetchone()[0]
        cursor.execute("select ledger.close_tick(%s)", [tick])
        cursor.execute("select ledger.append('test.late', 's', '{}', null, '{}'::jsonb)")


@pytest.mark.parametrize(
    "statement", ["update ledger.entry set subject = 'x'", "delete from ledger.tick", "truncate ledger.entry"]
)
def test_nobody_changes_a_fact_not_even_the_owner(statement: str) -> None:
    with pytest.raises(Error, match="holds facts"):
        db.rows("migrate", statement)


def test_every_as_of_handed_out_is_stable_under_concurrent_and_aborted_writers(space: str) -> None:
    """Four writers (some slow, some aborting) against freezes: each count is asked again at the end."""
    dsn = provider.address("cw_app", space).dsn
    stop = time.monotonic() + 2.5
    failures: list[str] = []

    def writer(seed: int) -> None:
        rng = random.Random(seed)
        with psycopg.connect(dsn) as connection:
            while time.monotonic() < stop:
                tick = connection.execute("select ledger.begin_tick()").fetchone()[0]
                connection.execute("select ledger.append('test.many', 's', '{}', null, '{}'::jsonb)")
                time.sleep(rng.random() * 0.01)
                connection.execute("select ledger.close_tick(%s)", [tick])
                time.sleep(rng.random() * 0.004)
                connection.rollback() if rng.random() < 0.2 else connection.commit()

    writers = [threading.Thread(target=writer, args=(seed,)) for seed in range(4)]
    for thread in writers:
        thread.start()
    answers: list[tuple[object, int]] = []
    with psycopg.connect(dsn, autocommit=True) as reader:
        count = "select count(*) from ledger.entry e join ledger.tick t on t.id = e.tick_id where t.known_at <= %s"
        while time.monotonic() < stop:
            as_of = reader.execute("select ledger.freeze()").fetchone()[0]
            answers.append((as_of, reader.execute(count, [as_of]).fetchone()[0]))
        for thread in writers:
            thread.join()
        failures += [
            f"{as_of}: {first} then {again}"
            for as_of, first in answers
            if (again := reader.execute(count, [as_of]).fetchone()[0]) != first
        ]
    assert len({as_of for as_of, _ in answers}) > 20
    assert answers[-1][1] > answers[0][1]
    assert not failures


def test_the_log_is_numbered_without_gaps_in_the_order_in_which_it_became_known() -> None:
    write()
    db.value("app", "select ledger.number_entries()")
    rows = db.rows(
        "app",
        "select n.number, t.known_at from ledger.entry_number n join ledger.entry e on e.id = n.entry_id"
        " join ledger.tick t on t.id = e.tick_id order by n.number",
    )
    assert [row["number"] for row in rows] == list(range(len(rows)))
    assert [row["known_at"] for row in rows] == sorted(row["known_at"] for row in rows)
    assert db.value("app", "select ledger.number_entries()") == 0
