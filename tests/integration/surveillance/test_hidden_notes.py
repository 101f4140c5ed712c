"""Hidden words of a note: every way to read them first, then that each leads to who hid them and why."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from django.db import Error, connections
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import hiding, talk
from commonweal.apps.surveillance import evidence, happened, known, known_desk
from commonweal.apps.surveillance.hiding import NOTE
from commonweal.core.desk import hiding as rules
from commonweal.core.desk import pins
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db, times

from . import test_place as places
from . import test_undo as undo

actors = undo.actors  # an exercise with the nation, the city and the district, and signals of one and of both
CITY, NEIGHBOURHOOD, SIGNAL = undo.CITY, undo.NEIGHBOURHOOD, undo.CITY_ALONE
WORDS, HALL, ANSWER = (
    "zorvika at the corner shop is down with covid",
    "zorvikas corner shop",
    "We went to see zorvika quickly.",
)
FIRST = date(2020, 6, 1)
SECRET = re.compile("zorvika", re.IGNORECASE)
SENTENCE = re.compile(r"^Hidden by .+ on \d{1,2} [A-Z][a-z]+ \d{4}: it names a person's health\.$")
Way = Callable[[str, "Laid"], str]


class Laid:
    """A note of the city and one that somebody told, both quoted in evidence and talk, and instants at which they stood."""

    def __init__(self, actors: dict[str, Actor]) -> None:
        city, nation = actors["city"], actors["nation"]
        self.actors = actors
        self.note = known.write_note(city, known.About(NEIGHBOURHOOD, FIRST, setting=HALL, signal=SIGNAL), WORDS)
        self.reference, _ = known.tell_us(known.About(NEIGHBOURHOOD, setting=HALL), WORDS, "resident", None)
        self.told = known.notes(city)[0]["id"]
        known.answer_note(city, self.told, "acted_on", ANSWER)
        self.cause = known.suppose(nation, CITY, "One street.", SIGNAL)
        for number in (self.note, self.told):
            known.add_evidence(nation, self.cause, "for", "See the note.", note=number)
        self.talks = [
            talk.say(nation, talk.Said(pins.read(page, quoted).address(), (CITY,), "Is this so?"))
            for page, quoted in (
                (f"/known/notes/{self.note}", "zorvika"), (f"/places/{NEIGHBOURHOOD}/known", "zorvika"),
                (f"/signals/{SIGNAL}", f"{WORDS} Leicester"), ("/my-area", "Zorvika at the corner-shop"),
            )
        ]  # fmt: skip
        self.innocent = talk.say(nation, talk.Said(pins.read("/my-area", "is at").address(), (CITY,), "And this?"))
        self.before = db.freeze()
        self.events = {
            kind: undo.events(kind) for kind in ("surveillance.note_hidden", "surveillance.note_shown_again")
        }

    def hide(self) -> None:
        for number in (self.note, self.told):
            assert hiding.hide(self.actors["city"], NOTE, number, "health")


@pytest.fixture(scope="module")
def laid(actors: dict[str, Actor]) -> Laid:
    return Laid(actors)


def page(address: str) -> Way:
    return lambda who, laid: undo.text(
        undo.browser(who), address.format(laid=laid, at=quote(times.link_form(laid.before)))
    )


def sql(statement: str) -> Way:
    def ask(who: str, laid: Laid) -> str:
        actor = laid.actors[who]
        given = {
            "office": actor.office_id,
            "person": actor.person_id,
            "before": laid.before,
            "reference": laid.reference,
        }
        return repr(db.rows("app", statement, given))

    return ask


def pack(who: str, laid: Laid) -> str:
    now, then = (evidence.of_signal(laid.actors[who], SIGNAL, at).evidence.body for at in (db.freeze(), laid.before))
    return now.decode() + then.decode()


def marks(who: str, laid: Laid) -> str:
    """The numbered marks of curves, on the page of a place and on a signal's, now and before."""
    moments, asked = (db.freeze(), laid.before), (([NEIGHBOURHOOD], None), (None, SIGNAL))
    actor = laid.actors[who]
    return repr([happened.notes(actor, where, {}, at, signal=number) for at in moments for where, number in asked])


