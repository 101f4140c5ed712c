"""Pull: in the order in which it became known, never skipping, corrections and departures included."""

from __future__ import annotations

import pytest
from django.test import Client

from commonweal.apps.access.scope import Actor
from commonweal.apps.intake import pull, pull_tokens
from commonweal.core.errors import NotAllowed, Refused
from tests.integration.access import build

from .world import as_csv, make_laboratory, make_places, record, send

CITY, BOROUGH = "E06000016", "E07000135"


@pytest.fixture(scope="module")
def actors(space: str) -> dict[str, Actor]:
    make_places()
    make_laboratory("lab-one")
    nation = build.office("nation", [CITY, BOROUGH])
    made = {"nation": nation}
    for place in (CITY, BOROUGH):
        made[place] = build.office(place.lower(), [place], "lower_tier_authority")
        signed = build.agreement(place, ["nation", place.lower()])
        build.accept(signed, nation)
        build.accept(signed, made[place])
    for number in range(7):
        home = "LE1 1AA" if number % 2 else "LE18 1AA"
        send(as_csv(record(record_id=f"R{number}", person_id=f"P{number}", postcode=home)))
    return made


def everything(actor: Actor, since: str = "", limit: int = 2) -> tuple[list[dict[str, object]], str]:
    items: list[dict[str, object]] = []
    while True:
        page = pull.take(actor, since, limit=limit)
        items += page.items
        since = page.cursor
        if not page.more:
            return items, since


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_every_item_comes_once_in_order_whatever_the_page_size(actors: dict[str, Actor], limit: int) -> None:
    items, _ = everything(actors["nation"], limit=limit)
    results = [item for item in items if item["kind"] == "result"]
    assert len({(item["record"], item["version"]) for item in results}) == len(results) >= 7
    assert [item["known_at"] for item in items] == sorted(str(item["known_at"]) for item in items)


def test_an_authority_takes_its_own(actors: dict[str, Actor]) -> None:
    items, _ = everything(actors[CITY])
    assert {item["scope_ltla"] for item in items} == {CITY}
    assert len(items) == 3


def test_what_comes_later_comes_after_the_cursor_and_a_move_leaves_a_departure(actors: dict[str, Actor]) -> None:
    _, city = everything(actors[CITY])
    _, borough = everything(actors[BOROUGH])
    send(as_csv(record(record_id="R1", person_id="P1", postcode="LE18 1AA", revision="2")))
    new_here, _ = everything(actors[BOROUGH], borough)
    new_there, _ = everything(actors[CITY], city)
    assert [(item["kind"], item["version"]) for item in new_here] == [("result", 2)]
    assert [(item["kind"], item["version"]) for item in new_there] == [("departure", 2)]
    assert new_there[0]["record"] == new_here[0]["record"]
    assert BOROUGH not in str(new_there[0]), "the old authority learns that it left, not where to"


def test_a_token_reads_for_its_office_and_a_wrong_one_does_not(actors: dict[str, Actor]) -> None:
    with pytest.raises(NotAllowed, match="may not take records out"):
        pull_tokens.give(Actor(actors[CITY].person_id, actors[CITY].office_id, "audit"), "our warehouse")
    client = Client(SERVER_NAME="localhost")
    token = pull_tokens.give(actors[CITY], "our warehouse", days=1)
    answer = client.get("/api/v1/results?limit=3", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert {item["scope_ltla"] for item in answer.json()["items"]} == {CITY}
    assert client.get("/api/v1/results").status_code == 401
    assert client.get("/api/v1/results", headers={"Authorization": "Bearer nothing"}).status_code == 401


def test_a_strange_cursor_is_refused_with_the_next_step(actors: dict[str, Actor]) -> None:
    with pytest.raises(Refused, match="Begin again without one"):
        pull.take(actors[CITY], "bm90IGEgY3Vyc29y")
    with pytest.raises(Refused, match="1 to 10000 items"):
        pull.take(actors[CITY], "", limit=0)
