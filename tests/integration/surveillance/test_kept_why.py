"""Why a signal is rising: worked out once by an office that reads records, then the same for everybody; attacks first."""

from __future__ import annotations

import json

import pytest
from django.db import Error
from django.test import Client

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.access.signin import accounts
from commonweal.apps.surveillance import signals, why_keeping
from commonweal.web import db

from . import outbreak

PAGE = "/signals/1"
LEADER = ("leader@leicester.example", "leader-e06000016")
NOBODY_YET = "From counts: no office that reads single records"
ADD = (
    "insert into surveillance.explanation (signal, step, place_code, scope, as_of, last_day, days, with_addresses, label,"
    " result, parameters_version, office_id, person_id, tick_id)"
    " values (1, 1, %s, %s, now(), '2020-06-20', 14, false, 'workplace', '{}', 1, %s, %s, %s)"
)


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    outbreak.lay()
    outbreak.signal()
    actions.invite(LEADER[0], "Leader", [LEADER[1]])


def shown(who: tuple[str, str]) -> str:
    client: Client = outbreak.browser(*who)
    answer = client.get(PAGE)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    page = answer.content.decode()
    return page[page.index('id="why"') : page.index('id="offices-say"')]


def add(who: tuple[str, str], place: str, scope: list[str]) -> None:
    actor = Actor(accounts.require(who[0]).person_id, who[1], "outbreak_control")
    with scoped_read(actor, query="attack", data_class="L1"), db.recorded("app") as write:
        write.cursor.execute(ADD, [place, scope, actor.office_id, actor.person_id, write.tick])


def test_nobody_adds_one_without_records_or_about_places_of_others() -> None:
    with pytest.raises(Error, match="does not read records|row-level security"):
        add(LEADER, outbreak.CITY, [outbreak.CITY])
    with pytest.raises(Error, match="row-level security|does not touch"):
        add((outbreak.DIRECTOR, outbreak.OFFICE), outbreak.DISTRICT, [outbreak.DISTRICT])
    assert db.rows("app", "select * from surveillance.explanation") == [], "nothing is read without a scope"
    with pytest.raises(Error, match="permission denied"):
        db.rows("app", "update surveillance.explanation set label = 'school'")


def test_the_first_office_that_reads_records_works_it_out_for_everybody() -> None:
    before = shown(LEADER)
    assert NOBODY_YET in before
    assert "What cases have in common is not in counts" in before
    assert "Your office reads counts. They are read by:" in before
    assert "Foundry" not in before
    ours = shown((outbreak.DIRECTOR, outbreak.OFFICE))
    assert "Most likely an outbreak at work: about 30 of the 32 more." in ours
    assert "Households in common" in ours
    assert shown((outbreak.MINISTER, outbreak.NATION)) == shown(LEADER) == ours, "local and national read one fact"
    kept = db.rows("backup", "select label, with_addresses, result from surveillance.explanation")
    assert [(row["label"], row["with_addresses"]) for row in kept] == [("workplace", True)]
    assert sum(part["cases"] for part in kept[0]["result"]["parts"]) == pytest.approx(32)
    assert "address" not in json.dumps(kept[0]["result"]), "no address is kept"


def test_an_analyst_reads_what_is_kept_and_nothing_is_worked_out_twice() -> None:
    assert "Households in common" in shown(outbreak.ANALYSTS[0])
    assert db.value("backup", "select count(*) from surveillance.explanation") == 1


def test_a_page_of_a_past_moment_works_nothing_out() -> None:
    client = outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE)
    moment = db.freeze().isoformat().replace("+00:00", "Z")
    page = client.get(f"{PAGE}?as_of={moment}").content.decode()
    assert "Most likely an outbreak at work" in page
    assert "/signals/1/why-parts.csv?as_of=" in page


def test_a_cluster_is_explained_by_its_small_areas_and_downloads_what_it_shows() -> None:
    outbreak.signal(2, level="cluster", place=outbreak.SMALL, members=[outbreak.SMALL])
    outbreak.signal(
        3, level="cluster", place=outbreak.SMALL, members=[outbreak.SMALL], scope=[outbreak.CITY, outbreak.DISTRICT]
    )
    client = outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE)
    assert "What the change in" in client.get("/signals/2").content.decode()
    file = client.get("/signals/2/why-parts.csv")
    assert file.status_code == 200
    assert "More or fewer" in file.content.decode()
    client.get("/signals/3")
    kept = {
        row["signal"]: row
        for row in db.rows("backup", "select signal, place_code, scope from surveillance.explanation")
    }
    assert kept[2]["place_code"] == outbreak.SMALL
    assert kept[3]["place_code"] == outbreak.CITY, "an office that reads a part of it explains its own authority"


def test_an_outbreak_in_a_setting_is_explained_by_its_own_people_wherever_they_live() -> None:
    """The place where most of them live has 48 cases of which 18 have nothing to do with the works."""
    works = f"workplace:{outbreak.FOUNDRY}"
    outbreak.signal(
        4,
        level="setting",
        place=outbreak.SMALL,
        scope=[outbreak.CITY, outbreak.DISTRICT],
        kind="setting",
        setting_id=works,
    )
    director, leader = outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE), outbreak.browser(*LEADER)
    before = why_of(leader)
    assert "What changed in all of" in before, "counts hold no settings"
    ours = why_of(director)
    assert "Most likely an outbreak at work: all of the 30 more." in ours
    assert "In Otter Foundry, 30 people tested positive" in ours
    assert "What changed among those of them who live in Leicester:" in ours
    assert why_of(leader) == ours == why_of(outbreak.browser(*outbreak.ANALYSTS[1])), "local and national read one fact"
    (kept,) = db.rows("backup", "select place_code, scope, result from surveillance.explanation where signal = 4")
    assert (kept["place_code"], kept["scope"]) == (f"{works} {outbreak.CITY}", [outbreak.CITY])
    assert sum(part["cases"] for part in kept["result"]["parts"]) == pytest.approx(30)
    minister = Actor(accounts.require(outbreak.MINISTER).person_id, outbreak.NATION, "outbreak_control")
    with scoped_read(minister, query="signal", data_class="L1") as scope:
        row = signals.signal(scope, 4)
    assert row is not None
    both = (outbreak.CITY, outbreak.DISTRICT)
    read = why_keeping.of_signal(minister, row, both, None, name="Otter Foundry", records=False, addresses=False)
    assert read is not None, "whoever sees more of its authorities reads what one of them worked out"
    assert read.where.authorities == (outbreak.CITY,)


def why_of(client: Client) -> str:
    page = client.get("/signals/4").content.decode()
    return page[page.index('id="why"') : page.index('id="offices-say"')]
