"""The acting office: chosen by the person, looked up again for each request, gone the moment an appointment ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from commonweal.apps.access import acting, actions, agreements, authorities, queries
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.access.signin import accounts
from commonweal.apps.access.signin.models import User
from commonweal.apps.access.signin.sessions import SessionStore
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

from . import build
from .build import act, browser, entries

DISTRICT = "E07000135"
FIVE = [
    f"{role}-e07000135"
    for role in ("director-of-public-health", "analyst", "leader", "tracer-lead", "data-protection-officer")
]
NATION = "national-decision-maker-e92000001"


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    """Two authorities; the agreement of the district is in force."""
    build.authorities(E07000135="Oadby and Wigston", E06000016="Leicester")
    actions.invite("five@oadby.example", "Five Offices", FIVE)
    actions.invite("minister@nation.example", "Minister", [NATION])
    for email, office in (("five@oadby.example", FIVE[0]), ("minister@nation.example", NATION)):
        agreements.accept("public-health-e07000135-1", actor(email, office))


def actor(email: str, office: str, purpose: str = "outbreak_control") -> Actor:
    return Actor(accounts.require(email).person_id, office, purpose)


def named(client: Client) -> str:
    return client.get("/acting/").content.decode()


def session_of(client: Client) -> dict[str, object]:
    from django.conf import settings

    return dict(SessionStore(client.cookies[settings.SESSION_COOKIE_NAME].value).items())


def test_one_officer_holds_five_offices_and_chooses_one() -> None:
    client = browser("five@oadby.example")
    assert client.get("/agreements/").headers["Location"].startswith("/acting/?next=")
    page = named(client)
    for title in (
        "Director of Public Health",
        "Public health analyst",
        "Mayor or leader",
        "Contact tracing lead",
        "Data protection officer",
    ):
        assert f"{title}, Oadby and Wigston" in page
    answer = client.post("/acting/", {"acting": f"{FIVE[2]}|decision_making", "next": "/account/"})
    assert answer.headers["Location"] == "/account/"
    assert "Mayor or leader, Oadby and Wigston" in client.get("/account/").content.decode()
    act(client, FIVE[4], "audit")
    assert "Data protection officer, Oadby and Wigston" in client.get("/agreements/").content.decode()


def test_the_session_keeps_ids_and_no_handle() -> None:
    client = browser("five@oadby.example")
    act(client, FIVE[0], "outbreak_control")
    assert client.get("/who-looked/").status_code == 200
    kept = session_of(client)
    assert kept[acting.OFFICE] == FIVE[0]
    assert kept[acting.PURPOSE] == "outbreak_control"
    assert not [key for key in kept if "handle" in key]


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("director-of-public-health-e06000016|audit", "do not hold the office"),
        (f"{FIVE[2]}|audit", "does not act for"),
        (f"{FIVE[2]}|marketing", "There is no purpose"),
        ("", "do not hold the office"),
    ],
)
def test_an_office_or_purpose_that_is_not_theirs_is_refused(choice: str, sentence: str) -> None:
    client = browser("five@oadby.example")
    answer = client.post("/acting/", {"acting": choice})
    assert answer.status_code == 403
    assert sentence in answer.content.decode()
    assert acting.OFFICE not in session_of(client)


def test_the_way_onwards_never_leaves_the_site() -> None:
    client = browser("five@oadby.example")
    answer = client.post("/acting/", {"acting": f"{FIVE[0]}|audit", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/today"


def test_an_ended_appointment_loses_access_at_once() -> None:
    actions.invite("leaver@oadby.example", "Leaver", FIVE[:2])
    client = browser("leaver@oadby.example")
    act(client, FIVE[0], "outbreak_control")
    assert client.get("/who-looked/").status_code == 200
    assert actions.end_appointment("leaver@oadby.example", FIVE[0], "moved on") == 1
    assert client.get("/who-looked/").headers["Location"].startswith("/acting/")
    assert "Director of Public Health" not in named(client)
    with (
        pytest.raises(NotAllowed, match="do not hold the office"),
        scoped_read(actor("leaver@oadby.example", FIVE[0]), query="x"),
    ):
        pass


def test_an_appointment_that_has_run_out_or_not_begun_gives_nothing() -> None:
    now = datetime.now(UTC)
    actions.invite("past@oadby.example", "Past", [])
    actions.appoint("past@oadby.example", FIVE[1], starts_at=now - timedelta(days=9), ends_at=now - timedelta(days=1))
    actions.appoint("past@oadby.example", FIVE[2], starts_at=now + timedelta(days=1))
    assert queries.seats_of(accounts.require("past@oadby.example").person_id) == ()
    client = browser("past@oadby.example")
    assert "You hold no office today" in named(client)
    assert client.get("/agreements/").headers["Location"].startswith("/acting/")


def test_a_deputy_acts_and_the_record_says_so() -> None:
    actions.invite("deputy@oadby.example", "Deputy Person", [FIVE[0]], deputy=True)
    client = browser("deputy@oadby.example")
    act(client, FIVE[0], "audit")
    page = client.get("/who-looked/").content.decode()
    assert "Director of Public Health, Oadby and Wigston (deputy)" in page
    entry = db.one("backup", "select * from access.read_record order by at desc limit 1")
    assert entry is not None
    assert entry["on_behalf_of"] == "deputy for the holder"
    assert "(deputy for the holder)" in client.get("/who-looked/").content.decode()
    assert FIVE[0] not in authorities.vacant(), "held by the officer with five offices"


def test_somebody_who_holds_an_office_and_deputises_in_it_acts_as_its_holder() -> None:
    actions.invite("both@oadby.example", "Both", [FIVE[3]], deputy=True)
    actions.appoint("both@oadby.example", FIVE[3])
    (seat,) = queries.seats_of(accounts.require("both@oadby.example").person_id)
    assert not seat.deputy


def test_a_closed_account_is_signed_out() -> None:
    actions.invite("closed@oadby.example", "Closed", [FIVE[0]])
    client = browser("closed@oadby.example")
    User.objects.using("authn").filter(email="closed@oadby.example").update(is_active=False)
    assert client.get("/account/").headers["Location"].startswith("/account/login/")


def test_every_change_has_its_entry_and_no_entry_a_name_or_address() -> None:
    actions.invite("entered@oadby.example", "Entered Person", [FIVE[0]])
    actions.end_appointment("entered@oadby.example", FIVE[0], "a private reason")
    kinds = ("organisation_made", "office_made", "person_made", "appointed", "appointment_ended")
    found = {kind: entries(f"access.{kind}") for kind in kinds}
    assert all(found.values()), {kind: len(rows) for kind, rows in found.items()}
    ended = found["appointment_ended"][-1]
    assert ended["place_codes"] == [DISTRICT]
    assert ended["office_id"] == FIVE[0]
    words = str(found)
    for private in ("example", "Entered Person", "Five Offices", "private reason"):
        assert private not in words


def test_writes_are_refused_with_what_is_wrong() -> None:
    with pytest.raises(Refused, match="has an account already"):
        actions.invite("FIVE@oadby.example", "Again", [])
    with pytest.raises(NotThere, match="no office 'nowhere'"):
        actions.invite("new@oadby.example", "New", ["nowhere"])
    assert accounts.find("new@oadby.example") is None, "nothing of a refused invitation stays"
    with pytest.raises(NotThere, match="Nobody has an account"):
        actions.appoint("stranger@oadby.example", FIVE[0])
    with pytest.raises(Refused, match="cannot end"):
        now = datetime.now(UTC)
        actions.appoint("five@oadby.example", FIVE[0], starts_at=now, ends_at=now)
    with pytest.raises(Refused, match="ends with a reason"):
        actions.end_appointment("five@oadby.example", FIVE[0], " ")
    with pytest.raises(NotThere, match="no appointment"):
        actions.end_appointment("five@oadby.example", NATION, "x")
    with pytest.raises(Refused, match="'Leicester' is no place code"):
        actions.add_office(actions.office_from_role("analyst", "authority-e06000016", ["Leicester"], office_id="x1"))
    with pytest.raises(Refused, match="no permission 'fly'"):
        actions.office_from_role("analyst", "authority-e06000016", ["E06000016"], permissions=["fly"])
    with pytest.raises(NotThere, match="no organisation 'x'"):
        actions.office_from_role("analyst", "x", ["E06000016"])


def test_an_authority_has_its_offices_from_the_day_its_area_is_loaded() -> None:
    made = authorities.ensure({"E06000016": "Leicester", "E06000017": "Rutland"})
    assert made.organisations == ["authority-e06000017"]
    assert len(made.offices) == 5
    assert made.agreements == ["public-health-e06000017-1"]
    assert "director-of-public-health-e06000017" in authorities.vacant()
    again = authorities.ensure({"E06000016": "Leicester", "E06000017": "Rutland"})
    assert (again.organisations, again.offices, again.agreements) == ([], [], [])
    with pytest.raises(Refused, match="E12000004 is no authority's code"):
        authorities.ensure({"E12000004": "East Midlands"})
