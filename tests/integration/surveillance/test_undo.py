"""Taking back within ten minutes and correcting after that, on a clock that is moved: notes, judgements, merges."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import Error
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.apps.access import actions, agreements, authorities
from commonweal.apps.access.scope import Actor
from commonweal.apps.surveillance import known
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db
from tests.conftest import make_space, remove_space
from tests.integration.access import build
from tests.integration.intake import world

from . import test_place as places
from . import written

CITY, DISTRICT, NEIGHBOURHOOD = "E06000016", "E07000135", "E02002803"
COUNTY = "E10000018"
OFFICES = {
    "nation": ("analyst@nation.example", "national-analyst-e92000001"),
    "city": (places.DIRECTOR, places.OFFICE),
    "district": (places.NEIGHBOUR, places.NEXT_DOOR),
}
CITY_ALONE, ACROSS, NEXT_DOOR, MANY = 1, 3, 2, (11, 12, 13)


@pytest.fixture(scope="module")
def actors(template: str) -> Iterator[dict[str, Actor]]:
    """An exercise, so that its clock can be moved: the nation, the city, the county; signals of one and of both."""
    name = make_space(template, "exercise")
    world.make_places()
    authorities.ensure({CITY: "Leicester", COUNTY: "Leicestershire"}, {"E12000004": "East Midlands"})
    for email, office in (*OFFICES.values(), (places.MINISTER, places.NATION)):
        actions.invite(email, email.partition("@")[0].title(), [office])
    for code, parties in places.OPEN.items():
        for email, office in parties:
            agreements.accept(f"public-health-{code.lower()}-1", places.actor(email, office))
    with db.recorded("engine") as write:
        sweep = written.sweep(write)
        scopes = {CITY_ALONE: [CITY], NEXT_DOOR: [DISTRICT], ACROSS: [CITY, DISTRICT], **{key: [CITY] for key in MANY}}
        for number, scope in scopes.items():
            written.signal(write, number, sweep)
            written.change(write, number, 1, "opened", scope, sweep)
    yield {who: places.actor(email, office) for who, (email, office) in OFFICES.items()}
    remove_space(name)


def pass_minutes(minutes: float) -> None:
    db.rows("migrate", "select commonweal.move_clock(commonweal.now() + make_interval(secs => %s))", [60 * minutes])


def lives(*numbers: int) -> list[object]:
    """Everything that sweeps wrote of some signals."""
    return [
        db.rows(
            "backup", f"select * from surveillance.{table} where {column} = any (%s) order by 1, 2", [list(numbers)]
        )
        for table, column in (("signal", "number"), ("signal_change", "signal"), ("finding", "signal"))
    ]


def events(kind: str) -> list[str]:
    rows = db.rows("backup", "select subject from ledger.entry where kind = %s order by tick_id, id", [kind])
    return [row["subject"] for row in rows]


def told(subject: str) -> set[str]:
    rows = db.rows(
        "backup",
        "select t.office_id from desk.told t join desk.notice n on n.id = t.notice_id where n.subject = %s",
        [subject],
    )
    return {row["office_id"] for row in rows}


def test_a_merge_stands_on_both_signals_and_undone_gives_back_both_as_they_were(actors: dict[str, Actor]) -> None:
    city, nation, district = actors["city"], actors["nation"], actors["district"]
    before = lives(CITY_ALONE, ACROSS)
    number = known.judge(city, CITY_ALONE, "merge", "One works, two signals.", ACROSS)
    assert lives(CITY_ALONE, ACROSS) == before, "a merge changes no signal"
    for actor, here, other in (
        (nation, CITY_ALONE, ACROSS),
        (nation, ACROSS, CITY_ALONE),
        (district, ACROSS, CITY_ALONE),
    ):
        (row,) = known.judgements(actor, here)
        assert (row["id"], known.other_of(row, here), known.merged_with([row], here)) == (number, other, [other])
    assert known.judgements(district, CITY_ALONE) == [], "what only the city is about stays the city's"
    assert not known.judgements(district, ACROSS)[0]["other_is_seen"]
    assert told(f"Signal {CITY_ALONE}: the same as another signal") >= {nation.office_id, district.office_id}
    pass_minutes(9)
    assert known.take_back(city, number) == CITY_ALONE
    assert lives(CITY_ALONE, ACROSS) == before
    for actor, here in ((nation, CITY_ALONE), (city, ACROSS), (district, ACROSS)):
        (row,) = known.judgements(actor, here)
        assert row["recalled_at"] is not None
        assert (row["office_id"], known.merged_with([row], here)) == (city.office_id, [])
    assert told(f"Signal {CITY_ALONE}: a merge was undone") >= {nation.office_id, district.office_id}
    assert events("surveillance.judgement_recalled") == [str(number)]


def test_after_ten_minutes_the_database_refuses_and_any_office_of_either_separates_them(
    actors: dict[str, Actor],
) -> None:
    city, nation, district = actors["city"], actors["nation"], actors["district"]
    number = known.judge(city, CITY_ALONE, "merge", "The same.", ACROSS)
    with pytest.raises(Refused, match="said to be the same already"):
        known.judge(nation, ACROSS, "merge", "The same, I say.", CITY_ALONE)
    pass_minutes(10.1)
    with pytest.raises(Refused, match=r"more than 10 minutes ago\. Separate the two signals again"):
        known.take_back(city, number)
    with pytest.raises(Error, match="more than 10 minutes ago"), db.recorded("app") as write:
        write.cursor.execute(
            "select surveillance.take_back_judgement(%s, %s, %s, 1e9)", [city.office_id, city.person_id, number]
        )
    separated = known.judge(district, ACROSS, "split", "Nobody of ours works there.", CITY_ALONE)
    for actor, here in ((city, CITY_ALONE), (nation, ACROSS), (district, ACROSS)):
        said = known.judgements(actor, here)
        assert [row["id"] for row in said][-2:] == [number, separated]
        assert known.merged_with(said, here) == []
    with pytest.raises(Refused, match="nothing to separate"):
        known.judge(city, CITY_ALONE, "split", "Once more.", ACROSS)
    known.judge(nation, ACROSS, "merge", "But they share a bus.", CITY_ALONE)
    assert known.merged_with(known.judgements(city, CITY_ALONE), CITY_ALONE) == [ACROSS]


def test_nobody_merges_with_or_separates_from_what_they_do_not_see(actors: dict[str, Actor]) -> None:
    city, district = actors["city"], actors["district"]
    with pytest.raises(Refused, match=f"no signal {NEXT_DOOR} among"):
        known.judge(city, CITY_ALONE, "merge", "Not seen.", NEXT_DOOR)
    with pytest.raises(NotAllowed):
        known.judge(district, CITY_ALONE, "split", "Not ours.", ACROSS)
    with pytest.raises(Refused, match="is this one"):
        known.judge(city, CITY_ALONE, "merge", "Itself.", CITY_ALONE)
    with pytest.raises(Refused, match="Name the other signal"):
        known.judge(city, CITY_ALONE, "split", "From what?")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["city", "nation"]), st.sampled_from(["merge", "split", "back", "wait"]),
        st.sampled_from([(a, b) for a in MANY for b in MANY if a != b]),
    ),
    max_size=8,
)  # fmt: skip


@given(steps=STEPS)
@settings(max_examples=12, deadline=None)
def test_what_is_merged_is_what_was_last_said_and_not_taken_back(
    actors: dict[str, Actor], steps: list[tuple[str, str, tuple[int, int]]]
) -> None:
    """Any order of merging, separating, taking back and waiting: the database, the pages and a plain list agree."""
    before = lives(*MANY)
    plain = Plain(actors)
    for who, what, pair in steps:
        if what == "wait":
            pass_minutes(6)
        elif what == "back":
            plain.take_back()
        else:
            plain.say(who, what, pair)
    for number in MANY:
        rows = known.judgements(actors["city"], number)
        assert rows == known.judgements(actors["nation"], number)
        expected = [other for other in MANY if plain.are_merged(number, other)]
        assert known.merged_with(rows, number) == expected
        assert [
            other for other in MANY if db.value("migrate", "select surveillance.are_merged(%s, %s)", [number, other])
        ] == expected
    assert lives(*MANY) == before


class Plain:
    """The obvious way to keep what was said of pairs: a list of what stands, oldest first."""

    def __init__(self, actors: dict[str, Actor]) -> None:
        self.actors = actors
        self.stands: list[tuple[int, str, set[int]]] = []
        self.mine: list[tuple[int, str, datetime]] = []
        for one, other in itertools.combinations(MANY, 2):
            if other in known.merged_with(known.judgements(actors["nation"], one), one):
                self.stands.append((0, "merge", {one, other}))

    def are_merged(self, one: int, other: int) -> bool:
        return [what for _, what, pair in self.stands if pair == {one, other}][-1:] == ["merge"]

    def say(self, who: str, what: str, pair: tuple[int, int]) -> None:
        allowed = (what == "merge") != self.are_merged(*pair)
        try:
            number = known.judge(self.actors[who], pair[0], what, "Because.", pair[1])
        except Refused:
            assert not allowed
            return
        assert allowed
        self.stands.append((number, what, set(pair)))
        self.mine.append((number, who, now()))

    def take_back(self) -> None:
        if not self.mine:
            return
        number, author, said_at = self.mine.pop()
        late = (now() - said_at).total_seconds() > 600
        try:
            known.take_back(self.actors[author], number)
        except Refused:
            assert late
            return
        assert not late
        self.stands = [each for each in self.stands if each[0] != number]


def now() -> datetime:
    moment: datetime = db.value("app", "select commonweal.now()")
    return moment


def test_a_note_taken_back_shows_its_words_no_more_and_that_it_was_there(actors: dict[str, Actor]) -> None:
    city, nation = actors["city"], actors["nation"]
    number = known.write_note(city, known.About(NEIGHBOURHOOD), "The wrong hall.")
    cause = known.suppose(nation, NEIGHBOURHOOD, "The hall.")
    known.add_evidence(nation, cause, "for", "See the note.", note=number)
    said_at = db.freeze()
    with pytest.raises(NotAllowed, match="Only its author"):
        known.take_back_note(nation, number)
    pass_minutes(9)
    known.take_back_note(city, number)
    with pytest.raises(Refused, match="taken back already"):
        known.take_back_note(city, number)
    for actor in (city, nation):
        row = known.note(actor, number)
        assert (row["words"], row["recalled_at"] is None) == ("", False)
        assert "wrong hall" not in str(known.notes(actor)) + str(known.hypotheses(actor))
        assert known.notes(actor, as_of=said_at)[0]["words"] == "The wrong hall."
    with pytest.raises(Refused, match="Write a new one"):
        known.correct_note(city, number, "The right hall.")
    assert events("surveillance.note_recalled") == [str(number)]


def test_a_note_is_put_right_visibly_after_ten_minutes(actors: dict[str, Actor]) -> None:
    city, nation = actors["city"], actors["nation"]
    about = known.About(NEIGHBOURHOOD, setting="The hall", signal=CITY_ALONE)
    number = known.write_note(city, about, "It opens at nine.", "seats")
    pass_minutes(10.1)
    with pytest.raises(Refused, match=r"more than 10 minutes ago\. Correct it instead"):
        known.take_back_note(city, number)
    with pytest.raises(Error, match="more than 10 minutes ago"), db.recorded("app") as write:
        write.cursor.execute(
            "select surveillance.take_back_note(%s, %s, %s, 1e9)", [city.office_id, city.person_id, number]
        )
    with pytest.raises(NotAllowed, match="Only the office that wrote"):
        known.correct_note(actors["district"], number, "At ten.")
    with pytest.raises(Refused, match="a date of birth"):
        known.correct_note(city, number, "Born on 3 May.")
    new = known.correct_note(city, number, "It opens at ten.")
    first, second = known.note(nation, number), known.note(nation, new)
    assert (first["words"], first["corrected_by"], second["corrects"]) == ("It opens at nine.", new, number)
    same = ("place_code", "setting_name", "signal", "visibility", "first_day", "last_day")
    assert [second[name] for name in same] == [first[name] for name in same]
    known.take_back_note(city, new)
    assert known.note(nation, number)["corrected_by"] is None, "a correction taken back corrects nothing"


@pytest.mark.parametrize("table", ["surveillance.note_recall", "surveillance.judgement_recall", "desk.talk_recall"])
def test_cheat_nobody_writes_a_late_recall_by_hand(actors: dict[str, Actor], table: str) -> None:
    for alias in ("app", "ingest", "engine", "web"):
        with pytest.raises(Error, match="permission denied"):
            db.rows(alias, f"insert into {table} values (1, now(), 1) returning 1")


def test_the_pages_offer_it_for_ten_minutes_and_the_correction_after(actors: dict[str, Actor]) -> None:
    city = browser("city")
    sent = city.post(f"/signals/{MANY[0]}/judgements", {"verdict": "explain", "reason": "A unit opened."})
    assert sent.status_code == 302
    page = f"/signals/{MANY[0]}/judgements"
    assert "Take it back (until " in text(city, page)
    pass_minutes(11)
    assert "Take it back" not in text(city, page)
    city.post("/known/notes", {"place": NEIGHBOURHOOD, "words": "At the mill."})
    number = known.notes(actors["city"])[0]["id"]
    own, other = (text(browser(who), f"/known/notes/{number}") for who in ("city", "nation"))
    assert "Take it back (until " in own
    assert "Put it right" in own
    assert not re.search("Take it back|Put it right", other)
    assert city.post(f"/known/notes/{number}/correct", {"words": "At the old mill."}).status_code == 302
    assert f"Put right by note {number + 1}." in text(browser("nation"), f"/known/notes/{number}")
    assert city.post(f"/known/notes/{number + 1}/take-back").status_code == 302
    shown = text(browser("nation"), f"/known/notes/{number + 1}")
    assert "At the old mill." not in shown
    assert "Taken back by its author" in shown


def test_a_merge_is_undone_or_separated_on_the_pages_of_both(actors: dict[str, Actor]) -> None:
    city, nation = browser("city"), browser("nation")
    here, there = (f"/signals/{number}/judgements" for number in (CITY_ALONE, MANY[2]))
    city.post(here, {"verdict": "merge", "reason": "One street.", "merged_into": str(MANY[2])})
    assert f"The same as another signal: signal {CITY_ALONE}" in text(nation, there)
    assert f"Separate it again from signal {CITY_ALONE}" in text(nation, there)
    number = re.search(r"/judgements/(\d+)/take-back", text(city, here)).group(1)  # type: ignore[union-attr]
    assert city.post(f"/judgements/{number}/take-back").status_code == 302
    for client, page in ((nation, there), (city, here)):
        assert "This was undone by " in text(client, page)
        assert f"Separate it again from signal {MANY[2]}" not in text(client, page)


def browser(name: str) -> Client:
    email, office = OFFICES[name]
    client = build.browser(email)
    build.act(client, office, "outbreak_control")
    return client


def text(client: Client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200
    return str(answer.content.decode())
