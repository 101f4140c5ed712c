"""Words that repeat what was hidden: in talk, hypotheses, evidence and judgements, by the same rule and the same means."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import handover, hiding, missed, talk, telling
from commonweal.apps.surveillance import known
from commonweal.apps.surveillance.hiding import EVIDENCE, HYPOTHESIS, JUDGEMENT, NOTE
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db, times

from . import test_hidden_notes as hidden
from . import test_undo as undo

actors = undo.actors
CITY, NEIGHBOURHOOD, SIGNAL, DIRECTOR = undo.CITY, undo.NEIGHBOURHOOD, undo.CITY_ALONE, hidden.places.OFFICE
SAID = "Is zorvika at the corner shop still there?"
Way = Callable[[str, "Repeated"], str]


class Repeated:
    """The same person in a question with its correction and answer, a hypothesis, its evidence and two judgements."""

    def __init__(self, actors: dict[str, Actor]) -> None:
        self.actors = actors
        city, nation = actors["city"], actors["nation"]
        due = db.value("app", "select commonweal.now()") + timedelta(hours=1)
        self.question = talk.say(nation, talk.Said("/my-area", (CITY,), SAID, owner=DIRECTOR, due_at=due))
        self.correction = talk.say(
            nation, talk.Said("/my-area", (), "I mean zorvika of Main Row.", corrects=self.question)
        )
        self.answer = talk.say(nation, talk.Said("/my-area", (), "zorvika again.", reply_to=self.question))
        self.cause = known.suppose(nation, CITY, "The shop of zorvika.", SIGNAL)
        self.proof = known.add_evidence(nation, self.cause, "for", "zorvika said so.")
        self.judgement = known.judge(nation, SIGNAL, "dispute", "It is zorvika alone.")
        self.merge = known.judge(nation, SIGNAL, "merge", "Both are zorvika.", undo.ACROSS)
        self.quoting = talk.say(
            nation, talk.Said(hidden.pins.read("/talk", "zorvika again").address(), (CITY,), "Why?")
        )
        self.before = db.freeze()
        (notice,) = db.rows("backup", "select id from desk.notice where link = %s", [f"/talk/{self.question}"])
        telling.open_notice(city, notice["id"], DIRECTOR)
        telling.acknowledge(city, notice["id"], DIRECTOR)
        self.handover = handover.begin(city, DIRECTOR)
        handover.give(city, self.handover)
        undo.pass_minutes(90)
        assert missed.look() >= 1

    def texts(self) -> list[tuple[hiding.Kind, int]]:
        said = [(talk.WORDS, number) for number in (self.question, self.correction, self.answer)]
        judged = [(JUDGEMENT, number) for number in (self.judgement, self.merge)]
        return [*said, (HYPOTHESIS, self.cause), (EVIDENCE, self.proof), *judged]


@pytest.fixture(scope="module")
def repeated(actors: dict[str, Actor]) -> Repeated:
    return Repeated(actors)


def page(address: str) -> Way:
    def ask(who: str, laid: Repeated) -> str:
        return undo.text(undo.browser(who), address.format(laid=laid, at=quote(times.link_form(laid.before))))

    return ask


def sql(statement: str) -> Way:
    def ask(who: str, laid: Repeated) -> str:
        actor = laid.actors[who]
        return repr(
            db.rows("app", statement, {"office": actor.office_id, "person": actor.person_id, "at": laid.before})
        )

    return ask


JUDGED = f"select * from surveillance.judgements_seen(%(office)s, %(person)s, {SIGNAL}, {{}})"
WAYS: dict[str, Way] = {
    "talk": page("/talk"),
    "conversation": page("/talk/{laid.question}"),
    "missed clocks": page("/missed"),
    "judgements": page(f"/signals/{SIGNAL}/judgements"),
    "judgements of the other signal": page(f"/signals/{undo.ACROSS}/judgements"),
    "signal": page(f"/signals/{SIGNAL}"),
    "signal before": page(f"/signals/{SIGNAL}?as_of={{at}}"),
    "interface: hypotheses": page("/api/v1/hypotheses"),
    "interface: hypotheses before": page("/api/v1/hypotheses?as_of={at}"),
    "interface: history": page(f"/api/v1/signals/{SIGNAL}/history"),
    "evidence": lambda who, laid: hidden.pack(who, laid),  # type: ignore[arg-type]
    "database: judgements": sql(JUDGED.format("null")),
    "database: judgements before": sql(JUDGED.format("%(at)s")),
    "database: hypotheses": sql(hidden.CAUSES.format("null")),
    "database: talk": sql("select * from desk.talk_seen(%(office)s, %(person)s, null, null, null, 1000)"),
    "database: questions": sql("select * from desk.talk_waiting(array[%(office)s])"),
    "handover": lambda who, laid: repr(handover.find(laid.handover).items),
}


def test_every_way_leads_to_the_words_before_and_to_none_after(repeated: Repeated) -> None:
    tiers = ("city", "nation")
    before = {way for way, ask in WAYS.items() if all(hidden.SECRET.search(ask(who, repeated)) for who in tiers)}
    assert before == set(WAYS), "an attack that finds nothing proves nothing"
    for kind, number in repeated.texts():
        assert hiding.hide(repeated.actors["city"], kind, number, "person")
    left = {
        (way, who)
        for way, ask in WAYS.items()
        for who in tiers
        if hidden.SECRET.search(hidden._read(ask(who, repeated)))
    }
    assert left == set()
    shown = undo.text(undo.browser("nation"), f"/talk/{repeated.question}")
    assert shown.count("it names a person.") >= 3, "what was said stands there, as hidden"
    for kind, number in repeated.texts():
        assert undo.events(f"{kind.table}_hidden").count(str(number)) == 1
    assert not hidden.SECRET.search(repr(db.rows("backup", "select * from ledger.entry where kind like '%%_hidden'")))


def test_whose_words_they_were_is_told_and_led_to_where_they_stood(repeated: Repeated) -> None:
    nation = repeated.actors["nation"].office_id
    for kind, number in repeated.texts():
        subject = f"The words of {kind.called} {number} were hidden"
        assert nation in undo.told(subject)
        (link,) = {
            row["link"] for row in db.rows("backup", "select link from desk.notice where subject = %s", [subject])
        }
        assert undo.browser("nation").get(link).status_code == 200


@pytest.mark.parametrize("kind", [talk.WORDS, HYPOTHESIS, EVIDENCE, JUDGEMENT, NOTE])
def test_who_may_is_the_same_for_every_text(actors: dict[str, Actor], kind: hiding.Kind) -> None:
    city, nation = actors["city"], actors["nation"]
    number = fresh(city, kind)
    for who in (nation, actors["district"]):
        assert not hiding.may_hide(who, kind, number)
        with pytest.raises(NotAllowed, match="Only the office that wrote them"):
            hiding.hide(who, kind, number, "person")
        with pytest.raises(NotAllowed, match="Only the office that wrote them"):
            hiding.words(who, kind, number)
    assert hiding.hide(city, kind, number, "other", "It is a joke.")
    assert not hiding.hide(city, kind, number, "person"), "the first reason stands"
    assert hiding.words(city, kind, number).words.endswith("It is a joke.")
    if kind is not NOTE:
        mine = fresh(nation, kind)
        assert hiding.hide(nation, kind, mine, "person"), "its author, of whatever tier"
    hiding.show_again(city, kind, number)
    assert not hiding.words(city, kind, number).words.startswith("Hidden")
    hiding.hide(city, kind, number, "abuse")
    undo.pass_minutes(10.1)
    with pytest.raises(Refused, match="more than 10 minutes ago"):
        hiding.show_again(city, kind, number)


def fresh(actor: Actor, kind: hiding.Kind) -> int:
    """Words of an office, of a kind."""
    if kind is NOTE:
        return known.write_note(actor, known.About(NEIGHBOURHOOD), "Words of mine.")
    if kind is talk.WORDS:
        return talk.say(actor, talk.Said("/my-area", (CITY,), "Words of mine."))
    if kind is JUDGEMENT:
        return known.judge(actor, SIGNAL, "confirm", "Words of mine.")
    cause = known.suppose(actor, CITY, "Words of mine.", SIGNAL)
    return cause if kind is HYPOTHESIS else known.add_evidence(actor, cause, "for", "Words of mine.")


def test_what_is_no_text_cannot_be_hidden(actors: dict[str, Actor]) -> None:
    for kind in (HYPOTHESIS, hiding.Kind("x", "surveillance.signal", "signal"), hiding.Kind("x", "no.such", "thing")):
        with pytest.raises(NotAllowed):
            hiding.hide(actors["city"], kind, 10**9, "person")
    browser = undo.browser("city")
    assert browser.get("/hide/person/1").status_code == 404
    assert browser.get(f"/hide/talk/{10**18}").status_code == 404


def test_by_form_and_by_program(actors: dict[str, Actor]) -> None:
    city, nation = undo.browser("city"), undo.browser("nation")
    number, judged = fresh(actors["city"], talk.WORDS), fresh(actors["city"], JUDGEMENT)
    address = f"/hide/talk/{number}"
    assert f'href="{address}"' in undo.text(city, f"/talk/{number}")
    assert f'href="{address}"' not in undo.text(nation, f"/talk/{number}")
    assert f'href="/hide/judgement/{judged}"' in undo.text(city, f"/signals/{SIGNAL}/judgements")
    assert "Words of mine." in undo.text(city, address)
    assert nation.get(address).status_code == 403
    unsure = city.post(address, {"reason": "person"})
    assert (unsure.status_code, "Tick the box" in unsure.content.decode()) == (400, True)
    assert city.post(address, {"reason": "person", "sure": "yes"}).headers["Location"] == f"/talk/{number}"
    assert "Words of mine." not in undo.text(nation, f"/talk/{number}")
    assert city.post(f"{address}/show-again").status_code == 302
    assert "Words of mine." in undo.text(nation, f"/talk/{number}")

    def post(what: str, body: Any) -> Any:
        return city.post(f"/api/v1/judgements/{judged}/{what}", json.dumps(body), content_type="application/json")

    assert post("hide", {"reason": "person"}).json()["page"] == f"/signals/{SIGNAL}/judgements"
    assert post("show-again", {}).status_code == 200
    assert city.post("/api/v1/persons/1/hide", "{}", content_type="application/json").status_code in (404, 422)
