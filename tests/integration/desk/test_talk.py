"""Talk, recall, missed clocks and digests: seen by both tiers alike, taken back in time, asked for and shown."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from tests.conftest import point_django_at, remove_space
from tests.integration.access.build import act, authorities, browser, entries

from commonweal.apps.desk import announcing, digest, duty, handover, missed, talk, telling, waiting
from commonweal.apps.desk.waiting import Who
from commonweal.core.errors import NotAllowed, Refused
from commonweal.server import spaces
from commonweal.site import installation
from commonweal.web import db, times

from . import build
from .build import ANALYST, DIRECTOR, LEADER, MINISTER, PLACE, actor, receipts, tell

SMALL, OTHER = "director-of-public-health-e06000017", "E06000017"


@pytest.fixture(scope="module", autouse=True)
def world(template: str) -> Iterator[None]:
    """An exercise, so that its clock can be moved; two authorities and the nation."""
    name = f"t_{secrets.token_hex(5)}"
    spaces.create_database(name, template=template)
    point_django_at(name)
    installation.describe(name, "exercise", datetime(2026, 6, 1, 12, tzinfo=UTC))
    build.leicester()
    authorities(**{OTHER: "Rutland"})
    build.person("analyst", ANALYST)
    build.person("small", SMALL)
    with build.named_space(name):
        yield
    remove_space(name)


def visitor(name: str, office: str) -> Client:
    client = browser(f"{name}@desk.example")
    act(client, office, "outbreak_control")
    return client


def said(name: str, office: str) -> list[str]:
    return [row["words"] for row in talk.seen(actor(name, office))]


def test_what_is_said_about_a_place_is_seen_by_every_office_of_it_and_by_no_other() -> None:
    minister = actor("national-decision-maker", MINISTER)
    talk.say(minister, talk.Said("/my-area#curve", [PLACE], "Is this the new test site?"))
    for name, office in (
        ("national-decision-maker", MINISTER),
        ("director-of-public-health", DIRECTOR),
        ("leader", LEADER),
        ("analyst", ANALYST),
    ):
        assert "Is this the new test site?" in said(name, office)
    assert said("small", SMALL) == []
    assert talk.seen(actor("leader", LEADER).__class__(actor("small", SMALL).person_id, LEADER, "")) == [], (
        "another's office gives nothing"
    )


def test_the_centre_cannot_say_anything_about_an_area_that_the_area_does_not_see() -> None:
    minister = actor("national-decision-maker", MINISTER)
    with pytest.raises(Refused, match="Director of Public Health, Rutland does not answer for this place"):
        talk.say(minister, talk.Said("/my-area", [PLACE], "Between us", mentions=[SMALL]))
    number = talk.say(minister, talk.Said("/my-area", [PLACE], "About you", mentions=["national-analyst-e92000001"]))
    assert "About you" in said("director-of-public-health", DIRECTOR)
    with pytest.raises(NotAllowed, match="does not answer for"):
        talk.say(actor("small", SMALL), talk.Said("/my-area", [PLACE], "I look over the fence"))
    with pytest.raises(NotAllowed, match="does not answer for"):
        talk.say(actor("small", SMALL), talk.Said("/my-area", (), "I answer over the fence", reply_to=number))
    with pytest.raises(Exception, match="permission denied"):
        db.rows("app", "select * from desk.talk")


def test_a_question_has_an_owner_and_a_clock_until_an_office_of_theirs_answers() -> None:
    minister, leader = actor("national-decision-maker", MINISTER), actor("leader", LEADER)
    due = build.now() + timedelta(hours=3)
    number = talk.say(
        minister, talk.Said("/my-area", [PLACE], "How many schools are open?", owner=DIRECTOR, due_at=due)
    )
    who, director = Who((DIRECTOR,), None, build.now()), actor("director-of-public-health", DIRECTOR)
    assert f"desk.talk:{number}" not in {each.key for each in waiting.for_offices(who)}, "first as a notice"
    (told,) = [each for each in waiting.for_offices(who) if each.subject == "A question waits for your answer"]
    assert (told.due_at, told.severity) == (due, 2)
    telling.acknowledge(director, UUID(str(told.notice)), DIRECTOR)
    (one,) = [each for each in waiting.for_offices(who) if each.key == f"desk.talk:{number}"]
    assert (one.subject, one.due_at) == ("Answer: How many schools are open?", due)
    owed = waiting.against_others(Who((MINISTER,), minister.person_id, build.now()))
    assert [(each.subject, each.owner) for each in owed if each.key == one.key] == [
        ("How many schools are open?", "Director of Public Health, Leicester")
    ]
    talk.say(minister, talk.Said("/my-area", (), "I mean secondary schools", reply_to=number))
    assert one.key in {each.key for each in waiting.for_offices(who)}, "the asker's own words are no answer"
    answer = talk.say(leader, talk.Said("/my-area", (), "All twelve", reply_to=number))
    assert one.key not in {each.key for each in waiting.for_offices(who)}
    talk.take_back(leader, answer)
    assert one.key in {each.key for each in waiting.for_offices(who)}
    talk.say(leader, talk.Said("/my-area", (), "All twelve of them", reply_to=number))
    with pytest.raises(Refused, match="has passed already"):
        talk.say(minister, talk.Said("/my-area", [PLACE], "x", owner=DIRECTOR, due_at=build.now() - timedelta(hours=1)))
    with pytest.raises(Refused, match="an owner and a time"):
        talk.say(minister, talk.Said("/my-area", [PLACE], "x", owner=DIRECTOR))


def test_an_owner_who_answers_has_acknowledged_the_question() -> None:
    minister, director = actor("national-decision-maker", MINISTER), actor("director-of-public-health", DIRECTOR)
    due = build.now() + timedelta(hours=3)
    number = talk.say(minister, talk.Said("/my-area", [PLACE], "Which wards?", owner=DIRECTOR, due_at=due))
    talk.say(director, talk.Said("/my-area", (), "Two of them", reply_to=number))
    who = Who((DIRECTOR,), None, build.now())
    subjects = {each.subject for each in waiting.for_offices(who)}
    assert not subjects & {"Answer: Which wards?", "A question waits for your answer"}


def test_an_office_that_is_named_is_told() -> None:
    talk.say(actor("analyst", ANALYST), talk.Said("/my-area", [PLACE], "Have a look", mentions=[LEADER]))
    rows = db.rows(
        "backup",
        "select t.office_id from desk.notice n join desk.told t on t.notice_id = n.id where n.kind = 'desk.talk'",
    )
    assert LEADER in {row["office_id"] for row in rows}


def test_a_notice_written_by_hand_reaches_those_chosen_and_its_words_every_office_of_the_place() -> None:
    visit = visitor("director-of-public-health", DIRECTOR)
    page = visit.get("/told/new").content.decode()
    assert f"About {PLACE}" in page, "a place without a name is called by its code"
    assert "National decision maker" in page
    assert "Rutland" not in page
    given = {"place": PLACE, "subject": "Market closed", "words": "The market is closed on Saturday.", "severity": "1"}
    wrong = visit.post("/told/new", {**given, "offices": [LEADER], "hours": ""}).content.decode()
    assert "Say within how many hours" in wrong
    assert "The market is closed on Saturday." in wrong, "what was typed stays"
    sent = visit.post("/told/new", {**given, "offices": [LEADER, MINISTER], "hours": "2"})
    assert sent.status_code == 302
    notice = UUID(sent["Location"].split("/")[2])
    assert {
        row["office_id"] for row in db.rows("backup", "select office_id from desk.told where notice_id = %s", [notice])
    } == {LEADER, MINISTER}
    assert "Market closed: The market is closed on Saturday." in said("analyst", ANALYST), "also whoever was not told"
    assert "Recall" in visit.get(sent["Location"]).content.decode()
    assert "about Talk" not in said("analyst", ANALYST), "what was said about no page says nothing of one"
    analyst = visitor("analyst", ANALYST)
    assert analyst.get("/told/new").status_code == 403, "nobody fills in a form that is refused at its end"
    assert "/told/new" not in analyst.get("/talk").content.decode()
    with pytest.raises(NotAllowed, match="tell_offices"):
        announcing.announce(actor("analyst", ANALYST), [PLACE], "x", "y", [LEADER], 3, None)
    with pytest.raises(Refused, match="must be told to an office of that place"):
        announcing.announce(actor("national-decision-maker", MINISTER), [PLACE], "x", "y", [MINISTER], 3, None)
    with pytest.raises(NotAllowed, match="does not answer for"):
        announcing.announce(actor("small", SMALL), [PLACE], "x", "y", [LEADER], 3, None)
    assert "About which place" in visitor("national-decision-maker", MINISTER).get("/told/new").content.decode()


def test_words_are_taken_back_within_ten_minutes_and_corrected_after_that() -> None:
    analyst, leader = actor("analyst", ANALYST), actor("leader", LEADER)
    first = talk.say(analyst, talk.Said("/my-area", [PLACE], "A slip of the pen"))
    with pytest.raises(NotAllowed, match="Only its author"):
        talk.take_back(leader, first)
    talk.take_back(analyst, first)
    assert "A slip of the pen" not in said("leader", LEADER)
    second = talk.say(analyst, talk.Said("/my-area", [PLACE], "Twelve pupils"))
    build.move_to(build.now() + timedelta(minutes=11))
    with pytest.raises(Refused, match="more than 10 minutes ago. Correct it instead"):
        talk.take_back(analyst, second)
    with pytest.raises(NotAllowed):
        talk.say(leader, talk.Said("/my-area", (), "Thirteen", corrects=second))
    talk.say(analyst, talk.Said("/my-area", (), "Thirteen pupils", corrects=second))
    page = visitor("leader", LEADER).get("/talk").content.decode()
    assert "Twelve pupils" in page
    assert "Thirteen pupils" in page
    assert "Corrected today" in page


def test_a_notice_is_recalled_for_offices_that_have_not_opened_it() -> None:
    minister, leader = actor("national-decision-maker", MINISTER), actor("leader", LEADER)
    with db.recorded("app") as write:
        notice = telling.tell(
            write,
            [DIRECTOR, LEADER],
            "Sent too early",
            "/",
            2,
            build.now() + timedelta(hours=2),
            kind="test.event",
            by=minister,
        )
    telling.open_notice(leader, notice, LEADER)
    with pytest.raises(NotAllowed, match="Only the office that told"):
        talk.recall_notice(leader, notice)
    assert talk.recall_notice(minister, notice) == (1, 1)
    assert [row["office_id"] for row in receipts(notice, "recalled")] == [DIRECTOR]
    with pytest.raises(NotAllowed, match="was recalled"):
        telling.open_notice(actor("director-of-public-health", DIRECTOR), notice, DIRECTOR)
    build.work()
    assert [row["office_id"] for row in receipts(notice, "sent")] == [LEADER], "what had not left for the other stays"
    assert entries("desk.recalled")[-1]["body"] == {"opened": 1, "recalled": 1}
    page = visitor("director-of-public-health", DIRECTOR).get(f"/told/{notice}/{DIRECTOR}").content.decode()
    assert "This notice was recalled by the office that sent it." in page
    with db.recorded("app") as write:
        late = telling.tell(write, [DIRECTOR], "Old", "/", 3, kind="test.event", by=minister)
    build.move_to(build.now() + timedelta(minutes=11))
    with pytest.raises(Refused, match="more than 10 minutes ago. Tell a correction"):
        talk.recall_notice(minister, late)


def test_a_missed_clock_asks_for_its_reason_and_shows_it_or_that_none_came() -> None:
    leader = actor("leader", LEADER)
    notice = tell(LEADER, subject="Confirm the rota", severity=2, within=60)
    assert missed.look() == 0
    build.move_to(build.now() + timedelta(minutes=61))
    assert missed.look() >= 1
    assert missed.look() == 0, "once each"
    (row,) = [row for row in missed.seen(leader) if row["subject"] == "Confirm the rota"]
    two_days = row["reason_due_at"] - build.now()
    assert timedelta(days=2) - timedelta(minutes=5) < two_days < timedelta(days=2)
    wanted = [
        one for one in waiting.for_offices(Who((LEADER,), None, build.now())) if one.key == f"desk.missed:{row['id']}"
    ]
    assert [one.subject for one in wanted] == ["Say why this was late: Confirm the rota"]
    national = visitor("national-decision-maker", MINISTER).get("/missed").content.decode()
    assert "Mayor or leader, Leicester: Confirm the rota</h2>" in national, "each clock's heading says whose it is"
    assert "See what it was about" not in national, "the page of the notice is its office's"
    assert (
        f'href="/told/{notice}/{LEADER}">See what it was about'
        in visitor("leader", LEADER).get("/missed").content.decode()
    )
    assert "The reason is due by " in national
    assert "Confirm the rota" not in visitor("small", SMALL).get("/missed").content.decode()
    with pytest.raises(NotAllowed, match="Only an office of the organisation"):
        missed.give_reason(actor("national-decision-maker", MINISTER), row["id"], "They were busy")
    build.move_to(build.now() + timedelta(days=4))
    assert "No reason came by " in visitor("national-decision-maker", MINISTER).get("/missed").content.decode()
    client = visitor("leader", LEADER)
    long = "w" * 2001
    refused = client.post(f"/missed/{row['id']}/reason", {"reason": long})
    assert refused.status_code == 400
    assert f">{long}</textarea>" in refused.content.decode()
    client.post(f"/missed/{row['id']}/reason", {"reason": "The office was being moved."})
    assert "The office was being moved." in visitor("national-decision-maker", MINISTER).get("/missed").content.decode()
    with pytest.raises(Refused, match="given already"):
        missed.give_reason(leader, row["id"], "Another")
    telling.acknowledge(leader, notice, LEADER)


def test_what_was_done_a_minute_late_is_late_although_nobody_looked_meanwhile() -> None:
    minister, leader = actor("national-decision-maker", MINISTER), actor("leader", LEADER)
    director = actor("director-of-public-health", DIRECTOR)
    due = build.now() + timedelta(hours=5)
    notices = [tell(LEADER, subject=f"Sheet {n}", severity=2, within=300) for n in range(2)]
    asked = [
        talk.say(minister, talk.Said("/my-area", [PLACE], f"How many {n}?", owner=LEADER, due_at=due)) for n in range(2)
    ]
    note = handover.begin(director, DIRECTOR)
    tell(DIRECTOR, subject="To be handed over", severity=2, within=3000)
    handover.give(director, note)
    deputy = build.person("minute-deputy", DIRECTOR, deputy=True)
    telling.acknowledge(leader, notices[0], LEADER)
    talk.say(leader, talk.Said("/my-area", (), "Three", reply_to=asked[0]))
    (told,) = [one for one in waiting.for_offices(Who((LEADER,), None, build.now())) if "“How many 1?”" in one.lines]
    telling.acknowledge(leader, UUID(str(told.notice)), LEADER)
    build.move_to(due + timedelta(minutes=1))
    telling.acknowledge(leader, notices[1], LEADER)
    talk.say(leader, talk.Said("/my-area", (), "Four", reply_to=asked[1]))
    handover.take(deputy, note, [item.key for item in handover.find(note).left])
    assert missed.look() >= 3
    assert missed.look() == 0
    found = Counter(row["subject"] for row in missed.seen(leader))
    late = ("Sheet 1", "Answer: How many 1?", "Take over from Director Of Public Health")
    assert [found[subject] for subject in late] == [1, 1, 1]
    assert not {"Sheet 0", "Answer: How many 0?"} & set(found)


def test_a_digest_is_written_at_seven_and_five_once_and_without_numbers_outside() -> None:
    seven = (times.local(build.now()) + timedelta(days=1)).replace(hour=7, minute=0, second=0, microsecond=0)
    build.move_to(seven - timedelta(hours=1))
    for number in range(15):
        tell(ANALYST, subject=f"Ninety-{number} people", severity=2, within=600)
    build.work()
    assert digest.write() == 0, "six o'clock is no hour of digests"
    build.move_to(seven + timedelta(minutes=1))
    before = len(build.outgoing())
    assert digest.write() > 0
    assert digest.write() == 0
    build.work()
    letters = [letter for letter in build.outgoing()[before:] if letter["address"] == "analyst@desk.example"]
    assert letters
    assert all("Ninety" not in str(letter) for letter in letters)
    lines = digest.lines(ANALYST, build.now())
    assert len(lines) == digest.LINES
    assert lines[-1][1] == "/today"
    client = visitor("analyst", ANALYST)
    page = client.get(f"/digest/{ANALYST}").content.decode()
    assert page.count("<li>") >= digest.LINES
    assert "Ninety-" in page
    assert client.get(f"/digest/{LEADER}").status_code == 404
    notice = tell(LEADER, subject="Read the plan", severity=2, within=600)
    leader = actor("leader", LEADER)
    telling.acknowledge(leader, notice, LEADER)
    about = [text for text, link in digest.lines(LEADER, build.now()) if str(notice) in link]
    assert about == ["Read the plan (acknowledged by Leader)"], "one thing is one line"
    evening = seven.replace(hour=19, minute=59)
    assert digest.slot(evening) == seven.replace(hour=17, minute=0)
    assert digest.slot(seven.replace(hour=20, minute=1)) is None


@pytest.mark.parametrize("day", ["2026-10-24", "2026-10-25", "2026-10-26", "2027-03-27", "2027-03-28", "2027-03-29"])
def test_digests_are_at_seven_and_five_by_the_clock_on_the_wall_when_the_clocks_change(day: str) -> None:
    for hour in digest.configuration.digest_hours():
        due = datetime.combine(datetime.fromisoformat(day), hour, times.LONDON)
        assert digest.slot(due.astimezone(UTC)) == due
        assert digest.slot(due.astimezone(UTC) - timedelta(minutes=1)) is None
        assert digest.slot(due.astimezone(UTC) + timedelta(minutes=179)) == due


def test_a_digest_that_was_told_and_not_sent_is_sent_when_the_worker_runs_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    five = (times.local(build.now()) + timedelta(days=1)).replace(hour=17, minute=0, second=0, microsecond=0)
    build.move_to(five + timedelta(hours=1))
    build.work()

    def dies(notice: UUID, office: str) -> None:
        raise RuntimeError("killed between telling and sending")

    with monkeypatch.context() as patch:
        patch.setattr(digest, "mail", dies)
        with pytest.raises(RuntimeError, match="killed"):
            digest.write()
    before = len(build.outgoing())
    digest.write()
    build.work()
    came = Counter(letter["address"] for letter in build.outgoing()[before:])
    assert came["analyst@desk.example"] == 1
    assert set(came.values()) == {1}
    digest.write()
    build.work()
    assert len(build.outgoing()) == before + sum(came.values()), "once"


def test_while_a_holder_is_away_the_deputies_get_the_digest() -> None:
    analyst, deputy = actor("analyst", ANALYST), build.person("analyst-deputy", ANALYST, deputy=True)
    duty.enter_absence(analyst, analyst.person_id, build.now(), build.now() + timedelta(days=3))
    seven = (times.local(build.now()) + timedelta(days=1)).replace(hour=7, minute=1, second=0, microsecond=0)
    build.move_to(seven)
    build.work()
    before = len(build.outgoing())
    digest.write()
    build.work()
    came = {letter["address"] for letter in build.outgoing()[before:]}
    assert "analyst-deputy@desk.example" in came
    assert "analyst@desk.example" not in came
    build.move_to(seven + timedelta(days=5))
    assert deputy.office_id == ANALYST


def test_recalling_a_notice_that_nobody_opened_takes_its_words_along() -> None:
    minister, due = actor("national-decision-maker", MINISTER), build.now() + timedelta(hours=4)
    first = announcing.announce(minister, [PLACE], "A mistake", "The wrong town.", [DIRECTOR], 2, due)
    assert talk.recall_notice(minister, first) == (1, 0)
    assert not [words for words in said("leader", LEADER) if "The wrong town." in words]
    second = announcing.announce(minister, [PLACE], "Another", "Opened by now.", [DIRECTOR, LEADER], 2, due)
    telling.open_notice(actor("leader", LEADER), second, LEADER)
    assert talk.recall_notice(minister, second) == (1, 1)
    assert [words for words in said("leader", LEADER) if "Opened by now." in words], "somebody has read it: it stands"


def test_an_office_named_with_an_at_is_told_also_in_an_answer() -> None:
    number = talk.say(
        actor("analyst", ANALYST), talk.Said("/my-area", [PLACE], "@mayor or leader, have a look at this")
    )
    talk.say(actor("leader", LEADER), talk.Said("/my-area", (), "@Director of Public Health please", reply_to=number))
    told = {
        row["link"]: row["office_id"]
        for row in db.rows(
            "backup",
            "select n.link, t.office_id from desk.notice n join desk.told t on t.notice_id = n.id"
            " where n.kind = 'desk.talk' order by n.told_at desc, n.id limit 2",
        )
    }
    assert told[f"/talk/{number}"] == LEADER
    assert set(told.values()) == {LEADER, DIRECTOR}
    with pytest.raises(Refused, match="“@the bishop” names no office of this place"):
        talk.say(actor("analyst", ANALYST), talk.Said("/my-area", [PLACE], "@the bishop"))


def test_an_old_conversation_is_whole_however_much_was_said_since_and_shows_corrections_of_answers() -> None:
    analyst, leader = actor("analyst", ANALYST), actor("leader", LEADER)
    first = talk.say(analyst, talk.Said("/my-area", [PLACE], "The very first words"))
    answer = talk.say(leader, talk.Said("/my-area", (), "Twelve", reply_to=first))
    for number in range(talk.SHOWN + 5):
        talk.say(analyst, talk.Said("/my-area", [PLACE], f"Word {number}"))
    talk.say(leader, talk.Said("/my-area", (), "Thirteen it was", corrects=answer))
    assert "The very first words" not in said("leader", LEADER)
    page = visitor("director-of-public-health", DIRECTOR).get(f"/talk/{first}").content.decode()
    assert "The very first words" in page
    assert "Thirteen it was" in page


def test_a_figure_a_row_and_a_page_each_have_their_talk_and_both_tiers_see_where() -> None:
    director, minister = visitor("director-of-public-health", DIRECTOR), visitor("national-decision-maker", MINISTER)
    director.post("/talk", {"words": "About all of it", "pin": "/balance"})
    director.post("/talk", {"words": "About the sheet", "pin": "/balance#sheet"})
    row = director.post("/talk", {"words": "About one row", "pin": "/balance#sheet", "words-of-it": "Laboratory  one"})
    shown = director.get(row.headers["Location"]).content.decode()
    assert 'href="/balance#:~:text=Laboratory%20one"' in shown
    assert "Balance, “Laboratory one”" in shown
    assert "(3 said so far)" in director.get("/balance").content.decode()
    listed = minister.get("/talk?pin=/balance").content.decode()
    for words in ("About all of it", "About the sheet", "About one row"):
        assert words in listed
    assert "Which ward" not in listed


def test_whoever_answers_for_many_places_says_which_one_and_loses_no_word() -> None:
    minister = visitor("national-decision-maker", MINISTER)
    wrong = minister.post("/talk", {"words": "How are you?", "pin": "/today"})
    assert wrong.status_code == 400
    page = wrong.content.decode()
    assert "Choose the place that this is about" in page
    assert "How are you?" in page
    minister.post("/talk", {"words": "How are you?", "pin": "/today", "place": PLACE})
    assert "How are you?" in said("director-of-public-health", DIRECTOR)
    assert "How are you?" not in said("small", SMALL)
    minister.post("/talk", {"words": "How is it there?", "pin": f"/my-area?place={OTHER}"})
    assert "How is it there?" in said("small", SMALL), "an address with a place says which"
    assert "How is it there?" not in said("director-of-public-health", DIRECTOR)
    assert minister.post("/talk", {"words": "x", "pin": "https://elsewhere.example"}).status_code == 400


def test_today_shows_the_words_of_a_question_while_they_stand() -> None:
    minister, due = actor("national-decision-maker", MINISTER), build.now() + timedelta(hours=3)
    number = talk.say(minister, talk.Said("/my-area", [PLACE], "What about the markets?", owner=DIRECTOR, due_at=due))
    client = visitor("director-of-public-health", DIRECTOR)
    assert "“What about the markets?”" in client.get("/today").content.decode()
    who = Who((DIRECTOR,), None, build.now())
    (told,) = [one for one in waiting.for_offices(who) if "“What about the markets?”" in one.lines]
    assert told.notice is not None
    client.get(told.link)
    talk.take_back(minister, number)
    assert told.key not in {one.key for one in waiting.for_offices(who)}, "nobody waits for an answer any more"
    assert "was recalled by the office that sent it" in client.get(told.link).content.decode()
    build.work()
    assert receipts(told.notice, "sent") == [], "and nothing leaves"


def test_the_pages_ask_answer_and_take_back() -> None:
    client, minister = visitor("analyst", ANALYST), visitor("national-decision-maker", MINISTER)
    answer = client.post("/talk", {"words": "Which ward is it?", "owner": LEADER, "hours": "4", "pin": "/my-area#map"})
    address = answer.headers["Location"]
    assert "For Mayor or leader, Leicester, by " in minister.get("/talk").content.decode()
    assert client.post("/talk", {"words": "x", "owner": LEADER, "hours": "soon"}).status_code == 400
    minister.post(address, {"words": "We see it in Belgrave", "do": "answer"})
    page = visitor("leader", LEADER).get(address).content.decode()
    assert "We see it in Belgrave" in page
    assert "<title>Conversation: Which ward is it? –" in page
    long = "z" * 4001
    refused = minister.post(address, {"words": long, "do": "answer"})
    assert refused.status_code == 400
    assert f">{long}</textarea>" in refused.content.decode(), "nobody types it twice"
    assert 'href="#words"' in refused.content.decode()
    assert 'href="/my-area#map"' in page
    assert visitor("small", SMALL).get(address).status_code == 404
    client.post(f"{address}/take-back")
    assert "Which ward is it?" not in minister.get("/talk").content.decode()
