"""Pages answer what was asked, say why they cannot, and are closed to those who may not."""

from __future__ import annotations

import pytest
from django.test import Client

from commonweal.apps.access import actions, agreements, authorities
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin import accounts
from commonweal.web import db
from tests.integration.access import build

from . import ground
from .world import as_csv, record, send

DIRECTOR, OFFICE = "director@leicester.example", "director-of-public-health-e06000016"
COUNCILLOR, MINISTER = "councillor@leicester.example", "minister@nation.example"
NATION = "national-decision-maker-e92000001"


@pytest.fixture(scope="module", autouse=True)
def world(tokens: dict[str, str]) -> None:
    """Leicester with an agreement in force, and records of which one is positive, one wrong and one without a place."""
    ground.offices()
    ground.lay()
    actions.invite(DIRECTOR, "Director", [OFFICE])
    actions.invite(MINISTER, "Minister", [NATION])
    for email, office in ((DIRECTOR, OFFICE), (MINISTER, NATION)):
        agreements.accept(
            "public-health-e06000016-1", Actor(accounts.require(email).person_id, office, "outbreak_control")
        )
    day = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date - 6")
    good = record(record_id="A", result="positive", specimen_date=f"{day}T09:00:00Z", reported_at=f"{day}T21:00:00Z")
    send(as_csv(good, record(record_id="B", age_years="x"), record(record_id="C", postcode="LE9 9ZZ")))


@pytest.fixture
def director() -> Client:
    client = build.browser(DIRECTOR)
    build.act(client, OFFICE, "outbreak_control")
    return client


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/my-area?as_of=2999-01-01T00:00:00Z", 400, "has not happened yet"),
        ("/my-area?as_of=yesterday", 400, "is no moment"),
        ("/my-area?as_of=2020-06-29T00:04:00", 400, "with its zone"),
        ("/my-area?at-day=31&amp;at-month=6", 400, "There is no moment"),
        ("/my-area?place=E07000135", 403, "has no mandate over"),
        ("/my-area/nonsense.csv", 404, "shows no"),
        ("/my-area/latest.svg", 404, "shows no"),
        ("/submissions/99999", 404, "There is no submission 99999"),
        ("/submissions/1?after=x", 400, "is no number"),
        ("/feeds/none", 404, "There is no feed"),
        ("/late?to=June", 400, "is no day"),
        ("/late.pdf", 404, "nothing at this address"),
    ],
)
def test_what_cannot_be_is_refused_in_words(director: Client, path: str, status: int, said: str) -> None:
    answer = director.get(path.replace("&amp;", "&"))
    assert answer.status_code == status
    assert said in answer.content.decode()


def test_a_typed_moment_becomes_a_link_that_stays(director: Client) -> None:
    answer = director.get("/my-area?at-day=29&at-month=6&at-year=2020&at-time=1.04")
    assert answer.status_code == 302
    assert answer["Location"] == "/my-area?as_of=2020-06-29T00%3A04%3A00.000000Z"
    page = director.get(answer["Location"]).content.decode()
    assert "As known at 1:04:00am on Monday 29 June 2020" in page
    assert "No result for this area has arrived yet." in page


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "svg"])
@pytest.mark.parametrize("what", ["curve", "positivity", "ages"])
def test_pictures_are_downloaded_in_every_form_and_entered_as_exports(director: Client, what: str, form: str) -> None:
    assert director.get(f"/my-area/{what}.{form}?as_of=2026-01-01T00:00:00Z").status_code == 404, (
        "nothing was known then"
    )
    before = db.value("backup", "select count(*) from access.read_rows where exported")
    answer = director.get(f"/my-area/{what}.{form}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].endswith(f'.{form}"')
    assert len(answer.content) > 300
    assert db.value("backup", "select count(*) from access.read_rows where exported") == before + 1


def test_an_office_without_the_permission_is_told_so() -> None:
    actions.invite(COUNCILLOR, "Councillor", ["leader-e06000016"])
    client = build.browser(COUNCILLOR)
    build.act(client, "leader-e06000016", "outbreak_control")
    assert client.get("/my-area").status_code == 200
    assert "your office does not read here" in client.get("/my-area").content.decode()
    for path, sentence in (
        ("/late", "may not see how long single records took"),
        ("/my-area/curve.csv", "may not download what a page shows"),
    ):
        answer = client.get(path)
        assert answer.status_code == 403
        assert sentence in answer.content.decode()


def test_strangers_get_the_balance_and_nothing_else(director: Client) -> None:
    stranger = Client(SERVER_NAME="localhost")
    assert stranger.get("/").status_code == 200
    sheet = stranger.get("/balance")
    assert sheet.status_code == 200
    assert sheet["Cache-Control"] == "public, max-age=30"
    assert "No day is closed yet." in sheet.content.decode(), "today is not closed"
    assert "lab-one" in director.get("/balance").content.decode()
    for path in ("/my-area", "/my-area/live", "/feeds", "/submissions/1", "/orphans", "/late", "/my-area/curve.csv"):
        assert stranger.get(path).status_code == 302, path


def test_every_page_says_what_it_is_and_whom_to_ask(director: Client) -> None:
    for path in ("/my-area", "/feeds", "/feeds/lab-one", "/submissions/1", "/orphans", "/late", "/balance"):
        text = director.get(path).content.decode()
        for heading in ("What this is", "What the words mean", "Whom to ask"):
            assert heading in text, path
        assert "style=" not in text
        assert text.count("<h1") == 1


def test_outcomes_are_filtered_and_in_words(director: Client) -> None:
    text = director.get("/submissions/1?outcome=rejected").content.decode()
    assert "Age years is not a number. Mend it and send the record again." in text
    assert "Postcode is not on the list of postcodes." not in text


def test_the_rate_divides_by_residents_and_the_map_shows_neighbourhoods(director: Client) -> None:
    text = director.get("/my-area").content.decode()
    assert "Seven-day rate 33.3 per 100,000 residents (1 person to " in text
    assert "Belgrave North West: 67 people per 100,000 residents" in text
    assert "Spinney Hill Road: 0 people per 100,000 residents" in text
    assert text.count('href="/places/E02002803"') >= 2, "the map and its table lead to the page of the place"


def test_a_nation_sees_its_authorities_by_name_and_leads_on(director: Client) -> None:
    client = build.browser(MINISTER)
    build.act(client, NATION, "outbreak_control")
    text = client.get("/my-area").content.decode()
    assert "<h1" in text
    assert "Seven-day rate 33.3 per 100,000 residents (1 person to " in text, (
        "only Leicester is open to it by agreement"
    )


def test_before_any_agreement_is_in_force_the_first_page_leads_to_it() -> None:
    authorities.ensure({"E06000017": "Rutland"})
    actions.invite("director@rutland.example", "Director", ["director-of-public-health-e06000017"])
    client = build.browser("director@rutland.example")
    build.act(client, "director-of-public-health-e06000017", "outbreak_control")
    answer = client.get("/my-area")
    assert (answer.status_code, answer["Location"]) == (302, "/agreements/")
    assert client.get("/my-area/curve.csv").status_code == 403
