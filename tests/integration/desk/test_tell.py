"""Telling: in the event's own transaction, both tiers together, each state with person, office and time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections
from tests.integration.access.build import entries

from commonweal.apps.access import actions
from commonweal.apps.desk import telling
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db

from . import build
from .build import DIRECTOR, LEADER, MINISTER, PLACE, actor, receipts, tell


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    build.leicester()
    with build.named_space(space):
        yield


def test_nothing_is_told_when_the_event_did_not_happen() -> None:
    with pytest.raises(ZeroDivisionError), db.recorded("app") as write:
        telling.tell(write, DIRECTOR, "Never", "/", 3, kind="test.event", event="never")
        raise ZeroDivisionError
    assert db.value("backup", "select count(*) from desk.notice where event = 'never'") == 0


def test_local_and_national_are_told_in_one_transaction_and_leave_together() -> None:
    notice = tell(DIRECTOR, MINISTER, places=[PLACE])
    rows = db.rows(
        "backup",
        "select t.office_id, k.known_at from desk.told t join ledger.tick k on k.id = t.tick_id where notice_id = %s",
        [notice],
    )
    assert {row["office_id"] for row in rows} == {DIRECTOR, MINISTER}
    assert len({row["known_at"] for row in rows}) == 1
    build.work()
    sent = receipts(notice, "sent")
    assert {(row["office_id"], row["way"]) for row in sent} == {(DIRECTOR, "email"), (MINISTER, "email")}
    queued = db.rows("backup", "select distinct queued_at, due_at from desk.outbox where notice_id = %s", [notice])
    assert max(row["due_at"] for row in queued) - min(row["due_at"] for row in queued) < timedelta(milliseconds=50)


def test_a_notice_about_a_place_that_its_own_authority_is_not_told_is_refused() -> None:
    with pytest.raises(Refused, match=f"about {PLACE} must be told to an office of that place"):
        tell(MINISTER, places=[PLACE])
    with pytest.raises(Refused, match="must be told"):
        tell(MINISTER, places=["E92000001"])
    assert telling.offices_for([PLACE], "accept_agreement") == sorted(
        [DIRECTOR, build.OFFICER, MINISTER, "data-protection-officer-e92000001"]
    )


def test_the_same_event_told_twice_is_one_notice() -> None:
    first = tell(DIRECTOR, event="submission 12 was late")
    assert tell(DIRECTOR, event="submission 12 was late") == first
    assert db.value("backup", "select count(*) from desk.told where notice_id = %s", [first]) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"severity": 3, "acknowledge_by": "now"}, "Severity 3"),
        ({"severity": 1, "acknowledge_by": None}, "Severity 1"),
        ({"severity": 4, "acknowledge_by": None}, "Severity 4"),
        ({"subject": " "}, "1 to 200 letters"),
        ({"subject": "x" * 201}, "has 201"),
        ({"offices": []}, "at least one office"),
    ],
)
def test_what_cannot_be_told_says_why(changes: dict[str, object], sentence: str) -> None:
    asked = {"offices": DIRECTOR, "subject": "Words", "link": "/", "severity": 3, "acknowledge_by": None, **changes}
    if asked["acknowledge_by"] == "now":
        asked["acknowledge_by"] = build.now()
    with pytest.raises(Refused, match=sentence), db.recorded("app") as write:
        telling.tell(write, **asked, kind="test.event")


def test_what_left_says_the_office_and_the_hour_and_never_the_subject() -> None:
    notice = tell(DIRECTOR, subject="Ninety-seven people of Belgrave")
    build.work()
    (letter,) = [each for each in build.outgoing() if str(notice) in each["message"]["text"]]
    assert letter["address"] == "director-of-public-health@desk.example"
    assert "Urgent: something for Director of Public Health, Leicester, open by " in letter["message"]["text"]
    assert letter["message"]["text"].endswith(f"/told/{notice}/{DIRECTOR}")
    assert "Belgrave" not in str(letter)
    assert "Ninety" not in str(letter)
    entry = entries("desk.told")[-1]
    assert (entry["subject"], entry["body"]["offices"]) == (str(notice), [DIRECTOR])
    assert "Belgrave" not in str(entry)


def test_sent_opened_and_acknowledged_each_have_person_office_and_time() -> None:
    director = actor("director-of-public-health", DIRECTOR)
    notice = tell(DIRECTOR)
    build.work()
    assert telling.open_notice(director, notice, DIRECTOR) == "holder"
    assert telling.acknowledge(director, notice, DIRECTOR).mine
    for state in ("sent", "opened", "acknowledged"):
        (row,) = receipts(notice, state)
        assert row["person_id"] == director.person_id
        assert abs(row["at"] - build.now()) < timedelta(minutes=1)
    (row,) = receipts(notice, "acknowledged")
    assert (row["as_office"], row["capacity"]) == (DIRECTOR, "holder")
    assert db.value("backup", "select count(*) from desk.pending_step where notice_id = %s", [notice]) == 0


def test_somebody_who_was_not_told_can_neither_open_nor_acknowledge() -> None:
    notice = tell(DIRECTOR)
    leader = actor("leader", LEADER)
    for attempt in (telling.open_notice, telling.acknowledge):
        for office in (DIRECTOR, LEADER):
            with pytest.raises(NotAllowed, match="not told to you"):
                attempt(leader.__class__(leader.person_id, office, leader.purpose), notice, DIRECTOR)
    assert receipts(notice, "opened") == []


def test_two_deputies_who_acknowledge_at_once_make_one_and_learn_who_was_first() -> None:
    deputies = [build.person(f"deputy-{number}", LEADER, deputy=True) for number in (1, 2, 3)]
    for _ in range(5):
        notice = tell(LEADER)
        answers: list[telling.Acknowledged] = []
        together = threading.Barrier(len(deputies))

        def press(
            who: int,
            notice: UUID = notice,
            answers: list[telling.Acknowledged] = answers,
            together: threading.Barrier = together,
        ) -> None:
            together.wait()
            answers.append(telling.acknowledge(deputies[who], notice, LEADER))
            connections.close_all()

        threads = [threading.Thread(target=press, args=(number,)) for number in range(len(deputies))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(answer.mine for answer in answers) == 1
        assert len({answer.person_id for answer in answers}) == 1
        assert len(receipts(notice, "acknowledged")) == 1


def test_the_first_acknowledgement_ends_the_steps_and_what_has_not_left() -> None:
    notice = tell(LEADER, severity=1)
    telling.acknowledge(actor("leader", LEADER), notice, LEADER)
    build.work()
    assert build.reached(notice, LEADER) == []
    assert receipts(notice, "sent") == []


def test_what_is_only_to_be_known_rings_nobody() -> None:
    before = len(build.outgoing())
    notice = tell(DIRECTOR, severity=3)
    build.work()
    assert len(build.outgoing()) == before
    assert receipts(notice, "sent") == []


def test_a_person_who_left_is_not_turned_to() -> None:
    actions.invite("leaver@desk.example", "Leaver", [build.ANALYST])
    actions.end_appointment("leaver@desk.example", build.ANALYST, "moved on")
    notice = tell(build.ANALYST)
    build.work()
    assert [row["capacity"] for row in build.reached(notice, build.ANALYST)][:3] == ["holder", "deputy", "duty officer"]
    assert all(
        "leaver" not in letter["address"] for letter in build.outgoing() if str(notice) in letter["message"]["text"]
    )


def test_the_ledger_and_the_receipts_cannot_be_changed_by_the_application() -> None:
    for statement in (
        "update desk.receipt set at = now()",
        "delete from desk.told",
        "insert into desk.receipt (notice_id) values (null)",
    ):
        with pytest.raises(Exception, match="permission denied"), db.transaction("app") as cursor:
            cursor.execute(statement)
    with pytest.raises(Exception, match="permission denied"), db.transaction("app") as cursor:
        cursor.execute("select * from desk.contact_way")
