"""The address of whoever told us: sealed while it is here, used once, gone with the answer or in time; nobody reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import Error, connections

from commonweal.apps.access import documents, retention
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import ways
from commonweal.apps.desk.ways import Letter, Outcome, files
from commonweal.apps.surveillance import known, telling_back
from commonweal.web import db
from tests.conftest import make_space, remove_space
from tests.integration.access import build
from tests.integration.intake import world

CITY, NEIGHBOURHOOD, EMAIL = "E06000016", "E02002803", "owner@foundry.example"


@pytest.fixture(autouse=True)
def office(template: str) -> Iterator[Actor]:
    """An exercise, whose clock can be moved, with an office of the city."""
    name = make_space(template, "exercise")
    world.make_places()
    granted, build.PERMISSIONS = build.PERMISSIONS, [*build.PERMISSIONS, "write_local_knowledge"]
    yield build.office("city", [CITY], "unitary_authority")
    build.PERMISSIONS = granted
    remove_space(name)


class Server(ways.BackEnd):
    """A mail server that does what the test says, in place of the one that the setting names."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.tried = outcome, 0

    def send(self, letters: list[Letter]) -> list[Outcome]:  # type: ignore[override]
        self.tried += len(letters)
        return [self.outcome] * len(letters)


def told(actor: Actor, email: str | None = EMAIL) -> tuple[str, int]:
    reference, _ = known.tell_us(known.About(NEIGHBOURHOOD), "The works stay open.", "employer", email)
    return reference, known.notes(actor)[0]["id"]


def contacts() -> list[dict[str, object]]:
    with connections["migrate"].cursor() as cursor:
        return db.fetch(cursor, "select * from surveillance.contact order by note_id")


def forgotten() -> list[tuple[str, str]]:
    return [(row["subject"], row["body"]["how"]) for row in build.entries("surveillance.contact_forgotten")]


def letters() -> list[str]:
    path: Path = files.folder() / "email.ndjson"
    return [json.loads(line)["address"] for line in path.read_text().splitlines()] if path.exists() else []


def pass_days(days: float) -> None:
    db.rows("migrate", "select commonweal.move_clock(commonweal.now() + make_interval(secs => %s))", [days * 86_400])


def ended() -> dict[str, int | None]:
    return {row["data"]: row["ended"] for row in retention.run() if row["data"].startswith("told_us")}


def test_it_is_sealed_until_the_answer_goes_there_and_then_gone_with_an_event(office: Actor) -> None:
    reference, number = told(office)
    (kept,) = contacts()
    assert EMAIL.encode() not in b"".join(bytes(each) for each in kept.values() if isinstance(each, memoryview | bytes))
    assert telling_back.deliver() == 0, "nothing goes out before the answer"
    known.answer_note(office, number, "acted_on", "An officer went there.")
    assert letters()[-1] == EMAIL
    assert contacts() == []
    assert forgotten() == [(str(number), "told")]
    assert known.outcome_of(reference)["answer"] == "An officer went there."
    assert telling_back.deliver() == 0, "once"


def test_without_an_address_there_is_nothing_to_keep_or_forget(office: Actor) -> None:
    _, number = told(office, None)
    known.answer_note(office, number, "set_aside", "Thank you.")
    assert (contacts(), forgotten()) == ([], [])


def test_while_the_mail_server_is_down_it_waits_and_is_tried_again(
    office: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    down, up = Server(Outcome(sent=False, words="no route")), Server(ways.SENT)
    monkeypatch.setattr(ways, "back_end", lambda *_: down)
    numbers = [told(office, f"{name}@example.org")[1] for name in ("a", "b")]
    for number in numbers:
        known.answer_note(office, number, "acted_on", "Done.")
    assert telling_back.deliver() == 0
    assert down.tried == 4, "each at once, and each once more"
    assert [row["note_id"] for row in contacts()] == numbers
    monkeypatch.setattr(ways, "back_end", lambda *_: up)
    assert telling_back.deliver() == 2
    assert (up.tried, contacts()) == (2, [])


def test_an_address_that_bounces_goes_as_well(office: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "back_end", lambda *_: Server(Outcome(sent=False, bounced=True)))
    reference, number = told(office)
    known.answer_note(office, number, "acted_on", "Done.")
    assert forgotten() == [(str(number), "the address leads nowhere")]
    assert known.outcome_of(reference)["answer"] == "Done."


def test_retention_ends_what_could_not_be_sent_and_what_nobody_answered(
    office: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ways, "back_end", lambda *_: Server(Outcome(sent=False)))
    (_, answered), (reference, unanswered) = told(office), told(office, "other@example.org")
    known.answer_note(office, answered, "acted_on", "Done.")
    pass_days(6.9)
    assert ended() == {"told_us_contact": 0, "told_us_contact_unanswered": 0}
    pass_days(0.2)
    assert ended() == {"told_us_contact": 1, "told_us_contact_unanswered": 0}
    assert [row["note_id"] for row in contacts()] == [unanswered]
    pass_days(83)
    assert ended() == {"told_us_contact": 0, "told_us_contact_unanswered": 1}
    assert contacts() == []
    events = [row["subject"] for row in build.entries("retention.ended")]
    assert [each for each in events if each.startswith("told_us")] == ["told_us_contact", "told_us_contact_unanswered"]
    known.answer_note(office, unanswered, "acted_on", "Late, but done.")
    assert known.outcome_of(reference)["answer"] == "Late, but done."


def test_cheat_nobody_reads_an_address_or_takes_it_away_before_the_answer(office: Actor) -> None:
    _, number = told(office)
    for alias in ("app", "ingest", "engine", "web", "backup", "queue", "retention"):
        for sql in ("select * from surveillance.contact", "delete from surveillance.contact"):
            with pytest.raises(Error, match=r"permission denied|read-only"):
                db.rows(alias, sql)
    assert db.rows("app", "select * from surveillance.next_contact(0)") == [], "nothing is given out before the answer"
    with pytest.raises(Error, match="no address to note"), db.recorded("app") as write:
        write.cursor.execute("select surveillance.forget_contact(%s, 'told')", [number])
    assert len(contacts()) == 1


def test_the_record_of_processing_says_how_long_it_is_kept() -> None:
    record = documents.written()[documents.RECORD]
    line = next(line for line in record.splitlines() if line.startswith("| told us contact |"))
    assert "7 days from the answer" in line
    assert "carried out here" in line