NOTES = "select * from surveillance.notes_seen(%(office)s, %(person)s, null, null, 1000, {}) limit 1000"
CAUSES = "select * from surveillance.hypotheses_seen(%(office)s, %(person)s, null, null, {})"
WAYS: dict[str, Way] = {
    "page of the note": page("/known/notes/{laid.note}"),
    "page of what was told": page("/known/notes/{laid.told}"),
    "page of the place": page(f"/places/{NEIGHBOURHOOD}/known"),
    "page of the judgements": page(f"/signals/{SIGNAL}/judgements"),
    "page of the signal": page(f"/signals/{SIGNAL}"),
    "page of the signal at an instant before": page(f"/signals/{SIGNAL}?as_of={{at}}"),
    "interface: notes": page("/api/v1/notes"),
    "interface: notes before": page("/api/v1/notes?as_of={at}"),
    "interface: hypotheses": page("/api/v1/hypotheses"),
    "interface: history": page(f"/api/v1/signals/{SIGNAL}/history"),
    "interface: history before": page(f"/api/v1/signals/{SIGNAL}/history?as_of={{at}}"),
    "evidence pack, now and before": pack,
    "marks on curves, now and before": marks,
    "database: notes": sql(NOTES.format("null")),
    "database: notes before": sql(NOTES.format("%(before)s")),
    "database: hypotheses": sql(CAUSES.format("null")),
    "database: hypotheses before": sql(CAUSES.format("%(before)s")),
    "database: by reference": sql("select * from surveillance.outcome_of(%(reference)s)"),
    "database: talk": sql("select pin from desk.talk_seen(%(office)s, %(person)s, null, null, null, 1000)"),
    "database: talk counted": sql(
        f"select pin from desk.talk_counts(%(office)s, %(person)s, '/places/{NEIGHBOURHOOD}/known', null)"
    ),
    "page of talk": page("/talk"),
    "search": page("/search?q=corner"),
}
NEVER = {"search", "interface: hypotheses"}  # nor before: notes are not looked for, and evidence names them by number


def test_every_way_leads_to_the_words_before_and_to_none_after(laid: Laid) -> None:
    tiers = ("city", "nation")
    found = {(way, who) for way, ask in WAYS.items() for who in tiers if SECRET.search(_read(ask(who, laid)))}
    assert found == {(way, who) for way in WAYS if way not in NEVER for who in tiers}, (
        "an attack that finds nothing proves nothing"
    )
    count = [len(known.notes(laid.actors[who])) for who in tiers]
    laid.hide()
    left = {(way, who) for way, ask in WAYS.items() for who in tiers if SECRET.search(_read(ask(who, laid)))}
    assert left == set()
    assert [len(known.notes(laid.actors[who])) for who in tiers] == count, "nothing vanishes"


def _read(answer: str) -> str:
    """An answer with quotations as people read them."""
    return pins.ESCAPED.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(), answer)


def test_both_tiers_read_who_hid_the_words_when_and_why_and_no_name_of_a_setting(laid: Laid) -> None:
    for number in (laid.note, laid.told):
        ours, theirs = (known.note(laid.actors[who], number) for who in ("city", "nation"))
        assert ours == theirs == known.note(laid.actors["city"], number)
        assert SENTENCE.match(ours["words"]), ours["words"]
        assert (ours["setting_name"], ours["hidden_reason"]) == (None, "health")
        then = next(row for row in known.notes(laid.actors["nation"], as_of=laid.before) if row["id"] == number)
        assert then["words"] == ours["words"], "privacy goes before history"
    (cause,) = [each for each in known.hypotheses(laid.actors["nation"]) if each["id"] == laid.cause]
    assert all(SENTENCE.match(each["note"]) for each in cause["evidence"])
    assert known.note(laid.actors["nation"], laid.told)["outcome"] == "acted_on"


def test_whoever_told_us_reads_that_it_was_hidden_and_why_and_that_it_can_be_told_again(laid: Laid) -> None:
    shown = undo.text(Client(SERVER_NAME="localhost"), f"/tell-us/{laid.reference}").replace("&#39;", "'")
    assert "Your words are no longer shown to anybody. Hidden by " in shown
    assert "it names a person's health." in shown
    assert "tell it again without the person" in shown
    assert "Something was done about it." in shown
    assert not SECRET.search(shown)
    known.tell_us(known.About(NEIGHBOURHOOD), "A shop has people who are ill.", "resident", None)


