"""The interface for programs: the same figures as the pages, in scope only, as known at any moment, tagged and paged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import django
import polars as pl
import pytest
from django.apps import apps
from django.test import Client

if not apps.ready:  # models can be imported only once Django is set up
    django.setup()

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.apps.intake import pull_tokens
from commonweal.apps.surveillance.views import place
from commonweal.site.api import api
from commonweal.web import db, times
from tests.integration.access import build

from . import test_place as places
from . import test_signal_pages as pages

world = pages.world  # the same places, offices, results and signals
CITY, DISTRICT, MIDDLE = pages.CITY, pages.DISTRICT, places.MIDDLE
LOCAL, NATIONAL = pages.LOCAL, (pages.MINISTER, pages.NATION)


@pytest.fixture(scope="module")
def clients(world: None) -> dict[str, Client]:
    made = {}
    for name, (email, office) in {
        "local": LOCAL,
        "national": NATIONAL,
        "next": (pages.NEIGHBOUR, pages.NEXT_DOOR),
    }.items():
        made[name] = build.browser(email)
        build.act(made[name], office, "outbreak_control")
    return made


@pytest.fixture
def ask(clients: dict[str, Client]) -> Callable[..., Any]:
    def one(path: str, who: str = "local", **headers: str) -> Any:
        return clients[who].get(f"/api/v1{path}", headers=headers)

    return one


def numbers(answer: Any) -> list[int]:
    return [item["number"] for item in answer.json()["items"]]


def test_signals_are_those_of_the_page_and_of_the_scope(ask: Callable[..., Any]) -> None:
    assert sorted(numbers(ask("/signals"))) == [1, 3]
    assert sorted(numbers(ask("/signals", "next"))) == [2, 3]
    assert sorted(numbers(ask("/signals?state=all", "national"))) == [1, 2, 3, 4]
    item = ask("/signals?state=closed").json()["items"][0]
    assert (item["number"], item["kind"], item["state"]) == (4, "cluster", "closed")
    assert item["members"] == ["E01013601", "E01013702"]


def test_pages_follow_one_another_without_loss_at_one_moment(ask: Callable[..., Any]) -> None:
    as_of = times.link_form(db.freeze())
    seen: list[int] = []
    cursor = ""
    for _ in range(10):
        answer = ask(f"/signals?state=all&limit=1&cursor={cursor}&as_of={as_of}", "national").json()
        seen += [item["number"] for item in answer["items"]]
        cursor = answer["cursor"]
        if not answer["more"]:
            break
    assert sorted(seen) == [1, 2, 3, 4]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/signals/2", 404),
        ("/signals/99999999999999999999", 404),
        (f"/places/{DISTRICT}", 404),
        ("/places/E05005500", 404),
        (f"/places/{DISTRICT}.geojson", 404),
        (f"/places/{CITY}.pdf", 404),
        ("/places/none", 404),
        ("/signals?state=burning", 400),
        ("/signals?limit=0", 400),
        ("/signals?limit=5000", 400),
        ("/signals?limit=x", 422),
        ("/signals?cursor=%F0%9F%92%A5", 400),
        ("/sweeps?cursor=-1", 400),
        ("/signals?as_of=yesterday", 400),
        (f"/places/{CITY}?as_of=2999-01-01T00:00:00Z", 400),
    ],
)
def test_what_cannot_be_is_a_problem_in_words(path: str, status: int, ask: Callable[..., Any]) -> None:
    answer = ask(path)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert len(answer.json().get("detail", "")) > 10


def test_strangers_are_asked_who_they_are(world: None) -> None:
    for path in ("/signals", "/signals/1", "/signals.csv", "/sweeps", f"/places/{CITY}", f"/places/{CITY}.csv"):
        assert Client(SERVER_NAME="localhost").get(f"/api/v1{path}").status_code == 401, path


def test_a_token_reads_what_its_office_reads(world: None) -> None:
    actor = places.actor(*LOCAL)
    token = pull_tokens.give(actor, "our own system")
    client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {token}"})
    assert sorted(numbers(client.get("/api/v1/signals"))) == [1, 3]
    assert client.get("/api/v1/signals/2").status_code == 404


def test_a_place_has_the_figures_of_its_page_for_every_tier(ask: Callable[..., Any]) -> None:
    as_of = db.freeze()
    link = f"?as_of={times.link_form(as_of)}"
    local, national = ask(f"/places/{MIDDLE}{link}").json(), ask(f"/places/{MIDDLE}{link}", "national").json()
    drop = ("agreements",)
    assert {k: v for k, v in local.items() if k not in drop} == {k: v for k, v in national.items() if k not in drop}
    figures = place.read(places.actor(*LOCAL), MIDDLE, as_of, exported=False).figures
    assert local["rate_per_100000"]["value"] == figures.rate.value
    assert [day["tests"] for day in local["days"]] == [day.tests for day in figures.days]
    assert local["rate_per_100000"]["low"] <= local["rate_per_100000"]["value"] <= local["rate_per_100000"]["high"]


def test_files_hold_the_same_rows(ask: Callable[..., Any], tmp_path: Any) -> None:
    path = tmp_path / "signals.parquet"
    path.write_bytes(ask("/signals.parquet?state=all").content)
    frame = pl.read_parquet(path)
    assert sorted(frame["number"].to_list()) == [1, 3, 4]
    csv = ask(f"/places/{CITY}.csv").content.decode("utf-8-sig")
    assert "# As known at" in csv
    assert csv.count("\n") > 42
    before = db.value("backup", "select count(*) from access.read_rows where exported")
    ask(f"/places/{CITY}.parquet")
    assert db.value("backup", "select count(*) from access.read_rows where exported") == before + 1


def test_geojson_has_outlines_where_they_are_loaded(ask: Callable[..., Any]) -> None:
    found = ask(f"/places/{MIDDLE}.geojson")
    assert found["Content-Type"] == "application/geo+json"
    (feature,) = json.loads(found.content)["features"]
    assert feature["geometry"]["type"] == "Polygon"
    assert feature["properties"]["code"] == MIDDLE
    listed = json.loads(ask("/signals.geojson?state=all").content)
    assert listed["type"] == "FeatureCollection"
    assert len(listed["features"]) == 3


def test_one_signal_has_an_outline_and_other_offices_do_not_get_it(ask: Callable[..., Any]) -> None:
    (one,) = json.loads(ask("/signals/4.geojson").content)["features"]
    assert one["properties"]["number"] == 4
    assert one["geometry"] is None or one["geometry"]["type"] == "MultiPolygon"
    assert one["properties"]["title"] == ask("/signals/4").json()["signal"]["title"]
    assert ask("/signals/2.geojson").status_code == 404
    assert ask("/signals/99999.geojson").status_code == 404


def test_an_answer_that_says_the_same_is_not_sent_again(ask: Callable[..., Any]) -> None:
    for path in (f"/places/{CITY}", "/signals", "/sweeps", "/signals/1"):
        first = ask(path)
        assert first.status_code == 200, path
        again = ask(path, **{"if-none-match": first["ETag"]})
        assert again.status_code == 304, path
        assert again.content == b""
    assert ask("/signals?state=all", **{"if-none-match": ask("/signals")["ETag"]}).status_code == 200


def test_a_past_moment_answers_what_was_known_then(ask: Callable[..., Any]) -> None:
    assert ask("/signals?as_of=2020-01-01T00:00:00Z").json()["items"] == []
    assert ask("/signals/1?as_of=2020-01-01T00:00:00Z").status_code == 404
    empty = ask(f"/places/{CITY}?as_of=2020-01-01T00:00:00Z").json()
    assert empty["people_in_week"] == 0
    assert ask("/sweeps?as_of=2020-01-01T00:00:00Z").json()["items"] == []


@given(
    path=st.sampled_from(["/signals", "/signals.csv", "/signals.geojson", "/sweeps"]),
    asked=st.dictionaries(
        st.sampled_from(["state", "level", "method", "place", "since", "cursor", "limit", "as_of"]),
        st.one_of(st.sampled_from(["all", "closed", DISTRICT, "E92000001", "cluster", "1-2", "0-9", "2020-06-01", "7"]),
                  st.text(max_size=12)),
        max_size=4,
    ),
)  # fmt: skip
@settings(max_examples=25)
def test_nothing_of_other_places_comes_out_whatever_is_asked(
    clients: dict[str, Client], path: str, asked: dict[str, str]
) -> None:
    answer = clients["local"].get(f"/api/v1{path}", asked)
    assert answer.status_code in (200, 400, 422)
    text = answer.content.decode("utf-8-sig", "replace")
    assert "signal 2" not in text
    assert '"number":2,' not in text.replace(" ", "")


def test_every_operation_is_described_with_its_answers() -> None:
    paths = api.get_openapi_schema()["paths"]
    for path in (
        "/signals",
        "/signals/{number}",
        "/signals.{form}",
        "/sweeps",
        "/places/{code}",
        "/places/{code}.{form}",
    ):
        operation = paths[f"/api/v1{path}"]["get"]
        assert operation["summary"] if "description" not in operation else len(operation["description"]) > 30
        assert {"200", "401", "404"} <= set(operation["responses"]) or {200, 401, 404} <= set(operation["responses"])
        assert any(each["name"] == "as_of" for each in operation["parameters"]), path
