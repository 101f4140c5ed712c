"""A large file is prepared in a process of its own: the same outcomes, the same refusals, nothing when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time

import pytest

from commonweal.apps.intake import apart
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db

from .world import as_csv, record, send

pytestmark = pytest.mark.usefixtures("tokens")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large."""
    monkeypatch.setattr(apart, "LARGE", 0)


def body(name: str, rows: int = 400) -> bytes:
    records = [record(record_id=f"{name}{n}", person_id=f"{name}p{n % 90}") for n in range(rows)]
    records += [record(record_id=f"{name}x", age_years="x"), record(record_id=f"{name}y", postcode="LE9 9ZZ")]
    return as_csv(*records, records[0])


def test_the_outcomes_and_columns_are_those_of_preparing_here(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    there = send(body("A"), "lab-one")
    monkeypatch.setattr(apart, "LARGE", 10**12)
    here = send(body("A"), "lab-two")
    assert there.balance == here.balance
    assert (there.balance.received, there.balance.rejected, there.balance.pending) == (403, 1, 1)
    assert there.header == here.header
    assert {"read", "check", "hash and seal"} <= set(there.stages)
    columns = db.rows("migrate", "select columns from intake.held_columns order by submission_id desc limit 2")
    assert columns[0] == columns[1]


def test_what_cannot_be_read_is_refused_as_it_is_here(large: None) -> None:
    with pytest.raises(Refused, match="The header lacks"):
        send(b"record_id,person_id\n1,2\n")
    with pytest.raises(Refused, match="empty"):
        send(b"")


def test_nothing_is_taken_when_the_process_is_killed(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = db.value("backup", "select count(*) from intake.outcome")
    started: list[int] = []
    popen = subprocess.Popen

    def started_and_noted(*args: object, **options: object) -> subprocess.Popen[bytes]:
        process = popen(*args, **options)  # type: ignore[call-overload]
        started.append(process.pid)
        return process  # type: ignore[no-any-return]

    def kill() -> None:
        while not started:
            time.sleep(0.01)
        os.kill(started[0], signal.SIGKILL)

    monkeypatch.setattr(subprocess, "Popen", started_and_noted)
    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(NotThere, match="Nothing was taken"):
        send(body("K", 4000))
    killer.join()
    assert db.value("backup", "select count(*) from intake.outcome") == before
    assert send(body("K", 4000)).balance.accepted == 4000, "and it can be sent again"