def test_the_register_has_the_reason_and_none_of_the_words(laid: Laid) -> None:
    new = undo.events("surveillance.note_hidden")[len(laid.events["surveillance.note_hidden"]) :]
    assert new == [str(laid.note), str(laid.told)]
    entries = db.rows("backup", "select * from ledger.entry where kind = 'surveillance.note_hidden'")
    assert "health" in repr(entries)
    assert not SECRET.search(repr(entries))


def test_a_quotation_of_something_else_stays_and_the_conversations_too(laid: Laid) -> None:
    rows = {row["id"]: row for row in talk.seen(laid.actors["nation"])}
    assert {*laid.talks, laid.innocent} <= set(rows)
    assert pins.read(rows[laid.innocent]["pin"]).words == "is at"
    assert all("#" not in rows[number]["pin"] for number in laid.talks)


def test_twice_is_once_also_at_the_same_moment(actors: dict[str, Actor]) -> None:
    note = known.write_note(actors["city"], known.About(NEIGHBOURHOOD), "Twice.")
    ready, found = threading.Barrier(3), []

    def hide(reason: str) -> None:
        ready.wait()
        try:
            found.append(hiding.hide(actors["city"], NOTE, note, reason))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hide, args=[reason]) for reason in ("person", "abuse", "health")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [False, False, True]
    assert not hiding.hide(actors["city"], NOTE, note, "health")
    assert db.value("backup", "select count(*) from desk.hidden where text = %s", [NOTE.key(note)]) == 1
    assert undo.events("surveillance.note_hidden").count(str(note)) == 1


def test_who_may_not_hide_is_refused_and_the_words_stay(actors: dict[str, Actor]) -> None:
    actions.invite("team@region.example", "Team", ["regional-health-protection-e12000004"])
    region = places.actor("team@region.example", "regional-health-protection-e12000004")
    ours = known.write_note(actors["city"], known.About(NEIGHBOURHOOD), "Ours.", "seats")
    theirs, also = (known.write_note(region, known.About(NEIGHBOURHOOD), f"Of the region {n}.") for n in (1, 2))
    wrong_seat = Actor(actors["nation"].person_id, actors["city"].office_id, "outbreak_control")
    for who in (region, actors["nation"], actors["district"], wrong_seat):
        assert not hiding.may_hide(who, NOTE, ours)
        with pytest.raises(NotAllowed, match="Only the office that wrote them"):
            hiding.hide(who, NOTE, ours, "person")
    with pytest.raises(NotAllowed):
        hiding.hide(actors["city"], NOTE, 10**9, "person")
    by_form, sent = f"/known/notes/{ours}/hide", {"reason": "person", "sure": "yes"}
    stranger = Client(SERVER_NAME="localhost").post(by_form, sent)
    assert stranger.status_code == 302, "to signing in"
    assert f"next={by_form}" in stranger.headers["Location"]
    assert undo.browser("district").post(by_form, sent).status_code == 403
    assert known.note(actors["city"], ours)["words"] == "Ours."
    assert hiding.hide(region, NOTE, theirs, "person"), "its author"
    assert hiding.hide(actors["city"], NOTE, also, "person"), "the authority of the place"
    assert region.office_id in undo.told(f"The words of note {also} were hidden")


@pytest.mark.parametrize("table", ["desk.hidden", "desk.unhidden", "desk.cut_pin"])
def test_cheat_nobody_reads_or_writes_the_tables_by_hand(actors: dict[str, Actor], table: str) -> None:
    for alias in ("app", "ingest", "engine", "web"):
        for statement in (f"delete from {table} returning 1", f"select * from {table}"):
            with pytest.raises(Error, match="permission denied"):
                db.rows(alias, statement)


