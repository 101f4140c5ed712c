"""Handover: fills itself, is given and taken item by item, and nothing is lost wherever the two stop."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections
from tests.integration.access.build import act, browser

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import handover, telling, waiting
from commonweal.apps.desk.waiting import Who
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db

from . import build
from .build import ANALYST, LEADER, TRACING, actor, tell


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    build.leicester()
    build.person("giver", ANALYST, TRACING)
    build.person("next", ANALYST, deputy=True)
    build.person("third", ANALYST, deputy=True)
    with build.named_space(space):
        yield


def people() -> tuple[Actor, Actor, Actor]:
    return actor("giver", ANALYST), actor("next", ANALYST), actor("third", ANALYST)


def keys(office: str = ANALYST) -> set[str]:
    return {one.key for one in handover.open_of(office)}


def test_the_note_fills_itself_until_it_is_given() -> None:
    giver, taker, _ = people()
    tell(ANALYST, subject="One", severity=2)
    number = handover.begin(giver, ANALYST)
    assert handover.begin(giver, ANALYST) == number, "a note begun is gone on with"
    tell(ANALYST, subject="Two", severity=2)
    note = handover.find(number)
    assert {item.key for item in note.items} == keys()
    first = note.items[0]
    assert (
        handover.write(giver, number, {first.key: " call the school first ", "": "Quiet night.", "stranger": "x"}) == 2
    )
    assert handover.write(giver, number, {first.key: "call the school first"}) == 0
    handover.give(giver, number)
    tell(ANALYST, subject="Three, after it was given", severity=2)
    given = handover.find(number)
    assert (given.items[0].words, given.words) == ("call the school first", "Quiet night.")
    assert len(given.items) == len(keys()) - 1
    with pytest.raises(Refused, match="given already"):
        handover.write(giver, number, {first.key: "changed"})
    who = Who((ANALYST,), taker.person_id, build.now())
    (offer,) = [one for one in waiting.for_offices(who) if one.key == f"handover:{number}"]
    assert offer.subject == "Take over from Giver: 2 open things"
    assert handover.take(taker, number, [first.key]) == 1
    assert handover.take(taker, number, [first.key]) == 0
    assert [item.key for item in handover.find(number).left] == [given.items[1].key]
    assert handover.carriers(ANALYST) == {first.key: "Next"}
    mine = waiting.against_others(Who((ANALYST,), giver.person_id, build.now()))
    assert [one.subject for one in mine if one.key == f"handover:{number}"] == [
        "Your handover of Public health analyst, Leicester: 1 not yet taken over"
    ]
    assert handover.take(taker, number, [item.key for item in given.items]) == 1
    assert f"handover:{number}" not in {one.key for one in waiting.for_offices(who)}


def test_wherever_both_stop_everything_open_is_still_there_with_exactly_one_carrier() -> None:
    """Random steps of two people, stopped anywhere: the open things are those told, each with one carrier."""
    giver, taker, third = people()
    told: set[str] = set(keys(ANALYST))
    chance = random.Random(11)
    number = handover.begin(giver, ANALYST)
    for _ in range(60):
        step = chance.choice(["tell", "write", "give", "take", "take all", "back", "acknowledge"])
        try:
            if step == "tell":
                told.add(f"notice:{tell(ANALYST, severity=2)}:{ANALYST}")
            elif step == "write":
                handover.write(giver, number, {chance.choice(sorted(told)): str(chance.random())})
            elif step == "give":
                handover.give(giver, number)
            elif step.startswith("take"):
                items = [item.key for item in handover.find(number).items]
                handover.take(chance.choice([taker, third]), number, items if step == "take all" else items[:1])
            elif step == "back":
                handover.take_back(giver, number)
                number = handover.begin(giver, ANALYST)
            else:
                key = chance.choice(sorted(told))
                telling.acknowledge(giver, key.split(":")[1], ANALYST)  # type: ignore[arg-type]
                told.remove(key)
        except Refused:
            number = handover.begin(giver, ANALYST)
        assert keys(ANALYST) == told
        note = handover.find(number)
        for item in note.items:
            assert (item in note.left) == (item.taken_by == "")
            assert item.taken_by in ("", "Next", "Third")


def test_two_who_take_at_once_share_without_overlap() -> None:
    giver, taker, third = people()
    for number in range(6):
        tell(ANALYST, subject=f"Shared {number}", severity=2)
    number = handover.begin(giver, ANALYST)
    handover.give(giver, number)
    wanted = [item.key for item in handover.find(number).items]
    taken: list[int] = []
    together = threading.Barrier(2)

    def grab(who: Actor) -> None:
        together.wait()
        taken.append(handover.take(who, number, wanted))
        connections.close_all()

    threads = [threading.Thread(target=grab, args=(who,)) for who in (taker, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == len(wanted)
    assert handover.find(number).left == ()


def test_nobody_outside_the_office_gives_takes_or_reads() -> None:
    giver, _, _ = people()
    leader = actor("leader", LEADER)
    with pytest.raises(NotAllowed, match="Only somebody in the office"):
        handover.begin(leader, ANALYST)
    tell(ANALYST, severity=2)
    number = handover.begin(giver, ANALYST)
    with pytest.raises(Refused, match="still being written"):
        handover.take(leader, number, ["x"])
    handover.give(giver, number)
    key = handover.find(number).items[0].key
    for who in (leader, giver):
        with pytest.raises(NotAllowed, match="taken by somebody else who holds the office"):
            handover.take(who, number, [key])
    with pytest.raises(NotAllowed, match="Only the person"):
        handover.take_back(leader, number)
    client = browser("leader@desk.example")
    act(client, LEADER, "outbreak_control")
    assert client.get(f"/handover/{number}").status_code == 404
    assert client.post("/handover", {"office": ANALYST}).status_code == 403
    handover.take_back(giver, number)
    with pytest.raises(Refused, match="taken back by its giver"):
        handover.take(actor("next", ANALYST), number, [key])


def test_a_handover_that_nobody_takes_is_overdue_after_four_hours() -> None:
    giver, taker, _ = people()
    tell(ANALYST, severity=2)
    number = handover.begin(giver, ANALYST)
    handover.give(giver, number)
    (one,) = [
        o for o in waiting.for_offices(Who((ANALYST,), taker.person_id, build.now())) if o.key == f"handover:{number}"
    ]
    assert abs(one.due_at - build.now() - timedelta(hours=4)) < timedelta(minutes=1)  # type: ignore[operator]


def test_the_pages_write_give_and_take_twenty_five_things() -> None:
    for number in range(25):
        tell(TRACING, subject=f"Thing {number}", severity=2)
    client = browser("giver@desk.example")
    act(client, TRACING, "contact_tracing")
    page = client.post("/handover", {"office": TRACING})
    address = page.headers["Location"]
    written = client.get(address).content.decode()
    assert written.count("<textarea") == 26
    fields = {f"key-{n}": key.key for n, key in enumerate(handover.find(int(address.split("/")[-1])).items)}
    client.post(f"{address}/save", {**fields, "words-3": "ring them at nine", "words": "All calm", "do": "keep"})
    assert "ring them at nine" in client.get(address).content.decode()
    client.post(f"{address}/save", {**fields, "words-3": "ring them at nine", "words": "All calm", "do": "give"})
    build.person("tracing-next", TRACING)
    taker = browser("tracing-next@desk.example")
    act(taker, TRACING, "contact_tracing")
    assert "Take over from Giver: 25 open things" in taker.get("/today").content.decode()
    offered = taker.get(address).content.decode()
    assert offered.count('name="take"') == 25
    assert "ring them at nine" in offered
    taker.post(f"{address}/take", {"take": list(fields.values())[:20]})
    assert "20 taken over, 5 still with Giver" in taker.get(address).content.decode()
    assert "5 not yet taken over" in client.get("/today").content.decode()
    taker.post(f"{address}/take", {"take": list(fields.values())})
    assert "All 25 open things were taken over." in taker.get(address).content.decode()


def test_a_note_that_is_refused_costs_nobody_a_word() -> None:
    build.person("writer", LEADER)
    tell(LEADER, subject="One thing", severity=2)
    client = browser("writer@desk.example")
    act(client, LEADER, "outbreak_control")
    address = client.post("/handover", {"office": LEADER}).headers["Location"]
    number = int(address.split("/")[-1])
    fields = {f"key-{n}": item.key for n, item in enumerate(handover.find(number).items)}
    typed = {**fields, "words-0": "x" * 1001, "words": "Ring the school at nine", "do": "give"}
    answer = client.post(f"{address}/save", typed)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "1,001 letters" in page
    assert 'href="#words-0"' in page, "the message leads to the note that is too long"
    assert ">Ring the school at nine</textarea>" in page
    assert "x" * 1001 + "</textarea>" in page
    assert handover.find(number).given_at is None
    # a thousand letters on two lines are a thousand letters, as the browser counts them
    whole = f"{'a' * 499}\r\n{'b' * 500}"
    assert client.post(f"{address}/save", {**typed, "words-0": whole}).status_code == 302
    late = client.post(f"{address}/save", {**typed, "words-0": "", "words": "Also the bus company"})
    assert late.status_code == 400
    assert "What you typed was not kept" in late.content.decode()
    assert "Also the bus company" in late.content.decode()


def test_words_alone_are_handed_over_and_taken_too() -> None:
    quiet = "police-liaison-e06000016"
    actions.add_office(actions.office_from_role("police-liaison", "authority-e06000016", ["E06000016"]))
    giver, taker = build.person("calm", quiet), build.person("calm-next", quiet)
    number = handover.begin(giver, quiet)
    handover.write(giver, number, {"": "The registrar rings on Friday."})
    handover.give(giver, number)
    client = browser("calm-next@desk.example")
    act(client, quiet, "decision_making")
    assert "Take over from Calm: 1 open thing" in client.get("/today").content.decode()
    page = client.get(f"/handover/{number}").content.decode()
    assert "The registrar rings on Friday." in page
    assert "What the next person needs to know" in page
    assert handover.take(taker, number, [item.key for item in handover.find(number).items]) == 1
    assert "Take over from Calm" not in client.get("/today").content.decode()


def test_what_is_written_of_a_handover_cannot_be_changed() -> None:
    for table in ("handover", "handover_words", "handover_given", "handover_taken"):
        with pytest.raises(Exception, match="permission denied"), db.transaction("app") as cursor:
            cursor.execute(f"delete from desk.{table}")
