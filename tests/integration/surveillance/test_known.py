"""What people know: attacks first, then that both tiers read the same, that what is told waits, and that it is answered."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import Error, connections

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import waiting
from commonweal.apps.surveillance import known, known_desk
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db
from tests.integration.access import build
from tests.integration.intake import world

from . import written

CITY, DISTRICT, NEIGHBOURHOOD = "E06000016", "E07000135", "E02002803"
ALL = [*build.PERMISSIONS, "write_local_knowledge", "judge_signals"]
NOBODY = UUID("00000000-0000-4000-8000-000000000000")


@pytest.fixture(scope="module")
def actors(space: str) -> dict[str, Actor]:
    """The nation over both authorities, the city and the district each over its own, a community seat, a mayor."""
    world.make_places()
    granted, build.PERMISSIONS = build.PERMISSIONS, ALL
    found = {
        "nation": build.office("nation", [CITY, DISTRICT]),
        "city": build.office("city", [CITY], "unitary_authority"),
        "district": build.office("district", [DISTRICT], "lower_tier_authority"),
    }
    build.PERMISSIONS = ["write_local_knowledge"]
    found["community"] = build.office("community", [CITY])
    build.PERMISSIONS = ["read_counts"]
    found["mayor"] = build.office("mayor", [CITY])
    build.PERMISSIONS = granted
    with db.recorded("engine") as write:
        sweep = written.sweep(write)
        for number, scope in ((1, [CITY]), (2, [DISTRICT]), (3, [CITY, DISTRICT])):
            written.signal(write, number, sweep)
            written.change(write, number, 1, "opened", scope, sweep)
    return found


@pytest.fixture(scope="module")
def note(actors: dict[str, Actor]) -> int:
    return known.write_note(actors["city"], known.About(NEIGHBOURHOOD, setting="The mosque"), "A testing unit opened.")


@pytest.mark.parametrize(
    "table", ["note", "contact", "note_recall", "note_outcome", "hypothesis", "evidence", "judgement"]
)
def test_the_application_neither_reads_nor_writes_the_tables(actors: dict[str, Actor], table: str) -> None:
    for sql in (f"select * from surveillance.{table}", f"delete from surveillance.{table}"):
        with pytest.raises(Error, match="permission denied"):
            db.rows("app", sql)


def test_facts_are_kept_by_everybody(note: int) -> None:
    with pytest.raises(Error), connections["migrate"].cursor() as cursor:
        cursor.execute("update surveillance.note set words = 'nothing' where id = %s", [note])


def test_nobody_writes_about_places_of_others_or_without_the_permission_or_the_seat(actors: dict[str, Actor]) -> None:
    about = known.About(NEIGHBOURHOOD)
    with pytest.raises(NotAllowed, match="does not answer for"):
        known.write_note(actors["district"], about, "Nothing of ours.")
    with pytest.raises(NotAllowed, match="does not write down"):
        known.write_note(actors["mayor"], about, "No permission.")
    with pytest.raises(NotAllowed):
        known.write_note(Actor(NOBODY, actors["city"].office_id, "outbreak_control"), about, "Not my office.")
    with pytest.raises(NotAllowed):
        known.write_note(
            Actor(actors["city"].person_id, actors["nation"].office_id, "outbreak_control"), about, "Nor this."
        )
    with pytest.raises(Refused, match="Signal 2 does not touch"):
        known.write_note(actors["city"], known.About(NEIGHBOURHOOD, signal=2), "Another signal.")


def test_a_foreign_office_reads_nothing(actors: dict[str, Actor], note: int) -> None:
    assert known.notes(actors["district"]) == []
    assert known.notes(Actor(NOBODY, actors["city"].office_id, "outbreak_control")) == []
    with pytest.raises(NotThere):
        known.note(actors["district"], note)


def test_local_and_national_read_the_same_notes(actors: dict[str, Actor], note: int) -> None:
    assert known.notes(actors["city"]) == known.notes(actors["nation"])
    assert [row["id"] for row in known.notes(actors["mayor"], [NEIGHBOURHOOD])] == [note]


def test_a_community_seat_reads_what_is_for_seats_and_its_own(actors: dict[str, Actor], note: int) -> None:
    own = known.write_note(actors["community"], known.About(NEIGHBOURHOOD), "The hall is full on Fridays.")
    for_seats = known.write_note(actors["city"], known.About(CITY), "A test bus comes on Monday.", "seats")
    assert {row["id"] for row in known.notes(actors["community"])} == {own, for_seats}
    assert note in {row["id"] for row in known.notes(actors["city"])}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Please call about 943 476 5919.", "an NHS number"),
        ("She was born on 3 May.", "a date of birth"),
        ("Ask for 12/03/1961.", "a date of birth"),
        ("Write to imam@example.org.", "an e-mail address"),
        ("Ring 0116 496 0001 please.", "a telephone number"),
        ("John Smith has it.", "the name of somebody"),
    ],
)
def test_health_data_are_refused_by_name(words: str, found: str) -> None:
    with pytest.raises(Refused, match=found):
        known.tell_us(known.About(CITY), words, "resident", None)
    assert all(words not in row["words"] for row in db.rows("backup", "select words from surveillance.note"))


def test_what_is_told_waits_for_the_local_office_and_both_tiers_are_told(actors: dict[str, Actor]) -> None:
    reference, due = known.tell_us(
        known.About(NEIGHBOURHOOD, setting="The works"), "The works stay open.", "employer", "a@example.org"
    )
    now = db.value("app", "select commonweal.now()")
    assert now < due <= now + timedelta(days=5)
    ours = known_desk.told_us(waiting.Who((actors["city"].office_id,), None, now))
    assert any(one.due_at == due and "employer" in one.subject.lower() for one in ours)
    assert known_desk.told_us(waiting.Who((actors["nation"].office_id,), None, now)) == []
    told = db.rows(
        "backup",
        "select t.office_id from desk.told t join desk.notice n on n.id = t.notice_id where n.kind = 'surveillance.told_us'",
    )
    assert {row["office_id"] for row in told} >= {actors["city"].office_id, actors["nation"].office_id}
    assert known.outcome_of(reference.lower())["outcome"] is None
    with pytest.raises(NotThere):
        known.outcome_of("AAAAAAAAAA")


def test_the_answer_is_read_by_reference_and_given_once(actors: dict[str, Actor]) -> None:
    reference, _ = known.tell_us(known.About(NEIGHBOURHOOD), "Buses are crowded.", "resident", "b@example.org")
    number = known.notes(actors["city"])[0]["id"]
    with pytest.raises(NotAllowed):
        known.answer_note(actors["district"], number, "acted_on", "Not ours.")
    with pytest.raises(NotAllowed):
        known.answer_note(actors["mayor"], number, "acted_on", "No permission.")
    ours = waiting.Who((actors["city"].office_id,), None, db.value("app", "select commonweal.now()"))
    assert f"surveillance.told_us:{number}" in {one.key for one in known_desk.told_us(ours)}
    known.answer_note(actors["city"], number, "acted_on", "More buses run now.")
    assert f"surveillance.told_us:{number}" not in {one.key for one in known_desk.told_us(ours)}
    assert known.outcome_of(reference)["answer"] == "More buses run now."
    with pytest.raises(Refused, match="answered already"):
        known.answer_note(actors["city"], number, "set_aside", "Again.")


def test_of_two_who_answer_at_once_one_is_told_that_it_was_answered(actors: dict[str, Actor]) -> None:
    reference, _ = known.tell_us(known.About(NEIGHBOURHOOD), "The depot is crowded.", "resident", None)
    number = known.notes(actors["city"])[0]["id"]
    ready, said = threading.Barrier(2), []

    def answer(who: str) -> None:
        ready.wait()
        try:
            known.answer_note(actors[who], number, "acted_on", f"Answered by the {who}.")
            said.append(who)
        except Refused as refused:
            said.append(str(refused))
        finally:
            connections.close_all()

    both = [threading.Thread(target=answer, args=[who]) for who in ("city", "nation")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    (first,) = [each for each in said if each in ("city", "nation")]
    assert sum("answered already" in each for each in said) == 1
    assert known.outcome_of(reference)["answer"] == f"Answered by the {first}."


def test_hypotheses_have_evidence_on_both_sides_and_are_read_alike(actors: dict[str, Actor], note: int) -> None:
    number = known.suppose(actors["city"], NEIGHBOURHOOD, "More testing at the mosque finds more.", 1)
    known.add_evidence(actors["city"], number, "for", "A unit opened that week.", note=note)
    known.add_evidence(
        actors["nation"], number, "against", "Positivity rose.", figure=f"/places/{CITY}/why?as_of=2020-06-20T00:00:00Z"
    )
    (ours,), (theirs,) = (known.hypotheses(actors[who], signal=1) for who in ("city", "nation"))
    assert ours == theirs
    assert [(each["side"], each["note"]) for each in ours["evidence"]] == [
        ("for", "A testing unit opened."),
        ("against", None),
    ]
    assert known.hypotheses(actors["district"]) == known.hypotheses(actors["community"]) == []
    with pytest.raises(NotAllowed):
        known.add_evidence(actors["district"], number, "for", "Not ours.")
    with pytest.raises(NotAllowed):
        known.suppose(actors["mayor"], CITY, "No permission.")
    with pytest.raises(Refused, match="no page of this site"):
        known.add_evidence(actors["city"], number, "for", "Look.", figure="//elsewhere.example")


def test_judgements_of_both_tiers_stay_in_the_history(actors: dict[str, Actor]) -> None:
    known.judge(actors["city"], 1, "confirm", "The wards say so too.")
    known.judge(actors["nation"], 1, "dispute", "It is more testing.")
    known.judge(actors["city"], 1, "merge", "The same outbreak.", 3)
    ours = known.judgements(actors["city"], 1)
    assert ours == known.judgements(actors["nation"], 1) == known.judgements(actors["mayor"], 1)
    assert [row["verdict"] for row in ours] == ["confirm", "dispute", "merge"]
    assert known.judgements(actors["district"], 1) == []
    told = db.rows(
        "backup",
        "select t.office_id from desk.told t join desk.notice n on n.id = t.notice_id where n.kind = 'surveillance.judgement'",
    )
    assert {row["office_id"] for row in told} == {actors[who].office_id for who in ("city", "nation", "district")}


def test_nobody_judges_what_they_do_not_see_or_may_not(actors: dict[str, Actor]) -> None:
    for who, words in (("district", "does not answer"), ("mayor", "does not judge")):
        with pytest.raises(NotAllowed, match=words):
            known.judge(actors[who], 1, "confirm", "No.")
    with pytest.raises(Refused, match="no signal 2"):
        known.judge(actors["city"], 1, "merge", "A foreign one.", 2)
    with pytest.raises(Refused, match="Name the other signal"):
        known.judge(actors["city"], 1, "merge", "Which?")
    with pytest.raises(NotAllowed):
        known.judge(actors["city"], 99, "confirm", "There is none.")


def test_a_judgement_is_taken_back_within_ten_minutes_by_its_author_and_stays_in_sight(
    actors: dict[str, Actor],
) -> None:
    number = known.judge(actors["city"], 3, "explain", "A wedding.")
    with pytest.raises(NotAllowed):
        known.take_back(actors["nation"], number)
    assert known.take_back(actors["city"], number) == 3
    with pytest.raises(Refused, match="taken back already"):
        known.take_back(actors["city"], number)
    (row,) = [each for each in known.judgements(actors["nation"], 3) if each["id"] == number]
    assert row["recalled_at"] is not None


def test_after_ten_minutes_a_judgement_stays(actors: dict[str, Actor]) -> None:
    number = known.judge(actors["city"], 3, "confirm", "Yes.")
    with pytest.raises(Error, match="more than 0 minutes ago"), db.recorded("app") as write:
        write.cursor.execute(
            "select surveillance.take_back_judgement(%s, %s, %s, 0)",
            [actors["city"].office_id, actors["city"].person_id, number],
        )