def test_cheat_the_database_knows_the_reasons_by_itself(actors: dict[str, Actor]) -> None:
    city = actors["city"]
    note = known.write_note(city, known.About(NEIGHBOURHOOD), "Stays.")
    for reason, words in (("dislike", None), ("other", None), ("health", "And more.")):
        with pytest.raises(Error), db.recorded("app") as write:
            write.cursor.execute(hiding.HIDE, [city.office_id, city.person_id, NOTE.key(note), reason, words])
    assert known.note(city, note)["words"] == "Stays."


@pytest.mark.parametrize(
    ("reason", "words", "said"),
    [
        ("dislike", "", "is no reason to hide words"), ("other", " ", "Say the reason in 1 to 300"),
        ("other", "x" * 301, "Say the reason"), ("other", "John Smith has covid.", "the name of somebody"),
        ("person", "She lives there.", "Words of your own go with another reason"),
    ],
)  # fmt: skip
def test_a_reason_is_one_of_few_and_itself_names_nobody(
    actors: dict[str, Actor], reason: str, words: str, said: str
) -> None:
    note = known.write_note(actors["city"], known.About(NEIGHBOURHOOD), "Reasons.")
    with pytest.raises(Refused, match=said):
        hiding.hide(actors["city"], NOTE, note, reason, words)
    assert known.note(actors["city"], note)["words"] == "Reasons."


def test_every_reason_of_the_form_is_one_of_the_database(actors: dict[str, Actor]) -> None:
    for reason in rules.HIDDEN_FOR:
        note = known.write_note(actors["city"], known.About(NEIGHBOURHOOD), "Each reason.")
        assert hiding.hide(actors["city"], NOTE, note, reason, "It is a joke." if reason == rules.OTHER_REASON else "")
        said = known.note(actors["nation"], note)["words"].rpartition(": ")[2]
        assert said == (
            "It is a joke." if reason == rules.OTHER_REASON else rules.HIDDEN_FOR[reason].replace("It", "it", 1) + "."
        )


def test_it_is_undone_within_ten_minutes_by_who_did_it_and_then_put_right_beside(actors: dict[str, Actor]) -> None:
    city, nation = actors["city"], actors["nation"]
    note = known.write_note(city, known.About(NEIGHBOURHOOD, setting="Annes house"), "anne is ill at home")
    said = talk.say(nation, talk.Said(pins.read(f"/known/notes/{note}", "anne is ill").address(), (CITY,), "Who?"))
    hiding.hide(city, NOTE, note, "person")
    with pytest.raises(NotAllowed, match="Only who hid"):
        hiding.show_again(nation, NOTE, note)
    undo.pass_minutes(9)
    hiding.show_again(city, NOTE, note)
    row = known.note(nation, note)
    assert (row["words"], row["setting_name"], row["hidden_at"]) == ("anne is ill at home", "Annes house", None)
    assert pins.read(talk.seen(nation, None, said)[0]["pin"]).words == "anne is ill"
    assert hiding.hide(city, NOTE, note, "health")
    undo.pass_minutes(10.1)
    with pytest.raises(Refused, match="more than 10 minutes ago"):
        hiding.show_again(city, NOTE, note)
    with pytest.raises(Error, match="more than 10 minutes ago"), db.recorded("app") as write:
        write.cursor.execute(hiding.SHOW, [city.office_id, city.person_id, NOTE.key(note), 1e9])
    new = known.correct_note(city, note, "People fell ill in one street.")
    assert known.note(nation, new)["setting_name"] is None, "a correction does not carry on what was hidden"
    assert "anne" not in repr(known.notes(nation)).lower()
    assert undo.events("surveillance.note_shown_again")[-1] == str(note)


def test_what_is_hidden_still_waits_and_is_answered(actors: dict[str, Actor]) -> None:
    reference, _ = known.tell_us(known.About(NEIGHBOURHOOD), "omar ko hai", "resident", None, language="ur")
    note = known.notes(actors["city"])[0]["id"]
    assert known.note(actors["city"], note)["language"] == "ur"
    hiding.hide(actors["city"], NOTE, note, "person")
    assert known.note(actors["city"], note)["language"] is None, "the sentence that stands there is in English"
    waits = db.rows("app", known_desk.WAITING, [[actors["city"].office_id]])
    assert note in {row["id"] for row in waits}
    known.answer_note(actors["city"], note, "acted_on", "Thank you; we look at it.")
    assert known.outcome_of(reference)["answer"] == "Thank you; we look at it."


