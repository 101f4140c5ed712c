"""Who reads a note: seats of a ward and of others, and readers made fewer afterwards; whoever told us hears of hiding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import Error

from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import hiding
from commonweal.apps.desk.ways import Outcome
from commonweal.apps.surveillance import hiding as texts
from commonweal.apps.surveillance import known, telling_back
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db
from tests.conftest import make_space, remove_space
from tests.integration.access import build
from tests.integration.intake import world

from . import test_telling_back as mail

CITY, DISTRICT = "E06000016", "E07000135"
WARDS = """
select ward, min(msoa_code) as msoa, min(lsoa_code) as lsoa from (
  select distinct on (lsoa_code) lsoa_code, msoa_code, ward from places.postcode_now
   where scope_code = %s and ward is not null and doterm is null and lsoa_code is not null
   group by 1, 2, 3 order by lsoa_code, count(*) desc, ward) s
 group by ward order by ward limit 2
"""


@pytest.fixture(scope="module")
def actors(template: str) -> Iterator[dict[str, Actor]]:
    """Offices of the city and the nation, community seats of the city and of two of its wards, in an exercise."""
    name = make_space(template, "exercise")
    world.make_places()
    wards = db.rows("app", WARDS, [CITY])
    granted, build.PERMISSIONS = build.PERMISSIONS, [*build.PERMISSIONS, "write_local_knowledge", "judge_signals"]
    found = {
        "city": build.office("city", [CITY], "unitary_authority"),
        "nation": build.office("nation", [CITY, DISTRICT]),
        "district": build.office("district", [DISTRICT], "lower_tier_authority"),
    }
    build.PERMISSIONS = ["write_local_knowledge"]
    found |= {"seat": build.office("seat", [CITY])}
    found |= {f"ward{n}": build.office(f"ward{n}", [row["ward"]]) for n, row in enumerate(wards, 1)}
    build.PERMISSIONS = granted
    yield found
    remove_space(name)


@pytest.fixture(scope="module")
def wards(actors: dict[str, Actor]) -> list[dict[str, str]]:
    return db.rows("app", WARDS, [CITY])


def read_by(actors: dict[str, Actor], number: int) -> set[str]:
    return {
        who
        for who, actor in actors.items()
        for row in known.notes(actor)
        if row["id"] == number and "Bread" in row["words"]
    }


def test_a_seat_of_a_ward_reads_and_writes_of_its_ward_and_of_no_other(
    actors: dict[str, Actor], wards: list[dict[str, str]]
) -> None:
    everybody = {"city", "nation", "seat"}
    for place in (wards[0]["ward"], wards[0]["lsoa"]):
        ours = known.write_note(actors["ward1"], known.About(place), "Bread is sold again.", "seats")
        assert read_by(actors, ours) == {*everybody, "ward1"}, "local and national alike, and no other ward's seat"
        with pytest.raises(NotAllowed, match="does not answer for"):
            known.write_note(actors["ward2"], known.About(place), "Bread of theirs.")
    for place in (CITY, DISTRICT):
        with pytest.raises(NotAllowed, match="does not answer for"):
            known.write_note(actors["ward1"], known.About(place), "Bread everywhere.")
    whole = known.write_note(actors["city"], known.About(CITY), "Bread in the whole city.", "seats")
    assert read_by(actors, whole) == {*everybody, "ward1", "ward2"}
    offices = known.write_note(actors["city"], known.About(wards[0]["ward"]), "Bread for offices.")
    assert read_by(actors, offices) == {"city", "nation"}
    elsewhere = known.write_note(actors["district"], known.About(DISTRICT), "Bread next door.", "seats")
    assert read_by(actors, elsewhere) == {"district", "nation"}
    wrong = Actor(actors["ward2"].person_id, actors["ward1"].office_id, "outbreak_control")
    assert known.notes(wrong) == []


def test_readers_made_fewer_read_only_that_there_is_a_note_for_every_moment(actors: dict[str, Actor]) -> None:
    city, nation, seat = actors["city"], actors["nation"], actors["seat"]
    number = known.write_note(city, known.About(CITY, setting="Bread hall"), "Bread is short.", "seats")
    before = db.freeze()
    assert read_by(actors, number) >= {"seat", "ward1", "city", "nation"}
    for who in (nation, seat, actors["district"]):
        with pytest.raises(NotAllowed, match="Only the office that wrote a note"):
            texts.narrow(who, number)
    texts.narrow(city, number)
    assert read_by(actors, number) == {"city", "nation"}, "both tiers alike"
    assert known.note(city, number) == known.note(nation, number)
    assert known.note(nation, number)["narrowed_at"] is not None
    for moment in (None, before):
        for who in (seat, actors["ward1"]):
            (row,) = [each for each in known.notes(who, as_of=moment) if each["id"] == number]
            assert "keeps this note to offices that read counts" in row["words"]
            assert (row["setting_name"], row["visibility"]) == (None, "offices")
    with pytest.raises(Refused, match="already"):
        texts.narrow(city, number)
    right = known.correct_note(city, number, "Bread is short in one street.")
    assert read_by(actors, right) == {"city", "nation"}, "a correction is for those who read the note now"
    assert [row["subject"] for row in build.entries("surveillance.note_narrowed")] == [str(number)]
    alone = known.write_note(city, known.About(CITY), "Bread for offices alone.")
    with pytest.raises(Refused, match="already"):
        texts.narrow(city, alone)


def test_a_seat_goes_on_reading_its_own_note_and_nobody_writes_the_fact_by_hand(actors: dict[str, Actor]) -> None:
    own = known.write_note(
        actors["ward1"], known.About(db.rows("app", WARDS, [CITY])[0]["ward"]), "Bread of ours.", "seats"
    )
    texts.narrow(actors["ward1"], own)
    assert read_by(actors, own) == {"ward1", "city", "nation"}
    for statement in ("select * from surveillance.note_narrowed", "delete from surveillance.note_narrowed"):
        with pytest.raises(Error, match="permission denied"):
            db.rows("app", statement)


def test_whoever_told_us_is_told_of_hidden_words_once_they_stay_hidden(
    actors: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    city = actors["city"]
    reference, number = mail.told(city)
    hiding.hide(city, texts.NOTE, number, "person")
    assert telling_back.deliver_hidden() == 0, "it can still be undone"
    mail.pass_days(11 / 1440)
    down = mail.Server(Outcome(False, "the server is down"))
    monkeypatch.setattr(telling_back.ways, "back_end", lambda *_: down)
    assert (telling_back.deliver_hidden(), down.tried) == (0, 1)
    monkeypatch.undo()
    sent = len(mail.letters())
    assert [telling_back.deliver_hidden() for _ in range(2)] == [1, 0], "once"
    assert mail.letters()[sent:] == [mail.EMAIL]
    assert [row["note_id"] for row in mail.contacts()] == [number], "the address stays for the answer"
    assert "Hidden by " in known.outcome_of(reference)["hidden"]
    known.answer_note(city, number, "acted_on", "Thank you.")
    assert mail.letters()[sent:] == [mail.EMAIL] * 2
    assert mail.contacts() == []


def test_shown_again_nobody_is_told_and_an_address_that_leads_nowhere_goes(
    actors: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    city = actors["city"]
    _, shown = mail.told(city)
    hiding.hide(city, texts.NOTE, shown, "person")
    hiding.show_again(city, texts.NOTE, shown)
    _, gone = mail.told(city)
    hiding.hide(city, texts.NOTE, gone, "person")
    mail.pass_days(11 / 1440)
    nowhere = mail.Server(Outcome(False, "no such box", bounced=True))
    monkeypatch.setattr(telling_back.ways, "back_end", lambda *_: nowhere)
    assert (telling_back.deliver_hidden(), nowhere.tried) == (0, 1)
    assert [row["note_id"] for row in mail.contacts()] == [shown]
