"""A large file and another submission meet in the same new person: the one that comes second takes the other's links."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections

from commonweal.apps.intake import plain_writing, sources
from commonweal.apps.intake.plain_writing import PlainWriting
from commonweal.apps.intake.preparing import Preparation, Stages
from commonweal.apps.intake.rulebook import rulebook
from commonweal.apps.intake.writing import PLAIN_ROWS, Writing
from commonweal.core.intake.few import Few
from commonweal.web import db

from .world import as_csv, record, send, stored

NHS = "943 476 5919"
WAITING = "select count(*) as n from pg_locks where not granted and locktype = 'transactionid'"
PERSONS = """
select r.feed_number, r.person_id from record.result r where r.person_id in (
  select c.root from identity.component c join identity.link l on l.component = c.id where l.kind = 1)
"""


def hold_one_record_open(ready: threading.Event, go_on: threading.Event, failed: list[BaseException]) -> None:
    """Take one record in by the steps of `actions.take_in`, and wait with the commit."""
    try:
        book = rulebook("covid-19")
        body = as_csv(record(record_id="first", person_id="own", nhs_number=NHS))
        source = sources.from_body(body, sources.Provenance("http", "first"), is_json=False)
        with db.recorded("ingest") as write:
            writing = Writing(write.cursor, book, Stages())
            opened = writing.begin("lab-two", source)
            assert opened is not None
            (few,) = Preparation(source, book, "lab-two", {}, opened.now, Stages()).pieces()
            assert isinstance(few, Few)
            writing.put(opened, few)
            writing.count([book.pack])
            writing.finish(opened, source)
            writing.close()
            ready.set()
            go_on.wait(60)
    except BaseException as error:
        failed.append(error)
        ready.set()
    finally:
        connections.close_all()


def release_when_somebody_waits(go_on: threading.Event) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and not db.value("migrate", WAITING):
        time.sleep(0.05)
    go_on.set()
    connections.close_all()


def test_a_large_file_goes_the_long_way_when_another_was_first_with_a_person(
    tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, go_on, failed, tried = threading.Event(), threading.Event(), list[BaseException](), list[bool]()
    copy_links = PlainWriting._copy_links

    def watched(self: PlainWriting, plain: object) -> bool:
        tried.append(copy_links(self, plain))  # type: ignore[arg-type]
        return tried[-1]

    monkeypatch.setattr(PlainWriting, "_copy_links", watched)
    threads = [
        threading.Thread(target=hold_one_record_open, args=(ready, go_on, failed)),
        threading.Thread(target=release_when_somebody_waits, args=(go_on,)),
    ]
    threads[0].start()
    assert ready.wait(30)
    assert not failed, failed
    threads[1].start()
    many = [record(record_id=f"many-{n}", person_id=f"P{n}") for n in range(PLAIN_ROWS)]
    receipt = send(as_csv(*many, record(record_id="second", person_id="other", nhs_number=NHS)), "lab-one")
    for thread in threads:
        thread.join(60)
    assert not failed, failed
    assert tried[0] is False, "the first try met the other submission's links"
    assert receipt.balance.as_dict()["accepted"] == PLAIN_ROWS + 1
    persons = stored(PERSONS)
    assert len(persons) == 2, "both records of the person"
    assert len({row["person_id"] for row in persons}) == 1, "and one person"


@pytest.mark.parametrize("many", [0, plain_writing.MANY_WAITING])
def test_a_large_file_meets_what_waits_however_much_waits(
    tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(plain_writing, "MANY_WAITING", many)
    waits = record(record_id=f"waits-{many}", person_id="W", postcode="LE9 9ZZ")
    assert send(as_csv(waits)).balance.pending == 1
    rows = [record(record_id=f"{many}-{n}", person_id=f"Q{n}") for n in range(PLAIN_ROWS)]
    balance = send(as_csv(*rows, waits)).balance
    assert (balance.accepted, balance.duplicate, balance.pending) == (PLAIN_ROWS, 1, 0)