def test_the_form_says_what_it_does_and_asks_before(actors: dict[str, Actor]) -> None:
    note = known.write_note(actors["city"], known.About(NEIGHBOURHOOD), "leila is ill")
    address, city = f"/known/notes/{note}", undo.browser("city")
    form = undo.text(city, address)
    assert "Yes, hide the words of note" in form
    assert "for every day in the past" in form
    assert "Hide these words" not in undo.text(undo.browser("nation"), address)
    unsure = city.post(f"{address}/hide", {"reason": "person"})
    assert unsure.status_code == 400
    assert "Tick the box" in unsure.content.decode()
    empty = city.post(f"{address}/hide", {"reason": "other", "words": "", "sure": "yes"})
    assert (empty.status_code, "Say the reason in 1 to 300" in empty.content.decode()) == (400, True)
    assert city.post(f"{address}/hide", {"reason": "person", "sure": "yes"}).status_code == 302
    shown = undo.text(city, address)
    assert "leila" not in shown
    assert "Hide these words" not in shown
    assert "Show the words again (until " in shown
    assert city.post(f"{address}/show-again").status_code == 302
    assert "leila" in undo.text(city, address)


def test_programs_hide_and_show_again(actors: dict[str, Actor]) -> None:
    note = known.write_note(actors["city"], known.About(NEIGHBOURHOOD), "ivan is ill")
    city, nation = undo.browser("city"), undo.browser("nation")

    def post(client: Client, what: str, body: Any) -> Any:
        return client.post(f"/api/v1/notes/{note}/{what}", json.dumps(body), content_type="application/json")

    assert post(nation, "hide", {"reason": "person"}).status_code == 403
    assert post(city, "hide", {"reason": "boredom"}).status_code == 422
    for _ in range(2):
        assert post(city, "hide", {"reason": "person"}).json()["page"] == f"/known/notes/{note}"
    (row,) = [each for each in nation.get("/api/v1/notes").json()["items"] if each["number"] == note]
    assert row["hidden_reason"] == "person"
    assert row["words"].startswith(f"Hidden by {row['hidden_by']} on ")
    assert post(city, "show-again", {}).status_code == 200


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.integers(0, 20))
def test_a_quotation_of_words_is_found_however_it_is_written(actors: dict[str, Actor], words: str, cut: int) -> None:
    """A piece of three whole words or the whole, in other case and with other signs between, as a pin carries it."""
    plain = f"{words} one two three four".replace("\x00", "")
    pin = pins.read("/my-area", " ".join(plain.split()[-4 + cut % 2 :]).upper())
    asked = "select desk.quotes(desk.pin_words(%s), %s, false) as found, desk.pin_words(%s) as words"
    row = db.rows("migrate", asked, [pin.address(), plain, pin.address()])[0]
    assert row["words"] == pin.words
    assert row["found"]


@pytest.mark.parametrize("pin", ["/a#:~:text=%FF%FE", "/a#:~:text=%00", "/a#:~:text=%", "/a", "/a#map", "/a#:~:text="])
def test_a_pin_that_is_no_text_stops_nobody(actors: dict[str, Actor], pin: str) -> None:
    assert db.value("migrate", "select desk.quotes(desk.pin_words(%s), 'one two three', true)", [pin]) is False


def test_an_old_note_has_its_page_and_can_be_hidden(actors: dict[str, Actor]) -> None:
    city = actors["city"]
    note = known.write_note(city, known.About(NEIGHBOURHOOD), "boris is ill")
    with db.recorded("app") as write:
        write.cursor.execute(
            "select count(surveillance.write_note(%s, %s, %s, null, null, null, null, 'Newer.', 'offices'))"
            " from generate_series(1, 101)",
            [city.office_id, city.person_id, NEIGHBOURHOOD],
        )
    assert note not in {row["id"] for row in known.notes(city)}
    browser, address = undo.browser("city"), f"/known/notes/{note}"
    assert "boris" in undo.text(browser, address)
    assert browser.post(f"{address}/hide", {"reason": "health", "sure": "yes"}).status_code == 302
    assert "boris" not in undo.text(browser, address)
